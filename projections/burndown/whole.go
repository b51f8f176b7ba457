package burndown

import "math"

// Whole returns s with its figures rounded to whole ones of its unit, for charts
// that draw in whole numbers. What is rounded still adds up to the scope; of tasks
// nothing changes.
func (s Summary) Whole() Summary {
	if s.Unit.Tasks() {
		return s
	}
	u := s.Unit
	of := func(n int) int { return int(math.Round(u.Of(n))) }
	counts := func(c Counts) Counts {
		// Each is rounded where it ends on the way from nothing to the scope.
		done, doing, held := of(c.Done), of(c.Done+c.InProgress), of(c.Done+c.InProgress+c.OnHold)
		return Counts{Done: done, InProgress: doing - done, OnHold: held - doing, Todo: of(c.Scope()) - held, Dropped: of(c.Dropped)}
	}
	days := make([]Day, len(s.Days))
	for i, d := range s.Days {
		d.Work = counts(d.Work)
		d.Completed, d.Reopened, d.Added, d.Removed, d.Regrouped = of(d.Completed), of(d.Reopened), of(d.Added), of(d.Removed), of(d.Regrouped)
		days[i] = d
	}
	s.Days = days
	if s.Ideal != nil {
		line := *s.Ideal
		line.From = of(line.From)
		s.Ideal = &line
	}
	standing := func(at Standing) Standing {
		at.Left, at.Over = of(at.Left), at.Over*u.Of(1)
		return at
	}
	s.Now = standing(s.Now)
	if s.Before != nil {
		before := standing(*s.Before)
		s.Before = &before
	}
	return s
}
