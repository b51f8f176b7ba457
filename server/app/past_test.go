package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
)

// anyChange draws a command about the tasks and sections of a small checklist.
func anyChange(t *rapid.T, n int) commands.Command {
	task := func() string { return fmt.Sprint(rapid.IntRange(1, 6+n).Draw(t, "task")) }
	section := func() string { return fmt.Sprintf("s:%d", rapid.IntRange(1, 4).Draw(t, "section")) }
	switch rapid.IntRange(0, 12).Draw(t, "command") {
	case 0:
		return commands.AddTask{Text: fmt.Sprint("new ", n)}.At("", "", "", section())
	case 1:
		return commands.MoveTasks{Tasks: []string{task()}}.To("", "", task(), "")
	case 2:
		return commands.MoveTasks{Tasks: []string{task()}}.To("", "", "", section())
	case 3:
		return commands.RemoveTasks{Tasks: []string{task()}}
	case 4:
		return commands.SplitTask{Task: task(), Texts: []string{fmt.Sprint("x", n), fmt.Sprint("y", n)}}
	case 5:
		return commands.EditTask{Task: task(), Text: fmt.Sprint("other ", n)}
	case 6:
		return commands.Assign{Tasks: []string{task()}, Assignees: []string{"ada"}}
	case 7:
		return commands.RemoveSection{Section: section(), WithTasks: true}
	case 8:
		return commands.MoveSection{Section: section(), After: section()}
	}
	verb := rapid.SampledFrom([]commands.Verb{commands.Start, commands.Stop, commands.Hold, commands.Done, commands.Drop, commands.Reopen}).Draw(t, "verb")
	return commands.Transition{Verb: verb, Tasks: []string{task()}, All: rapid.Bool().Draw(t, "all")}
}

// TestDiffAddsUp: whatever happened between two moments, the difference is that of
// their figures, each task in it counts once, and there is none from a moment to
// itself.
func TestDiffAddsUp(t *testing.T) {
	t.Parallel()
	const document = "# Plan\n\n- [ ] top\n\n## One\n\n- [ ] a\n  - [x] a1\n- [x] b\n\n## Two\n\n- [ ] c\n\n### Deep\n\n- [-] d\n\n## Risks\n\n- [ ] r\n"
	rapid.Check(t, func(t *rapid.T) {
		w := &world{t: t, log: &memory{Log: eventstest.NewLog()}, now: began}
		w.Local = app.NewLocal(w.log, commands.Config{Now: func() time.Time { return w.now }})
		w.do("plan", commands.ImportDocument{Source: "plan.md", Document: []byte(document)})
		ends := []events.Seq{w.log.End()}
		for n := range rapid.IntRange(1, 14).Draw(t, "commands") {
			meta := commands.Meta{Checklist: "plan", Actor: events.Actor{ID: "ada"}}
			if _, err := w.Execute(t.Context(), meta, anyChange(t, n)); err != nil {
				var refusal *commands.Error
				if !errors.As(err, &refusal) {
					t.Fatalf("%v", err)
				}
			}
			ends = append(ends, w.log.End())
		}
		i := rapid.IntRange(0, len(ends)-1).Draw(t, "from")
		j := rapid.IntRange(i, len(ends)-1).Draw(t, "to")
		from, to := &commands.When{Text: "from", Seq: ends[i]}, &commands.When{Text: "to", Seq: ends[j]}
		err := w.Between(t.Context(), "plan", from, to, func(before, after *checklist.State, rows []audit.Row) error {
			same(t, w, from, before)
			same(t, w, to, after)
			d := audit.Diff(before, after, rows)
			was, is := before.Root().Tally(), after.Root().Tally()
			if d.Before != was.Progress || d.After != is.Progress {
				t.Fatalf("got %+v to %+v, want %+v to %+v", d.Before, d.After, was.Progress, is.Progress)
			}
			text := fmt.Sprintf("one %d → %d, scope %d → %d, remaining %d → %d.", was.Progress.Done, is.Progress.Done,
				was.Progress.Work, is.Progress.Work, was.Progress.Remaining(), is.Progress.Remaining())
			if !strings.HasSuffix(d.Summary(), text) {
				t.Fatalf("got %q, want its end %q", d.Summary(), text)
			}
			counted, came := 0, 0
			for _, c := range d.Counts() {
				counted += c.Tasks
			}
			keys := make(map[int]bool)
			for _, sec := range d.Sections {
				if b := after.Section(sec.Ref.Key); b != nil && sec.After != nil {
					if done, of := b.Tally().Share(); *sec.After != (audit.Share{Done: done, Of: of}) {
						t.Fatalf("%s: got %v, want %d/%d", sec.Title, sec.After, done, of)
					}
				}
				for _, item := range sec.Items {
					came += len(item.Into)
					switch item.Action {
					case "added":
						came++
					case "removed":
						came--
					}
					if item.Key != 0 && keys[item.Key] {
						t.Fatalf("%d is there twice: %+v", item.Key, d)
					}
					keys[item.Key] = true
					if item.Target.Noun == events.SectionNoun && item.Action == "removed" {
						came++ // that was no task
					}
				}
			}
			if tasks, _ := d.Tasks(); counted != tasks {
				t.Fatalf("%d tasks differ, %d are counted", tasks, counted)
			}
			if want := is.Counts.Tasks - was.Counts.Tasks; came != want {
				t.Fatalf("%d more tasks than before, want %d: %+v", came, want, d)
			}
			if i == j && (!d.Empty() || len(d.Through) > 0) {
				t.Fatalf("from @%d to itself: %+v", ends[i], d)
			}
			return nil
		})
		if err != nil {
			t.Fatalf("%v", err)
		}
	})
}

// same fails if st is not the checklist as of a moment.
func same(t *rapid.T, w *world, at *commands.When, st *checklist.State) {
	t.Helper()
	if err := w.Checklist(t.Context(), "plan", at, func(want *checklist.State) error {
		if st.Seq() != want.Seq() || string(st.Document()) != string(want.Document()) {
			t.Fatalf("@%d: got @%d\n%s\nwant\n%s", at.Seq, st.Seq(), st.Document(), want.Document())
		}
		return nil
	}); err != nil {
		t.Fatalf("%v", err)
	}
}

func TestBetween(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // @2 to @7
	w.now = began.Add(24 * time.Hour)
	w.do("plan", done("1"))
	w.now = began.Add(48 * time.Hour)
	w.do("plan", done("2"))
	moment := func(text string) *commands.When {
		at, err := commands.ParseWhen(text, w.now, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return &at
	}
	for _, test := range []struct {
		name, from, to string
		before, after  events.Seq
		rows           int
		code           commands.Code
	}{
		{"from a position to now", "@8", "", 8, 9, 1, ""},
		{"from the import to a position", "import", "@8", 7, 8, 1, ""},
		{"from a day to a day", "2026-11-23", "2026-11-24", 7, 8, 1, ""},
		{"from a moment to itself", "@8", "@8", 8, 8, 0, ""},
		{"from now to now", "@9", "", 9, 9, 0, ""},
		{"the later first", "@8", "@7", 0, 0, 0, commands.CodeUsage},
		{"the later day first", "2026-11-24", "2026-11-23", 0, 0, 0, commands.CodeUsage},
		{"what is not there yet", "@8", "@99", 0, 0, 0, commands.CodeNoMoment},
		{"from what is not there yet", "@99", "", 0, 0, 0, commands.CodeNoMoment},
		{"before the first event", "2026-11-01", "", 0, 0, 0, commands.CodeNoMoment},
	} {
		var to *commands.When
		if test.to != "" {
			to = moment(test.to)
		}
		err := w.Between(t.Context(), "plan", moment(test.from), to, func(before, after *checklist.State, rows []audit.Row) error {
			if before.Seq() != test.before || after.Seq() != test.after || len(rows) != test.rows {
				t.Errorf("%s: got @%d to @%d with %d rows", test.name, before.Seq(), after.Seq(), len(rows))
			}
			return nil
		})
		var refusal *commands.Error
		if errors.As(err, &refusal); (err == nil) != (test.code == "") || err != nil && (refusal == nil || refusal.Code != test.code) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.code)
		}
	}
}

// TestKnownAt: a history that was taken later was not known before.
func TestKnownAt(t *testing.T) {
	t.Parallel()
	w := &world{t: t, log: &memory{Log: eventstest.NewLog()}, now: began}
	w.Local = app.NewLocal(w.log, commands.Config{Now: func() time.Time { return w.now }})
	long := began.AddDate(0, -6, 0)
	meta := commands.Meta{Checklist: "plan", Actor: events.Actor{ID: "ann"}, Committed: long, On: long, Via: "git"}
	if _, err := w.Execute(t.Context(), meta, commands.ImportDocument{Source: "plan.md", Document: []byte("- [ ] a\n- [ ] b\n"), Commit: "9f3c2e1"}); err != nil {
		t.Fatal(err)
	}
	imported := w.log.End()
	w.now = began.Add(24 * time.Hour)
	w.do("plan", done("1"))
	at := func(when time.Time) *commands.When { return &commands.When{Text: "then", From: when, End: when} }
	if err := w.Checklist(t.Context(), "plan", at(long.Add(time.Hour)), func(st *checklist.State) error {
		if st.Seq() != imported {
			t.Errorf("as of then: got @%d, want @%d", st.Seq(), imported)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	var refusal *commands.Error
	if _, err := w.KnownAt(t.Context(), "plan", *at(long.Add(time.Hour))); !errors.As(err, &refusal) || refusal.Code != commands.CodeNoMoment || !strings.Contains(refusal.Hint, "2026-11-23") {
		t.Errorf("known then: got %v, want that it was not there", err)
	}
	for when, want := range map[time.Time]events.Seq{began: imported, began.Add(time.Hour): imported, w.now: imported + 1} {
		if known, err := w.KnownAt(t.Context(), "plan", *at(when)); err != nil || known.Seq != want {
			t.Errorf("known at %s: got @%d (%v), want @%d", when, known.Seq, err, want)
		}
	}
	if _, err := w.KnownAt(t.Context(), "none", *at(w.now)); !errors.As(err, &refusal) || refusal.Code != commands.CodeNoChecklist {
		t.Errorf("of no checklist: got %v", err)
	}
}

// TestKeptIsNotOld: what was read for one view serves the next only as long as
// nothing was written.
func TestKeptIsNotOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Local = app.NewLocal(w.log, commands.Config{Now: func() time.Time { return w.now }, Exclusive: true})
	w.do("other", commands.ImportDocument{Document: []byte("- [ ] c\n")})
	for range 2 {
		if err := w.Audit(t.Context(), "plan", nil, func(*checklist.State, []audit.Row) error { return nil }); err != nil {
			t.Fatal(err)
		}
		before := w.log.End()
		w.do("plan", commands.AddTask{Text: "more"})
		for _, name := range []string{"plan", "other"} {
			if err := w.Checklist(t.Context(), name, nil, func(st *checklist.State) error {
				if st.Name != name || name == "plan" && st.Seq() <= before {
					t.Errorf("%s: got %s@%d, want what was written", name, st.Name, st.Seq())
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Between(t.Context(), "plan", &commands.When{Seq: 7}, nil, func(_, _ *checklist.State, _ []audit.Row) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := w.Checklist(t.Context(), "other", nil, func(st *checklist.State) error {
		if st.Name != "other" {
			t.Errorf("got %s, want other", st.Name)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// Baselines and reviews are positions: right after their event, whatever the time.
func TestPositions(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // @2 to @7
	review := func(upto int) commands.RecordReview {
		return commands.RecordReview{Status: "on-track", Note: "fine", Upto: upto}
	}
	seq := func(text string) (events.Seq, error) {
		at, err := commands.ParseWhen(text, w.now, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		got := events.Seq(0)
		err = w.Checklist(t.Context(), "plan", &at, func(st *checklist.State) error {
			got = st.Seq()
			return nil
		})
		return got, err
	}
	for _, text := range []string{"baseline", "review", "review~1"} {
		var refusal *commands.Error
		if _, err := seq(text); !errors.As(err, &refusal) || refusal.Code != commands.CodeNoMoment || !strings.Contains(refusal.Message, "plan") {
			t.Errorf("%s of a checklist without one: got %v", text, err)
		}
	}
	// All of this happens at one instant: a time could not tell them apart.
	for _, cmd := range []commands.Command{
		commands.SetBaseline{}, done("1"), review(9), done("2"), review(11), commands.SetBaseline{Label: "v2"}, commands.AddTask{Text: "more"},
	} {
		w.do("plan", cmd)
	}
	for text, want := range map[string]events.Seq{"review~1": 10, "review": 12, "baseline": 13} {
		if got, err := seq(text); err != nil || got != want {
			t.Errorf("%s: got @%d (%v), want @%d", text, got, err, want)
		}
	}
	if _, err := seq("review~2"); err == nil || err.Error() != "review~2 goes back too far: plan has 2 reviews" {
		t.Errorf("review~2: got %v", err)
	}
	from := commands.When{Text: "review", Review: 1}
	if err := w.Between(t.Context(), "plan", &from, nil, func(before, _ *checklist.State, rows []audit.Row) error {
		if before.Seq() != 12 || len(rows) != 2 {
			t.Errorf("since the review: got from @%d, %d rows", before.Seq(), len(rows))
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
