package commands

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cairn/events"
	"cairn/events/eventstest"
)

// gated is a log that says what is appended together, and whose first append
// waits at the gate.
type gated struct {
	*eventstest.Log
	gate chan struct{}
	fail func(appends []events.Append) error // of those behind the first, if set

	mu     sync.Mutex // guards rounds
	rounds [][]events.Append
}

func newGated() *gated { return &gated{Log: eventstest.NewLog(), gate: make(chan struct{})} }

func (g *gated) Append(ctx context.Context, appends []events.Append) (events.Seq, error) {
	g.mu.Lock()
	g.rounds = append(g.rounds, appends)
	first := len(g.rounds) == 1
	g.mu.Unlock()
	if first {
		<-g.gate
	} else if g.fail != nil {
		if err := g.fail(appends); err != nil {
			return 0, err
		}
	}
	return g.Log.Append(ctx, appends)
}

// sizes is how many checklists were appended to together.
func (g *gated) sizes() []int {
	g.mu.Lock()
	defer g.mu.Unlock()
	var n []int
	for _, r := range g.rounds {
		n = append(n, len(r))
	}
	return n
}

// writer is one append through a collector.
type writer struct {
	append events.Append
	cancel context.CancelFunc
	seq    events.Seq
	err    error
}

// behind lets the first of n writers wait at the gate and the others behind it,
// changes what change does, opens the gate and waits for all. expect is the
// sequence that each expects.
func behind(t *testing.T, log *gated, n int, expect func(i int) events.Seq, change func([]*writer)) []*writer {
	t.Helper()
	c := &collector{log: log, timeout: time.Minute}
	writers := make([]*writer, n)
	var wg sync.WaitGroup
	for i := range writers {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w := &writer{append: eventstest.Batch(fmt.Sprintf("list-%d", i), expect(i), 1, eventstest.Started(1+i%3)...), cancel: cancel}
		writers[i] = w
		wg.Go(func() { w.seq, w.err = c.Append(ctx, w.append) })
		synctest.Wait()
	}
	if change != nil {
		change(writers)
	}
	close(log.gate)
	wg.Wait()
	if c.busy || len(c.waiting) != 0 {
		t.Errorf("afterwards: got busy %t, %d waiting, want neither", c.busy, len(c.waiting))
	}
	return writers
}

func fresh(int) events.Seq { return 0 }

// stored checks that a writer was told where its last event is.
func (w *writer) stored(t *testing.T, log events.Log) {
	t.Helper()
	if w.err != nil {
		t.Errorf("%s: got %v", w.append.Checklist, w.err)
		return
	}
	n, last := 0, events.Seq(0)
	for env, err := range log.Read(t.Context(), events.Filter{Checklist: w.append.Checklist}) {
		if err != nil {
			t.Fatal(err)
		}
		n, last = n+1, env.Seq
	}
	if n != len(w.append.Events) || last != w.seq {
		t.Errorf("%s: got @%d, want @%d after %d events of %d", w.append.Checklist, w.seq, last, n, len(w.append.Events))
	}
}

func TestCollectorWritesManyAsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := newGated()
		for _, w := range behind(t, log, 64, fresh, nil) {
			w.stored(t, log)
		}
		if got := fmt.Sprint(log.sizes()); got != "[1 63]" {
			t.Errorf("got appends of %s checklists, want [1 63]", got)
		}
	})
}

func TestCollectorWritesFewOneByOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := newGated()
		for _, w := range behind(t, log, 6, fresh, nil) {
			w.stored(t, log)
		}
		if got := fmt.Sprint(log.sizes()); got != "[1 1 1 1 1 1]" {
			t.Errorf("got appends of %s checklists, want each for itself", got)
		}
	})
}

func TestCollectorOneStaleDoesNotFailTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := newGated()
		stale := func(i int) events.Seq {
			if i == 40 {
				return 99
			}
			return 0
		}
		writers := behind(t, log, 64, stale, nil)
		for i, w := range writers {
			if i != 40 {
				w.stored(t, log)
			} else if !errors.Is(w.err, events.ErrConflict) {
				t.Errorf("the stale one: got %v, want %v", w.err, events.ErrConflict)
			}
		}
	})
}

// The one that gives up leads a round for others, or waits in one: theirs go on.
func TestCollectorOutlivesItsLeader(t *testing.T) {
	t.Parallel()
	for _, leader := range []int{0, 1, 7} {
		synctest.Test(t, func(t *testing.T) {
			log := newGated()
			writers := behind(t, log, 40, fresh, func(all []*writer) { all[leader].cancel() })
			for _, w := range writers {
				w.stored(t, log)
			}
		})
	}
}

// One checklist twice in a group: batches know one expectation each.
func TestCollectorSameChecklistTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := newGated()
		c := &collector{log: log, timeout: time.Minute}
		var (
			wg   sync.WaitGroup
			errs = make([]error, 41)
		)
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = c.Append(t.Context(), eventstest.Batch(fmt.Sprintf("list-%d", i%40), 0, 1, eventstest.Started(1)...))
			})
			synctest.Wait()
		}
		close(log.gate)
		wg.Wait()
		for i, err := range errs[:40] {
			if err != nil && i != 0 {
				t.Errorf("%d: got %v", i, err)
			}
		}
		if (errs[0] == nil) == (errs[40] == nil) {
			t.Errorf("got %v and %v, want one of the two", errs[0], errs[40])
		}
	})
}

// A group never holds more than a log takes at once.
func TestCollectorTakesWhatFits(t *testing.T) {
	t.Parallel()
	c := &collector{}
	for _, n := range []int{events.MaxBatch + 1, 60_000, 40_000, 1, 2} {
		c.waiting = append(c.waiting, &pending{append: events.Append{Events: make([]events.Envelope, n)}})
	}
	var got [][]int
	for len(c.waiting) > 0 {
		var sizes []int
		for _, p := range c.take() {
			sizes = append(sizes, len(p.append.Events))
		}
		got = append(got, sizes)
	}
	if want := "[[100001] [60000 40000] [1 2]]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// A batch that was not answered may be stored: none of its commands is told that
// nothing was sent, although each for itself was not.
func TestCollectorUnansweredBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := newGated()
		log.fail = func(appends []events.Append) error {
			if len(appends) > 1 {
				return events.ErrUnavailable
			}
			return events.ErrAway
		}
		for i, w := range behind(t, log, 30, fresh, nil) {
			if i > 0 && (!errors.Is(w.err, events.ErrUnavailable) || errors.Is(w.err, events.ErrAway)) {
				t.Errorf("writer %d: got %v, want that it is not known", i, w.err)
			}
		}
	})
}
