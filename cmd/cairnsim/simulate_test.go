package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/projections/burndown"
	"cairn/projections/chart"
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

// What Cairn prints after half a year of that team; golden files.
func TestHalfAYear(t *testing.T) {
	t.Parallel()
	a := simulated(t, 7, "2027-06-04")
	err := a.Burndown(t.Context(), Name, nil, func(s *burndown.Series) error {
		v := s.Summarise(Name, "2027-06-04", false, burndown.Options{})
		text := func(key int) string { return s.State().Block(events.TaskRef(key)).Task.Text }
		o := chart.TextOptions{Plain: true, Width: 80}
		for name, write := range map[string]func(io.Writer) error{
			"burndown": func(w io.Writer) error { return chart.Text(w, &v, chart.Burndown, o) },
			"burnup":   func(w io.Writer) error { return chart.Text(w, &v, chart.Burnup, o) },
			"flow":     func(w io.Writer) error { return chart.Text(w, &v, chart.Flow, o) },
			"forecast": func(w io.Writer) error { return chart.Forecast(w, &v, o) },
			"scope":    func(w io.Writer) error { return chart.Scope(w, &v, s.Changes(), text, o) },
			"stats": func(w io.Writer) error {
				return chart.Stats(w, &v, s.Stats(v.Days, 12, events.Day("2027-06-05").In(s.State().Zone())), true, o)
			},
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				return err
			}
			golden(t, name+".txt", b.Bytes())
		}
		// The pictures of the README are of the same half year, seen in its last hour.
		v = s.Summarise(Name, "", true, burndown.Options{}) // of the last event's day
		for _, kind := range []chart.Kind{chart.Burndown, chart.Flow} {
			var light, dark bytes.Buffer
			if err := errors.Join(chart.SVG(&light, v, kind, chart.Options{}), chart.SVG(&dark, v, kind, chart.Options{Dark: true})); err != nil {
				return err
			}
			golden(t, "../../../docs/images/"+string(kind)+".svg", light.Bytes())
			golden(t, "../../../docs/images/"+string(kind)+"-dark.svg", dark.Bytes())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
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
