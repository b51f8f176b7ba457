package chart

import (
	"image/color"
	"math"

	"cairn/events"
)

// upright is a day that is marked by a line at its end, from the base to above
// the plot, with a text there.
type upright struct {
	index int
	text  string
	color color.NRGBA
	dash  []float64
	name  string
	// left says that the text rather stands to the left.
	left bool
}

// uprights marks today, and the target.
func (l *layout) uprights(last column) {
	text := string(l.s.Today) // of a day that is over there is no today
	if l.s.Open {
		text = "today " + text
		if l.s.Today == last.Date {
			text += ", not over yet"
		}
	}
	list := []upright{{index: min(max(l.index(l.s.Today)+1, 0), last.to), text: text, color: l.theme.ink, name: "now", left: true}}
	if d := l.finish(); l.kind != Flow && d >= l.first {
		list = append(list, upright{
			index: l.index(d) + 1, text: "target " + string(d), color: l.theme.target, dash: []float64{l.em * 0.35, l.em * 0.25}, name: "target",
		})
	}
	rows := []float64{l.plot.top - l.em*0.5, l.plot.top - l.em*1.75}
	if l.kind == Flow {
		rows = rows[:1]
	}
	for _, u := range list {
		points := []point{{l.lineAt(u), l.plot.bottom}, {l.lineAt(u), rows[len(rows)-1] - l.em*0.75}}
		l.front = append(l.front, &line{points: points, color: u.color, width: max(1.2, l.em/14), dash: u.dash, name: u.name})
		l.mark(points, 1)
	}
	for _, u := range list {
		var labels []label
		for i := len(rows) - 1; i >= 0; i-- {
			right := label{at: point{l.lineAt(u) + l.em*0.4, rows[i]}, text: u.text, size: l.em, color: u.color, anchor: start}
			left := right
			left.at.x, left.anchor = l.lineAt(u)-l.em*0.4, end
			if u.left {
				right, left = left, right
			}
			labels = append(labels, right, left)
		}
		// Another day's line ends behind the text.
		b := l.place(labels...)
		l.front = append(l.front, &area{points: b.corners(), color: l.theme.page})
	}
}

func (l *layout) lineAt(u upright) float64 { return math.Round(l.x(u.index)) + 0.5 }

// finish is the day by which the work is to be done; empty where there is none.
func (l *layout) finish() events.Day {
	switch {
	case l.s.Ideal != nil:
		return l.s.Ideal.Finish
	case l.s.Forecast != nil:
		return l.s.Forecast.By
	}
	return ""
}
