package checklist_test

import (
	"testing"

	"cairn/events"
	"cairn/projections/checklist"
)

// foldAll evolves a new checklist by events, at @2 and so on; the id of an event is
// that of its kind.
func foldAll(t *testing.T, list ...events.Event) *checklist.State {
	t.Helper()
	st := checklist.New()
	for i, e := range list {
		var err error
		env := events.Envelope{ID: string(e.Kind()), Seq: events.Seq(i + 2), Revision: uint64(i + 1), Data: e}
		if st, err = checklist.Evolve(st, env); err != nil {
			t.Fatal(err)
		}
	}
	return st
}

func added(key int, text string, after int) *events.TaskAdded {
	e := &events.TaskAdded{Key: key, Text: text, State: events.Todo, Raw: "- [ ] " + text + "\n", Box: 3}
	if after > 0 {
		e.Place.After = events.TaskRef(after)
	}
	return e
}

// A task that is joined goes on under the earlier key: with its comments, what
// waits for it, and the change of state that it had.
func TestJoin(t *testing.T) {
	t.Parallel()
	st := foldAll(
		t, added(1, "one", 0), &events.TaskCompleted{Key: 1, Mark: 'x'}, &events.TaskCommented{Key: 1, Text: "said"}, &events.TaskRemoved{Key: 1},
		&events.TaskAdded{Key: 2, Text: "one of all", State: events.Done, Raw: "- [x] one of all\n", Box: 3}, added(3, "other", 2),
		&events.TaskBlocked{Key: 3, By: []int{2}}, &events.TaskJoined{Key: 2, Into: 1},
	)
	b := st.Task(1)
	if b == nil || st.Task(2) != nil || string(st.Document()) != "- [x] one of all\n- [ ] other\n" {
		t.Fatalf("got %v, and\n%s", b, st.Document())
	}
	task := b.Task
	if task.Text != "one of all" || task.StateChanged.Seq != 3 || task.Before != events.Todo || task.Added.Seq != 2 || len(task.Comments) != 1 {
		t.Errorf("got %+v", task)
	}
	if by := st.Task(3).Task.BlockedBy; len(by) != 1 || by[0] != 1 {
		t.Errorf("3 waits for %v, want 1", by)
	}
}

// Where the line came in another state, it changed when the line came.
func TestJoinInAnotherState(t *testing.T) {
	t.Parallel()
	st := foldAll(
		t, added(1, "one", 0), &events.TaskRemoved{Key: 1},
		&events.TaskAdded{Key: 2, Text: "one", State: events.Done, Raw: "- [x] one\n", Box: 3}, &events.TaskJoined{Key: 2, Into: 1},
	)
	if task := st.Task(1).Task; task.State != events.Done || task.StateChanged.Seq != 4 || task.Before != events.Todo {
		t.Errorf("got %+v", task)
	}
}

// From the event that took it for the same, the line is another task; what was
// before stays with the first.
func TestSeparate(t *testing.T) {
	t.Parallel()
	reworded := &events.TaskReworded{Key: 1, Text: "two", Raw: "- [x] two\n", Box: 3, Match: events.Match{Stage: "similar", Score: .7}}
	st := foldAll(
		t, added(1, "one", 0), &events.TaskCompleted{Key: 1, Mark: 'x'}, &events.TaskCommented{Key: 1, Text: "said"}, reworded,
		&events.TaskSeparated{Key: 1, From: string(events.KindTaskReworded), As: 2},
	)
	if st.Task(1) != nil || string(st.Document()) != "- [x] two\n" {
		t.Fatalf("the document is\n%s", st.Document())
	}
	was, is := st.Block(events.TaskRef(1)).Task, st.Task(2).Task
	if was.Text != "one" || was.State != events.Done || was.StateChanged.Seq != 3 || len(was.Comments) != 1 {
		t.Errorf("the first is %+v", was)
	}
	if is.Text != "two" || is.State != events.Done || is.StateChanged.Seq != 0 || is.Added.Seq != 5 || len(is.Comments) != 0 {
		t.Errorf("the second is %+v", is)
	}
}

// What made a task done is known when it is no longer, and goes to the task that it
// was about.
func TestCompleted(t *testing.T) {
	t.Parallel()
	reworded := &events.TaskReworded{Key: 1, Text: "two", Raw: "- [ ] two\n", Box: 3, Match: events.Match{Stage: "similar", Score: .7}}
	separated := &events.TaskSeparated{Key: 1, From: string(events.KindTaskReworded), As: 2}
	imported := &events.TaskAdded{Key: 1, Text: "one", State: events.Done, Raw: "- [x] one\n", Box: 3}
	back := &events.TaskAdded{Key: 2, Text: "one", State: events.Todo, Raw: "- [ ] one\n", Box: 3}
	for _, test := range []struct {
		name string
		when []events.Event
		want map[int]events.Seq
	}{
		{"never", []events.Event{added(1, "one", 0), &events.TaskStarted{Key: 1, Mark: '~'}}, map[int]events.Seq{1: 0}},
		{"done", []events.Event{added(1, "one", 0), &events.TaskCompleted{Key: 1, Mark: 'x'}}, map[int]events.Seq{1: 3}},
		{"re-opened", []events.Event{added(1, "one", 0), &events.TaskCompleted{Key: 1, Mark: 'x'}, &events.TaskReopened{Key: 1, Mark: ' '}}, map[int]events.Seq{1: 3}},
		{"the last time", []events.Event{imported, &events.TaskReopened{Key: 1, Mark: ' '}, &events.TaskCompleted{Key: 1, Mark: 'x'}}, map[int]events.Seq{1: 4}},
		{"as it came", []events.Event{imported, &events.TaskReopened{Key: 1, Mark: ' '}}, map[int]events.Seq{1: 2}},
		{"an occurrence is none", []events.Event{added(1, "one", 0), &events.TaskCompleted{Key: 1, Occurrence: "2026-11-23"}}, map[int]events.Seq{1: 0}},
		{"separated: done before", []events.Event{added(1, "one", 0), &events.TaskCompleted{Key: 1, Mark: 'x'}, &events.TaskReopened{Key: 1, Mark: ' '}, reworded, separated}, map[int]events.Seq{1: 3, 2: 0}},
		{"separated: done after", []events.Event{added(1, "one", 0), reworded, &events.TaskCompleted{Key: 1, Mark: 'x'}, separated}, map[int]events.Seq{1: 0, 2: 4}},
		{"joined", []events.Event{added(1, "one", 0), &events.TaskCompleted{Key: 1, Mark: 'x'}, &events.TaskRemoved{Key: 1}, back, &events.TaskJoined{Key: 2, Into: 1}}, map[int]events.Seq{1: 3}},
	} {
		st := foldAll(t, test.when...)
		for key, want := range test.want {
			if got := st.Block(events.TaskRef(key)).Task.Completed.Seq; got != want {
				t.Errorf("%s: %d was made done @%d, want @%d", test.name, key, got, want)
			}
		}
	}
}
