package app

import (
	"context"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/server/commands"
)

// Burndown calls look with the history of a checklist's work, as of a moment.
func (l *Local) Burndown(ctx context.Context, name string, at *commands.When, look func(*burndown.Series) error) error {
	s, end := burndown.New(), l.log.End()
	if err := l.replay(ctx, name, at, func(env events.Envelope) (err error) {
		s, err = burndown.Evolve(s, env)
		return err
	}); err != nil {
		return err
	}
	if at == nil {
		l.keep(s.State(), end)
	}
	return look(s)
}
