package commands

import (
	"sync"

	"cairn/events"
	"cairn/projections/checklist"
)

// Feed gives the handler an event that the log holds. A handler with Config.Fed
// is given all of them, in order, by one caller; those of a checklist that nobody
// asked for yet are left out, as the first to ask reads the log. Feed does not
// wait for commands: what it brings meanwhile is taken in behind them.
func (h *Handler) Feed(env events.Envelope) {
	h.mu.Lock()
	l, asked := h.lists[env.Checklist]
	h.mu.Unlock()
	if !asked || env.Checklist == "" {
		return
	}
	l.fed.add(env)
	if l.tryEnter() {
		l.leave()
	}
}

// current reports whether a checklist that was read once needs no reading.
func (h *Handler) current() bool { return h.config.Exclusive || h.config.Fed }

// fed are events on their way into a view, in order.
type fed struct {
	mu   sync.Mutex
	envs []events.Envelope
}

func (f *fed) add(env events.Envelope) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.envs = append(f.envs, env)
}

func (f *fed) take() []events.Envelope {
	f.mu.Lock()
	defer f.mu.Unlock()
	envs := f.envs
	f.envs = nil
	return envs
}

// last returns the last of them, 0 if there are none.
func (f *fed) last() events.Seq {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.envs) == 0 {
		return 0
	}
	return f.envs[len(f.envs)-1].Seq
}

// upToDate reports whether the view has all that was fed.
func (l *list) upToDate() bool { return l.loaded.Load() && l.fed.last() <= l.view.Seq() }

func (l *list) tryEnter() bool {
	select {
	case <-l.turn:
		return true
	default:
		return false
	}
}

// leave gives the turn back, without leaving behind what was fed meanwhile.
func (l *list) leave() {
	for {
		l.takeFed()
		l.turn <- struct{}{}
		if l.fed.last() == 0 || !l.tryEnter() {
			return
		}
	}
}

// takeFed applies what was fed, with the turn. Where something is missing, or the
// log was not read yet, the next to ask reads the log.
func (l *list) takeFed() {
	for _, env := range l.fed.take() {
		if !l.loaded.Load() || env.Seq <= l.view.Seq() {
			continue
		}
		next := false
		if l.view.Read(func(st *checklist.State) error {
			_, unreadable := env.Data.(*events.Unreadable)
			next = unreadable || env.Revision == st.Revision+1
			return nil
		}) != nil {
			return // the view stands still
		}
		if !next {
			l.loaded.Store(false)
			continue
		}
		_ = l.view.Apply(env) // whoever reads the view hears of it
	}
}
