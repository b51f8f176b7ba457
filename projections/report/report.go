// Package report is the weekly review: what moved in a checklist between two
// moments, what waits, what is late, what comes next, and how the end moved.
//
// For most uses, give the work before and after and the rows between to [New],
// and write the [Report] with [Text], [Markdown], [HTML] or [JSON]. A report has no clock:
// of the same prefix of the log it is the same whenever it is made. Its figures
// are those of the fold; its sentence adds up.
package report

import (
	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
)

// Report is a review of what happened between two moments.
type Report struct {
	// Name and Seq say what it is of: name@seq.
	Name string
	Seq  events.Seq
	// Number is that of the review: one more than were recorded up to its end.
	Number   int
	From, To Moment
	// Before and After are the work that remained and remains; Moves are what made
	// the difference: Before + Moves.Net() is After.
	Before, After int
	Moves         burndown.Moves
	// Scope counts all work at the end, done or not, Finished what is done of it.
	Scope, Finished int

	Done, Reopened, Started, Waiting, Late, Next []Item
	// Changes are those of the scope, oldest first, Regrouped those that only
	// divided work or put it together otherwise.
	Changes, Regrouped []Change
	// Risks are the open ones, and those that were closed in between.
	Risks   []checklist.Risk
	People  []Person
	Hygiene Hygiene
	// Was and Is are how it stood with the plan and the forecast.
	Was, Is Outlook
	// Recorded is set where the review was recorded.
	Recorded *checklist.Review

	st *checklist.State
	// view is the work up to the end, as charts show it.
	view burndown.Summary
}

// Moment is one end of a report.
type Moment struct {
	Seq      events.Seq
	Revision uint64
	// Day is the day that it is seen from; Over says that it is over.
	Day  events.Day
	Over bool
}

// Item is a task that a report names.
type Item struct {
	Key    int
	Text   string
	State  events.State
	Owners []string
	Links  []string
	// Reason is why it changed, Note what else there is to say of it.
	Reason, Note string
	// Days is for how many days it has been so, or is late; Due its due day or the
	// day to look again.
	Days int
	Due  events.Day
	// HoldsUp are the open tasks that wait for it.
	HoldsUp []int
	// Section is the heading that it stands under; 0 before the first.
	Section int
}

// Change is a command that changed the scope.
type Change struct {
	Seq events.Seq
	// By is by how much it grew, or what remains where work was regrouped.
	By     int
	Keys   []int
	Text   string
	Who    string
	Reason string
	// Note says what else made the difference: a task that repeats is no work.
	Note string
}

// Person is somebody who did something, and to which tasks; by name, never by
// number.
type Person struct {
	Name string `json:"name"`
	Keys []int  `json:"tasks"`
}

// Hygiene is what is missing.
type Hygiene struct {
	// NoOwner and NoLink are open work without an owner and, where any task has
	// one, without a link.
	NoOwner, NoLink []int
	// NoReason are changes of the scope that say no reason.
	NoReason []events.Seq
}

// Outlook is how the work stands with the plan, and by when it will be done.
type Outlook struct {
	// Planned says that there is an ideal line; Behind is by how many working days
	// the work is behind it.
	Planned bool
	Behind  float64
	// Forecast is nil where there is none, and None says why.
	Forecast *burndown.Forecast
	None     *burndown.Error
}

// New returns the report of what happened between two moments of one checklist:
// before and after are its work up to each of them, rows the events between them.
// Only the Day and Over of from and to are read. The series must not be used by
// others meanwhile.
func New(before, after *burndown.Series, rows []audit.Row, from, to Moment) Report {
	was, st := before.State(), after.State()
	from.Seq, from.Revision = was.Seq(), was.Revision
	to.Seq, to.Revision = st.Seq(), st.Revision
	view := after.Summarise(st.Name, to.Day, !to.Over, burndown.Options{})
	r := Report{
		Name: st.Name, Seq: st.Seq(), Number: len(st.Reviews) + 1, From: from, To: to,
		Before: before.Remaining(), After: after.Remaining(), Moves: after.Moves().Since(before.Moves()),
		Scope: after.Scope(), Finished: after.Scope() - after.Remaining(),
		Was: outlook(before.Summarise(st.Name, from.Day, !from.Over, burndown.Options{})), Is: outlook(view), st: st, view: view,
	}
	r.tasks(was, rows)
	r.standing()
	r.scope(after.Changes(), rows)
	r.people(rows)
	r.hygiene()
	for _, risk := range st.Risks(to.Day) {
		if risk.Open() || risk.Task.StateChanged.Seq > from.Seq {
			r.Risks = append(r.Risks, risk)
		}
	}
	return r
}

// outlook is what a summary says of the plan and the forecast.
func outlook(v burndown.Summary) Outlook {
	return Outlook{Planned: v.Ideal != nil, Behind: v.Now.Behind, Forecast: v.Forecast, None: v.NoForecast}
}

// Empty reports whether nothing happened in between.
func (r *Report) Empty() bool {
	return r.Moves == burndown.Moves{} && len(r.Done)+len(r.Reopened)+len(r.Started)+len(r.Changes)+len(r.Regrouped) == 0
}
