package app

import (
	"context"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/burndown"
	"cairn/server/commands"
)

// Report calls look with the work of a checklist as of two moments, of which from
// is the earlier and to is nil for now, and with the rows of the events between
// them. A moment within a command means the end of that command for from.
func (l *Local) Report(ctx context.Context, name string, from, to *commands.When, look func(before, after *burndown.Series, rows []audit.Row) error) error {
	w, err := l.Position(ctx, name, *from)
	if err != nil {
		return err
	}
	if w.Seq > l.log.End() {
		return notInLog(&w, l.log.End())
	}
	before, after := burndown.New(), burndown.New()
	var rows []audit.Row
	behindFrom, passed, command := behind(&w), false, ""
	if err := l.replay(ctx, name, to, func(env events.Envelope) (err error) {
		passed = passed || behindFrom(env) && (env.Part <= 1 || env.CommandID != command)
		command = env.CommandID
		if passed {
			if before.State().Revision == 0 {
				return l.before(ctx, name, from.Text, env.Seq, env.EffectiveTime)
			}
			rows = append(rows, audit.Describe(after.State(), env))
		} else if before, err = burndown.Evolve(before, env); err != nil {
			return err
		}
		after, err = burndown.Evolve(after, env)
		return err
	}); err != nil {
		return err
	}
	if !passed && to != nil {
		if err := l.inOrder(ctx, name, &w, to, after.State().Seq(), behindFrom); err != nil {
			return err
		}
	}
	return look(before, after, rows)
}
