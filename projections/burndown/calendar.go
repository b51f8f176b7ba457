package burndown

import (
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// Calendar says on which days people work.
type Calendar struct {
	off      [7]bool
	holidays []span
}

type span struct{ from, to events.Day }

// CalendarOf returns the working days of a checklist: Monday to Friday where it
// names none, without its holidays.
func CalendarOf(st *checklist.State) Calendar {
	c := Calendar{off: [7]bool{time.Sunday: true, time.Saturday: true}}
	if st.WorkingDays != "" {
		for d := range c.off {
			name := strings.ToLower(time.Weekday(d).String()[:3])
			c.off[d] = !strings.Contains(","+st.WorkingDays+",", ","+name+",")
		}
	}
	for word := range strings.SplitSeq(st.Holidays, ",") {
		from, to, isRange := strings.Cut(word, "..")
		if !isRange {
			to = from
		}
		if from != "" {
			c.holidays = append(c.holidays, span{events.Day(from), events.Day(to)})
		}
	}
	return c
}

// Works reports whether people work on a day.
func (c Calendar) Works(d events.Day) bool {
	if c.off[weekday(d)] {
		return false
	}
	for _, h := range c.holidays {
		if h.from <= d && d <= h.to {
			return false
		}
	}
	return true
}

// Between counts the working days from one day to another, both included.
func (c Calendar) Between(from, to events.Day) int {
	n := 0
	for d := from; d <= to; d = after(d) {
		if c.Works(d) {
			n++
		}
	}
	return n
}

func weekday(d events.Day) time.Weekday { return d.In(time.UTC).Weekday() }

// horizon is how many days ahead anything is looked for.
const horizon = 3*365 + 1
