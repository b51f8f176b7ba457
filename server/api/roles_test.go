package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"cairn/events"
	"cairn/projections/members"
	"cairn/server/access"
	"cairn/server/api"
	"cairn/server/commands"
	"cairn/server/trust"
)

// guarded is the door of a server with its gate; requests reach it from any
// address that a test wants.
type guarded struct {
	*door
	handler http.Handler
	gate    *access.Gate
	routes  []string
	asks    int
	tokens  map[string]string // by the name of who shows it
}

const ownerSecret = "crn_of-server.json"

// behindGate puts a gate before the door of a new log with two checklists.
func behindGate(t *testing.T) *guarded {
	t.Helper()
	d := open(t, api.Config{})
	g := &guarded{door: d, tokens: make(map[string]string)}
	clock := func() time.Time { return d.now }
	g.gate = access.New(access.Config{
		Members: d.app.Members, Secret: ownerSecret, Now: clock,
		Record: func(ctx context.Context, refusals []commands.Refusal) error {
			_, err := d.app.Administer(ctx, commands.Meta{Actor: events.Actor{ID: "cairn", Auth: "system"}, Via: "http"}, commands.RecordRefusals{Refusals: refusals})
			return err
		},
	})
	// Feeds end at once: whether one begins is what is asked for.
	stopping := make(chan struct{})
	close(stopping)
	g.handler = api.New(d.app, api.Config{
		Version: "test", Now: clock, Gate: g.gate, Trust: trust.NewOwn(d.log), Stopping: stopping,
	}.Told(func(pattern string) { g.routes = append(g.routes, pattern) }))
	if _, err := d.app.Execute(t.Context(), commands.Meta{Checklist: "elsewhere", Actor: events.Actor{ID: "ada"}},
		commands.ImportDocument{Source: "e.md", Document: []byte("- [ ] a\n")}); err != nil {
		t.Fatal(err)
	}
	return g
}

// withUsers gives the log users, each with a token under its own name, and tokens
// that open nothing.
func withUsers(t *testing.T) *guarded {
	t.Helper()
	g := behindGate(t)
	for _, u := range []commands.AddUser{
		{User: "admin", Role: members.Admin},
		{User: "viewer", Role: members.Viewer},
		{User: "other-viewer", Role: members.Viewer, Checklists: []string{"elsewhere"}},
		{User: "editor", Role: members.Editor},
		{User: "other-editor", Role: members.Editor, Checklists: []string{"elsewhere"}},
		{User: "removed", Role: members.Admin},
	} {
		g.administer(u)
		g.token(u.User, u.User, time.Time{})
	}
	g.token("revoked", "admin", time.Time{})
	g.administer(commands.RevokeToken{Token: "id-revoked"})
	g.token("expired", "admin", g.now.Add(time.Minute))
	g.administer(commands.RemoveUser{User: "removed"})
	g.tokens["wrong"] = access.NewToken()
	g.now = g.now.Add(time.Hour)
	return g
}

func (g *guarded) administer(cmd commands.SystemCommand) {
	g.t.Helper()
	if _, err := g.app.Administer(g.t.Context(), commands.Meta{Actor: events.Actor{ID: "root", Auth: events.Unauthenticated}}, cmd); err != nil {
		g.t.Fatal(err)
	}
}

// token makes a token of a user, which requests show by its name.
func (g *guarded) token(name, user string, expires time.Time) {
	g.t.Helper()
	g.tokens[name] = access.NewToken()
	g.administer(commands.CreateToken{ID: "id-" + name, User: user, Label: "label-" + name, Hash: access.Hash(g.tokens[name]), Expires: expires})
}

// caller changes a request to that of somebody.
type caller struct {
	name  string
	shape func(*http.Request)
}

// shows is whoever shows the token of that name; "nobody" shows none.
func (g *guarded) shows(name string) caller {
	return caller{name, func(r *http.Request) {
		// Each from another place, or who shows tokens that open nothing is soon told to
		// wait.
		g.anywhere(r, "10")
		if name != "nobody" {
			r.Header.Set("Authorization", "Bearer "+g.tokens[name])
		}
	}}
}

// anywhere has a request come from a place of its own, of many.
func (g *guarded) anywhere(r *http.Request, network string) {
	g.asks++
	r.RemoteAddr = fmt.Sprintf("%s.%d.%d.1:5000", network, g.asks/256, g.asks%256)
}

// ask sends "METHOD PATH" as somebody, by default from this machine.
func (g *guarded) ask(by caller, line, body string, headers ...string) *httptest.ResponseRecorder {
	g.t.Helper()
	method, path, _ := strings.Cut(line, " ")
	r := httptest.NewRequestWithContext(g.t.Context(), method, path, strings.NewReader(body))
	r.RemoteAddr, r.Host = "127.0.0.1:5000", "localhost:8080"
	if method != http.MethodGet && method != http.MethodHead || body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	by.shape(r)
	rec := httptest.NewRecorder()
	g.handler.ServeHTTP(rec, r)
	return rec
}

// request is what a request has besides its path.
type request struct{ query, body, kind string }

// asked are the requests that try the routes: what they need besides their path.
func (g *guarded) asked() map[string]request {
	g.t.Helper()
	all := map[string]request{
		"GET /api/v1/checklists/{checklist}/diff":               {"?from=@2", "", ""},
		"GET /api/v1/proofs/consistency":                        {"?from=1&to=2", "", ""},
		"POST /api/v1/checklists/{checklist}/history":           {"", `{"id":"01890a5d-ac96-774b-bcce-b302099a8057","command":"StartTask","body":{"tasks":["1"]}}`, "application/x-ndjson"},
		"POST /api/v1/checklists/{checklist}/publish":           {"", "\n", "application/x-ndjson"},
		"POST /api/v1/checklists/{checklist}/publish/end":       {"", `{"to":"https://cairn.example","from":"cairn/another"}`, ""},
		"POST /api/v1/key/rotate":                               {"", `{"reason":"yearly"}`, ""},
		"POST /api/v1/commands/AddUser":                         {"", `{"user":"zoe","role":"viewer"}`, ""},
		"POST /api/v1/commands/ChangeUser":                      {"", `{"user":"zoe","role":"editor"}`, ""},
		"POST /api/v1/commands/RemoveUser":                      {"", `{"user":"zoe"}`, ""},
		"POST /api/v1/commands/CreateToken":                     {"", `{"user":"admin","id":"id-zoe","hash":"` + access.Hash("crn_zoe") + `"}`, ""},
		"POST /api/v1/commands/RevokeToken":                     {"", `{"token":"id-zoe"}`, ""},
		"GET /api/v1/events":                                    {"?after=0", "", ""},
		"GET /api/v1/checklists/{checklist}/tasks/{task}":       {"", "", ""},
		"GET /api/v1/checklists/{checklist}/sections/{section}": {"", "", ""},
	}
	var doc struct {
		Paths map[string]struct {
			Post *struct {
				RequestBody struct {
					Content map[string]struct{ Example json.RawMessage }
				}
			}
		}
	}
	if err := json.Unmarshal(g.ask(caller{"admin", func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+ownerSecret)
	}}, "GET /api/v1/openapi.json", "").Body.Bytes(), &doc); err != nil {
		g.t.Fatal(err)
	}
	all["POST /api/v1/checklists/{checklist}/commands/UndoCommand"] = request{"?dry_run=true", "{}", ""}
	for path, item := range doc.Paths {
		if _, has := all["POST "+path]; !has && item.Post != nil && strings.Contains(path, "{checklist}/commands/") {
			all["POST "+path] = request{"?dry_run=true", string(item.Post.RequestBody.Content["application/json"].Example), ""}
		}
	}
	return all
}

// try sends the request that tries a route, about the checklist migration.
func (g *guarded) try(by caller, route string, asked map[string]request) *httptest.ResponseRecorder {
	g.t.Helper()
	how := asked[route]
	line := strings.NewReplacer("{checklist}", "migration", "{task}", "1", "{section}", "1", "{seq}", "2", "{$}", "").Replace(route) + how.query
	var headers []string
	if how.kind != "" {
		headers = append(headers, "Content-Type: "+how.kind)
	}
	return g.ask(by, line, how.body, headers...)
}

// outcome is a status as the table writes it: ok for all that is for the operation
// itself to say. A refusal must be a whole problem.
func outcome(t testing.TB, rec *httptest.ResponseRecorder) string {
	t.Helper()
	if rec.Code < 400 {
		return "ok"
	}
	r := reply{Response: rec.Result(), body: rec.Body.Bytes()}
	r.Request = &http.Request{Method: "as above", URL: new(url.URL)}
	switch code := r.code(t); {
	case rec.Code == http.StatusConflict, rec.Code == http.StatusNotFound && code != "checklist_not_found" && code != "not_found":
		return "ok"
	}
	return strconv.Itoa(rec.Code)
}

// roles is testdata/roles.txt: for each kind of right what everybody gets, in one
// mode, and the kind of each route.
type roles struct {
	who    []string
	gets   map[string][]string
	routes map[string]string
}

func readRoles(t testing.TB, mode string) roles {
	t.Helper()
	b, err := os.ReadFile("testdata/roles.txt")
	if err != nil {
		t.Fatal(err)
	}
	r := roles{gets: make(map[string][]string), routes: make(map[string]string)}
	in := ""
	for line := range strings.Lines(string(b)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || fields[0] == "#":
			if len(fields) == 0 {
				in = ""
			}
		case fields[0] == mode:
			in, r.who = mode, fields[1:]
		case in == mode:
			r.gets[fields[0]] = fields[1:]
		case len(fields) == 3 && strings.HasPrefix(fields[2], "/"):
			r.routes[fields[1]+" "+fields[2]] = fields[0]
		}
	}
	return r
}

// tabled tries every route as everybody, against the table.
func (g *guarded) tabled(mode string, callers map[string]caller) {
	g.t.Helper()
	want, asked := readRoles(g.t, mode), g.asked()
	for _, route := range g.routes {
		kind, ok := want.routes[route]
		delete(want.routes, route)
		gets := want.gets[kind]
		switch {
		case route == "/": // there is nothing
			continue
		case !ok || len(gets) != len(want.who):
			g.t.Errorf("testdata/roles.txt does not say who may %s", route)
			continue
		}
		for i, name := range want.who {
			by, ok := callers[name]
			if !ok {
				g.t.Fatalf("who is %s?", name)
			}
			rec := g.try(by, route, asked)
			got := outcome(g.t, rec)
			if got != gets[i] {
				g.t.Errorf("%s, %s: %s as %s: got %s, want %s\n%.300s", mode, kind, route, name, got, gets[i], rec.Body)
			}
			path, reads := strings.CutPrefix(route, "GET ")
			if !reads {
				continue
			}
			asked["HEAD "+path] = asked[route]
			if head := g.try(by, "HEAD "+path, asked); head.Code != rec.Code {
				g.t.Errorf("HEAD %s as %s: got %d, GET %d", path, name, head.Code, rec.Code)
			}
		}
	}
	for route := range want.routes {
		g.t.Errorf("%s is not there", route)
	}
}

// page is the page at /, with the cookie that it was given, and what a browser says of it.
func (g *guarded) page() caller {
	g.t.Helper()
	cookies := g.ask(caller{"here", func(*http.Request) {}}, "GET /", "").Result().Cookies()
	if len(cookies) != 1 {
		g.t.Fatalf("the page got the cookies %v", cookies)
	}
	return caller{"page", func(r *http.Request) {
		r.AddCookie(cookies[0])
		r.Header.Set("Origin", "http://localhost:8080")
	}}
}

// TestRolesWithUsers: every route, as everybody, where the log has users.
func TestRolesWithUsers(t *testing.T) {
	t.Parallel()
	g := withUsers(t)
	callers := make(map[string]caller)
	for _, name := range []string{"nobody", "wrong", "expired", "revoked", "removed", "viewer", "other-viewer", "editor", "other-editor", "admin"} {
		callers[name] = g.shows(name)
	}
	g.tabled("users", callers)
}

// TestRolesWithoutUsers: the machine itself reads, its owner and its page do all.
// The one user that is added is refused as no admin, so the log stays open.
func TestRolesWithoutUsers(t *testing.T) {
	t.Parallel()
	g := behindGate(t)
	bearer := func(secret string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
	}
	callers := map[string]caller{
		"here":    {"here", func(*http.Request) {}},
		"secret":  {"secret", bearer(ownerSecret)},
		"wrong":   {"wrong", func(r *http.Request) { bearer("crn_wrong")(r); g.anywhere(r, "127") }},
		"remote":  {"remote", func(r *http.Request) { r.RemoteAddr = "192.0.2.7:5000" }},
		"stolen":  {"stolen", func(r *http.Request) { r.RemoteAddr = "192.0.2.7:5000"; bearer(ownerSecret)(r) }},
		"rebound": {"rebound", func(r *http.Request) { r.Host = "cairn.evil.example" }},
		"foreign": {"foreign", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example"); bearer(ownerSecret)(r) }},
		"proxied": {"proxied", func(r *http.Request) { r.Header.Set("X-Forwarded-For", "127.0.0.1") }},
		"page":    g.page(),
	}
	g.tabled("nobody", callers)
}

// TestAViewerWrites: 403 with what, who and what to do; nothing happens.
func TestAViewerWrites(t *testing.T) {
	t.Parallel()
	g := withUsers(t)
	end := g.app.End()
	for _, body := range []string{`{"tasks":["1"]}`, `{"tasks":`, ``} { // who may not is told so first
		rec := g.ask(g.shows("viewer"), "POST "+list+"/commands/CompleteTask", body, "Cairn-Actor: admin", "Cairn-On-Behalf-Of: admin")
		r := reply{Response: rec.Result(), body: rec.Body.Bytes()}
		r.Request = &http.Request{URL: new(url.URL)}
		if code := r.code(t); rec.Code != http.StatusForbidden || code != "not_allowed" || !strings.Contains(rec.Body.String(), "a viewer may not change") || !strings.Contains(rec.Body.String(), "Ask an admin.") {
			t.Errorf("%q: got %d %s", body, rec.Code, rec.Body)
		}
	}
	if g.app.End() != end {
		t.Error("the log grew")
	}
}

// TestAHistoryIsNoWayAround: what an editor may not command alone, no step of a
// history does.
func TestAHistoryIsNoWayAround(t *testing.T) {
	t.Parallel()
	g := withUsers(t)
	end := g.app.End()
	for _, step := range []string{
		`"command":"PublishChecklist","body":{"to":"https://evil.example"}`, `"command":"adopt","body":{}`, `"command":"rotate-key","body":{}`,
		`"command":"AddUser","body":{"user":"mallory","role":"admin"}`,
	} {
		rec := g.ask(g.shows("editor"), "POST "+list+"/history", `{"id":"01890a5d-ac96-774b-bcce-b302099a8057",`+step+"}\n", "Content-Type: application/x-ndjson")
		if rec.Code != http.StatusBadRequest || !strings.Contains(rec.Body.String(), "line 1: ") || !strings.Contains(rec.Body.String(), "is no step of a history") {
			t.Errorf("%s: got %d %s", step, rec.Code, rec.Body)
		}
	}
	if g.app.End() != end {
		t.Error("the log grew")
	}
}

// TestTheActorIsWhoShowsTheToken: whatever else a request says. An agent says for
// whom it acts.
func TestTheActorIsWhoShowsTheToken(t *testing.T) {
	t.Parallel()
	g := withUsers(t)
	for env, err := range g.log.Read(t.Context(), events.Filter{Checklist: "elsewhere"}) {
		if err != nil {
			t.Fatal(err)
		}
		moved := bytes.Replace(env.Body, []byte("/elsewhere"), []byte("/moved"), 1)
		if _, err := g.app.Adopt(t.Context(), commands.Meta{Checklist: "moved", Actor: events.Actor{ID: "admin"}}, "cairn/another", [][]byte{moved}); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ by, line, body, actor, onBehalfOf string }{
		{"editor", "POST " + list + "/commands/StartTask", `{"tasks":["1"]}`, "editor", "zoe"},
		{"editor", "POST " + list + "/commands/StopTask", `{"tasks":["1"],"author":{"id":"mallory"}}`, "editor", "zoe"},
		{"admin", "POST /api/v1/commands/AddUser", `{"user":"zoe","role":"viewer"}`, "admin", ""},
		{"admin", "POST /api/v1/key/rotate", `{}`, "admin", ""},
		{"admin", "POST /api/v1/checklists/moved/publish/end", `{"to":"https://cairn.example","from":"cairn/another"}`, "admin", ""},
	} {
		if rec := g.ask(g.shows(test.by), test.line, test.body, "Cairn-Actor: mallory", "Cairn-On-Behalf-Of: zoe"); rec.Code != http.StatusOK {
			t.Errorf("%s: got %d %s", test.line, rec.Code, rec.Body)
			continue
		}
		var last events.Envelope
		for env, err := range g.log.Read(t.Context(), events.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			last = env
		}
		if last.Actor.ID != test.actor || last.Actor.Auth != events.AuthenticatedUser || last.OnBehalfOf != test.onBehalfOf {
			t.Errorf("%s: got %+v for %q, want %s for %q", test.line, last.Actor, last.OnBehalfOf, test.actor, test.onBehalfOf)
		}
	}
}

// TestBeyondALimit: what is there answers as what is not, to reading, to changing
// and to importing.
func TestBeyondALimit(t *testing.T) {
	t.Parallel()
	g := withUsers(t)
	for _, line := range []string{
		"GET /api/v1/checklists/NAME", "GET /api/v1/checklists/NAME/log", "GET /api/v1/checklists/NAME/tasks/1", "GET /api/v1/log?checklist=NAME", "GET /api/v1/events?checklist=NAME",
		"POST /api/v1/checklists/NAME/commands/AddTask", "POST /api/v1/checklists/NAME/commands/ImportDocument", "POST /api/v1/checklists/NAME/history",
		"POST /api/v1/checklists/NAME/publish", "POST /api/v1/checklists/NAME/publish/end",
	} {
		answer := func(name string) string {
			body := ""
			if strings.HasPrefix(line, "POST") {
				body = "{}"
			}
			rec := g.ask(g.shows("other-editor"), strings.ReplaceAll(line, "NAME", name), body)
			return fmt.Sprint(rec.Code, " ", strings.ReplaceAll(rec.Body.String(), name, "NAME"))
		}
		there, missing := answer("migration"), answer("vacation")
		if there != missing || strings.HasPrefix(there, "2") {
			t.Errorf("%s: got\n%sand of what is not there\n%s", line, there, missing)
		}
	}
}
