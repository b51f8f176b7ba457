package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// cutter is a proxy before a server that cuts off one change on its way.
type cutter struct {
	next http.Handler

	mu    sync.Mutex // guards below
	posts int        // since the last aim
	at    int        // which of them is cut off; 0 for none, -1 for the end
	how   string
	kill  func() // ends who sends
}

// The ways to cut something off.
const (
	lostBefore = "the request is lost"
	lostAfter  = "the answer is lost"
	killed     = "the process is killed"
)

func (c *cutter) aim(at int, how string, cmd *exec.Cmd) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.posts, c.at, c.how, c.kill = 0, at, how, func() { _ = cmd.Process.Kill() }
}

func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		c.next.ServeHTTP(w, r)
		return
	}
	c.mu.Lock()
	c.posts++
	cut, how, kill := c.posts == c.at || c.at < 0 && strings.HasSuffix(r.URL.Path, "/publish/end"), c.how, c.kill
	c.mu.Unlock()
	if cut && how == lostBefore {
		panic(http.ErrAbortHandler)
	}
	if cut && how == killed {
		c.next.ServeHTTP(httptest.NewRecorder(), r)
		kill()
		panic(http.ErrAbortHandler)
	}
	if cut {
		c.next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
	c.next.ServeHTTP(w, r)
}

// TestPublishCutOff: a checklist goes to a server in parts, and is cut off at each
// of its requests in turn, in each way. It goes on where it was; until all is there
// it stays open here and closed there, and then it is there byte for byte, once.
func TestPublishCutOff(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("drives the real binary: runs without the race detector")
	}
	h := newHome(t)
	there := newServed(h)
	h.env = append(h.env, "CAIRN_DATA="+there.log)
	h.must("init", "--data", there.log)
	token := strings.TrimSpace(h.must("user", "add", "ada@example.com", "--role", "admin", "-q"))
	editor := strings.TrimSpace(h.must("user", "add", "eve@example.com", "--role", "editor", "-q"))
	if err := os.WriteFile(filepath.Join(h.dir, "other.md"), []byte("- [ ] another\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.must("import", "other.md", "--no-follow")
	there.start()
	at, err := url.Parse(there.url)
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{next: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(at) }}}
	proxy := httptest.NewServer(c)
	t.Cleanup(proxy.Close)

	base := h.env[:len(h.env)-1]
	here := func(more ...string) *home {
		other := *h
		other.env = append(append([]string{}, base...), more...)
		return &other
	}
	const name = "elixir-migration"
	mine := here("CAIRN_DATA=" + filepath.Join(h.dir, "mine"))
	mine.must("import", h.file, "--no-follow")
	mine.must("done", "2", "-m", "all specs green")
	mine.must("comment", "2", "by the book")
	last := len(mine.rows(name))
	want := mine.must("log", "--cloudevents", "-c", name)
	export := mine.must("export", "-c", name)

	publisher := here("CAIRN_DATA="+filepath.Join(h.dir, "mine"), "CAIRN_TOKEN="+token, "CAIRN_TEST_PUBLISH_PART=6")
	on := func(token string) *home { return here("CAIRN_SERVER="+there.url, "CAIRN_TOKEN="+token) }
	publish := func(at int, how string) (string, error) {
		cmd := publisher.command("publish", name, "--server", proxy.URL, "--yes")
		var errs strings.Builder
		cmd.Stderr = &errs
		c.aim(at, how, cmd)
		err := cmd.Run()
		if err == nil || how == killed || cmd.ProcessState.ExitCode() == 6 {
			return errs.String(), err
		}
		return "", fmt.Errorf("exit %d\n%s", cmd.ProcessState.ExitCode(), errs.String())
	}
	for _, at := range []int{1, 2, 3, 4, -1} {
		for _, how := range []string{lostBefore, lostAfter, killed} {
			if said, err := publish(at, how); err == nil || said == "" && how != killed {
				t.Fatalf("%s at request %d: %v\n%s", how, at, err, said)
			}
			if at > 0 && closedHere(mine, name) {
				t.Fatalf("%s at request %d: it is closed here, and not all there", how, at)
			}
			switch _, stderr, code := on(editor).run("done", "3", "-c", name); {
			case code == 3 && strings.Contains(stderr, "there is no checklist"): // no part came yet
			case code == 5 && strings.Contains(stderr, "is being published here, and is not all there yet"):
			case code == 0 && closedHere(mine, name): // it is all there, and the answer was lost
				on(editor).must("undo", "-c", name)
			default:
				t.Fatalf("%s at request %d: somebody else writes there: exit %d\n%s", how, at, code, stderr)
			}
			on(editor).must("done", "1", "-c", "other")
			on(editor).must("reopen", "1", "-c", "other", "-m", "again")
		}
	}
	if said, err := publish(0, ""); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if diff := cmp.Diff(storedEvents(t, want), storedEvents(t, on(token).must("log", "--cloudevents", "-c", name))[:last]); diff != "" {
		t.Errorf("there (-want +got):\n%.2000s", diff)
	}
	if diff := cmp.Diff(export, on(token).must("export", "-c", name)); diff != "" {
		t.Errorf("the document (-want +got):\n%s", diff)
	}
	arrived := 0
	for _, r := range on(token).rows(name) {
		if r.Action == "arrived" {
			arrived++
		}
	}
	if arrived != 1 {
		t.Errorf("it arrived %d times", arrived)
	}
	if !closedHere(mine, name) {
		t.Error("it is still open here")
	}
	if _, stderr, code := mine.run("done", "3", "-c", name); code != 5 || !strings.Contains(stderr, "goes on at "+proxy.URL) {
		t.Errorf("here: exit %d\n%s", code, stderr)
	}
	on(editor).must("done", "3", "-c", name)
}

// closedHere reports whether a checklist says that it goes on elsewhere.
func closedHere(h *home, name string) bool {
	rows := h.rows(name)
	return rows[len(rows)-1].Action == "published"
}

// storedEvents are those of log --cloudevents, oldest first, without their positions.
func storedEvents(t *testing.T, lines string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(lines) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		delete(e, "sequence")
		all = append(all, e)
	}
	return all
}
