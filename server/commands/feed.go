package commands

import (
	"sync"

	"cairn/events"
)

// Feed gives the handler an event that the log holds. A handler with Config.Fed
// is given all of them, in order, by one caller; those of a checklist that nobody
// asked for yet are left out, as the first to ask reads the log. Feed does not
// wait for commands: what it brings meanwhile is taken in behind them.
func (h *Handler) Feed(env events.Envelope) {
	if env.Checklist == "" {
		h.system.feed(env)
		return
	}
	h.mu.Lock()
	l, asked := h.lists[env.Checklist]
	h.mu.Unlock()
	if asked {
		l.feed(env)
	}
}

func (s *stream[S]) feed(env events.Envelope) {
	s.fed.add(env)
	if s.tryEnter() {
		s.leave()
	}
}

// current reports whether a checklist that was read once needs no reading.
func (h *Handler) current() bool { return h.config.Exclusive || h.config.Fed }

// fed are events on their way into a view, in order.
type fed struct {
	mu     sync.Mutex
	envs   []events.Envelope
	newest events.Seq // of all that ever were
}

func (f *fed) add(env events.Envelope) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.envs = append(f.envs, env)
	f.newest = max(f.newest, env.Seq)
}

func (f *fed) take() []events.Envelope {
	f.mu.Lock()
	defer f.mu.Unlock()
	envs := f.envs
	f.envs = nil
	return envs
}

func (f *fed) empty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.envs) == 0
}

// upTo returns the last that ever was among them, also where it was taken and is
// still being applied.
func (f *fed) upTo() events.Seq {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.newest
}

// upToDate reports whether the view has all that was fed.
func (s *stream[S]) upToDate() bool { return s.loaded.Load() && s.fed.upTo() <= s.view.Seq() }

func (s *stream[S]) tryEnter() bool {
	select {
	case <-s.turn:
		return true
	default:
		return false
	}
}

// leave gives the turn back, without leaving behind what was fed meanwhile.
func (s *stream[S]) leave() {
	for {
		s.takeFed()
		s.turn <- struct{}{}
		if s.fed.empty() || !s.tryEnter() {
			return
		}
	}
}

// takeFed applies what was fed, with the turn. Where something is missing, or the
// log was not read yet, the next to ask reads the log.
func (s *stream[S]) takeFed() {
	for _, env := range s.fed.take() {
		if !s.loaded.Load() || env.Seq <= s.view.Seq() {
			continue
		}
		next := false
		if s.view.Read(func(st S) error {
			_, unreadable := env.Data.(*events.Unreadable)
			next = unreadable || env.Revision == st.Position().Revision+1
			return nil
		}) != nil {
			return // the view stands still
		}
		if !next {
			s.loaded.Store(false)
			continue
		}
		_ = s.view.Apply(env) // whoever reads the view hears of it
	}
}
