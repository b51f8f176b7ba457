package app_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
)

// away is a log that cannot be reached while it is told so.
type away struct {
	*memory
	now   *atomic.Bool
	asked chan struct{} // told of each reader that was turned away
}

func (l away) Read(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error] {
	if !l.now.Load() {
		return l.memory.Read(ctx, f)
	}
	return func(yield func(events.Envelope, error) bool) {
		select {
		case l.asked <- struct{}{}:
		default:
		}
		yield(events.Envelope{}, events.ErrAway)
	}
}

// While the log is away, what the feed has of it is read, if that is all that is
// asked for; a subscriber that is further behind waits, and misses nothing.
func TestReadsWhileTheLogIsAway(t *testing.T) {
	t.Parallel()
	l := away{&memory{Log: eventstest.NewLog()}, new(atomic.Bool), make(chan struct{}, 1)}
	const n = 17_000 // more than a feed takes in at its start
	last := map[string]events.Seq{}
	for i := range n {
		name := []string{"plan", "other"}[i%2]
		seq, err := l.Append(t.Context(), []events.Append{eventstest.Batch(name, last[name], uint64(i/2+1), &events.TaskStarted{Key: 1})})
		if err != nil {
			t.Fatal(err)
		}
		last[name] = seq
	}
	s, err := app.NewShared(t.Context(), l, commands.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Wait(t.Context(), l.End(), 1<<40); err != nil {
		t.Fatal(err)
	}
	l.now.Store(true)
	count := func(f events.Filter) (seqs int, err error) {
		before := f.After
		for env, err := range s.Events(t.Context(), f) {
			if err != nil {
				return seqs, err
			}
			if env.Seq <= before || f.Checklist != "" && env.Checklist != f.Checklist {
				t.Fatalf("@%d of %s, want it behind @%d of %s", env.Seq, env.Checklist, before, f.Checklist)
			}
			before = env.Seq
			seqs++
		}
		return seqs, nil
	}
	end := l.End()
	for name, want := range map[string]struct {
		filter events.Filter
		n      int
		err    error
	}{
		"all of it":            {events.Filter{}, 0, events.ErrAway},
		"what is long ago":     {events.Filter{Upto: 10}, 0, events.ErrAway},
		"the last":             {events.Filter{After: end - 100}, 100, nil},
		"the last of one":      {events.Filter{After: end - 100, Checklist: "plan"}, 50, nil},
		"the last of the log":  {events.Filter{After: end - 100, System: true}, 0, nil},
		"the last up to one":   {events.Filter{After: end - 100, Upto: end - 90}, 10, nil},
		"the last of its kind": {events.Filter{After: end - 100, Kinds: []events.Kind{events.KindTaskCompleted}}, 0, nil},
		"nothing":              {events.Filter{After: end}, 0, nil},
	} {
		if got, err := count(want.filter); got != want.n || !errors.Is(err, want.err) {
			t.Errorf("%s: got %d events, %v, want %d, %v", name, got, err, want.n, want.err)
		}
	}

	at := events.Seq(0)
	back := false
	for !back { // no reader has been turned away but by this subscriber
		select {
		case <-l.asked:
		default:
			back = true
		}
	}
	go func() {
		<-l.asked
		l.now.Store(false)
	}()
	for env, err := range s.Feed().Events(t.Context(), 0) {
		if err != nil || env.Seq != at+1 {
			t.Fatalf("@%d behind @%d: %v", env.Seq, at, err)
		}
		if at = env.Seq; at == end {
			break
		}
	}
}

// A checklist with an event that cannot be read is told apart, and the others are
// shown.
func TestStoppedViews(t *testing.T) {
	t.Parallel()
	l := &memory{Log: eventstest.NewLog()}
	for _, name := range []string{"plan", "other"} {
		if _, err := l.Append(t.Context(), []events.Append{eventstest.Batch(name, 0, 1, &events.TaskStarted{Key: 1})}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := app.NewShared(t.Context(), l, commands.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := s.StoppedViews(); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
	bad := eventstest.Batch("plan", 2, 2, &events.TaskCompleted{Key: 1})
	bad.Events[0].Body = []byte(`{"specversion":"1.0"}`)
	seq, err := l.Append(t.Context(), []events.Append{bad})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(t.Context(), seq, 1<<40); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"plan": false, "other": true} {
		err := s.Checklist(t.Context(), name, nil, func(*checklist.State) error { return nil })
		if (err == nil) != want {
			t.Errorf("%s: got %v, want that it can be shown: %t", name, err, want)
		}
	}
	if got := s.StoppedViews(); !slices.Equal(got, []string{"plan"}) {
		t.Errorf("got %v, want plan", got)
	}
}

// counted is a log that counts who reads it.
type counted struct {
	memory
	reads atomic.Int64
}

func (l *counted) Read(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error] {
	l.reads.Add(1)
	return l.memory.Read(ctx, f)
}

// What the feed has is given from it, and is what the log has.
func TestEventsOfTheFeed(t *testing.T) {
	t.Parallel()
	l := &counted{memory: memory{Log: eventstest.NewLog()}}
	last := map[string]events.Seq{}
	add := func(i int) {
		t.Helper()
		name := []string{"plan", "other"}[i%2]
		e := events.Event(&events.TaskStarted{Key: 1})
		if i%3 == 0 {
			e = &events.TaskCompleted{Key: 1}
		}
		seq, err := l.Append(t.Context(), []events.Append{eventstest.Batch(name, last[name], uint64(i/2+1), e)})
		if err != nil {
			t.Fatal(err)
		}
		last[name] = seq
	}
	for i := range 60 {
		add(i)
	}
	s, err := app.NewShared(t.Context(), l, commands.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Wait(t.Context(), l.End(), 1<<40); err != nil {
		t.Fatal(err)
	}
	end := l.End()
	for _, f := range []events.Filter{
		{},
		{Checklist: "plan"},
		{Checklist: "plan", After: end - 7},
		{Checklist: "nothing"},
		{System: true},
		{Kinds: []events.Kind{events.KindTaskCompleted}},
		{Checklist: "other", Kinds: []events.Kind{events.KindTaskStarted}, Upto: end - 9},
		{After: end},
	} {
		var want []events.Envelope
		for env, err := range l.memory.Read(t.Context(), f) {
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, env)
		}
		var got []events.Envelope
		before := l.reads.Load()
		for env, err := range s.Events(t.Context(), f) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, env)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v (-log +feed):\n%s", f, diff)
		}
		if n := l.reads.Load() - before; n != 0 {
			t.Errorf("%+v: the log was read %d times", f, n)
		}
	}
	// The feed need not have come to what was read from the log.
	for i := range 40 {
		add(60 + i)
		n := 0
		for _, err := range s.Events(t.Context(), events.Filter{After: end}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != i+1 {
			t.Fatalf("got %d of %d events", n, i+1)
		}
	}
}
