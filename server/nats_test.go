package server_test

import (
	"context"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"cairn/events"
	"cairn/server"
	"cairn/server/commands"
	"cairn/server/trust"
)

// jetStream runs a JetStream as somebody else would.
func jetStream(t *testing.T, dir string, port int) *natsserver.Server {
	t.Helper()
	s, err := natsserver.NewServer(&natsserver.Options{
		Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, SyncAlways: true, NoLog: true, NoSigs: true,
		JetStreamLimits: natsserver.JSLimitOpts{MaxBatchSize: events.MaxBatch},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the JetStream does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// serve runs a server over NATS until the test ends, or end is called.
func serve(t *testing.T, nats, state string) (s *server.Server, end func()) {
	t.Helper()
	s, err := server.NewServer(t.Context(), server.ServeConfig{
		Config: server.Config{State: t.TempDir()}, Place: server.Place{Dir: state}, NATS: nats, Listen: "127.0.0.1:0",
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stopped := false
	end = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
	}
	t.Cleanup(end)
	return s, end
}

func reach(t *testing.T, s *server.Server) *server.Session {
	t.Helper()
	at, err := server.Reach(t.Context(), s.URL, s.Secret(), server.Place{URL: s.URL}, server.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = at.Close() })
	return at
}

func by(name string) commands.Meta {
	return commands.Meta{Checklist: name, Actor: events.Actor{ID: "ada", Auth: events.Unauthenticated}}
}

const plan = "# Plan\n\n- [ ] one\n- [ ] two\n- [ ] three\n"

// Servers side by side have one log and a key each: what one says holds with the
// other, and anyone can check both.
func TestServersOverOneLog(t *testing.T) {
	t.Parallel()
	nats := jetStream(t, t.TempDir(), -1).ClientURL()
	states := []string{t.TempDir(), t.TempDir()}
	one, _ := serve(t, nats, states[0])
	two, endTwo := serve(t, nats, states[1])
	a, b := reach(t, one), reach(t, two)
	if _, err := a.Execute(t.Context(), by("plan"), commands.ImportDocument{Document: []byte(plan)}); err != nil {
		t.Fatal(err)
	}
	done, err := b.Execute(t.Context(), by("plan"), commands.Transition{Verb: commands.Done, Tasks: []string{"1"}})
	if err != nil {
		t.Fatal(err)
	}
	checkpoints := make(map[string]bool)
	for _, s := range []*server.Session{a, b} {
		signed, err := s.Trust.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		checkpoints[string(signed)] = true
		p, err := s.Trust.Prove(t.Context(), done.Seq)
		if err != nil {
			t.Fatal(err)
		}
		key, err := s.Trust.Key(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := trust.CheckProof(p.Marshal(), key); err != nil {
			t.Errorf("the proof of %s: %v", s.URL, err)
		}
	}
	if len(checkpoints) != 2 {
		t.Errorf("the servers sign with one key")
	}
	for signed := range checkpoints {
		for _, s := range []*server.Session{a, b} {
			r, err := s.Trust.Verify(t.Context(), trust.Options{Checkpoint: []byte(signed)})
			if err != nil {
				t.Errorf("%s against\n%s: %v", s.URL, signed, err)
			} else if len(r.Keys) != 2 || r.N != done.Seq {
				t.Errorf("got %d keys and @%d, want 2 and @%d", len(r.Keys), r.N, done.Seq)
			}
		}
	}
	endTwo()
	again, _ := serve(t, nats, states[1])
	if r, err := reach(t, again).Trust.Verify(t.Context(), trust.Options{}); err != nil || len(r.Keys) != 2 {
		t.Errorf("after a restart: got %+v, %v, want the same 2 keys", r, err)
	}
}
