package eventstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"cairn/events"
)

func testFilters(t *testing.T, log events.Log) {
	add(t, log, Batch("a", 0, 1, &events.TaskStarted{Key: 1}, &events.TaskCompleted{Key: 1}))  // 2 3
	add(t, log, Batch("ab", 0, 1, &events.TaskStarted{Key: 1}))                                // 4
	add(t, log, Batch("a", 3, 3, &events.TaskReopened{Key: 1}, &events.TaskCompleted{Key: 1})) // 5 6
	add(t, log, Batch("", 1, 2, &events.SignerAdded{Key: "k"}))                                // 7

	completed := []events.Kind{events.KindTaskCompleted}
	for _, test := range []struct {
		f    events.Filter
		want []events.Seq
	}{
		{events.Filter{}, []events.Seq{1, 2, 3, 4, 5, 6, 7}},
		{events.Filter{After: 5}, []events.Seq{6, 7}},
		{events.Filter{After: 7}, nil},
		{events.Filter{After: 99}, nil},
		{events.Filter{Upto: 3}, []events.Seq{1, 2, 3}},
		{events.Filter{After: 2, Upto: 4}, []events.Seq{3, 4}},
		{events.Filter{After: 4, Upto: 4}, nil},
		{events.Filter{After: 4, Upto: 2}, nil},
		{events.Filter{Upto: 99}, []events.Seq{1, 2, 3, 4, 5, 6, 7}},
		{events.Filter{Checklist: "a"}, []events.Seq{2, 3, 5, 6}},
		{events.Filter{Checklist: "a", After: 2}, []events.Seq{3, 5, 6}},
		{events.Filter{Checklist: "a", After: 4}, []events.Seq{5, 6}},
		{events.Filter{Checklist: "a", Upto: 4}, []events.Seq{2, 3}},
		{events.Filter{Checklist: "a", After: 6}, nil},
		{events.Filter{Checklist: "ab"}, []events.Seq{4}},
		{events.Filter{Checklist: "none"}, nil},
		{events.Filter{System: true}, []events.Seq{1, 7}},
		{events.Filter{System: true, After: 1}, []events.Seq{7}},
		{events.Filter{Kinds: completed}, []events.Seq{3, 6}},
		{events.Filter{Kinds: completed, Checklist: "ab"}, nil},
		{events.Filter{Kinds: completed, Checklist: "a", After: 3}, []events.Seq{6}},
		{events.Filter{Kinds: []events.Kind{events.KindTaskStarted, events.KindTaskReopened}}, []events.Seq{2, 4, 5}},
		{events.Filter{Kinds: []events.Kind{events.KindLogOpened, events.KindTaskStarted}}, []events.Seq{1, 2, 4}},
		{events.Filter{Kinds: []events.Kind{events.KindTaskDropped}}, nil},
	} {
		wantSeqs(t, log, test.f, test.want...)
	}
}

func testHole(t *testing.T, log events.Log) {
	add(t, log, Batch("a", 0, 1, Started(2)...))
	add(t, log, Batch("a", 3, 4, Started(1)...)) // no revision 3
	var (
		got  []events.Seq
		last error
	)
	for env, err := range log.Read(t.Context(), events.Filter{Checklist: "a"}) {
		if last != nil {
			t.Errorf("something was yielded behind the error")
		}
		if err == nil {
			got = append(got, env.Seq)
		}
		last = err
	}
	if !errors.Is(last, events.ErrIntegrity) || !slices.Equal(got, []events.Seq{2, 3}) {
		t.Errorf("got %v and error %v, want [2 3] and ErrIntegrity", got, last)
	}
	wantSeqs(t, log, events.Filter{Checklist: "a", After: 3}, 4)
	wantSeqs(t, log, events.Filter{}, 1, 2, 3, 4)
}

func testBreak(t *testing.T, log events.Log) {
	add(t, log, Batch("a", 0, 1, Started(100)...))
	for range 3 {
		n := 0
		for _, err := range log.Read(t.Context(), events.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 10 {
				break
			}
		}
	}
	if got := add(t, log, Batch("a", 101, 101, Started(1)...)); got != 102 {
		t.Errorf("got @%d, want @102", got)
	}
}

func testEnd(t *testing.T, log events.Log) {
	last := add(t, log, Batch("a", 0, 1, Started(3)...))
	n := 0
	for env, err := range log.Read(t.Context(), events.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n > 4 {
			t.Fatalf("got @%d, want the end", env.Seq)
		}
		last = add(t, log, Batch("a", last, uint64(last), Started(1)...))
	}
	if n != 4 {
		t.Errorf("got %d events, want 4", n)
	}
}

func testFollow(t *testing.T, log events.Log) {
	add(t, log, Batch("a", 0, 1, Started(2)...)) // 2 3
	var wg sync.WaitGroup
	atEnd := make(chan struct{})
	follow := func(f events.Filter, want ...events.Seq) {
		wg.Go(func() {
			var got []events.Seq
			for env, err := range log.Follow(t.Context(), f) {
				if err != nil {
					t.Errorf("follow %+v: %v", f, err)
					return
				}
				got = append(got, env.Seq)
				if env.Seq == 3 && f.After == 0 {
					close(atEnd)
				}
				if len(got) == len(want) {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("follow %+v: got %v, want %v", f, got, want)
			}
		})
	}
	follow(events.Filter{}, 1, 2, 3, 4, 5, 6, 7)
	follow(events.Filter{Checklist: "b", After: 1}, 4, 6, 7)
	follow(events.Filter{Kinds: []events.Kind{events.KindTaskCompleted}, After: 3}, 5)
	follow(events.Filter{After: 5}, 6, 7)
	<-atEnd
	add(t, log, Batch("b", 0, 1, Started(1)...))
	add(t, log, Batch("a", 3, 3, &events.TaskCompleted{Key: 1}))
	add(t, log, Batch("b", 4, 2, Started(2)...))
	wg.Wait()
}

func testFollowEnds(t *testing.T, log events.Log) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for env, err := range log.Follow(ctx, events.Filter{}) {
		last = err
		if err == nil && env.Seq == 1 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("got %v, want %v", last, context.Canceled)
	}
}

func testFollowUpto(t *testing.T, log events.Log) {
	add(t, log, Batch("a", 0, 1, Started(3)...))
	var got []events.Seq
	for env, err := range log.Follow(t.Context(), events.Filter{Upto: 3}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, env.Seq)
	}
	if !slices.Equal(got, []events.Seq{1, 2, 3}) {
		t.Errorf("got %v, want [1 2 3]", got)
	}
}

func testConcurrent(t *testing.T, log events.Log) {
	const checklists, each = 8, 20
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		own = make(map[events.Seq]string)
	)
	for c := range checklists {
		name := fmt.Sprintf("list-%d", c)
		wg.Go(func() {
			var last events.Seq
			revision := uint64(1)
			for i := range each {
				n := 1
				if i%5 == 4 {
					n = 3
				}
				seq, err := log.Append(t.Context(), []events.Append{Batch(name, last, revision, Started(n)...)})
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				last, revision = seq, revision+uint64(n)
				mu.Lock()
				own[seq] = name
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	got := all(t, log, events.Filter{}) // proves that sequences are dense
	if want := 1 + checklists*(each-each/5+3*each/5); len(got) != want {
		t.Errorf("got %d events, want %d", len(got), want)
	}
	for _, env := range got {
		if name, ok := own[env.Seq]; ok && name != env.Checklist {
			t.Errorf("@%d: got an event of %q, want %q", env.Seq, env.Checklist, name)
		}
	}
	for c := range checklists {
		all(t, log, events.Filter{Checklist: fmt.Sprintf("list-%d", c)}) // proves that revisions are
	}
}

func testRace(t *testing.T, log events.Log) {
	const writers = 10
	var (
		wg   sync.WaitGroup
		errs = make([]error, writers)
	)
	for w := range writers {
		wg.Go(func() {
			_, errs[w] = log.Append(t.Context(), []events.Append{Batch("a", 0, 1, Started(1+w%2)...)})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, events.ErrConflict):
			t.Errorf("got %v, want ErrConflict", err)
		}
	}
	if won != 1 {
		t.Errorf("got %d winners, want 1", won)
	}
}
