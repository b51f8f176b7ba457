package app

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// Shared is an App for many clients at once, over a log to which others may
// write, too. Its views are kept current by one reader of the log.
type Shared struct {
	*Local
	feed    *Feed
	shared  endings // nil where the log does not know
	appends appends
	read    atomic.Uint64 // the last position that was read from the log itself
	stop    context.CancelFunc
	done    chan struct{}

	// told and series are the views over history, carried on as they are asked for.
	told   *carried[*told]
	series *carried[*burndown.Series]

	mu    sync.Mutex // guards names
	names map[string]bool
}

var _ App = (*Shared)(nil)

// endings is a log that knows what was reported of it by whatever server;
// natslog.Log is one.
type endings interface {
	Last(ctx context.Context, checklist string) (events.Seq, error)
	LastOfAll(ctx context.Context) (events.Seq, error)
	Confirm(ctx context.Context, checklist string, seq events.Seq) error
	ConfirmAll(ctx context.Context) error
}

// hearWithin is how long the feed may need for what another server reported.
const hearWithin = 2 * time.Second

// NewShared returns an App over log, which stays the caller's to close, after the
// App. The config's zero value is usable.
func NewShared(ctx context.Context, log Log, c commands.Config) (*Shared, error) {
	c.Fed = true
	s := &Shared{
		names: make(map[string]bool), done: make(chan struct{}),
		told: newCarried(newTold, (*told).next), series: newCarried(burndown.New, burndown.Evolve),
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	// The feed comes first: a checklist that is made now is in the one or the other.
	s.feed = NewFeed(log, s.take, c.Now)
	s.shared, _ = log.(endings)
	s.Local = NewLocal(handing{log, s.feed, &s.appends, &s.read}, c)
	names, err := log.Checklists(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		s.names[name] = true
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	var work sync.WaitGroup
	work.Go(func() { _ = s.feed.Run(life) }) // Health tells
	work.Go(func() { s.warm(life, names) })
	go func() {
		defer close(s.done)
		work.Wait()
	}()
	return s, nil
}

// warm reads the checklists that are there, several at a time, so that whoever
// asks first does not wait for all of them.
func (s *Shared) warm(ctx context.Context, names []string) {
	next := make(chan string)
	var work sync.WaitGroup
	for range min(len(names), runtime.GOMAXPROCS(0)) {
		work.Go(func() {
			for name := range next {
				// Whoever asks for it is told what is wrong with it.
				_ = s.handler.View(ctx, name, func(*checklist.State) error { return nil })
			}
		})
	}
	for _, name := range names {
		if ctx.Err() != nil {
			break
		}
		next <- name
	}
	close(next)
	work.Wait()
}

// handing is a log that tells the feed what is appended here, as soon as it is
// durable.
type handing struct {
	Log
	feed  *Feed
	count *appends
	read  *atomic.Uint64
}

// appends counts what was appended here.
type appends struct{ events, conflicts atomic.Uint64 }

// Appends is what a process appended, and how often another one had been quicker.
type Appends struct{ Events, Conflicts uint64 }

// Appends returns what was appended here.
func (s *Shared) Appends() Appends {
	return Appends{s.appends.events.Load(), s.appends.conflicts.Load()}
}

// StoppedViews returns the checklists that cannot be shown, as an event of theirs
// cannot be read; sorted.
func (s *Shared) StoppedViews() []string { return s.handler.Stopped() }

// Listeners returns how many NATS clients listen to the log of this process.
func (s *Shared) Listeners() int {
	if l, ok := s.feed.log.(interface{ Listeners() int }); ok {
		return l.Listeners()
	}
	return 0
}

func (h handing) Append(ctx context.Context, appends []events.Append) (events.Seq, error) {
	last, err := h.Log.Append(ctx, appends)
	switch {
	case err == nil:
		for _, a := range appends {
			h.count.events.Add(uint64(len(a.Events)))
		}
		h.feed.Hand(appends, last)
	case errors.Is(err, events.ErrConflict):
		h.count.conflicts.Add(1)
	}
	return last, err
}

// Last and Confirm are those of a log that others write to, too; see natslog.Log.
// For any other log they say nothing against what was read.
func (h handing) Last(ctx context.Context, checklist string) (events.Seq, error) {
	if l, ok := h.Log.(endings); ok {
		return l.Last(ctx, checklist)
	}
	return 0, nil
}

// Confirm says that what was read up to seq may be told to others.
func (h handing) Confirm(ctx context.Context, checklist string, seq events.Seq) error {
	if l, ok := h.Log.(endings); ok {
		return l.Confirm(ctx, checklist, seq)
	}
	return nil
}

// Close ends the reader of the log.
func (s *Shared) Close() {
	s.stop()
	<-s.done
}

// Feed returns what comes, as it comes.
func (s *Shared) Feed() *Feed { return s.feed }

func (s *Shared) take(env events.Envelope) {
	if env.Checklist != "" {
		s.learn(env.Checklist)
	}
	s.handler.Feed(env)
}

// Names returns the names of all checklists, sorted.
func (s *Shared) Names(context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.names))
	for name := range s.names {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// Checklists returns all checklists by name.
func (s *Shared) Checklists(ctx context.Context) ([]Summary, error) { return summaries(ctx, s) }

// Checklist calls look with a checklist as of a moment. What nobody made takes no
// room here, however often it is asked for.
func (s *Shared) Checklist(ctx context.Context, name string, at *commands.When, look func(*checklist.State) error) error {
	if err := s.knows(name); err != nil {
		return err
	}
	return s.Local.Checklist(ctx, name, at, look)
}

// Execute carries out a command.
func (s *Shared) Execute(ctx context.Context, meta commands.Meta, cmd commands.Command) (Outcome, error) {
	if _, makes := cmd.(commands.ImportDocument); !makes {
		if err := s.made(ctx, meta.Checklist); err != nil {
			return Outcome{}, err
		}
	}
	out, err := s.Local.Execute(ctx, meta, cmd)
	if err == nil && len(out.Events) > 0 {
		s.learn(meta.Checklist)
	}
	return out, err
}

// Preview returns what Execute would do now.
func (s *Shared) Preview(ctx context.Context, meta commands.Meta, cmd commands.Command) (Outcome, error) {
	if _, makes := cmd.(commands.ImportDocument); !makes {
		if err := s.knows(meta.Checklist); err != nil {
			return Outcome{}, err
		}
	}
	return s.Local.Preview(ctx, meta, cmd)
}

// knows returns an error if there is no checklist of that name. It names no other:
// not everybody may know of those.
func (s *Shared) knows(name string) error {
	if err := commands.CheckName(name); err != nil {
		return err
	}
	s.mu.Lock()
	known := s.names[name]
	s.mu.Unlock()
	if known {
		return nil
	}
	return noChecklist(name)
}

// made is knows, and hears of a checklist that was made on another server: that
// there is none is an answer about the present.
func (s *Shared) made(ctx context.Context, name string) error {
	unknown := s.knows(name)
	var e *commands.Error
	if s.shared == nil || !errors.As(unknown, &e) || e.Code != commands.CodeNoChecklist {
		return unknown
	}
	last, err := s.shared.Last(ctx, name)
	if err != nil {
		return err
	}
	if last == 0 {
		return unknown
	}
	if err := s.Wait(ctx, last, hearWithin); err != nil {
		return err
	}
	return s.knows(name)
}

func (s *Shared) learn(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names[name] = true
}

// Wait returns when what the log holds up to seq is in the views, or when within
// is over, which is context.DeadlineExceeded.
func (s *Shared) Wait(ctx context.Context, seq events.Seq, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return s.feed.Wait(ctx, seq)
}

// ExecuteHistory carries out the commands of a file's history.
func (s *Shared) ExecuteHistory(ctx context.Context, name string, steps iter.Seq2[commands.Step, error], stored func(done int)) (int, error) {
	added, err := s.Local.ExecuteHistory(ctx, name, steps, stored)
	if added > 0 {
		s.learn(name)
	}
	return added, err
}

// Reported returns a position that nothing lies behind which any server reported
// before the call: of a checklist, or of the whole log for "".
func (s *Shared) Reported(ctx context.Context, name string) (events.Seq, error) {
	switch {
	case s.shared == nil:
		return s.log.End(), nil
	case name == "":
		return s.shared.LastOfAll(ctx)
	}
	return s.shared.Last(ctx, name)
}

// Confirm makes sure that every later Reported, on any server, includes what an
// answer holds: of a checklist up to its event at seq, or for "" all that was read
// here.
func (s *Shared) Confirm(ctx context.Context, name string, seq events.Seq) error {
	switch {
	case s.shared == nil:
		return nil
	case name == "":
		return s.shared.ConfirmAll(ctx)
	}
	return s.shared.Confirm(ctx, name, seq)
}

// Last asks the log for the position of its last event, for who wants to know how
// the views stand: a log of several replicas may answer with what it had a while
// ago. See [Shared.Reported].
func (s *Shared) Last(ctx context.Context) (events.Seq, error) {
	if l, ok := s.feed.log.(interface {
		Latest(ctx context.Context) (natslog.Head, error)
	}); ok {
		head, err := l.Latest(ctx)
		return head.N, err
	}
	return s.log.End(), nil
}

// Stopped returns why the log stores nothing any more; nil while it does.
func (s *Shared) Stopped() error {
	if l, ok := s.feed.log.(interface{ Stopped() error }); ok {
		return l.Stopped()
	}
	return nil
}
