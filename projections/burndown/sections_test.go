package burndown_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/projections/burndown"
	"cairn/server/commands"
)

// Each section is forecast from what happened in it alone. A closes one task on
// each working day from Monday, 11-02, on: ten in two weeks, ten of 20 are left and
// take ten working days more, to Friday, 11-27. B closed three, C has nothing left,
// and what came on 11-04 under D was never closed.
func TestSectionForecasts(t *testing.T) {
	t.Parallel()
	w := newWorld(t).at("2026-11-02T09:00")
	w.importing("# Plan\n\n- [ ] z\n\n## A\n" + strings.Repeat("- [ ] a\n", 20) + "\n## B\n" + strings.Repeat("- [ ] b\n", 5) + "\n## C\n- [ ] c\n")
	w.do(commands.Schedule{Section: "s:2", Due: "2026-12-24"}, commands.Plan{Finish: p("2026-11-26")})
	for day := range 12 {
		at := time.Date(2026, 11, 2+day, 10, 0, 0, 0, time.UTC)
		if d := at.Weekday(); d == time.Saturday || d == time.Sunday {
			continue
		}
		w.now = at
		w.do(verb(commands.Done, fmt.Sprint(2+day-day/7*2)))
		switch day {
		case 1:
			w.do(verb(commands.Done, "22", "23", "24", "25"), verb(commands.Reopen, "24"), verb(commands.Done, "27"))
		case 2:
			w.do(commands.AddSection{Title: "D"}, commands.AddTask{Text: "d"}.At("", "", "", "s:4"))
		}
	}
	v := w.series(nil).Summarise("plan", "2026-11-15", false, burndown.Options{Sections: true})
	var got strings.Builder
	for _, f := range v.Sections {
		fmt.Fprintf(&got, "%d %q %d left of %d, %d closed, by %s own %t: ", f.Key, f.Title, f.Work.Remaining(), f.Work.Scope(), f.Completed, f.By, f.Own)
		if f.None != nil {
			fmt.Fprintln(&got, f.None.Message)
			continue
		}
		fmt.Fprintf(&got, "%s %s %s %.0f %%\n", f.Forecast.P50, f.Forecast.P85, f.Forecast.P95, f.Forecast.Chance*100)
	}
	want := `0 "" 1 left of 1, 0 closed, by 2026-11-26 own false: there is no forecast yet: 0 of 10 tasks are closed
1 "A" 10 left of 20, 10 closed, by 2026-11-26 own false: 2026-11-27 2026-11-27 2026-11-27 0 %
2 "B" 2 left of 5, 3 closed, by 2026-12-24 own true: there is no forecast yet: 3 of 10 tasks are closed
4 "D" 1 left of 1, 0 closed, by 2026-11-26 own false: there is no forecast yet: 8 of 10 working days are over, and 0 of 10 tasks are closed
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if v := w.series(nil).Summarise("plan", "2026-11-15", false, burndown.Options{}); v.Sections != nil {
		t.Errorf("nobody asked: got %d", len(v.Sections))
	}
}
