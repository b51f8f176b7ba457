package chart

import (
	"math"

	"cairn/events"
	"cairn/projections/burndown"
)

// workTint is how much of the colour of the work is seen in the area below it, in
// percent.
const workTint = 9

// lines draws a burndown or a burnup: the work, the scope, and what the plan and
// the forecast say.
func (l *layout) lines() {
	last := l.last()
	scope := l.steps(l.columns, func(c column) int { return c.Work.Scope() })
	work := l.steps(l.columns, l.value)
	l.veil(last)
	l.back = append(l.back, &area{points: l.under(work), color: faint(l.theme.strong, workTint)})
	l.filled = work
	l.ideal()
	thin, thick := max(1.5, l.em/10), max(2.5, l.em/4.5)
	l.front = append(l.front, &line{points: scope, color: l.theme.plan, width: thin, dash: []float64{l.em * 0.5, l.em * 0.3}, name: "scope"})
	over, open := work, []point(nil)
	if last.open {
		over, open = l.steps(l.columns[:len(l.columns)-1], l.value), work
		if n := len(over); n > 0 {
			open = []point{over[n-1]}
			if y := l.y(float64(l.value(last))); y != open[0].y {
				open = append(open, point{open[0].x, y})
			}
			open = append(open, work[len(work)-1])
		}
	}
	if len(open) > 0 {
		l.front = append(l.front, &line{points: open, color: faint(l.theme.strong, 50), width: thick, name: "open"})
	}
	if len(over) > 0 {
		l.front = append(l.front, &line{points: over, color: l.theme.strong, width: thick, name: "work"})
	}
	l.mark(scope, thin)
	l.mark(work, thick)
	l.uprights(last)
	l.forecast()
	l.ends(last)
	l.stand(last)
	l.idealLabel()
}

// value is what a burndown or a burnup shows of a column.
func (l *layout) value(c column) int {
	if l.kind == Burnup {
		return c.Work.Done
	}
	return c.Work.Remaining()
}

// steps returns the line of a value of each column: level over the column, and
// straight up or down to the next.
func (l *layout) steps(columns []column, value func(column) int) []point {
	var points []point
	for _, c := range columns {
		from, to, y := l.x(c.from), l.x(c.to), l.y(float64(value(c)))
		if n := len(points); n > 0 && points[n-1].y == y {
			points[n-1].x = to
			continue
		}
		points = append(points, point{from, y}, point{to, y})
	}
	return points
}

// under returns the area between a line and the base.
func (l *layout) under(points []point) []point {
	list := append([]point{{points[0].x, l.plot.bottom}}, points...)
	return append(list, point{points[len(points)-1].x, l.plot.bottom})
}

// stand marks where the work has come to: with a ring where the day is not over.
func (l *layout) stand(last column) {
	at := point{l.x(last.to), l.y(float64(l.value(last)))}
	radius := l.em * 0.32
	l.front = append(l.front, &area{points: disc(at, radius), color: l.theme.strong, name: "stand"})
	if last.open {
		l.front = append(l.front, &area{points: disc(at, radius*0.55), color: l.theme.page, name: "stand"})
	}
}

// veil marks the column that is not over.
func (l *layout) veil(last column) {
	if last.open {
		b := box{l.x(last.from), l.plot.top, l.x(last.to), l.plot.bottom}
		l.back = append(l.back, &area{points: b.corners(), color: faint(l.theme.quiet, 14), name: "today"})
	}
}

// planned is the ideal line as the kind shows it, at the end of each day.
func (l *layout) planned() (points []point) {
	line := l.s.Ideal
	if line == nil || line.Finish < l.first {
		return nil
	}
	base := 0.0
	if l.kind == Burnup {
		base = float64(l.doneBefore(line.Start) + line.From)
	}
	from := max(l.index(line.Start), 0)
	add := func(index int, left float64) {
		if l.kind == Burnup {
			left = base - left
		}
		p := point{l.x(index), l.y(left)}
		if n := len(points); n > 1 && points[n-1].y == p.y && points[n-2].y == p.y {
			points[n-1].x = p.x
			return
		}
		points = append(points, p)
	}
	left := line.Line(l.day(from-1), line.Finish)
	for i, v := range left {
		add(from+i, v)
	}
	return points
}

// doneBefore is the work that was done as a day began.
func (l *layout) doneBefore(d events.Day) int {
	at := l.s.Days[min(max(l.index(d), 0), len(l.s.Days)-1)]
	return at.Work.Done - at.Completed + at.Reopened
}

func (l *layout) ideal() {
	points := l.planned()
	if len(points) < 2 {
		return
	}
	width := max(1.8, l.em/7.5)
	l.back = append(l.back, &line{points: points, color: l.theme.quiet, width: width, dash: []float64{0, width * 2.4}, name: "ideal"})
	l.mark(points, width)
}

// idealLabel names the ideal line somewhere beside it.
func (l *layout) idealLabel() {
	points := l.planned()
	if len(points) < 2 || l.s.Ideal.From == 0 {
		return
	}
	side, anchored := 1.0, start
	if l.kind == Burnup {
		side, anchored = 1.0, end
	}
	var list []label
	for _, share := range []float64{0.78, 0.66, 0.88, 0.54, 0.42, 0.3, 0.2, 0.1, 0.5} {
		p := along(points, share)
		gap := l.em * 0.5
		above := label{at: point{p.x + side*gap, p.y - gap}, text: "ideal", size: l.em, color: l.theme.quiet, anchor: anchored}
		if anchored == end {
			above.at.x = p.x - gap
		}
		below := above
		below.anchor = end
		below.at = point{p.x - gap, p.y + l.em*1.2}
		if anchored == end {
			below.anchor = start
			below.at.x = p.x + gap
		}
		list = append(list, above, below)
	}
	l.place(list...)
}

// along returns the point at a share of the way across.
func along(points []point, share float64) point {
	a, z := points[0], points[len(points)-1]
	x := a.x + (z.x-a.x)*share
	for i := 1; i < len(points); i++ {
		p, q := points[i-1], points[i]
		if x <= q.x && q.x > p.x {
			return point{x, p.y + (q.y-p.y)*(x-p.x)/(q.x-p.x)}
		}
	}
	return z
}

// nowText and scopeText are what stands at the ends of the lines.
func (l *layout) nowText() string {
	if l.kind == Burnup {
		return count(l.last().Work.Done) + " done"
	}
	return count(l.last().Work.Remaining()) + " remaining"
}

func (l *layout) scopeText() string { return "scope " + count(l.last().Work.Scope()) }

// beside returns how much room is needed to the right of the last column.
func (l *layout) beside() float64 {
	if l.kind == Flow {
		return l.flowBeside()
	}
	return max(l.faces.width(l.nowText(), round2(l.em*1.15), true), l.faces.width(l.scopeText(), l.em, false))
}

// ends writes what the lines are, and where they have come to.
func (l *layout) ends(last column) {
	x := l.x(last.to) + l.em*0.7
	big := round2(l.em * 1.15)
	now, scope := l.y(float64(l.value(last))), l.y(float64(last.Work.Scope()))
	at := point{x, now + big*0.35}
	if at.y-scope < l.em*1.6 {
		at.y = min(scope+l.em*1.6, l.plot.bottom-l.em*0.3)
	}
	at.y = min(at.y, l.plot.bottom-l.em*0.3)
	said := label{at: at, text: l.nowText(), size: big, color: l.theme.strong, bold: true, anchor: start}
	list := []label{said}
	for _, dy := range []float64{0.9, 1.5, -0.9, -1.5, 2.2, -2.2} {
		other := said
		other.at.y += dy * l.em
		list = append(list, other)
	}
	l.place(list...)
	if last.Work.Scope() == 0 {
		return // the label of the work says it
	}
	named := label{at: point{x, scope + l.em*0.35}, text: l.scopeText(), size: l.em, color: l.theme.plan, anchor: start}
	list = []label{named}
	for _, dy := range []float64{-0.7, -1.2, 0.9, 1.5, -1.8, -2.4} {
		other := named
		other.at.y += dy * l.em
		list = append(list, other)
	}
	l.place(list...)
}

// forecast draws, on the base, from when to when the work may be done.
func (l *layout) forecast() {
	f := l.s.Forecast
	if f == nil || f.P50 == "" {
		return
	}
	l.bracket(f)
}

func (l *layout) bracket(f *burndown.Forecast) {
	cut := func(d events.Day) (x float64, out bool) {
		if d == "" || l.index(d) >= l.days {
			return l.plot.right, true
		}
		return l.x(l.index(d) + 1), false
	}
	from, fromOut := cut(f.P50)
	to, toOut := cut(f.P85)
	half := l.em * 0.38
	y := l.plot.bottom - half - l.em*0.15
	if fromOut {
		from = l.plot.right - l.em
	}
	c, width := l.theme.forecast, max(1.8, l.em/8)
	add := func(points ...point) {
		l.front = append(l.front, &line{points: points, color: c, width: width, name: "forecast"})
	}
	add(point{from, y}, point{to, y})
	if !fromOut {
		add(point{from, y - half}, point{from, y + half})
	}
	if toOut {
		l.front = append(l.front, &area{points: []point{{to + half, y}, {to - half, y - half}, {to - half, y + half}}, color: c, name: "forecast"})
	} else {
		add(point{to, y - half}, point{to, y + half})
	}
	l.marks = append(l.marks, box{from, y - half, to, y + half}.grown(l.em*0.2))
	// The two lines of text are one block, placed together.
	first, second := likely("50 %", f.P50), likely("85 %", f.P85)
	wide := first
	if l.faces.width(second, l.em, false) > l.faces.width(first, l.em, false) {
		wide = second
	}
	w := l.faces.width(wide, l.em, false)
	best, least := box{}, math.Inf(1)
	for i, at := range []float64{(from + to) / 2, to - w/2, from + w/2, from - w/2 - l.em*0.6, to + w/2 + l.em*0.6} {
		at = min(at, l.room.right-w/2)
		for j, up := range []float64{0.6, 1.4, 2.4, 3.6} {
			bottom := y - half - l.em*up
			b := box{at - w/2, bottom - l.em*2.4, at + w/2, bottom}
			if cost := l.cost(b) + float64(i)*0.02 + float64(j)*0.01; cost < least {
				best, least = b, cost
			}
		}
	}
	at := (best.left + best.right) / 2
	l.place(label{at: point{at, best.bottom - l.em*1.5}, text: first, size: l.em, color: c, anchor: middle})
	l.place(label{at: point{at, best.bottom - l.em*0.3}, text: second, size: l.em, color: c, anchor: middle})
}
