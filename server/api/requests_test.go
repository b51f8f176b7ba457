package api_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cairn/server/api"
)

// TestBadRequests: each is refused with a problem that says what, and the log
// stays as it is.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	end := d.app.End()
	const post, get, cmd = http.MethodPost, http.MethodGet, list + "/commands/"
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code, says               string
		headers                  []string
	}{
		{"no JSON", post, cmd + "CompleteTask", `{"tasks":`, 400, "usage", "CompleteTask", nil},
		{"an empty body", post, cmd + "CompleteTask", ``, 400, "usage", "", nil},
		{"a list", post, cmd + "CompleteTask", `[1]`, 400, "usage", "CompleteTask", nil},
		{"null", post, cmd + "CompleteTask", `null`, 400, "usage", "which task", nil},
		{"two values", post, cmd + "CompleteTask", `{"tasks":["1"]}{}`, 400, "usage", "", nil},
		{"an unknown member", post, cmd + "CompleteTask", `{"tasks":["1"],"tsaks":["2"]}`, 400, "usage", "tsaks", nil},
		{"a number for a text", post, cmd + "AddTask", `{"text":1}`, 400, "usage", "text", nil},
		{"a text for a list", post, cmd + "CompleteTask", `{"tasks":"1"}`, 400, "usage", "tasks", nil},
		{"a huge number", post, cmd + "CompleteTask", `{"tasks":["99999999999999999999"]}`, 404, "task_not_found", "", nil},
		{"a negative key", post, cmd + "CompleteTask", `{"tasks":["-1"]}`, 0, "", "", nil},
		{"no task", post, cmd + "CompleteTask", `{"tasks":["99"]}`, 404, "task_not_found", "99", nil},
		{"a NUL in a text", post, cmd + "AddTask", `{"text":"a\u0000b"}`, 0, "", "", nil},
		{"a line end in a text", post, cmd + "AddTask", `{"text":"a\n- [ ] b"}`, 0, "", "", nil},
		{"an unknown command", post, cmd + "DeleteEverything", `{}`, 404, "not_found", "DeleteEverything", nil},
		{"an unknown checklist", post, "/api/v1/checklists/nothing/commands/AddTask", `{"text":"a"}`, 404, "checklist_not_found", "nothing", nil},
		{"no name", post, "/api/v1/checklists/Not%20A%20Name/commands/AddTask", `{"text":"a"}`, 400, "usage", "", nil},
		{"a form", post, cmd + "AddTask", `text=a`, 415, "unsupported_media_type", "application/json", []string{"Content-Type: application/x-www-form-urlencoded"}},
		{"text/plain, as a page elsewhere can send", post, cmd + "AddTask", `{"text":"a"}`, 415, "unsupported_media_type", "", []string{"Content-Type: text/plain"}},
		{"a history as JSON", post, list + "/history", `{}`, 415, "unsupported_media_type", "x-ndjson", nil},
		{"a key that is no UUID", post, cmd + "AddTask", `{"text":"a"}`, 400, "usage", "Idempotency-Key", []string{"Idempotency-Key: 12"}},
		{"a wrong If-Match", post, cmd + "AddTask", `{"text":"a"}`, 400, "usage", "If-Match", []string{`If-Match: "abc"`}},
		{"a wrong dry_run", post, cmd + "AddTask?dry_run=perhaps", `{"text":"a"}`, 400, "usage", "dry_run", nil},
		{"another parameter of a command", post, cmd + "AddTask?dryrun=true", `{"text":"a"}`, 400, "usage", "dryrun", nil},
		{"an unknown parameter", get, list + "/tasks?filtre=open", "", 400, "usage", "filtre", nil},
		{"a negative limit", get, list + "/log?limit=-1", "", 400, "usage", "limit", nil},
		{"a limit of none", get, list + "/log?limit=0", "", 400, "usage", "limit", nil},
		{"a huge limit", get, list + "/log?limit=99999999999999999999", "", 400, "usage", "limit", nil},
		{"a limit over the most", get, list + "/log?limit=1001", "", 400, "usage", "limit", nil},
		{"a negative position", get, list + "/log?after=-1", "", 400, "usage", "after", nil},
		{"a huge position", get, list + "/log?after=18446744073709551616", "", 400, "usage", "after", nil},
		{"an unknown kind", get, list + "/log?kind=vanish", "", 400, "usage", "vanish", nil},
		{"an empty actor", get, list + "/log?actor=", "", 0, "", "", nil},
		{"no moment", get, list + "?as_of=whenever", "", 400, "usage", "whenever", nil},
		{"the future", get, list + "?as_of=2030-01-01", "", 404, "moment_not_found", "future", nil},
		{"before it began", get, list + "?as_of=2020-01-01", "", 404, "moment_not_found", "2020-01-01", nil},
		{"a position behind the end", get, list + "/burndown?as_of=@999999", "", 404, "moment_not_found", "@999999", nil},
		{"two clocks", get, list + "?as_of=fri&as_known_at=fri", "", 400, "usage", "as_known_at", nil},
		{"a commit that nobody heard of", get, list + "?as_of=git:main", "", 404, "moment_not_found", "main", nil},
		{"a position of another checklist", get, list + "?as_of=other@1", "", 400, "usage", "other", nil},
		{"a diff from nowhere", get, list + "/diff", "", 400, "usage", "from", nil},
		{"an unknown task", get, list + "/tasks/99", "", 404, "task_not_found", "99", nil},
		{"several tasks", get, list + "/tasks/r", "", 400, "ambiguous_task", "", nil},
		{"an unknown section", get, list + "/sections/99", "", 404, "section_not_found", "99", nil},
		{"an unknown form", get, list + "?format=pdf", "", 400, "usage", "pdf", nil},
		{"a tiny picture", get, list + "/burndown?format=svg&width=1", "", 400, "usage", "width", nil},
		{"a giant picture", get, list + "/burndown?format=png&width=100000", "", 400, "usage", "width", nil},
		{"an unknown step", get, list + "/burndown?by=hour", "", 400, "usage", "by", nil},
		{"a position not reached", get, list, "", 503, "unavailable", "@99999", []string{"Cairn-Min-Seq: 99999"}},
		{"a wrong Cairn-Min-Seq", get, list, "", 400, "usage", "Cairn-Min-Seq", []string{"Cairn-Min-Seq: many"}},
		{"a path that is not there", get, "/api/v1/nothing", "", 404, "not_found", "/api/v1/nothing", nil},
		{"a path without anything", get, "/wp-admin.php", "", 404, "not_found", "", nil},
		{"up and away", get, "/api/v1/checklists/%2e%2e/%2e%2e/etc", "", 400, "usage", "/../", nil},
		{"two slashes", get, "/api//v1/checklists", "", 400, "usage", "//", nil},
		{"two slashes of a command", post, "/api/v1//checklists/migration/commands/AddTask", `{"text":"a"}`, 400, "usage", "//", nil},
		{"an encoded slash", get, "/api/v1/checklists/a%2fb", "", 400, "usage", "slash", nil},
		{"an encoded backslash", get, "/api/v1/checklists/a%5cb", "", 400, "usage", "slash", nil},
		{"a NUL", get, "/api/v1/checklists/a%00b", "", 400, "usage", "control", nil},
		{"a line end", get, "/api/v1/checklists/a%0d%0aSet-Cookie:x", "", 400, "usage", "control", nil},
		{"a NUL in a query", get, list + "/tasks?filter=%00", "", 400, "usage", "NUL", nil},
		{"half a query", get, list + "/tasks?filter=%zz", "", 400, "usage", "query", nil},
		{"a semicolon", get, list + "/tasks?filter=open;x=y", "", 400, "usage", "query", nil},
		{"a method that is not there", http.MethodDelete, list, "", 405, "method_not_allowed", "GET", nil},
		{"a command by GET", get, cmd + "AddTask", "", 405, "method_not_allowed", "POST", nil},
		{"an invented method", "BREW", list, "", 405, "method_not_allowed", "BREW", nil},
	} {
		h := c.headers
		if c.body != "" && (len(h) == 0 || !strings.HasPrefix(h[0], "Content-Type")) {
			h = append([]string{"Content-Type: application/json"}, h...)
		}
		r := d.send(c.method, c.path, c.body, h...)
		if c.status == 0 { // it is for the rules to say; never a mistake of the server
			if r.StatusCode >= 500 {
				t.Errorf("%s: got %s\n%s", c.name, r.Status, r.body)
			}
			end = d.app.End()
			continue
		}
		if code := r.code(t); r.StatusCode != c.status || code != c.code || !strings.Contains(string(r.body), c.says) {
			t.Errorf("%s: got %d %s, want %d %s about %q\n%.300s", c.name, r.StatusCode, code, c.status, c.code, c.says, r.body)
		}
		// What to do is a hint, where detail does not end with it.
		if !strings.Contains(string(r.body), `: want `) && !strings.Contains(string(r.body), `: write `) && r.StatusCode != http.StatusNotFound && c.name != "null" {
			r.bad(t, c.name, c.status, c.code, "")
		}
		if c.status == 405 && !strings.Contains(r.Header.Get("Allow"), "OPTIONS") {
			t.Errorf("%s: Allow is %q", c.name, r.Header.Get("Allow"))
		}
		if c.status == 503 && r.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", c.name)
		}
		if is := d.app.End(); is != end {
			t.Errorf("%s: the log grew from @%d to @%d", c.name, end, is)
			end = is
		}
	}
}

// TestAHugeBodyIsRefused: with 413, and the server reads no more of it.
func TestAHugeBodyIsRefused(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	body := `{"text":"` + strings.Repeat("a", api.MaxDocument) + `"}`
	if r := d.command("AddTask", body).want(t, http.StatusRequestEntityTooLarge); r.code(t) != "over_limit" {
		t.Errorf("%s", r.body)
	}
}

// TestOptionsAndHead: OPTIONS names the methods, HEAD has the header of GET.
func TestOptionsAndHead(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	if r := d.send(http.MethodOptions, list, "").want(t, http.StatusNoContent); r.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("Allow is %q", r.Header.Get("Allow"))
	}
	get := d.get(list)
	if r := d.send(http.MethodHead, list, "").want(t, http.StatusOK); len(r.body) > 0 || r.Header.Get("ETag") != get.Header.Get("ETag") {
		t.Errorf("HEAD: %d bytes, ETag %s, of GET %s", len(r.body), r.Header.Get("ETag"), get.Header.Get("ETag"))
	}
}

// TestCompressed: large answers are compressed for who takes it, with the same ETag.
func TestCompressed(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	plain := d.get(list)
	r := d.get(list, "Accept-Encoding: gzip").want(t, http.StatusOK)
	if r.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(strings.Join(r.Header.Values("Vary"), ","), "Accept-Encoding") {
		t.Fatalf("not compressed: %v", r.Header)
	}
	in, err := gzip.NewReader(bytes.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(in); err != nil || !bytes.Equal(b, plain.body) {
		t.Errorf("another answer: %v\n%s", err, b)
	}
	if r.Header.Get("ETag") != plain.Header.Get("ETag") {
		t.Errorf("ETag %s, uncompressed %s", r.Header.Get("ETag"), plain.Header.Get("ETag"))
	}
	d.get(list, "Accept-Encoding: gzip", "If-None-Match: "+r.Header.Get("ETag")).want(t, http.StatusNotModified)
}

// TestRawBytes: what no client library sends is answered, and the server goes on.
func TestRawBytes(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	u, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{
		"GET " + list + " HTTP/1.1\r\nHost: x\r\nCairn-Request-Id: a\r\n b\r\nConnection: close\r\n\r\n",
		"GET " + list + "?as_of=a b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"GET " + list + " HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 2<<20) + "\r\n\r\n",
		"POST " + list + "/commands/AddTask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: -5\r\n\r\n",
		"\x00\x01\x02\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		_, _ = io.WriteString(conn, raw) // it may hang up before
		if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
			if res.StatusCode >= 500 {
				t.Errorf("%.60q: %s", raw, res.Status)
			}
			res.Body.Close()
		}
		conn.Close()
	}
	d.get(list).want(t, http.StatusOK)
}
