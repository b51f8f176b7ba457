package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/server/api"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/trust"
)

// plan is the checklist of most tests.
const plan = `# Move to Elixir

- [ ] write the plan

## Groundwork

- [x] umbrella project @ada
- [~] core_events schema @ada
  - [ ] writer
  - [ ] reader
- [ ] oban queue

## Cutover

- [ ] dry run due:2026-12-10
- [ ] switch

## Risks

- [ ] two writers → one writer at a time
`

// door is a server over a log in a directory of the test, and its clock.
type door struct {
	t   testing.TB
	url string
	app *app.Shared
	log *natslog.Log
	now time.Time
}

var began = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// open serves a new log with the checklist migration in it.
func open(t testing.TB, c api.Config) *door {
	t.Helper()
	d := &door{t: t, now: began}
	clock := func() time.Time { return d.now }
	log, err := natslog.Open(t.Context(), natslog.Config{Dir: filepath.Join(t.TempDir(), "log"), Create: true, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	shared, err := app.NewShared(t.Context(), log, commands.Config{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(shared.Close)
	c.Now, c.Version = clock, "test"
	if c.Trust == nil {
		c.Trust = trust.NewOwn(log)
	}
	server := httptest.NewServer(api.New(shared, c))
	t.Cleanup(server.Close)
	d.url, d.app, d.log = server.URL, shared, log
	if _, err := shared.Execute(t.Context(), commands.Meta{Checklist: "migration", Actor: events.Actor{ID: "ada"}},
		commands.ImportDocument{Source: "plan.md", Document: []byte(plan)}); err != nil {
		t.Fatal(err)
	}
	return d
}

// reply is an answer with its body.
type reply struct {
	*http.Response
	body []byte
}

// send sends a request; headers are "Name: value".
func (d *door) send(method, path, body string, headers ...string) reply {
	d.t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(d.t.Context()), method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	tr := &http.Transport{DisableCompression: true}
	defer tr.CloseIdleConnections()
	res, err := tr.RoundTrip(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return reply{res, b}
}

func (d *door) get(path string, headers ...string) reply {
	d.t.Helper()
	return d.send(http.MethodGet, path, "", headers...)
}

// do sends a command and wants it to succeed.
func (d *door) do(command, body string, headers ...string) reply {
	d.t.Helper()
	r := d.command(command, body, headers...)
	r.want(d.t, http.StatusOK)
	return r
}

func (d *door) command(command, body string, headers ...string) reply {
	d.t.Helper()
	headers = append([]string{"Content-Type: application/json", "Cairn-Actor: ada"}, headers...)
	return d.send(http.MethodPost, list+"/commands/"+command, body, headers...)
}

// list is where the checklist of most tests is.
const list = "/api/v1/checklists/migration"

func (r reply) want(t testing.TB, status int) reply {
	t.Helper()
	if r.StatusCode != status {
		t.Fatalf("%s %s: got %s, want %d\n%s", r.Request.Method, r.Request.URL, r.Status, status, r.body)
	}
	return r
}

// json decodes the answer.
func (r reply) json(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(r.body, into); err != nil {
		t.Fatalf("%s: %v\n%s", r.Request.URL, err, r.body)
	}
}

// code returns the code of a problem, and wants it to be whole.
func (r reply) code(t testing.TB) string {
	t.Helper()
	var p struct {
		Type, Title, Detail, Code string
		Status                    int
	}
	if kind := r.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("%s %s: a problem of type %q\n%.300s", r.Request.Method, r.Request.URL, kind, r.body)
		return ""
	}
	r.json(t, &p)
	if p.Status != r.StatusCode || p.Type != "/docs#"+p.Code || p.Detail == "" || p.Title == "" {
		t.Errorf("%s %s: half a problem: %s", r.Request.Method, r.Request.URL, r.body)
	}
	return p.Code
}

// encoded is v as `cairn --json` writes it.
func encoded(t testing.TB, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
