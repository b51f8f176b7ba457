package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"cairn/events"
	"cairn/projections/members"
	"cairn/server/api"
	"cairn/server/commands"
	"cairn/server/trust"
)

// word stands in all that only the log's own events say: names, ids, labels,
// reasons, addresses. Another is a word that the log never heard.
const word, another = "xyzzy", "plugh"

// secretive is a log whose own events say the word, between those of checklists;
// system are the positions of its own events.
func secretive(t *testing.T) (g *guarded, system []events.Seq) {
	t.Helper()
	g = withUsers(t)
	do := func(cmd commands.SystemCommand) {
		t.Helper()
		if _, err := g.app.Administer(t.Context(), commands.Meta{Actor: events.Actor{ID: word + "-root", Auth: events.Unauthenticated}, Reason: word + " joins"}, cmd); err != nil {
			t.Fatal(err)
		}
	}
	work := func(cmd commands.Command) {
		t.Helper()
		if _, err := g.app.Execute(t.Context(), commands.Meta{Checklist: "migration", Actor: events.Actor{ID: "ada"}}, cmd); err != nil {
			t.Fatal(err)
		}
	}
	do(commands.AddUser{User: word + "-user", Role: members.Editor, Checklists: []string{word + "-plan"}})
	do(commands.CreateToken{ID: word + "-token", User: word + "-user", Label: word + " laptop", Hash: strings.Repeat("0", 64), Expires: g.now.Add(time.Hour)})
	work(commands.Transition{Verb: commands.Done, Tasks: []string{"1"}})
	do(commands.RecordRefusals{Refusals: []commands.Refusal{{Door: "http", Action: "GET /" + word, Remote: word + "-net", Why: word + " may not", Count: 3}}})
	do(commands.RevokeToken{Token: word + "-token"})
	work(commands.SetBaseline{})
	do(commands.ChangeUser{User: word + "-user", Role: members.Viewer})
	work(commands.AddTask{Text: "one more"})
	do(commands.AddUser{User: word + "-other", Role: members.Editor})
	do(commands.CreateToken{ID: word + "-second", User: word + "-other", Label: word + " desk", Hash: strings.Repeat("1", 64)})
	do(commands.RemoveUser{User: word + "-user"})
	if _, _, err := trust.NewOwn(g.log).RotateKey(t.Context(), trust.Stamp{
		Actor: events.Actor{ID: word + "-root", Auth: "user"}, Reason: word, Now: func() time.Time { return g.now }, NewID: uuid.NewString,
	}); err != nil {
		t.Fatal(err)
	}
	for env, err := range g.log.Read(t.Context(), events.Filter{System: true}) {
		if err != nil {
			t.Fatal(err)
		}
		system = append(system, env.Seq)
	}
	if len(system) < 15 {
		t.Fatalf("the log's own events are %v", system)
	}
	if err := g.app.Wait(t.Context(), g.log.End(), time.Minute); err != nil {
		t.Fatal(err)
	}
	return g, system
}

// ownKind is a kind of the log's own events.
var ownKind = regexp.MustCompile(`cairn\.(log|signer|user|token|access|publication)\.[a-z]+\.v`)

// TestTheLogsOwnEventsStayWithAdmins: through every route, with everything that it
// can be asked, nobody else reads a word of them; nor does somebody with a limit of
// what is beyond it.
func TestTheLogsOwnEventsStayWithAdmins(t *testing.T) {
	t.Parallel()
	g, system := secretive(t)
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string
			Parameters  []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal(g.ask(g.shows("admin"), "GET /api/v1/openapi.json", "").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	first, last := system[0], system[len(system)-1]
	between := system[len(system)/2]
	var positions []string
	for _, seq := range []events.Seq{first, between, last} {
		positions = append(positions, fmt.Sprint(seq))
	}
	moments := []string{word + "@1", "access@3", "@" + positions[1], "@" + positions[2]}
	values := map[string][]string{
		"after": append(positions, "0"), "upto": positions, "before": positions, "last_event_id": positions,
		"as_of": moments, "as_known_at": moments, "from": append(moments, positions...), "to": append(moments, positions...), "since": moments, "until": moments, "review": {"review", word},
		"kind": {"cairn.user.added.v1", "user.added", "cairn.access.refused.v1", "token.revoked", "refused", "revoked", "added", "signer.added", word}, "system": {"true", "1", "false"},
		"actor": {word, word + "-root", word + "-user"}, "checklist": {"migration", "elsewhere", "sys", "cairn.sys", "access", word + "-plan", ""}, "text": {word}, "task": {word, "1"}, "section": {word}, "filter": {word, "@" + word + "-user", "mine"},
		"format": {"json", "text", "csv", "markdown", "changelog", "svg", "html"}, "fresh": {"true"}, "mine": {"true"}, "people": {"true"}, "through": {"true"}, "order": {"oldest"}, "limit": {"1", "1000"}, "origin": {word},
	}
	boring := []string{"by", "count", "seed", "dark", "weeks", "width", "height"}
	asked := 0
	// quiet asks as somebody, and wants the answer not to have the word, but where
	// it says what was asked for: then another word must be answered the same.
	quiet := func(by, line, body string, headers ...string) {
		t.Helper()
		asked++
		answer := func(line, body string, headers []string) string {
			rec := g.ask(g.shows(by), line, body, headers...)
			rec.Header().Del("Cairn-Request-Id")
			rec.Header().Del("Content-Security-Policy")
			text := fmt.Sprint(rec.Code, rec.Header(), rec.Body)
			if !strings.Contains(line, "/docs") && !strings.Contains(line, "openapi") && !strings.Contains(line, "kind=") && ownKind.MatchString(text) {
				t.Errorf("%s as %s tells of the log's own: %.300s", line, by, ownKind.FindString(text))
			}
			if by == "other-viewer" && !strings.Contains(line, "/docs") && !strings.Contains(line, "openapi") && !strings.Contains(line, "migration") && strings.Contains(text, "migration") {
				t.Errorf("%s as %s tells of another checklist:\n%.600s", line, by, text)
			}
			return text
		}
		got := answer(line, body, headers)
		if !strings.Contains(line+body+strings.Join(headers, ""), word) {
			if strings.Contains(got, word) {
				t.Errorf("%s as %s has it:\n%.600s", line, by, got)
			}
			return
		}
		other := func(s string) string { return strings.ReplaceAll(s, word, another) }
		var otherHeaders []string
		for _, h := range headers {
			otherHeaders = append(otherHeaders, other(h))
		}
		if want := answer(other(line), other(body), otherHeaders); !strings.Contains(line, "metrics") && steady(other(got)) != steady(want) {
			t.Errorf("%s as %s is answered otherwise than what nobody heard of:\n%.400s\nwant\n%.400s", line, by, got, want)
		}
	}
	for _, by := range []string{"viewer", "editor", "other-viewer"} {
		list := "migration"
		if by == "other-viewer" {
			list = "elsewhere"
		}
		path := func(s, seq string) string {
			return strings.NewReplacer("{checklist}", list, "{task}", "1", "{section}", "1", "{seq}", seq, "{$}", "").Replace(s)
		}
		for _, route := range g.routes {
			method, at, _ := strings.Cut(route, " ")
			if method != http.MethodGet || by == "editor" && at != "/api/v1/log" {
				continue // an editor reads what a viewer does
			}
			if by == "other-viewer" && (strings.Contains(at, "/burn") || strings.HasSuffix(at, "flow") || strings.HasSuffix(at, "cast") || strings.HasSuffix(at, "stats")) {
				continue // of a checklist that is theirs
			}
			quiet(by, "GET "+path(at, "2"), "", "Accept: text/html")
			var names []string
			for _, p := range doc.Paths[at]["get"].Parameters {
				if p.In != "query" || slices.Contains(boring, p.Name) {
					continue
				}
				if values[p.Name] == nil {
					t.Errorf("%s takes %s, which is not tried", at, p.Name)
				}
				names = append(names, p.Name)
			}
			needs := ""
			switch {
			case strings.HasSuffix(at, "/diff"):
				needs = "from=@2&"
			case strings.HasSuffix(at, "/consistency"):
				needs = "from=1&to=3&"
			case at == "/api/v1/events":
				needs = "after=0&"
			}
			for _, name := range names {
				for _, v := range values[name] {
					with := needs
					if strings.Contains(needs, name+"=") {
						with = strings.Join(slices.DeleteFunc(strings.Split(needs, "&"), func(s string) bool { return strings.HasPrefix(s, name+"=") }), "&")
					}
					quiet(by, "GET "+path(at, "2")+"?"+with+name+"="+url.QueryEscape(v), "")
				}
			}
		}
		for _, seq := range system {
			quiet(by, fmt.Sprintf("GET /api/v1/proofs/%d", seq), "")
			quiet(by, fmt.Sprintf("GET /api/v1/log?after=%d&upto=%d", seq-1, seq), "")
			quiet(by, fmt.Sprintf("GET /api/v1/log?after=%d&upto=%d&system=false", seq-1, seq), "")
			quiet(by, fmt.Sprintf("GET /api/v1/events?after=%d", seq-1), "")
			if seq > between {
				quiet(by, fmt.Sprintf("GET /api/v1/checklists/%s/diff?from=@%d&to=@%d", list, seq-1, seq), "")
				quiet(by, fmt.Sprintf("GET /api/v1/checklists/%s/log?as_of=@%d", list, seq), "")
			}
			quiet(by, "POST /api/v1/checklists/"+list+"/commands/UndoCommand", fmt.Sprintf(`{"seq":%d}`, seq))
			quiet(by, "POST /api/v1/checklists/"+list+"/commands/StartTask?dry_run=true", `{"tasks":["1"]}`, fmt.Sprintf(`If-Match: "1@%d"`, seq))
		}
		for _, line := range []string{
			"POST /api/v1/commands/AddUser", "POST /api/v1/commands/CreateToken", "POST /api/v1/commands/RevokeToken", "POST /api/v1/commands/RemoveUser",
		} {
			quiet(by, line, `{"user":"`+word+`-user","token":"`+word+`-token"}`)
		}
		quiet(by, "POST /api/v1/checklists/"+list+"/commands/AssignTask?dry_run=true", `{"tasks":["1"],"owner":"`+word+`-user"}`)
	}
	if asked < 600 {
		t.Errorf("%d questions", asked)
	}
	// The same doors tell an admin.
	for _, line := range []string{
		"GET /api/v1/log", "GET /api/v1/log?system=true", "GET /api/v1/log?kind=cairn.user.added.v1", "GET /api/v1/users?fresh=true", "GET /api/v1/tokens", "GET /api/v1/backup",
	} {
		body := g.ask(g.shows("admin"), line, "").Body.String()
		if line == "GET /api/v1/backup" || strings.Contains(body, word) {
			continue
		}
		t.Errorf("%s as admin has nothing of it: %.300s", line, body)
	}
	proof := g.ask(g.shows("admin"), fmt.Sprintf("GET /api/v1/proofs/%d", last), "").Body.String()
	_, extra, _ := strings.Cut(proof, "extra ")
	extra, _, _ = strings.Cut(extra, "\n")
	if b, err := base64.StdEncoding.DecodeString(extra); err != nil || !strings.Contains(string(b), word) {
		t.Errorf("the proof for an admin holds no event: %v\n%s", err, proof)
	}
	if proof := g.ask(g.shows("viewer"), fmt.Sprintf("GET /api/v1/proofs/%d", last), "").Body.String(); strings.Contains(proof, "extra") || !strings.HasPrefix(proof, "c2sp.org/tlog-proof") {
		t.Errorf("the proof for a viewer: %s", proof)
	}
}

// steady takes out of an answer what differs each time, and what follows from the
// length of a word.
func steady(answer string) string {
	return regexp.MustCompile(`"(id|command_id|time|recordedtime|effectivetime)":"[^"]*"|Cairn-Tree:\[[^\]]*\]|-[0-9a-f]{12}"`).ReplaceAllString(answer, "")
}

// TestAFeedSkipsTheLogsOwn: whoever may not read an event is told that there are
// positions between, and nothing else, from the beginning, from the middle and
// live.
func TestAFeedSkipsTheLogsOwn(t *testing.T) {
	t.Parallel()
	g, system := secretive(t)
	g.handler = api.New(g.app, api.Config{Gate: g.gate, Heartbeat: soon})
	server := httptest.NewServer(g.handler)
	t.Cleanup(server.Close)
	type feed struct {
		by, query, last string
		tells           bool
	}
	feeds := make(map[feed]*reader)
	for _, f := range []feed{
		{"viewer", "after=0", "", false},
		{"editor", "after=0", "", false},
		{"other-viewer", "after=0", "", false},
		{"viewer", "", fmt.Sprint(system[len(system)/2]), false},
		{"viewer", "after=0&kind=user.added&kind=access.refused", "", false},
		{"viewer", "after=0&actor=" + word + "-root", "", false},
		{"admin", "after=0", "", true},
		{"admin", "after=0&system=true", "", true},
	} {
		r, err := listen(t.Context(), server.URL, "?"+f.query, f.last, "Authorization: Bearer "+g.tokens[f.by])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.close)
		feeds[f] = r
	}
	g.administer(commands.AddUser{User: word + "-late", Role: members.Viewer})
	end := g.app.End()
	for f, r := range feeds {
		all := ""
		for at := events.Seq(0); at < end; {
			e := r.must(t)
			all += e.event + " " + e.data + "\n"
			if e.event == "log" {
				continue
			}
			_, upto, _, err := e.positions()
			if err != nil {
				t.Fatal(err)
			}
			at = max(at, upto)
		}
		if has := strings.Contains(all, word) || ownKind.MatchString(all); has != f.tells {
			t.Errorf("%+v: has it: %v\n%.600s", f, has, all)
		}
	}
	for _, by := range []string{"viewer", "other-editor"} {
		if rec := g.ask(g.shows(by), "GET /api/v1/events?system=true", ""); rec.Code != http.StatusForbidden {
			t.Errorf("%s: got %d", by, rec.Code)
		}
	}
}
