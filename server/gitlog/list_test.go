package gitlog_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"cairn/server/gitlog"
)

func TestListAndSlice(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.put("a.md", "one", "first")
	second := r.put("a.md", "two", "second")
	f := r.open("a.md")
	h, err := f.History(t.Context(), gitlog.Range{})
	if err != nil {
		t.Fatal(err)
	}
	list := h.List()
	if len(list) != 2 || list[1].Commit != second || list[0].Subject != "first" || list[0].Content != nil {
		t.Errorf("got %+v", list)
	}
	for v, err := range h.Slice(1, 2).Versions(t.Context()) {
		if err != nil || string(v.Content) != "two" || v.Commit != second {
			t.Errorf("got %s %q, %v", v.Commit, v.Content, err)
		}
	}
	r.write("a.md", "three, not committed")
	if commit, content, err := f.Committed(t.Context()); err != nil || commit != second || string(content) != "two" {
		t.Errorf("got %s %q, %v", commit, content, err)
	}
	if _, _, err := r.open("b.md").Committed(t.Context()); !errors.Is(err, gitlog.ErrNoHistory) || !gitlog.Outside(err) {
		t.Errorf("got %v, want %v", err, gitlog.ErrNoHistory)
	}
}

// What is checked out is known without a process, wherever git keeps it.
func TestChecked(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	if got, _ := gitlog.Checked(filepath.Join(r.dir, "a.md")); got != "" {
		t.Errorf("before the first commit: got %q", got)
	}
	first := r.put("a.md", "one", "first")
	second := r.put("a.md", "two", "second")
	for _, name := range []string{"a.md", "no/such/file"} {
		if got, _ := gitlog.Checked(filepath.Join(r.dir, name)); got != second {
			t.Errorf("%s: got %q, want %q", name, got, second)
		}
	}
	r.git("pack-refs", "--all")
	if got, _ := gitlog.Checked(filepath.Join(r.dir, "a.md")); got != second {
		t.Errorf("packed: got %q, want %q", got, second)
	}
	linked := filepath.Join(t.TempDir(), "linked")
	r.git("worktree", "add", "-q", "-b", "linked", linked, first)
	if got, _ := gitlog.Checked(filepath.Join(linked, "a.md")); got != first {
		t.Errorf("a linked work tree: got %q, want %q", got, first)
	}
	r.write(".git/MERGE_HEAD", first)
	if _, got := gitlog.Checked(filepath.Join(r.dir, "a.md")); got != "a merge" {
		t.Errorf("got %q, want a merge", got)
	}
	if err := os.Remove(filepath.Join(r.dir, ".git", "MERGE_HEAD")); err != nil {
		t.Fatal(err)
	}
	r.git("checkout", "-q", "--detach", first)
	if got, _ := gitlog.Checked(filepath.Join(r.dir, "a.md")); got != first {
		t.Errorf("detached: got %q, want %q", got, first)
	}
	if got, _ := gitlog.Checked(filepath.Join(t.TempDir(), "a.md")); got != "" {
		t.Errorf("outside: got %q", got)
	}
}
