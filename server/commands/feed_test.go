package commands_test

import (
	"strconv"
	"sync"
	"testing"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// TestFed: a handler that is fed reads a checklist once, and what others append
// meanwhile is there all the same: also where it came while a command was under
// way, and where something was missing.
func TestFed(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	meta := commands.Meta{Checklist: "plan", Actor: events.Actor{ID: "ada"}}
	theirs := commands.NewHandler(log, commands.Config{})
	ours := commands.NewHandler(log, commands.Config{Fed: true})
	do := func(h *commands.Handler, cmd commands.Command) commands.Result {
		t.Helper()
		r, err := h.Execute(t.Context(), meta, cmd)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	feed := func(after events.Seq) {
		t.Helper()
		for env, err := range log.Read(t.Context(), events.Filter{After: after}) {
			if err != nil {
				t.Fatal(err)
			}
			ours.Feed(env)
		}
	}
	at := func() (seq events.Seq) {
		t.Helper()
		if err := ours.View(t.Context(), "plan", func(st *checklist.State) error {
			seq = st.Seq()
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return seq
	}
	imported := do(theirs, commands.ImportDocument{Document: []byte("- [ ] a\n- [ ] b\n- [ ] c\n")}).Seq
	feed(0) // nobody asked for it yet
	if got := at(); got != imported {
		t.Fatalf("read: got @%d, want @%d", got, imported)
	}
	one := do(theirs, commands.Transition{Verb: commands.Done, Tasks: []string{"1"}}).Seq
	if got := at(); got != imported {
		t.Errorf("not fed yet: got @%d, want @%d: it read the log again", got, imported)
	}
	feed(imported)
	feed(imported) // what it has does nothing
	if got := at(); got != one {
		t.Errorf("fed: got @%d, want @%d", got, one)
	}
	two := do(theirs, commands.Transition{Verb: commands.Done, Tasks: []string{"2"}}).Seq
	three := do(theirs, commands.Transition{Verb: commands.Done, Tasks: []string{"3"}}).Seq
	feed(two) // without @two
	if got := at(); got != three {
		t.Errorf("fed with a hole: got @%d, want @%d", got, three)
	}
	mine := do(ours, commands.Transition{Verb: commands.Reopen, Tasks: []string{"1"}})
	feed(three)
	if got := at(); got != mine.Seq {
		t.Errorf("its own: got @%d, want @%d", got, mine.Seq)
	}
}

// TestFedWhileWriting: whatever the order in which the log's events are fed and
// its own commands are carried out, each command sees the state before it.
func TestFedWhileWriting(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	meta := commands.Meta{Checklist: "plan", Actor: events.Actor{ID: "ada"}}
	h := commands.NewHandler(log, commands.Config{Fed: true})
	if _, err := h.Execute(t.Context(), meta, commands.ImportDocument{Document: []byte("- [ ] a\n- [ ] b\n")}); err != nil {
		t.Fatal(err)
	}
	end := log.End()
	const changes = 200
	var wg sync.WaitGroup
	wg.Go(func() {
		for env, err := range log.Follow(t.Context(), events.Filter{After: end}) {
			if err != nil {
				t.Error(err)
				return
			}
			h.Feed(env)
			if env.Seq == end+2*changes {
				return
			}
		}
	})
	for task := range 2 {
		wg.Go(func() {
			for i := range changes {
				m, verb := meta, []commands.Verb{commands.Done, commands.Reopen}[i%2]
				m.Observe = func(before *checklist.State, env events.Envelope) {
					if was := before.Task(task + 1).Task.State; (verb == commands.Done) != (was == events.Todo) || before.Seq() >= env.Seq {
						t.Errorf("%s at @%d: before it is %s at @%d", verb, env.Seq, was, before.Seq())
					}
				}
				if _, err := h.Execute(t.Context(), m, commands.Transition{Verb: verb, Tasks: []string{strconv.Itoa(task + 1)}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := h.View(t.Context(), "plan", func(st *checklist.State) error {
		if st.Seq() != log.End() {
			t.Errorf("got @%d, want @%d", st.Seq(), log.End())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestFedMeanwhile: what was fed while a command was under way is there for whoever
// looks afterwards, all of it, also while it is being taken in.
func TestFedMeanwhile(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	meta := commands.Meta{Checklist: "plan", Actor: events.Actor{ID: "ada"}}
	theirs := commands.NewHandler(log, commands.Config{})
	ours := commands.NewHandler(log, commands.Config{Fed: true})
	if _, err := ours.Execute(t.Context(), meta, commands.ImportDocument{Document: []byte("- [ ] a\n- [ ] b\n")}); err != nil {
		t.Fatal(err)
	}
	stored, release := make(chan events.Seq), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		m := meta
		m.Observe = func(_ *checklist.State, env events.Envelope) {
			stored <- env.Seq
			<-release
		}
		if _, err := ours.Execute(t.Context(), m, commands.Transition{Verb: commands.Done, Tasks: []string{"1"}}); err != nil {
			t.Error(err)
		}
	})
	mine := <-stored
	for i := range 300 {
		verb := []commands.Verb{commands.Done, commands.Reopen}[i%2]
		if _, err := theirs.Execute(t.Context(), meta, commands.Transition{Verb: verb, Tasks: []string{"2"}}); err != nil {
			t.Fatal(err)
		}
	}
	for env, err := range log.Read(t.Context(), events.Filter{After: mine}) {
		if err != nil {
			t.Fatal(err)
		}
		ours.Feed(env)
	}
	close(release)
	end := log.End()
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				if err := ours.View(t.Context(), "plan", func(st *checklist.State) error {
					if st.Seq() != end {
						t.Errorf("got @%d, want @%d", st.Seq(), end)
					}
					return nil
				}); err != nil || t.Failed() {
					return
				}
			}
		})
	}
	wg.Wait()
}
