package gitlog_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/server/gitlog"
)

func TestHeadHoldsWhatIsCommitted(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.git("init", "-q", "-b", "main", "--object-format="+format, "sub")
			r.dir = filepath.Join(r.dir, "sub")
			f := r.open("plan.md")
			if head, err := f.Head(t.Context()); err != nil || head.Commit != "" || head.Holds(nil) {
				t.Errorf("before the first commit: got %+v, %v", head, err)
			}
			commit := r.put("plan.md", "a\n", "one")
			head, err := f.Head(t.Context())
			if err != nil || head.Commit != commit {
				t.Errorf("got %+v, %v, want %s", head, err, commit)
			}
			if !head.Holds([]byte("a\n")) || head.Holds([]byte("a")) {
				t.Errorf("holds the committed bytes: %t, others: %t", head.Holds([]byte("a\n")), head.Holds([]byte("a")))
			}
			if got, err := collect(t.Context(), f, gitlog.Range{}); err != nil || len(got) != 1 || got[0].Commit != commit {
				t.Errorf("got %v, %v", got, err)
			}
			head, err = r.open("none.md").Head(t.Context())
			if err != nil || head.Commit != commit || head.Holds(nil) || head.Holds([]byte{}) {
				t.Errorf("a file that is not committed: got %+v, %v", head, err)
			}
		})
	}
}

func TestBusySaysWhatGitIsInTheMiddleOf(t *testing.T) {
	t.Parallel()
	conflict := func(r *repo) {
		r.put("plan.md", "a\n", "one")
		r.git("checkout", "-q", "-b", "side")
		r.put("plan.md", "b\n", "side")
		r.git("checkout", "-q", "main")
		r.put("plan.md", "c\n", "main")
	}
	for _, tc := range []struct {
		name  string
		begin func(r *repo)
		want  string
	}{
		{"nothing", func(*repo) {}, ""},
		{"a merge", func(r *repo) { _, _ = r.try("merge", "side") }, "a merge"},
		{"a rebase", func(r *repo) { _, _ = r.try("rebase", "side") }, "a rebase"},
		{"a rebase by patches", func(r *repo) { _, _ = r.try("rebase", "--apply", "side") }, "a rebase"},
		{"a cherry-pick", func(r *repo) { _, _ = r.try("cherry-pick", "side") }, "a cherry-pick"},
		{"a revert", func(r *repo) { _, _ = r.try("revert", "--no-edit", "HEAD~") }, "a revert"},
		{"a bisect", func(r *repo) { r.git("bisect", "start") }, "a bisect"},
		{"a command", func(r *repo) { r.write(".git/index.lock", "") }, "another command"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			conflict(r)
			tc.begin(r)
			if got := r.open("plan.md").Busy(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestBusyIsOfOneWorkTree(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.put("plan.md", "a\n", "one")
	r.git("branch", "side")
	r.git("worktree", "add", "-q", "../tree", "side")
	other := *r
	other.dir = filepath.Join(filepath.Dir(r.dir), "tree")
	other.put("plan.md", "b\n", "side")
	r.put("plan.md", "c\n", "main")
	_, _ = other.try("merge", "main")
	if got := other.open("plan.md").Busy(); got != "a merge" {
		t.Errorf("in the work tree of the merge: got %q", got)
	}
	if got := r.open("plan.md").Busy(); got != "" {
		t.Errorf("in the other: got %q", got)
	}
}

func TestConflictHasThreeSides(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.put("d/plan.md", "a\n", "one")
	r.put("gone.md", lines("x", 3), "two")
	r.git("checkout", "-q", "-b", "side")
	r.put("d/plan.md", "", "side")
	r.put("new.md", "theirs\n", "side 2")
	r.put("gone.md", lines("y", 3), "side 3")
	r.git("checkout", "-q", "main")
	r.put("d/plan.md", "c\n", "main")
	r.put("new.md", "ours\n", "main 2")
	r.git("rm", "-q", "gone.md")
	r.commit("main 3")
	if _, ok, err := r.open("d/plan.md").Conflict(t.Context()); ok || err != nil {
		t.Fatalf("before the merge: got %t, %v", ok, err)
	}
	if out, err := r.try("merge", "side"); err == nil {
		t.Fatalf("no conflict: %s", out)
	}
	for path, want := range map[string]gitlog.Conflict{
		"d/plan.md": {Base: []byte("a\n"), Ours: []byte("c\n"), Theirs: []byte{}},
		"new.md":    {Ours: []byte("ours\n"), Theirs: []byte("theirs\n")},
		"gone.md":   {Base: []byte(lines("x", 3)), Theirs: []byte(lines("y", 3))},
	} {
		got, ok, err := r.open(path).Conflict(t.Context())
		if err != nil || !ok {
			t.Errorf("%s: got %t, %v", path, ok, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestShallowClone(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.put("plan.md", "a\n", "one")
	first := r.git("rev-parse", "HEAD")
	r.put("plan.md", "b\n", "two")
	second := r.git("rev-parse", "HEAD")
	r.put("plan.md", "c\n", "three")
	dir := filepath.Join(t.TempDir(), "clone")
	r.git("clone", "-q", "--depth=2", "file://"+r.dir, dir)
	shallow := *r
	shallow.dir = dir
	f := shallow.open("plan.md")
	if is, err := f.Shallow(t.Context()); err != nil || !is {
		t.Errorf("shallow: got %t, %v", is, err)
	}
	if is, err := r.open("plan.md").Shallow(t.Context()); err != nil || is {
		t.Errorf("shallow, the whole repository: got %t, %v", is, err)
	}
	for _, in := range []gitlog.Range{{}, {After: first}} {
		_, err := f.History(t.Context(), in)
		if !errors.Is(err, gitlog.ErrShallow) || !strings.Contains(err.Error(), "git fetch --unshallow") {
			t.Errorf("%+v: got %v", in, err)
		}
	}
	for _, tc := range []struct {
		in   gitlog.Range
		want []string
	}{
		{gitlog.Range{After: second}, []string{`three | plan.md | "c\n"`}},
		{gitlog.Range{Shallow: true}, []string{`two | plan.md | "b\n"`, `three | plan.md | "c\n"`}},
	} {
		got, err := collect(t.Context(), f, tc.in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, told(got)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tc.in, diff)
		}
	}
}

func TestPartialClone(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.put("plan.md", lines("a", 9), "one")
	r.put("plan.md", lines("b", 9), "two")
	r.git("config", "uploadpack.allowFilter", "true")
	dir := filepath.Join(t.TempDir(), "clone")
	r.git("clone", "-q", "--filter=blob:none", "file://"+r.dir, dir)
	partial := *r
	partial.dir = dir
	partial.git("config", "protocol.file.allow", "always")
	_, err := collect(t.Context(), partial.open("plan.md"), gitlog.Range{})
	if !errors.Is(err, gitlog.ErrPartial) {
		t.Errorf("got %v, want %v", err, gitlog.ErrPartial)
	}
	if out, err := os.ReadDir(filepath.Join(dir, ".git", "objects", "pack")); err != nil || len(out) == 0 {
		t.Errorf("packs: %v, %v", out, err)
	}
	if out := partial.git("rev-list", "--all", "--objects", "--missing=print"); !strings.Contains(out, "?") {
		t.Errorf("the missing content was fetched")
	}
}
