package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"cairn/events"
)

// Feed follows the whole log once, for all that want to hear of what comes. It
// is safe for concurrent use.
type Feed struct {
	log  Log
	each func(events.Envelope)
	now  func() time.Time

	mu    sync.Mutex // guards all below
	pos   events.Seq
	ring  []events.Envelope // the last that came; the last of them is at pos
	bytes int               // of their bodies
	grown chan struct{}     // closed when pos moves, and replaced
	err   error             // why it does not run
	since time.Time         // and since when
	ended bool              // for good
}

// What a feed keeps of the last events, for those who are a little behind.
const (
	ringEvents = 4096
	ringBytes  = 16 << 20
)

// NewFeed returns a feed of what comes behind the log's end as it is known now.
// Each event is given to each, in order, before its position is told; nil for
// nobody. [Feed.Run] makes it run.
func NewFeed(log Log, each func(events.Envelope), now func() time.Time) *Feed {
	if each == nil {
		each = func(events.Envelope) {}
	}
	return &Feed{log: log, each: each, now: now, pos: log.End(), grown: make(chan struct{})}
}

// Run follows the log until ctx is done, or the log is damaged, which it
// returns. Where the log cannot be reached it says so, and tries again.
func (f *Feed) Run(ctx context.Context) error {
	for {
		var err error
		for env, followErr := range f.log.Follow(ctx, events.Filter{After: f.Position()}) {
			if err = followErr; err != nil {
				break
			}
			f.take(env)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, events.ErrIntegrity):
			f.fails(err, true)
			return err
		}
		f.fails(err, false)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(feedAgain):
		}
	}
}

// feedAgain is how long a feed waits before it follows a log again that failed.
const feedAgain = 250 * time.Millisecond

func (f *Feed) take(env events.Envelope) {
	f.each(env)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pos, f.err = env.Seq, nil
	f.ring = append(f.ring, env)
	f.bytes += len(env.Body)
	drop := 0
	for len(f.ring)-drop > ringEvents || f.bytes > ringBytes && len(f.ring)-drop > 1 {
		f.bytes -= len(f.ring[drop].Body)
		f.ring[drop] = events.Envelope{} // for the collector: the array lives on
		drop++
	}
	f.ring = f.ring[drop:]
	close(f.grown)
	f.grown = make(chan struct{})
}

func (f *Feed) fails(err error, ended bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.since = f.now()
	}
	f.err, f.ended = err, ended
	if ended {
		close(f.grown)
		f.grown = make(chan struct{})
	}
}

// Position returns the last event that the feed has passed on.
func (f *Feed) Position() events.Seq {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pos
}

// Health returns nil while the feed runs; else why it does not, and since when.
func (f *Feed) Health() (since time.Time, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.since, f.err
}

// Wait returns when the feed has passed on the event at seq, or with ctx's error,
// or with that of a feed that ended.
func (f *Feed) Wait(ctx context.Context, seq events.Seq) error {
	for {
		f.mu.Lock()
		there, ended, err, grown := f.pos >= seq, f.ended, f.err, f.grown
		f.mu.Unlock()
		switch {
		case there:
			return nil
		case ended:
			return err
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// After returns the events behind seq, at most so many, as far as the feed still
// has them: behind says that it does not have the next, which lies in the log.
// Where there is none yet, more is closed when there is. The events are shared.
func (f *Feed) After(seq events.Seq, most int) (envs []events.Envelope, behind bool, more <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if seq >= f.pos {
		return nil, false, f.grown
	}
	first := f.pos - events.Seq(len(f.ring)) + 1
	if seq+1 < first {
		return nil, true, nil
	}
	envs = f.ring[seq+1-first:]
	return append([]events.Envelope(nil), envs[:min(most, len(envs))]...), false, nil
}

// Events yields all events behind a position as they come, without one missing,
// until ctx is done: from the log as long as the reader is behind, then from what
// the feed has. A slow reader keeps nobody waiting and takes no memory.
func (f *Feed) Events(ctx context.Context, after events.Seq) iter.Seq2[events.Envelope, error] {
	return func(yield func(events.Envelope, error) bool) {
		for {
			envs, behind, more := f.After(after, 64)
			switch {
			case behind:
				for env, err := range f.log.Read(ctx, events.Filter{After: after, Upto: f.Position()}) {
					if !yield(env, err) || err != nil {
						return
					}
					after = env.Seq
				}
			case more != nil:
				f.mu.Lock()
				ended, err := f.ended, f.err
				f.mu.Unlock()
				if ended {
					yield(events.Envelope{}, err)
					return
				}
				select {
				case <-more:
				case <-ctx.Done():
					yield(events.Envelope{}, fmt.Errorf("follow: %w", ctx.Err()))
					return
				}
			}
			for _, env := range envs {
				if env.Seq != after+1 {
					yield(events.Envelope{}, fmt.Errorf("%w: @%d follows @%d", events.ErrIntegrity, env.Seq, after))
					return
				}
				if !yield(env, nil) {
					return
				}
				after = env.Seq
			}
		}
	}
}
