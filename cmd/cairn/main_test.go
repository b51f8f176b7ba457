package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cairn/events/natslog/natstest"
)

// The tests run the real binary: cairn has the test clock, cairn-release is
// built as a release is.
var bin string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	if natstest.Main() {
		return 0
	}
	dir, err := os.MkdirTemp("", "cairn-bin-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	for name, tags := range map[string]string{"cairn": "testclock", "cairn-release": ""} {
		build := exec.Command("go", "build", "-buildvcs=false", "-tags", tags, "-o", filepath.Join(dir, name), ".")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n%s", build, err, out)
			return 1
		}
	}
	bin = dir
	return m.Run()
}

// sample is the checklist that all is shown on.
const sample = "../../examples/elixir-migration.md"

// home is an empty home and a folder to work in, for tests that start many
// processes.
type home struct {
	t    *testing.T
	dir  string
	env  []string
	file string // a copy of the sample; it follows the log
}

func newHome(t *testing.T) *home {
	t.Helper()
	dir := t.TempDir()
	h := &home{t: t, dir: filepath.Join(dir, "work"), env: environment(filepath.Join(dir, "home"))}
	h.file = filepath.Join(h.dir, "elixir-migration.md")
	for _, d := range []string{h.dir, filepath.Join(dir, "home")} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return h
}

// environment is all that the binary sees of the machine.
func environment(home string) []string {
	return []string{
		"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + home,
		"TMPDIR=" + os.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "CAIRN_ACTOR=ada@example.com",
	}
}

func (h *home) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(h.t.Context(), filepath.Join(bin, "cairn"), args...)
	cmd.Dir, cmd.Env = h.dir, h.env
	return cmd
}

// run runs cairn and returns what it wrote and its exit code.
func (h *home) run(args ...string) (stdout, stderr string, code int) {
	h.t.Helper()
	var out, errs bytes.Buffer
	cmd := h.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// must is run for what has to succeed; it returns stdout.
func (h *home) must(args ...string) string {
	h.t.Helper()
	stdout, stderr, code := h.run(args...)
	if code != 0 {
		h.t.Fatalf("cairn %s: exit %d\n%s", strings.Join(args, " "), code, stderr)
	}
	return stdout
}
