package main

import (
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"cairn/projections/checklist"
)

// terminal runs a shell line as on a terminal of 80 columns, where each cairn is
// the real one, and returns what the terminal got.
func (h *home) terminal(line string, env ...string) string {
	h.t.Helper()
	if _, err := exec.LookPath("script"); err != nil {
		h.t.Skip("needs script, which makes a terminal")
	}
	cmd := exec.CommandContext(h.t.Context(), "script", "-qec", "stty cols 80 rows 40; "+line, "/dev/null")
	cmd.Dir = h.dir
	cmd.Env = append(append(h.env, "TERM=xterm-256color", "SHELL=/bin/sh", "CAIRN_PAGER=cat"), env...)
	in, err := cmd.StdinPipe() // open, or the terminal gets an end of file
	if err != nil {
		h.t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.Output()
	if err != nil {
		h.t.Skipf("script makes no terminal here: %v", err)
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}

var colour = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// TestTerminal looks at 80 columns: nothing wraps, closed tasks fold, colour is
// there and can be turned off.
func TestTerminal(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must("import", "elixir-migration.md")
	h.must("done", "1", "--all")
	h.must("hold", "19", "--until", "2099-01-01", "-m", "port clash with the legacy gateway, which nobody wants to move")
	h.must("assign", "30-33", "chen")
	h.must("drop", "51", "-m", "one base image serves all")
	for _, args := range []string{
		"", "show", "show --all", "show 19", "show s:2", "ls", "ls open", "next", "log", "log --events", "checklists",
		"done 19", "reopen 19", "add A_rather_long_text_that_has_to_be_cut_somewhere_or_it_would_wrap_around_the_edge",
	} {
		got := h.terminal("cairn " + args)
		for line := range strings.Lines(colour.ReplaceAllString(got, "")) {
			if n := checklist.Width(strings.TrimRight(line, "\n")); n > 80 {
				t.Errorf("cairn %s: %d columns: %s", args, n, line)
			}
		}
	}
	got := h.terminal("cairn show")
	if !colour.MatchString(got) {
		t.Error("there is no colour")
	}
	if !strings.Contains(got, "✓ 6 done") {
		t.Errorf("closed tasks do not fold:\n%s", got)
	}
	for _, plain := range []string{"NO_COLOR=1", "TERM=dumb"} {
		if got := h.terminal("cairn show", plain); colour.MatchString(got) {
			t.Errorf("%s: there is colour", plain)
		}
	}
	if got := h.terminal("cairn show --no-color"); colour.MatchString(got) {
		t.Error("--no-color: there is colour")
	}
}

// TestConfirm removes a section with tasks: on a terminal it asks, and does not
// hold the log while it waits for the answer.
func TestConfirm(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must("import", "elixir-migration.md")
	h.terminal("true") // skips where there is none
	for _, c := range []struct {
		answer string
		tasks  string
	}{{"n\n", "66"}, {"\n", "66"}, {"y\n", "60"}} {
		cmd := exec.CommandContext(t.Context(), "script", "-qec", "cairn section rm s:5", "/dev/null")
		cmd.Dir, cmd.Env = h.dir, append(h.env, "TERM=dumb", "SHELL=/bin/sh")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		asked := ""
		for buf := make([]byte, 512); !strings.Contains(asked, "[y/N]"); {
			n, err := out.Read(buf)
			asked += string(buf[:n])
			if err != nil {
				t.Fatalf("it does not ask: %v\n%s", err, asked)
			}
		}
		began := time.Now()
		h.must("comment", "1", "while it waits")
		if time.Since(began) > 8*time.Second {
			t.Error("the log was held while it waited for an answer")
		}
		_, _ = io.WriteString(in, c.answer)
		_, _ = io.ReadAll(out)
		_ = cmd.Wait()
		if got := h.must("show", "--json"); !strings.Contains(got, `"tasks":`+c.tasks+`,`) {
			t.Errorf("answer %q: not %s tasks", c.answer, c.tasks)
		}
	}
}
