package burndown

import (
	"time"

	"cairn/events"
)

// Ideal is the line on which the work would go down evenly: on each working day
// by the same, from what there was at Start to nothing at the end of Finish.
type Ideal struct {
	Start, Finish events.Day
	// From is the work at the beginning of Start.
	From int
	// Baseline names the plan that it starts from; empty where there is none.
	Baseline string
	calendar Calendar
	days     int // working days from Start to Finish
}

// Ideal returns the ideal line of days, which must be those of s: from the last
// baseline, else from the checklist's target start, else from its first day; to
// the target finish. ok is false where there is no finish, or it is not behind the
// start.
//
// What counts at a start is the work that was left then: what was done before
// is none that goes down. See docs/adr/0016. Of days that are counted in estimates
// it starts no earlier than they do.
func (s *Series) Ideal(days []Day) (line Ideal, ok bool) {
	if len(days) == 0 {
		return line, false
	}
	st := s.st
	line = Ideal{Start: days[0].Date, Finish: st.Finish, calendar: CalendarOf(st)}
	in := days[len(days)-1].in
	if n := len(s.baselines); n > 0 {
		b := s.baselines[n-1]
		line.Baseline, line.Start, line.From = b.Name, b.Day, b.Remaining
		if b.Start != "" {
			line.Start = b.Start
		}
		if b.Finish != "" {
			line.Finish = b.Finish
		}
		switch {
		case in == unmeasured:
		case b.in == in && b.enough():
			line.From = b.left
		default: // nobody knew what it weighs
			line.Start = max(line.Start, days[0].Date)
			line.From = leftAt(days, line.Start)
		}
	} else {
		if st.Start != "" {
			line.Start = st.Start
		}
		if s.first() < days[0].Date {
			line.Start = max(line.Start, days[0].Date)
		}
		line.From = leftAt(days, line.Start)
	}
	if line.Finish == "" {
		return line, false
	}
	line.days = line.calendar.Between(line.Start, line.Finish)
	return line, line.days > 0
}

// first is the day of the first event.
func (s *Series) first() events.Day {
	if len(s.days) > 0 {
		return s.days[0].Date
	}
	return s.cur.Date
}

// leftAt is the work that was left at the beginning of a day, with what came that
// day.
func leftAt(days []Day, start events.Day) int {
	d := days[0]
	for _, at := range days {
		if at.Date > start {
			break
		}
		d = at
	}
	if start > d.Date { // still to come
		return d.Work.Remaining()
	}
	return d.Work.Remaining() + d.Completed - d.Reopened
}

// At returns how much would be left at the end of a day.
func (l Ideal) At(d events.Day) float64 {
	switch {
	case d < l.Start:
		return float64(l.From)
	case d >= l.Finish:
		return 0
	}
	return float64(l.From*(l.days-l.calendar.Between(l.Start, d))) / float64(l.days)
}

// Line returns At of each day from one to another, both included, in one pass.
func (l Ideal) Line(from, to events.Day) []float64 {
	var line []float64
	passed := 0
	if from > l.Start {
		passed = l.calendar.Between(l.Start, events.DayOf(from.In(time.UTC).AddDate(0, 0, -1)))
	}
	for d := from; d <= to; d = after(d) {
		if d >= l.Start && l.calendar.Works(d) {
			passed++
		}
		switch {
		case d < l.Start:
			line = append(line, float64(l.From))
		case d >= l.Finish:
			line = append(line, 0)
		default:
			line = append(line, float64(l.From*(l.days-passed))/float64(l.days))
		}
	}
	return line
}

// Behind returns by how many working days a checklist with so much left at the
// end of a day is behind the line; negative where it is ahead.
func (l Ideal) Behind(d events.Day, left int) float64 {
	if l.From == 0 {
		return 0
	}
	passed := 0
	if d >= l.Start {
		passed = l.calendar.Between(l.Start, d)
	}
	return float64(passed) - float64(l.days*(l.From-left))/float64(l.From)
}
