// Package burndown tells how much work a checklist had, and how much of it was
// done, at the end of each day.
//
// For most uses, fold [Projection] over a checklist's events and ask the
// [Series] for its days. Only events make days: a day that is over never
// changes, whatever is done to the checklist afterwards.
//
// Work is what [checklist.Progress] counts: every leaf task that is not a risk,
// does not repeat and is not dropped. A task that is opened again raises the
// day on which that happens. Where a leaf gets tasks under it, or loses the last
// one, the work is regrouped: that is told apart from changes of the scope.
package burndown

import (
	"fmt"
	"slices"
	"time"

	"cairn/events"
	"cairn/projections"
	"cairn/projections/checklist"
)

// Projection folds the events of one checklist.
var Projection = projections.Projection[*Series]{Name: "burndown", Version: 1, Init: New, Evolve: Evolve}

// Counts are tasks by state; Dropped stands beside the scope.
type Counts struct {
	Todo       int `json:"todo"`
	InProgress int `json:"in_progress"`
	OnHold     int `json:"on_hold"`
	Done       int `json:"done"`
	Dropped    int `json:"dropped"`
}

// Scope is all that is to be done or done.
func (c Counts) Scope() int { return c.Todo + c.InProgress + c.OnHold + c.Done }

// Remaining is what of the scope is not done.
func (c Counts) Remaining() int { return c.Todo + c.InProgress + c.OnHold }

// Day is a calendar day of the checklist's zone, at its end.
type Day struct {
	Date events.Day
	// Seq is the checklist's last event up to then.
	Seq events.Seq
	// Work counts the work, All every box.
	Work, All Counts
	// Completed and Reopened are how often work was done, and was open again,
	// that day. What was done already as it came in is no completion.
	Completed, Reopened int
	// Added and Removed are what came into the scope and left it (dropped work
	// leaves it), Regrouped what both together changed it where work was only
	// divided or put together otherwise.
	Added, Removed, Regrouped int
	// Sections are the work in each section of the top level, in the order of
	// the document; Key 0 is what stands before the first.
	Sections []SectionCount
	// Measure says what the figures are in; it is zero where tasks are counted.
	Measure
	closed int // tasks, less what was opened again
}

// SectionCount is the work in a section.
type SectionCount struct {
	Key   int
	Title string
	Work  Counts
	// Completed and Reopened are as in Day.
	Completed, Reopened int
	closed              int // as in Day
}

// ScopeChange is a command that changed the scope.
type ScopeChange struct {
	Seq events.Seq
	Day events.Day
	At  time.Time
	// Added, Removed and Regrouped are as in Day; Removed is not negative.
	Added, Removed, Regrouped int
	// Tasks are the keys of the tasks that it is about.
	Tasks []int
	// Import says that the work came with the checklist.
	Import  bool
	Command string // its name
	By      events.Actor
	Reason  string
}

// Closing is work that was closed, by the actors' claims of when.
type Closing struct {
	Key int
	// Start is when it was first started; the zero time where nobody said.
	Start, Done time.Time
	// Day is the day of it in the checklist's zone, By who closed it.
	Day events.Day
	By  events.Actor
}

// Series is the history of a checklist's work. It is not safe for concurrent
// use; only Evolve changes it.
type Series struct {
	st *checklist.State
	// begun says that the first event came.
	begun bool
	zone  *time.Location
	// ledger counts tasks, weight the same in estimates: nil before the first.
	ledger
	weight *ledger

	baselines []Baseline
	reviews   []Review
	closings  map[int]Closing // the last of each task
	started   map[int]time.Time

	shape bool // the command so far changed more than states
}

// ledger keeps the days, in tasks or in what they weigh.
type ledger struct {
	weighs bool
	// days are those that are over, cur the one that the last event was on.
	days []Day
	cur  Day

	flow    map[int32]SectionCount // what happened in each section today
	tasks   []place                // by key, as of the last command that changed the shape
	changes []ScopeChange
	moves   Moves

	stale   bool // the command so far changed what tasks weigh
	pending ScopeChange
}

// Baseline is a plan that the ideal line starts from.
type Baseline struct {
	Name string
	Seq  events.Seq
	At   time.Time
	// Day is when it was set, in the checklist's zone; Start and Finish may be
	// empty.
	Day, Start, Finish events.Day
	// Remaining is the work that was left.
	Remaining int
	weighed
}

// weighed is what was left, in estimates.
type weighed struct {
	left int
	Measure
}

// Review is a weekly review that was recorded.
type Review struct {
	Seq events.Seq
	At  time.Time
	// Day is the day of it, in the checklist's zone.
	Day events.Day
	// Remaining is the work that was left.
	Remaining int
	weighed
}

// New returns the series before the first event.
func New() *Series {
	return &Series{
		st: checklist.New(), zone: time.UTC, ledger: ledger{flow: make(map[int32]SectionCount)},
		closings: make(map[int]Closing), started: make(map[int]time.Time),
	}
}

// State returns the checklist after the last event. It must not be changed.
func (s *Series) State() *checklist.State { return s.st }

// Evolve returns the series after env, an event of the same checklist; it changes
// s in place. It returns an error for an unreadable event.
func Evolve(s *Series, env events.Envelope) (*Series, error) {
	if _, unreadable := env.Data.(*events.Unreadable); !unreadable {
		s.turn(env)
	}
	before := s.before(env.Data)
	st, err := checklist.Evolve(s.st, env)
	if err != nil {
		return s, fmt.Errorf("burndown: %w", err)
	}
	s.st = st
	s.after(env, before)
	return s, nil
}

// turn closes the days that are over at env, and the command before it.
func (s *Series) turn(env events.Envelope) {
	if env.CommandID == "" || env.Part <= 1 {
		s.settle()
	}
	today := events.DayOf(env.EffectiveTime.In(s.zone))
	if !s.begun {
		s.begun, s.cur.Date = true, today
	}
	if today > s.cur.Date {
		s.settle()
		for _, l := range s.ledgers() {
			l.closeUpto(s.st, today)
		}
	}
	if s.pending.Seq == 0 {
		s.pending = ScopeChange{
			Seq: env.Seq, Day: s.cur.Date, At: env.EffectiveTime, Command: env.CommandName, By: env.Actor, Reason: env.Reason,
			Import: s.st.Synced == nil || s.st.Synced.More,
		}
		if s.weight != nil {
			s.weight.pending = s.pending
		}
	}
}

// ledgers are those that are kept.
func (s *Series) ledgers() []*ledger {
	if s.weight == nil {
		return []*ledger{&s.ledger}
	}
	return []*ledger{&s.ledger, s.weight}
}

// weighs begins to count in estimates, with the first of them: until then nothing
// weighed anything.
func (s *Series) weighs() {
	if s.weight == nil {
		s.weight = &ledger{
			weighs: true, cur: Day{Date: s.cur.Date, Seq: s.cur.Seq, Measure: Measure{in: byTime}}, flow: make(map[int32]SectionCount),
			tasks: slices.Clone(s.tasks), pending: s.pending,
		}
		for key := range s.weight.tasks {
			s.weight.tasks[key].weight = 0
		}
		s.weight.pending.Added, s.weight.pending.Removed, s.weight.pending.Regrouped, s.weight.pending.Tasks = 0, 0, 0, nil
	}
	s.weight.stale = true
}
