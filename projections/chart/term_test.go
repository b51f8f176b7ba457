package chart_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/projections/chart"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
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

func TestTerminal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		until events.Day
		open  bool
		by    string
	}{
		{"first-day", "2026-11-30", true, ""},
		{"three-weeks", "2026-12-18", true, ""},
		{"six-months", "2027-06-04", true, ""},
		{"six-months-by-day", "2027-06-04", false, "day"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := sampleYear(t, test.until)
			v := s.Summarise("elixir-migration", test.until, test.open, burndown.Options{})
			var b bytes.Buffer
			if err := chart.Text(&b, &v, chart.Burndown, chart.TextOptions{By: test.by, Plain: true, More: "cairn burndown --scope for who and why"}); err != nil {
				t.Fatal(err)
			}
			golden(t, test.name+".txt", b.Bytes())
		})
	}
}

// The other charts, and what is said without one.
func TestTerminalOthers(t *testing.T) {
	t.Parallel()
	const until = "2027-06-04"
	s := sampleYear(t, until)
	v := s.Summarise("elixir-migration", until, true, burndown.Options{})
	by := s.Summarise("elixir-migration", until, true, burndown.Options{Sections: true})
	own := s.Summarise("elixir-migration", until, true, burndown.Options{Sections: true})
	own.Sections[1].Title, own.Sections[1].Own, own.Sections[1].By = "=1+1, and a title that is too long for its column", true, "2028-03-01"
	own.Sections[1].Forecast, own.Sections[1].None = own.Forecast, nil
	now := time.Date(2027, 6, 4, 15, 0, 0, 0, time.UTC)
	text := func(key int) string { return s.State().Block(events.TaskRef(key)).Task.Text }
	for name, write := range map[string]func(w io.Writer) error{
		"burnup":       func(w io.Writer) error { return chart.Text(w, &v, chart.Burnup, chart.TextOptions{Plain: true}) },
		"flow":         func(w io.Writer) error { return chart.Text(w, &v, chart.Flow, chart.TextOptions{Plain: true}) },
		"forecast":     func(w io.Writer) error { return chart.Forecast(w, &by, chart.TextOptions{Plain: true}) },
		"forecast-own": func(w io.Writer) error { return chart.Forecast(w, &own, chart.TextOptions{Plain: true}) },
		"forecast-csv": func(w io.Writer) error { return chart.ForecastCSV(w, &own) },
		"scope": func(w io.Writer) error {
			return chart.Scope(w, &v, s.Changes(), text, chart.TextOptions{Plain: true, Width: 80})
		},
		"stats": func(w io.Writer) error {
			return chart.Stats(w, &v, s.Stats(v.Days, 8, now), true, chart.TextOptions{Plain: true, Width: 80})
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", b.Bytes())
		})
	}
}

// In estimates: what everything is in, and how that is known.
func TestTerminalWeight(t *testing.T) {
	t.Parallel()
	const until = "2026-12-18"
	s := weighed(t, until)
	v := s.Summarise("elixir-migration", until, true, burndown.Options{Weight: true, Sections: true})
	text := func(key int) string { return s.State().Block(events.TaskRef(key)).Task.Text }
	o := chart.TextOptions{Plain: true, Width: 80}
	var b bytes.Buffer
	for _, write := range []func() error{
		func() error { return chart.Text(&b, &v, chart.Burndown, o) },
		func() error { return chart.Text(&b, &v, chart.Flow, o) },
		func() error { return chart.Forecast(&b, &v, o) },
		func() error { return chart.Scope(&b, &v, v.Changes, text, o) },
		func() error {
			return chart.Stats(&b, &v, s.Stats(v.Days, 8, time.Date(2026, 12, 18, 15, 0, 0, 0, time.UTC)), false, o)
		},
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
		b.WriteString("\n")
	}
	golden(t, "weight.txt", b.Bytes())
	b.Reset()
	if err := chart.SVG(&b, v, chart.Burndown, chart.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Remaining work in days", "Counted in estimated days of eight hours"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the picture does not say %q", want)
		}
	}
}
