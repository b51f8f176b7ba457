package natslog

import (
	"sync"
	"testing"

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
