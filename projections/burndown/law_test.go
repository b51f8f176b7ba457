package burndown_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cairn/events"
	"cairn/projections"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// state folds what stop lets through.
func (w *world) state(stop func(events.Envelope) bool) *checklist.State {
	w.t.Helper()
	st, err := projections.Fold(checklist.Projection, w.log.Read(testContext, events.Filter{Checklist: "plan"}), stop)
	if err != nil {
		w.t.Fatalf("fold: %v", err)
	}
	return st
}

// live lets days pass and random commands happen, some of them claimed for
// earlier days, from files that were edited, and with the zone changed.
func (w *world) live(t *rapid.T) {
	w.at("2026-03-20T10:00").importing("# Plan\n\n- [ ] z\n\n## A\n- [ ] a\n  - [x] a1\n  - [ ] a2\n- [~] b\n\n## B\n- [ ] c\n\n### Risks of it\n- [ ] r\n")
	for range rapid.IntRange(1, 25).Draw(t, "commands") {
		w.now = w.now.Add(time.Duration(rapid.IntRange(-1, 20*60).Draw(t, "minutes")) * time.Minute)
		st := w.state(nil)
		var keys []string
		for b := range st.Root().Tasks() {
			keys = append(keys, strconv.Itoa(b.Task.Key))
		}
		key := func() string {
			if len(keys) == 0 {
				return "1"
			}
			return rapid.SampledFrom(keys).Draw(t, "key")
		}
		text := "t" + strconv.FormatUint(st.Revision, 10)
		var cmd commands.Command
		switch rapid.IntRange(0, 18).Draw(t, "command") {
		case 0, 1, 2, 3, 4:
			cmd = commands.Transition{Verb: rapid.SampledFrom([]commands.Verb{commands.Start, commands.Stop, commands.Hold, commands.Done, commands.Drop, commands.Reopen}).Draw(t, "verb"), Tasks: []string{key()}, All: true}
		case 5:
			cmd = commands.AddTask{Text: text}.At(key(), "", "", "")
		case 6:
			cmd = commands.AddTask{Text: text}.At("", "", key(), "")
		case 7:
			cmd = commands.MoveTasks{Tasks: []string{key()}}.To(key(), "", "", "")
		case 8:
			cmd = commands.RemoveTasks{Tasks: []string{key()}}
		case 9:
			cmd = commands.SplitTask{Task: key(), Texts: []string{text + "a", text + "b"}}
		case 10:
			cmd = commands.Plan{Timezone: p(rapid.SampledFrom([]string{"Europe/Berlin", "Pacific/Auckland", "America/New_York", "UTC"}).Draw(t, "zone"))}
		case 11:
			cmd = commands.EditSection{Section: "s:1", Title: rapid.SampledFrom([]string{"A", "Risks"}).Draw(t, "title")}
		case 12:
			cmd = commands.Schedule{Tasks: []string{key()}, Due: "fri", Every: rapid.SampledFrom([]string{"week", "none"}).Draw(t, "every")}
		case 13:
			cmd = commands.Undo{}
		case 14:
			document := []byte("## New\n- [x] " + text + "\n" + string(st.Document()))
			cmd = commands.SyncDocument{Document: document, Base: st.Revision}
		case 15:
			cmd = commands.RemoveSection{Section: "s:2", WithTasks: true}
		case 16, 17:
			cmd = commands.Estimate{Tasks: []string{key()}, Estimate: rapid.SampledFrom(estimateWords).Draw(t, "estimate")}
		case 18:
			cmd = commands.Estimate{Tasks: keys, Estimate: rapid.SampledFrom(estimateWords).Draw(t, "estimate of all")}
		}
		on := time.Time{}
		if rapid.IntRange(0, 3).Draw(t, "on") == 0 {
			on = w.now.AddDate(0, 0, -3)
		}
		_ = w.try(cmd, on) // refused: nothing happened
	}
}

// Each day is the fold of what came before its end; what changed in between adds
// up; and the sections make the whole.
func TestDaysAreTheFold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.live(t)
		days := w.series(nil).Days("")
		for i, d := range days {
			last := w.state(func(env events.Envelope) bool { return env.Seq > d.Seq })
			tally := last.Root().Tally()
			want := burndown.Counts{Todo: tally.Progress.Todo, InProgress: tally.Progress.InProgress, OnHold: tally.Progress.OnHold, Done: tally.Progress.Done, Dropped: tally.Progress.Dropped}
			if diff := cmp.Diff(want, d.Work); diff != "" {
				t.Fatalf("%s @%d: work (-fold +day):\n%s", d.Date, d.Seq, diff)
			}
			all := burndown.Counts{Todo: tally.Counts.Todo, InProgress: tally.Counts.InProgress, OnHold: tally.Counts.OnHold, Done: tally.Counts.Done, Dropped: tally.Counts.Dropped}
			if diff := cmp.Diff(all, d.All); diff != "" {
				t.Fatalf("%s @%d: all (-fold +day):\n%s", d.Date, d.Seq, diff)
			}
			before := 0
			if i > 0 {
				before = days[i-1].Work.Scope()
			}
			if got := before + d.Added - d.Removed + d.Regrouped; got != d.Work.Scope() {
				t.Fatalf("%s: %d +%d -%d ~%d is not %d", d.Date, before, d.Added, d.Removed, d.Regrouped, d.Work.Scope())
			}
			scope, completed := 0, 0
			for _, s := range d.Sections {
				scope, completed = scope+s.Work.Scope(), completed+s.Completed
			}
			if completed > d.Completed { // fewer, where a section is gone by the evening
				t.Fatalf("%s: %d completed in the sections, %d in all", d.Date, completed, d.Completed)
			}
			if scope != d.Work.Scope() {
				t.Fatalf("%s: %d in the sections, %d in all", d.Date, scope, d.Work.Scope())
			}
		}
		sum := 0
		for _, c := range w.series(nil).Changes() {
			sum += c.Added - c.Removed + c.Regrouped
		}
		if len(days) > 0 && sum != days[len(days)-1].Work.Scope() {
			t.Fatalf("the changes make %d, the scope is %d", sum, days[len(days)-1].Work.Scope())
		}
	})
}

// Whatever is done later, on whatever day it is said to have happened, in
// whatever zone: a day that is over stays as it was shown that day.
func TestPastDaysNeverChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.live(t)
		whole := w.series(nil).Days("")
		// Cut the log at the last event of some day, as it was recorded.
		i := rapid.IntRange(0, len(whole)-1).Draw(t, "day")
		cut := whole[i].Seq
		then := w.series(func(env events.Envelope) bool { return env.Seq > cut }).Days("")
		n := slices.IndexFunc(then, func(d burndown.Day) bool { return d.Date == whole[i].Date })
		if n < 0 { // nothing happened that day: it is carried
			then = w.series(func(env events.Envelope) bool { return env.Seq > cut }).Days(whole[i].Date)
			n = i
		}
		if diff := cmp.Diff(table(then[:n+1]), table(whole[:i+1])); diff != "" {
			t.Fatalf("(-then +now):\n%s", diff)
		}
	})
}

// Cut at the end of any day, by when events were recorded, the days up to it are
// those of the whole log: late syncs, claims of earlier days, other zones and a
// clock that goes back a minute notwithstanding.
func TestCutAtTheEndOfADay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.live(t)
		whole := w.series(nil).Days("")
		day := rapid.SampledFrom(whole).Draw(t, "day").Date
		s := burndown.New()
		for env, err := range w.log.Read(testContext, events.Filter{Checklist: "plan"}) {
			if err != nil {
				t.Fatal(err)
			}
			if events.DayOf(env.RecordedTime.In(s.State().Zone())) > day {
				break
			}
			if s, err = burndown.Evolve(s, env); err != nil {
				t.Fatal(err)
			}
		}
		upto := func(days []burndown.Day) string {
			return table(slices.DeleteFunc(slices.Clone(days), func(d burndown.Day) bool { return d.Date > day }))
		}
		if diff := cmp.Diff(upto(s.Days(day)), upto(whole)); diff != "" {
			t.Fatalf("up to %s (-then +now):\n%s", day, diff)
		}
	})
}

// Read in parts, it is the same.
func TestSeriesContinues(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.live(t)
		end := uint64(w.log.End())
		cut := events.Seq(rapid.Uint64Range(1, end).Draw(t, "cut"))
		s := w.series(func(env events.Envelope) bool { return env.Seq > cut })
		s, err := projections.Continue(burndown.Projection, s, w.log.Read(testContext, events.Filter{Checklist: "plan", After: cut}), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fmt.Sprint(w.series(nil).Days("2026-12-31"), w.series(nil).Changes()), fmt.Sprint(s.Days("2026-12-31"), s.Changes())); diff != "" {
			t.Fatal(diff)
		}
	})
}

// What moved adds up to what remains, at the end of each command and between any
// two of them.
func TestMovesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.live(t)
		end := uint64(w.log.End())
		cut := events.Seq(rapid.Uint64Range(1, end).Draw(t, "cut"))
		before, after := w.series(func(env events.Envelope) bool { return env.Seq > cut }), w.series(nil)
		for _, s := range []*burndown.Series{before, after} {
			if p := s.State().Root().Tally().Progress; s.Remaining() != p.Remaining() || s.Scope() != p.Work || s.Moves().Net() != p.Remaining() {
				t.Fatalf("@%d: %d remain of %d, the moves %+v make %d; the fold says %+v", s.State().Seq(), s.Remaining(), s.Scope(), s.Moves(), s.Moves().Net(), p)
			}
		}
		if got := before.Remaining() + after.Moves().Since(before.Moves()).Net(); got != after.Remaining() {
			t.Fatalf("got %d, want %d", got, after.Remaining())
		}
	})
}
