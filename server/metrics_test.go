package server_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"cairn/events"
	"cairn/server"
	"cairn/server/api/client"
	"cairn/server/commands"
)

// scrape reads the figures of a server as Prometheus does.
func scrape(t *testing.T, s *server.Server) map[string]float64 {
	t.Helper()
	res, err := http.Get(s.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res.Status, err)
	}
	figures := make(map[string]float64)
	for line := range strings.Lines(string(b)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || name == "#" {
			continue
		}
		if figures[name], err = strconv.ParseFloat(value, 64); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	return figures
}

// Everything that an operator is promised has a figure, and each tells what happened:
// who follows by either door, what was appended by whichever way.
func TestFigures(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	before := scrape(t, d.Server)
	d.start(t, "plan", "")
	d.start(t, "plan", "1")
	at := reach(t, d.Server)
	if _, err := at.Execute(t.Context(), by("plan"), commands.Transition{Verb: commands.Done, Tasks: []string{"1"}}); err != nil {
		t.Fatal(err)
	}
	d.listen(t, "cairn.changes.>")
	began := make(chan struct{})
	go func() {
		for _, err := range at.Served.Subscribe(t.Context(), events.Filter{}, client.Notices{Back: func() {}}) {
			if err != nil {
				return // the server is gone
			}
			select {
			case <-began:
			default:
				close(began)
			}
		}
	}()
	<-began
	got := scrape(t, d.Server)
	end := float64(d.App.End())
	for name, want := range map[string]float64{
		"cairn_log_position":                                             end,
		"cairn_projection_lag_events":                                    0,
		"cairn_projection_lag_seconds":                                   0,
		"cairn_views_stopped":                                            0,
		"cairn_conflicts_total":                                          0,
		"cairn_append_conflicts_total":                                   0,
		`cairn_subscribers{door="http"}`:                                 1,
		`cairn_subscribers{door="nats"}`:                                 1,
		"cairn_events_appended_total":                                    before["cairn_events_appended_total"] + end - before["cairn_log_position"],
		`cairn_commands_total{command="CompleteTask",outcome="changed"}`: 1,
		`cairn_http_requests_total{method="POST",route="/api/v1/checklists/{checklist}/commands/CompleteTask",status="200"}`: 1,
		`cairn_http_request_duration_seconds_count{route="/api/v1/checklists/{checklist}/commands/CompleteTask"}`:            1,
		`cairn_http_request_duration_seconds_bucket{route="/api/v1/checklists/{checklist}/commands/CompleteTask",le="+Inf"}`: 1,
	} {
		if have, ok := got[name]; !ok || have != want {
			t.Errorf("%s: got %v, want %v", name, have, want)
		}
	}
}

// Servers that write one checklist at a time come in each other's way, and say so.
func TestAppendConflictsAreCounted(t *testing.T) {
	t.Parallel()
	nats := jetStream(t, t.TempDir(), -1).ClientURL()
	one, _ := serve(t, nats, t.TempDir())
	two, _ := serve(t, nats, t.TempDir())
	if _, err := one.App.Execute(t.Context(), by("plan"), commands.ImportDocument{Document: []byte(plan)}); err != nil {
		t.Fatal(err)
	}
	a, b := reach(t, one), reach(t, two)
	for range 500 {
		var both sync.WaitGroup
		for _, s := range []*server.Session{a, b} {
			both.Go(func() {
				for {
					_, err := s.Execute(t.Context(), by("plan"), commands.CommentTask{Task: "1", Text: "so"})
					if err == nil {
						return
					}
					if t.Context().Err() != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		both.Wait()
		if scrape(t, one)["cairn_append_conflicts_total"]+scrape(t, two)["cairn_append_conflicts_total"] > 0 {
			return
		}
	}
	t.Error("500 times at once, and no conflict is counted")
}

// Where there are users, the figures want a token, but not at a door of their own,
// which has nothing else.
func TestMetricsDoor(t *testing.T) {
	t.Parallel()
	s, err := server.NewServer(t.Context(), server.ServeConfig{
		Config: server.Config{State: t.TempDir()}, Place: server.Place{Dir: t.TempDir()}, Listen: "127.0.0.1:0", ListenMetrics: "127.0.0.1:0",
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	if _, err := s.App.Administer(t.Context(), by(""), commands.AddUser{User: "ada", Role: "admin"}); err != nil {
		t.Fatal(err)
	}
	at := strings.TrimSuffix(s.Metrics(), "/metrics")
	for url, want := range map[string]int{
		s.URL + "/metrics": http.StatusUnauthorized, s.Metrics(): http.StatusOK,
		at + "/": http.StatusNotFound, at + "/api/v1/checklists": http.StatusNotFound, at + "/readyz": http.StatusNotFound,
	} {
		res, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != want || want == http.StatusOK && !strings.Contains(string(b), "\ncairn_log_position 2\n") {
			t.Errorf("%s: got %s, %v, want %d\n%.500s", url, res.Status, err, want, b)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if res, err := http.Get(s.Metrics()); err == nil {
		res.Body.Close()
		t.Error("the door is open although the server has stopped")
	}
}
