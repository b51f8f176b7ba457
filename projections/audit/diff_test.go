package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cairn/events"
	"cairn/projections/checklist"
)

// states folds envs to two states, as of two positions, and tells what came between.
func states(t *testing.T, envs []events.Envelope, from, to int) (before, after *checklist.State, rows []Row) {
	t.Helper()
	a, b := NewHistory(), NewHistory()
	tell(t, a, envs[:from])
	tell(t, b, envs[:from])
	return a.State(), b.State(), tell(t, b, envs[from:to])
}

func TestDiff(t *testing.T) {
	t.Parallel()
	envs := more(t, migration(t))
	before, after, rows := states(t, envs, 60, len(envs))
	d := Diff(before, after, rows)
	a := About{Name: "elixir-migration", Seq: after.Seq(), Zone: after.Zone()}
	for file, write := range map[string]func(*bytes.Buffer) error{
		"diff.80.txt":   func(b *bytes.Buffer) error { return DiffText(b, d, true, a, checklist.Style{Width: 80}) },
		"diff.pipe.txt": func(b *bytes.Buffer) error { return DiffText(b, d, true, a, checklist.Style{}) },
		"diff.md":       func(b *bytes.Buffer) error { return DiffMarkdown(b, d, true, a) },
		"diff.json": func(b *bytes.Buffer) error {
			enc := json.NewEncoder(b)
			enc.SetIndent("", " ")
			enc.SetEscapeHTML(false)
			return enc.Encode(DiffJSON(after, d, "@60", ""))
		},
	} {
		var buf bytes.Buffer
		if err := write(&buf); err != nil {
			t.Fatal(err)
		}
		golden(t, file, buf.Bytes())
		for line := range strings.Lines(buf.String()) {
			if n := checklist.Width(strings.TrimSuffix(line, "\n")); file == "diff.80.txt" && n > 80 {
				t.Errorf("%s: got a line of %d columns: %s", file, n, line)
			}
		}
	}
}

func TestDiffOfTheSameIsEmpty(t *testing.T) {
	t.Parallel()
	envs := more(t, migration(t))
	for n := 1; n <= len(envs); n++ {
		before, after, rows := states(t, envs, n, n)
		if d := Diff(before, after, rows); !d.Empty() || len(d.Through) > 0 {
			t.Errorf("@%d and @%d: got %+v", n, n, d)
		}
	}
}

// TestDiffCases is a document of two sections and what is done to it.
func TestDiffCases(t *testing.T) {
	t.Parallel()
	var (
		task    = events.TaskRef
		section = events.SectionRef
	)
	add := func(key int, place events.Place, text string) *events.TaskAdded {
		return &events.TaskAdded{Key: key, Place: place, Text: text, State: events.Todo, Raw: "- [ ] " + text + "\n", Box: 3}
	}
	start := []events.Event{
		&events.ChecklistCreated{Title: "Plan"},
		&events.SectionAdded{Key: 1, Level: 2, Title: "One", Raw: "## One\n"},
		add(1, events.Place{In: section(1)}, "a"),
		add(2, events.Place{In: section(1), After: task(1)}, "b"),
		add(3, events.Place{In: section(1), After: task(2)}, "c"),
		&events.SectionAdded{Key: 2, Place: events.Place{After: section(1)}, Level: 2, Title: "Two", Raw: "## Two\n"},
		add(4, events.Place{In: section(2)}, "d"),
		&events.TextAdded{Key: 1, Place: events.Place{In: section(2), After: task(4)}, Raw: "Words.\n"},
	}
	similar := events.Match{Stage: "similar", Score: .7}
	for _, test := range []struct {
		name    string
		then    []events.Event
		want    string // section: key action, …
		through []int
	}{
		{"done", []events.Event{&events.TaskCompleted{Key: 1, Mark: 'x'}}, "One 0/3 → 1/3: task/1 done", nil},
		{"done and re-opened is nothing, but on the way", []events.Event{&events.TaskCompleted{Key: 1, Mark: 'x'}, &events.TaskReopened{Key: 1, Mark: ' '}}, "", []int{1}},
		{"a longer way than what differs", []events.Event{
			&events.TaskCompleted{Key: 1, Mark: 'x'}, &events.TaskReopened{Key: 1, Mark: ' '}, &events.TaskStarted{Key: 1, Mark: '~'},
		}, "One 0/3 → 0/3: task/1 started", []int{1}},
		{"added and removed again", []events.Event{add(5, events.Place{In: section(2)}, "e"), &events.TaskRemoved{Key: 5}}, "", []int{5}},
		{"added", []events.Event{add(5, events.Place{In: section(2)}, "e")}, "Two 0/1 → 0/2: task/5 added", nil},
		{"removed", []events.Event{&events.TaskRemoved{Key: 2}}, "One 0/3 → 0/2: task/2 removed", nil},
		{"reworded is neither added nor removed", []events.Event{&events.TaskReworded{Key: 2, Text: "bb", Raw: "- [ ] bb\n", Box: 3}}, "One 0/3 → 0/3: task/2 reworded", nil},
		{"reworded and back", []events.Event{
			&events.TaskReworded{Key: 2, Text: "bb", Raw: "- [ ] bb\n", Box: 3}, &events.TaskReworded{Key: 2, Text: "b", Raw: "- [ ] b\n", Box: 3},
		}, "", []int{2}},
		{"a state counts more than the rest", []events.Event{
			&events.TaskAssigned{Key: 2, Assignees: []string{"ada"}}, &events.TaskHeld{Key: 2, Mark: '!', Until: "2026-12-01"},
		}, "One 0/3 → 0/3: task/2 held", nil},
		{"moved into a section", []events.Event{&events.TaskMoved{Key: 2, Place: events.Place{In: section(2)}}}, "Two 0/1 → 0/2: task/2 moved", nil},
		{"moved among its siblings", []events.Event{&events.TaskMoved{Key: 3, Place: events.Place{In: section(1)}}}, "One 0/3 → 0/3: task/3 moved", nil},
		{"moved to where it was", []events.Event{&events.TaskMoved{Key: 3, Place: events.Place{In: section(1), After: task(2)}}}, "", []int{3}},
		{"moved under a task", []events.Event{&events.TaskMoved{Key: 3, Place: events.Place{In: task(1)}}}, "One 0/3 → 0/2: task/3 moved", nil},
		{"a heading that was moved, and not its tasks", []events.Event{&events.SectionMoved{Key: 2}}, "Two 0/1 → 0/1: section/2 moved", nil},
		{"a heading that was moved under another", []events.Event{&events.SectionMoved{Key: 2, Place: events.Place{In: section(1), After: task(3)}, Level: 3, Raw: "### Two\n"}}, "Two 0/1 → 0/1: section/2 level", nil},
		{"a heading that goes, and what stood under it stays", []events.Event{
			&events.SectionRemoved{Key: 2, Kept: events.Set(events.Place{In: section(1), After: task(3)})},
		}, "Two 0/1 → –: section/2 removed", nil},
		{"a heading that goes with its tasks", []events.Event{&events.SectionRemoved{Key: 2}}, "Two 0/1 → –: section/2 removed, task/4 removed", nil},
		{"a heading over tasks that were there", []events.Event{
			&events.SectionAdded{Key: 3, Place: events.Place{After: section(1)}, Level: 2, Title: "Half", Raw: "## Half\n", First: task(2), Last: task(3)},
		}, "Half – → 0/2: section/3 added", nil},
		{"a heading that was reworded", []events.Event{&events.SectionRetitled{Key: 2, Title: "Second", Raw: "## Second\n"}}, "Second 0/1 → 0/1: section/2 retitled", nil},
		{"split", []events.Event{split(add(5, events.Place{In: task(4)}, "x")), split(add(6, events.Place{In: task(4), After: task(5)}, "y"))}, "Two 0/1 → 0/2: task/4 split 5 6", nil},
		{"split, and done of it", []events.Event{
			split(add(5, events.Place{In: task(4)}, "x")), split(add(6, events.Place{In: task(4), After: task(5)}, "y")), &events.TaskCompleted{Key: 5, Mark: 'x'},
		}, "Two 0/1 → 1/2: task/4 split 5 6", nil},
		{"a split that was taken back", []events.Event{
			split(add(5, events.Place{In: task(4)}, "x")), split(add(6, events.Place{In: task(4), After: task(5)}, "y")), &events.TaskRemoved{Key: 5}, &events.TaskRemoved{Key: 6},
		}, "", []int{5, 6}},
		{"separated: one is gone, another is new", []events.Event{
			&events.TaskReworded{Key: 2, Text: "other", Raw: "- [ ] other\n", Box: 3, Match: similar}, &events.TaskSeparated{Key: 2, From: "10", As: 5},
		}, "One 0/3 → 0/3: task/5 added, task/2 removed", nil},
		{"joined: the line was the earlier task all along", []events.Event{
			&events.TaskRemoved{Key: 2}, add(5, events.Place{In: section(1), After: task(1)}, "b"), &events.TaskJoined{Key: 5, Into: 2},
		}, "", []int{2, 5}},
		{"text", []events.Event{&events.TextEdited{Key: 1, Edits: []events.Edit{{At: 0, Cut: 5, Put: "Other"}}}}, "Two 0/1 → 0/1: text/1 text", nil},
		{"a text that changed along is no difference of its own", []events.Event{
			&events.TaskStarted{Key: 1, Mark: '~', Doc: []events.Line{{Ref: events.TextRef(1), Raw: "Words, [~] = In progress\n"}}},
		}, "One 0/3 → 0/3: task/1 started", nil},
		{"a text that went", []events.Event{&events.TextRemoved{Key: 1}}, "Two 0/1 → 0/1: text/1 text", nil},
		{"a blank line is no difference", []events.Event{&events.TextEdited{Key: 1, Edits: []events.Edit{{At: 0, Put: "\n"}}}}, "", nil},
		{"a text that came again", []events.Event{&events.TextRemoved{Key: 1}, &events.TextAdded{Key: 2, Place: events.Place{In: section(2)}, Raw: "Words.\n"}}, "", nil},
		{"a comment is no difference", []events.Event{&events.TaskCommented{Key: 1, Text: "so"}}, "", nil},
		{"dropped leaves the scope", []events.Event{&events.TaskDropped{Key: 1, Mark: '-'}}, "One 0/3 → 0/2: task/1 dropped", nil},
		{"due, label and blocker", []events.Event{
			&events.TaskScheduled{Key: 1, Due: events.Set(events.Day("2026-12-04"))}, &events.TaskLabeled{Key: 1, Labels: []string{"x"}}, &events.TaskBlocked{Key: 2, By: []int{1}},
		}, "One 0/3 → 0/3: task/1 due, task/2 block", nil},
		{"an occurrence", []events.Event{&events.TaskCompleted{Key: 1, Occurrence: "2026-12-04"}}, "One 0/3 → 0/3: task/1 occurred", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var envs []events.Envelope
			for i, e := range append(slices.Clone(start), test.then...) {
				env := events.Envelope{ID: fmt.Sprint(i + 1), Seq: events.Seq(i + 1), Revision: uint64(i + 1), Data: e, CommandID: fmt.Sprint(i)}
				if i < len(start) {
					env.CommandID = "import"
				}
				if s, ok := e.(splitPart); ok {
					env.Data, env.CommandName, env.CommandID = s.TaskAdded, splitTask, "split"
				}
				envs = append(envs, env)
			}
			if r, ok := envs[len(start)].Data.(*events.TaskReworded); ok && r.Match == similar {
				envs[len(start)].ID = "10"
			}
			before, after, rows := states(t, envs, len(start), len(envs))
			d := Diff(before, after, rows)
			var got []string
			for _, sec := range d.Sections {
				var items []string
				for _, item := range sec.Items {
					name := item.Target.String() + " " + item.Action
					for _, part := range item.Into {
						name += fmt.Sprintf(" %d", part.Key)
					}
					items = append(items, name)
				}
				got = append(got, sec.Title+" "+sec.counts()+": "+strings.Join(items, ", "))
			}
			if got := strings.Join(got, "; "); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			var through []int
			for _, item := range d.Through {
				through = append(through, item.Key)
			}
			if !slices.Equal(through, test.through) {
				t.Errorf("there and back: got %v, want %v", through, test.through)
			}
		})
	}
}

// splitPart is a task that a split adds.
type splitPart struct{ *events.TaskAdded }

func split(e *events.TaskAdded) events.Event { return splitPart{e} }

// TestDiffFollowsCorrections: a line that was taken for a task before the first
// moment, and corrected after it, is the same line under another key.
func TestDiffFollowsCorrections(t *testing.T) {
	t.Parallel()
	add := func(key int, after events.Ref, text string) *events.TaskAdded {
		return &events.TaskAdded{Key: key, Place: events.Place{After: after}, Text: text, State: events.Todo, Raw: "- [ ] " + text + "\n", Box: 3}
	}
	for _, test := range []struct {
		name   string
		before []events.Event
		then   events.Event
		want   string
	}{
		{
			"separated",
			[]events.Event{add(1, events.Ref{}, "one"), &events.TaskReworded{Key: 1, Text: "two", Raw: "- [ ] two\n", Box: 3, Match: events.Match{Stage: "similar"}}},
			&events.TaskSeparated{Key: 1, From: "2", As: 2}, "2 corrected 1 → 2",
		},
		{
			"joined",
			[]events.Event{add(1, events.Ref{}, "one"), &events.TaskRemoved{Key: 1}, add(2, events.Ref{}, "one")},
			&events.TaskJoined{Key: 2, Into: 1}, "1 corrected 2 → 1",
		},
	} {
		var envs []events.Envelope
		for i, e := range append(test.before, test.then) {
			envs = append(envs, events.Envelope{ID: fmt.Sprint(i + 1), Seq: events.Seq(i + 1), Revision: uint64(i + 1), Data: e})
		}
		d := Diff(states(t, envs, len(test.before), len(envs)))
		if len(d.Sections) != 1 || len(d.Sections[0].Items) != 1 {
			t.Errorf("%s: got %+v, want one line", test.name, d.Sections)
			continue
		}
		item := d.Sections[0].Items[0]
		if got := fmt.Sprintf("%d %s %v → %v", item.Key, item.Action, item.Changes[0].Before, item.Changes[0].After); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
