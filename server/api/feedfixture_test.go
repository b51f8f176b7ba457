package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/server/api"
	"cairn/server/app"
	"cairn/server/commands"
)

// house is a log in a directory and the HTTP door to it.
type house struct {
	log  *natslog.Log
	app  *app.Shared
	http *httptest.Server
	stop chan struct{}
}

// openHouse opens the log in dir and listens on an address of 127.0.0.1.
func openHouse(t testing.TB, dir string, c api.Config) *house {
	t.Helper()
	ctx := t.Context()
	h := &house{stop: make(chan struct{})}
	var err error
	if h.log, err = natslog.Open(ctx, natslog.Config{Dir: dir, Create: true}); err != nil {
		t.Fatal(err)
	}
	if h.app, err = app.NewShared(ctx, h.log, commands.Config{}); err != nil {
		t.Fatal(err)
	}
	c.Stopping = h.stop
	h.http = httptest.NewUnstartedServer(api.New(h.app, c))
	h.http.Listener = narrow{h.http.Listener}
	h.http.Start()
	return h
}

// narrow is a listener whose connections hold little of what was sent and not
// read, so that who reads nothing is felt soon.
type narrow struct{ net.Listener }

func (l narrow) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		err = conn.(*net.TCPConn).SetWriteBuffer(16 << 10)
	}
	return conn, err
}

func (h *house) close(t testing.TB) {
	close(h.stop)
	h.http.Close()
	h.app.Close()
	if err := h.log.Close(); err != nil {
		t.Error(err)
	}
}

// serve opens a house that is closed at the end of the test.
func serve(t testing.TB, c api.Config) *house {
	h := openHouse(t, t.TempDir(), c)
	t.Cleanup(func() { h.close(t) })
	return h
}

// do carries out a command and returns the position it ends at.
func (h *house) do(t testing.TB, name string, cmd commands.Command) events.Seq {
	t.Helper()
	out, err := h.app.Execute(t.Context(), metaOf(name), cmd)
	if err != nil {
		t.Fatal(err)
	}
	return out.Seq
}

func metaOf(name string) commands.Meta {
	return commands.Meta{Checklist: name, Actor: events.Actor{ID: "ada@example.com", Auth: events.Unauthenticated}, Via: "test"}
}

// tasks imports a checklist of n tasks.
func (h *house) tasks(t testing.TB, name string, n int) events.Seq {
	t.Helper()
	var doc strings.Builder
	for i := range n {
		fmt.Fprintf(&doc, "- [ ] Task %d\n", i+1)
	}
	return h.do(t, name, commands.ImportDocument{Document: []byte(doc.String())})
}

func (h *house) toggle(t testing.TB, name string, verb commands.Verb, tasks ...string) events.Seq {
	t.Helper()
	return h.do(t, name, commands.Transition{Verb: verb, Tasks: tasks})
}

// frame is one event of a stream, as it was sent.
type frame struct {
	id, event, data string
}

// reader reads a stream as a browser does.
type reader struct {
	res    *http.Response
	in     *bufio.Reader
	cancel context.CancelFunc
}

// listen opens a stream; lastID is empty for none, headers are "Name: value".
func listen(ctx context.Context, base, query, lastID string, headers ...string) (*reader, error) {
	ctx, cancel := context.WithCancel(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/events"+query, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req) //nolint:bodyclose // the reader's close does
	if err != nil {
		cancel()
		return nil, err
	}
	return &reader{res, bufio.NewReader(res.Body), cancel}, nil
}

func (r *reader) close() {
	r.cancel()
	r.res.Body.Close()
}

// next returns the next event; comments are events without a name and data.
func (r *reader) next() (frame, error) {
	var f frame
	for {
		line, err := r.in.ReadString('\n')
		if err != nil {
			return frame{}, err
		}
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			return f, nil
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			f.id = value
		case "event":
			f.event = value
		case "data":
			f.data += value
		}
	}
}

// mustListen opens a stream and passes over its first event.
func mustListen(t testing.TB, h *house, query, lastID string) *reader {
	t.Helper()
	r, err := listen(t.Context(), h.http.URL, query, lastID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	if f := r.must(t); f.event != "log" {
		t.Fatalf("the first event is %+v, want log", f)
	}
	return r
}

// must returns the next event that says something.
func (r *reader) must(t testing.TB) frame {
	t.Helper()
	for {
		f, err := r.next()
		if err != nil {
			t.Fatal(err)
		}
		if f.data != "" {
			return f
		}
	}
}

// positions returns what a frame accounts for: a range that was skipped, or an
// event.
func (f frame) positions() (from, upto events.Seq, skipped bool, err error) {
	if f.event == "skipped" {
		var k struct{ From, Upto events.Seq }
		err := json.Unmarshal([]byte(f.data), &k)
		if err == nil && f.id != strconv.FormatUint(uint64(k.Upto), 10) {
			err = fmt.Errorf("id %s of %s", f.id, f.data)
		}
		return k.From, k.Upto, true, err
	}
	_, seq, err := events.Unsequenced([]byte(f.data))
	if err == nil && f.id != strconv.FormatUint(uint64(seq), 10) {
		err = fmt.Errorf("id %s of %s", f.id, f.data)
	}
	return seq, seq, false, err
}

// soon is the heartbeat of tests that wait for one.
const soon = 20 * time.Millisecond
