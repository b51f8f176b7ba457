package app_test

import (
	"testing"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/burndown"
	"cairn/server/commands"
)

// The work before and after, with the rows between; a moment within a command
// means its end, so that nothing of it is told without the rest.
func TestReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // @2 to @7
	w.do("plan", done("1"))
	w.do("plan", commands.SplitTask{Task: "2", Texts: []string{"x", "y"}}) // @9 and @10
	w.do("plan", commands.RecordReview{Status: "on-track", Note: "fine"})
	for _, test := range []struct {
		from         commands.When
		to           *commands.When
		before, last events.Seq
		rows         int
	}{
		{commands.When{Seq: 8}, nil, 8, 11, 3},
		{commands.When{Seq: 9}, nil, 10, 11, 1},
		{commands.When{Import: true}, &commands.When{Seq: 8}, 7, 8, 1},
		{commands.When{Review: 1}, nil, 11, 11, 0},
	} {
		if err := w.Report(t.Context(), "plan", &test.from, test.to, func(before, after *burndown.Series, rows []audit.Row) error {
			if b, a := before.State().Seq(), after.State().Seq(); b != test.before || a != test.last || len(rows) != test.rows {
				t.Errorf("from %+v: got @%d to @%d with %d rows, want @%d to @%d with %d", test.from, b, a, len(rows), test.before, test.last, test.rows)
			}
			return nil
		}); err != nil {
			t.Errorf("from %+v: %v", test.from, err)
		}
	}
}
