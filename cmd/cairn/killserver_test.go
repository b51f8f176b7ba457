package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"cairn/events"
)

// served is a cairn serve that can be killed and started again at one address.
type served struct {
	h   *home
	log string
	url string
	cmd *exec.Cmd
	err bytes.Buffer
}

func newServed(h *home) *served {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	defer l.Close()
	s := &served{h: h, log: filepath.Join(h.dir, "log"), url: "http://" + l.Addr().String()}
	h.t.Cleanup(func() { s.kill() })
	return s
}

// start starts it and waits until it answers.
func (s *served) start() {
	s.h.t.Helper()
	s.err.Reset()
	s.cmd = s.h.command("serve", "--listen", strings.TrimPrefix(s.url, "http://"))
	s.cmd.Stderr = &s.err
	if err := s.cmd.Start(); err != nil {
		s.h.t.Fatal(err)
	}
	for began := time.Now(); ; {
		res, err := http.Get(s.url + "/api/v1")
		if err == nil {
			res.Body.Close()
			return
		}
		if time.Since(began) > time.Minute {
			s.kill()
			s.h.t.Fatalf("the server does not come back: %v\n%s", err, s.err.String())
		}
		time.Sleep(5 * time.Millisecond) // nothing tells when it listens
	}
}

// kill ends it with kill -9.
func (s *served) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
}

// secretAt returns what opens the server of the log in a directory, as it said last.
func secretAt(dir string) string {
	var at struct{ Secret string }
	if b, err := os.ReadFile(filepath.Join(dir, "server.json")); err == nil {
		_ = json.Unmarshal(b, &at) // then the server says that it is none
	}
	return at.Secret
}

// post sends a change until it is answered, and returns where it was stored.
func (s *served) post(stop <-chan struct{}, id, name, body string) (events.Seq, error) {
	for {
		select {
		case <-stop:
			return 0, errStopped
		default:
		}
		req, err := http.NewRequest(http.MethodPost, s.url+"/api/v1/checklists/elixir-migration/commands/"+name, strings.NewReader(body))
		if err != nil {
			return 0, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", id)
		req.Header.Set("Authorization", "Bearer "+secretAt(s.log))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			time.Sleep(5 * time.Millisecond) // it is being started again
			continue
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusUnauthorized { // of the one before
			continue
		}
		var doc struct{ Seq events.Seq }
		if err := json.Unmarshal(b, &doc); err != nil || res.StatusCode != http.StatusOK {
			return 0, fmt.Errorf("%s: %s\n%s", name, res.Status, b)
		}
		return doc.Seq, nil
	}
}

var errStopped = errors.New("stopped")

// TestKillServer kills a server again and again while many write through it: each
// change that was answered is in the log, where the answer said, once; one that
// was not, once or not at all. CAIRN_SERVER_KILLS sets how often.
func TestKillServer(t *testing.T) {
	t.Parallel()
	n := 5
	if s := os.Getenv("CAIRN_SERVER_KILLS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatalf("CAIRN_SERVER_KILLS: %v", err)
		}
	}
	h := newHome(t)
	s := newServed(h)
	h.env = append(h.env, "CAIRN_DATA="+s.log)
	h.must("import", "elixir-migration.md", "--no-follow")
	s.start()

	var mu sync.Mutex // guards what follows
	sent, answered := map[string]bool{}, map[string]events.Seq{}
	grown := make(chan struct{}, 1)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := 0; ; i++ {
				id := uuid.NewString()
				mu.Lock()
				sent[id] = true
				mu.Unlock()
				seq, err := s.post(stop, id, "CommentTask", fmt.Sprintf(`{"task":"%d","text":"%d of %d"}`, w+2, i, w))
				if errors.Is(err, errStopped) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				answered[id] = seq
				mu.Unlock()
				select {
				case grown <- struct{}{}:
				default:
				}
			}
		})
	}
	for i := range n {
		for range 5 + i%7 { // under load, and never at the same moment
			select {
			case <-grown:
			case <-time.After(time.Minute):
				t.Errorf("nothing is answered any more\n%s", s.err.String())
				close(stop)
				writers.Wait()
				return
			}
		}
		s.kill()
		s.start()
	}
	close(stop)
	writers.Wait()
	s.kill()

	where := map[string][]events.Seq{}
	for _, r := range h.rows("elixir-migration") {
		where[r.Command.ID] = append(where[r.Command.ID], events.Seq(r.Seq))
	}
	for id := range sent {
		seq, ok := answered[id]
		if found := where[id]; len(found) > 1 || ok && (len(found) != 1 || found[0] != seq) {
			t.Errorf("command %s, answered %t with @%d, is at %v in the log", id, ok, seq, found)
		}
	}
	h.must("verify")
	t.Logf("%d kills, %d changes answered, %d sent", n, len(answered), len(sent))
}
