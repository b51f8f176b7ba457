package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server"
	"cairn/server/api/client"
	"cairn/server/commands"
)

// reply is what a server answers.
type reply struct {
	*http.Response
	doc map[string]any // nil where the answer is no JSON
}

func (r reply) problem() string { return fmt.Sprint(r.doc["detail"], " ", r.doc["hint"]) }

// ask sends a request; one with a body is a command with this id.
func ask(t *testing.T, s *server.Server, method, path, body, id string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+s.Secret())
		req.Header.Set("Idempotency-Key", id)
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
	return reply{res, doc}
}

const (
	donePath     = "/api/v1/checklists/plan/commands/CompleteTask"
	documentPath = "/api/v1/checklists/plan/document"
	historyPath  = "/api/v1/checklists/plan/log"
)

func commandID(n int) string { return fmt.Sprintf("0199c0de-0000-7000-8000-%012d", n) }

// completions counts how often tasks were completed.
func completions(t *testing.T, at *server.Session) (n int) {
	t.Helper()
	for env, err := range at.Events(t.Context(), events.Filter{Checklist: "plan"}) {
		if err != nil {
			t.Fatal(err)
		}
		if env.Data.Kind() == events.KindTaskCompleted {
			n++
		}
	}
	return n
}

// gone waits until a server says so.
func gone(t *testing.T, s *server.Server) {
	t.Helper()
	for _, stale := s.App.Stale(); !stale; _, stale = s.App.Stale() {
		if t.Context().Err() != nil {
			t.Fatal("the server does not notice that NATS is gone")
		}
		time.Sleep(time.Millisecond) // the connection tells
	}
}

// While NATS is gone, what is known can be read and is marked; what would change
// it is refused without waiting, and happens once when it is sent again. Who
// listens goes on listening.
func TestNATSGone(t *testing.T) {
	t.Parallel()
	store := t.TempDir()
	nats := jetStream(t, store, -1)
	port := nats.Addr().(*net.TCPAddr).Port
	s, _ := serve(t, nats.ClientURL(), t.TempDir())
	at := reach(t, s)
	if _, err := at.Execute(t.Context(), by("plan"), commands.ImportDocument{Document: []byte(plan)}); err != nil {
		t.Fatal(err)
	}
	listening, end := context.WithCancel(t.Context())
	defer end()
	heard := make(chan events.Seq, 100)
	var listener sync.WaitGroup
	defer listener.Wait()
	listener.Go(func() {
		notices := client.Notices{Gone: func(why error) error { return fmt.Errorf("the feed was cut: %w", why) }}
		for env, err := range at.Served.Subscribe(listening, events.Filter{}, notices) {
			if listening.Err() != nil {
				return
			}
			if err != nil {
				t.Errorf("the feed: %v", err)
				return
			}
			heard <- env.Seq
		}
	})
	if res := ask(t, s, http.MethodGet, documentPath, "", ""); res.StatusCode != 200 || res.Header.Get("Cairn-Stale") != "" {
		t.Errorf("before: got %d, stale %q", res.StatusCode, res.Header.Get("Cairn-Stale"))
	}
	if res := ask(t, s, http.MethodGet, historyPath, "", ""); res.StatusCode != 200 {
		t.Errorf("before, the log: got %d", res.StatusCode)
	}

	nats.Shutdown()
	nats.WaitForShutdown()
	gone(t, s)
	// As many writes, and reads that must be fresh, one after another as would take
	// minutes if each waited for its deadline.
	began := time.Now()
	for range 20 {
		res := ask(t, s, http.MethodPost, donePath, `{"tasks":["1"]}`, commandID(1))
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || res.doc["code"] != "unavailable" {
			t.Fatalf("a change: got %d, Retry-After %q, %v", res.StatusCode, res.Header.Get("Retry-After"), res.doc)
		}
		if !strings.Contains(res.problem(), "Nothing was written") {
			t.Fatalf("a change: got %q, want that nothing was written", res.problem())
		}
		if res := ask(t, s, http.MethodGet, documentPath+"?fresh=true", "", ""); res.StatusCode != http.StatusServiceUnavailable {
			t.Fatalf("a view that must be fresh: got %d", res.StatusCode)
		}
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("40 refusals took %s, more than the deadline of one command", took)
	}
	for _, path := range []string{documentPath, historyPath, "/api/v1/checklists", "/api/v1/checklists/plan/tasks"} {
		if res := ask(t, s, http.MethodGet, path, "", ""); res.StatusCode != 200 || res.Header.Get("Cairn-Stale") == "" {
			t.Errorf("%s: got %d, stale %q, %s", path, res.StatusCode, res.Header.Get("Cairn-Stale"), res.problem())
		}
	}
	if res := ask(t, s, http.MethodGet, "/api/v1", "", ""); res.StatusCode != 200 || res.doc["stale"] == nil {
		t.Errorf("what it says of itself: got %d, %v, want for how long", res.StatusCode, res.doc)
	}
	if res := ask(t, s, http.MethodGet, "/readyz", "", ""); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(res.problem(), "the log") {
		t.Errorf("readiness: got %d, %s", res.StatusCode, res.problem())
	}
	if res := ask(t, s, http.MethodGet, "/healthz", "", ""); res.StatusCode != 200 {
		t.Errorf("liveness: got %d", res.StatusCode)
	}
	// A client folds events itself.
	other := reach(t, s)
	if err := other.Checklist(t.Context(), "plan", nil, func(st *checklist.State) error {
		if string(st.Document()) != plan {
			t.Errorf("a client sees %q", st.Document())
		}
		return nil
	}); err != nil {
		t.Errorf("a client: %v", err)
	}
	if _, stale := other.Served.Stale(); !stale {
		t.Error("a client does not know that it may be behind")
	}

	// Who begins to listen now hears what is known.
	want := events.Seq(1)
	for env, err := range other.Served.Subscribe(t.Context(), events.Filter{}, client.Notices{}) {
		if err != nil || env.Seq != want {
			t.Fatalf("a feed that begins without NATS: got @%d, %v, want @%d", env.Seq, err, want)
		}
		if want++; env.Seq == s.App.Feed().Position() {
			break
		}
	}

	jetStream(t, store, port)
	var res reply
	for {
		if res = ask(t, s, http.MethodPost, donePath, `{"tasks":["1"]}`, commandID(1)); res.StatusCode != http.StatusServiceUnavailable {
			break
		}
	}
	if res.StatusCode != http.StatusOK || res.doc["repeated"] != false {
		t.Fatalf("the change once more: got %d, %v", res.StatusCode, res.doc)
	}
	last := events.Seq(res.doc["seq"].(float64))
	for res.Header.Get("Cairn-Stale") != "" || res.StatusCode != 200 {
		res = ask(t, s, http.MethodGet, "/readyz", "", "")
	}
	if n := completions(t, at); n != 1 {
		t.Errorf("the change happened %d times, want once", n)
	}
	for want := events.Seq(1); want <= last; want++ {
		select {
		case got := <-heard:
			if got != want {
				t.Fatalf("the feed: got @%d, want @%d", got, want)
			}
		case <-t.Context().Done():
			t.Fatalf("the feed: @%d never came", want)
		}
	}
	end()
}

// wire lies between a server and NATS. Muted, it takes what the server says and
// keeps the answers back; cut, there is nothing at its end.
type wire struct {
	to string

	mu    sync.Mutex // guards all below
	lis   net.Listener
	addr  string
	muted bool
	conns []net.Conn
	moves sync.WaitGroup
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{to: u.Host, addr: "127.0.0.1:0"}
	w.mend(t)
	t.Cleanup(w.cut)
	return w
}

// mend lets connections through.
func (w *wire) mend(t *testing.T) {
	t.Helper()
	lis, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.lis, w.addr, w.muted = lis, lis.Addr().String(), false
	w.mu.Unlock()
	w.moves.Go(func() {
		for {
			from, err := lis.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", w.to)
			if err != nil {
				from.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, from, to)
			w.mu.Unlock()
			w.moves.Go(func() { _, _ = io.Copy(to, from) })
			w.moves.Go(func() { _, _ = io.Copy(muting{w, from}, to) })
		}
	})
}

func (w *wire) mute() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.muted = true
}

func (w *wire) cut() {
	w.mu.Lock()
	w.lis.Close()
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
	w.mu.Unlock()
	w.moves.Wait()
}

// muting writes to a connection unless the wire is muted.
type muting struct {
	w  *wire
	to net.Conn
}

func (m muting) Write(b []byte) (int, error) {
	m.w.mu.Lock()
	muted := m.w.muted
	m.w.mu.Unlock()
	if muted {
		return len(b), nil
	}
	return m.to.Write(b)
}

// A change that was stored while its acknowledgement got lost is answered as
// unsure, and happens once, however often it is sent.
func TestLostAcknowledgement(t *testing.T) {
	t.Parallel()
	js := jetStream(t, t.TempDir(), -1)
	line := newWire(t, js.ClientURL())
	s, _ := serve(t, "nats://"+line.addr, t.TempDir())
	at := reach(t, s)
	imported, err := at.Execute(t.Context(), by("plan"), commands.ImportDocument{Document: []byte(plan)})
	if err != nil {
		t.Fatal(err)
	}
	direct, err := nats.Connect(js.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close()
	look, err := jetstream.New(direct)
	if err != nil {
		t.Fatal(err)
	}

	line.mute()
	stored := make(chan error, 1)
	go func() { // the line is cut once the change is stored
		defer line.cut()
		for {
			stream, err := look.Stream(t.Context(), "CAIRN")
			if err != nil || events.Seq(stream.CachedInfo().State.LastSeq) > imported.Seq {
				stored <- err
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	res := ask(t, s, http.MethodPost, donePath, `{"tasks":["1"]}`, commandID(2))
	if err := <-stored; err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("without an acknowledgement: got %d, %v", res.StatusCode, res.doc)
	}
	if strings.Contains(res.problem(), "Nothing was written") {
		t.Errorf("without an acknowledgement: got %q, though it was", res.problem())
	}
	if res := ask(t, s, http.MethodPost, donePath, `{"tasks":["1"]}`, commandID(2)); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("once more, without NATS: got %d, %v", res.StatusCode, res.doc)
	}

	line.mend(t)
	for res = ask(t, s, http.MethodPost, donePath, `{"tasks":["1"]}`, commandID(2)); res.StatusCode == http.StatusServiceUnavailable; {
		res = ask(t, s, http.MethodPost, donePath, `{"tasks":["1"]}`, commandID(2))
	}
	if res.StatusCode != http.StatusOK || res.doc["repeated"] != true {
		t.Errorf("once more: got %d, %v, want the answer of the first time", res.StatusCode, res.doc)
	}
	if n := completions(t, at); n != 1 {
		t.Errorf("the change happened %d times, want once", n)
	}
}
