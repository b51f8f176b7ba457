package commands_test

import (
	"testing"

	"cairn/events"
	"cairn/server/commands"
)

// What a line says is read, and a new value written where the document has a
// form for it.
func TestMeta(t *testing.T) {
	t.Parallel()
	day := func(s string) events.Optional[events.Day] { return events.Set(events.Day(s)) }
	assign := func(who ...string) commands.Assign { return commands.Assign{Tasks: []string{"1"}, Assignees: who} }
	due := func(day, every string) commands.Schedule {
		return commands.Schedule{Tasks: []string{"1"}, Due: day, Every: every}
	}
	run(t, []decided{
		{
			name: "an import takes what the lines say", when: commands.ImportDocument{Document: []byte("- [ ] a @ada #db start:2026-12-01 due:2026-12-24 est:3d\n")},
			then: []events.Event{
				&events.ChecklistCreated{},
				&events.TaskAdded{
					Key: 1, Text: "a", State: events.Todo, Raw: "- [ ] a @ada #db start:2026-12-01 due:2026-12-24 est:3d\n", Box: 3,
					Assignees: []string{"ada"}, Labels: []string{"db"}, Start: "2026-12-01", Due: "2026-12-24", Estimate: "3d",
				},
				&events.DocumentSynced{SHA256: "38442b300bfa0deb2141ca749b6641770e92e19919db1f1ccc4af835d0101f31", AtRevision: 2},
			},
		},
		{
			name: "what is done does not repeat", when: commands.ImportDocument{Document: []byte("- [x] a 🔁 every week 📅 2026-12-24\n- [ ] b 🔁 every week 📅 2026-12-24\n")},
			then: []events.Event{
				&events.ChecklistCreated{},
				&events.TaskAdded{Key: 1, Text: "a", State: events.Done, Raw: "- [x] a 🔁 every week 📅 2026-12-24\n", Box: 3, Due: "2026-12-24"},
				&events.TaskAdded{Key: 2, Place: events.Place{After: events.TaskRef(1)}, Text: "b", State: events.Todo, Raw: "- [ ] b 🔁 every week 📅 2026-12-24\n", Box: 3, Due: "2026-12-24"},
				&events.TaskScheduled{Key: 2, Every: events.Set("week")},
				&events.DocumentSynced{SHA256: "ac4240160f8cb84885dc21ec0080159ce3e7f22c065d06d54287679f301854cd", AtRevision: 4},
			},
		},
		{
			name:  "an owner goes into the line that has one",
			given: on("- [ ] a @ada\n"), when: assign("bob", "chen"),
			then:     []events.Event{&events.TaskAssigned{Key: 1, Assignees: []string{"bob", "chen"}, Raw: "- [ ] a @bob @chen\n", Box: 3}},
			document: "- [ ] a @bob @chen\n",
		},
		{
			name:  "and into one of a document that has them",
			given: on("- [ ] a\n- [ ] b @ada\n"), when: assign("bob"), document: "- [ ] a @bob\n- [ ] b @ada\n",
		},
		{
			name:  "a name that is no word stays in the log",
			given: on("- [ ] a @ada\n"), when: assign("Grace Hopper,bob"),
			then: []events.Event{&events.TaskAssigned{Key: 1, Assignees: []string{"Grace Hopper", "bob"}, Raw: "- [ ] a @bob\n", Box: 3}},
		},
		{
			name:  "nobody is taken out of the words",
			given: on("- [ ] ask @ada for it\n"), when: assign("none"),
			then: []events.Event{&events.TaskAssigned{Key: 1}},
		},
		{
			name:  "a day in the words is written there, and the text with it",
			given: on("- [ ] ship due:2026-12-01 at last\n"), when: due("2026-12-24", ""),
			then: []events.Event{
				&events.TaskReworded{Key: 1, Text: "ship due:2026-12-24 at last", Raw: "- [ ] ship due:2026-12-24 at last\n", Box: 3},
				&events.TaskScheduled{Key: 1, Due: day("2026-12-24")},
			},
		},
		{
			name:  "the day is written, that it repeats stays in the log",
			given: on("- [ ] a due:2026-12-01\n"), when: due("2026-12-24", "week"),
			then: []events.Event{&events.TaskScheduled{Key: 1, Due: day("2026-12-24"), Every: events.Set("week"), Raw: "- [ ] a due:2026-12-24\n", Box: 3}},
		},
		{
			name:  "no day, no repeating",
			given: on("- [ ] a 🔁 every week 📅 2026-12-01\n"), when: due("none", ""), document: "- [ ] a\n",
		},
		{
			name:  "the next occurrence is written",
			given: on("- [ ] a 🔁 every week 📅 2026-12-01\n"), when: do(commands.Done, "1"), document: "- [ ] a 🔁 every week 📅 2026-12-08\n",
		},
		{
			name:  "labels as the line has them",
			given: on("- [ ] a +db #ui\n"), when: commands.Label{Tasks: []string{"1"}, Add: []string{"x"}, Remove: []string{"ui"}}, document: "- [ ] a +db #x\n",
		},
		{
			name:  "an estimate",
			given: on("- [ ] a\n- [ ] b est:3d\n"), when: commands.Estimate{Tasks: []string{"1"}, Estimate: "5"}, document: "- [ ] a est:5\n- [ ] b est:3d\n",
		},
		{
			name:  "a new task is read like those that are there",
			given: on("- [ ] a\n"), when: commands.AddTask{Text: "b due:2026-12-24 @ada"},
			then: []events.Event{&events.TaskAdded{
				Key: 2, Place: events.Place{After: events.TaskRef(1)}, Text: "b", State: events.Todo, Raw: "- [ ] b due:2026-12-24 @ada\n", Box: 3,
				Due: "2026-12-24", Assignees: []string{"ada"},
			}},
		},
		{
			name:  "other words keep what is no text, but for a day that they name",
			given: on("- [ ] a @ada due:2026-12-01\n"), when: commands.EditTask{Task: "1", Text: "b due:2026-12-24"},
			then: []events.Event{
				&events.TaskReworded{Key: 1, Text: "b", Raw: "- [ ] b due:2026-12-24 @ada\n", Box: 3},
				&events.TaskScheduled{Key: 1, Due: day("2026-12-24")},
			},
		},
	})
}
