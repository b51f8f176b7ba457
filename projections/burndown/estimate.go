package burndown

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cairn/events"
)

// Estimates are kept as whole numbers: thousandths of an hour, or of a point. A
// day is eight hours, a week five days.
const (
	perPoint = 1000
	perHour  = 1000
	perDay   = 8 * perHour
	perWeek  = 5 * perDay
)

// leastEstimated is how many of a hundred tasks must have an estimate, before
// anything is counted in estimates.
const leastEstimated = 80

// measure is what an estimate is given in: time and points do not add up.
type measure uint8

const (
	unmeasured measure = iota
	byTime
	byPoints
)

// estimate is what a task is expected to take; hours says that it was given so.
type estimate struct {
	amount int
	in     measure
	hours  bool
}

// parseEstimate reads "3d", "4h", "2w" or points, with up to three decimals; what
// is none of them is no estimate.
func parseEstimate(s string) (e estimate) {
	per := perPoint
	e.in = byPoints
	if s == "" {
		return estimate{}
	}
	if last := s[len(s)-1]; last < '0' || last > '9' {
		e.in, s = byTime, s[:len(s)-1]
		switch last {
		case 'h':
			per, e.hours = perHour, true
		case 'd':
			per = perDay
		case 'w':
			per = perWeek
		default:
			return estimate{}
		}
	}
	whole, part, _ := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole, 10, 32)
	if err != nil {
		return estimate{}
	}
	e.amount = int(n) * per
	if part != "" {
		if n, err = strconv.ParseUint((part + "00")[:max(len(part), 3)], 10, 32); err != nil || len(part) > 3 {
			return estimate{}
		}
		e.amount += int(n) * per / 1000
	}
	return e
}

// Measure says what a day was counted in, and how well that was known.
type Measure struct {
	// Tasks is how many tasks the scope had, Estimated how many of them had an
	// estimate that counts: in time or in points, whichever more of them have.
	Tasks, Estimated int
	// Each is what each of the others counts as: the median of the estimates.
	Each int
	// Others are the estimates that do not count, being in the other measure.
	Others int
	in     measure
	hours  bool // all estimates were given in hours
	turned bool // in another measure than before, since that day
}

// enough reports whether so many have an estimate that it makes sense to count in
// them.
func (m Measure) enough() bool { return m.Tasks > 0 && m.Estimated*100 >= m.Tasks*leastEstimated }

// weigh gives each task of the scope, and each that was dropped, its estimate; the
// median where it has none. It depends on the document alone.
func weigh(tasks []place, estimates []estimate) Measure {
	var m Measure
	var given [byPoints + 1][]int
	m.hours = true
	for key := range tasks {
		if tasks[key].class.work() {
			e := estimates[key]
			m.Tasks++
			given[e.in] = append(given[e.in], e.amount)
			m.hours = m.hours && (e.in != byTime || e.hours)
		}
	}
	m.in = byTime
	if len(given[byPoints]) > len(given[byTime]) {
		m.in = byPoints
	}
	counts := given[m.in]
	m.Estimated, m.Others = len(counts), len(given[byTime])+len(given[byPoints])-len(counts)
	if n := len(counts); n > 0 {
		slices.Sort(counts)
		m.Each = (counts[(n-1)/2] + counts[n/2]) / 2
	}
	for key := range tasks {
		tasks[key].weight = m.Each
		if e := estimates[key]; e.in == m.in && e.in != unmeasured {
			tasks[key].weight, tasks[key].given = e.amount, true
		}
	}
	return m
}

// Unit is what figures are in. The zero Unit is tasks.
type Unit struct {
	// Name is "tasks", "hours", "days" or "points".
	Name string
	// short stands behind a figure, per is how much of what is kept makes one.
	short string
	per   int
}

// Unit returns what to show such a day in: days, or hours where all estimates are.
func (m Measure) Unit() Unit {
	switch {
	case m.in == byPoints:
		return Unit{"points", " points", perPoint}
	case m.in == byTime && m.hours:
		return Unit{"hours", " h", perHour}
	case m.in == byTime:
		return Unit{"days", " d", perDay}
	}
	return Unit{}
}

// Tasks reports whether the unit is tasks.
func (u Unit) Tasks() bool { return u.per == 0 }

// Of returns n in the unit.
func (u Unit) Of(n int) float64 { return float64(n) / float64(max(u.per, 1)) }

// Number writes n in the unit, with one decimal where it is not whole.
func (u Unit) Number(n int) string {
	return strings.TrimSuffix(strconv.FormatFloat(u.Of(n), 'f', min(u.per, 1), 64), ".0")
}

// Amount writes n with its unit: "25" tasks, "12.5 d", "8 h", "21 points".
func (u Unit) Amount(n int) string { return u.Number(n) + u.short }

// Unestimated says why the work of now cannot be counted in estimates; nil where
// it can. Call it only between commands.
func (s *Series) Unestimated() *Error {
	s.settle()
	var m Measure
	if s.weight != nil {
		m = s.weight.cur.Measure
	} else {
		for key := range s.tasks {
			if s.tasks[key].class.work() {
				m.Tasks++
			}
		}
	}
	if m.enough() {
		return nil
	}
	e := &Error{Message: fmt.Sprintf("%d of %d tasks have an estimate; to count in estimates takes %d %% of them", m.Estimated, m.Tasks, leastEstimated)}
	if m.Others > 0 {
		e.Message = fmt.Sprintf("%d of %d tasks have an estimate in %s, and %d in others, which do not add up; to count in estimates takes %d %% in one",
			m.Estimated, m.Tasks, map[measure]string{byTime: "time", byPoints: "points"}[m.in], m.Others, leastEstimated)
	}
	e.Hint = "Give them one: cairn estimate TASK 3d, or cairn estimate s:4 3d for each task of a section."
	return e
}

// Weighed returns the days counted in estimates, up to and with today, from the
// first on that had enough of them in what they are given in now. What a day had
// does not change: an estimate counts from the day on which it was given. Call it
// only between commands.
func (s *Series) Weighed(today events.Day) []Day {
	s.settle()
	if s.weight == nil {
		return nil
	}
	days := s.weight.upto(s.st, today)
	in := s.weight.cur.in
	from := len(days)
	for from > 0 && days[from-1].in == in {
		from--
		if days[from].turned {
			break // what was before does not add up with it
		}
	}
	for from < len(days) && !days[from].enough() {
		from++
	}
	return days[from:]
}
