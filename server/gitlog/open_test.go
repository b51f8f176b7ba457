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

func TestOpenFindsTheRepository(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		// build returns the path to open
		build func(r *repo) string
		path  string
		want  []string
	}{
		{
			name: "a file in a directory",
			build: func(r *repo) string {
				r.put("docs/a b/plan.md", "a\n", "one")
				return filepath.Join(r.dir, "docs", "a b", "plan.md")
			},
			path: "docs/a b/plan.md",
			want: []string{`one | docs/a b/plan.md | "a\n"`},
		},
		{
			name: "a file whose directory is no more",
			build: func(r *repo) string {
				r.put("docs/x/plan.md", "a\n", "one")
				r.git("rm", "-q", "-r", "docs")
				r.put("other.md", "x\n", "away")
				return filepath.Join(r.dir, "docs", "x", "plan.md")
			},
			path: "docs/x/plan.md",
			want: []string{`one | docs/x/plan.md | "a\n"`, "away | docs/x/plan.md | gone"},
		},
		{
			name: "a link to the file",
			build: func(r *repo) string {
				r.put("docs/plan.md", "a\n", "one")
				link(r, "docs/plan.md", "plan.md")
				r.commit("link")
				return filepath.Join(r.dir, "plan.md")
			},
			path: "docs/plan.md",
			want: []string{`one | docs/plan.md | "a\n"`},
		},
		{
			name: "a link into the repository from without",
			build: func(r *repo) string {
				r.put("docs/plan.md", "a\n", "one")
				link(r, filepath.Join(r.dir, "docs"), "../elsewhere")
				return filepath.Join(filepath.Dir(r.dir), "elsewhere", "plan.md")
			},
			path: "docs/plan.md",
			want: []string{`one | docs/plan.md | "a\n"`},
		},
		{
			name: "a root with a newline in its name",
			build: func(r *repo) string {
				r.put("docs/plan.md", "a\n", "one")
				to := filepath.Join(filepath.Dir(r.dir), "new\nline\n")
				if err := os.Rename(r.dir, to); err != nil {
					r.t.Skip(err)
				}
				return filepath.Join(to, "docs", "plan.md")
			},
			path: "docs/plan.md",
			want: []string{`one | docs/plan.md | "a\n"`},
		},
		{
			name: "a second work tree",
			build: func(r *repo) string {
				r.put("docs/plan.md", "a\n", "one")
				r.git("worktree", "add", "-q", "-b", "side", "../tree")
				r.put("docs/plan.md", "b\n", "main")
				return filepath.Join(filepath.Dir(r.dir), "tree", "docs", "plan.md")
			},
			path: "docs/plan.md",
			want: []string{`one | docs/plan.md | "a\n"`},
		},
		{
			name: "a submodule",
			build: func(r *repo) string {
				inner := newRepo(r.t)
				inner.put("plan.md", "a\n", "inner")
				r.put("plan.md", "b\n", "outer")
				r.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.dir, "sub")
				r.commit("sub")
				return filepath.Join(r.dir, "sub", "plan.md")
			},
			path: "plan.md",
			want: []string{`inner | plan.md | "a\n"`},
		},
		{
			name: "a git directory that lies elsewhere",
			build: func(r *repo) string {
				r.put("plan.md", "a\n", "one")
				r.git("init", "-q", "--separate-git-dir", "../store")
				return filepath.Join(r.dir, "plan.md")
			},
			path: "plan.md",
			want: []string{`one | plan.md | "a\n"`},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			f, err := gitlog.Open(t.Context(), tc.build(r))
			if err != nil {
				t.Fatal(err)
			}
			if f.Path() != tc.path {
				t.Errorf("got path %q, want %q", f.Path(), tc.path)
			}
			got, err := collect(t.Context(), f, gitlog.Range{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, told(got)); diff != "" {
				t.Errorf("versions (-want +got):\n%s", diff)
			}
			if busy := f.Busy(); busy != "" {
				t.Errorf("busy: %s", busy)
			}
		})
	}
}

func TestOpenWithoutRepository(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.git("init", "-q", "--bare", "../bare.git")
	for _, path := range []string{
		filepath.Join(t.TempDir(), "plan.md"),
		filepath.Join(r.dir, ".git", "plan.md"),
		filepath.Join(filepath.Dir(r.dir), "bare.git", "plan.md"),
	} {
		if _, err := gitlog.Open(t.Context(), path); !errors.Is(err, gitlog.ErrNoRepository) {
			t.Errorf("%s: got %v, want %v", path, err, gitlog.ErrNoRepository)
		}
	}
}

func TestOpenWithoutGit(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := gitlog.Open(t.Context(), "plan.md"); !errors.Is(err, gitlog.ErrNoGit) {
		t.Errorf("got %v, want %v", err, gitlog.ErrNoGit)
	}
}

// everything builds a history with all that configuration could change: a root, a
// rename, a merge with lines that are changed in place, a signed commit.
func everything(r *repo) {
	r.t.Helper()
	r.put("todo.md", lines("a", 9), "one")
	r.git("mv", "todo.md", "plan.md")
	r.commit("rename")
	r.git("checkout", "-q", "-b", "side")
	r.put("plan.md", "first\n"+strings.Replace(lines("a", 9), "[ ]", "[x]", 4), "side")
	r.git("checkout", "-q", "main")
	r.put("other.md", "x\n", "main")
	r.merge("side")
	r.put("plan.md", "last\n", "signed")
	unsigned := r.git("cat-file", "commit", "HEAD")
	signed := strings.Replace(unsigned, "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\n", 1)
	r.write("../signed", signed+"\n")
	r.git("reset", "-q", "--hard", r.git("hash-object", "-t", "commit", "-w", "../signed"))
}

// observe returns all that the package says about plan.md.
func observe(r *repo) []any {
	r.t.Helper()
	f := r.open("plan.md")
	all, err := collect(r.t.Context(), f, gitlog.Range{})
	if err != nil {
		r.t.Fatal(err)
	}
	seen := []any{told(all)}
	for _, v := range all {
		s, err := f.Sources(r.t.Context(), v)
		if err != nil {
			r.t.Fatal(err)
		}
		at, err := f.Find(r.t.Context(), v.Commit[:9])
		if err != nil {
			r.t.Fatal(err)
		}
		seen = append(seen, s, at, v.Commit, v.Author, v.Committed)
	}
	return append(seen, f.Busy())
}

func TestConfigurationChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	everything(r)
	want := observe(r)
	side := r.git("rev-parse", "side")
	r.write("../ignored", side+"\n")
	r.write("../gpg", "#!/bin/sh\necho '[GNUPG:] NODATA 1'\necho 'gpg: no signature' >&2\n")
	if err := os.Chmod(filepath.Join(r.dir, "../gpg"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.write(".git/info/attributes", "*.md diff=upper\n")
	r.git("replace", r.git("rev-parse", "HEAD"), r.git("rev-parse", "HEAD~1"))
	r.write(".git/info/grafts", r.git("rev-parse", "HEAD~1")+"\n")
	r.write(".mailmap", "Other <other@example.com> <ada@example.com>\n")
	for _, setting := range [][2]string{
		{"log.follow", "true"},
		{"log.showSignature", "true"},
		{"log.date", "relative"},
		{"log.decorate", "full"},
		{"log.diffMerges", "off"},
		{"log.abbrevCommit", "true"},
		{"log.showRoot", "false"},
		{"log.mailmap", "true"},
		{"mailmap.file", filepath.Join(r.dir, ".mailmap")},
		{"format.pretty", "oneline"},
		{"i18n.logOutputEncoding", "UTF-16"},
		{"diff.renames", "copies"},
		{"diff.renameLimit", "1"},
		{"diff.orderFile", "/nowhere"},
		{"diff.noprefix", "true"},
		{"diff.relative", "true"},
		{"diff.algorithm", "patience"},
		{"diff.upper.textconv", "echo one line; true"},
		{"diff.external", "false"},
		{"color.ui", "always"},
		{"core.pager", "false"},
		{"core.quotePath", "true"},
		{"core.abbrev", "4"},
		{"gpg.program", filepath.Join(filepath.Dir(r.dir), "gpg")},
		{"pager.log", "true"},
		{"blame.ignoreRevsFile", filepath.Join(filepath.Dir(r.dir), "ignored")},
		{"blame.markIgnoredLines", "true"},
		{"blame.showRoot", "false"},
		{"blame.blankBoundary", "true"},
		{"blame.date", "relative"},
	} {
		r.git("config", setting[0], setting[1])
	}
	if diff := cmp.Diff(want, observe(r)); diff != "" {
		t.Errorf("with configuration (-without +with):\n%s", diff)
	}
}

// Not parallel: it sets the environment of the process.
func TestEnvironmentChangesNothing(t *testing.T) {
	r := newRepo(t)
	everything(r)
	want := observe(r)
	for name, value := range map[string]string{
		"GIT_DIR":              t.TempDir(),
		"GIT_WORK_TREE":        t.TempDir(),
		"GIT_INDEX_FILE":       filepath.Join(t.TempDir(), "index"),
		"GIT_PREFIX":           "docs/",
		"GIT_OBJECT_DIRECTORY": t.TempDir(),
		"GIT_COMMON_DIR":       t.TempDir(),
		"GIT_GLOB_PATHSPECS":   "1",
		"GIT_NAMESPACE":        "x",
		"GIT_TRACE":            "1",
		"GIT_EXTERNAL_DIFF":    "false",
		"GIT_PAGER":            "false",
		"LANGUAGE":             "de",
		"LC_ALL":               "de_DE.UTF-8",
	} {
		t.Setenv(name, value)
	}
	f := filepath.Join(r.dir, "plan.md")
	if _, err := gitlog.Open(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	// The repository's own helpers set their environment themselves.
	if diff := cmp.Diff(want, observe(r)); diff != "" {
		t.Errorf("with environment (-without +with):\n%s", diff)
	}
}
