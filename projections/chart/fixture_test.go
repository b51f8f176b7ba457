package chart_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// sampleYear is the sample checklist after some months of work, drawn by a seed:
// from the first of December on, a task is started or closed every few days, now
// and then one comes in, is opened again, dropped or split.
func sampleYear(t *testing.T, until events.Day) *burndown.Series {
	t.Helper()
	document, err := os.ReadFile("../../examples/elixir-migration.md")
	if err != nil {
		t.Fatal(err)
	}
	log := eventstest.NewLog()
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	h := commands.NewHandler(log, commands.Config{Now: func() time.Time { return now }})
	r := rand.New(rand.NewPCG(7, 7))
	do := func(cmd commands.Command) {
		_, _ = h.Execute(t.Context(), commands.Meta{Checklist: "elixir-migration", Actor: events.Actor{ID: "ada@example.com"}}, cmd) // refused: not that day
	}
	finish := "2027-09-30"
	do(commands.ImportDocument{Document: document})
	do(commands.Plan{Start: p("2026-12-01"), Finish: &finish})
	for now = now.AddDate(0, 0, 1); events.DayOf(now) <= until; now = now.AddDate(0, 0, 1) {
		if day := now.Weekday(); day == time.Saturday || day == time.Sunday {
			continue
		}
		var open, closed []string
		_ = h.View(t.Context(), "elixir-migration", func(st *checklist.State) error {
			for b := range st.Root().Tasks() {
				switch key := strconv.Itoa(b.Task.Key); {
				case !b.Leaf() || b.Risk():
				case b.Task.State.Open():
					open = append(open, key)
				case b.Task.State == events.Done:
					closed = append(closed, key)
				}
			}
			return nil
		})
		switch n := r.IntN(100); {
		case n < 28 && len(open) > 0:
			do(commands.Transition{Verb: commands.Done, Tasks: []string{open[r.IntN(min(8, len(open)))]}})
		case n < 45 && len(open) > 0:
			do(commands.Transition{Verb: commands.Start, Tasks: []string{open[r.IntN(min(8, len(open)))]}})
		case n < 49 && len(closed) > 0:
			do(commands.Transition{Verb: commands.Reopen, Tasks: []string{closed[r.IntN(len(closed))]}})
		case n < 53:
			do(commands.AddTask{Text: fmt.Sprintf("what nobody thought of %d", n)})
		case n < 55 && len(open) > 0:
			do(commands.Transition{Verb: commands.Drop, Tasks: []string{open[r.IntN(len(open))]}})
		case n < 57 && len(open) > 0:
			do(commands.SplitTask{Task: open[r.IntN(len(open))], Texts: []string{"one half", "the other half"}})
		}
	}
	s, err := projections.Fold(burndown.Projection, log.Read(t.Context(), events.Filter{Checklist: "elixir-migration"}), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func p(s string) *string { return &s }

// weighed are three weeks, with an estimate of all tasks but a few.
func weighed(t *testing.T, until events.Day) *burndown.Series {
	t.Helper()
	log := eventstest.NewLog()
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	h := commands.NewHandler(log, commands.Config{Now: func() time.Time { return now }})
	do := func(cmd commands.Command) {
		t.Helper()
		if _, err := h.Execute(t.Context(), commands.Meta{Checklist: "elixir-migration", Actor: events.Actor{ID: "ada@example.com"}, Reason: "talked it over"}, cmd); err != nil {
			t.Fatal(err)
		}
	}
	finish := "2027-01-15"
	do(commands.ImportDocument{Document: []byte("# Plan\n\n## A\n" + strings.Repeat("- [ ] task of A\n", 16) + "\n## B\n" + strings.Repeat("- [ ] task of B\n", 14))})
	do(commands.Plan{Finish: &finish})
	now = now.AddDate(0, 0, 1)
	do(commands.Estimate{Tasks: []string{"1-16"}, Estimate: "2d"})
	do(commands.Estimate{Tasks: []string{"17-28"}, Estimate: "12h"})
	for key := 1; events.DayOf(now) < until; now = now.AddDate(0, 0, 1) {
		switch now.Weekday() {
		case time.Saturday, time.Sunday:
		case time.Wednesday:
			do(commands.Estimate{Tasks: []string{strconv.Itoa(key + 15)}, Estimate: "3d"})
			fallthrough
		default:
			do(commands.Transition{Verb: commands.Done, Tasks: []string{strconv.Itoa(key)}})
			key++
		}
	}
	s, err := projections.Fold(burndown.Projection, log.Read(t.Context(), events.Filter{Checklist: "elixir-migration"}), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
