package burndown

import (
	"errors"
	"math"
	"slices"
	"time"

	"cairn/events"
)

// Options say what to count and how. The zero Options are usual.
type Options struct {
	// All counts every box, and not only the work. There is no forecast then.
	All bool
	// Seed draws the forecast; 0 is 1.
	Seed uint64
	// Weight counts what the work is estimated at, and not tasks: see Unestimated.
	Weight bool
	// Sections asks for a forecast of each section.
	Sections bool
}

// Summary is everything that a chart shows, and says of itself.
type Summary struct {
	// Name and Seq say what it was drawn from: name@seq.
	Name, Title string
	Seq         events.Seq
	// Today is the day that it is seen from. Days end with it, or with the last
	// event where that is later. Open says that the last of them is not over.
	Today events.Day
	Open  bool
	Days  []Day
	// Unit is what the figures of days are in, and of what follows from them.
	Unit Unit
	// Since is the first day where earlier ones are left out: too little of them
	// had been estimated. It is empty where none are.
	Since events.Day
	// Changes are the commands that changed the scope on those days, oldest first.
	Changes []ScopeChange
	// Ideal is the line to compare with; nil where there is none.
	Ideal *Ideal
	// Forecast is nil where there is none, and NoForecast says why.
	Forecast   *Forecast
	NoForecast *Error
	// Sections are the forecasts of the sections in which something is left, where
	// they were asked for.
	Sections []SectionForecast
	// Now is how it stands, Before how it stood at the last review, else a week
	// ago; nil where that was before the first day.
	Now    Standing
	Before *Standing
	// Review says that Before is the last review.
	Review bool
}

// Standing is how a day compares with the plan.
type Standing struct {
	Day events.Day
	// Left is the work that is left, Ideal what the line has at the end of the
	// last day that is over; Over is what is left beyond that.
	Left int
	Over float64
	// Behind is by how many working days it is behind the line; negative where
	// it is ahead.
	Behind float64
	// Chance is that of the target; NaN where there is no forecast or no target.
	Chance float64
}

// Summarise looks at a checklist called name from a day, which is not over yet if
// open. What is shown of days that are over does not depend on it.
func (s *Series) Summarise(name string, today events.Day, open bool, o Options) Summary {
	if o.Seed == 0 {
		o.Seed = 1
	}
	days, changes := s.Days(today), s.Changes()
	var unit Unit
	var since events.Day
	if o.Weight {
		days = s.Weighed(today)
		changes = nil
		if len(days) > 0 {
			unit = days[len(days)-1].Unit()
			if s.first() < days[0].Date {
				since = days[0].Date
			}
			changes = slices.DeleteFunc(slices.Clone(s.weight.changes), func(c ScopeChange) bool { return c.Day < days[0].Date })
		}
	}
	if o.All {
		for i := range days {
			days[i].Work = days[i].All
		}
	}
	if n := len(days); n > 0 { // another machine's clock may be ahead
		today = max(today, days[n-1].Date)
	}
	v := Summary{Name: name, Title: s.st.Title, Seq: s.st.Seq(), Today: today, Open: open, Days: days, Unit: unit, Since: since, Changes: changes}
	if len(days) == 0 {
		v.NoForecast = &Error{Message: "there is nothing yet"}
		return v
	}
	if line, ok := s.Ideal(days); ok {
		v.Ideal = &line
	}
	over := days
	if open {
		over = days[:len(days)-1]
	}
	v.Now = s.standing(v.Ideal, over, days[len(days)-1])
	if o.All {
		v.NoForecast = &Error{Message: "there is no forecast of boxes; it is one of the work"}
	} else {
		v.forecast(s, over, o)
		if o.Sections {
			v.Sections = s.sectionForecasts(over, days[len(days)-1], s.target(v.Ideal), o.Seed)
		}
	}
	if before := s.earlier(days, today); before >= 0 {
		over, then := days[:before+1], days[before]
		if n := len(s.reviews); n > 0 {
			// As the review saw it: its day was not over, and what came later that
			// day it did not know.
			r := s.reviews[n-1]
			v.Review, over = true, days[:before]
			switch {
			case o.Weight:
				then.Work = Counts{Todo: r.left}
			case !o.All:
				then.Work = Counts{Todo: r.Remaining}
			}
		}
		at := s.standing(v.Ideal, over, then)
		if by := s.target(v.Ideal); by != "" && !o.All {
			if f, err := forecast(over, CalendarOf(s.st), by, o.Seed, false); err == nil {
				at.Chance = f.Chance
			}
		}
		v.Before = &at
	}
	return v
}

func (v *Summary) forecast(s *Series, over []Day, o Options) {
	f, err := NewForecast(over, CalendarOf(s.st), s.target(v.Ideal), o.Seed)
	var none *Error
	switch {
	case errors.As(err, &none):
		v.NoForecast = none
	case v.Days[len(v.Days)-1].Work.Remaining() == 0:
		v.NoForecast = &Error{Message: "nothing is left to forecast"}
	default:
		v.Forecast = &f
		if f.By != "" {
			v.Now.Chance = f.Chance
		}
	}
}

// target is the day by which the work is to be done.
func (s *Series) target(line *Ideal) events.Day {
	if line != nil {
		return line.Finish
	}
	return s.st.Finish
}

// standing compares the work that is left at now with the line at the end of the
// last of the days that are over.
func (s *Series) standing(line *Ideal, over []Day, now Day) Standing {
	at := Standing{Day: now.Date, Left: now.Work.Remaining(), Chance: math.NaN()}
	var last events.Day
	if len(over) > 0 {
		last = over[len(over)-1].Date
	}
	if line != nil {
		at.Over = float64(at.Left) - line.At(last)
		at.Behind = line.Behind(last, at.Left)
	}
	return at
}

// earlier returns the index of the day to compare with: that of the last review,
// else the one a week before today; -1 where there is none.
func (s *Series) earlier(days []Day, today events.Day) int {
	back := events.DayOf(today.In(time.UTC).AddDate(0, 0, -7))
	if n := len(s.reviews); n > 0 {
		r := s.reviews[n-1]
		back = r.Day
		if in := days[len(days)-1].in; in != unmeasured && (r.in != in || !r.enough()) {
			return -1 // nobody knew what was left
		}
	}
	for i := len(days) - 1; i >= 0; i-- {
		if days[i].Date == back {
			return i
		}
	}
	return -1
}
