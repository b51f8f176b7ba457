package gitlog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"cairn/server/gitlog"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"} {
		os.Setenv(name, os.DevNull)
	}
	goleak.VerifyTestMain(m)
}

// repo is a repository to build a history in; its clock goes on by an hour a
// commit.
type repo struct {
	*testing.T
	dir string
	at  time.Time
}

func newRepo(t *testing.T) *repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	r := &repo{t, filepath.Join(t.TempDir(), "a repo"), time.Date(2026, 1, 5, 10, 0, 0, 0, time.FixedZone("", 2*3600))}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "-b", "main")
	return r
}

func (r *repo) git(args ...string) string {
	r.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	when := r.at.Format(time.RFC3339)
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_DATE="+when, "GIT_COMMITTER_DATE="+when, "GIT_COMMITTER_NAME=C", "GIT_COMMITTER_EMAIL=c@example.com",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r *repo) write(name, content string) {
	r.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		r.Fatal(err)
	}
}

// commit commits everything, by author.
func (r *repo) commit(author, subject string) string {
	r.Helper()
	r.at = r.at.Add(time.Hour)
	r.git("add", "-A")
	r.git("commit", "-q", "--author", author+" <"+strings.ToLower(author)+"@example.com>", "-m", subject)
	return r.git("rev-parse", "HEAD")
}

func (r *repo) open(name string) *gitlog.File {
	r.Helper()
	f, err := gitlog.Open(r.Context(), filepath.Join(r.dir, name))
	if err != nil {
		r.Fatal(err)
	}
	return f
}

// told lists versions as "subject path bytes" or "subject gone".
func told(t *testing.T, f *gitlog.File, rg gitlog.Range) []string {
	t.Helper()
	var list []string
	for v, err := range f.Versions(t.Context(), rg) {
		if err != nil {
			t.Fatal(err)
		}
		s := fmt.Sprintf("%s %s %q", v.Subject, v.Path, v.Content)
		if v.Gone {
			s = v.Subject + " gone"
		}
		list = append(list, s)
	}
	return list
}

func equal(t *testing.T, got, want []string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("plan ä.md", "- [ ] a\n")
	r.commit("Ada", "one")
	r.write("other", "x")
	r.commit("Ada", "other")
	r.git("checkout", "-q", "-b", "side")
	r.write("plan ä.md", "- [ ] a\n- [ ] b\n")
	side := r.commit("Bob", "two")
	r.git("checkout", "-q", "main")
	r.write("other", "y")
	r.commit("Ada", "other")
	r.at = r.at.Add(time.Hour)
	r.git("merge", "-q", "--no-ff", "-m", "merge", "side")
	r.git("mv", "--", "plan ä.md", "-q.md")
	renamed := r.commit("Ada", "rename")
	r.git("rm", "-q", "--", "-q.md")
	r.commit("Ada", "away")
	r.write("-q.md", "- [x] a\n")
	r.commit("Ada", "again")
	r.git("update-index", "--chmod=+x", "--", "-q.md")
	r.git("commit", "-q", "-m", "mode")

	f := r.open("-q.md")
	equal(t, told(t, f, gitlog.Range{}), []string{
		`one plan ä.md "- [ ] a\n"`, `merge plan ä.md "- [ ] a\n- [ ] b\n"`, `rename -q.md "- [ ] a\n- [ ] b\n"`, "away gone", `again -q.md "- [x] a\n"`,
	})
	equal(t, told(t, f, gitlog.Range{After: renamed}), []string{"away gone", `again -q.md "- [x] a\n"`})
	equal(t, told(t, f, gitlog.Range{Rev: renamed, Since: r.at.Add(-2 * time.Hour)}), []string{`merge plan ä.md "- [ ] a\n- [ ] b\n"`, `rename -q.md "- [ ] a\n- [ ] b\n"`}[1:])

	list, err := f.List(t.Context(), gitlog.Range{})
	if err != nil {
		t.Fatal(err)
	}
	merge := list[1]
	if !merge.Merge {
		t.Error("the merge is none")
	}
	lines, rest, err := f.Brought(t.Context(), merge)
	if err != nil || len(lines) != 2 || lines[0] != nil || lines[1] == nil || lines[1].Name != "Bob" || lines[1].Commit != side || rest.Name != "Bob" {
		t.Errorf("got %v, %v, %v, want the second line and the rest by Bob", lines, rest, err)
	}
	if want := time.Date(2026, 1, 5, 13, 0, 0, 0, time.FixedZone("", 2*3600)); !lines[1].Time.Equal(want) || lines[1].Time.Format("-0700") != "+0200" {
		t.Errorf("got %v, want %v", lines[1].Time, want)
	}
	for rev, want := range map[string]string{side[:9]: merge.Commit, renamed[:12]: renamed, "HEAD~1": list[4].Commit} {
		if got, err := f.Find(t.Context(), rev); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", rev, got, err, want)
		}
	}
	for _, rev := range []string{"beef1234", "--all", ""} {
		if _, err := f.Find(t.Context(), rev); !errors.Is(err, gitlog.ErrNoCommit) {
			t.Errorf("%q: got %v, want %v", rev, err, gitlog.ErrNoCommit)
		}
	}
	for name, want := range map[string]string{"-q.md": r.git("rev-parse", "HEAD"), "nothing/here": r.git("rev-parse", "HEAD")} {
		if got := gitlog.Checked(filepath.Join(r.dir, name)); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	r.git("pack-refs", "--all")
	if got, want := gitlog.Checked(filepath.Join(r.dir, "x")), r.git("rev-parse", "HEAD"); got != want {
		t.Errorf("packed: got %q, want %q", got, want)
	}
	linked := filepath.Join(t.TempDir(), "linked")
	r.git("worktree", "add", "-q", "-b", "linked", linked, renamed)
	if got := gitlog.Checked(filepath.Join(linked, "x")); got != renamed {
		t.Errorf("a linked work tree: got %q, want %q", got, renamed)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	if _, err := gitlog.Open(t.Context(), filepath.Join(t.TempDir(), "plan.md")); !errors.Is(err, gitlog.ErrNoRepository) {
		t.Errorf("got %v, want %v", err, gitlog.ErrNoRepository)
	}
	r := newRepo(t)
	if _, err := r.open("plan.md").List(t.Context(), gitlog.Range{}); !errors.Is(err, gitlog.ErrNoCommit) {
		t.Errorf("no commit at all: got %v, want %v", err, gitlog.ErrNoCommit)
	}
	r.write("a", "a")
	r.commit("Ada", "one")
	r.write("a", "b")
	r.commit("Ada", "two")
	if _, err := r.open("plan.md").List(t.Context(), gitlog.Range{}); !errors.Is(err, gitlog.ErrNoHistory) {
		t.Errorf("got %v, want %v", err, gitlog.ErrNoHistory)
	}
	shallow := filepath.Join(t.TempDir(), "shallow")
	r.git("clone", "-q", "--depth", "1", "file://"+r.dir, shallow)
	f, err := gitlog.Open(t.Context(), filepath.Join(shallow, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.List(t.Context(), gitlog.Range{}); !errors.Is(err, gitlog.ErrShallow) {
		t.Errorf("got %v, want %v", err, gitlog.ErrShallow)
	}
	if list, err := f.List(t.Context(), gitlog.Range{Shallow: true}); err != nil || len(list) != 1 {
		t.Errorf("got %d, %v, want one version", len(list), err)
	}
}

// Whoever stops leaves no process and no goroutine behind.
func TestBreak(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	for i := range 5 {
		r.write("a", strings.Repeat(fmt.Sprint(i, "\n"), 100_000))
		r.commit("Ada", "more")
	}
	f := r.open("a")
	for range f.Versions(t.Context(), gitlog.Range{}) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range f.Versions(ctx, gitlog.Range{}) {
		if n++; err != nil {
			return
		}
		cancel()
	}
	t.Errorf("got %d versions after the end", n)
}

// A hook's environment is about another repository.
func TestEnvironmentOfAHook(t *testing.T) {
	r := newRepo(t)
	r.write("a", "a")
	r.commit("Ada", "one")
	other := newRepo(t)
	t.Setenv("GIT_DIR", filepath.Join(other.dir, ".git"))
	t.Setenv("GIT_WORK_TREE", other.dir)
	equal(t, told(t, r.open("a"), gitlog.Range{}), []string{`one a "a"`})
}

func TestBusy(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "a")
	r.commit("Ada", "one")
	f := r.open("a")
	if got := f.Busy(); got != "" {
		t.Errorf("got %q at rest", got)
	}
	r.write(".git/index.lock", "")
	if got := f.Busy(); got != "a command" {
		t.Errorf("got %q, want a command", got)
	}
}

// The histories of real checklists: the commits that changed the file, with
// their authors and dates.
func TestHistories(t *testing.T) {
	t.Parallel()
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "histories"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Skip("no histories here: ", err)
	}
	var expected map[string]struct {
		Paths  []string
		Series []struct{ Commit, Date, Author string }
	}
	if err := json.Unmarshal(b, &expected); err != nil {
		t.Fatal(err)
	}
	for name, want := range expected {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var err error
			clone := filepath.Join(t.TempDir(), name)
			if out, err := exec.Command("git", "clone", "-q", filepath.Join(dir, name+".bundle"), clone).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var f *gitlog.File
			for i := len(want.Paths) - 1; i >= 0; i-- { // the last name that the history knows
				if f, err = gitlog.Open(t.Context(), filepath.Join(clone, want.Paths[i])); err != nil {
					t.Fatal(err)
				}
				if _, err := f.List(t.Context(), gitlog.Range{}); err == nil {
					break
				}
			}
			at := make(map[string]int)
			for i, s := range want.Series {
				at[s.Commit] = i
			}
			last, n := -1, 0
			for v, err := range f.Versions(t.Context(), gitlog.Range{}) {
				if err != nil {
					t.Fatal(err)
				}
				i, ok := at[v.Commit]
				if !ok || i <= last {
					t.Errorf("%s is not in the series, or out of order", v.Commit)
					continue
				}
				last, n = i, n+1
				if s := want.Series[i]; s.Author != v.Author.Name || s.Date != v.Author.Time.Format(time.RFC3339) && s.Date != v.Author.Time.Format("2006-01-02T15:04:05-07:00") {
					t.Errorf("%s: got %s, %s, want %s, %s", v.Commit, v.Author.Name, v.Author.Time, s.Author, s.Date)
				}
			}
			t.Logf("%d versions, %d in the series", n, len(want.Series))
			if n*10 < len(want.Series)*8 {
				t.Errorf("got %d versions of %d commits", n, len(want.Series))
			}
		})
	}
}
