package checklist

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cairn/events"
)

// Style says how a view is written as text. The zero Style is for a pipe:
// nothing folded, nothing cut, no bars, one task a line.
type Style struct {
	// Width is the columns of the terminal; 0 is no terminal.
	Width int
	// Color repeats in colour what the text says already.
	Color bool
	// Wide cuts nothing, whatever the terminal's width; only log, blame and diff
	// look at it.
	Wide bool
	// All shows closed tasks too, and lists without their limit.
	All bool
	// Now is the moment the view is for: days left, late, "2 h ago". The zero
	// time is the checklist's last event.
	Now time.Time
	// Of is the moment in the past that the view is of.
	Of Moment
	// Me is the id of the actor who looks.
	Me string
}

// Piped reports whether the text goes to no terminal.
func (s Style) Piped() bool { return s.Width <= 0 }

// Edge returns the column at which lines end on a terminal.
func (s Style) Edge() int {
	if s.Wide {
		return 1 << 20
	}
	return max(min(s.Width, 100)-2, 38)
}

// The colours, each for one meaning that the text has too.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (s Style) paint(color, text string) string {
	if !s.Color || color == "" || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// Dim, Bold and Alarm return text in that colour, if there is colour at all.
func (s Style) Dim(text string) string { return s.paint(dim, text) }

// Bold returns text that stands out.
func (s Style) Bold(text string) string { return s.paint(bold, text) }

// Alarm returns text in the colour of what is late or lost.
func (s Style) Alarm(text string) string { return s.paint(red, text) }

func stateColor(state events.State) string {
	switch state {
	case events.Done:
		return green
	case events.InProgress:
		return yellow
	case events.OnHold:
		return red
	case events.Dropped:
		return dim
	}
	return ""
}

// now returns the moment of the view in the checklist's zone.
func (s Style) now(st *State) time.Time {
	if s.Now.IsZero() {
		return st.Effective.In(st.Zone())
	}
	return s.Now.In(st.Zone())
}

func (s Style) today(st *State) events.Day { return events.DayOf(s.now(st)) }

// ends puts left and right at the two ends of a line.
func (s Style) ends(left, right string) string {
	if s.Piped() {
		return strings.TrimSpace(left + "  " + right)
	}
	return Pad(left, max(s.Edge()-Width(right)-2, 8)) + "  " + right
}

// bar draws part of whole in width columns, to an eighth of a column.
func bar(part, whole, width int) string {
	if whole <= 0 {
		return strings.Repeat("░", width)
	}
	eighths := part * width * 8 / whole
	full, rest := eighths/8, eighths%8
	text := strings.Repeat("█", full)
	if rest > 0 {
		text += string([]rune("▏▎▍▌▋▊▉")[rest-1])
		full++
	}
	return text + strings.Repeat("░", width-full)
}

// ShortDay returns d without its year where today makes clear which year is meant.
func ShortDay(d, today events.Day) string {
	if !d.Valid() || !today.Valid() {
		return Clean(string(d))
	}
	if n := daysBetween(today, d); d[:4] == today[:4] || n > -180 && n < 180 {
		return string(d[5:])
	}
	return string(d)
}

// daysBetween returns the days from one day to another.
func daysBetween(from, to events.Day) int {
	return int(to.In(time.UTC).Sub(from.In(time.UTC)) / (24 * time.Hour))
}

// ago returns how long before now t was, in one unit.
func ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
}

// plural returns n with its noun: "1 day", "2 days".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// Words returns a state as people say it.
func Words(state events.State) string {
	switch state {
	case events.Todo:
		return "to do"
	case events.InProgress:
		return "in progress"
	case events.OnHold:
		return "on hold"
	}
	return string(state)
}

// keys joins keys, at most limit of them: "30, 31 and 2 more".
func keys(list []int, limit int) string {
	var b strings.Builder
	for i, key := range list {
		if i == limit {
			fmt.Fprintf(&b, " and %d more", len(list)-limit)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(key))
	}
	return b.String()
}
