package natslog

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"cairn/events"
	"cairn/events/natslog/natstest"
)

// Trap: one request for more than 50,000 messages is not served as asked.
func TestPullSize(t *testing.T) {
	t.Parallel()
	if pullMessages > 50_000 {
		t.Errorf("pullMessages: got %d, want at most 50,000", pullMessages)
	}
}

// Trap: a reader that is slower than the server loses messages, silently.
func TestLargeRead(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	each := 10_000
	if natstest.Raced {
		each = 3000
	}
	mustAppend(t, l, batch("a", 0, 0, each))
	mustAppend(t, l, batch("b", 0, 0, each))
	if got := len(read(t, l, events.Filter{})); got != 2*each+1 {
		t.Errorf("got %d events, want %d", got, 2*each+1)
	}
	// Half-way through, someone breaks out; the next read is whole.
	n := 0
	for _, err := range l.Read(t.Context(), events.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == each*7/10 {
			break
		}
	}
	after := events.Seq(each) + 1
	if got := len(read(t, l, events.Filter{Checklist: "b", After: after, Upto: after + 2000})); got != 2000 {
		t.Errorf("got %d events, want 2000", got)
	}
}

// Trap: Shutdown sleeps 50 ms while pull requests are open.
func TestQuickClose(t *testing.T) {
	best := time.Hour
	for range 5 {
		l, _ := create(t)
		atEnd := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			var last error
			for env, err := range l.Follow(t.Context(), events.Filter{}) {
				last = err
				if err == nil && env.Seq == 1 {
					close(atEnd)
				}
			}
			if !errors.Is(last, events.ErrUnavailable) {
				t.Errorf("follow: got %v, want ErrUnavailable", last)
			}
		})
		<-atEnd
		mustAppend(t, l, batch("a", 0, 0, 1))
		began := time.Now()
		l.Close()
		best = min(best, time.Since(began))
		wg.Wait()
	}
	if best >= 50*time.Millisecond {
		t.Errorf("close: got %v, want less than 50 ms", best)
	}
}

// Readers leave no consumer behind.
func TestNoConsumersLeft(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	mustAppend(t, l, batch("a", 0, 0, 3))
	read(t, l, events.Filter{})
	read(t, l, events.Filter{After: 99})
	for _, err := range l.Read(t.Context(), events.Filter{}) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	for _, err := range l.Follow(t.Context(), events.Filter{}) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	info, err := l.stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.State.Consumers != 0 {
		t.Errorf("got %d consumers, want 0", info.State.Consumers)
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	for range 2 {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if _, err := l.Append(t.Context(), []events.Append{batch("a", 0, 0, 1)}); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("append: got %v, want ErrUnavailable", err)
	}
	for _, err := range l.Read(t.Context(), events.Filter{}) {
		if !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("read: got %v, want ErrUnavailable", err)
		}
	}
}

func TestChecklists(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	mustAppend(t, l, batch("b", 0, 0, 2), batch("a", 0, 0, 1))
	got, err := l.Checklists(t.Context())
	if err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v, %v, want [a b]", got, err)
	}
}

// Accepted events are announced on cairn.changes for plain NATS clients.
func TestChanges(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	sub, err := l.nc.SubscribeSync("cairn.changes.>")
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, l, batch("a", 0, 0, 1))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	msg, err := sub.NextMsgWithContext(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(msg.Data), string(read(t, l, events.Filter{After: 1})[0].Body); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Trap: an event that was acknowledged need not have come to a consumer yet: a
// reader that asks at that moment is told that there is none, and must not wait
// for the next one to be told of it.
func TestFollowMissesNothing(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	came, end := make(chan events.Seq), l.End()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		for env, err := range l.Follow(ctx, events.Filter{After: end}) {
			if err != nil {
				return
			}
			select {
			case came <- env.Seq:
			case <-ctx.Done():
			}
		}
	})
	var last events.Seq
	for i := range uint64(1000) {
		seq, err := l.Append(ctx, []events.Append{batch("a", last, i, 1)})
		if err != nil {
			t.Fatal(err)
		}
		last = seq
		select {
		case got := <-came:
			if got != seq {
				t.Fatalf("got @%d, want @%d", got, seq)
			}
		case <-ctx.Done():
			t.Fatalf("@%d did not come", seq)
		}
	}
}
