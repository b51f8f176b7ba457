package commands

import (
	"context"
	"errors"
	"sync"
	"time"

	"cairn/events"
)

// batchFrom is how many waiting events make one atomic batch cheaper than
// single publishes beside each other; see docs/adr/0004.
const batchFrom = 16

// collector appends what waits while the last write is under way together:
// few as single appends beside each other, many as one batch. The zero
// collector needs a log only. It is safe for concurrent use.
//
// There is no goroutine of its own: whoever finds no write under way leads one
// round, for all that wait, and hands the lead to one of those that came
// meanwhile.
type collector struct {
	log     events.Log
	timeout time.Duration // bounds one round, whoever leads it

	mu      sync.Mutex // guards below
	waiting []*pending
	busy    bool
}

type pending struct {
	append events.Append
	until  time.Time // its caller's deadline; zero: none
	seq    events.Seq
	err    error
	// turn is sent to once: true is the lead of the next round, false says
	// that seq and err are there.
	turn chan bool
}

// Append is Log.Append of one checklist's events.
func (c *collector) Append(ctx context.Context, a events.Append) (events.Seq, error) {
	p := &pending{append: a, turn: make(chan bool, 1)}
	p.until, _ = ctx.Deadline()
	c.mu.Lock()
	c.waiting = append(c.waiting, p)
	lead := !c.busy
	c.busy = true
	c.mu.Unlock()
	if !lead {
		lead = <-p.turn
	}
	if lead {
		c.round(ctx)
	}
	return p.seq, p.err
}

// round writes all that waits, the leader's own among it.
func (c *collector) round(ctx context.Context) {
	c.mu.Lock()
	group := c.take()
	c.mu.Unlock()

	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), c.until(group))
	c.write(ctx, group)
	cancel()

	c.mu.Lock()
	if len(c.waiting) > 0 {
		c.waiting[0].turn <- true
	} else {
		c.busy = false
	}
	c.mu.Unlock()
	for _, p := range group {
		p.turn <- false // never read by the leader itself
	}
}

// until is how long a group is tried: as long as the most patient of its callers
// waits, whoever leads it.
func (c *collector) until(group []*pending) time.Time {
	most := time.Now().Add(c.timeout)
	last := time.Time{}
	for _, p := range group {
		if p.until.IsZero() {
			return most
		}
		if p.until.After(last) {
			last = p.until
		}
	}
	if last.Before(most) {
		return last
	}
	return most
}

// take removes what fits into one batch from those that wait.
func (c *collector) take() []*pending {
	n := 0
	for i, p := range c.waiting {
		if n += len(p.append.Events); i > 0 && n > events.MaxBatch {
			group := c.waiting[:i:i]
			c.waiting = c.waiting[i:]
			return group
		}
	}
	group := c.waiting
	c.waiting = nil
	return group
}

func (c *collector) write(ctx context.Context, group []*pending) {
	n := 0
	appends := make([]events.Append, 0, len(group))
	checklists := make(map[string]bool)
	for _, p := range group {
		n += len(p.append.Events)
		appends = append(appends, p.append)
		checklists[p.append.Checklist] = true
	}
	if len(group) == 1 {
		group[0].seq, group[0].err = c.log.Append(ctx, appends)
		return
	}
	var whole error // of the batch; it may be stored yet
	if n >= batchFrom && len(checklists) == len(group) {
		last, err := c.log.Append(ctx, appends)
		if err == nil {
			first := last - events.Seq(n) + 1
			for _, p := range group {
				first += events.Seq(len(p.append.Events))
				p.seq = first - 1
			}
			return
		}
		// One stale expectation refuses all: each for itself now. If the batch
		// was stored after all, each is a conflict and finds itself in the log.
		whole = err
	}
	var wait sync.WaitGroup
	for _, p := range group {
		wait.Go(func() {
			p.seq, p.err = c.log.Append(ctx, []events.Append{p.append})
			if errors.Is(p.err, events.ErrAway) && whole != nil {
				p.err = whole
			}
		})
	}
	wait.Wait()
}
