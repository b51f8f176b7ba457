package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/projections/audit"
	"cairn/projections/burndown"
	"cairn/projections/chart"
	"cairn/projections/checklist"
	"cairn/projections/report"
	"cairn/server/app"
	"cairn/server/commands"
)

var update = flag.Bool("update", false, "write the golden files anew")

// simulated opens a log that was made by a seed.
func simulated(t *testing.T, seed uint64, until events.Day) *app.Local {
	t.Helper()
	document, err := os.ReadFile("../../examples/elixir-migration.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "log")
	if _, err := Simulate(t.Context(), Config{Dir: dir, Document: document, Seed: seed, From: "2026-11-30", Until: until}); err != nil {
		t.Fatal(err)
	}
	log, err := natslog.Open(t.Context(), natslog.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return app.NewLocal(log, commands.Config{})
}

func bodies(t *testing.T, a *app.Local) [][]byte {
	t.Helper()
	var all [][]byte
	for env, err := range a.Events(t.Context(), events.Filter{Checklist: Name}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, env.Body)
	}
	return all
}

// The same seed makes the same events, byte by byte; another makes others.
func TestSimulateAgain(t *testing.T) {
	t.Parallel()
	one := bodies(t, simulated(t, 7, "2026-12-18"))
	if diff := cmp.Diff(one, bodies(t, simulated(t, 7, "2026-12-18"))); diff != "" {
		t.Errorf("the same seed:\n%s", diff)
	}
	if cmp.Equal(one, bodies(t, simulated(t, 8, "2026-12-18"))) {
		t.Error("another seed makes the same")
	}
}

// What Cairn prints of that year: half-way, and at its end; golden files. Half-way
// is looked at from the end: the past is as it was.
func TestYear(t *testing.T) {
	t.Parallel()
	a := simulated(t, 1, "2027-12-17")
	for _, moment := range []struct {
		name  string
		day   events.Day
		kinds []chart.Kind // of the pictures for the README
	}{
		{"half-way", "2027-06-04", []chart.Kind{chart.Burndown}},
		{"end", "2027-12-17", []chart.Kind{chart.Burndown, chart.Flow}},
	} {
		at := dayOf(moment.day)
		if err := a.Burndown(t.Context(), Name, &at, func(s *burndown.Series) error {
			st := s.State()
			v := s.Summarise(Name, moment.day, false, burndown.Options{})
			text := func(key int) string { return st.Block(events.TaskRef(key)).Task.Text }
			o, style := chart.TextOptions{Plain: true, Width: 80}, checklist.Style{Width: 80, Now: at.End.Add(-1)}
			for name, write := range map[string]func(io.Writer) error{
				"burndown": func(w io.Writer) error { return chart.Text(w, &v, chart.Burndown, o) },
				"burnup":   func(w io.Writer) error { return chart.Text(w, &v, chart.Burnup, o) },
				"flow":     func(w io.Writer) error { return chart.Text(w, &v, chart.Flow, o) },
				"forecast": func(w io.Writer) error { return chart.Forecast(w, &v, o) },
				"scope":    func(w io.Writer) error { return chart.Scope(w, &v, s.Changes(), text, o) },
				"stats":    func(w io.Writer) error { return chart.Stats(w, &v, s.Stats(v.Days, 12, at.End), true, o) },
				"risks":    func(w io.Writer) error { return checklist.WriteRisks(w, st, style) },
				"report":   func(w io.Writer) error { return report.Text(w, lastReview(t, a, st), "", style) },
			} {
				var b bytes.Buffer
				if err := write(&b); err != nil {
					return err
				}
				golden(t, moment.name+"/"+name+".txt", b.Bytes())
				fits(t, moment.name+"/"+name, b.String(), 80)
				b.Reset()
				o.Width, style.Width = 60, 60
				err := write(&b)
				o.Width, style.Width = 80, 80
				if err != nil {
					return err
				}
				fits(t, moment.name+"/"+name, b.String(), 60)
			}
			for _, kind := range moment.kinds {
				for look, o := range map[string]chart.Options{"": {}, "-dark": {Dark: true}} {
					var b bytes.Buffer
					if err := chart.SVG(&b, v, kind, o); err != nil {
						return err
					}
					golden(t, "../../../docs/images/"+string(kind)+"-"+moment.name+look+".svg", b.Bytes())
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// fits asserts that no line is wider than the terminal.
func fits(t *testing.T, name, text string, width int) {
	t.Helper()
	for line := range strings.Lines(text) {
		if got := checklist.Width(strings.TrimSuffix(line, "\n")); got > width {
			t.Errorf("%s: %d columns of %d: %s", name, got, width, line)
		}
	}
}

// dayOf is the end of a day.
func dayOf(d events.Day) commands.When {
	begin := d.In(time.UTC)
	return commands.When{Text: string(d), From: begin, End: begin.AddDate(0, 0, 1)}
}

// lastReview is the report of the last review that a checklist has, as it was.
func lastReview(t *testing.T, a *app.Local, st *checklist.State) *report.Report {
	t.Helper()
	review := st.Reviews[len(st.Reviews)-1]
	from, to := commands.When{Text: "from"}, commands.When{Text: "to"}
	for env, err := range a.Events(t.Context(), events.Filter{Checklist: Name, Upto: review.Seq}) {
		if err != nil {
			t.Fatal(err)
		}
		if env.Revision <= uint64(review.From) {
			from.Seq = env.Seq
		}
		if env.Revision <= uint64(review.Upto) {
			to.Seq = env.Seq
		}
	}
	var r report.Report
	if err := a.Report(t.Context(), Name, &from, &to, func(before, after *burndown.Series, rows []audit.Row) error {
		r = report.New(before, after, rows, report.Moment{Day: events.DayOf(before.State().Effective)}, report.Moment{Day: events.DayOf(review.At)})
		r.Recorded = &review
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return &r
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
