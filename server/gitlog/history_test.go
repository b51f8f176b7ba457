package gitlog_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/server/gitlog"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	long := lines("alpha", 20)
	for _, tc := range []struct {
		name  string
		path  string // plan.md unless told otherwise
		build func(r *repo) gitlog.Range
		want  []string
		err   error
	}{
		{
			name: "each commit that changes the file is a version, the oldest first",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				r.put("other.md", "x\n", "other")
				r.put("plan.md", "b\n", "two")
				r.commit("empty")
				return gitlog.Range{}
			},
			want: []string{`one | plan.md | "a\n"`, `two | plan.md | "b\n"`},
		},
		{
			name: "a change of the mode is none",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				r.git("update-index", "--chmod=+x", "plan.md")
				r.git("commit", "-q", "-m", "mode")
				return gitlog.Range{}
			},
			want: []string{`one | plan.md | "a\n"`},
		},
		{
			name: "dates that run backwards do not change the order",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				r.now = r.now.Add(-48 * time.Hour)
				r.put("plan.md", "b\n", "two")
				r.now = r.now.Add(-48 * time.Hour)
				r.put("plan.md", "c\n", "three")
				return gitlog.Range{}
			},
			want: []string{`one | plan.md | "a\n"`, `two | plan.md | "b\n"`, `three | plan.md | "c\n"`},
		},
		{
			name: "a file that was deleted and added again is gone in between",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				r.git("rm", "-q", "plan.md")
				r.commit("away")
				r.put("other.md", "x\n", "other")
				r.put("plan.md", "b\n", "back")
				return gitlog.Range{}
			},
			want: []string{`one | plan.md | "a\n"`, "away | plan.md | gone", `back | plan.md | "b\n"`},
		},
		{
			name: "a file that is gone at HEAD has its history",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				r.git("rm", "-q", "plan.md")
				r.commit("away")
				return gitlog.Range{}
			},
			want: []string{`one | plan.md | "a\n"`, "away | plan.md | gone"},
		},
		{
			name: "the names before are followed, also with a change of some lines",
			build: func(r *repo) gitlog.Range {
				r.put("a/b/todo.md", long, "one")
				r.git("mv", "a/b/todo.md", "TODO.md")
				r.put("TODO.md", long+"more\n", "move")
				r.git("mv", "TODO.md", "plan.md")
				r.commit("rename")
				return gitlog.Range{}
			},
			want: []string{
				told([]gitlog.Version{{Subject: "one", Path: "a/b/todo.md", Content: []byte(long)}})[0],
				told([]gitlog.Version{{Subject: "move", Path: "TODO.md", Content: []byte(long + "more\n")}})[0],
				told([]gitlog.Version{{Subject: "rename", Path: "plan.md", Content: []byte(long + "more\n")}})[0],
			},
		},
		{
			name: "a rename there and back",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				r.git("mv", "plan.md", "x.md")
				r.commit("there")
				r.git("mv", "x.md", "plan.md")
				r.commit("back")
				return gitlog.Range{}
			},
			want: []string{`one | plan.md | "a\n"`, `there | x.md | "a\n"`, `back | plan.md | "a\n"`},
		},
		{
			name: "a rename of the letters' case only",
			build: func(r *repo) gitlog.Range {
				r.put("PLAN.md", "a\n", "one")
				r.git("mv", "-f", "PLAN.md", "plan.md")
				r.commit("case")
				return gitlog.Range{}
			},
			want: []string{`one | PLAN.md | "a\n"`, `case | plan.md | "a\n"`},
		},
		{
			name: "a file that moved and left a stub behind",
			build: func(r *repo) gitlog.Range {
				r.put("TEMPLATE.md", "a\nb\nc\n"+lines("beta", 40), "one")
				r.write("TEMPLATE.md", "see plan.md for the list of all that is to be done\n"+lines("gamma", 3))
				r.put("plan.md", "a\nb\nc\n"+lines("beta", 40), "split")
				r.put("plan.md", "b\n", "two")
				return gitlog.Range{}
			},
			want: []string{
				told([]gitlog.Version{{Subject: "one", Path: "TEMPLATE.md", Content: []byte("a\nb\nc\n" + lines("beta", 40))}})[0],
				told([]gitlog.Version{{Subject: "split", Path: "plan.md", Content: []byte("a\nb\nc\n" + lines("beta", 40))}})[0],
				`two | plan.md | "b\n"`,
			},
		},
		{
			name: "a copy begins a history of its own",
			build: func(r *repo) gitlog.Range {
				r.put("TEMPLATE.md", "a\n", "template")
				r.put("plan.md", "a\n", "copy")
				return gitlog.Range{}
			},
			want: []string{`copy | plan.md | "a\n"`},
		},
		{
			name: "a commit that adds the file and deletes another is no rename",
			build: func(r *repo) gitlog.Range {
				r.put("old.md", lines("gamma", 10), "old")
				r.git("rm", "-q", "old.md")
				r.put("plan.md", "a\n", "new")
				return gitlog.Range{}
			},
			want: []string{`new | plan.md | "a\n"`},
		},
		{
			name: "a rename comes from the likeliest of a thousand files",
			build: func(r *repo) gitlog.Range {
				for i := range 1000 {
					r.write(filepath.Join("d", string(rune('a'+i%26))+time.Duration(i).String()+".txt"), lines("x", i%7))
				}
				r.put("zz/plan.md", long, "one")
				r.git("rm", "-q", "-r", ".")
				r.put("plan.md", long+"b\n", "move")
				return gitlog.Range{}
			},
			want: []string{
				told([]gitlog.Version{{Subject: "one", Path: "zz/plan.md", Content: []byte(long)}})[0],
				told([]gitlog.Version{{Subject: "move", Path: "plan.md", Content: []byte(long + "b\n")}})[0],
			},
		},
		{
			name: "a link, a directory or a submodule of this name is no file",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md/x", "x\n", "directory")
				r.git("rm", "-q", "-r", "plan.md")
				r.put("plan.md", "a\n", "file")
				r.git("rm", "-q", "plan.md")
				link(r, "x.md", "plan.md")
				r.commit("link")
				r.git("rm", "-q", "plan.md")
				r.commit("nothing")
				r.put("plan.md", "b\n", "again")
				return gitlog.Range{}
			},
			want: []string{`file | plan.md | "a\n"`, "link | plan.md | gone", `again | plan.md | "b\n"`},
		},
		{
			name: "bytes that are no text come as they are",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "\x00\xff\r\n\x01:100644\x00", "binary")
				r.put("plan.md", "", "empty")
				return gitlog.Range{}
			},
			want: []string{`binary | plan.md | "\x00\xff\r\n\x01:100644\x00"`, `empty | plan.md | ""`},
		},
		{
			name: "a name with a space, a newline, other letters and a dash",
			path: "-ünder \n\"quoted\"/*.md",
			build: func(r *repo) gitlog.Range {
				r.put("-ünder \n\"quoted\"/*.md", "a\n", "one")
				r.put("-ünder \n\"quoted\"/b.md", "b\n", "two")
				return gitlog.Range{}
			},
			want: []string{"one | -ünder \n\"quoted\"/*.md | \"a\\n\""},
		},
		{
			name: "a name with git's own magic in it is a name",
			path: ":(nosuch)**",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "b\n", "other")
				r.put(":(nosuch)**", "a\n", "one")
				return gitlog.Range{}
			},
			want: []string{"one | :(nosuch)** | \"a\\n\""},
		},
		{
			name: "a subject that looks like git's own output",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", ":100644 100644 x y M")
				r.put("plan.md", "b\n", "\x01second\tsubject")
				return gitlog.Range{}
			},
			want: []string{":100644 100644 x y M | plan.md | \"a\\n\"", "\x01second\tsubject | plan.md | \"b\\n\""},
		},
		{
			name: "what was on a branch is one version, with the merge",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\nb\nc\n", "one")
				r.git("checkout", "-q", "-b", "side")
				r.put("plan.md", "A\nb\nc\n", "side 1")
				r.put("plan.md", "A\nb\nC\n", "side 2")
				r.git("checkout", "-q", "main")
				r.put("other.md", "x\n", "main")
				r.merge("side")
				return gitlog.Range{}
			},
			want: []string{`one | plan.md | "a\nb\nc\n"`, `merge side | plan.md | "A\nb\nC\n"`},
		},
		{
			name: "a merge that leaves the file as the first parent has it is none",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				r.git("checkout", "-q", "-b", "side")
				r.put("plan.md", "b\n", "side")
				r.git("checkout", "-q", "main")
				r.put("plan.md", "c\n", "two")
				r.merge("side", "-s", "ours")
				return gitlog.Range{}
			},
			want: []string{`one | plan.md | "a\n"`, `two | plan.md | "c\n"`},
		},
		{
			name: "a merge brings a rename",
			build: func(r *repo) gitlog.Range {
				r.put("todo.md", long, "one")
				r.git("checkout", "-q", "-b", "side")
				r.git("mv", "todo.md", "plan.md")
				r.commit("rename")
				r.git("checkout", "-q", "main")
				r.put("other.md", "x\n", "main")
				r.merge("side")
				return gitlog.Range{}
			},
			want: []string{
				told([]gitlog.Version{{Subject: "one", Path: "todo.md", Content: []byte(long)}})[0],
				told([]gitlog.Version{{Subject: "merge side", Path: "plan.md", Content: []byte(long)}})[0],
			},
		},
		{
			name: "another revision than HEAD",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				r.git("tag", "v1")
				r.put("plan.md", "b\n", "two")
				return gitlog.Range{Rev: "v1"}
			},
			want: []string{`one | plan.md | "a\n"`},
		},
		{
			name: "after a commit, also one that did not touch the file",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				after := r.put("other.md", "x\n", "other")
				r.put("plan.md", "b\n", "two")
				return gitlog.Range{After: after}
			},
			want: []string{`two | plan.md | "b\n"`},
		},
		{
			name: "after HEAD is nothing, and no error",
			build: func(r *repo) gitlog.Range {
				return gitlog.Range{After: r.put("plan.md", "a\n", "one")}
			},
			want: []string{},
		},
		{
			name: "after a commit before the file",
			build: func(r *repo) gitlog.Range {
				after := r.put("other.md", "x\n", "other")
				r.put("plan.md", "a\n", "one")
				return gitlog.Range{After: after[:8]}
			},
			want: []string{`one | plan.md | "a\n"`},
		},
		{
			name: "after a commit of a branch that was merged: the merge, and what follows",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\nb\nc\n", "one")
				r.git("checkout", "-q", "-b", "side")
				after := r.put("plan.md", "a\nb\nC\n", "side")
				r.git("checkout", "-q", "main")
				r.put("plan.md", "A\nb\nc\n", "main")
				r.merge("side")
				r.put("plan.md", "d\n", "later")
				return gitlog.Range{After: after}
			},
			want: []string{`merge side | plan.md | "A\nb\nC\n"`, `later | plan.md | "d\n"`},
		},
		{
			name: "after a commit of a branch that was merged, and a rename",
			build: func(r *repo) gitlog.Range {
				r.put("todo.md", "a\nb\nc\n", "one")
				r.git("checkout", "-q", "-b", "side")
				after := r.put("todo.md", "a\nb\nC\n", "side")
				r.git("checkout", "-q", "main")
				r.put("todo.md", "A\nb\nc\n", "main")
				r.merge("side")
				r.git("mv", "todo.md", "plan.md")
				r.commit("rename")
				return gitlog.Range{After: after}
			},
			want: []string{`merge side | todo.md | "A\nb\nC\n"`, `rename | plan.md | "A\nb\nC\n"`},
		},
		{
			name: "after a commit of a branch that was merged and had all there is",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				r.git("checkout", "-q", "-b", "side")
				after := r.put("plan.md", "b\n", "side")
				r.git("checkout", "-q", "main")
				r.put("other.md", "x\n", "main")
				r.merge("side")
				r.put("plan.md", "c\n", "later")
				return gitlog.Range{After: after}
			},
			want: []string{`later | plan.md | "c\n"`},
		},
		{
			name: "after a commit of a branch whose merge took the other side",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				r.git("checkout", "-q", "-b", "side")
				after := r.put("plan.md", "b\n", "side")
				r.git("checkout", "-q", "main")
				r.put("plan.md", "c\n", "main")
				r.merge("side", "-s", "ours")
				return gitlog.Range{After: after}
			},
			want: []string{`merge side | plan.md | "c\n"`},
		},
		{
			name: "after a commit that a rebase left behind",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				after := r.put("plan.md", "b\n", "two")
				r.git("reset", "-q", "--hard", "HEAD~")
				r.put("plan.md", "c\n", "anew")
				return gitlog.Range{After: after}
			},
			err: gitlog.ErrDiverged,
		},
		{
			name: "after nothing that there is",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				return gitlog.Range{After: "0123456789012345678901234567890123456789"}
			},
			err: gitlog.ErrNoCommit,
		},
		{
			name: "a revision that is an option",
			build: func(r *repo) gitlog.Range {
				r.put("plan.md", "a\n", "one")
				return gitlog.Range{Rev: "--all"}
			},
			err: gitlog.ErrNoCommit,
		},
		{
			name: "an untracked file",
			build: func(r *repo) gitlog.Range {
				r.put("other.md", "x\n", "other")
				r.write("plan.md", "a\n")
				return gitlog.Range{}
			},
			err: gitlog.ErrNoHistory,
		},
		{
			name: "no commit yet",
			build: func(r *repo) gitlog.Range {
				r.write("plan.md", "a\n")
				return gitlog.Range{}
			},
			err: gitlog.ErrNoHistory,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			in := tc.build(r)
			path := "plan.md"
			if tc.path != "" {
				path = tc.path
			}
			got, err := collect(t.Context(), r.open(path), in)
			if !errors.Is(err, tc.err) || tc.err == nil && err != nil {
				t.Fatalf("got error %v, want %v", err, tc.err)
			}
			if tc.err != nil {
				return
			}
			if diff := cmp.Diff(tc.want, told(got)); diff != "" {
				t.Errorf("versions (-want +got):\n%s", diff)
			}
			last := ""
			if in.After != "" {
				last = r.git("rev-parse", in.After)
			}
			for _, v := range got {
				if v.Parent != last {
					t.Errorf("%s has parent %q, want %q", v.Subject, v.Parent, last)
				}
				last = v.Commit
			}
		})
	}
}

// link makes a symbolic link in the repository.
func link(r *repo, target, name string) {
	r.t.Helper()
	if err := os.Symlink(target, filepath.Join(r.dir, name)); err != nil {
		r.t.Skipf("no symbolic links: %v", err)
	}
}

func TestVersionSaysWhoAndWhen(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.author = "Zoë Ünal <zoe@example.com>"
	r.now = time.Date(1999, 12, 31, 23, 59, 0, 0, time.FixedZone("", -(9*60+30)*60))
	r.write(".mailmap", "Other <other@example.com> <zoe@example.com>\n")
	commit := r.put("docs/plan.md", "a\n", "first line\nsecond line\n\nbody")
	got, err := collect(t.Context(), r.open("docs/plan.md"), gitlog.Range{})
	if err != nil {
		t.Fatal(err)
	}
	v := got[0]
	if v.Commit != commit || v.Merge || v.Gone {
		t.Errorf("got %+v, want commit %s", v, commit)
	}
	if v.Author.Name != "Zoë Ünal" || v.Author.Email != "zoe@example.com" {
		t.Errorf("got author %+v", v.Author)
	}
	if got, want := v.Author.Time.Format(time.RFC3339), "2000-01-01T00:00:00-09:30"; got != want {
		t.Errorf("got author date %s, want %s", got, want)
	}
	if got, want := v.Committed.Format(time.RFC3339), "2000-01-01T00:00:01-09:30"; got != want {
		t.Errorf("got committer date %s, want %s", got, want)
	}
	if got, want := v.Subject, "first line second line"; got != want {
		t.Errorf("got subject %q, want %q", got, want)
	}
}
