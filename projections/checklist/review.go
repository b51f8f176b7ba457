package checklist

import "cairn/events"

// Baseline is a plan that charts compare with, as it was set.
type Baseline struct {
	events.ChecklistBaselined
	Revision uint64
	Change
}

// Review is a review that was recorded.
type Review struct {
	events.ReviewRecorded
	Revision uint64
	Change
}

// News reports whether something was done to the checklist after a revision that
// a review should tell: a change, or another plan.
func (st *State) News(after uint64) bool {
	return st.Worked > after || st.Baseline.Revision > after
}
