package burndown_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
)

// series makes days from a Monday on: what was closed and what came in on each
// calendar day, with so much work at the beginning.
func series(work int, flows ...[2]int) []burndown.Day {
	var days []burndown.Day
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC) // a Monday
	done := 0
	for _, f := range flows {
		work, done = work+f[1], done+f[0]
		days = append(days, burndown.Day{
			Date: events.DayOf(at), Completed: f[0], Added: f[1], Work: burndown.Counts{Todo: work - done, Done: done},
		})
		at = at.AddDate(0, 0, 1)
	}
	return days
}

// week repeats the flows of seven days, n times.
func week(n int, flows ...[2]int) [][2]int {
	var all [][2]int
	for range n {
		for i := range 7 {
			f := [2]int{}
			if i < len(flows) {
				f = flows[i]
			}
			all = append(all, f)
		}
	}
	return all
}

func calendar(t *testing.T) burndown.Calendar {
	t.Helper()
	return burndown.CalendarOf(checklist.New())
}

// Where every day is alike, there is nothing to chance: the day can be counted.
func TestForecastCounts(t *testing.T) {
	t.Parallel()
	one := [2]int{1, 0}
	for _, test := range []struct {
		name string
		days []burndown.Day
		by   events.Day
		want string
	}{
		{
			// 40 tasks, 20 closed on 20 working days until Sunday 11-29: 20 more
			// working days from Monday the 30th end on Friday, 12-25.
			name: "one a day", days: series(40, week(4, one, one, one, one, one)...), by: "2026-12-25",
			want: "2026-12-25 2026-12-25 2026-12-25 100 %, steady 2026-12-25, 20 in 20 days from 2026-11-02 to 2026-11-27 weekly false",
		},
		{
			name: "a day earlier", days: series(40, week(4, one, one, one, one, one)...), by: "2026-12-24",
			want: "2026-12-25 2026-12-25 2026-12-25 0 %, steady 2026-12-25, 20 in 20 days from 2026-11-02 to 2026-11-27 weekly false",
		},
		{
			// One closed and one more each day but in the first week: never.
			name: "as much comes in", days: series(20, append(week(1), week(4, [2]int{1, 1}, [2]int{1, 1}, [2]int{1, 1}, [2]int{1, 1}, [2]int{1, 1})...)...), by: "2027-12-25",
			want: "   0 %, steady 2027-01-",
		},
		{
			// Five each Friday, the last on 11-27; 10 are left: two Fridays more.
			name: "in a meeting on Fridays", days: series(30, week(4, [2]int{}, [2]int{}, [2]int{}, [2]int{}, [2]int{5, 0})...), by: "2026-12-11",
			want: "2026-12-11 2026-12-11 2026-12-11 100 %, steady 2026-12-11, 20 in 20 days from 2026-11-02 to 2026-11-27 weekly true",
		},
		{
			// Closed on Sunday, it counts for Monday: but on the first Monday, one each
			// working day until Tuesday, 11-24.
			name: "on days off", days: series(40, week(4, [2]int{}, one, one, one, one, [2]int{0, 0}, one)...)[:23], by: "",
			want: "16 in 17 days from 2026-11-02 to 2026-11-24 weekly false",
		},
		{
			// The last 30 of 60 working days closed two a week, 12: the window goes
			// back for eight more, which are eight days, to Wednesday, 12-02.
			name: "a window that goes back", days: series(60, append(week(6, one, one, one, one, one), week(6, one, [2]int{}, one, [2]int{}, [2]int{0, 0})...)...), by: "",
			want: "20 in 38 days from 2026-12-02 to 2027-01-22",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, err := burndown.NewForecast(test.days, calendar(t), test.by, 1)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("%s %s %s %.0f %%, steady %s, %d in %d days from %s to %s weekly %t", f.P50, f.P85, f.P95, f.Chance*100, f.Steady.P95, f.Completed, f.Days, f.From, f.To, f.Weekly)
			if !strings.Contains(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestForecastRefuses(t *testing.T) {
	t.Parallel()
	one := [2]int{1, 0}
	for _, test := range []struct {
		name string
		days []burndown.Day
		want string
	}{
		{"no day", nil, "there is no forecast yet: the first day is not over"},
		{"nothing left", series(1, one), "nothing is left to forecast"},
		{"a week", series(40, week(1, one, one, one, one, one)...), "there is no forecast yet: 5 of 10 working days are over, and 5 of 10 tasks are closed (There is one from 2026-11-14 at the earliest, once 10 are closed.)"},
		{"a week of much", series(40, week(1, [2]int{9, 0}, one, one, one, one)...), "there is no forecast yet: 5 of 10 working days are over (There is one from 2026-11-14.)"},
		{"three weeks of little", series(40, week(3, one, one)...), "there is no forecast yet: 6 of 10 tasks are closed (There is one once 10 are closed; what was closed at the import does not count.)"},
	} {
		_, err := burndown.NewForecast(test.days, calendar(t), "", 1)
		var e *burndown.Error
		got := ""
		if errors.As(err, &e) {
			got = e.Message
			if e.Hint != "" {
				got += " (" + e.Hint + ")"
			}
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// The same seed draws the same; another draws another, not far off. More growth
// is never sooner, and the chance rises with the day.
func TestForecastDraws(t *testing.T) {
	t.Parallel()
	var flows [][2]int
	for i := range 80 {
		flows = append(flows, [2]int{i * 7 % 4, i % 5 / 4})
	}
	days := series(300, flows...)
	f, err := burndown.NewForecast(days, calendar(t), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := burndown.NewForecast(days, calendar(t), "", 1); err != nil || again != f {
		t.Errorf("again: got %+v, %v, want %+v", again, err, f)
	}
	other, err := burndown.NewForecast(days, calendar(t), "", 2)
	if err != nil || other.P50.In(time.UTC).Sub(f.P50.In(time.UTC)).Abs() > 7*24*time.Hour {
		t.Errorf("another seed: got %s, %v, want about %s", other.P50, err, f.P50)
	}
	if f.P50 >= f.P85 || f.P85 >= f.P95 || f.Steady.P50 >= f.P50 {
		t.Errorf("got %s, %s, %s, steady %s: not in order", f.P50, f.P85, f.P95, f.Steady.P50)
	}
	last := 0.0
	for _, by := range []events.Day{"2026-12-01", f.P50, f.P85, f.P95, "2029-01-01"} {
		at, err := burndown.NewForecast(days, calendar(t), by, 1)
		if err != nil || at.Chance < last {
			t.Errorf("by %s: got %.2f, %v, want at least %.2f", by, at.Chance, err, last)
		}
		last = at.Chance
		if by == f.P50 && (at.Chance < 0.5 || at.Chance > 0.6) || by == f.P85 && (at.Chance < 0.85 || at.Chance > 0.9) {
			t.Errorf("by %s: got %.2f", by, at.Chance)
		}
	}
	if last != 1 {
		t.Errorf("got %.2f in the end, want 1", last)
	}
}

// BenchmarkForecast plays a future that is nowhere in sight: the longest.
func BenchmarkForecast(b *testing.B) {
	one := [2]int{1, 1}
	days := series(20, append(week(1), week(6, one, one, one, one, one)...)...)
	c := burndown.CalendarOf(checklist.New())
	for b.Loop() {
		if _, err := burndown.NewForecast(days, c, "2027-12-25", 1); err != nil {
			b.Fatal(err)
		}
	}
}
