package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// Audit calls look with a checklist as of a moment, and with the rows of the
// events that led to it.
func (l *Local) Audit(ctx context.Context, name string, at *commands.When, look func(*checklist.State, []audit.Row) error) error {
	h, end := audit.NewHistory(), l.log.End()
	rows := make([]audit.Row, 0, roomFor(end))
	err := l.replay(ctx, name, at, func(env events.Envelope) error {
		row, err := h.Next(env)
		rows = append(rows, row)
		return err
	})
	if err != nil {
		return err
	}
	if at == nil {
		l.keep(h.State(), end)
	}
	return look(h.State(), rows)
}

// roomFor bounds the room for the rows of n events, which are half a kilobyte each
// and may be of other checklists: growing it costs as much as telling them.
func roomFor(n events.Seq) int { return int(min(n, 1<<14)) }

// whole is a checklist that was replayed to the end of the log, and the end.
type whole struct {
	st  *checklist.State
	end events.Seq
}

// keep keeps a checklist that was replayed from a log that ended at end, where
// nobody else writes: what a command looks at next need not be read again.
func (l *Local) keep(st *checklist.State, end events.Seq) {
	if l.exclusive {
		l.kept.Store(&whole{st, end})
	}
}

// current returns the checklist as it was kept; nil where it was not, or the log grew.
func (l *Local) current(name string) *checklist.State {
	if kept := l.kept.Load(); kept != nil && kept.st.Name == name && kept.end == l.log.End() {
		return kept.st
	}
	return nil
}

// replay calls each with the events of a checklist up to a moment, all of them
// if at is nil. It returns an error where there are none.
func (l *Local) replay(ctx context.Context, name string, at *commands.When, each func(events.Envelope) error) error {
	if err := commands.CheckName(name); err != nil {
		return err
	}
	if at != nil {
		w, err := l.Position(ctx, name, *at)
		if err != nil {
			return err
		}
		if at = &w; at.Seq > l.log.End() {
			return notInLog(at, l.log.End())
		}
	}
	n, behind := 0, behind(at)
	for env, err := range l.log.Read(ctx, events.Filter{Checklist: name}) {
		if err != nil {
			return err
		}
		if behind(env) {
			if n == 0 {
				return l.before(ctx, name, at.Text, env.Seq, env.EffectiveTime)
			}
			break
		}
		n++
		if err := each(env); err != nil {
			var refusal *commands.Error
			if errors.As(err, &refusal) {
				return err
			}
			return fmt.Errorf("checklist %s at @%d: %w", name, env.Seq, err)
		}
	}
	if n == 0 {
		return l.Elsewhere(ctx, noChecklist(name))
	}
	return nil
}

// Between calls look with a checklist as of two moments, to nil for now, and with
// the rows of the events between them. It returns an error if from is the later.
func (l *Local) Between(ctx context.Context, name string, from, to *commands.When, look func(before, after *checklist.State, rows []audit.Row) error) error {
	before, h := checklist.New(), audit.NewHistory()
	w, err := l.Position(ctx, name, *from)
	if err != nil {
		return err
	}
	from = &w
	behindFrom, passed, end := behind(from), false, l.log.End()
	if from.Seq > l.log.End() {
		return notInLog(from, l.log.End())
	}
	var rows []audit.Row
	// The two states share what their events hold, which no fold changes.
	if err := l.replay(ctx, name, to, func(env events.Envelope) (err error) {
		if passed = passed || behindFrom(env); passed {
			if before.Revision == 0 {
				return l.before(ctx, name, from.Text, env.Seq, env.EffectiveTime)
			}
			if rows == nil {
				rows = make([]audit.Row, 0, roomFor(end-env.Seq+1))
			}
			row, err := h.Next(env)
			rows = append(rows, row)
			return err
		}
		if before, err = checklist.Evolve(before, env); err == nil {
			err = h.Skip(env)
		}
		return err
	}); err != nil {
		return err
	}
	if !passed && to != nil {
		if err := l.inOrder(ctx, name, from, to, before.Seq(), behindFrom); err != nil {
			return err
		}
	}
	if to == nil {
		l.keep(h.State(), end)
	}
	return look(before, h.State(), rows)
}

// inOrder returns an error if from, which has not come up to the event at which
// to ends, lies further on.
func (l *Local) inOrder(ctx context.Context, name string, from, to *commands.When, end events.Seq, behindFrom func(events.Envelope) bool) error {
	for env, err := range l.log.Read(ctx, events.Filter{Checklist: name, After: end}) {
		if err != nil {
			return err
		}
		if !behindFrom(env) {
			return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%s comes after %s: name the earlier moment first", from.Text, to.Text)}
		}
		break
	}
	return nil
}

func notInLog(at *commands.When, end events.Seq) error {
	return &commands.Error{Code: commands.CodeNoMoment, Message: fmt.Sprintf("%s is not in the log yet: it ends at @%d", at.Text, end)}
}

// behind returns what tells of each event in turn whether it lies behind a moment.
func behind(at *commands.When) func(events.Envelope) bool {
	imported := false
	return func(env events.Envelope) bool {
		switch {
		case at == nil:
			return false
		case at.Import:
			stop := imported
			sync, ok := env.Data.(*events.DocumentSynced)
			imported = imported || ok && !sync.More
			return stop
		}
		return !at.Holds(env)
	}
}

// before is the error for a moment before the first event of a checklist.
func (l *Local) before(ctx context.Context, name, moment string, first events.Seq, begins time.Time) error {
	zone, err := l.Zone(ctx, name)
	if err != nil {
		return err
	}
	return &commands.Error{
		Code: commands.CodeNoMoment, Message: fmt.Sprintf("%s did not exist at %s", name, moment),
		Hint: fmt.Sprintf("It begins at @%d, %s.", first, begins.In(zone).Format("2006-01-02 15:04 MST")),
	}
}

// Zone returns the checklist's time zone now, UTC where none is set or known.
func (l *Local) Zone(ctx context.Context, name string) (*time.Location, error) {
	st := checklist.New()
	for env, err := range l.log.Read(ctx, events.Filter{Checklist: name, Kinds: []events.Kind{events.KindChecklistDescribed}}) {
		if err != nil {
			return nil, err
		}
		if st, err = checklist.Evolve(st, env); err != nil {
			return nil, fmt.Errorf("checklist %s at @%d: %w", name, env.Seq, err)
		}
	}
	return st.Zone(), nil
}

// KnownAt returns the position up to which the log held a checklist at a time:
// the longest prefix whose events were recorded by then. Its Text is that of w.
func (l *Local) KnownAt(ctx context.Context, name string, w commands.When) (commands.When, error) {
	known := commands.When{Text: w.Text}
	for env, err := range l.log.Read(ctx, events.Filter{Checklist: name}) {
		if err != nil {
			return known, err
		}
		if !w.Holds(events.Envelope{Seq: env.Seq, EffectiveTime: env.RecordedTime}) {
			if known.Seq == 0 {
				return known, l.before(ctx, name, w.Text, env.Seq, env.RecordedTime)
			}
			return known, nil
		}
		known.Seq = env.Seq
	}
	if known.Seq == 0 {
		return known, l.Elsewhere(ctx, noChecklist(name))
	}
	return known, nil
}

// Retell folds a checklist and calls tell with the rows of those events that are
// wanted. With keep, what is looked at next is the checklist as it was read. It
// returns the checklist, which is the caller's to change where it is not kept.
func (l *Local) Retell(ctx context.Context, name string, wanted func(events.Envelope) bool, tell func(audit.Row), keep bool) (*checklist.State, error) {
	h, end := audit.NewHistory(), l.log.End()
	for env, err := range l.log.Read(ctx, events.Filter{Checklist: name}) {
		if err != nil {
			return nil, err
		}
		if wanted(env) {
			row, err := h.Next(env)
			if err != nil {
				return nil, fmt.Errorf("checklist %s at @%d: %w", name, env.Seq, err)
			}
			tell(row)
		} else if err := h.Skip(env); err != nil {
			return nil, fmt.Errorf("checklist %s at @%d: %w", name, env.Seq, err)
		}
	}
	if keep {
		l.keep(h.State(), end)
	}
	return h.State(), nil
}
