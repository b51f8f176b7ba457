package app

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"cairn/events"
)

// Stale reports whether the views may be behind the log because it cannot be
// reached, and for how long that has been so. An error that does not end by itself
// counts as well.
func (s *Shared) Stale() (since time.Duration, stale bool) {
	if l, ok := s.feed.log.(interface{ Away() time.Duration }); ok {
		since = l.Away()
	}
	if began, err := s.feed.Health(); err != nil {
		since, stale = max(since, s.now().Sub(began)), true
	}
	return since, stale || since > 0
}

// Read is that of the log; where there is no connection to it, or it gave up as the
// disk is full, what the feed still has of it, if that is all that is asked for.
func (h handing) Read(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error] {
	return func(yield func(events.Envelope, error) bool) {
		for env, err := range h.Log.Read(ctx, f) {
			if errors.Is(err, events.ErrAway) || errors.Is(err, events.ErrStorage) {
				h.kept(f, err, yield)
				return
			}
			if !yield(env, err) || err != nil {
				return
			}
			f.After = env.Seq
			raise(h.read, env.Seq)
		}
	}
}

// raise makes at seq at least.
func raise(at *atomic.Uint64, seq events.Seq) {
	for {
		was := at.Load()
		if uint64(seq) <= was || at.CompareAndSwap(was, uint64(seq)) {
			return
		}
	}
}

func (h handing) kept(f events.Filter, why error, yield func(events.Envelope, error) bool) {
	entries, ok := h.feed.behind(f.After)
	if !ok {
		yield(events.Envelope{}, why)
		return
	}
	selected(entries, f, yield)
}

// Events is the log's Read. What the feed has of the log need not be read there,
// where the feed has come to the end of it, and holds what was read before.
func (s *Shared) Events(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error] {
	return func(yield func(events.Envelope, error) bool) {
		if s.feed.reached(max(s.log.End(), events.Seq(s.read.Load()), f.Upto)) {
			if entries, ok := s.feed.behind(f.After); ok {
				selected(entries, f, yield)
				return
			}
		}
		for env, err := range s.Local.Events(ctx, f) {
			if !yield(env, err) {
				return
			}
		}
	}
}

// selected yields what a filter selects of entries that go on behind its After.
func selected(entries []*Entry, f events.Filter, yield func(events.Envelope, error) bool) {
	for _, e := range entries {
		env := e.Env
		if f.Upto != 0 && env.Seq > f.Upto {
			return
		}
		wanted := f.Checklist == "" && !f.System || env.Checklist == f.Checklist
		if wanted && (len(f.Kinds) == 0 || slices.Contains(f.Kinds, env.Data.Kind())) && !yield(env, nil) {
			return
		}
	}
}

// reached reports whether the feed runs and has come to seq.
func (f *Feed) reached(seq events.Seq) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err == nil && f.pos >= seq
}

// behind returns the entries behind seq; false if the feed does not have them all.
func (f *Feed) behind(seq events.Seq) ([]*Entry, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	first := f.first()
	if seq+1 < first {
		return nil, false
	}
	return slices.Clone(f.ring[min(int(seq+1-first), len(f.ring)):]), true
}
