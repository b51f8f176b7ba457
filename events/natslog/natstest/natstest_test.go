package natstest_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"cairn/events/natslog/natstest"
)

func TestMain(m *testing.M) {
	if natstest.Main() {
		return
	}
	goleak.VerifyTestMain(m)
}

// A stream on three nodes lives on when its leader is killed, and the node comes
// back; one that is cut off leads no longer.
func TestCluster(t *testing.T) {
	t.Parallel()
	if natstest.Raced {
		t.Skip("waits for elections of processes that the race detector does not see")
	}
	cluster := natstest.Start(t, natstest.Config{})
	account := cluster.Account(t)
	js := account.Connect(t, 0, 1, 2)
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}, Replicas: 3}); err != nil {
		t.Fatal(err)
	}
	leader := func() int {
		ctx, cancel := context.WithTimeout(t.Context(), natstest.Patience)
		defer cancel()
		i, err := account.Leader(ctx, js, "S")
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	publish := func() {
		ctx, cancel := context.WithTimeout(t.Context(), natstest.Patience)
		defer cancel()
		for {
			// A message to a leader that was killed is lost, and so is its answer.
			attempt, cancel := context.WithTimeout(ctx, 2*time.Second)
			_, err := js.Publish(attempt, "s", nil, jetstream.WithRetryAttempts(0))
			cancel()
			if err == nil {
				return
			}
			if ctx.Err() != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	publish()
	killed := leader()
	cluster.Kill(t, killed)
	publish()
	if now := leader(); now == killed {
		t.Errorf("node %d leads although it was killed", now)
	}
	cluster.Restart(t, killed)
	cluster.Ready(t)

	cut := leader()
	cluster.Cut(cut)
	others := account.Connect(t, (cut+1)%3, (cut+2)%3)
	ctx, cancel := context.WithTimeout(t.Context(), natstest.Patience)
	defer cancel()
	for {
		now, err := account.Leader(ctx, others, "S")
		if err != nil {
			t.Fatal(err)
		}
		if now != cut {
			break
		}
	}
	cluster.Heal(cut)
	cluster.Ready(t)
}
