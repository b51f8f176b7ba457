package projections_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections"
)

func look(v *projections.View[[]events.Seq]) (got []events.Seq, err error) {
	err = v.Read(func(st []events.Seq) error {
		got = slices.Clone(st)
		return nil
	})
	return got, err
}

func TestView(t *testing.T) {
	t.Parallel()
	v := projections.NewView(seqs)
	if got, err := look(v); len(got) != 0 || err != nil || v.Seq() != 0 {
		t.Errorf("before the first event: got %v, %v at @%d", got, err, v.Seq())
	}
	list := numbered(eventstest.Started(4)...)
	for _, i := range []int{0, 1, 1, 0, 3, 2, 3} { // what was seen does nothing; others may be of other checklists
		if err := v.Apply(list[i]); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := look(v); err != nil || !slices.Equal(got, []events.Seq{1, 2, 4}) || v.Seq() != 4 {
		t.Errorf("got %v, %v at @%d, want [1 2 4] at @4", got, err, v.Seq())
	}
	errLook := errors.New("look")
	if err := v.Read(func([]events.Seq) error { return errLook }); !errors.Is(err, errLook) {
		t.Errorf("got %v, want %v", err, errLook)
	}
}

// A view that meets what it cannot read stops, loudly, and says where.
func TestViewStops(t *testing.T) {
	t.Parallel()
	v := projections.NewView(seqs)
	list := numbered(&events.TaskStarted{Key: 1}, &events.ChecklistArchived{}, &events.TaskStarted{Key: 2})
	const want = "view seqs stopped at @2: odd"
	for i, env := range list {
		err := v.Apply(env)
		if i == 0 && err != nil || i > 0 && (err == nil || err.Error() != want || !errors.Is(err, errOdd)) {
			t.Errorf("@%d: got %v", env.Seq, err)
		}
	}
	if got, err := look(v); got != nil || err == nil || err.Error() != want {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
	if v.Seq() != 1 {
		t.Errorf("got @%d, want @1", v.Seq())
	}
}

// Readers beside the writer see whole states.
func TestViewIsSafe(t *testing.T) {
	t.Parallel()
	v := projections.NewView(seqs)
	list := numbered(eventstest.Started(500)...)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for v.Seq() < 500 {
				got, err := look(v)
				if err != nil || len(got) > 0 && int(got[len(got)-1]) != len(got) {
					t.Errorf("got %d events up to @%d, %v", len(got), got[len(got)-1], err)
					return
				}
			}
		})
	}
	for _, env := range list {
		if err := v.Apply(env); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
}
