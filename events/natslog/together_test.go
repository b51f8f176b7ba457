package natslog

import (
	"context"
	"sync"
	"testing"
	"time"

	"cairn/events"
	"cairn/events/natslog/natstest"
)

// Servers that start at the same moment over a cluster without a log make one, and
// all of them have it.
func TestStartTogether(t *testing.T) {
	t.Parallel()
	const rounds, servers = 3, 3
	cluster := natstest.Start(t, natstest.Config{Accounts: rounds})
	for range rounds {
		account := cluster.Account(t)
		var all sync.WaitGroup
		origins := make([]string, servers)
		for i := range servers {
			all.Go(func() {
				l, err := Connect(t.Context(), account.URL(i), Remote{Create: true, Replicas: 3})
				if err != nil {
					t.Errorf("server %d: %v", i, err)
					return
				}
				origins[i] = l.Origin()
				if err := l.Close(); err != nil {
					t.Errorf("server %d: %v", i, err)
				}
			})
		}
		all.Wait()
		for _, origin := range origins[1:] {
			if origin != origins[0] {
				t.Errorf("got the logs %v, want one", origins)
			}
		}
	}
}

// A reader that begins when the leader dies has no answer for a while, and then reads
// everything.
func TestReadWithoutLeader(t *testing.T) {
	t.Parallel()
	cluster := natstest.Start(t, natstest.Config{})
	account := cluster.Account(t)
	l := onThree(t, account, 0, 1, 2)
	last := mustAppend(t, l, batch("a", 0, 0, 20))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	led, err := account.Leader(ctx, l.js, streamName)
	if err != nil {
		t.Fatal(err)
	}
	cluster.Kill(t, led)
	var readers sync.WaitGroup
	for range 5 {
		readers.Go(func() {
			n := events.Seq(0)
			for env, err := range l.Read(ctx, events.Filter{}) {
				if err != nil {
					t.Errorf("without node %d: %v", led, err)
					return
				}
				n = env.Seq
			}
			if n != last {
				t.Errorf("without node %d: read up to @%d, want @%d", led, n, last)
			}
		})
	}
	readers.Wait()
}
