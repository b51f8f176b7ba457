package app

import (
	"errors"
	"fmt"
	"testing"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/server/commands"
)

// count folds events into their number, and refuses the event at bad.
func count(n *int, bad *events.Seq) func(int, events.Envelope) (int, error) {
	return func(v int, env events.Envelope) (int, error) {
		*n++
		if env.Seq == *bad {
			return v, errors.New("bad")
		}
		return v + 1, nil
	}
}

// TestCarriedReadsOnlyWhatIsNew: a fold is carried on, not made again; those asked
// for longest ago make room; one that failed begins from the first event.
func TestCarriedReadsOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	h := commands.NewHandler(log, commands.Config{})
	do := func(name string, cmd commands.Command) events.Seq {
		t.Helper()
		out, err := h.Execute(t.Context(), commands.Meta{Checklist: name, Actor: events.Actor{ID: "ada"}}, cmd)
		if err != nil {
			t.Fatal(err)
		}
		return out.Seq
	}
	for _, name := range []string{"one", "two"} {
		do(name, commands.ImportDocument{Source: "a.md", Document: []byte("# A\n\n- [ ] a\n- [ ] b\n")})
	}
	evolved, bad := 0, events.Seq(0)
	c := newCarried(func() int { return 0 }, count(&evolved, &bad))
	look := func(name string) (got int, err error) {
		err = c.look(t.Context(), log, name, func(v int) error { got = v; return nil })
		return got, err
	}
	first, err := look("one")
	if err != nil || first == 0 || evolved != first {
		t.Fatalf("first look: %d events in %d steps, %v", first, evolved, err)
	}
	do("one", commands.Transition{Verb: commands.Done, Tasks: []string{"1"}})
	got, err := look("one")
	if err != nil || got != first+1 || evolved != got {
		t.Fatalf("second look: %d events in %d steps, want %d in as many: %v", got, evolved, first+1, err)
	}
	c.most = got + 1
	if _, err := look("two"); err != nil {
		t.Fatal(err)
	}
	if c.held > c.most || c.folds["one"] != nil || c.folds["two"] == nil {
		t.Errorf("holds %d of at most %d events, of %v; want two alone", c.held, c.most, c.folds)
	}
	bad = do("two", commands.Transition{Verb: commands.Done, Tasks: []string{"1"}})
	if _, err := look("two"); err == nil {
		t.Fatal("a bad event was passed over")
	}
	bad, evolved = 0, 0
	if got, err := look("two"); err != nil || got != first+1 || evolved != got {
		t.Errorf("after a bad event: %d events in %d steps, want %d: %v", got, evolved, first+1, fmt.Sprint(err))
	}
}
