package access_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections/members"
	"cairn/server/access"
	"cairn/server/commands"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secret = "crn_the-secret-of-server.json"
	adas   = "crn_adas"
	bobs   = "crn_bobs"
	eves   = "crn_eves-which-is-revoked"
	old    = "crn_bobs-which-is-over"
)

// world is a gate over a log in memory.
type world struct {
	*access.Gate
	t       testing.TB
	handler *commands.Handler

	mu       sync.Mutex // guards below
	now      time.Time
	recorded []commands.Refusal
	broken   error
}

func newWorld(t testing.TB, c access.Config) *world {
	w := &world{t: t, now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	w.handler = commands.NewHandler(eventstest.NewLog(), commands.Config{Now: w.clock})
	c.Members, c.Secret, c.Now = w.handler.Members, secret, w.clock
	c.Record = func(ctx context.Context, list []commands.Refusal) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.broken == nil {
			w.recorded = append(w.recorded, list...)
		}
		return w.broken
	}
	w.Gate = access.New(c)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) do(cmd commands.SystemCommand) {
	w.t.Helper()
	if _, err := w.handler.Administer(w.t.Context(), commands.Meta{Actor: events.Actor{ID: "ada", Auth: events.Unauthenticated}}, cmd); err != nil {
		w.t.Fatal(err)
	}
}

// users gives the log its users.
func (w *world) users() {
	w.t.Helper()
	w.do(commands.AddUser{User: "ada", Role: members.Admin})
	w.do(commands.AddUser{User: "bob", Role: members.Viewer, Checklists: []string{"plan"}})
	w.do(commands.AddUser{User: "eve", Role: members.Editor})
	for _, token := range []string{adas + " ada", bobs + " bob", eves + " eve"} {
		secret, user, _ := strings.Cut(token, " ")
		w.do(commands.CreateToken{ID: user, User: user, Hash: access.Hash(secret)})
	}
	w.do(commands.CreateToken{ID: "old", User: "bob", Hash: access.Hash(old), Expires: w.clock().Add(time.Minute)})
	w.do(commands.RevokeToken{Token: "eve"})
	w.pass(time.Hour)
}

// request is "METHOD PATH" with headers "Name: value"; from is the peer.
func request(from, line string, headers ...string) *http.Request {
	method, path, _ := strings.Cut(line, " ")
	var body io.Reader
	if method != "GET" && method != "DELETE" {
		body = strings.NewReader("{}")
	}
	r := httptest.NewRequest(method, path, body)
	r.RemoteAddr, r.Host = from, "localhost:8080"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	return r
}

const (
	here  = "127.0.0.1:5000"
	there = "192.0.2.7:5000"
	asks  = "Content-Type: application/json"
)

// outcome is "user role [limit] auth", or "status message".
func outcome(id members.Identity, err error) string {
	var e *access.Error
	if errors.As(err, &e) {
		return fmt.Sprintf("%d %s", e.Status, e.Message)
	}
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", id.User, id.Role, id.Auth, strings.Join(id.Checklists, ",")))
}

// TestWithoutUsers: the machine itself, its own page, and the secret's owner.
func TestWithoutUsers(t *testing.T) {
	t.Parallel()
	const (
		reads   = "unknown viewer unauthenticated"
		owns    = "unknown admin unauthenticated"
		other   = "403 the request comes from a page of somebody else"
		notHere = "403 this log has no users: it is open to its own machine only"
		host    = "403 the Host of the request is not this machine"
		needs   = "401 this needs the server's secret"
	)
	w := newWorld(t, access.Config{})
	rec := httptest.NewRecorder()
	if err := w.Session(rec, request(here, "GET /")); err != nil {
		t.Fatal(err)
	}
	set := rec.Result().Cookies()
	if len(set) != 1 || !set[0].HttpOnly || set[0].SameSite != http.SameSiteStrictMode || set[0].Path != "/" || set[0].Secure {
		t.Fatalf("got cookies %v", set)
	}
	page := "Cookie: " + set[0].Name + "=" + set[0].Value
	for _, test := range []struct {
		name    string
		request *http.Request
		want    string
	}{
		{"this machine reads", request(here, "GET /"), reads},
		{"over IPv6", request("[::1]:5000", "GET /", "Host: [::1]:8080"), reads},
		{"over IPv4 in IPv6", request("[::ffff:127.0.0.1]:5000", "GET /", "Host: 127.0.0.1"), reads},
		{"over a Unix socket", request("@", "GET /", "Host: localhost"), reads},
		{"who says who it is", request(here, "GET /", "Cairn-Actor: zoë@example.com"), "zoë@example.com viewer unauthenticated"},
		{"another machine", request(there, "GET /"), notHere},
		{"another machine with the secret", request(there, "GET /", "Authorization: Bearer "+secret), notHere},
		{"a name that leads here", request(here, "GET /", "Host: evil.example:8080"), host},
		{"a name that begins so", request(here, "GET /", "Host: localhost.evil.example"), host},
		{"a name that ends so", request(here, "GET /", "Host: evil.localhost"), host},
		{"no name", request(here, "GET /", "Host: "), host},
		{"capitals", request(here, "GET /", "Host: LocalHost:1"), reads},
		{"a page of somebody else", request(here, "GET /", "Origin: https://evil.example"), other},
		{"a page of nobody", request(here, "GET /", "Origin: null"), other},
		{"a page of another program here", request(here, "GET /", "Origin: http://localhost:3000"), other},
		{"another name of ours", request(here, "GET /", "Origin: http://127.0.0.1:8080"), other},
		{"two origins", request(here, "GET /", "Origin: http://localhost:8080", "Origin: https://evil.example"), other},
		{"our page", request(here, "GET /", "Origin: http://localhost:8080", "Sec-Fetch-Site: same-origin"), reads},
		{"a picture in a page of somebody else", request(here, "GET /", "Sec-Fetch-Site: cross-site"), other},
		{"a picture in a page of another program", request(here, "GET /", "Sec-Fetch-Site: same-site"), other},
		{"typed by somebody", request(here, "GET /", "Sec-Fetch-Site: none"), reads},
		{"a proxy that nobody told of", request(here, "GET /", "X-Forwarded-For: 127.0.0.1"), notHere},
		{"a proxy that nobody told of, with the secret", request(here, "GET /", "X-Real-Ip: 127.0.0.1", "Authorization: Bearer "+secret), notHere},

		{"writing", request(here, "POST /x", asks), needs},
		{"deleting", request(here, "DELETE /x"), needs},
		{"writing with the secret", request(here, "POST /x", asks, "Authorization: Bearer "+secret), owns},
		{"writing with the secret, as somebody", request(here, "POST /x", asks, "authorization: bearer "+secret, "Cairn-Actor: ada"), "ada admin unauthenticated"},
		{"writing with the secret from a page", request(here, "POST /x", asks, "Authorization: Bearer "+secret, "Origin: https://evil.example"), other},
		{"writing with the secret to a foreign name", request(here, "POST /x", asks, "Authorization: Bearer "+secret, "Host: evil.example"), host},
		{"writing a form", request(here, "POST /x", "Content-Type: text/plain", "Authorization: Bearer "+secret), "415 the body of the request is not application/json"},
		{"writing nothing known", request(here, "POST /x", "Authorization: Bearer "+secret), "415 the body of the request is not application/json"},
		{"writing JSON in words", request(here, "POST /x", "Content-Type: application/json; charset=utf-8", "Authorization: Bearer "+secret), owns},
		{"writing with a wrong secret", request(here, "POST /x", asks, "Authorization: Bearer x"), "401 this token opens nothing"},
		{"reading with a wrong secret", request(here, "GET /x", "Authorization: Bearer x"), "401 this token opens nothing"},
		{"a password", request(here, "GET /x", "Authorization: Basic YTpi"), "401 this token opens nothing"},
		{"two secrets", request(here, "GET /x", "Authorization: Bearer "+secret, "Authorization: Bearer x"), "401 this token opens nothing"},
		{"an actor of two lines", request(here, "GET /x", "Cairn-Actor: a\tb"), "400 the request cannot be read: malformed Cairn-Actor"},
		{"an actor of bytes", request(here, "GET /x", "Cairn-Actor: \xff"), "400 the request cannot be read: malformed Cairn-Actor"},

		{"the page writes", request(here, "POST /x", asks, page, "Origin: http://localhost:8080"), owns},
		{"the page reads", request(here, "GET /x", page), owns},
		{"its cookie without its page", request(here, "POST /x", asks, page), needs},
		{"its cookie from another page", request(here, "POST /x", asks, page, "Origin: http://localhost:3000"), other},
		{"its cookie in a form", request(here, "POST /x", "Content-Type: text/plain", page, "Origin: http://localhost:8080"), "415 the body of the request is not application/json"},
		{"another cookie", request(here, "POST /x", asks, "Cookie: "+set[0].Name+"=x", "Origin: http://localhost:8080"), needs},
	} {
		if got := outcome(w.Admit(test.request)); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	// The first user closes it at once, also for the page.
	w.users()
	for _, r := range []*http.Request{request(here, "GET /"), request(here, "GET /", page), request(here, "POST /x", asks, page, "Origin: http://localhost:8080")} {
		if got := outcome(w.Admit(r)); got != "401 this needs a token" {
			t.Errorf("with users: got %q", got)
		}
	}
	rec = httptest.NewRecorder()
	if err := w.Session(rec, request(here, "GET /")); err != nil || len(rec.Result().Cookies()) != 0 {
		t.Errorf("a cookie although there are users: %v", err)
	}
}

// TestWithUsers: a token opens from anywhere, and an outsider never learns why one
// does not.
func TestWithUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, access.Config{})
	w.users()
	auth := func(token string) string { return "Authorization: Bearer " + token }
	for _, test := range []struct {
		name    string
		request *http.Request
		want    string
	}{
		{"no token, from here", request(here, "GET /"), "401 this needs a token"},
		{"no token, from elsewhere", request(there, "GET /"), "401 this needs a token"},
		{"a token", request(there, "GET /", auth(adas), "Host: cairn.example", "Origin: https://evil.example"), "ada admin user"},
		{"a token says who", request(there, "GET /", auth(bobs), "Cairn-Actor: ada"), "bob viewer user plan"},
		{"in small letters", request(there, "GET /", "Authorization: bearer "+adas), "ada admin user"},
		{"an unknown token", request(there, "GET /", auth("crn_x")), "401 this token opens nothing"},
		{"a revoked token", request(there, "GET /", auth(eves)), "401 this token opens nothing"},
		{"an expired token", request(there, "GET /", auth(old)), "401 this token opens nothing"},
		{"the hash of a token", request(there, "GET /", auth(access.Hash(adas))), "401 this token opens nothing"},
		{"the secret from here", request(here, "POST /x", auth(secret), "Cairn-Actor: zoe"), "zoe admin unauthenticated"},
		{"the secret from elsewhere", request(there, "GET /", auth(secret)), "401 this token opens nothing"},
		{"the secret through a proxy", request(here, "GET /", auth(secret), "X-Forwarded-For: 192.0.2.7"), "401 this token opens nothing"},
	} {
		if got := outcome(w.Admit(test.request)); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	// Taken away, it opens nothing from the next request on.
	w.do(commands.RevokeToken{Token: "bob"})
	if got := outcome(w.Admit(request(there, "GET /", auth(bobs)))); got != "401 this token opens nothing" {
		t.Errorf("a token just revoked: %s", got)
	}
	// The audit learns what the outsider does not.
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	why := make(map[string]int)
	for _, r := range w.recorded {
		why[r.Remote+" "+r.Why] = r.Count
		if strings.Contains(fmt.Sprint(r), "crn_") {
			t.Errorf("a secret is recorded: %v", r)
		}
	}
	if diff := cmp.Diff(map[string]int{
		"127.0.0.1 no token": 1, "192.0.2.7 no token": 1, "192.0.2.7 unknown token": 3, "127.0.0.1 unknown token": 1,
		"192.0.2.7 token eve of eve: revoked token": 1, "192.0.2.7 token old of bob: expired token": 1, "192.0.2.7 token bob of bob: revoked token": 1,
	}, why); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
}

// TestBehindProxy: the last hop is who asks; without users nothing comes in but the
// machine's owner.
func TestBehindProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, access.Config{BehindProxy: true})
	for _, r := range []*http.Request{
		request(here, "GET /", "X-Forwarded-For: 192.0.2.9"), request(here, "GET /", "X-Forwarded-For: 127.0.0.1"), request(here, "GET /"),
	} {
		if got := outcome(w.Admit(r)); got != "403 this log has no users, and behind a proxy it is closed without them" {
			t.Errorf("got %q", got)
		}
	}
	if got := outcome(w.Admit(request(here, "GET /", "Authorization: Bearer "+secret))); got != "unknown admin unauthenticated" {
		t.Errorf("the owner: %q", got)
	}
	w.users()
	w.recorded = nil
	for _, forwarded := range []string{"192.0.2.9", "10.0.0.1, 192.0.2.9", "192.0.2.9:4711", "x, [2001:db8::1]:80", "2001:db8::2", "nonsense"} {
		if got := outcome(w.Admit(request(here, "GET /", "Host: cairn.example", "X-Forwarded-For: "+forwarded))); got != "401 this needs a token" {
			t.Errorf("got %q", got)
		}
	}
	if got := outcome(w.Admit(request(here, "GET /", "Host: cairn.example", "X-Forwarded-For: 192.0.2.9", "Authorization: Bearer "+adas))); got != "ada admin user" {
		t.Errorf("got %q", got)
	}
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]int)
	for _, r := range w.recorded {
		if r.Why == "no token" {
			counts[r.Remote] = r.Count
		}
	}
	if diff := cmp.Diff(map[string]int{"192.0.2.9": 3, "2001:db8::/64": 2, "127.0.0.1": 1}, counts); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
}

// TestAllow: who is limited to one checklist learns nothing of another, not even
// whether it is there.
func TestAllow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, access.Config{})
	r := request(there, "GET /api/v1/checklists/other")
	bob := members.Identity{User: "bob", Role: members.Viewer, Checklists: []string{"plan"}}
	eve := members.Identity{User: "eve", Role: members.Editor, Checklists: []string{"plan"}}
	for _, test := range []struct {
		id        members.Identity
		right     members.Right
		checklist string
		want      string
	}{
		{bob, members.See, "plan", ""},
		{bob, members.Change, "plan", "403 a viewer of some checklists may not change"},
		{bob, members.See, "other", "404 there is no checklist other"},
		{bob, members.Change, "other", "404 there is no checklist other"},
		{bob, members.See, "", "403 a viewer of some checklists may not see"},
		{bob, members.Trust, "", ""},
		{bob, members.Administer, "", "403 a viewer of some checklists may not administer"},
		{eve, members.Create, "new", "403 an editor of some checklists may not create"},
		{eve, members.Change, "plan", ""},
	} {
		got := ""
		if err := w.Allow(r, test.id, test.right, test.checklist); err != nil {
			got = outcome(members.Identity{}, err)
		}
		if got != test.want {
			t.Errorf("%s %s %q: got %q, want %q", test.id.User, test.right, test.checklist, got, test.want)
		}
	}
	beyond, missing := httptest.NewRecorder(), httptest.NewRecorder()
	var e *access.Error
	if !errors.As(w.Allow(r, bob, members.See, "other"), &e) {
		t.Fatal("want an error")
	}
	e.Write(beyond)
	access.NoChecklist("other").Write(missing)
	if diff := cmp.Diff(missing.Body.String(), beyond.Body.String()); diff != "" || beyond.Code != missing.Code {
		t.Errorf("what is beyond a limit can be told from what is not there:\n%s", diff)
	}
}

// TestAnswers: the form of an answer, with its challenge.
func TestAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, access.Config{})
	w.users()
	hint := "An admin makes one: cairn token create"
	problem := func(detail string) access.Problem {
		return access.Problem{
			Type: "/docs#unauthenticated", Title: "Unauthorized", Status: 401, Detail: detail, Code: "unauthenticated", Exit: 4,
			Hint: &hint, Candidates: []commands.Candidate{},
		}
	}
	for _, test := range []struct {
		r         *http.Request
		challenge string
		body      access.Problem
	}{
		{request(there, "GET /"), `Bearer realm="cairn"`, problem("this needs a token")},
		{request(there, "GET /", "Authorization: Bearer x"), `Bearer realm="cairn", error="invalid_token"`, problem("this token opens nothing")},
	} {
		_, err := w.Admit(test.r)
		var e *access.Error
		if !errors.As(err, &e) {
			t.Fatalf("got %v", err)
		}
		var refusal *commands.Error
		if !errors.As(err, &refusal) || refusal.Code != test.body.Code || refusal.Message != test.body.Detail {
			t.Errorf("as the error of a command: got %v", refusal)
		}
		rec := httptest.NewRecorder()
		e.Write(rec)
		var body access.Problem
		if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.body, body); diff != "" || rec.Code != e.Status || rec.Header().Get("WWW-Authenticate") != test.challenge ||
			rec.Header().Get("Content-Type") != "application/problem+json" || rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("got %d %v (-want +got):\n%s", rec.Code, rec.Header(), diff)
		}
	}
}

// A log that cannot be read lets nobody in, and is no refusal.
func TestMembersUnreadable(t *testing.T) {
	t.Parallel()
	broken := errors.New("the log is damaged")
	g := access.New(access.Config{Secret: secret, Members: func(context.Context, func(*members.State) error) error { return broken }})
	if _, err := g.Admit(request(here, "GET /", "Authorization: Bearer "+secret)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
