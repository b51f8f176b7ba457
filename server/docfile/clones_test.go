package docfile_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/docfile"
)

// clone is one person's clone of a repository, with a log of its own.
type clone struct {
	*testing.T
	dir, who string
	app      *app.Local
	file     docfile.Tied
	copies   docfile.Copies
}

func (c *clone) git(args ...string) (string, error) {
	cmd := exec.CommandContext(c.Context(), "git", args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "GIT_AUTHOR_NAME="+c.who, "GIT_AUTHOR_EMAIL="+c.who+"@example.com",
		"GIT_COMMITTER_NAME="+c.who, "GIT_COMMITTER_EMAIL="+c.who+"@example.com")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c *clone) mustGit(args ...string) {
	c.Helper()
	if out, err := c.git(args...); err != nil {
		c.Fatalf("%s: git %s: %v\n%s", c.who, strings.Join(args, " "), err, out)
	}
}

func (c *clone) meta() commands.Meta {
	return commands.Meta{Checklist: "plan", Actor: events.Actor{ID: c.who + "@example.com", Display: c.who}}
}

func (c *clone) sync() {
	c.Helper()
	_, err := docfile.Sync(c.Context(), c.app, c.meta(), c.file, "plan.md", c.copies, docfile.SyncOptions{AcceptReopens: true})
	if err != nil {
		c.Fatalf("%s: sync: %v\n%s", c.who, err, hint(err))
	}
	if file, doc := read(c.T, c.file.Path), c.document(); file != doc {
		c.Fatalf("%s: after the sync the file is\n%s\nthe checklist\n%s", c.who, file, doc)
	}
}

func hint(err error) string {
	var e *commands.Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

func (c *clone) state(look func(*checklist.State)) {
	c.Helper()
	if err := c.app.Checklist(c.Context(), "plan", nil, func(st *checklist.State) error { look(st); return nil }); err != nil {
		c.Fatal(err)
	}
}

func (c *clone) document() (doc string) {
	c.state(func(st *checklist.State) { doc = string(st.Document()) })
	return doc
}

// tick ticks a task: by the command line, after which the file follows, or in
// the editor.
func (c *clone) tick(n int, byCommand bool) {
	c.Helper()
	text := fmt.Sprintf("task %d of the plan", n)
	if !byCommand {
		b := read(c.T, c.file.Path)
		if err := os.WriteFile(c.file.Path, []byte(strings.Replace(b, "[ ] "+text, "[x] "+text, 1)), 0o644); err != nil {
			c.Fatal(err)
		}
		return
	}
	key := 0
	c.state(func(st *checklist.State) {
		for b := range st.Root().Tasks() {
			if b.Task.Text == text && b.Task.State != events.Done {
				key = b.Task.Key
			}
		}
	})
	if key == 0 {
		return
	}
	if _, err := c.app.Execute(c.Context(), c.meta(), commands.Transition{Verb: commands.Done, Tasks: []string{strconv.Itoa(key)}}); err != nil {
		c.Fatal(err)
	}
	c.state(func(st *checklist.State) {
		if _, _, err := docfile.Follow(c.file, c.copies, c.app.Origin(), "plan", st.Revision, st.Document()); err != nil {
			c.Fatal(err)
		}
	})
}

// settleMerge finishes a merge that git could not.
func (c *clone) settleMerge() {
	c.Helper()
	if _, err := docfile.Resolve(c.Context(), c.app, c.meta(), c.file, "plan.md", c.copies, docfile.SyncOptions{AcceptReopens: true}); err != nil {
		c.Fatalf("%s: resolve: %v\n%s", c.who, err, hint(err))
	}
	c.mustGit("add", "plan.md")
	c.mustGit("commit", "-q", "-m", "merge")
}

// Three clones on three branches: nobody re-opens a task, so none is; and each
// log names who ticked.
func TestThreeClones(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	steps := 40
	if n, err := strconv.Atoi(os.Getenv("CAIRN_CLONE_STEPS")); err == nil {
		steps = n
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d steps", seed, steps)
	r := rand.New(rand.NewPCG(seed, 1))
	const tasks = 60
	var doc strings.Builder
	doc.WriteString("# Plan\n")
	for i := range tasks {
		if i%10 == 0 {
			fmt.Fprintf(&doc, "\n## Part %d\n\n", i/10)
		}
		fmt.Fprintf(&doc, "- [ ] task %d of the plan\n", i)
	}
	origin := filepath.Join(t.TempDir(), "origin.git")
	first := &clone{T: t, dir: filepath.Dir(origin), who: "ann"}
	first.mustGit("init", "-q", "--bare", "-b", "main", origin)
	var clones []*clone
	for i, who := range []string{"ann", "bob", "cho"} {
		c := &clone{T: t, dir: filepath.Join(t.TempDir(), who), who: who}
		if out, err := exec.Command("git", "clone", "-q", origin, c.dir).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		c.file = docfile.Tied{Path: filepath.Join(c.dir, "plan.md"), Shown: "plan.md"}
		if i == 0 {
			if err := os.WriteFile(c.file.Path, []byte(doc.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			c.mustGit("add", "plan.md")
			c.mustGit("commit", "-q", "-m", "the plan")
			c.mustGit("push", "-q", "origin", "HEAD:main")
		}
		c.mustGit("checkout", "-q", "-B", who, "HEAD")
		c.app = app.NewLocal(memory{eventstest.NewLog()}, commands.Config{})
		c.copies = docfile.NewCopies(filepath.Join(t.TempDir(), "copies"))
		if _, err := c.app.Execute(t.Context(), c.meta(), commands.ImportDocument{Source: "plan.md", Follow: true, Document: []byte(read(t, c.file.Path))}); err != nil {
			t.Fatal(err)
		}
		c.sync()
		clones = append(clones, c)
	}
	ticked := make(map[string]string) // by whom, or several
	for range steps {
		c := clones[r.IntN(3)]
		switch r.IntN(7) {
		case 0, 1, 2:
			n := r.IntN(tasks)
			text := fmt.Sprintf("task %d of the plan", n)
			if strings.Contains(read(t, c.file.Path), "[ ] "+text+"\n") {
				c.tick(n, r.IntN(2) == 0)
				if by := ticked[text]; by != "" && by != c.who {
					ticked[text] = "several"
				} else {
					ticked[text] = c.who
				}
			}
		case 3:
			_, _ = c.git("commit", "-q", "-a", "-m", "work of "+c.who) // or there is nothing
		case 4:
			c.sync()
		case 5: // merge what another pushed
			_, _ = c.git("commit", "-q", "-a", "-m", "work of "+c.who)
			if branch, _ := c.git("branch", "--show-current"); strings.TrimSpace(branch) != c.who {
				continue
			}
			c.mustGit("push", "-q", "-f", "origin", c.who)
			c.mustGit("fetch", "-q", "origin")
			other := clones[r.IntN(3)].who
			if _, err := c.git("rev-parse", "--verify", "-q", "origin/"+other); err != nil || other == c.who {
				continue
			}
			if _, err := c.git("merge", "-q", "--no-ff", "-m", "merge "+other, "origin/"+other); err != nil {
				c.settleMerge()
			}
			c.sync()
		case 6: // look at the beginning, and come back
			_, _ = c.git("commit", "-q", "-a", "-m", "work of "+c.who)
			if c.sync(); r.IntN(2) == 0 {
				_, _ = c.git("commit", "-q", "-a", "-m", "work of "+c.who)
				c.mustGit("checkout", "-q", "-B", "look", "origin/main")
				c.sync()
				c.mustGit("checkout", "-q", "-f", c.who)
				c.sync()
			}
		}
	}
	for _, c := range clones {
		c.sync()
		rows, err := c.app.History(t.Context(), "plan")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			switch row.Kind {
			case events.KindTaskReopened, events.KindTaskRemoved, events.KindTaskReworded:
				t.Errorf("%s: @%d %s %q, which nobody did", c.who, row.Seq, row.Kind, row.Text)
			case events.KindTaskCompleted:
				if by := ticked[row.Text]; by != "several" && by != row.Actor.Name() {
					t.Errorf("%s: @%d names %s for %q, %q ticked it", c.who, row.Seq, row.Actor.Name(), row.Text, by)
				}
			}
		}
	}
}
