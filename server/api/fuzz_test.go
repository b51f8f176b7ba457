package api_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"cairn/server/api"
)

// FuzzRequest: whatever is asked for, the answer is no mistake of the server's, and
// an error is a problem.
func FuzzRequest(f *testing.F) {
	d := open(f, api.Config{})
	handler := api.New(d.app, api.Config{Now: func() time.Time { return began }})
	for _, seed := range [][4]string{
		{"GET", list, "as_of=fri", ""},
		{"GET", list + "/log", "limit=3&after=2&kind=done", ""},
		{"GET", list + "/tasks", "filter=open&filter=@ada", ""},
		{"GET", list + "/burndown", "format=svg&by=week&dark=true", ""},
		{"GET", list + "/diff", "from=@3&to=@9", ""},
		{"GET", list + "/report", "since=import", ""},
		{"GET", list + "/blame", "section=1&format=csv", ""},
		{"GET", "/api/v1/log", "after=3&kind=cairn.task.added.v1", ""},
		{"POST", list + "/commands/AddTask", "dry_run=true", `{"text":"a","section":"s:1"}`},
		{"POST", list + "/commands/CompleteTask", "", `{"tasks":["2-5"],"all":true}`},
		{"POST", list + "/commands/SyncDocument", "", `{"document":"LSBbIF0gYQo=","path":"a.md"}`},
		{"POST", list + "/commands/PlanChecklist", "", `{"timezone":"Europe/Berlin"}`},
		{"POST", list + "/history", "", `{"id":"x","command":"AddTask","body":{"text":"a"}}`},
		{"GET", "/docs", "", ""},
		{"GET", "/", "", ""},
		{"GET", "/metrics", "", ""},
		{"OPTIONS", "*", "", ""},
		{"GET", "/api//v1/%2e%2e", "", ""},
		{"DELETE", list, "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		if strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || method == "" {
			return
		}
		u, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		u.RawQuery = query
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", strings.NewReader(body))
		req.Method, req.URL = method, u
		req.Header.Set("Content-Type", "application/json")
		if strings.HasSuffix(path, "/history") {
			req.Header.Set("Content-Type", "application/x-ndjson")
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		if w.Code >= 500 {
			t.Fatalf("%s %s: %d\n%s", method, u, w.Code, w.Body)
		}
		if w.Code >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Fatalf("%s %s: %d, %s\n%s", method, u, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
	})
}
