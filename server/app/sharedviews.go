package app

import (
	"context"
	"slices"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// told is a checklist's history with all its rows.
type told struct {
	history *audit.History
	rows    []audit.Row
}

func newTold() *told { return &told{history: audit.NewHistory()} }

func (t *told) next(env events.Envelope) (*told, error) {
	row, err := t.history.Next(env)
	t.rows = append(t.rows, row)
	return t, err
}

// Audit calls look with a checklist as of a moment, and with the rows of the
// events that led to it. The rows up to now are kept for who asks next.
func (s *Shared) Audit(ctx context.Context, name string, at *commands.When, look func(*checklist.State, []audit.Row) error) error {
	if err := s.knows(name); err != nil {
		return err
	}
	if at != nil {
		return s.Local.Audit(ctx, name, at, look)
	}
	return s.told.look(ctx, s.log, name, func(t *told) error {
		if len(t.rows) == 0 {
			return noChecklist(name)
		}
		return look(t.history.State(), t.rows[:len(t.rows):len(t.rows)])
	})
}

// History returns a checklist's events told for people, oldest first.
func (s *Shared) History(ctx context.Context, name string) (rows []audit.Row, err error) {
	err = s.Audit(ctx, name, nil, func(_ *checklist.State, all []audit.Row) error {
		rows = slices.Clone(all)
		return nil
	})
	return rows, err
}

// Burndown calls look with the history of a checklist's work, as of a moment. That
// up to now is kept for who asks next.
func (s *Shared) Burndown(ctx context.Context, name string, at *commands.When, look func(*burndown.Series) error) error {
	if err := s.knows(name); err != nil {
		return err
	}
	if at != nil {
		return s.Local.Burndown(ctx, name, at, look)
	}
	return s.series.look(ctx, s.log, name, func(v *burndown.Series) error {
		if v.State().Revision == 0 {
			return noChecklist(name)
		}
		return look(v)
	})
}

// Between calls look with a checklist as of two moments.
func (s *Shared) Between(ctx context.Context, name string, from, to *commands.When, look func(before, after *checklist.State, rows []audit.Row) error) error {
	if err := s.knows(name); err != nil {
		return err
	}
	return s.Local.Between(ctx, name, from, to, look)
}

// Report calls look with the work of a checklist as of two moments.
func (s *Shared) Report(ctx context.Context, name string, from, to *commands.When, look func(before, after *burndown.Series, rows []audit.Row) error) error {
	if err := s.knows(name); err != nil {
		return err
	}
	return s.Local.Report(ctx, name, from, to, look)
}
