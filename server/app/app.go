// Package app is what a client of Cairn can do, whichever way it reaches the
// log: one method per view, Execute for all that changes something, and the
// events themselves.
//
// For most uses, make a [Local] over an open log.
package app

import (
	"context"
	"iter"
	"time"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
	"cairn/projections/members"
	"cairn/server/commands"
)

// App is Cairn as a client sees it. Implementations are safe for concurrent use.
type App interface {
	// Execute carries out a command; see commands.Handler.Execute.
	Execute(ctx context.Context, meta commands.Meta, cmd commands.Command) (Outcome, error)
	// Preview returns what Execute would do now, and does nothing.
	Preview(ctx context.Context, meta commands.Meta, cmd commands.Command) (Outcome, error)
	// ExecuteHistory carries out the commands of a file's history; see
	// commands.Handler.ExecuteAll.
	ExecuteHistory(ctx context.Context, name string, steps iter.Seq2[commands.Step, error], stored func(done int)) (added int, err error)
	// Names returns the names of all checklists, sorted.
	Names(ctx context.Context) ([]string, error)
	// Checklists returns all checklists by name.
	Checklists(ctx context.Context) ([]Summary, error)
	// Checklist calls look with a checklist, as of a moment if at is not nil.
	// The state must be neither changed nor kept.
	Checklist(ctx context.Context, name string, at *commands.When, look func(*checklist.State) error) error
	// Audit is Checklist, and look gets the rows of the events that led to it,
	// oldest first.
	Audit(ctx context.Context, name string, at *commands.When, look func(*checklist.State, []audit.Row) error) error
	// Between calls look with a checklist as of two moments, of which from is the
	// earlier and to is nil for now, and with the rows of the events between them.
	Between(ctx context.Context, name string, from, to *commands.When, look func(before, after *checklist.State, rows []audit.Row) error) error
	// Report calls look with the work of a checklist as of two moments, as Between.
	Report(ctx context.Context, name string, from, to *commands.When, look func(before, after *burndown.Series, rows []audit.Row) error) error
	// Burndown calls look with the history of a checklist's work, as of a moment.
	Burndown(ctx context.Context, name string, at *commands.When, look func(*burndown.Series) error) error
	// KnownAt returns the position up to which the log held a checklist at a time,
	// by when its events were recorded.
	KnownAt(ctx context.Context, name string, w commands.When) (commands.When, error)
	// Position returns a WHEN with the position that it names, where it is that of
	// the last baseline or of a review.
	Position(ctx context.Context, name string, w commands.When) (commands.When, error)
	// Zone returns the time zone in which the days of a checklist are told.
	Zone(ctx context.Context, name string) (*time.Location, error)
	// History returns a checklist's events told for people, oldest first.
	History(ctx context.Context, name string) ([]audit.Row, error)
	// Members calls look with who may use the log. The state must be neither
	// changed nor kept.
	Members(ctx context.Context, look func(*members.State) error) error
	// Administer carries out a command about who may use the log; see
	// commands.Handler.Administer.
	Administer(ctx context.Context, meta commands.Meta, cmd commands.SystemCommand) (commands.Result, error)
	// Events and Follow are the log's Read and Follow. A filter by checklist
	// selects none of the log's own events.
	Events(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error]
	Follow(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error]
	// Origin names the log, End is the position of its last event.
	Origin() string
	End() events.Seq
}

// Outcome is what a command did, told for people.
type Outcome struct {
	commands.Result
	// Rows tell the events, one each.
	Rows []audit.Row
	// Undone tell the events that an Undo or a Redo takes back; none where it was
	// carried out before.
	Undone []audit.Row
	// After is what the checklist would be after a Preview; nil otherwise. Its
	// events have no Seq.
	After *checklist.State
}

// Summary is one checklist in a list of them.
type Summary struct {
	Name, Title string
	Seq         events.Seq
	Progress    checklist.Progress
	Archived    bool
	// Path is the file that follows it; empty if none does.
	Path string
}

// Summarize returns the summary of a checklist.
func Summarize(st *checklist.State) Summary {
	s := Summary{Name: st.Name, Title: st.Title, Seq: st.Seq(), Progress: st.Root().Tally().Progress, Archived: st.Archived}
	if st.Synced != nil {
		s.Path = st.Synced.Path
	}
	return s
}
