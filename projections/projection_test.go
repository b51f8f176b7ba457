package projections_test

import (
	"errors"
	"iter"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections"
	"cairn/projections/checklist"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errOdd = errors.New("odd")

// seqs collects sequences; an archived checklist is an error.
var seqs = projections.Projection[[]events.Seq]{
	Name: "seqs", Version: 1,
	Init: func() []events.Seq { return nil },
	Evolve: func(st []events.Seq, env events.Envelope) ([]events.Seq, error) {
		if _, ok := env.Data.(*events.ChecklistArchived); ok {
			return nil, errOdd
		}
		return append(st, env.Seq), nil
	},
}

// numbered gives events their sequences, from 1.
func numbered(data ...events.Event) []events.Envelope {
	var list []events.Envelope
	for i, e := range data {
		env := eventstest.Envelope("plan", uint64(i+1), e)
		env.Seq = events.Seq(i + 1)
		list = append(list, env)
	}
	return list
}

// yields is what a log yields: the events, then the error if there is one.
func yields(list []events.Envelope, err error) iter.Seq2[events.Envelope, error] {
	return func(yield func(events.Envelope, error) bool) {
		for _, env := range list {
			if !yield(env, nil) {
				return
			}
		}
		if err != nil {
			yield(events.Envelope{}, err)
		}
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	errRead := errors.New("read")
	four := numbered(eventstest.Started(4)...)
	bad := numbered(&events.TaskStarted{Key: 1}, &events.ChecklistArchived{}, &events.TaskStarted{Key: 2})
	for _, test := range []struct {
		name string
		seq  iter.Seq2[events.Envelope, error]
		stop func(events.Envelope) bool
		want []events.Seq
		err  error
	}{
		{"of nothing is the first state", yields(nil, nil), nil, nil, nil},
		{"of all", yields(four, nil), nil, []events.Seq{1, 2, 3, 4}, nil},
		{"ends before the first event to stop at", yields(four, nil), func(env events.Envelope) bool { return env.Seq >= 3 }, []events.Seq{1, 2}, nil},
		{"an error of the log comes with the state before it", yields(four[:2], errRead), nil, []events.Seq{1, 2}, errRead},
		{"an error of Evolve comes with the state before it", yields(bad, nil), nil, []events.Seq{1}, errOdd},
		{"an error behind the end is none", yields(four, errRead), func(env events.Envelope) bool { return env.Seq == 4 }, []events.Seq{1, 2, 3}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := projections.Fold(seqs, test.seq, test.stop)
			if !slices.Equal(got, test.want) || !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
				t.Errorf("got %v, %v, want %v, %v", got, err, test.want, test.err)
			}
		})
	}
}

// Folding in two parts is folding at once, wherever it is cut; and every prefix
// is what a fold that stops there gives.
func TestFoldInParts(t *testing.T) {
	t.Parallel()
	list := numbered(
		&events.ChecklistCreated{Title: "Plan"}, &events.TaskAdded{Key: 1, Text: "a", State: events.Todo, Raw: "- [ ] a\n", Box: 3},
		&events.TaskAdded{Key: 2, Place: events.Place{After: events.TaskRef(1)}, Text: "b", State: events.Todo, Raw: "- [ ] b\n", Box: 3},
		&events.TaskStarted{Key: 1, Mark: '~'}, &events.TaskMoved{Key: 1, Place: events.Place{After: events.TaskRef(2)}},
		&events.TaskRemoved{Key: 2}, &events.TaskCompleted{Key: 1, Mark: 'x'}, &events.TaskRestored{Key: 2},
	)
	tell := func(st *checklist.State) string { return string(st.Document()) }
	rapid.Check(t, func(t *rapid.T) {
		end := rapid.IntRange(0, len(list)).Draw(t, "end")
		cut := rapid.IntRange(0, end).Draw(t, "cut")
		whole, err := projections.Fold(checklist.Projection, yields(list[:end], nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		stopped, err := projections.Fold(checklist.Projection, yields(list, nil), func(env events.Envelope) bool { return int(env.Seq) > end })
		if err != nil || tell(stopped) != tell(whole) {
			t.Fatalf("stopped at %d: got %q, %v, want %q", end, tell(stopped), err, tell(whole))
		}
		part, err := projections.Fold(checklist.Projection, yields(list[:cut], nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		part, err = projections.Continue(checklist.Projection, part, yields(list[cut:end], nil), nil)
		if err != nil || tell(part) != tell(whole) || part.Revision != whole.Revision {
			t.Fatalf("cut at %d of %d: got %q, %v, want %q", cut, end, tell(part), err, tell(whole))
		}
	})
}
