package chart

import (
	"time"

	"cairn/events"
	"cairn/projections/burndown"
)

// TextOptions say how to draw. The zero TextOptions are usual.
type TextOptions struct {
	// By is "day" or "week"; empty is what fits.
	By string
	// Width is the columns to draw in; 0 is 80.
	Width int
	// Plain leaves out colour.
	Plain bool
	// More is put behind the sentence about the scope: how to see more.
	More string
	// Markdown puts the chart into a piece of Markdown, in 80 columns and without
	// colour, to be pasted into an issue.
	Markdown bool
}

// axis maps days to columns: each unit, a day or a week, takes some columns, or
// each column some units.
type axis struct {
	first, last events.Day
	week        bool
	units       int
	wide, group int // columns a unit, or units a column; one of them is 1
	columns     int
}

// newAxis lays the days from first to last on at most width columns.
func newAxis(first, last events.Day, by string, width int) axis {
	a := axis{first: first, last: last, wide: 1, group: 1}
	a.week = by == "week" || by == "" && days(first, last) >= width
	a.units = a.unit(last) + 1
	switch {
	case a.units <= width:
		a.wide = min(width/a.units, 8)
		a.columns = a.units * a.wide
	default:
		a.group = (a.units + width - 1) / width
		a.columns = (a.units + a.group - 1) / a.group
	}
	return a
}

// unit returns the index of the day or the week that d lies in.
func (a axis) unit(d events.Day) int {
	n := days(a.first, d)
	if !a.week {
		return n
	}
	return (n + (int(a.first.In(time.UTC).Weekday())+6)%7) / 7
}

// column returns the last column of a day.
func (a axis) column(d events.Day) int {
	return min((a.unit(d)/a.group+1)*a.wide, a.columns) - 1
}

// begin returns the first column of a day.
func (a axis) begin(d events.Day) int { return a.unit(d) / a.group * a.wide }

// lastDay returns the last day that a column stands for, or the end of the axis.
func (a axis) lastDay(column int) events.Day {
	unit := (column/a.wide+1)*a.group - 1
	n := unit
	if a.week {
		n = unit*7 + 6 - (int(a.first.In(time.UTC).Weekday())+6)%7
	}
	return min(add(a.first, n), a.last)
}

// by is what the axis counts in.
func (a axis) by() string {
	if a.week {
		return "week"
	}
	return "day"
}

// days returns how many days b is behind a.
func days(a, b events.Day) int {
	return int(b.In(time.UTC).Sub(a.In(time.UTC)) / (24 * time.Hour))
}

func add(d events.Day, n int) events.Day { return events.DayOf(d.In(time.UTC).AddDate(0, 0, n)) }

// endOf returns the last day to show: today, the target, and the range of the
// forecast where the past does not get too small beside it.
func endOf(s *burndown.Summary) events.Day {
	first := s.Days[0].Date
	end := s.Days[len(s.Days)-1].Date
	most := add(end, max(3*days(first, end), 60))
	if s.Ideal != nil {
		end = max(end, min(s.Ideal.Finish, most))
	}
	if s.Forecast != nil {
		for _, d := range []events.Day{s.Forecast.P50, s.Forecast.P85} {
			if d != "" && d <= most {
				end = max(end, d)
			}
		}
	}
	return end
}
