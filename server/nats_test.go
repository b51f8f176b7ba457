package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
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

// While NATS is gone, what is known can be read and is marked; what would change
// it is refused, and happens once when it is sent again.
func TestNATSGone(t *testing.T) {
	t.Parallel()
	store := t.TempDir()
	nats := jetStream(t, store, -1)
	url := nats.ClientURL()
	var port int
	if _, err := fmt.Sscanf(url, "nats://127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	s, _ := serve(t, url, t.TempDir())
	at := reach(t, s)
	if _, err := at.Execute(t.Context(), by("plan"), commands.ImportDocument{Document: []byte(plan)}); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		StatusCode int
		Header     http.Header
	}
	ask := func(method, path, body string) (answer, map[string]any) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/api/v1"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+s.Secret())
			req.Header.Set("Idempotency-Key", "0199c0de-0000-7000-8000-000000000001")
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		_ = json.Unmarshal(b, &doc) // a document is none
		return answer{res.StatusCode, res.Header}, doc
	}
	const done, document = "/checklists/plan/commands/CompleteTask", "/checklists/plan/document"
	if res, _ := ask(http.MethodGet, document, ""); res.StatusCode != 200 || res.Header.Get("Cairn-Stale") != "" {
		t.Errorf("before: got %d, stale %q", res.StatusCode, res.Header.Get("Cairn-Stale"))
	}

	nats.Shutdown()
	nats.WaitForShutdown()
	for {
		if _, stale := s.App.Stale(); stale {
			break
		}
		time.Sleep(time.Millisecond) // the connection tells
	}
	res, doc := ask(http.MethodPost, done, `{"tasks":["1"]}`)
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || doc["code"] != "unavailable" {
		t.Errorf("a change: got %d, Retry-After %q, %v", res.StatusCode, res.Header.Get("Retry-After"), doc)
	}
	if res, _ := ask(http.MethodGet, document, ""); res.StatusCode != 200 || res.Header.Get("Cairn-Stale") == "" {
		t.Errorf("a view: got %d, stale %q", res.StatusCode, res.Header.Get("Cairn-Stale"))
	}
	if res, _ := ask(http.MethodGet, document+"?fresh=true", ""); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a view that must be fresh: got %d", res.StatusCode)
	}

	jetStream(t, store, port)
	for {
		res, doc = ask(http.MethodPost, done, `{"tasks":["1"]}`)
		if res.StatusCode != http.StatusServiceUnavailable {
			break
		}
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the change once more: got %d, %v", res.StatusCode, doc)
	}
	for {
		if res, _ := ask(http.MethodGet, document, ""); res.Header.Get("Cairn-Stale") == "" {
			break
		}
	}
	times := 0
	for env, err := range at.Events(t.Context(), events.Filter{Checklist: "plan"}) {
		if err != nil {
			t.Fatal(err)
		}
		if env.Data.Kind() == events.KindTaskCompleted {
			times++
		}
	}
	if times != 1 {
		t.Errorf("the change happened %d times, want once", times)
	}
}
