package app_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/server/app"
)

// late is a log that brings nothing to its follower until the gate opens.
type late struct {
	*memory
	gate chan struct{}
}

func (l late) Follow(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error] {
	select {
	case <-l.gate:
	case <-ctx.Done():
	}
	return l.memory.Follow(ctx, f)
}

// feedOf runs a feed over a log that ends at @1 and holds three more events, which
// it does not bring yet; taken are those that the feed took in.
func feedOf(t *testing.T) (f *app.Feed, l late, stored []events.Envelope, taken func() []events.Seq, ended <-chan error) {
	l = late{&memory{Log: eventstest.NewLog()}, make(chan struct{})}
	var mu sync.Mutex
	var seqs []events.Seq
	f = app.NewFeed(l, func(env events.Envelope) {
		mu.Lock()
		defer mu.Unlock()
		seqs = append(seqs, env.Seq)
	}, time.Now)
	if _, err := l.Append(t.Context(), []events.Append{eventstest.Batch("plan", 0, 1,
		&events.TaskStarted{Key: 1}, &events.TaskCompleted{Key: 1}, &events.TaskReopened{Key: 1})}); err != nil {
		t.Fatal(err)
	}
	for env, err := range l.Read(t.Context(), events.Filter{After: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, env)
	}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		result <- f.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return f, l, stored, func() []events.Seq {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seqs)
	}, result
}

func hand(f *app.Feed, env events.Envelope) {
	f.Hand([]events.Append{{Checklist: env.Checklist, Events: []events.Envelope{env}}}, env.Seq)
}

func TestWhatIsHandedOverIsTakenInOrder(t *testing.T) {
	t.Parallel()
	f, l, stored, taken, _ := feedOf(t)
	if f.Position() != 0 { // the log's own first event is still to come
		t.Fatalf("the feed begins at @%d", f.Position())
	}
	for _, i := range []int{2, 0, 1} {
		hand(f, stored[i])
	}
	opened, err := first(t, l)
	if err != nil {
		t.Fatal(err)
	}
	hand(f, opened)
	if err := f.Wait(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	close(l.gate) // the log brings them once more
	if _, err := l.Append(t.Context(), []events.Append{eventstest.Batch("plan", 4, 4, &events.TaskStarted{Key: 1})}); err != nil {
		t.Fatal(err)
	}
	if err := f.Wait(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	if got, want := taken(), []events.Seq{1, 2, 3, 4, 5}; !slices.Equal(got, want) {
		t.Errorf("took %v, want %v", got, want)
	}
}

func first(t *testing.T, l late) (env events.Envelope, err error) {
	for env, err = range l.Read(t.Context(), events.Filter{Upto: 1}) {
		break
	}
	return env, err
}

// What was handed over and never stored is damage, and said so.
func TestWhatIsHandedOverIsWhatTheLogHas(t *testing.T) {
	t.Parallel()
	f, l, stored, _, ended := feedOf(t)
	opened, err := first(t, l)
	if err != nil {
		t.Fatal(err)
	}
	other := stored[1]
	other.Seq = stored[0].Seq
	hand(f, opened)
	hand(f, other)
	if err := f.Wait(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	close(l.gate)
	if err := <-ended; !errors.Is(err, events.ErrIntegrity) {
		t.Errorf("got %v, want ErrIntegrity", err)
	}
}

// A cursor gives all there is, from the log where the feed does not have it any
// more, and stands still at what want refuses.
func TestACursorGivesEverythingOnce(t *testing.T) {
	t.Parallel()
	l := &memory{Log: eventstest.NewLog()}
	const n = 20_000
	expect := events.Seq(0)
	for i := range n {
		var err error
		if expect, err = l.Append(t.Context(), []events.Append{eventstest.Batch("plan", expect, uint64(i+1), &events.TaskStarted{Key: 1})}); err != nil {
			t.Fatal(err)
		}
	}
	f := app.NewFeed(l, nil, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = f.Run(ctx)
	}()
	defer func() {
		cancel()
		<-done
	}()
	if err := f.Wait(t.Context(), n+1); err != nil {
		t.Fatal(err)
	}
	at := events.Seq(0)
	for env, err := range f.Events(t.Context(), 0) {
		if err != nil || env.Seq != at+1 {
			t.Fatalf("@%d behind @%d: %v", env.Seq, at, err)
		}
		if at = env.Seq; at == n+1 {
			break
		}
	}
	if f.Subscribers() != 0 {
		t.Errorf("%d subscribers are left", f.Subscribers())
	}
}
