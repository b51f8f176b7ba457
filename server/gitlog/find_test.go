package gitlog_test

import (
	"errors"
	"testing"

	"cairn/server/gitlog"
)

func TestFind(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	before := r.put("other.md", "x\n", "before")
	one := r.put("todo.md", lines("a", 9), "one")
	r.git("tag", "-a", "-m", "annotated", "v1")
	quiet := r.put("other.md", "y\n", "quiet")
	r.git("mv", "todo.md", "plan.md")
	two := r.commit("rename")
	r.git("checkout", "-q", "-b", "side")
	side := r.put("plan.md", lines("a", 8), "side")
	sideQuiet := r.put("other3.md", "x\n", "side quiet")
	r.git("checkout", "-q", "main")
	quiet2 := r.put("other2.md", "x\n", "quiet 2")
	merge := r.merge("side")
	quiet3 := r.put("other2.md", "y\n", "quiet 3")
	r.git("checkout", "-q", "-b", "still", quiet)
	elsewhere := r.put("todo.md", "z\n", "elsewhere")
	r.git("checkout", "-q", "main")
	r.git("checkout", "-q", "-b", "quietside", quiet2)
	quietSide := r.put("q.md", "x\n", "quiet side")
	r.git("checkout", "-q", "main")
	r.merge("quietside")
	later := r.put("plan.md", lines("a", 7), "later")

	f := r.open("plan.md")
	for _, tc := range []struct {
		name, rev, want string
		err             error
	}{
		{name: "a version", rev: one, want: one},
		{name: "the beginning of a hash", rev: two[:7], want: two},
		{name: "an annotated tag", rev: "v1", want: one},
		{name: "a commit that did not touch the file", rev: quiet, want: one},
		{name: "one that came after a rename", rev: quiet2, want: two},
		{name: "HEAD", rev: "HEAD", want: later},
		{name: "one after the merge", rev: quiet3, want: merge},
		{name: "a branch off the spine", rev: "side", want: merge},
		{name: "a commit off the spine", rev: side, want: merge},
		{name: "a quiet commit off the spine", rev: sideQuiet, want: merge},
		{name: "a commit whose merge did not touch the file", rev: quietSide, want: merge},
		{name: "a commit that was never merged", rev: elsewhere, err: gitlog.ErrDiverged},
		{name: "a commit before the file", rev: before, err: gitlog.ErrNoHistory},
		{name: "nothing", rev: "0123abc", err: gitlog.ErrNoCommit},
		{name: "a tree", rev: "HEAD^{tree}", err: gitlog.ErrNoCommit},
		{name: "a range", rev: one + ".." + two, err: gitlog.ErrNoCommit},
		{name: "an option", rev: "--all", err: gitlog.ErrNoCommit},
		{name: "no text", rev: "", err: gitlog.ErrNoCommit},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := f.Find(t.Context(), tc.rev)
			if got != tc.want || !errors.Is(err, tc.err) || tc.err == nil && err != nil {
				t.Errorf("find %s: got %q, %v; want %q, %v", tc.rev, got, err, tc.want, tc.err)
			}
		})
	}
}
