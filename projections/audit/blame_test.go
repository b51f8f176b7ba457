package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"cairn/events"
	"cairn/projections/checklist"
)

func TestBlame(t *testing.T) {
	t.Parallel()
	h := NewHistory()
	tell(t, h, more(t, migration(t)))
	st := h.State()
	lines := Blame(st, st.Root())
	for _, test := range []struct {
		file string
		of   []Blamed
		s    checklist.Style
	}{
		{"blame.80.txt", lines, checklist.Style{Width: 80, Of: checklist.Moment{AsOf: "@102"}}},
		{"blame.section.80.txt", Blame(st, st.Section(3)), checklist.Style{Width: 80}},
		{"blame.task.80.txt", Blame(st, st.Task(18)), checklist.Style{Width: 80}},
		{"blame.pipe.txt", lines, checklist.Style{}},
	} {
		var buf bytes.Buffer
		if err := BlameText(&buf, test.of, about(t, h), test.s); err != nil {
			t.Fatal(err)
		}
		golden(t, test.file, buf.Bytes())
		for line := range strings.Lines(buf.String()) {
			if n := checklist.Width(strings.TrimSuffix(line, "\n")); test.s.Width > 0 && n > test.s.Width {
				t.Errorf("%s: got a line of %d columns: %s", test.file, n, line)
			}
		}
	}
	body, err := json.MarshalIndent(BlameJSON(st, lines, checklist.Moment{KnownAt: "fri"}), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "blame.json", body)
	var table bytes.Buffer
	if err := BlameCSV(&table, lines); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&table).ReadAll()
	if tasks := st.Root().Tally().Counts.Tasks; err != nil || len(records) != tasks+1 {
		t.Errorf("got %d records (%v), want %d and a header", len(records), err, tasks)
	}
}

// TestBlameNames says who is credited: each case is what happens to task 1 after
// the import, which ends at @2.
func TestBlameNames(t *testing.T) {
	t.Parallel()
	const line = "- [ ] one\n"
	by := func(who string, e events.Event) events.Envelope {
		return events.Envelope{Actor: events.Actor{ID: who, Auth: "user"}, CommandID: who, Data: e}
	}
	byGit := func(who string, e events.Event) events.Envelope {
		env := by(who, e)
		env.Via, env.CausationID = "git", "9f3c2e1"
		return env
	}
	add := func(key int, state events.State) events.Event {
		return &events.TaskAdded{Key: key, Text: "one", State: state, Raw: line, Box: 3}
	}
	similar := events.Match{Stage: "similar", Score: .7}
	reworded := by("bob", &events.TaskReworded{Key: 1, Text: "two", Raw: "- [ ] two\n", Box: 3, Match: similar})
	reworded.ID = "reworded"
	for _, test := range []struct {
		name     string
		imported events.Envelope
		then     []events.Envelope
		key      int
		want     string
	}{
		{"the import", by("ada", add(1, events.Done)), nil, 1, "import@2"},
		{"the author of the first commit", byGit("ada", add(1, events.Done)), nil, 1, "ada@2"},
		{"who ticked it", by("ada", add(1, events.Todo)), []events.Envelope{by("bob", &events.TaskCompleted{Key: 1, Mark: 'x'})}, 1, "bob@3"},
		{"the author of a later commit", by("ada", add(1, events.Todo)), []events.Envelope{byGit("bob", &events.TaskCompleted{Key: 1, Mark: 'x'})}, 1, "bob@3"},
		{
			"who re-opened it", by("ada", add(1, events.Todo)),
			[]events.Envelope{by("bob", &events.TaskCompleted{Key: 1, Mark: 'x'}), by("cho", &events.TaskReopened{Key: 1, Mark: ' '})},
			1, "cho@4 ↺@3",
		},
		{"not who moved it", by("ada", add(1, events.Todo)), []events.Envelope{by("bob", &events.TaskMoved{Key: 1})}, 1, "import@2"},
		{"not who reworded it", by("ada", add(1, events.Todo)), []events.Envelope{reworded}, 1, "import@2"},
		{
			"not who assigned it, said something or brought it back", by("ada", add(1, events.Todo)),
			[]events.Envelope{
				by("bob", &events.TaskAssigned{Key: 1, Assignees: []string{"bob"}}), by("cho", &events.TaskCommented{Key: 1, Text: "so"}),
				by("dan", &events.TaskRemoved{Key: 1}), by("eli", &events.TaskRestored{Key: 1}),
			},
			1, "import@2",
		},
		{
			"not who completes it again", by("ada", add(1, events.Todo)),
			[]events.Envelope{by("bob", &events.TaskCompleted{Key: 1, Mark: 'x'}), by("cho", &events.TaskCompleted{Key: 1, Mark: 'X'})},
			1, "bob@3",
		},
		{"who added it", by("ada", add(1, events.Todo)), []events.Envelope{by("bob", add(2, events.Done))}, 2, "bob@3+"},
		{
			"a line that was separated: who brought it", by("ada", add(1, events.Done)),
			[]events.Envelope{reworded, by("cho", &events.TaskSeparated{Key: 1, From: "reworded", As: 2})},
			2, "bob@3+",
		},
		{
			"a line that was joined: who had ticked it", by("ada", add(1, events.Todo)),
			[]events.Envelope{
				by("bob", &events.TaskCompleted{Key: 1, Mark: 'x'}), by("cho", &events.TaskRemoved{Key: 1}), by("cho", add(2, events.Done)),
				by("dan", &events.TaskJoined{Key: 2, Into: 1}),
			},
			1, "bob@3",
		},
	} {
		st := checklist.New()
		envs := append([]events.Envelope{{Actor: events.Actor{ID: "ada", Auth: "user"}, CommandID: test.imported.CommandID, Data: &events.ChecklistCreated{}}, test.imported}, test.then...)
		for i, env := range envs {
			if env.Seq = events.Seq(i + 1); i > 1 {
				env.CommandID = env.ID + string(rune('a'+i))
			}
			var err error
			if st, err = checklist.Evolve(st, env); err != nil {
				t.Fatal(err)
			}
		}
		got := ""
		for _, l := range Blame(st, st.Root()) {
			if l.Key == test.key {
				got = l.Who() + l.at()
				if l.Added {
					got += "+"
				}
				if l.Was.Seq != 0 {
					got += " ↺@" + num(l.Was.Seq)
				}
			}
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
