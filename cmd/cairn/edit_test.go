package main

import (
	"context"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestEditDocument edits the document on a terminal: it shows the change and
// asks, Enter is yes, and it does not hold the log while it waits.
func TestEditDocument(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must("import", "elixir-migration.md")
	h.terminal("true") // skips where there is none
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, c := range []struct {
		editor, answer string
		want           string // what it says after the answer
		text           string // in task 6
	}{
		{"s/OTel.setup/OTel-wiring/", "n\n", `the changes were not recorded\s+Nothing was written\. The edited text is in \S+\.md`, "OTel setup"},
		{"s/OTel.setup/OTel-wiring/", "\n", `1 change recorded +@110`, "OTel-wiring"},
		{"s/OTel-wiring/OTel-base/", "yes\n", `1 change recorded +@113`, "OTel-base"},
	} {
		cmd := exec.CommandContext(ctx, "script", "-qec", "cairn edit", "/dev/null")
		cmd.Dir, cmd.Env = h.dir, append(h.env, "TERM=dumb", "SHELL=/bin/sh", "EDITOR=sed -i "+c.editor, "TMPDIR="+t.TempDir())
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
		for buf := make([]byte, 512); !strings.Contains(asked, "Record this change? [Y/n]"); {
			n, err := out.Read(buf)
			asked += string(buf[:n])
			if err != nil {
				t.Fatalf("it does not ask: %v\n%s", err, asked)
			}
		}
		if !strings.Contains(asked, "reworded") {
			t.Errorf("it does not show the change:\n%s", asked)
		}
		if c.answer != "n\n" {
			h.must("comment", "1", "while it waits")
		}
		_, _ = io.WriteString(in, c.answer)
		rest, _ := io.ReadAll(out)
		_ = cmd.Wait()
		if !regexp.MustCompile(c.want).Match(rest) {
			t.Errorf("answer %q: got %q, want %s", c.answer, rest, c.want)
		}
		if got := h.must("show", "6", "--json"); !strings.Contains(got, c.text) {
			t.Errorf("answer %q: not %s", c.answer, c.text)
		}
	}
}
