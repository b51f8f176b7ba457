package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// row is what these tests read of a row of cairn log --json.
type row struct {
	Seq      uint64
	Revision uint64
	Text     *string
	Command  struct{ ID string }
	Action   string
	Task     *int
}

// rows returns the checklist's rows; it checks that no revision is missing.
func (h *home) rows(name string) []row {
	h.t.Helper()
	var rows []row
	dec := json.NewDecoder(strings.NewReader(h.must("log", "--json", "-c", name)))
	for {
		var r row
		err := dec.Decode(&r)
		if err == io.EOF {
			return rows
		}
		if err != nil {
			h.t.Fatal(err)
		}
		if r.Revision != uint64(len(rows))+1 {
			h.t.Fatalf("revision %d at @%d, want %d", r.Revision, r.Seq, len(rows)+1)
		}
		rows = append(rows, r)
	}
}

// sameAsFile checks that the tied file is the export.
func (h *home) sameAsFile() {
	h.t.Helper()
	file, err := os.ReadFile(h.file)
	if err != nil {
		h.t.Fatal(err)
	}
	if diff := cmp.Diff(h.must("export"), string(file)); diff != "" {
		h.t.Fatalf("the file is not the export (-export +file):\n%s", diff)
	}
}

// killed starts a command and kills it after a while, at a random moment of a
// command that takes about as long as usual. It reports whether the command
// had ended by itself, with success.
func (h *home) killed(usual time.Duration, args ...string) bool {
	h.t.Helper()
	cmd := h.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	end := time.AfterFunc(rand.N(2*usual), func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	end.Stop()
	if err != nil && cmd.ProcessState.ExitCode() >= 0 {
		h.t.Fatalf("cairn %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return err == nil
}

// usual measures how long a command takes here and now.
func (h *home) usual(args ...string) time.Duration {
	h.t.Helper()
	began := time.Now()
	h.must(args...)
	return time.Since(began)
}

// TestKill kills commands at random moments, one after the other: those that
// reported success are in the log, once; the others are there once, whole, or
// not at all; and the next command finds log and file in order. CAIRN_KILLS
// sets how many.
func TestKill(t *testing.T) {
	t.Parallel()
	n := 25
	if s := os.Getenv("CAIRN_KILLS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatalf("CAIRN_KILLS: %v", err)
		}
	}
	h := newHome(t)
	h.must("import", "elixir-migration.md")
	usual := h.usual("comment", "6", "a warm-up")
	ended := map[string]bool{} // by command id: it reported success
	survived := 0
	for i := range n {
		// Three events, each time something new.
		id := uuid.NewString()
		ended[id] = h.killed(usual, "--id", id, "assign", "2-4", fmt.Sprintf("somebody-%d", i))
		if ended[id] {
			survived++
		}
		if i%5 == 4 {
			id := uuid.NewString()
			h.must("--id", id, "link", "14", fmt.Sprintf("https://example.com/%d", i))
			h.must("--id", uuid.NewString(), "unlink", "14")
			h.sameAsFile()
		}
	}
	count := map[string]int{}
	for _, r := range h.rows("elixir-migration") {
		count[r.Command.ID]++
	}
	for id, ok := range ended {
		if n := count[id]; n != 3 && (ok || n != 0) {
			t.Errorf("command %s, reported %v, has %d events in the log, want 3", id, ok, n)
		}
	}
	t.Logf("%d commands, %d of them ended before they were killed", n, survived)
}

// TestKillFile is TestKill for the file: each command changes it, and after the
// next one it is the export again, wherever the one before was cut off.
func TestKillFile(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must("import", "elixir-migration.md")
	usual := h.usual("done", "2")
	for i := range 10 {
		verb := []string{"reopen", "done"}[i%2]
		h.killed(usual, verb, "2-7")
		h.must("edit", "9", fmt.Sprintf("wording %d", i))
		h.sameAsFile()
	}
}

// TestKillSync kills syncs of a file that both sides changed: the next one ends
// equal, and no edit is recorded twice.
func TestKillSync(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must("import", "elixir-migration.md")
	path := filepath.Join(h.dir, "elixir-migration.md")
	edit := func(old, now string) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), old) {
			t.Fatalf("the file has no %q", old)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(b), old, now, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	usual := h.usual("sync")
	n := 8
	for i := range n {
		edit(fmt.Sprint("core_events", strings.Repeat("!", i), "\n"), fmt.Sprint("core_events", strings.Repeat("!", i+1), "\n"))
		h.must("edit", "9", fmt.Sprintf("wording %d", i))
		h.killed(usual, "sync")
		h.must("sync")
		h.sameAsFile()
	}
	changes := 0
	for _, r := range h.rows("elixir-migration") {
		if r.Task != nil && *r.Task == 2 && r.Action != "added" {
			changes++
		}
	}
	if changes != n {
		t.Errorf("task 2 changed %d times, want %d", changes, n)
	}
}

// TestKillHistory kills imports of a git history: a whole number of commits is
// there, nothing else is accepted, and the import goes on.
func TestKillHistory(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	h := newHome(t)
	git := func(args ...string) {
		cmd := exec.Command("git", append([]string{"-c", "user.name=Bob", "-c", "user.email=bob@example.com"}, args...)...)
		cmd.Dir = h.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	git("init", "-q")
	doc := "# Plan\n\n"
	for i := range 40 {
		doc += fmt.Sprintf("- [ ] task number %d\n", i)
		if i%2 == 1 {
			doc = strings.Replace(doc, "[ ]", "[x]", 1)
		}
		if err := os.WriteFile(filepath.Join(h.dir, "plan.md"), []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
		git("add", "plan.md")
		git("commit", "-q", "-m", fmt.Sprint("commit ", i))
	}
	usual := h.usual("import", "plan.md", "--name", "whole")
	want, last := len(h.rows("whole")), "whole"
	for i := range 4 {
		name := fmt.Sprint("cut-", i)
		h.must("sync", "-c", last, "--off")
		last = name
		h.killed(usual, "import", "plan.md", "--name", name)
		h.must("import", "plan.md", "--name", name)
		if got := len(h.rows(name)); got != want {
			t.Errorf("%d events after the second import, want %d", got, want)
		}
	}
}

// TestKillImport kills the first import, which makes the log: the next one goes
// on from whatever is there.
func TestKillImport(t *testing.T) {
	t.Parallel()
	usual := newHome(t).usual("import", "elixir-migration.md")
	for range 6 {
		h := newHome(t)
		h.killed(usual, "import", "elixir-migration.md")
		h.must("import", "elixir-migration.md")
		h.sameAsFile()
		if got := len(h.rows("elixir-migration")); got != 107 {
			t.Errorf("%d events after the second import, want 107", got)
		}
	}
}

// TestInterruptImport sends Ctrl-C into imports of a large file: the checklist is
// there, whole, or it is not.
func TestInterruptImport(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	var b strings.Builder
	b.WriteString("# Big\n\n")
	const tasks = 5_000
	for i := range tasks {
		fmt.Fprintf(&b, "- [ ] task number %d\n", i)
	}
	if err := os.WriteFile(filepath.Join(h.dir, "big.md"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	h.must("import", "elixir-migration.md")
	usual := h.usual("import", "big.md", "--name", "whole", "--no-follow")
	for i := range 5 {
		name := fmt.Sprintf("big-%d", i)
		cmd := h.command("import", "big.md", "--name", name, "--no-follow")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(usual * time.Duration(i+1) / 6) // at different moments of it
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		code := cmd.ProcessState.ExitCode()
		var list struct {
			Checklists []struct {
				Checklist string
				Progress  struct{ Work int }
			}
		}
		if err := json.Unmarshal([]byte(h.must("checklists", "--json")), &list); err != nil {
			t.Fatal(err)
		}
		found := -1
		for _, l := range list.Checklists {
			if l.Checklist == name {
				found = l.Progress.Work
			}
		}
		if code != 130 && (code != 0 || found != tasks) {
			t.Errorf("interrupt %d: exit code %d, %d tasks", i, code, found)
		}
		if found != -1 && found != tasks {
			t.Errorf("interrupt %d: %d of %d tasks", i, found, tasks)
		}
	}
}

// TestInterruptInput ends commands that wait for somebody to type.
func TestInterruptInput(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must("import", "elixir-migration.md")
	for _, args := range [][]string{{"done", "-"}, {"add", "-"}, {"comment", "6", "-"}} {
		cmd := h.command(args...)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// More than a pipe holds: when it is written, the command reads, and takes
		// signals.
		if _, err := in.Write(bytes.Repeat([]byte("6\n"), 128<<10)); err != nil {
			t.Fatal(err)
		}
		// Others can work meanwhile: nothing is held that they wait for.
		h.must("comment", "7", "meanwhile")
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		in.Close()
		if got := cmd.ProcessState.ExitCode(); got != 130 {
			t.Errorf("cairn %v: exit code %d, want 130", args, got)
		}
	}
}

// TestTwoProcesses has eight processes add ten tasks each, all at once: none is
// lost and none is there twice.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must("import", "elixir-migration.md")
	const processes, each = 8, 10
	var wg sync.WaitGroup
	for p := range processes {
		wg.Go(func() {
			for i := range each {
				cmd := h.command("add", fmt.Sprintf("by %d, the %d.", p, i))
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("process %d: %v\n%s", p, err, out)
				}
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for _, r := range h.rows("elixir-migration") {
		if r.Text != nil && strings.HasPrefix(*r.Text, "by ") {
			seen[*r.Text]++
		}
	}
	for p := range processes {
		for i := range each {
			if text := fmt.Sprintf("by %d, the %d.", p, i); seen[text] != 1 {
				t.Errorf("%q was added %d times", text, seen[text])
			}
		}
	}
	h.must("done", "2")
	h.sameAsFile()
}

// TestWatchDoesNotSlow works beside three watchers: all get through, and each
// watcher shows all of it.
func TestWatchDoesNotSlow(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must("import", "elixir-migration.md")
	const watchers = 3
	var ends [watchers]func() string
	for i := range watchers {
		ends[i] = h.watching()
	}
	for key := 9; key <= 20; key++ {
		h.must("done", strconv.Itoa(key))
	}
	for i, end := range ends {
		shown := end()
		for seq := 109; seq <= 120; seq++ {
			if n := strings.Count(shown, fmt.Sprintf("@%d", seq)); n != 1 {
				t.Errorf("watcher %d shows @%d %d times:\n%s", i, seq, n, shown)
			}
		}
	}
}

// watching starts a watcher; the returned function waits until it has shown
// @120, ends it and returns what it showed.
func (h *home) watching() func() string {
	h.t.Helper()
	cmd := h.command("watch", "--since", "@108")
	out, err := cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	return func() string {
		var shown bytes.Buffer
		buf := make([]byte, 4096)
		for !strings.Contains(shown.String(), "@120") {
			n, err := out.Read(buf)
			shown.Write(buf[:n])
			if err != nil {
				h.t.Fatalf("watch: %v\n%s", err, shown.String())
			}
		}
		_ = cmd.Process.Signal(os.Interrupt)
		rest, _ := io.ReadAll(out)
		shown.Write(rest)
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
			h.t.Errorf("watch ended with %v, want 130", err)
		}
		return shown.String()
	}
}
