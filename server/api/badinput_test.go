package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cairn/server/api"
	"cairn/server/trust"
)

// taker is an operation that takes a body.
type taker struct {
	id, path, kind, example string
	members                 []string
}

// takers returns all of them, from the OpenAPI document.
func takers(t *testing.T, d *door) (list []taker) {
	t.Helper()
	var doc struct {
		Paths map[string]struct {
			Post *struct {
				OperationID string
				RequestBody struct {
					Content map[string]struct {
						Schema  struct{ Properties map[string]any }
						Example json.RawMessage
					}
				}
			}
		}
	}
	d.get("/api/v1/openapi.json").json(t, &doc)
	for path, item := range doc.Paths {
		if item.Post == nil {
			continue
		}
		for kind, content := range item.Post.RequestBody.Content {
			op := taker{id: item.Post.OperationID, path: strings.ReplaceAll(path, "{checklist}", "migration"), kind: kind, example: string(content.Example)}
			if kind == "application/x-ndjson" { // its example is a text
				if err := json.Unmarshal(content.Example, &op.example); err != nil {
					t.Fatal(err)
				}
				op.path += map[string]string{"adopt": "?from=cairn/another"}[op.id]
			}
			for name := range content.Schema.Properties {
				op.members = append(op.members, name)
			}
			list = append(list, op)
		}
	}
	if len(list) < 45 {
		t.Fatalf("%d operations take a body", len(list))
	}
	return list
}

// bad wants a problem that says what is wrong, and what to do.
func (r reply) bad(t *testing.T, what string, status int, code, says string) {
	t.Helper()
	var p struct {
		Detail string
		Hint   *string
	}
	if got := r.code(t); r.StatusCode != status || got != code {
		t.Errorf("%s: got %d %s, want %d %s\n%.300s", what, r.StatusCode, got, status, code, r.body)
		return
	}
	r.json(t, &p)
	if !strings.Contains(p.Detail, says) || p.Hint == nil || strings.Contains(p.Detail, "json:") || strings.Contains(p.Detail, "Go ") {
		t.Errorf("%s: it does not say %q, or not what to do:\n%.400s", what, says, r.body)
	}
}

// TestBadBodies: every operation that takes a body refuses what is none with what
// is wrong, where, and what to do; and nothing happens.
func TestBadBodies(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	end := d.log.End()
	for _, op := range takers(t, d) {
		send := func(body string, headers ...string) reply {
			return d.send(http.MethodPost, op.path, body, headers...)
		}
		body := strings.TrimSpace(op.example)
		begun := strings.TrimSuffix(body, "}") + ", "
		if body == "{}" {
			begun = "{"
		}
		for what, bad := range map[string]struct{ body, says string }{
			"cut off":           {strings.TrimSuffix(body, "}"), "cut off"},
			"no JSON":           {"tasks=1", "no JSON at byte"},
			"a list":            {"[1]", "array"},
			"a text":            {`"a"`, "string"},
			"a number":          {"1", "number"},
			"white space":       {"  \t ", "no JSON"},
			"two values":        {body + body, "after top-level value"},
			"an unknown member": {begun + `"tsaks":["2"]}`, `"tsaks"`},
			"a member twice":    {begun + `"REASON":"a","reason":"b"}`, "twice"},
			"not UTF-8":         {begun + "\"reason\":\"a\xff\"}", "not UTF-8"},
			"deep":              {strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200), "stand in each other"},
		} {
			if op.id == "adopt" { // its lines are events as they are stored
				bad.says = ""
				if what == "white space" {
					continue
				}
			}
			send(bad.body, "Content-Type: "+op.kind).bad(t, op.id+", "+what, http.StatusBadRequest, "usage", bad.says)
		}
		send("", "Content-Type: "+op.kind).bad(t, op.id+", nothing", http.StatusBadRequest, "usage", "body")
		for _, name := range op.members {
			if op.kind == "application/json" {
				// No member takes this: an object with what none has in it.
				r := send(`{"`+name+`":{"x":[{}]}}`, "Content-Type: "+op.kind)
				says := name
				if name == "author" {
					says = `"x"` // that is an object
				}
				r.bad(t, op.id+", a wrong type of "+name, http.StatusBadRequest, "usage", says)
			}
		}
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "application/xml", ";"} {
			send(op.example, "Content-Type: "+kind).bad(t, op.id+", as "+kind, http.StatusUnsupportedMediaType, "unsupported_media_type", op.kind)
		}
	}
	if d.log.End() != end {
		t.Errorf("the log grew from @%d to @%d", end, d.log.End())
	}
}

// TestBadHeaders: what a header cannot mean is refused, and what would stand in the
// log for others to read is one line of text.
func TestBadHeaders(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	end := d.log.End()
	long := strings.Repeat("a", 300)
	for _, c := range []struct{ name, header, says string }{
		{"an id that is none", "Idempotency-Key: 1", "UUID"},
		{"an id of two", "Idempotency-Key: 01890a5d-ac96-774b-bcce-b302099a8057, 01890a5d-ac96-774b-bcce-b302099a8058", "UUID"},
		{"a tab in a name", "Cairn-On-Behalf-Of: a\tb", "Cairn-On-Behalf-Of"},
		{"bytes for a name", "Cairn-On-Behalf-Of: \xff\xfe", "Cairn-On-Behalf-Of"},
		{"an endless name", "Cairn-On-Behalf-Of: " + long, "Cairn-On-Behalf-Of"},
		{"a direction in a name", "Cairn-On-Behalf-Of: ada\u202e", "Cairn-On-Behalf-Of"},
		{"a tag that is none", "If-Match: 12@4", "If-Match"},
	} {
		d.send(http.MethodPost, list+"/commands/StartTask", `{"tasks":["1"]}`, "Content-Type: application/json", c.header).bad(t, c.name, http.StatusBadRequest, "usage", c.says)
	}
	if d.log.End() != end {
		t.Errorf("the log grew from @%d to @%d", end, d.log.End())
	}
	// W3C: a trace that cannot be read is passed over.
	r := d.do("StartTask", `{"tasks":["1"]}`, "traceparent: 00-"+long)
	if strings.Contains(string(r.body), "traceparent") {
		t.Errorf("it stands in the log: %s", r.body)
	}
	r = d.do("StopTask", `{"tasks":["1"]}`, "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if !strings.Contains(string(r.body), "0af7651916cd43dd8448eb211c80319c") {
		t.Errorf("the trace is lost: %s", r.body)
	}
	// What was sent comes back in no header.
	for _, path := range []string{"/api/v1/nothing?x=%0d%0aSet-Cookie:%20a=b", list + "/tasks?filter=%0d%0aSet-Cookie:%20a=b", list + "/log?text=%0d%0aSet-Cookie:%20a=b&limit=1", list + "?as_of=%0d%0aX:%20y"} {
		r := d.get(path, "Cairn-Request-Id: a b", "Accept: application/json\t")
		for name, values := range r.Header {
			if name == "Set-Cookie" || name == "X" || strings.ContainsAny(strings.Join(values, ""), "\r\n") {
				t.Errorf("%s: %s: %q", path, name, values)
			}
		}
	}
}

// TestHugeBodies: no operation reads more than it takes, whatever it says of its
// length; 413, and the log stays as it is.
func TestHugeBodies(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	handler := api.New(d.app, api.Config{Now: func() time.Time { return d.now }, Trust: trust.NewOwn(d.log)})
	end := d.log.End()
	commands := 0
	for _, op := range takers(t, d) {
		if strings.Contains(op.path, "migration/commands/") {
			if commands++; commands > 1 {
				continue // they are registered in one loop
			}
		}
		for _, length := range []int64{-1, 65 << 20} {
			if length > 0 && op.kind == "application/x-ndjson" {
				continue // the same, of many megabytes
			}
			endless := &zeros{left: 65 << 20}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, op.path, endless)
			r.ContentLength = length
			r.Header.Set("Content-Type", op.kind)
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, r)
			answer := reply{Response: rec.Result(), body: rec.Body.Bytes()}
			answer.Request = r
			answer.bad(t, op.id+", endless", http.StatusRequestEntityTooLarge, "over_limit", "")
			if endless.left == 0 {
				t.Errorf("%s: all of it was read", op.id)
			}
		}
	}
	if d.log.End() != end {
		t.Errorf("the log grew from @%d to @%d", end, d.log.End())
	}
}

// zeros is a body of so many bytes.
type zeros struct{ left int }

var zeroes = strings.Repeat("0", 64<<10)

func (z *zeros) Read(b []byte) (int, error) {
	n := min(len(b), z.left, len(zeroes))
	if z.left -= n; n == 0 {
		return 0, io.EOF
	}
	return copy(b[:n], zeroes), nil
}
