package checklist

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteRisks writes the risks with what is done about them, in the order of
// [State.Risks]. For a pipe each is one line of seven columns with tabs between, -
// where there is nothing:
//
//	KEY  STATE  OWNERS  DAYS OPEN  RESTS ON  RISK  MITIGATION
func WriteRisks(w io.Writer, st *State, s Style) error {
	buf := bufio.NewWriter(w)
	r := newRows(st, s)
	risks := st.Risks(r.today)
	if s.Piped() {
		for _, risk := range risks {
			buf.WriteString(r.riskRecord(risk))
		}
		return buf.Flush()
	}
	r.print("%s", s.titled(titleOf(risks), r.id()))
	if len(risks) == 0 {
		r.print("No risks: they are the tasks under a heading with the word risk or risks.")
		r.flush(buf)
		return buf.Flush()
	}
	t := st.root.Tally().Risks
	r.print("%d of %d closed", t.Closed, t.Open+t.Closed)
	r.print("")
	bare := 0
	for _, risk := range risks {
		r.risk(risk)
		if bare == 0 && risk.Open() && len(risk.RestsOn) == 0 {
			bare = risk.Task.Key
		}
	}
	if bare > 0 {
		r.print("")
		for _, line := range fold(fmt.Sprintf("Name what a risk rests on: cairn block %d --by TASK", bare), s.Edge()) {
			r.print("%s", s.Dim(line))
		}
	}
	r.flush(buf)
	return buf.Flush()
}

// titleOf is the heading that all risks stand under, if it is one.
func titleOf(risks []Risk) string {
	title := ""
	for _, r := range risks {
		at := Clean(r.Heading().Section.Title)
		if title != "" && title != at {
			return "Risks"
		}
		title = at
	}
	if title == "" {
		return "Risks"
	}
	return title
}

func (r *rows) riskRecord(risk Risk) string {
	t := risk.Task
	var on []string
	for _, rest := range risk.RestsOn {
		on = append(on, strconv.Itoa(rest.Key))
	}
	columns := []string{
		strconv.Itoa(t.Key), string(t.State), Clean(strings.Join(t.Assignees, ",")), strconv.Itoa(risk.Days), strings.Join(on, ","), risk.Threat, risk.Mitigation,
	}
	for i, column := range columns {
		if column == "" {
			columns[i] = "-"
		}
	}
	return strings.Join(columns, "\t") + "\n"
}

func (r *rows) risk(risk Risk) {
	t, s := risk.Task, r.style
	key := max(len(strconv.Itoa(t.Key)), 2)
	indent := strings.Repeat(" ", 6+key)
	who := Clean(strings.Join(t.Assignees, ", "))
	if who == "" && risk.Open() {
		who = "NO OWNER"
	}
	who = Cut(who, max(s.Edge()/3, 8))
	if who != "" {
		who += " · "
	}
	who += r.age(risk)
	head := fmt.Sprintf("%s %*d  ", risk.box(), key, t.Key)
	room := s.Edge() - Width(head) - Width(who) - 2
	below := room < 20 // the right column gets a line of its own
	if below {
		room = s.Edge() - Width(head)
	}
	lines := fold(risk.Threat, room)
	shown := who
	if risk.Unowned() {
		shown = s.Alarm(who)
	}
	if below {
		r.print("%s%s", head, lines[0])
	} else {
		r.print("%s%s  %s", head, Pad(lines[0], room), shown)
	}
	for _, line := range lines[1:] {
		r.print("%s%s", indent, line)
	}
	if below {
		r.print("%s%s", indent, shown)
	}
	if risk.Mitigation != "" {
		for i, line := range fold(risk.Mitigation, s.Edge()-len(indent)-2) {
			r.print("%s%s%s", indent, [2]string{"→ ", "  "}[min(i, 1)], line)
		}
	}
	last := r.lastChange(risk)
	if !risk.Open() {
		if t.StateChanged.Reason != "" {
			for _, line := range fold(fmt.Sprintf("%q", Clean(t.StateChanged.Reason)), s.Edge()-len(indent)) {
				r.print("%s%s", indent, line)
			}
		}
		return
	}
	rests := fold(r.rests(risk), s.Edge()-len(indent))
	for i, line := range rests {
		if i < len(rests)-1 || Width(indent)+Width(line)+2+Width(last) > s.Edge() {
			r.print("%s%s", indent, line)
			if i == len(rests)-1 {
				r.print("%s%s", indent, last)
			}
			continue
		}
		r.print("%s%s%s", indent, Pad(line, s.Edge()-len(indent)-Width(last)), last)
	}
}

// age says for how long a risk has been open, or when it was closed.
func (r *rows) age(risk Risk) string {
	if !risk.Open() {
		word := "closed "
		if risk.Task.State != "done" {
			word = "dropped "
		}
		return word + ShortDay(r.st.dayOf(risk.Task.StateChanged), r.today)
	}
	return "open " + plural(risk.Days, "day")
}

// rests tells what a risk rests on, and how that stands.
func (r *rows) rests(risk Risk) string {
	if len(risk.RestsOn) == 0 {
		return "rests on –"
	}
	var parts []string
	for _, on := range risk.RestsOn {
		if on.Task == nil {
			parts = append(parts, fmt.Sprintf("%d (removed)", on.Key))
			continue
		}
		part := fmt.Sprintf("%d%s%s", on.Key, glue, strings.ReplaceAll(on.Task.box(), " ", glue))
		switch t := on.Task.Task; {
		case len(on.Waits) > 0:
			part += " waits for " + keys(on.Waits, 4)
		case t.State != "todo" && t.State.Open() && t.StateChanged.Seq != 0:
			part += " since " + ShortDay(r.st.dayOf(t.StateChanged), r.today)
		}
		parts = append(parts, part)
	}
	return "rests on " + strings.Join(parts, ", ")
}

func (r *rows) lastChange(risk Risk) string {
	c := risk.Task.Changed
	if c.Seq == 0 || c.Seq == risk.Task.Added.Seq {
		return "last change –"
	}
	return fmt.Sprintf("last change %s @%d", ShortDay(r.st.dayOf(c), r.today), c.Seq)
}

// glue stands for a space at which a line does not end.
const glue = "\ue000"

// fold breaks text between words into lines of at most width columns. It returns
// one line at least.
func fold(text string, width int) []string {
	var lines []string
	row := ""
	for _, word := range words(text, max(width, 8)) {
		switch {
		case row == "":
			row = word
		case Width(row)+1+Width(word) > width:
			lines, row = append(lines, row), word
		default:
			row += " " + word
		}
	}
	lines = append(lines, row)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], glue, " ")
	}
	return lines
}
