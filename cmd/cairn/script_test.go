package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScript runs testdata/script/*.txtar against the real binary: each in an
// empty home, with the clock at Monday 2026-11-23 10:00 UTC, as Ada. $SAMPLE is
// the path of the sample checklist.
func TestScript(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("drives the real binary: runs without the race detector")
	}
	scripts(t, "", nil, nil)
}

// servedScripts are those of the scripts that stand for all through a server: what
// makes and changes a checklist, alone and by the file, and each kind of view.
var servedScripts = []string{
	"import", "verbs", "several", "undo", "plan", "sync", "asof", "log", "views", "report", "prove", "watch-served", "badusage",
}

// scriptFiles returns the paths of scripts.
func scriptFiles(names []string) []string {
	var files []string
	for _, name := range names {
		files = append(files, filepath.Join("testdata", "script", name+".txtar"))
	}
	return files
}

// TestScriptServed runs scripts once more, with a server for each log that they
// make: what people see is the same. A script about the log's own directory says
// [served] skip, and why. CAIRN_SCRIPTS_SERVED=all runs all of them.
func TestScriptServed(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("drives the real binary: runs without the race detector")
	}
	files := scriptFiles(servedScripts)
	if os.Getenv("CAIRN_SCRIPTS_SERVED") == "all" {
		files = nil
	}
	all := t.TempDir()
	scripts(t, "served", files, func(env *testscript.Env) error {
		folder, err := os.MkdirTemp(all, "") //nolint:usetesting // one a script
		env.Setenv("CAIRN_TEST_SERVE", folder)
		env.Defer(func() { endServers(t, folder) })
		return err
	})
}

// endServers ends the servers whose process ids lie in a folder.
func endServers(t *testing.T, folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil || strings.HasSuffix(e.Name(), ".err") {
			continue
		}
		if pid, err := strconv.Atoi(string(b)); err == nil {
			if p, err := os.FindProcess(pid); err == nil {
				_ = p.Kill() // it may have ended by itself
			}
		}
	}
}

// scripts runs the given scripts, nil for all.
func scripts(t *testing.T, how string, files []string, setup func(*testscript.Env) error) {
	at, err := filepath.Abs(sample)
	if err != nil {
		t.Fatal(err)
	}
	dir := ""
	if files == nil {
		dir = "testdata/script"
	}
	testscript.Run(t, testscript.Params{
		Dir: dir, Files: files,
		Setup: func(env *testscript.Env) error {
			for _, kv := range environment(filepath.Join(env.WorkDir, ".home")) {
				name, value, _ := strings.Cut(kv, "=")
				if name != "TMPDIR" {
					env.Setenv(name, value)
				}
			}
			env.Setenv("CAIRN_TEST_NOW", "2026-11-23T10:00:00Z")
			env.Setenv("SAMPLE", at)
			env.Values[jobsKey{}] = jobs{}
			if setup != nil {
				if err := setup(env); err != nil {
					return err
				}
			}
			return os.Mkdir(filepath.Join(env.WorkDir, ".home"), 0o755)
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "served", "cluster":
				return how == cond, nil
			case "root":
				return os.Geteuid() == 0, nil
			case "mount":
				// A mount of one's own, as root or as a mapped one.
				return exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "none", os.TempDir()).Run() == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"cairn": func(ts *testscript.TestScript, neg bool, args []string) {
				exits(ts, neg, append([]string{"0", "cairn"}, args...))
			},
			"exits":       exits,
			"json":        jsonCheck,
			"linesdiffer": linesDiffer,
			"bytesdiffer": bytesDiffer,
			"logend":      logEnd,
			"hold":        hold,
			"serverat":    serverAt,
			"newer":       newer,
			"forge":       forge,
			"generate":    generate,
			"begin":       begin,
			"waitfor":     waitFor,
			"interrupt":   interrupt,
			"jetstream":   jetStream,
		},
	})
}

func usage(ts *testscript.TestScript, ok bool, form string) {
	if !ok {
		ts.Fatalf("usage: %s", form)
	}
}

// exits runs a program that must end with this very exit code. "cairn ARGS" is
// short for "exits 0 cairn ARGS".
func exits(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) >= 2, "exits CODE PROGRAM ARGS...")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	got := 0
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("%s: exit code %d, want %d", args[1], got, want)
	}
}

// jsonCheck compares one place in the JSON of a file (or stdout, stderr) with a
// string or with JSON. A path is keys and indexes with dots, len is the
// length of a list; where a file holds several documents, they are a list.
func jsonCheck(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, len(args) == 3, "[!] json FILE PATH WANT")
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	dec.UseNumber()
	var docs []any
	for dec.More() {
		var doc any
		ts.Check(dec.Decode(&doc))
		docs = append(docs, doc)
	}
	var at any = docs
	if len(docs) == 1 {
		at = docs[0]
	}
	for _, step := range strings.Split(args[1], ".") {
		switch in := at.(type) {
		case map[string]any:
			value, ok := in[step]
			if !ok {
				ts.Fatalf("%s: no %q", args[1], step)
			}
			at = value
		case []any:
			if step == "len" {
				at = len(in)
				continue
			}
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(in) || -i > len(in) {
				ts.Fatalf("%s: no %q in a list of %d", args[1], step, len(in))
			}
			at = in[(i+len(in))%len(in)]
		default:
			ts.Fatalf("%s: nothing below %v", args[1], at)
		}
	}
	got, isString := at.(string)
	want := args[2]
	if !isString {
		got = compact(ts, at)
		var doc any
		dec := json.NewDecoder(strings.NewReader(want))
		dec.UseNumber()
		if dec.Decode(&doc) == nil {
			want = compact(ts, doc)
		}
	}
	if (got == want) == neg {
		ts.Fatalf("%s: got %s, want %s", args[1], got, want)
	}
}

// compact returns one form of a value in JSON, with sorted keys.
func compact(ts *testscript.TestScript, v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	ts.Check(enc.Encode(v))
	return strings.TrimSuffix(b.String(), "\n")
}

// linesDiffer checks which lines of two files with as many lines differ.
func linesDiffer(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "linesdiffer FILE1 FILE2 5,7,11-17")
	a := strings.Split(ts.ReadFile(args[0]), "\n")
	b := strings.Split(ts.ReadFile(args[1]), "\n")
	if len(a) != len(b) {
		ts.Fatalf("%d and %d lines", len(a), len(b))
	}
	var got, want []int
	for i := range a {
		if a[i] != b[i] {
			got = append(got, i+1)
		}
	}
	for _, part := range strings.Split(args[2], ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.Atoi(from)
		ts.Check(err)
		last, err := strconv.Atoi(to)
		ts.Check(err)
		for n := first; n <= last; n++ {
			want = append(want, n)
		}
	}
	if !slices.Equal(got, want) {
		ts.Fatalf("lines %v differ, want %v", got, want)
	}
}

// bytesDiffer checks how many bytes of two files of one length differ.
func bytesDiffer(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "bytesdiffer FILE1 FILE2 N")
	a, b := ts.ReadFile(args[0]), ts.ReadFile(args[1])
	if len(a) != len(b) {
		ts.Fatalf("%d and %d bytes", len(a), len(b))
	}
	n := 0
	for i := range len(a) {
		if a[i] != b[i] {
			n++
		}
	}
	if strconv.Itoa(n) != args[2] {
		ts.Fatalf("%d bytes differ, want %s", n, args[2])
	}
}
