package main

import (
	"context"
	"fmt"
	"math"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/server/commands"
)

// review is what the owner does at the end of a week: closes parents of which
// everything is done, looks after the risks, and records the review.
func (s *simulation) review(ctx context.Context) error {
	t, err := s.look(ctx, "ada")
	if err != nil {
		return err
	}
	if len(t.finished) > 0 {
		if err := s.do(ctx, "ada", "all of it is done", commands.Transition{Verb: commands.Done, Tasks: t.finished}); err != nil {
			return err
		}
	}
	behind, left := 0, 0
	if err := s.app.Burndown(ctx, Name, nil, func(series *burndown.Series) error {
		days := series.Days(events.DayOf(s.now))
		left = series.Remaining()
		if line, ok := series.Ideal(days); ok && len(days) > 1 {
			behind = int(math.Round(line.Behind(days[len(days)-2].Date, left)))
		}
		return nil
	}); err != nil {
		return err
	}
	if err := s.risks(ctx, left); err != nil {
		return err
	}
	review := commands.RecordReview{Status: "on-track", Note: "as planned"}
	switch {
	case left == 0:
		review.Note = "everything is done"
	case behind > 15:
		review.Status, review.Note = "off-track", fmt.Sprintf("%d working days behind", behind)
	case behind > 5:
		review.Status, review.Note = "at-risk", fmt.Sprintf("%d working days behind", behind)
	}
	if len(t.held) > 0 {
		review.Asks = []string{fmt.Sprintf("the other team: look at %s", t.held[0])}
	}
	return s.do(ctx, "ada", "", review)
}

// risks closes a risk as what is left of the work gets less.
func (s *simulation) risks(ctx context.Context, left int) error {
	for _, r := range []struct {
		key, why string
		left     int
	}{
		{"60", "decided: all new tables on Postgres", 48},
		{"62", "headers are the same everywhere", 16},
		{"61", "contract tests stand in front of every release", 3},
	} {
		if left > r.left {
			continue
		}
		if err := s.do(ctx, "ada", r.why, commands.Transition{Verb: commands.Done, Tasks: []string{r.key}}); err != nil {
			return err
		}
	}
	return nil
}
