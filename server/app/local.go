package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"cairn/events"
	"cairn/projections"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// Log is what Local needs of a log.
type Log interface {
	events.Log
	Origin() string
	// End returns the last sequence.
	End() events.Seq
	// Checklists returns the names of all checklists.
	Checklists(ctx context.Context) ([]string, error)
}

// Local is an App over a log in this process.
type Local struct {
	log     Log
	handler *commands.Handler
	now     func() time.Time
	// exclusive says that the log's End moves with everything that is appended; kept
	// is for keep.
	exclusive bool
	kept      atomic.Pointer[whole]
}

var _ App = (*Local)(nil)

// NewLocal returns an App over log, which stays the caller's to close. The
// config's zero value is usable.
func NewLocal(log Log, c commands.Config) *Local {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Local{log: log, handler: commands.NewHandler(log, c), now: c.Now, exclusive: c.Exclusive}
}

// NewReader returns an App over a log that others write to: it keeps what was read
// until the log's end is another.
func NewReader(log Log, c commands.Config) *Local {
	l := NewLocal(log, c)
	l.exclusive = true
	return l
}

// Origin names the log.
func (l *Local) Origin() string { return l.log.Origin() }

// End returns the position of the log's last event.
func (l *Local) End() events.Seq { return l.log.End() }

// Execute carries out a command.
func (l *Local) Execute(ctx context.Context, meta commands.Meta, cmd commands.Command) (Outcome, error) {
	var rows, undone []audit.Row
	meta.Observe = tell(&rows)
	meta.Undone = tell(&undone)
	result, err := l.handler.Execute(ctx, meta, cmd)
	if err != nil {
		return Outcome{}, l.Elsewhere(ctx, err)
	}
	if result.Repeated {
		if rows, err = l.retell(ctx, meta.Checklist, result); err != nil {
			return Outcome{}, err
		}
	}
	return Outcome{Result: result, Rows: rows, Undone: undone}, nil
}

// tell returns what tells each event that it is given into rows.
func tell(rows *[]audit.Row) func(*checklist.State, events.Envelope) {
	return func(before *checklist.State, env events.Envelope) { *rows = append(*rows, audit.Describe(before, env)) }
}

// ExecuteHistory carries out the commands of a file's history; see
// commands.Handler.ExecuteAll.
func (l *Local) ExecuteHistory(ctx context.Context, name string, steps iter.Seq2[commands.Step, error], stored func(done int)) (int, error) {
	return l.handler.ExecuteAll(ctx, name, steps, stored)
}

func noChecklist(name string) *commands.Error {
	return &commands.Error{Code: commands.CodeNoChecklist, Message: "there is no checklist " + name}
}

// Elsewhere names the checklists that are there where one is not.
func (l *Local) Elsewhere(ctx context.Context, err error) error {
	var e *commands.Error
	if !errors.As(err, &e) || e.Code != commands.CodeNoChecklist {
		return err
	}
	names, listErr := l.log.Checklists(ctx)
	if listErr != nil || len(names) == 0 {
		return err
	}
	return &commands.Error{Code: e.Code, Message: e.Message, Hint: fmt.Sprintf("There is: %s", joined(names))}
}

func joined(names []string) string {
	s := ""
	for i, n := range names {
		if i > 0 {
			s += ", "
		}
		s += n
	}
	return s
}

// retell tells the events of a command that was executed before.
func (l *Local) retell(ctx context.Context, name string, result commands.Result) ([]audit.Row, error) {
	rows, err := l.History(ctx, name)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(r audit.Row) bool { return r.CommandID != result.ID }), nil
}

// Preview returns what Execute would do now.
func (l *Local) Preview(ctx context.Context, meta commands.Meta, cmd commands.Command) (Outcome, error) {
	var undone []audit.Row
	meta.Undone = tell(&undone)
	result, err := l.handler.DryRun(ctx, meta, cmd)
	if err != nil {
		return Outcome{}, l.Elsewhere(ctx, err)
	}
	// A fold of its own: each event is told from the state that those before it
	// lead to.
	st, err := projections.Fold(checklist.Projection, l.log.Read(ctx, events.Filter{Checklist: meta.Checklist}), nil)
	if err != nil {
		return Outcome{}, err
	}
	outcome := Outcome{Result: result, Undone: undone, After: st}
	if result.Repeated {
		outcome.Rows, err = l.retell(ctx, meta.Checklist, result)
		return outcome, err
	}
	h := audit.After(st)
	for _, env := range result.Events {
		row, err := h.Next(env)
		if err != nil {
			return Outcome{}, fmt.Errorf("preview %s: %w", cmd.Name(), err)
		}
		outcome.Rows = append(outcome.Rows, row)
	}
	outcome.After = h.State()
	return outcome, nil
}

// Names returns the names of all checklists, sorted.
func (l *Local) Names(ctx context.Context) ([]string, error) {
	names, err := l.log.Checklists(ctx)
	slices.Sort(names)
	return names, err
}

// Checklists returns all checklists by name.
func (l *Local) Checklists(ctx context.Context) ([]Summary, error) { return summaries(ctx, l) }

// summaries looks at every checklist of an app.
func summaries(ctx context.Context, a App) ([]Summary, error) {
	names, err := a.Names(ctx)
	if err != nil {
		return nil, err
	}
	var list []Summary
	for _, name := range names {
		err := a.Checklist(ctx, name, nil, func(st *checklist.State) error {
			list = append(list, Summarize(st))
			return nil
		})
		if err != nil {
			return list, err
		}
	}
	return list, nil
}

// Checklist calls look with a checklist as of a moment.
func (l *Local) Checklist(ctx context.Context, name string, at *commands.When, look func(*checklist.State) error) error {
	if err := commands.CheckName(name); err != nil {
		return err
	}
	if at == nil {
		if st := l.current(name); st != nil {
			return look(st)
		}
		return l.handler.View(ctx, name, func(st *checklist.State) error {
			if st.Revision == 0 {
				return l.Elsewhere(ctx, noChecklist(name))
			}
			return look(st)
		})
	}
	st := checklist.New()
	if err := l.replay(ctx, name, at, func(env events.Envelope) (err error) {
		st, err = checklist.Evolve(st, env)
		return err
	}); err != nil {
		return err
	}
	return look(st)
}

// History returns a checklist's events told for people, oldest first.
func (l *Local) History(ctx context.Context, name string) ([]audit.Row, error) {
	var rows []audit.Row
	h := audit.NewHistory()
	for env, err := range l.log.Read(ctx, events.Filter{Checklist: name}) {
		if err != nil {
			return rows, err
		}
		row, err := h.Next(env)
		if err != nil {
			return rows, fmt.Errorf("checklist %s at @%d: %w", name, env.Seq, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Events is the log's Read.
func (l *Local) Events(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error] {
	return l.log.Read(ctx, f)
}

// Follow is the log's Follow.
func (l *Local) Follow(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error] {
	return l.log.Follow(ctx, f)
}
