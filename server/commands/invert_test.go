package commands_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// track is a checklist with all its events: any of its pasts can be folded again.
type track struct {
	t   failer
	all []events.Envelope
}

// at returns the checklist after the first n events.
func (k *track) at(n int) *checklist.State {
	st := checklist.New()
	for _, env := range k.all[:n] {
		var err error
		if st, err = checklist.Evolve(st, env); err != nil {
			k.t.Fatalf("evolve %s: %v", env.Data.Kind(), err)
		}
	}
	return st
}

func (k *track) now() *checklist.State { return k.at(len(k.all)) }

// take adds events.
func (k *track) take(list ...events.Event) {
	st := k.now()
	for _, e := range list {
		env := envelope(st, e)
		k.all = append(k.all, env)
		st = evolve(k.t, st, e)
	}
}

// do adds what a command makes, if it is not refused, and reports how many
// events that is.
func (k *track) do(cmd commands.Command) int {
	decided, err := decide(k.now(), cmd)
	if err != nil {
		return 0
	}
	k.take(decided...)
	return len(decided)
}

// undo takes back the events from i to j, and returns the refusal.
func (k *track) undo(i, j int) error {
	list, err := commands.Invert(k.at(i), k.at(j), k.now(), k.all[i:j])
	if err != nil {
		return err
	}
	for _, inverse := range list {
		if !slices.ContainsFunc(k.all[i:j], func(env events.Envelope) bool { return env.ID == inverse.Undoes }) {
			k.t.Fatalf("%s undoes %q, which is no event of the command", inverse.Event.Kind(), inverse.Undoes)
		}
		k.take(inverse.Event)
	}
	return nil
}

// known is all that is known of a checklist, without who changed it when.
type known struct {
	Document string
	Tasks    []checklist.Task
	Sections []checklist.Section
	Plan     []string
	Archived bool
}

func knownOf(st *checklist.State) known {
	k := known{Document: string(st.Document()), Archived: st.Archived}
	k.Plan = []string{st.Title, st.Owner, string(st.Start), string(st.Finish), st.Timezone, st.WorkingDays, st.Holidays, st.Markers}
	for b := range st.Root().All() {
		switch {
		case b.Task != nil:
			t := *b.Task
			t.Added, t.Changed, t.StateChanged, t.Completed, t.Before, t.Taken = checklist.Change{}, checklist.Change{}, checklist.Change{}, checklist.Change{}, "", nil
			t.Links, t.BlockedBy = slices.Sorted(slices.Values(t.Links)), slices.Sorted(slices.Values(t.BlockedBy))
			k.Tasks = append(k.Tasks, t)
		case b.Section != nil:
			s := *b.Section
			s.Changed = checklist.Change{}
			k.Sections = append(k.Sections, s)
		}
	}
	return k
}

func same(a, b known) string {
	return cmp.Diff(a, b, cmpopts.IgnoreUnexported(checklist.Task{}), cmpopts.EquateEmpty())
}

// Whatever a command did: taken back, everything is as before; done again, as
// after; and once more.
func TestUndoAndRedoAnything(t *testing.T) {
	t.Parallel()
	whole := sample(t)
	rapid.Check(t, func(t *rapid.T) {
		document := whole
		if rapid.IntRange(0, 9).Draw(t, "sample") > 0 {
			document = generated(t)
		}
		k := &track{t: t}
		k.do(commands.ImportDocument{Document: []byte(document)})
		for range rapid.IntRange(0, 6).Draw(t, "before") {
			k.do(anyCommand(t, k.now()))
		}
		i, before := len(k.all), knownOf(k.now())
		cmd := anyCommand(t, k.now())
		k.do(cmd)
		j, after := len(k.all), knownOf(k.now())
		if i == j {
			return
		}
		for range 2 {
			from := len(k.all)
			if err := k.undo(i, j); err != nil {
				t.Fatalf("undo %s: %v", cmd.Name(), err)
			}
			if diff := same(before, knownOf(k.now())); diff != "" {
				t.Fatalf("%s undone (-before +undone):\n%s", cmd.Name(), diff)
			}
			if i, j = from, len(k.all); i == j {
				return // what it did was nothing in the end
			}
			before, after = after, before
		}
	})
}

// What others did since stays, or the undo is refused; in any case the document
// is what the fold says.
func TestUndoUnderLaterChanges(t *testing.T) {
	t.Parallel()
	whole := sample(t)
	rapid.Check(t, func(t *rapid.T) {
		document := whole
		if rapid.IntRange(0, 9).Draw(t, "sample") > 0 {
			document = generated(t)
		}
		k := &track{t: t}
		k.do(commands.ImportDocument{Document: []byte(document)})
		i := len(k.all)
		cmd := anyCommand(t, k.now())
		k.do(cmd)
		j := len(k.all)
		if i == j {
			return
		}
		for range rapid.IntRange(1, 5).Draw(t, "since") {
			k.do(anyCommand(t, k.now()))
		}
		was, from := knownOf(k.now()), len(k.all)
		err := k.undo(i, j)
		var refused *commands.Error
		switch {
		case errors.As(err, &refused):
			if len(k.all) != from {
				t.Fatalf("refused, and %d events", len(k.all)-from)
			}
			return
		case err != nil:
			t.Fatal(err)
		}
		verify(t, k.now())
		for _, env := range k.all[from:] {
			stored(t, env)
		}
		if from == len(k.all) {
			return
		}
		if err := k.undo(from, len(k.all)); err != nil {
			t.Fatalf("redo %s: %v", cmd.Name(), err)
		}
		if diff := same(was, knownOf(k.now())); diff != "" {
			t.Fatalf("%s undone and done again (-was +now):\n%s", cmd.Name(), diff)
		}
	})
}

// What came since decides: it stays, or is in the way.
func TestUndoAndWhatCameSince(t *testing.T) {
	t.Parallel()
	const doc = "## A\n- [ ] a\n- [ ] b\n\n## B\n- [ ] c\n"
	comment := func(text string) commands.Command { return commands.CommentTask{Task: "1", Text: text} }
	hold := func(day string) commands.Command {
		return commands.Transition{Verb: commands.Hold, Tasks: []string{"1"}, Until: day}
	}
	assign := func(who ...string) commands.Command { return commands.Assign{Section: "s:1", Assignees: who} }
	finish := func(day string) commands.Command { return commands.Plan{Finish: p(day)} }
	none := commands.UncommentTask{Task: "1"}
	cmds := func(list ...commands.Command) []commands.Command { return list }
	facts := func(list ...events.Event) []events.Event { return list }
	for _, test := range []struct {
		name, doc string
		given     []commands.Command
		do        commands.Command
		facts     []events.Event // instead of do
		since     []commands.Command
		want      string // a refusal's field, else what knows makes of the state
		knows     func(st *checklist.State) any
	}{
		{
			name: "a comment on a task that was added", do: commands.AddTask{Text: "d"},
			since: cmds(commands.CommentTask{Task: "4", Text: "so"}), want: "4 d: changed",
		},
		{name: "an owner of a section that was added", do: commands.AddSection{Title: "C"}, since: cmds(commands.Assign{Section: "s:3", Assignees: []string{"ada"}}), want: "C: changed"},
		{name: "a task in a section that was added", do: commands.AddSection{Title: "C"}, since: cmds(commands.AddTask{Text: "d"}.At("", "", "", "s:3")), want: "C: changed"},
		{name: "a task moved into a section that was added", do: commands.AddSection{Title: "C"}, since: cmds(commands.MoveTasks{Tasks: []string{"1"}}.To("", "", "", "s:3")), want: "C: changed"},
		{
			name:  "a tick of a task that moves out again",
			facts: facts(&events.TaskAdded{Key: 4, Place: events.Place{In: events.SectionRef(1)}, Text: "d", State: events.Todo, Raw: "- [ ] d\n", Box: 3}, &events.TaskMoved{Key: 1, Place: events.Place{In: events.TaskRef(4)}, Raw: "  - [ ] a\n", Box: 5}),
			since: cmds(do(commands.Done, "1")), want: "## A\n- [x] a\n- [ ] b\n\n## B\n- [ ] c\n",
		},
		{
			name:  "a tick of a task around which a heading was put",
			facts: facts(&events.SectionAdded{Key: 3, Place: events.Place{In: events.SectionRef(1), After: events.TaskRef(1)}, Level: 3, Title: "C", Raw: "### C\n", First: events.TaskRef(2), Last: events.TaskRef(2)}),
			since: cmds(do(commands.Done, "2")), want: "## A\n- [ ] a\n- [x] b\n\n## B\n- [ ] c\n",
		},
		{name: "a comment taken back since", do: comment("so"), since: cmds(none), want: "0", knows: func(st *checklist.State) any { return len(st.Task(1).Task.Comments) }},
		{name: "a comment brought back", given: cmds(comment("so"), comment("not so")), do: none, since: cmds(comment("as")), want: "so, not so, as", knows: func(st *checklist.State) any {
			var said []string
			for _, c := range st.Task(1).Task.Comments {
				said = append(said, c.Text)
			}
			return strings.Join(said, ", ")
		}},
		{name: "on hold until another day", given: cmds(hold("fri")), do: hold("2026-12-24"), since: cmds(hold("2026-12-31")), want: "1 a: until"},
		{name: "on hold until the day before", given: cmds(hold("2026-12-01")), do: hold("2026-12-24"), want: "2026-12-01", knows: func(st *checklist.State) any { return st.Task(1).Task.Until }},
		{name: "started from hold", given: cmds(hold("2026-12-01")), do: do(commands.Start, "1"), want: "2026-12-01", knows: func(st *checklist.State) any { return st.Task(1).Task.Until }},
		{name: "a section's owners in their order", given: cmds(assign("x", "y")), do: assign("y"), want: "[x y]", knows: func(st *checklist.State) any { return st.Section(1).Section.Assignees }},
		{name: "one more owner since", do: assign("x"), since: cmds(assign("x", "y")), want: "[y]", knows: func(st *checklist.State) any { return st.Section(1).Section.Assignees }},
		{name: "another end", given: cmds(finish("2026-12-01")), do: finish("2026-12-24"), since: cmds(finish("2026-12-31")), want: "the checklist: finish"},
		{name: "the same end as before", given: cmds(finish("2026-12-01")), do: finish("2026-12-24"), since: cmds(finish("2026-12-01")), want: "2026-12-01", knows: func(st *checklist.State) any { return st.Finish }},
		{name: "reactivated since", do: commands.Archive{}, since: cmds(commands.Reactivate{}), want: "false", knows: func(st *checklist.State) any { return st.Archived }},
		{
			name: "a task moved under one that was added", do: commands.AddTask{Text: "d"}, since: cmds(commands.MoveTasks{Tasks: []string{"1"}}.To("4", "", "", "")), want: "4 d: changed",
		},
		{
			name: "an estimate, and fewer lines since", doc: "- [ ] one est:5\n  and more\n", do: commands.Estimate{Tasks: []string{"1"}, Estimate: "3d"}, since: cmds(commands.EditTask{Task: "1", Text: "two"}),
			want: "- [ ] two est:5\n",
		},
		{
			name: "a link, and fewer lines since", doc: "- [ ] one\n  and more\n", do: commands.LinkTask{Task: "1", URL: "https://github.com/o/r/issues/7"}, since: cmds(commands.EditTask{Task: "1", Text: "two"}),
			want: "- [ ] two\n",
		},
		{
			name: "what was done to a task before it was taken out", facts: facts(&events.TaskCompleted{Key: 1, Mark: 'x'}, &events.TaskRemoved{Key: 1}),
			want: doc,
		},
		{
			name: "moved under a task that was then taken out", doc: "- [ ] a\n- [ ] b\n",
			facts: facts(&events.TaskMoved{Key: 1, Place: events.Place{In: events.TaskRef(2)}, Raw: "  - [ ] a\n", Box: 5}, &events.TaskRemoved{Key: 2}),
			want:  "- [ ] a\n- [ ] b\n",
		},
		{
			name: "a legend without a state that a task had", doc: "Legend: [ ] = Todo, [x] = Done\n\n- [!] a\n- [ ] b\n", do: do(commands.Hold, "2"),
			want: "Legend: [ ] = Todo, [x] = Done\n\n- [!] a\n- [ ] b\n",
		},
		{
			name: "a legend whose state a task has since", doc: "Legend: [ ] = Todo, [x] = Done\n\n- [ ] a\n- [ ] b\n", do: do(commands.Hold, "2"), since: cmds(do(commands.Hold, "1")),
			want: "Legend: [ ] = Todo, [x] = Done, [!] = On hold\n\n- [!] a\n- [ ] b\n",
		},
		{
			name: "what markers mean", doc: "- [o] a\n- [ ] b\n", do: commands.Plan{Markers: p("o=done")}, since: cmds(commands.AddTask{Text: "c"}),
			want: "todo", knows: func(st *checklist.State) any { return st.Task(1).Task.State },
		},
		{name: "a day of the task in the log alone", given: cmds(commands.Schedule{Tasks: []string{"1"}, Due: "2026-12-01"}), do: commands.Schedule{Tasks: []string{"1"}, Due: "2026-12-24"}, since: cmds(commands.Schedule{Tasks: []string{"1"}, Due: "2026-12-31"}), want: "1 a: due"},
		{name: "another owner since", do: commands.Assign{Tasks: []string{"1"}, Assignees: []string{"x"}}, since: cmds(commands.Assign{Tasks: []string{"1"}, Assignees: []string{"x", "y"}}), want: "[y]", knows: func(st *checklist.State) any { return st.Task(1).Task.Assignees }},
		{name: "an owner of a task that was taken out since", do: commands.Assign{Tasks: []string{"1"}, Assignees: []string{"x"}}, since: cmds(commands.RemoveTasks{Tasks: []string{"1"}}), want: "1 a: removed"},
		{name: "another place since", do: commands.MoveTasks{Tasks: []string{"1"}}.To("", "", "", "s:2"), since: cmds(commands.MoveTasks{Tasks: []string{"1"}}.To("2", "", "", "")), want: "1 a: place"},
		{name: "another text since", do: commands.EditTask{Task: "1", Text: "x"}, since: cmds(commands.EditTask{Task: "1", Text: "y"}), want: "1 y: text"},
		{name: "a tick since", do: commands.EditTask{Task: "1", Text: "x"}, since: cmds(do(commands.Done, "1")), want: "## A\n- [x] a\n- [ ] b\n\n## B\n- [ ] c\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := &track{t: t}
			if test.doc == "" {
				test.doc = doc
			}
			for _, cmd := range on(test.doc, test.given...) {
				k.do(cmd)
			}
			i := len(k.all)
			if test.facts != nil {
				k.take(test.facts...)
			} else if k.do(test.do) == 0 {
				t.Fatal("nothing was done")
			}
			j := len(k.all)
			for _, cmd := range test.since {
				if k.do(cmd) == 0 {
					t.Fatalf("%s did nothing", cmd.Name())
				}
			}
			was := knownOf(k.now())
			end := len(k.all)
			err := k.undo(i, j)
			if same(was, knownOf(k.now())) == "" && len(k.all) > end {
				t.Errorf("%d events that change nothing", len(k.all)-end)
			}
			var refused *commands.Error
			got := ""
			switch st := k.now(); {
			case errors.As(err, &refused):
				_, got, _ = strings.Cut(refused.Hint, "\n  ")
				got, _, _ = strings.Cut(got, "  ")
			case err != nil:
				t.Fatal(err)
			case test.knows != nil:
				got = fmt.Sprint(test.knows(st))
			default:
				got = string(st.Document())
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A legend rides with the task whose state it names, there and back.
func TestUndoLegend(t *testing.T) {
	t.Parallel()
	k := &track{t: t}
	const doc = "Legend: [ ] = Todo, [x] = Done\n\n- [ ] a\n"
	k.do(commands.ImportDocument{Document: []byte(doc)})
	i := len(k.all)
	k.do(do(commands.Start, "1"))
	k.do(do(commands.Stop, "1"))
	before := knownOf(k.now())
	j := len(k.all) - 1
	if err := k.undo(i, j); err != nil {
		t.Fatal(err)
	}
	if got := string(k.now().Document()); got != doc {
		t.Errorf("undone: got\n%s", got)
	}
	if err := k.undo(j+1, len(k.all)); err != nil { // redo: nobody touched it since
		t.Fatal(err)
	}
	if diff := same(before, knownOf(k.now())); diff != "" {
		t.Errorf("done again:\n%s", diff)
	}
	k = &track{t: t}
	k.do(commands.ImportDocument{Document: []byte(doc)})
	i = len(k.all)
	k.do(do(commands.Start, "1"))
	j = len(k.all)
	if err := k.undo(i, j); err != nil {
		t.Fatal(err)
	}
	if got := k.all[j:]; len(got) != 1 || got[0].Data.Kind() != events.KindTaskReopened {
		t.Errorf("got %d events, the first %s; want one with the legend in it", len(got), got[0].Data.Kind())
	}
}

// What stays in the log alone brings no lines.
func TestUndoWithoutLines(t *testing.T) {
	t.Parallel()
	k := &track{t: t}
	k.do(commands.ImportDocument{Document: []byte("- [ ] a\n")})
	i := len(k.all)
	k.do(commands.Assign{Tasks: []string{"1"}, Assignees: []string{"ada"}})
	list, err := commands.Invert(k.at(i), k.now(), k.now(), k.all[i:])
	if err != nil {
		t.Fatal(err)
	}
	want := []commands.Inverse{{Event: &events.TaskAssigned{Key: 1, Box: 3}, Undoes: k.all[i].ID}}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What came back by itself does not come again with the task that it stood in.
func TestUndoOfAPartThatIsBack(t *testing.T) {
	t.Parallel()
	k := &track{t: t}
	const doc = "- [ ] a\n  - [ ] b\n- [ ] c\n"
	k.do(commands.ImportDocument{Document: []byte(doc)})
	i := len(k.all)
	k.do(commands.RemoveTasks{Tasks: []string{"1"}})
	j := len(k.all)
	k.take(&events.TaskRestored{Key: 2, Place: events.Place{After: events.TaskRef(3)}})
	k.do(commands.MoveTasks{Tasks: []string{"2"}}.To("", "3", "", ""))
	if err := k.undo(i, j); err != nil {
		t.Fatal(err)
	}
	if got, want := string(k.now().Document()), "- [ ] b\n- [ ] a\n- [ ] c\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What somebody brought back stays as it was made since.
func TestUndoOfWhatIsBack(t *testing.T) {
	t.Parallel()
	k := &track{t: t}
	k.do(commands.ImportDocument{Document: []byte("- [ ] a\n- [ ] b\n- [ ] c\n")})
	i := len(k.all)
	k.do(commands.RemoveTasks{Tasks: []string{"1", "2"}})
	j := len(k.all)
	k.take(&events.TaskRestored{Key: 1})
	k.do(commands.EditTask{Task: "1", Text: "a, otherwise"})
	k.do(commands.MoveTasks{Tasks: []string{"1"}}.To("3", "", "", ""))
	k.do(do(commands.Done, "1"))
	if err := k.undo(i, j); err != nil {
		t.Fatal(err)
	}
	if got, want := string(k.now().Document()), "- [ ] b\n- [ ] c\n  - [x] a, otherwise\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A section comes back with what stands in it, by one event; a comment that is
// back does not come twice.
func TestUndoBringsBackOnce(t *testing.T) {
	t.Parallel()
	k := &track{t: t}
	k.do(commands.ImportDocument{Document: []byte("## A\n- [ ] a\n- [ ] b\n")})
	i := len(k.all)
	k.do(commands.RemoveSection{Section: "s:1", WithTasks: true})
	list, err := commands.Invert(k.at(i), k.now(), k.now(), k.all[i:])
	if err != nil {
		t.Fatal(err)
	}
	want := []commands.Inverse{{Event: &events.SectionRestored{Key: 1}, Undoes: k.all[i].ID}}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	k = &track{t: t}
	k.do(commands.ImportDocument{Document: []byte("- [ ] a\n")})
	k.do(commands.CommentTask{Task: "1", Text: "so"})
	i = len(k.all)
	k.do(commands.UncommentTask{Task: "1"})
	j := len(k.all)
	for range 2 {
		if err := k.undo(i, j); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(k.all) - j; n != 1 {
		t.Errorf("got %d events, want the comment once", n)
	}
}

// Each event says which it takes back: the last about the same block, of the same
// aspect, and not the note about the file.
func TestUndoes(t *testing.T) {
	t.Parallel()
	k := &track{t: t}
	k.do(commands.ImportDocument{Document: []byte("- [ ] a\n- [ ] b\n")})
	i := len(k.all)
	k.do(commands.SyncDocument{Document: []byte("- [x] a and more\n- [ ] b\n\nwords\n"), Base: uint64(i)})
	j := len(k.all)
	list, err := commands.Invert(k.at(i), k.now(), k.now(), k.all[i:j])
	if err != nil {
		t.Fatal(err)
	}
	undone := make(map[string]events.Event)
	for _, env := range k.all[i:j] {
		undone[env.ID] = env.Data
	}
	var got []string
	for _, inverse := range list {
		e := undone[inverse.Undoes]
		got = append(got, fmt.Sprintf("%s %s undoes %s %s", inverse.Event.Kind(), inverse.Event.Subject(), e.Kind(), e.Subject()))
	}
	want := []string{
		"cairn.task.reworded.v1 task/1 undoes cairn.task.reworded.v1 task/1",
		"cairn.task.reopened.v1 task/1 undoes cairn.task.completed.v1 task/1",
		"cairn.text.removed.v1 text/1 undoes cairn.text.added.v1 text/1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
