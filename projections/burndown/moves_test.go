package burndown_test

import (
	"testing"

	"cairn/projections/burndown"
	"cairn/server/commands"
)

// What changed the work that remains, worked out by hand. Each begins with two
// open tasks and one that was done at the import: two remain, both added.
func TestMoves(t *testing.T) {
	t.Parallel()
	const document = "## A\n- [ ] a\n- [ ] b\n- [x] c\n"
	for _, test := range []struct {
		name string
		does []commands.Command
		want burndown.Moves
	}{
		{"the import", nil, burndown.Moves{Added: 2}},
		{
			"closed, open again, and closed",
			[]commands.Command{verb(commands.Done, "1"), verb(commands.Reopen, "1"), verb(commands.Done, "1")},
			burndown.Moves{Added: 2, Closed: 2, Reopened: 1},
		},
		{"started and held: nothing", []commands.Command{verb(commands.Start, "1"), verb(commands.Hold, "1")}, burndown.Moves{Added: 2}},
		{"decided against", []commands.Command{verb(commands.Drop, "1")}, burndown.Moves{Added: 2, Dropped: 1}},
		{
			"wanted again is added again",
			[]commands.Command{verb(commands.Drop, "1"), verb(commands.Reopen, "1")},
			burndown.Moves{Added: 3, Dropped: 1},
		},
		{"taken out", []commands.Command{commands.RemoveTasks{Tasks: []string{"1"}}}, burndown.Moves{Added: 2, Removed: 1}},
		// What was done is none that remains: its going changes nothing.
		{"taken out though done", []commands.Command{commands.RemoveTasks{Tasks: []string{"3"}}}, burndown.Moves{Added: 2}},
		// One leaf in three parts: two more remain, and none of it is new.
		{"split in three", []commands.Command{commands.SplitTask{Task: "1", Texts: []string{"x", "y", "z"}}}, burndown.Moves{Added: 2, Regrouped: 2}},
		// Its parts are open, though it was done: two more remain.
		{
			"split though done",
			[]commands.Command{verb(commands.Reopen, "3"), verb(commands.Done, "3"), commands.AddTask{Text: "x"}.At("3", "", "", "")},
			burndown.Moves{Added: 2, Closed: 1, Reopened: 1, Regrouped: 1},
		},
		{"into risks: no work any more", []commands.Command{commands.EditSection{Section: "s:1", Title: "Risks"}}, burndown.Moves{Added: 2, Removed: 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).at("2026-11-23T10:00").importing(document)
			s := w.do(test.does...).series(nil)
			if got := s.Moves(); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if got := s.Moves().Net(); got != s.Remaining() {
				t.Errorf("the moves make %d, %d remain", got, s.Remaining())
			}
		})
	}
}
