package gitlog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/server/gitlog"
)

func TestSources(t *testing.T) {
	t.Parallel()
	// Each table entry builds a history whose last version is looked at. Commits
	// are named by their subjects.
	for _, tc := range []struct {
		name  string
		build func(r *repo) gitlog.Range
		want  string // subject of each line's source, "-" for none; then the other
	}{
		{
			name: "a commit of its own is its only source",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\nb\n", "one")
				return gitlog.Range{}
			},
			want: "; one",
		},
		{
			name: "lines of a merge come from the commits that brought them",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", lines("a", 9), "one")
				r.git("checkout", "-q", "-b", "side")
				r.author = "Sue <sue@example.com>"
				r.put("plan.md", "first\n"+lines("a", 9), "side 1")
				r.author = "Tom <tom@example.com>"
				r.put("plan.md", "first\n"+lines("a", 9)+"last", "side 2")
				r.put("other.md", "x\n", "side 3")
				r.git("checkout", "-q", "main")
				r.put("other2.md", "x\n", "main")
				r.merge("side")
				return gitlog.Range{}
			},
			want: "side 1 - - - - - - - - - side 2; side 2",
		},
		{
			name: "a removal comes from the last commit that touched the file",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\nb\nc\n", "one")
				r.git("checkout", "-q", "-b", "side")
				r.put("plan.md", "a\nc\n", "side")
				r.put("other.md", "x\n", "other")
				r.git("checkout", "-q", "main")
				r.merge("side")
				return gitlog.Range{}
			},
			want: "- -; side",
		},
		{
			name: "a deletion too",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				r.git("checkout", "-q", "-b", "side")
				r.git("rm", "-q", "plan.md")
				r.commit("side")
				r.git("checkout", "-q", "main")
				r.put("other.md", "x\n", "main")
				r.merge("side")
				return gitlog.Range{}
			},
			want: "; side",
		},
		{
			name: "what only the merge itself has is its own",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\nb\n", "one")
				r.git("checkout", "-q", "-b", "side")
				r.put("other.md", "x\n", "side")
				r.git("checkout", "-q", "main")
				r.put("other2.md", "x\n", "main")
				r.merge("side", "--no-commit")
				r.put("plan.md", "a\nevil\n", "evil")
				return gitlog.Range{}
			},
			want: "- evil; evil",
		},
		{
			name: "a branch that renamed the file",
			build: func(r *repo) gitlog.Range {
				r.put("todo.md", lines("a", 9), "one")
				r.git("checkout", "-q", "-b", "side")
				r.put("todo.md", "first\n"+lines("a", 9), "side 1")
				r.git("mv", "todo.md", "plan.md")
				r.commit("side 2")
				r.git("checkout", "-q", "main")
				r.put("other.md", "x\n", "main")
				r.merge("side")
				return gitlog.Range{}
			},
			want: "side 1 - - - - - - - - -; side 2",
		},
		{
			name: "a branch from before a rename",
			build: func(r *repo) gitlog.Range {
				r.put("todo.md", lines("a", 9), "one")
				r.git("checkout", "-q", "-b", "side")
				r.put("todo.md", lines("a", 8), "side")
				r.git("checkout", "-q", "main")
				r.git("mv", "todo.md", "plan.md")
				r.commit("rename")
				r.merge("side")
				return gitlog.Range{}
			},
			want: "- - - - - - - -; side",
		},
		{
			name: "a branch from before a rename, after a commit before it",
			build: func(r *repo) gitlog.Range {
				r.put("todo.md", lines("a", 9), "one")
				r.git("checkout", "-q", "-b", "side")
				r.put("todo.md", lines("a", 8), "side")
				r.git("checkout", "-q", "main")
				r.git("mv", "todo.md", "plan.md")
				r.commit("rename")
				r.merge("side")
				return gitlog.Range{After: "HEAD~2"}
			},
			want: "- - - - - - - -; side",
		},
		{
			name: "a file that a branch with a root of its own brings",
			build: func(r *repo) gitlog.Range {
				r.put("other.md", "x\n", "one")
				r.git("checkout", "-q", "--orphan", "side")
				r.git("rm", "-q", "-rf", ".")
				r.put("plan.md", "a\n", "root")
				r.put("plan.md", "a\nb\n", "second")
				r.git("checkout", "-q", "main")
				r.merge("side", "--allow-unrelated-histories")
				return gitlog.Range{}
			},
			want: "root second; second",
		},
		{
			name: "several branches in one merge",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "", "one")
				r.git("checkout", "-q", "-b", "side1")
				r.put("other1.md", "x\n", "side 1")
				r.git("checkout", "-q", "main")
				r.git("checkout", "-q", "-b", "side2")
				r.put("plan.md", lines("b", 2), "side 2")
				r.git("checkout", "-q", "main")
				r.put("other2.md", "x\n", "main")
				r.merge("side1", "side2")
				return gitlog.Range{}
			},
			want: "side 2 side 2; side 2",
		},
		{
			name: "what the spine brought to a branch that was followed until it was merged",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", lines("a", 9), "one")
				r.git("checkout", "-q", "-b", "side")
				after := r.put("plan.md", lines("a", 9)+"side\n", "side")
				r.git("checkout", "-q", "main")
				r.put("plan.md", "main\n"+lines("a", 9), "main")
				r.put("other.md", "x\n", "other")
				r.merge("side")
				return gitlog.Range{After: after}
			},
			want: "main - - - - - - - - - -; main",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			in := tc.build(r)
			f := r.open("plan.md")
			all, err := collect(t.Context(), f, in)
			if err != nil {
				t.Fatal(err)
			}
			v := all[len(all)-1]
			s, err := f.Sources(t.Context(), v)
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, source := range s.Lines {
				told = append(told, tell(r, source))
			}
			if got := strings.Join(told, " ") + "; " + tell(r, s.Other); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if n := len(slices.Collect(strings.Lines(string(v.Content)))); v.Merge && len(s.Lines) != n {
				t.Errorf("%d lines have sources, content has %d", len(s.Lines), n)
			}
		})
	}
}

// tell returns the subject of the source's commit, and checks its author.
func tell(r *repo, s gitlog.Source) string {
	r.t.Helper()
	if s.Commit == "" {
		if s != (gitlog.Source{}) {
			r.t.Errorf("a source without commit: %+v", s)
		}
		return "-"
	}
	want := r.git("log", "-1", "--no-mailmap", "--date=iso-strict", "--format=%an <%ae> %ad", s.Commit)
	got := s.Author.Name + " <" + s.Author.Email + "> " + s.Author.Time.Format("2006-01-02T15:04:05-07:00")
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("author of %s (-want +got):\n%s", s.Commit, diff)
	}
	return r.git("log", "-1", "--format=%s", s.Commit)
}
