package docfile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/docfile"
)

// memory is a log in memory as app.Local wants it.
type memory struct{ *eventstest.Log }

func (m memory) Origin() string { return "cairn/test" }
func (m memory) End() events.Seq {
	n := events.Seq(0)
	for env, err := range m.Read(context.Background(), events.Filter{}) {
		if err != nil {
			panic(err)
		}
		n = env.Seq
	}
	return n
}
func (m memory) Checklists(context.Context) ([]string, error) { return []string{"plan"}, nil }

// errCrash is the end of the process.
var errCrash = errors.New("killed")

// mortal is an App whose process ends before, or after, the nth Execute.
type mortal struct {
	*app.Local
	before, after int
	calls         int
}

func (m *mortal) Execute(ctx context.Context, meta commands.Meta, cmd commands.Command) (app.Outcome, error) {
	m.calls++
	if m.calls == m.before {
		return app.Outcome{}, errCrash
	}
	out, err := m.Local.Execute(ctx, meta, cmd)
	if err == nil && m.calls == m.after {
		err = errCrash
	}
	return out, err
}

type syncWorld struct {
	*testing.T
	app    *app.Local
	file   docfile.Tied
	copies docfile.Copies
}

const plan = "# Plan\n\n- [ ] write the code\n- [ ] test it\n- [ ] ship it to everybody\n"

func newSyncWorld(t *testing.T) *syncWorld {
	t.Helper()
	w := &syncWorld{T: t, app: app.NewLocal(memory{eventstest.NewLog()}, commands.Config{})}
	w.file.Path = write(t, "plan.md", plan)
	w.file.Shown = "plan.md"
	w.copies = docfile.NewCopies(filepath.Join(t.TempDir(), "copies"))
	w.execute(commands.ImportDocument{Source: "plan.md", Follow: true, Document: []byte(plan)})
	w.sync(w.app)
	return w
}

func (w *syncWorld) execute(cmd commands.Command) {
	w.Helper()
	if _, err := w.app.Execute(w.Context(), meta, cmd); err != nil {
		w.Fatal(err)
	}
}

var meta = commands.Meta{Checklist: "plan", Actor: events.Actor{ID: "ada"}}

func (w *syncWorld) trySync(a app.App) (docfile.Synced, error) {
	return docfile.Sync(w.Context(), a, meta, w.file, "plan.md", w.copies, docfile.SyncOptions{})
}

func (w *syncWorld) sync(a app.App) docfile.Synced {
	w.Helper()
	s, err := w.trySync(a)
	if err != nil {
		w.Fatal(err)
	}
	return s
}

func (w *syncWorld) edit(old, now string) {
	w.Helper()
	have := read(w.T, w.file.Path)
	if err := os.WriteFile(w.file.Path, []byte(strings.Replace(have, old, now, 1)), 0o644); err != nil {
		w.Fatal(err)
	}
}

func (w *syncWorld) history() []audit.Row {
	w.Helper()
	rows, err := w.app.History(w.Context(), "plan")
	if err != nil {
		w.Fatal(err)
	}
	return rows
}

func (w *syncWorld) document() (doc string) {
	w.Helper()
	if err := w.app.Checklist(w.Context(), "plan", nil, func(st *checklist.State) error {
		doc = string(st.Document())
		return nil
	}); err != nil {
		w.Fatal(err)
	}
	return doc
}

// A sync that is cut off at any step is completed by the next, and nothing is
// recorded twice.
func TestSyncIsCutOff(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		before, after int
		// forgets: what is remembered of the file is lost, too.
		forgets bool
	}{
		{name: "before the edits are appended", before: 1},
		{name: "after the edits are appended", after: 1},
		{name: "after the file is replaced", before: 2},
		{name: "after the log was told", after: 2},
		{name: "after the file is replaced, which nobody remembers", before: 2, forgets: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newSyncWorld(t)
			w.execute(commands.Transition{Verb: commands.Done, Tasks: []string{"1"}})
			w.edit("- [ ] test it", "- [x] test it")
			w.edit("everybody\n", "everybody\n- [ ] party\n")
			if _, err := w.trySync(&mortal{Local: w.app, before: test.before, after: test.after}); !errors.Is(err, errCrash) {
				t.Fatalf("got %v, want the end", err)
			}
			if test.forgets {
				w.copies = docfile.NewCopies("")
			}
			w.sync(w.app)
			want := "# Plan\n\n- [x] write the code\n- [x] test it\n- [ ] ship it to everybody\n- [ ] party\n"
			if file, doc := read(t, w.file.Path), w.document(); file != want || doc != want {
				t.Errorf("the file is\n%s\nthe checklist\n%s\nwant\n%s", file, doc, want)
			}
			seen := map[string]int{}
			for _, r := range w.history() {
				seen[fmt.Sprint(r.Kind, r.Target)]++
			}
			for what, n := range seen {
				if n > 1 && !strings.Contains(what, "synced") {
					t.Errorf("%s is there %d times", what, n)
				}
			}
			n := len(w.history())
			w.sync(w.app)
			if got := len(w.history()); got != n {
				t.Errorf("syncing again added %d events", got-n)
			}
		})
	}
}

// Whoever saves the file while a sync is under way does not lose it.
func TestSyncOfAFileThatChanges(t *testing.T) {
	t.Parallel()
	w := newSyncWorld(t)
	w.execute(commands.Transition{Verb: commands.Done, Tasks: []string{"1"}})
	w.edit("- [ ] test it", "- [x] test it")
	saves := &saver{Local: w.app, w: w}
	_, err := w.trySync(saves)
	var refusal *commands.Error
	if !errors.As(err, &refusal) || refusal.Code != commands.CodeChanged {
		t.Fatalf("got %v, want %s", err, commands.CodeChanged)
	}
	if !strings.Contains(read(t, w.file.Path), "- [x] ship it") {
		t.Error("what was saved meanwhile is lost")
	}
	w.sync(w.app)
	if got, want := w.document(), strings.ReplaceAll(plan, "[ ]", "[x]"); got != want || read(t, w.file.Path) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// saver is an App during whose Execute somebody saves the file.
type saver struct {
	*app.Local
	w *syncWorld
}

func (s *saver) Execute(ctx context.Context, m commands.Meta, cmd commands.Command) (app.Outcome, error) {
	s.w.edit("- [ ] ship it", "- [x] ship it")
	return s.Local.Execute(ctx, m, cmd)
}
