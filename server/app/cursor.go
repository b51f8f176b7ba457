package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"cairn/events"
)

// Cursor is one reader's place in the log: what it was given lies up to there. It
// takes no memory for what it was not given yet, and keeps nobody waiting: a
// reader that is far behind reads from the log, the others what the feed has. It
// is not safe for concurrent use.
type Cursor struct {
	feed *Feed
	at   events.Seq
	span events.Seq // how many events the next look into the log takes
}

const (
	// batchBytes is about how much a cursor gives at once; one event is the least.
	// What a reader that stopped reading keeps alive is no more than that.
	batchBytes = 4 << 10
	// A look into the log takes as many events as it needed last.
	leastSpan, mostSpan = 16, 4096
)

// Subscribe returns a cursor behind a position of the log; the caller closes it.
func (f *Feed) Subscribe(after events.Seq) *Cursor {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reader++
	return &Cursor{feed: f, at: after, span: leastSpan}
}

// Close takes the cursor out of [Feed.Subscribers].
func (c *Cursor) Close() {
	c.feed.mu.Lock()
	defer c.feed.mu.Unlock()
	c.feed.reader--
}

// At returns the position up to which everything was given or not wanted.
func (c *Cursor) At() events.Seq { return c.at }

// Next returns some of the next entries that are wanted, without waiting, and
// moves on. Where the end was reached, or the log cannot be reached, more is closed
// when it is time to ask again. It returns the error of want, of the log, or of a
// feed that ended.
func (c *Cursor) Next(ctx context.Context, want func(*events.Envelope) (bool, error)) (entries []*Entry, more <-chan struct{}, err error) {
	var batch [64]*Entry
	n, behind, more, err := c.feed.after(c.at, batch[:])
	switch {
	case err != nil:
		return nil, nil, err
	case behind != 0:
		return c.scan(ctx, behind, want)
	}
	size := 0
	for _, e := range batch[:n] {
		if size > batchBytes {
			return entries, nil, nil
		}
		ok, err := want(&e.Env)
		if err != nil {
			return entries, nil, err
		}
		c.at = e.Env.Seq
		if ok {
			entries = append(entries, e)
			size += len(e.Env.Body)
		}
	}
	return entries, more, nil
}

// scan is Next from the log, which has events up to upto that the feed has not.
func (c *Cursor) scan(ctx context.Context, upto events.Seq, want func(*events.Envelope) (bool, error)) ([]*Entry, <-chan struct{}, error) {
	select {
	case c.feed.scans <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	defer func() { <-c.feed.scans }()
	var entries []*Entry
	size := 0
	for env, err := range c.feed.log.Read(ctx, events.Filter{After: c.at, Upto: min(upto, c.at+c.span)}) {
		if err == nil && env.Seq != c.at+1 {
			err = fmt.Errorf("%w: @%d is missing", events.ErrIntegrity, c.at+1)
		}
		ok := false
		if err == nil {
			ok, err = want(&env)
		}
		if errors.Is(err, events.ErrUnavailable) {
			return entries, after(feedAgain), nil
		}
		if err != nil {
			return entries, nil, err
		}
		c.at = env.Seq
		if ok {
			entries = append(entries, &Entry{Env: env})
			size += len(env.Body)
		}
		if size > batchBytes {
			c.span = max(c.span/2, leastSpan)
			return entries, nil, nil
		}
	}
	if size < batchBytes/2 {
		c.span = min(2*c.span, mostSpan)
	}
	return entries, nil, nil
}

// after returns a channel that is closed after d.
func after(d time.Duration) <-chan struct{} {
	over := make(chan struct{})
	time.AfterFunc(d, func() { close(over) })
	return over
}

// after copies the entries behind seq. Where the feed does not have them any
// more, behind is the position up to which they lie in the log; where there are
// none, more is closed when there are.
func (f *Feed) after(seq events.Seq, batch []*Entry) (n int, behind events.Seq, more <-chan struct{}, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if seq >= f.pos {
		if f.ended {
			return 0, 0, nil, f.err
		}
		return 0, 0, f.grown, nil
	}
	first := f.first()
	if seq+1 < first {
		return 0, first - 1, nil, nil
	}
	n = copy(batch, f.ring[seq+1-first:])
	if seq+events.Seq(n) == f.pos {
		more = f.grown
	}
	return n, 0, more, nil
}

// Events yields all events behind a position as they come, without one missing,
// until ctx is done.
func (f *Feed) Events(ctx context.Context, after events.Seq) iter.Seq2[events.Envelope, error] {
	return func(yield func(events.Envelope, error) bool) {
		c := f.Subscribe(after)
		defer c.Close()
		all := func(*events.Envelope) (bool, error) { return true, nil }
		for {
			entries, more, err := c.Next(ctx, all)
			for _, e := range entries {
				if !yield(e.Env, nil) {
					return
				}
			}
			if err != nil {
				yield(events.Envelope{}, err)
				return
			}
			if more == nil {
				continue
			}
			select {
			case <-more:
			case <-ctx.Done():
				yield(events.Envelope{}, fmt.Errorf("follow: %w", ctx.Err()))
				return
			}
		}
	}
}
