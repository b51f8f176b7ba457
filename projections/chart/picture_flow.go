package chart

import (
	"image/color"
)

// band is the work in one state, from the bottom up.
type band struct {
	name  string
	of    func(column) int
	color color.NRGBA
	hatch *hatch
}

func (l *layout) bands() []band {
	t := l.theme
	return []band{
		{"done", func(c column) int { return c.Work.Done }, t.done, nil},
		{
			"in progress", func(c column) int { return c.Work.InProgress }, t.inProgress,
			&hatch{"in-progress", true, t.inProgressHatch, l.em * 0.5, max(1.2, l.em*0.11)},
		},
		{
			"on hold", func(c column) int { return c.Work.OnHold }, t.onHold,
			&hatch{"on-hold", false, t.onHoldHatching, l.em * 0.32, max(1.2, l.em*0.13)},
		},
		{"to do", func(c column) int { return c.Work.Todo }, t.toDo, nil},
	}
}

// flow draws the work by state, one on the other.
func (l *layout) flow() {
	last := l.last()
	below := func(column) int { return 0 }
	var list []flowEnd
	for _, b := range l.bands() {
		under := below
		upto := func(c column) int { return under(c) + b.of(c) }
		lower, upper := l.steps(l.columns, under), l.steps(l.columns, upto)
		if l.ever(b) {
			points := upper
			for i := len(lower) - 1; i >= 0; i-- {
				points = append(points, lower[i])
			}
			l.back = append(l.back, &area{points: points, color: b.color, hatch: b.hatch, name: "flow"})
			l.front = append(l.front, &line{points: upper, color: l.theme.page, width: max(1, l.em/14)})
			list = append(list, flowEnd{b, (l.y(float64(under(last))) + l.y(float64(upto(last)))) / 2})
		}
		below = upto
	}
	// To do is nearly the page: its edge is seen by a line.
	l.front = append(l.front, &line{
		points: l.steps(l.columns, func(c column) int { return c.Work.Scope() }), color: l.theme.plan, width: max(1.2, l.em/12), name: "scope",
	})
	if last.open {
		v := box{l.x(last.from), l.plot.top, l.x(last.to), l.plot.bottom}
		l.front = append(l.front, &area{points: v.corners(), color: faint(l.theme.page, 55), name: "today"})
	}
	l.flowEnds(list)
	l.uprights(last)
}

// ever reports whether there was work in that state on any day.
func (l *layout) ever(b band) bool {
	for _, c := range l.columns {
		if b.of(c) > 0 {
			return true
		}
	}
	return false
}

func (l *layout) flowText(b band) string { return b.name + " " + count(b.of(l.last())) }

// flowBeside returns how much room the names of the states need.
func (l *layout) flowBeside() float64 {
	width := 0.0
	for _, b := range l.bands() {
		width = max(width, l.faces.width(l.flowText(b), l.em, false))
	}
	return width + l.em*1.2
}

// flowEnd is where a band ends, at y in the middle of it.
type flowEnd struct {
	band
	y float64
}

// flowEnds names the bands at their ends, from the bottom up; where they are thin,
// the names stand apart and a line leads to them.
func (l *layout) flowEnds(list []flowEnd) {
	x := l.x(l.last().to)
	apart := l.em * 1.25
	at := make([]float64, len(list))
	for i, e := range list {
		at[i] = min(e.y, l.plot.bottom-l.em*0.6)
		if i > 0 {
			at[i] = min(at[i], at[i-1]-apart)
		}
	}
	// If they have risen above the plot, they are pushed back.
	for i, limit := len(list)-1, l.plot.top+l.em*0.4; i >= 0 && at[i] < limit; i, limit = i-1, limit+apart {
		at[i] = limit
	}
	for i, e := range list {
		points := []point{{x + l.em*0.15, e.y}, {x + l.em*0.5, e.y}, {x + l.em*1.0, at[i]}, {x + l.em*1.3, at[i]}}
		l.front = append(l.front, &line{points: points, color: l.theme.quiet, width: 1})
		l.write(label{at: point{x + l.em*1.6, at[i] + l.em*0.35}, text: l.flowText(e.band), size: l.em, color: l.theme.ink})
	}
}
