package chart

import (
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
)

// layout puts a picture together, from the outside in.
type layout struct {
	*scene
	s    burndown.Summary
	kind Kind
	by   string
	// em is the size of ordinary text; everything goes by it.
	em float64
	// room is what is left for the chart, plot where its values are drawn.
	room, plot box
	// first is the day at the left of the plot, days how many there are to its
	// right, top the value at its upper end.
	first   events.Day
	days    int
	top     float64
	columns []column
	// labels and marks are what a further label must not lie on.
	labels, marks []box
	// filled is the line below which the plot is tinted.
	filled []point
}

// column is a day or a week: from the beginning of one day up to the beginning
// of another, counted from the first.
type column struct {
	from, to int
	burndown.Day
	// open says that it is not over.
	open bool
}

func newLayout(s burndown.Summary, kind Kind, o Options, faces *typefaces) *layout {
	l := &layout{
		scene: &scene{width: o.Width, height: o.Height, theme: themeOf(o.Dark), faces: faces},
		s:     s, kind: kind, by: o.By,
	}
	l.em = round2(max(9, min(8+float64(o.Width)/120, float64(o.Height)/34)))
	margin := l.em * 1.6
	l.room = box{margin, margin, float64(o.Width) - margin, float64(o.Height) - margin}
	if len(s.Days) > 0 {
		l.domain()
		l.gather()
	}
	return l
}

// head writes what it is, and what it is drawn from.
func (l *layout) head() {
	l.title = heading(l.kind, l.s.Unit, l.weekly()) + ": " + checklist.Clean(l.s.Title) + ", " + source(l.s)
	l.desc = story(l.s) + " " + basis(l.s, l.kind)
	y := l.room.top + l.em*1.1
	big := round2(l.em * 1.5)
	from, title := source(l.s), checklist.Clean(l.s.Title)
	width := l.faces.width(heading(l.kind, l.s.Unit, l.weekly()), big, true)
	l.write(label{at: point{l.room.left, y}, text: heading(l.kind, l.s.Unit, l.weekly()), size: big, color: l.theme.ink, bold: true})
	if beside := l.room.width() - width*spare - l.em; l.faces.width(from, l.em, false) <= beside {
		l.write(label{at: point{l.room.right, y}, text: from, size: l.em, color: l.theme.quiet, anchor: end})
	} else { // what it is drawn from is never cut before its title
		title = strings.TrimSuffix(from+" · "+title, " · ")
	}
	l.room.top = y + l.em*0.6
	if title != "" {
		y += l.em * 1.6
		l.write(label{at: point{l.room.left, y}, text: l.faces.cut(title, l.em, false, l.room.width()), size: l.em, color: l.theme.quiet})
		l.room.top = y + l.em*0.6
	}
}

// foot writes the sentence, and below it what it is drawn from.
func (l *layout) foot() {
	small := round2(l.em * 0.82)
	var lines []label
	most, more := 3, 2
	if l.room.width() < l.em*40 && l.room.height() > l.room.width() { // narrow, and high
		most, more = 5, 4
	}
	for _, text := range l.faces.wrapped(story(l.s), l.em, l.room.width(), most) {
		lines = append(lines, label{text: text, size: l.em, color: l.theme.ink})
	}
	for _, text := range l.faces.wrapped(basis(l.s, l.kind), small, l.room.width(), more) {
		lines = append(lines, label{text: text, size: small, color: l.theme.quiet})
	}
	y := l.room.bottom
	for i := len(lines) - 1; i >= 0; i-- {
		lines[i].at = point{l.room.left, y - lines[i].size*0.25}
		y -= lines[i].size * 1.4
	}
	for _, one := range lines {
		l.write(one)
	}
	l.room.bottom = y - l.em*0.4
}

// nothing says in the middle that there is nothing to draw.
func (l *layout) nothing() {
	at := point{(l.room.left + l.room.right) / 2, (l.room.top + l.room.bottom) / 2}
	l.write(label{at: at, text: "no days yet", size: l.em, color: l.theme.quiet, anchor: middle})
}

// write adds a label whose place is certain.
func (l *layout) write(one label) {
	if one.anchor == "" {
		one.anchor = start
	}
	one.at = point{round2(one.at.x), round2(one.at.y)}
	l.text = append(l.text, one)
}

// domain finds the days that the picture is of: those that there are, and for the
// plan and the forecast those to come.
func (l *layout) domain() {
	days := l.s.Days
	l.first = days[0].Date
	last := days[len(days)-1].Date
	if l.kind != Flow {
		if line := l.s.Ideal; line != nil {
			last = max(last, line.Finish)
		}
		if f := l.s.Forecast; f != nil {
			// Where the forecast is far away, the days that were must not shrink
			// to a corner; it then points out of the picture.
			last = max(last, f.By)
			last = max(last, min(max(f.P50, f.P85), l.day(l.index(last)*3/2+30)))
		}
	}
	l.days = l.index(last) + 1
}

// weekly reports whether a step is a week.
func (l *layout) weekly() bool {
	switch l.by {
	case "day":
		return false
	case "week":
		return true
	}
	return l.room.width() < float64(l.days)*1.25
}

// gather puts the days into columns. A column shows how its last day ended.
func (l *layout) gather() {
	weekly := l.weekly()
	for i, d := range l.s.Days {
		if n := len(l.columns); n > 0 && weekly && d.Date.In(time.UTC).Weekday() != time.Monday {
			l.columns[n-1].Day, l.columns[n-1].to = d, i+1
			continue
		}
		l.columns = append(l.columns, column{from: i, to: i + 1, Day: d})
	}
	l.columns[len(l.columns)-1].open = l.s.Open
}

// last is the column that may not be over.
func (l *layout) last() column { return l.columns[len(l.columns)-1] }

// index returns how many days d lies behind the first.
func (l *layout) index(d events.Day) int {
	return int(d.In(time.UTC).Sub(l.first.In(time.UTC)) / (24 * time.Hour))
}

// day returns the day so many days behind the first.
func (l *layout) day(index int) events.Day {
	return events.DayOf(l.first.In(time.UTC).AddDate(0, 0, index))
}

// x returns where the day with that index begins, y where a value lies.
func (l *layout) x(index int) float64 {
	return round2(l.plot.left + l.plot.width()*float64(index)/float64(l.days))
}

func (l *layout) y(value float64) float64 {
	return round2(l.plot.bottom - l.plot.height()*value/l.top)
}
