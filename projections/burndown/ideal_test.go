package burndown_test

import (
	"fmt"
	"testing"
	"time"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/server/commands"
)

// The ideal line, worked out by hand: from the work at the beginning of a day, by
// the same on each working day, to nothing at the end of another.
func TestIdeal(t *testing.T) {
	t.Parallel()
	five := "- [ ] a\n- [ ] b\n- [ ] c\n- [ ] d\n- [ ] e\n"
	for _, test := range []struct {
		name string
		does func(w *world)
		want string // its beginning and end, and each day from 11-20 to 11-30
	}{
		{
			// Monday 23rd to Friday 27th: five working days, one task each.
			name: "from the first day, over a week",
			does: func(w *world) { w.at("2026-11-23T10:00").importing(five).do(commands.Plan{Finish: p("2026-11-27")}) },
			want: "5 from 2026-11-23 to 2026-11-27: 5 5 5 4 3 2 1 0 0 0 0",
		},
		{
			// Thursday 19th to Monday 23rd: three working days, Saturday and Sunday
			// are none: 5, 10/3 on Friday, Saturday and Sunday the same, 0.
			name: "over a weekend, from a start before the first day",
			does: func(w *world) {
				w.at("2026-11-20T10:00").importing(five).do(commands.Plan{Start: p("2026-11-19"), Finish: p("2026-11-23")})
			},
			want: "5 from 2026-11-19 to 2026-11-23: 1.67 1.67 1.67 0 0 0 0 0 0 0 0",
		},
		{
			// Wednesday is a holiday, Saturday a working day: 23 24 26 27 28, one each.
			name: "with a holiday, and a week that goes on",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(five).do(commands.Plan{Finish: p("2026-11-28"), Holidays: p("2026-11-25"), WorkingDays: p("mon-sat")})
			},
			want: "5 from 2026-11-23 to 2026-11-28: 5 5 5 4 3 3 2 1 0 0 0",
		},
		{
			// What was done on the first day had been work that morning; what was
			// closed at the import had not.
			name: "closed at the import, and done on the first day",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing("- [x] z\n"+five).do(verb(commands.Done, "2"), commands.Plan{Finish: p("2026-11-27")})
			},
			want: "5 from 2026-11-23 to 2026-11-27: 5 5 5 4 3 2 1 0 0 0 0",
		},
		{
			// The target start is a day on which two were left.
			name: "from the target start",
			does: func(w *world) {
				w.at("2026-11-20T10:00").importing(five).do(verb(commands.Done, "1", "2", "3"))
				w.at("2026-11-24T10:00").do(commands.Plan{Start: p("2026-11-24"), Finish: p("2026-11-27")}, verb(commands.Done, "4"))
			},
			want: "2 from 2026-11-24 to 2026-11-27: 2 2 2 2 1.50 1 0.50 0 0 0 0",
		},
		{
			// Three are left on Tuesday: 3/4 on each of the four days to Friday,
			// whatever the plan says later.
			name: "from a baseline",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(five).do(commands.Plan{Start: p("2026-11-20"), Finish: p("2026-11-27")}, verb(commands.Done, "1", "2"))
				w.at("2026-11-24T10:00").do(commands.SetBaseline{Label: "v1"}, verb(commands.Done, "3"), commands.Plan{Finish: p("2026-12-31")})
			},
			want: "3 from 2026-11-24 to 2026-11-27: 3 3 3 3 2.25 1.50 0.75 0 0 0 0",
		},
		{
			// One came in on Thursday, so four are left for Thursday, Friday and
			// Monday; Saturday and Sunday stay as Friday was.
			name: "from another baseline",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(five).do(commands.Plan{Finish: p("2026-11-27")}, verb(commands.Done, "1", "2"))
				w.at("2026-11-24T10:00").do(commands.SetBaseline{Label: "v1"})
				w.at("2026-11-26T10:00").do(commands.AddTask{Text: "f"}, commands.SetBaseline{Label: "v2", Finish: "2026-11-30"})
			},
			want: "4 from 2026-11-26 to 2026-11-30: 4 4 4 4 4 4 2.67 1.33 1.33 1.33 0",
		},
		{
			// Set on Tuesday for Thursday and Friday: 3/2 on each of them.
			name: "from a baseline that begins later",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(five).do(verb(commands.Done, "1", "2"))
				w.at("2026-11-24T10:00").do(commands.SetBaseline{Start: "thu", Finish: "fri"})
			},
			want: "3 from 2026-11-26 to 2026-11-27: 3 3 3 3 3 3 1.50 0 0 0 0",
		},
		{name: "without an end there is none", does: func(w *world) { w.at("2026-11-23T10:00").importing(five) }, want: "none"},
		{
			name: "nor with one before the start",
			does: func(w *world) { w.at("2026-11-23T10:00").importing(five).do(commands.Plan{Finish: p("2026-11-20")}) }, want: "none",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			test.does(w)
			s := w.series(nil)
			got := "none"
			if line, ok := s.Ideal(s.Days("2026-11-30")); ok {
				got = fmt.Sprintf("%d from %s to %s:", line.From, line.Start, line.Finish)
				for day := 20; day <= 30; day++ {
					v := line.At(events.Day(fmt.Sprintf("2026-11-%d", day)))
					if v == float64(int(v)) {
						got += fmt.Sprintf(" %.0f", v)
					} else {
						got += fmt.Sprintf(" %.2f", v)
					}
				}
				alike(t, line)
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// How many working days the work is behind the line, or ahead of it.
func TestIdealBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2026-11-23T10:00").importing("- [ ] a\n- [ ] b\n- [ ] c\n- [ ] d\n- [ ] e\n").do(commands.Plan{Finish: p("2026-11-27")})
	s := w.series(nil)
	line, ok := s.Ideal(s.Days("2026-11-23"))
	if !ok {
		t.Fatal("no line")
	}
	for _, test := range []struct {
		day  events.Day
		left int
		want float64
	}{
		{"2026-11-23", 4, 0},  // one a day
		{"2026-11-23", 5, 1},  // nothing done on the first day
		{"2026-11-24", 2, -1}, // a day ahead
		{"2026-11-29", 5, 5},  // the weekend is no delay
		{"2026-11-30", 5, 6},  // but the days behind the end are
		{"2026-11-20", 5, 0},  // before it began
	} {
		if got := line.Behind(test.day, test.left); got != test.want {
			t.Errorf("%d left on %s: got %.2f, want %.2f", test.left, test.day, got, test.want)
		}
	}
}

// alike fails where Line and At tell different things of a day.
func alike(t *testing.T, line burndown.Ideal) {
	t.Helper()
	for _, from := range []events.Day{"2026-11-02", "2026-11-21", "2026-11-25", "2026-12-03"} {
		day := from
		for i, got := range line.Line(from, "2026-12-08") {
			if want := line.At(day); got != want {
				t.Errorf("from %s, day %d, %s: Line has %.2f, At %.2f", from, i, day, got, want)
			}
			day = events.DayOf(day.In(time.UTC).AddDate(0, 0, 1))
		}
		if day != "2026-12-09" {
			t.Errorf("the line from %s ends before %s", from, day)
		}
	}
}
