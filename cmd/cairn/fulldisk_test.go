package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
)

// files limits how large the files of a server may be, as a full disk does; 0 is no
// limit.
func (s *served) files(limit uint64) {
	s.h.t.Helper()
	var at unix.Rlimit
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_FSIZE, nil, &at); err != nil {
		s.h.t.Fatal(err)
	}
	if at.Cur = limit; limit == 0 {
		at.Cur = at.Max
	}
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_FSIZE, &at, nil); err != nil {
		s.h.t.Fatal(err)
	}
}

// says asks a server once.
func (s *served) says(method, path, id, body string) (status int, answer string) {
	s.h.t.Helper()
	req, err := http.NewRequestWithContext(s.h.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", id)
	req.Header.Set("Authorization", "Bearer "+secretAt(s.log))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.h.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.h.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// TestFullDisk fills the disk under a server: changes are refused with what is wrong,
// where, and what to do; reads go on; readiness says it. When there is room again,
// the same process takes changes again, and each that was answered is there, once.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	s := newServed(h)
	h.env = append(h.env, "CAIRN_DATA="+s.log)
	h.must("import", "elixir-migration.md", "--no-follow")
	s.start()
	const document, command = "/api/v1/checklists/elixir-migration/document", "/api/v1/checklists/elixir-migration/commands/CommentTask"
	answered := make(map[string]bool) // by command id
	comment := func(id string) (int, string) {
		status, answer := s.says(http.MethodPost, command, id, fmt.Sprintf(`{"task":"6","text":%q}`, id))
		answered[id] = answered[id] || status == http.StatusOK
		return status, answer
	}
	for round := range 2 {
		if status, answer := comment(uuid.NewString()); status != http.StatusOK {
			t.Fatalf("round %d, before: %d %s", round, status, answer)
		}
		_, before := s.says(http.MethodGet, document, "", "")

		s.files(4 << 10) // the log's file is longer already
		refused := uuid.NewString()
		for range 3 {
			status, answer := comment(refused)
			var p struct{ Detail, Hint, Code string }
			if err := json.Unmarshal([]byte(answer), &p); err != nil || status != http.StatusInsufficientStorage || p.Code != "storage" ||
				p.Detail != s.log+" cannot be written: file too large" || !strings.HasPrefix(p.Hint, "Free space") {
				t.Fatalf("round %d, a change: %d %s", round, status, answer)
			}
		}
		if _, errs, code := h.run("comment", "6", "from the command line"); code != 1 ||
			errs != "cairn: "+s.log+" cannot be written: file too large\nFree space or permissions, then try again.\n" {
			t.Errorf("round %d, the command line: exit %d, %s", round, code, errs)
		}
		if status, answer := s.says(http.MethodGet, "/readyz", "", ""); status != http.StatusServiceUnavailable || !strings.Contains(answer, "file too large") {
			t.Errorf("round %d, readiness: %d %s", round, status, answer)
		}
		if status, answer := s.says(http.MethodGet, "/healthz", "", ""); status != http.StatusOK {
			t.Errorf("round %d, liveness: %d %s", round, status, answer)
		}
		if status, answer := s.says(http.MethodGet, document, "", ""); status != http.StatusOK || answer != before {
			t.Errorf("round %d, a view: %d %s", round, status, answer)
		}
		if out := h.must("export"); out != before {
			t.Errorf("round %d, the command line shows %s", round, out)
		}

		s.files(0)
		for began := time.Now(); ; {
			status, answer := comment(refused)
			if status == http.StatusOK {
				break
			}
			if time.Since(began) > time.Minute {
				t.Fatalf("round %d, with room again: %d %s", round, status, answer)
			}
			time.Sleep(10 * time.Millisecond) // the server looks once a second
		}
		if status, answer := s.says(http.MethodGet, "/readyz", "", ""); status != http.StatusOK {
			t.Errorf("round %d, readiness with room again: %d %s", round, status, answer)
		}
	}
	s.kill()
	times := make(map[string]int)
	for _, r := range h.rows("elixir-migration") {
		times[r.Command.ID]++
	}
	for id, ok := range answered {
		if times[id] != 1 || !ok {
			t.Errorf("command %s, answered %t, is in the log %d times", id, ok, times[id])
		}
	}
	h.must("verify")
}
