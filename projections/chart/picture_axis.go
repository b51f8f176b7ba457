package chart

import (
	"fmt"
	"math"
	"time"
)

// frame puts the plot into the room, with its two axes.
func (l *layout) frame() {
	highest := 1.0
	for _, c := range l.columns {
		highest = max(highest, float64(c.Work.Scope()))
	}
	if l.s.Ideal != nil && l.kind == Burndown {
		highest = max(highest, float64(l.s.Ideal.From))
	}
	l.top = highest * 1.04
	l.plot = l.room
	lane := l.em * 1.4
	if l.kind != Flow {
		lane = l.em * 2.9 // for the days that are marked
	}
	l.plot.top += lane
	l.plot.bottom -= l.em * 2.9 // for the days below the axis
	step := tickStep(highest, max(2, min(5, int(l.plot.height()/(l.em*2.6)))))
	gutter := 0.0
	for v := 0; float64(v) <= l.top; v += step {
		gutter = max(gutter, l.faces.width(count(v), l.em, false))
	}
	l.plot.left += gutter + l.em*0.6
	// What is said of the last column stands to its right.
	beside := l.beside() + l.em*0.8
	used := float64(l.last().to) / float64(l.days)
	if right := l.plot.left + (l.room.right-beside-l.plot.left)/used; right < l.room.right {
		l.plot.right = right
	}
	l.plot.left, l.plot.right = math.Round(l.plot.left), math.Round(l.plot.right)
	l.plot.top, l.plot.bottom = math.Round(l.plot.top), math.Round(l.plot.bottom)
	for v := 0; float64(v) <= l.top; v += step {
		y := math.Round(l.y(float64(v))) + 0.5
		one := &line{points: []point{{l.plot.left, y}, {l.plot.right, y}}, color: l.theme.grid, width: 1, name: "grid"}
		if v == 0 {
			one.color, one.name = l.theme.quiet, "base"
		}
		l.back = append(l.back, one)
		l.write(label{at: point{l.plot.left - l.em*0.6, y + l.em*0.35}, text: count(v), size: l.em, color: l.theme.quiet, anchor: end})
	}
	l.timeAxis()
}

// tickStep returns a round step that makes at most so many steps up to highest.
func tickStep(highest float64, most int) int {
	for unit := 1; ; unit *= 10 {
		for _, n := range []int{1, 2, 5} {
			if float64(n*unit*most) >= highest {
				return n * unit
			}
		}
	}
}

// span is days with one name: a day, a month, a year.
type span struct {
	from, to int
	text     string
	// point says that the text belongs to the first of the days, and not to all.
	point bool
}

// timeAxis writes the days below the plot in two rows: the fine one, and what it
// is part of. It takes the finest that fits.
func (l *layout) timeAxis() {
	perDay := l.plot.width() / float64(l.days)
	wide := func(text string) float64 { return l.faces.width(text, l.em, false) }
	var fine, coarse []span
	switch {
	case perDay >= wide("30")*1.3:
		fine, coarse = l.spans("day"), l.spans("month")
	case perDay*7 >= wide("30")*1.5 && l.days <= 130:
		fine, coarse = l.spans("week"), l.spans("month")
	case perDay*30 >= wide("May")*1.3:
		fine, coarse = l.spans("months"), l.spans("year")
	case perDay*91 >= wide("Oct")*1.3:
		fine, coarse = l.spans("quarter"), l.spans("year")
	default:
		coarse = l.spans("year")
	}
	for row, list := range [][]span{fine, coarse} {
		free := math.Inf(-1) // to the left of it is text
		y := l.plot.bottom + l.em*(1.35+1.25*float64(row))
		for _, s := range list {
			from, to := l.x(max(s.from, 0)), l.x(min(s.to, l.days))
			if s.from >= 0 {
				l.tick(from, s.point, row > 0)
			}
			text := wide(s.text)
			at := (from + to) / 2
			switch {
			case s.point && s.from < 0:
				continue
			case s.point:
				at = (from + l.x(s.from+1)) / 2
			case row > 0:
				at = from + text/2 // where it begins
			}
			at = max(l.plot.left+text/2-l.em*0.3, min(at, float64(l.width)-text/2-l.em*0.4))
			fits := s.point || row > 0 || text <= to-from
			if !fits || at-text/2 < free+l.em*0.4 || row > 0 && text > to-from && s.to < l.days {
				continue
			}
			free = at + text/2
			l.write(label{at: point{at, y}, text: s.text, size: l.em, color: l.theme.quiet, anchor: middle})
		}
	}
}

// tick marks where days begin.
func (l *layout) tick(x float64, _ bool, long bool) {
	length := l.em * 0.3
	if long {
		length = l.em * 0.5
	}
	x = math.Round(x) + 0.5
	l.back = append(l.back, &line{points: []point{{x, l.plot.bottom}, {x, l.plot.bottom + length}}, color: l.theme.quiet, width: 1})
}

// spans cuts the days of the picture into those of a kind.
func (l *layout) spans(kind string) []span {
	var list []span
	first := l.first.In(time.UTC)
	for i := range l.days {
		d := first.AddDate(0, 0, i)
		text, begins := "", d.Day() == 1
		switch kind {
		case "day":
			text, begins = fmt.Sprint(d.Day()), true
		case "week":
			text, begins = fmt.Sprint(d.Day()), d.Weekday() == time.Monday
		case "month":
			text = d.Format("January 2006")
		case "months":
			text = d.Format("Jan")
		case "quarter":
			text, begins = d.Format("Jan"), begins && (d.Month()-1)%3 == 0
		case "year":
			text, begins = d.Format("2006"), d.YearDay() == 1
		}
		switch {
		case begins:
			list = append(list, span{from: i, to: i + 1, text: text, point: kind == "week"})
		case len(list) == 0: // it began before the picture
			list = append(list, span{from: -1, to: i + 1, text: text, point: kind == "week"})
			if kind == "quarter" {
				list[0].text = quarterOf(d)
			}
		default:
			list[len(list)-1].to = i + 1
		}
	}
	return list
}

// quarterOf names the first month of the quarter that a day is in.
func quarterOf(d time.Time) string {
	return time.Date(d.Year(), (d.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC).Format("Jan")
}
