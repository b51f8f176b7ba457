// Package eventstest helps to test what works on a log: an in-memory
// [events.Log], builders, and the tests that every Log passes.
//
// For most uses, take [NewLog] and append what [Batch] makes:
//
//	log := eventstest.NewLog()
//	log.Append(ctx, []events.Append{
//		eventstest.Batch("migration", 0, 1, &events.TaskStarted{Key: 1}),
//	})
//
// Use the embedded log of package natslog where nothing speaks against it; this
// one is for testing/synctest, which does not go together with a server.
package eventstest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"cairn/events"
)

var _ events.Log = (*Log)(nil)

// Log is an events.Log in memory. It has no clock and no goroutines, and
// behaves as the one on JetStream does.
type Log struct {
	mu      sync.Mutex // guards all below
	stored  []place
	last    map[string]events.Seq
	changed chan struct{} // closed when the log grows
}

// place is one stored event.
type place struct {
	checklist string
	kind      events.Kind
	body      []byte
}

// NewLog returns a log that holds its first event, log.opened, as every log
// does: the origin is "cairn/test", the sequence of the next event is 2.
func NewLog() *Log {
	l := &Log{last: make(map[string]events.Seq), changed: make(chan struct{})}
	opened := &events.LogOpened{Origin: "cairn/test", Key: "cairn/test+00000000+", Format: "1"}
	if _, err := l.Append(context.Background(), []events.Append{Batch("", 0, 1, opened)}); err != nil {
		panic(err)
	}
	return l
}

// End returns the sequence of the last event.
func (l *Log) End() events.Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	return events.Seq(len(l.stored))
}

// Append stores events; see [events.Log].
func (l *Log) Append(ctx context.Context, appends []events.Append) (events.Seq, error) {
	var add []place
	expect := make(map[string]events.Seq)
	for _, a := range appends {
		if seq, again := expect[a.Checklist]; again && seq != a.Expect {
			return 0, fmt.Errorf("append: %w: two appends expect @%d and @%d of %q", events.ErrConflict, seq, a.Expect, a.Checklist)
		}
		expect[a.Checklist] = a.Expect
		for i := range a.Events {
			p, err := placeOf(a.Checklist, &a.Events[i])
			if err != nil {
				return 0, fmt.Errorf("append: %w", err)
			}
			add = append(add, p)
		}
	}
	if len(add) == 0 {
		return 0, nil
	}
	if len(add) > events.MaxBatch {
		return 0, fmt.Errorf("append: %d events, over the limit of %d", len(add), events.MaxBatch)
	}
	if ctx.Err() != nil {
		return 0, fmt.Errorf("append: %w", ctx.Err())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range appends {
		if last := l.last[a.Checklist]; len(a.Events) > 0 && last != a.Expect {
			return 0, fmt.Errorf("append: %w: %q ends at @%d, not @%d", events.ErrConflict, a.Checklist, last, a.Expect)
		}
	}
	for _, p := range add {
		l.stored = append(l.stored, p)
		l.last[p.checklist] = events.Seq(len(l.stored))
	}
	close(l.changed)
	l.changed = make(chan struct{})
	return events.Seq(len(l.stored)), nil
}

func placeOf(checklist string, env *events.Envelope) (place, error) {
	p := place{checklist: checklist, body: env.Body}
	e := *env
	e.Checklist = checklist
	if p.body == nil {
		var err error
		if p.body, err = events.Marshal(&e); err != nil {
			return p, err
		}
	}
	if len(p.body) > events.MaxEvent {
		return p, fmt.Errorf("event %s: %d bytes, over the limit of %d", env.ID, len(p.body), events.MaxEvent)
	}
	if e.Data == nil {
		var err error
		if e, err = events.Unmarshal(p.body); err != nil {
			return p, err
		}
	}
	p.kind = e.Data.Kind()
	return p, nil
}

// Read yields events up to the end the log has on entry; see [events.Log].
func (l *Log) Read(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error] {
	return func(yield func(events.Envelope, error) bool) {
		l.mu.Lock()
		stored := l.stored
		l.mu.Unlock()
		r := reader{filter: f, seq: f.After}
		if _, err := r.read(ctx, stored, yield); err != nil {
			yield(events.Envelope{}, err)
		}
	}
}

// Follow is Read that waits at the end for what comes; see [events.Log].
func (l *Log) Follow(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error] {
	return func(yield func(events.Envelope, error) bool) {
		r := reader{filter: f, seq: f.After}
		for {
			l.mu.Lock()
			stored, changed := l.stored, l.changed
			l.mu.Unlock()
			done, err := r.read(ctx, stored, yield)
			if err != nil {
				yield(events.Envelope{}, err)
			}
			if err != nil || done {
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				yield(events.Envelope{}, fmt.Errorf("follow: %w", ctx.Err()))
				return
			}
		}
	}
}

// reader is one iteration.
type reader struct {
	filter   events.Filter
	seq      events.Seq // of the last event looked at
	revision uint64     // of the last event yielded
	begun    bool
}

// read yields what is selected of stored, from where it was. It reports
// whether the iteration is over.
func (r *reader) read(ctx context.Context, stored []place, yield func(events.Envelope, error) bool) (bool, error) {
	f := r.filter
	for int(r.seq) < len(stored) {
		if f.Upto != 0 && r.seq >= f.Upto {
			return true, nil
		}
		if ctx.Err() != nil {
			return true, fmt.Errorf("read: %w", ctx.Err())
		}
		p := stored[r.seq]
		r.seq++
		if f.System && p.checklist != "" || f.Checklist != "" && p.checklist != f.Checklist ||
			len(f.Kinds) > 0 && !slices.Contains(f.Kinds, p.kind) {
			continue
		}
		env := events.Decode(r.seq, p.checklist, p.body)
		if err := r.check(&env); err != nil {
			return true, err
		}
		if !yield(env, nil) {
			return true, nil
		}
	}
	return f.Upto != 0 && r.seq >= f.Upto, nil
}

// check returns ErrIntegrity if a revision of the one checklist is missing.
func (r *reader) check(env *events.Envelope) error {
	if len(r.filter.Kinds) > 0 || r.filter.Checklist == "" && !r.filter.System {
		return nil
	}
	if _, bad := env.Data.(*events.Unreadable); bad {
		r.revision++
		return nil
	}
	if (r.begun || r.filter.After == 0) && env.Revision != r.revision+1 {
		return fmt.Errorf("%w: revision %d of %q, before @%d, is missing", events.ErrIntegrity, r.revision+1, env.Checklist, env.Seq)
	}
	r.revision, r.begun = env.Revision, true
	return nil
}
