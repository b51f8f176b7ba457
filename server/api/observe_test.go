package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/api"
	"cairn/server/app"
	"cairn/server/commands"
)

// written is a buffer for several writers.
type written struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(b)
}

func (w *written) lines() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Split(strings.TrimSpace(w.b.String()), "\n")
}

// TestOneLineARequest: with the route and the id that the client is told, and
// nothing of its query or its headers.
func TestOneLineARequest(t *testing.T) {
	t.Parallel()
	var log written
	d := open(t, api.Config{Log: slog.New(slog.NewJSONHandler(&log, nil))})
	r := d.get(list+"/tasks?filter=hidden", "Cairn-Request-Id: abc.1", "Authorization: Bearer hidden")
	if r.Header.Get("Cairn-Request-Id") != "abc.1" {
		t.Errorf("told %q", r.Header.Get("Cairn-Request-Id"))
	}
	if id := d.get("/nowhere", "Cairn-Request-Id: a b").Header.Get("Cairn-Request-Id"); len(id) != 36 {
		t.Errorf("an id with a space became %q", id)
	}
	lines := log.lines()
	if len(lines) != 2 || strings.Contains(strings.Join(lines, ""), "hidden") {
		t.Fatalf("%d lines: %s", len(lines), lines)
	}
	var got struct {
		Method, Route string
		Status, Bytes int
		ID            string `json:"request_id"`
	}
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil {
		t.Fatal(err)
	}
	if got.Method != "GET" || got.Route != "/api/v1/checklists/{checklist}/tasks" || got.Status != 200 || got.Bytes != len(r.body) || got.ID != "abc.1" {
		t.Errorf("%+v", got)
	}
	if err := json.Unmarshal([]byte(lines[1]), &got); err != nil || got.Route != "none" || got.Status != 404 {
		t.Errorf("%+v %v", got, err)
	}
}

// TestMetrics: requests and commands are counted by few names.
func TestMetrics(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	appended := fmt.Sprintf("cairn_events_appended_total %d\n", d.app.Appends().Events+1)
	d.get("/a")
	d.get("/b")
	d.send("BREW", list, "")
	tag := d.get(list + "/tasks/1").Header.Get("ETag")
	d.do("CompleteTask", `{"tasks":["1"]}`)
	d.do("CompleteTask", `{"tasks":["1"]}`)
	d.command("ReopenTask", `{"tasks":["1"]}`, "If-Match: "+tag).want(t, 412)
	text := string(d.get("/metrics").want(t, http.StatusOK).body)
	for _, want := range []string{
		`cairn_http_requests_total{method="GET",route="none",status="404"} 2`,
		`cairn_http_requests_total{method="other",route="none",status="405"} 1`,
		`cairn_http_request_duration_seconds_count{route="/api/v1/checklists/{checklist}/tasks/{task}"} 1`,
		`cairn_commands_total{command="CompleteTask",outcome="changed"} 1`,
		`cairn_commands_total{command="CompleteTask",outcome="unchanged"} 1`,
		`cairn_commands_total{command="ReopenTask",outcome="changed_meanwhile"} 1`,
		appended, "cairn_conflicts_total 1", "cairn_projection_lag_events 0", "cairn_projection_lag_seconds 0",
		"go_goroutines", "process_resident_memory_bytes",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// broken is a backend that fails as it is told.
type broken struct {
	*app.Shared
	last  error
	panic bool
}

func (b *broken) Last(ctx context.Context) (events.Seq, error) {
	if b.last != nil {
		return 0, b.last
	}
	return b.Shared.Last(ctx)
}

func (b *broken) Checklist(ctx context.Context, name string, at *commands.When, look func(*checklist.State) error) error {
	if b.panic {
		panic("nil pointer")
	}
	return b.Shared.Checklist(ctx, name, at, look)
}

// over returns the door over another backend.
func (d *door) over(b api.Backend, c api.Config) *door {
	s := httptest.NewServer(api.New(b, c))
	d.t.Cleanup(s.Close)
	other := *d
	other.url = s.URL
	return &other
}

// TestAPanicIsAnAnswer: 500 for who asked, a line for who runs the server, and the
// server goes on.
func TestAPanicIsAnAnswer(t *testing.T) {
	t.Parallel()
	var log written
	d := open(t, api.Config{})
	b := &broken{Shared: d.app, panic: true}
	d = d.over(b, api.Config{Log: slog.New(slog.NewJSONHandler(&log, nil))})
	r := d.get(list).want(t, http.StatusInternalServerError)
	if r.code(t) != "failure" || strings.Contains(string(r.body), "nil pointer") {
		t.Errorf("%s", r.body)
	}
	if all := strings.Join(log.lines(), "\n"); !strings.Contains(all, "nil pointer") || !strings.Contains(all, r.Header.Get("Cairn-Request-Id")) {
		t.Errorf("the log does not say it: %s", all)
	}
	b.panic = false
	d.get(list).want(t, http.StatusOK)
}

// cut is a log whose follower ends for good when it is told to.
type cut struct {
	app.Log
	end chan struct{}
}

func (l *cut) Follow(ctx context.Context, _ events.Filter) iter.Seq2[events.Envelope, error] {
	return func(yield func(events.Envelope, error) bool) {
		select {
		case <-l.end:
			yield(events.Envelope{}, events.ErrIntegrity)
		case <-ctx.Done():
			yield(events.Envelope{}, ctx.Err())
		}
	}
}

// TestReady: red with a reason where the log does not answer, or is not read any
// more; alive unless it will never be read again.
func TestReady(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	d.get("/readyz").want(t, http.StatusOK)
	var log written
	mute := d.over(&broken{Shared: d.app, last: errors.New("no route to host")}, api.Config{Log: slog.New(slog.NewJSONHandler(&log, nil))})
	if r := mute.get("/readyz").want(t, http.StatusServiceUnavailable); r.code(t) != "not_ready" || !strings.Contains(string(r.body), "the log does not answer") || strings.Contains(string(r.body), "route") {
		t.Errorf("%s", r.body)
	}
	if all := strings.Join(log.lines(), "\n"); !strings.Contains(all, "no route to host") {
		t.Errorf("the log does not say why: %s", all)
	}
	mute.get("/healthz").want(t, http.StatusOK)

	l := &cut{Log: d.log, end: make(chan struct{})}
	stalled, err := app.NewShared(t.Context(), l, commands.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stalled.Close)
	other := d.over(stalled, api.Config{Now: func() time.Time { return began.Add(time.Hour) }})
	d.do("CompleteTask", `{"tasks":["1"]}`)
	if r := other.get("/readyz").want(t, http.StatusServiceUnavailable); !strings.Contains(string(r.body), "behind the log") {
		t.Errorf("views that do not follow: %s", r.body)
	}
	if text := string(other.get("/metrics").body); strings.Contains(text, "cairn_projection_lag_events 0") || strings.Contains(text, "cairn_projection_lag_seconds 0\n") {
		t.Error("no lag in the metrics")
	}
	other.get("/healthz").want(t, http.StatusOK)
	close(l.end)
	if err := stalled.Feed().Wait(t.Context(), d.app.End()); err == nil {
		t.Fatal("the feed did not end")
	}
	if r := other.get("/readyz").want(t, http.StatusServiceUnavailable); !strings.Contains(string(r.body), "is not read any more") {
		t.Errorf("a reader that ended: %s", r.body)
	}
	if r := other.get("/healthz").want(t, http.StatusServiceUnavailable); r.code(t) != "not_alive" || !strings.Contains(string(r.body), "for good") {
		t.Errorf("a reader that ended: %s", r.body)
	}
}
