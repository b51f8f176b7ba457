package checklist

import (
	"testing"

	"cairn/events"
)

func evolved(t *testing.T, data ...events.Event) *State {
	t.Helper()
	st := New()
	for i, e := range data {
		var err error
		if st, err = Evolve(st, events.Envelope{Seq: events.Seq(i + 1), Revision: uint64(i + 1), Data: e}); err != nil {
			t.Fatal(err)
		}
	}
	return st
}

// A child that is restored alone, and then its section, stands once.
func TestRestoredOnce(t *testing.T) {
	st := evolved(t,
		&events.SectionAdded{Key: 1, Title: "A", Level: 2, Raw: "## A\n"},
		&events.TaskAdded{Key: 1, Place: events.Place{In: events.SectionRef(1)}, State: events.Todo, Raw: "- [ ] x\n", Box: 3},
		&events.SectionRemoved{Key: 1}, &events.TaskRestored{Key: 1}, &events.SectionRestored{Key: 1},
	)
	if got, want := st.Root().Tally().Counts.Tasks, 1; got != want {
		t.Errorf("got %d tasks, want %d: %q", got, want, st.Document())
	}
}

// An event that puts a block into itself, which Decide never makes, does not
// make a circle.
func TestNothingStandsInItself(t *testing.T) {
	st := evolved(t,
		&events.TaskAdded{Key: 1, State: events.Todo, Raw: "- [ ] x\n", Box: 3},
		&events.TaskAdded{Key: 2, Place: events.Place{In: events.TaskRef(1)}, State: events.Todo, Raw: "  - [ ] y\n", Box: 5},
		&events.TaskMoved{Key: 1, Place: events.Place{In: events.TaskRef(2)}},
	)
	if b := st.Task(1); b.Parent != st.Root() {
		t.Errorf("got task 1 in %s, want it at the top", b.Parent.Ref)
	}
}
