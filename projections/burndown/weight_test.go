package burndown_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// in writes days that are counted in estimates as table does, in their unit.
func in(days []burndown.Day) string {
	var b strings.Builder
	for _, d := range days {
		u := d.Unit()
		fmt.Fprintf(&b, "%s  %s  scope %s  done %s  doing %s  dropped %s  +%s -%s ~%s  closed %s  reopened %s  %d of %d, else %s\n",
			d.Date, u.Name, u.Number(d.Work.Scope()), u.Number(d.Work.Done), u.Number(d.Work.InProgress), u.Number(d.Work.Dropped),
			u.Number(d.Added), u.Number(d.Removed), u.Number(d.Regrouped), u.Number(d.Completed), u.Number(d.Reopened), d.Estimated, d.Tasks, u.Number(d.Each))
	}
	return b.String()
}

// Each series is worked out by hand; the reasoning stands beside it.
func TestWeighed(t *testing.T) {
	t.Parallel()
	const five = "- [ ] a est:1d\n- [ ] b est:2d\n- [ ] c est:4h\n- [x] d est:1w\n- [ ] e\n"
	for _, test := range []struct {
		name  string
		does  func(w *world)
		today events.Day
		want  string
	}{
		{
			// 1 + 2 + 0.5 + 5 days, and e as the median of those: between 1 and 2.
			// a and e are closed on the 24th, 2.5; e is open again on the 25th.
			name: "given in the file",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(five).at("2026-11-24T10:00").do(verb(commands.Done, "1", "5"), verb(commands.Start, "2"))
				w.at("2026-11-25T00:00").do(verb(commands.Reopen, "5"))
			},
			today: "2026-11-25",
			want: "2026-11-23  days  scope 10  done 5  doing 0  dropped 0  +10 -0 ~0  closed 0  reopened 0  4 of 5, else 1.5\n" +
				"2026-11-24  days  scope 10  done 7.5  doing 2  dropped 0  +0 -0 ~0  closed 2.5  reopened 0  4 of 5, else 1.5\n" +
				"2026-11-25  days  scope 10  done 6  doing 2  dropped 0  +0 -0 ~0  closed 0  reopened 1.5  4 of 5, else 1.5\n",
		},
		{
			// Another estimate raises its own day, and the median with it: b from 2
			// to 3 days, the median of 0.5 1 3 5 to 2, so e by a half.
			name: "estimated anew",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(five).at("2026-11-24T10:00").do(commands.Estimate{Tasks: []string{"2"}, Estimate: "3d"})
			},
			today: "2026-11-24",
			want: "2026-11-23  days  scope 10  done 5  doing 0  dropped 0  +10 -0 ~0  closed 0  reopened 0  4 of 5, else 1.5\n" +
				"2026-11-24  days  scope 11.5  done 5  doing 0  dropped 0  +1.5 -0 ~0  closed 0  reopened 0  4 of 5, else 2\n",
		},
		{
			// b leaves with its two days; the median of 0.5 1 5 is 1, so that e has a
			// half less. With the split a's day goes, and x and y come as the median
			// of 0.5 and 5, 2.75 each: 4.5 more; e is 2.75 as well, 1.75 more. Taken
			// back, it is as before.
			name: "dropped, and split",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(five).at("2026-11-24T10:00").do(verb(commands.Drop, "2"))
				w.at("2026-11-25T10:00").do(commands.SplitTask{Task: "1", Texts: []string{"x", "y"}})
				w.at("2026-11-26T10:00").do(commands.Undo{})
			},
			today: "2026-11-26",
			want: "2026-11-23  days  scope 10  done 5  doing 0  dropped 0  +10 -0 ~0  closed 0  reopened 0  4 of 5, else 1.5\n" +
				"2026-11-24  days  scope 7.5  done 5  doing 0  dropped 2  +0 -2.5 ~0  closed 0  reopened 0  3 of 4, else 1\n" +
				"2026-11-25  days  scope 13.8  done 5  doing 0  dropped 2  +1.8 -0 ~4.5  closed 0  reopened 0  2 of 5, else 2.8\n" +
				"2026-11-26  days  scope 7.5  done 5  doing 0  dropped 2  +0 -1.8 ~-4.5  closed 0  reopened 0  3 of 4, else 1\n",
		},
		{
			// Points, from the day on which four of five have some; the days before
			// were not known in points and are left out, for ever.
			name: "estimated later",
			does: func(w *world) {
				w.at("2026-11-20T10:00").importing("- [ ] a\n- [ ] b\n- [ ] c\n- [ ] d\n- [ ] e\n")
				w.at("2026-11-23T10:00").do(verb(commands.Done, "1"), commands.Estimate{Tasks: []string{"1-3"}, Estimate: "5"})
				w.at("2026-11-24T10:00").do(commands.Estimate{Tasks: []string{"4"}, Estimate: "0.5"})
				w.at("2026-11-25T10:00").do(verb(commands.Done, "4", "5"))
			},
			today: "2026-11-25",
			want: "2026-11-24  points  scope 20.5  done 5  doing 0  dropped 0  +0 -4.5 ~0  closed 0  reopened 0  4 of 5, else 5\n" +
				"2026-11-25  points  scope 20.5  done 10.5  doing 0  dropped 0  +0 -0 ~0  closed 5.5  reopened 0  4 of 5, else 5\n",
		},
		{
			// Hours where all are; points do not add up with them, and the one in
			// points counts as the median, 3.
			name: "hours, and one in points",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing("- [ ] a est:1h\n- [ ] b est:2h\n- [ ] c est:4h\n- [ ] d est:8h\n- [ ] e est:3\n")
			},
			today: "2026-11-23",
			want:  "2026-11-23  hours  scope 18  done 0  doing 0  dropped 0  +18 -0 ~0  closed 0  reopened 0  4 of 5, else 3\n",
		},
		{
			// All are estimated anew, in points: what was in days cannot stand beside
			// them, and the difference is neither.
			name: "from days to points",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(five)
				w.at("2026-11-24T10:00").do(commands.Estimate{Tasks: []string{"1-5"}, Estimate: "3"})
			},
			today: "2026-11-24",
			want:  "2026-11-24  points  scope 15  done 3  doing 0  dropped 0  +0 -0 ~0  closed 0  reopened 0  5 of 5, else 3\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			test.does(w)
			if diff := cmp.Diff(test.want, in(w.series(nil).Weighed(test.today))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A change of an estimate is a change of the scope, with its actor, its reason and
// its day, and tells which tasks.
func TestEstimateIsScopeChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t).at("2026-11-23T10:00").importing("- [ ] a est:1d\n- [ ] b est:2d\n- [x] c est:2d\n")
	w.at("2026-11-24T10:00").do(commands.Estimate{Tasks: []string{"1"}, Estimate: "3d"})
	s := w.series(nil)
	v := s.Summarise("plan", "2026-11-24", true, burndown.Options{Weight: true})
	var got []string
	for _, c := range v.Changes {
		got = append(got, fmt.Sprintf("@%d %s %s +%s -%s %v %s: %s", c.Seq, c.Day, c.Command, v.Unit.Number(c.Added), v.Unit.Number(c.Removed), c.Tasks, c.By.Name(), c.Reason))
	}
	want := []string{"@2 2026-11-23 ImportDocument +5 -0 [1 2 3] ada: so", "@7 2026-11-24 EstimateTask +2 -0 [1] ada: so"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := s.Changes(); len(got) != 1 {
		t.Errorf("of tasks: got %d changes, want the import", len(got))
	}
}

func TestUnestimated(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		"- [ ] a\n":             "0 of 1 tasks have an estimate; to count in estimates takes 80 % of them",
		"# Plan\n":              "0 of 0 tasks have an estimate; to count in estimates takes 80 % of them",
		"- [ ] a est:1d\n":      "",
		"- [ ] a est:1d\n- b\n": "",
		"- [ ] a est:1d\n- [ ] b est:1d\n- [ ] c est:1d\n- [ ] d\n": "3 of 4 tasks have an estimate; to count in estimates takes 80 % of them",
		"- [ ] a est:1d\n- [ ] b est:5\n- [ ] c est:8\n":            "2 of 3 tasks have an estimate in points, and 1 in others, which do not add up; to count in estimates takes 80 % in one",
	} {
		e := newWorld(t).at("2026-11-23T10:00").importing(document).series(nil).Unestimated()
		got := ""
		if e != nil {
			got = e.Message
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", document, got, want)
		}
	}
}

// The plan and the forecast, in days. Ten working days pass on which a task of two
// days is closed; ten of them are left, and what was closed before anything had an
// estimate is none of it.
func TestWeighedForecast(t *testing.T) {
	t.Parallel()
	w := newWorld(t).at("2026-10-26T10:00").importing(strings.Repeat("- [ ] a\n", 30)).do(commands.Plan{Finish: p("2026-11-27")})
	w.do(commands.SetBaseline{Label: "v1"})
	for day := range 19 { // Monday, 10-26, to Friday, 11-13
		w.now = time.Date(2026, 10, 26+day, 10, 0, 0, 0, time.UTC)
		if d := w.now.Weekday(); d == time.Saturday || d == time.Sunday {
			continue
		}
		if day == 7 {
			w.do(commands.Estimate{Tasks: []string{"1-30"}, Estimate: "2d"})
		}
		w.do(verb(commands.Done, fmt.Sprint(1+day-day/7*2)))
	}
	s := w.series(nil)
	v := s.Summarise("plan", "2026-11-15", false, burndown.Options{Weight: true})
	if v.NoForecast != nil {
		t.Fatal(v.NoForecast)
	}
	f := v.Forecast
	// 15 tasks of two days are left: 15 working days from Monday, 11-16.
	if f.P50 != "2026-12-04" || f.P95 != "2026-12-04" || f.Completed != 10 || f.Days != 10 || v.Unit.Amount(f.Amount) != "20 d" || f.From != "2026-11-02" {
		t.Errorf("got %+v", *f)
	}
	// The baseline knew nothing of days: the line begins on the first day that
	// does, with 25 tasks, 50 days; of its 20 working days ten are over, and 25 d
	// should be left: it is 30, two working days behind.
	if l := v.Ideal; l == nil || l.Start != "2026-11-02" || v.Unit.Amount(l.From) != "50 d" || l.Baseline != "v1" || v.Since != "2026-11-02" {
		t.Errorf("ideal: got %+v, since %s", l, v.Since)
	}
	if got := v.Unit.Of(int(v.Now.Over)); got != 5 || math.Abs(v.Now.Behind-2) > 1e-9 {
		t.Errorf("got %v over, %v behind", got, v.Now.Behind)
	}
	if v.Before == nil || v.Unit.Amount(v.Before.Left) != "40 d" {
		t.Errorf("a week ago: got %+v", v.Before)
	}
	// One that comes later knows.
	w.do(commands.SetBaseline{Label: "v2"})
	if l := w.series(nil).Summarise("plan", "2026-11-15", false, burndown.Options{Weight: true}).Ideal; l == nil || l.Start != "2026-11-13" || v.Unit.Amount(l.From) != "30 d" {
		t.Errorf("from v2: got %+v", l)
	}
}

// Rounded, the parts still make the whole.
func TestWholeAddsUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t).at("2026-11-23T10:00").importing("- [x] a est:4h\n- [~] b est:4h\n- [ ] c est:4h\n- [ ] d est:1d\n- [-] e est:1d\n")
	v := w.series(nil).Summarise("plan", "2026-11-23", true, burndown.Options{Weight: true})
	got := v.Whole().Days[0].Work
	// 0.5 + 0.5 + 1.5 days: 1, 1 and 3 of the way.
	if want := (burndown.Counts{Done: 1, Todo: 2, Dropped: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if v.Days[0].Work.Scope() != 20_000 {
		t.Errorf("got %d, want it as it was", v.Days[0].Work.Scope())
	}
}

var estimateWords = []string{"1d", "2d", "12h", "0.5d", "1w", "none", "3", "2.125"}

// weight is what the scope of a document weighs, by a way of its own.
func weight(st *checklist.State) (scope, done float64) {
	hours := map[string]float64{"1d": 8, "2d": 16, "12h": 12, "0.5d": 4, "1w": 40}
	points := map[string]float64{"3": 3, "2.125": 2.125}
	var work []*checklist.Block
	byTime, byPoints := []float64{}, []float64{}
	for b := range st.Root().Tasks() {
		dropped := false
		for at := b; at != nil; at = at.ParentTask() {
			dropped = dropped || at.Task.State == events.Dropped
		}
		if !b.Leaf() || b.Risk() || b.Task.Every != "" || dropped {
			continue
		}
		work = append(work, b)
		if v, ok := hours[b.Task.Estimate]; ok {
			byTime = append(byTime, v)
		}
		if v, ok := points[b.Task.Estimate]; ok {
			byPoints = append(byPoints, v)
		}
	}
	table, list := hours, byTime
	if len(byPoints) > len(byTime) {
		table, list = points, byPoints
	}
	slices.Sort(list)
	median := 0.0
	if n := len(list); n > 0 {
		median = (list[(n-1)/2] + list[n/2]) / 2
	}
	for _, b := range work {
		v, ok := table[b.Task.Estimate]
		if !ok {
			v = median
		}
		scope += v
		if b.Task.State == events.Done {
			done += v
		}
	}
	return scope, done
}

// Each day in estimates is the fold of what came before its end, what changed adds
// up, and a day that is over stays as it was shown that day.
func TestWeighedDaysAreTheFold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.live(t)
		days := w.series(nil).Weighed("")
		for i, d := range days {
			st := w.state(func(env events.Envelope) bool { return env.Seq > d.Seq })
			scope, done := weight(st)
			if got := float64(d.Work.Scope()) / 1000; math.Abs(got-scope) > 0.01 {
				t.Fatalf("%s @%d: scope %v, the fold has %v", d.Date, d.Seq, got, scope)
			}
			if got := float64(d.Work.Done) / 1000; math.Abs(got-done) > 0.01 {
				t.Fatalf("%s @%d: done %v, the fold has %v", d.Date, d.Seq, got, done)
			}
			sections := 0
			for _, s := range d.Sections {
				sections += s.Work.Scope()
			}
			if sections != d.Work.Scope() {
				t.Fatalf("%s: %d in the sections, %d in all", d.Date, sections, d.Work.Scope())
			}
			if i == 0 {
				continue
			}
			if got := days[i-1].Work.Scope() + d.Added - d.Removed + d.Regrouped; got != d.Work.Scope() {
				t.Fatalf("%s: %d +%d -%d ~%d is not %d", d.Date, days[i-1].Work.Scope(), d.Added, d.Removed, d.Regrouped, d.Work.Scope())
			}
		}
		all := w.series(nil).Days("")
		i := rapid.IntRange(0, len(all)-1).Draw(t, "day")
		cut := all[i].Seq
		then := w.series(func(env events.Envelope) bool { return env.Seq > cut }).Weighed(all[i].Date)
		for _, d := range then {
			if n := slices.IndexFunc(days, func(now burndown.Day) bool { return now.Date == d.Date }); n >= 0 && d.Date <= all[i].Date {
				if diff := cmp.Diff(in([]burndown.Day{d}), in(days[n:n+1])); diff != "" {
					t.Fatalf("(-then +now):\n%s", diff)
				}
			}
		}
	})
}
