package commands_test

import (
	"errors"
	"slices"
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
			t.Added, t.Changed, t.StateChanged, t.Before, t.Taken = checklist.Change{}, checklist.Change{}, checklist.Change{}, "", nil
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
