package gitlog_test

import (
	"context"
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
	// What the package runs gets the environment of the process.
	for name, value := range isolation {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// isolation keeps the configuration of whoever runs the tests out of them.
var isolation = map[string]string{"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_SYSTEM": os.DevNull}

// repo is a repository that a test builds. Each commit is a minute later than the
// one before and made by author.
type repo struct {
	t      testing.TB
	dir    string
	author string // "Ada <ada@example.com>"
	now    time.Time
	env    []string
}

func newRepo(t testing.TB) *repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	r := &repo{
		t:      t,
		dir:    filepath.Join(t.TempDir(), "repo"),
		author: "Ada <ada@example.com>",
		now:    time.Date(2026, 3, 1, 9, 0, 0, 0, time.FixedZone("", 3600)),
	}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "-b", "main")
	return r
}

// git runs git in the repository and returns what it printed.
func (r *repo) git(args ...string) string {
	r.t.Helper()
	out, err := r.try(args...)
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSuffix(out, "\n")
}

func (r *repo) try(args ...string) (string, error) {
	name, mail, _ := strings.Cut(strings.TrimSuffix(r.author, ">"), " <")
	cmd := exec.CommandContext(r.t.Context(), "git", args...)
	cmd.Dir = r.dir
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + r.dir,
		"LC_ALL=C",
		"GIT_AUTHOR_NAME=" + name, "GIT_AUTHOR_EMAIL=" + mail,
		"GIT_COMMITTER_NAME=Carl", "GIT_COMMITTER_EMAIL=carl@example.com",
		"GIT_AUTHOR_DATE=" + r.now.Format("2006-01-02T15:04:05Z07:00"),
		"GIT_COMMITTER_DATE=" + r.now.Add(time.Second).Format("2006-01-02T15:04:05Z07:00"),
		"GIT_MERGE_AUTOEDIT=no",
	}, r.env...)
	for name, value := range isolation {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// write gives the file at path this content.
func (r *repo) write(path, content string) {
	r.t.Helper()
	path = filepath.Join(r.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// commit commits all of the work tree and returns the hash.
func (r *repo) commit(subject string) string {
	r.t.Helper()
	r.now = r.now.Add(time.Minute)
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", subject)
	return r.git("rev-parse", "HEAD")
}

// put writes a file and commits it.
func (r *repo) put(path, content, subject string) string {
	r.t.Helper()
	r.write(path, content)
	return r.commit(subject)
}

// merge merges a branch with a merge commit, as Mia, and returns the hash.
func (r *repo) merge(branch string, args ...string) string {
	r.t.Helper()
	r.now = r.now.Add(time.Minute)
	author := r.author
	r.author = "Mia <mia@example.com>"
	r.git(append([]string{"merge", "-q", "--no-ff", "-m", "merge " + branch, branch}, args...)...)
	r.author = author
	return r.git("rev-parse", "HEAD")
}

// open opens a file of the repository.
func (r *repo) open(path string) *gitlog.File {
	r.t.Helper()
	f, err := gitlog.Open(r.t.Context(), filepath.Join(r.dir, path))
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

// collect reads all versions.
func collect(ctx context.Context, f *gitlog.File, r gitlog.Range) ([]gitlog.Version, error) {
	h, err := f.History(ctx, r)
	if err != nil {
		return nil, err
	}
	var all []gitlog.Version
	for v, err := range h.Versions(ctx) {
		if err != nil {
			return all, err
		}
		all = append(all, v)
	}
	if len(all) != h.Len() {
		return all, fmt.Errorf("history has %d versions, Len is %d", len(all), h.Len())
	}
	return all, nil
}

// told returns one line a version: its subject, path and content.
func told(versions []gitlog.Version) []string {
	lines := []string{}
	for _, v := range versions {
		content := fmt.Sprintf("%q", v.Content)
		if v.Gone {
			content = "gone"
		}
		lines = append(lines, strings.Join([]string{v.Subject, v.Path, content}, " | "))
	}
	return lines
}

// lines returns n lines that resemble nothing else of another seed.
func lines(seed string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "- [ ] %s %d %s\n", seed, i, strings.Repeat(seed, 3))
	}
	return b.String()
}
