package access

import (
	"context"
	"sync"
	"time"

	"cairn/server/commands"
)

const (
	// tallyEvery is how often one kind of refusal may be an event.
	tallyEvery = time.Minute
	// maxTally bounds the kinds that are told apart; the rest is counted together.
	maxTally = 64
	// flushEvery is how often Run looks.
	flushEvery = time.Second
)

// tallyKey is what refusals are counted by.
type tallyKey struct{ door, remote, why string }

// tally counts what was turned away until it is recorded. The count is exact; what
// is bounded is how much is told apart.
type tally struct {
	mu     sync.Mutex // guards below
	counts map[tallyKey]*counted
}

type counted struct {
	action string // of the first since the last event
	count  int
	told   time.Time // when it was last recorded
}

func newTally() *tally { return &tally{counts: make(map[tallyKey]*counted)} }

func (t *tally) note(now time.Time, key tallyKey, action string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts[key]
	if c == nil {
		if len(t.counts) >= maxTally {
			t.forget(now)
		}
		if len(t.counts) >= maxTally {
			key = tallyKey{key.door, "many", "various"}
			c = t.counts[key]
		}
		if c == nil {
			c = &counted{}
			t.counts[key] = c
		}
	}
	if c.count == 0 {
		c.action = action
	}
	c.count++
}

// forget drops the kinds that were recorded a while ago and did not come again.
func (t *tally) forget(now time.Time) {
	for key, c := range t.counts {
		if c.count == 0 && now.Sub(c.told) >= tallyEvery {
			delete(t.counts, key)
		}
	}
}

// take returns what may be recorded now, and what to do if that fails; all if the
// server ends.
func (t *tally) take(now time.Time, all bool) (due []commands.Refusal, back func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	type taken struct {
		*counted
		count int
		told  time.Time
	}
	var list []taken
	for key, c := range t.counts {
		if c.count == 0 || !all && !c.told.IsZero() && now.Sub(c.told) < tallyEvery {
			continue
		}
		due = append(due, commands.Refusal{Door: key.door, Action: c.action, Remote: key.remote, Why: key.why, Count: c.count})
		list = append(list, taken{c, c.count, c.told})
		c.count, c.told = 0, now
	}
	return due, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, x := range list {
			x.counted.count += x.count
			x.counted.told = x.told
		}
	}
}

// Flush records what was turned away: the first of its kind (door, remote, why) at
// once, what follows at most once a minute, with its count.
func (g *Gate) Flush(ctx context.Context) error { return g.flush(ctx, false) }

func (g *Gate) flush(ctx context.Context, all bool) error {
	due, back := g.tally.take(g.config.Now(), all)
	if len(due) == 0 {
		return nil
	}
	if err := g.config.Record(ctx, due); err != nil {
		back() // counted with the next
		return err
	}
	return nil
}

// Run records refusals until ctx ends, and then what is left. What cannot be
// recorded is told to failed, which may be nil, and tried again.
func (g *Gate) Run(ctx context.Context, failed func(error)) {
	if failed == nil {
		failed = func(error) {}
	}
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := g.flush(ctx, false); err != nil && ctx.Err() == nil {
				failed(err)
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if err := g.flush(last, true); err != nil {
				failed(err)
			}
			return
		}
	}
}
