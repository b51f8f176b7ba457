package app

import (
	"context"
	"fmt"
	"sync"

	"cairn/events"
)

// carried keeps folds of checklists that were asked for, and carries each on when
// it is asked for again: what the log got since is all that is read. It holds the
// folds of at most so many events, those asked for last.
type carried[T any] struct {
	begin  func() T
	evolve func(T, events.Envelope) (T, error)
	most   int

	mu    sync.Mutex // guards the rest
	folds map[string]*fold[T]
	held  int
	asked uint64
}

// fold is one of them. Who holds turn may use v, which is up to seq and of n events.
type fold[T any] struct {
	turn chan struct{}
	v    T
	seq  events.Seq
	n    int

	counted int    // of n, in held; guarded by carried.mu, as used
	used    uint64 // when it was asked for last
}

// carriedEvents is how many events the folds of a kind may be of: the rows of an
// event with its body take about a kilobyte.
const carriedEvents = 50_000

func newCarried[T any](begin func() T, evolve func(T, events.Envelope) (T, error)) *carried[T] {
	return &carried[T]{begin: begin, evolve: evolve, most: carriedEvents, folds: make(map[string]*fold[T])}
}

// look calls see with the fold of all events of a checklist. Callers of one
// checklist pass one at a time; none may keep what see is given.
func (c *carried[T]) look(ctx context.Context, log events.Log, name string, see func(T) error) error {
	f := c.of(name)
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() {
		c.count(name, f)
		<-f.turn
	}()
	for env, err := range log.Read(ctx, events.Filter{Checklist: name, After: f.seq}) {
		if err != nil {
			return err // what was folded so far stays
		}
		if f.v, err = c.evolve(f.v, env); err != nil {
			f.v, f.seq, f.n = c.begin(), 0, 0
			return fmt.Errorf("checklist %s at @%d: %w", name, env.Seq, err)
		}
		f.seq, f.n = env.Seq, f.n+1
	}
	return see(f.v)
}

func (c *carried[T]) of(name string) *fold[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.folds[name]
	if f == nil {
		f = &fold[T]{turn: make(chan struct{}, 1), v: c.begin()}
		c.folds[name] = f
	}
	c.asked++
	f.used = c.asked
	return f
}

// count adds what a fold grew by, and lets go of those asked for longest ago where
// that is too much. Who still looks at one of them is not disturbed.
func (c *carried[T]) count(name string, f *fold[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.folds[name] != f {
		return
	}
	c.held += f.n - f.counted
	f.counted = f.n
	for c.held > c.most {
		oldest := name
		for other, o := range c.folds {
			if o.used < c.folds[oldest].used {
				oldest = other
			}
		}
		c.held -= c.folds[oldest].counted
		delete(c.folds, oldest)
	}
}
