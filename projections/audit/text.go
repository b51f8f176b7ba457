package audit

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// About names the checklist whose history is written.
type About struct {
	Name string
	// Seq is the position up to which the history was read.
	Seq events.Seq
	// Zone is where days and hours are told; nil is UTC.
	Zone *time.Location
	// Only says which part of the history it is, in words; empty is all of it.
	Only []string
	// OldestFirst is the order of the log.
	OldestFirst bool
}

func (a About) in(t time.Time) time.Time {
	if a.Zone == nil {
		return t.UTC()
	}
	return t.In(a.Zone)
}

// Who returns the short name of who did it; see checklist.Change.
func (r Row) Who() string { return checklist.Change{By: r.Actor, OnBehalfOf: r.OnBehalfOf}.Who() }

// LogText writes entries in their order, which about names. For a pipe each is
// one line of eight columns with tabs between, - where there is nothing:
//
//	@SEQ  TIME  WHO  ACTION  KEY  TEXT  CHANGE  REASON
//
// Without entries it writes nothing.
func LogText(w io.Writer, entries []Entry, about About, s checklist.Style) error {
	buf := bufio.NewWriter(w)
	if s.Piped() {
		for _, e := range entries {
			record(buf, e, about)
		}
		return buf.Flush()
	}
	if len(entries) == 0 {
		return nil
	}
	about.head(buf, entries, s)
	c := measure(entries, about, s)
	for _, e := range entries {
		c.write(buf, e, about, s)
	}
	if c.declared {
		fmt.Fprintf(buf, "\n%s\n", s.Dim("* not authenticated"))
	}
	return buf.Flush()
}

// head writes what is shown: of which checklist, up to where, and which part.
func (a About) head(w io.Writer, entries []Entry, s checklist.Style) {
	first, last := entries[0].First().Seq, events.Seq(0)
	for _, e := range entries {
		first, last = min(first, e.First().Seq), max(last, e.Last().Seq)
	}
	order := "newest first"
	if a.OldestFirst {
		order = "oldest first"
	}
	moment := ""
	if m := s.Of.String(); m != "" {
		moment = " " + m
	}
	fmt.Fprintf(w, "%s@%d%s, %s; %d-%d of %d\n", checklist.Clean(a.Name), a.Seq, moment, order, first, last, a.Seq)
	if only := cleaned(a.Only); len(only) > 0 {
		only[0] = "only " + only[0]
		packed(w, 0, s, ", ", only)
	}
	fmt.Fprintln(w)
}

func cleaned(texts []string) []string {
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = checklist.Clean(text)
	}
	return list
}

// packed writes parts on as few lines as they fit on.
func packed(w io.Writer, indent int, s checklist.Style, separator string, parts []string) {
	room, line := max(s.Edge()-indent, 20), ""
	flush := func() { fmt.Fprintln(w, strings.Repeat(" ", indent)+checklist.Cut(strings.TrimRight(line, " "), room)) }
	for i, part := range parts {
		if i > 0 {
			line += separator
		}
		if i > 0 && checklist.Width(line)+checklist.Width(part) > room {
			flush()
			line = ""
		}
		line += part
	}
	flush()
}

// record is an entry for a pipe.
func record(w *bufio.Writer, e Entry, about About) {
	columns := []string{
		e.At(), about.in(e.First().Effective).Format(time.RFC3339), e.First().Who(), e.Action, e.Key, e.Text, e.Detail(""), e.Reason(),
	}
	for i, column := range columns {
		if column == "" {
			columns[i] = "-"
		}
	}
	w.WriteString(strings.Join(columns, "\t") + "\n")
}

// columns are the widths of the parts of an entry.
type columns struct {
	at, who, action, key int
	layout               string // of the time
	today                events.Day
	declared             bool // somebody is not authenticated
}

func measure(entries []Entry, about About, s checklist.Style) columns {
	now := about.in(s.Now)
	if s.Now.IsZero() {
		for _, e := range entries {
			if at := about.in(e.First().Effective); at.After(now) {
				now = at
			}
		}
	}
	c := columns{key: 2, layout: "Mon 01-02 15:04", today: events.DayOf(now)}
	for _, e := range entries {
		c.at = max(c.at, len(e.At()))
		c.who = max(c.who, min(checklist.Width(e.First().Who()), 10))
		c.action = max(c.action, min(len(e.Action), 10))
		c.key = max(c.key, len(e.Key))
		c.declared = c.declared || !e.First().Actor.Verified()
		if about.in(e.First().Effective).Year() != now.Year() {
			c.layout = "2006-01-02 15:04"
		}
	}
	return c
}

// write writes an entry for a terminal: one line, and one for what changed.
func (c columns) write(w *bufio.Writer, e Entry, about About, s checklist.Style) {
	r := e.First()
	head := checklist.Pad(e.At(), c.at) + " " + about.in(r.Effective).Format(c.layout) + "  " +
		checklist.Pad(r.Who(), c.who) + "  " + checklist.Pad(e.Action, c.action) + "  "
	key := strings.Repeat(" ", c.key-len(e.Key)) + e.Key + "  "
	room := max(s.Edge()-checklist.Width(head)-len(key), 20)
	if e.Key == "" { // about several, or all: from the place of the key on
		key, room = "", room+len(key)
	}
	if e.Action == "REOPEN" || e.Action == "DROP" {
		head = s.Alarm(head)
	}
	fmt.Fprintln(w, strings.TrimRight(head+key+checklist.Cut(e.Text, room), " "))
	indent := c.at + 1 + len(c.layout) + 2 + c.who + 2 + c.action + 2 + c.key + 2
	below(w, indent, s, filled(e.Detail(c.today), e.Reason()))
}

// below writes parts under an entry, on one line if they fit.
func below(w io.Writer, indent int, s checklist.Style, parts []string) {
	room := max(s.Edge()-indent, 20)
	if line := strings.Join(parts, "   "); checklist.Width(line) <= room {
		parts = filled(line)
	}
	for _, part := range parts {
		fmt.Fprintln(w, strings.Repeat(" ", indent)+checklist.Cut(part, room))
	}
}

// EntryText writes one entry as `cairn watch` shows it: as it comes. After, if
// not nil, is the state after the entry, from which the section's count and
// the consequences are told.
func EntryText(w io.Writer, e Entry, after *checklist.State, about About, s checklist.Style) error {
	r := e.First()
	c := columns{today: events.DayOf(about.in(r.Effective))}
	layout := "15:04:05"
	if s.Piped() || !s.Now.IsZero() && events.DayOf(about.in(s.Now)) != c.today {
		layout = "2006-01-02 15:04:05"
	}
	buf := bufio.NewWriter(w)
	head := fmt.Sprintf("%s  %s  %s  %s  ", about.in(r.Effective).Format(layout), checklist.Pad(e.At(), 5),
		checklist.Pad(r.Who(), 6), checklist.Pad(e.Action, 8))
	if s.Piped() {
		head = strings.Join([]string{about.in(r.Effective).Format(layout), e.At(), r.Who(), e.Action}, "  ")
	}
	count := ""
	if _, _, moved := r.State(); moved && after != nil && e.Key != "" {
		count = sectionCount(after, r.Target, 14)
	}
	parts := e.watched(after, c.today)
	if s.Piped() {
		fmt.Fprintln(buf, strings.Join(filled(append([]string{head, e.Key, e.Text, count}, parts...)...), "  "))
		return buf.Flush()
	}
	indent := checklist.Width(head) + 4
	if e.Key != "" {
		head += strings.Repeat(" ", max(2-len(e.Key), 0)) + e.Key + "  "
	}
	room := max(s.Edge()-checklist.Width(head), 20)
	text := checklist.Cut(e.Text, room)
	if space := room - checklist.Width(count) - 2; count != "" && space >= 10 {
		text = checklist.Pad(e.Text, space) + "  " + count
	}
	fmt.Fprintln(buf, strings.TrimRight(head+text, " "))
	below(buf, indent, s, parts)
	return buf.Flush()
}

// watched is what stands under an entry: what changed, why, and what follows.
func (e Entry) watched(after *checklist.State, today events.Day) []string {
	detail := e.Detail(today)
	if marks := e.First().Marks(); len(e.Rows) == 1 {
		detail = strings.TrimSpace(strings.TrimPrefix(detail, marks))
	}
	reason := e.Reason()
	if reason != "" {
		reason = quote(reason)
	}
	parts := filled(detail, reason)
	if after != nil {
		parts = append(parts, Consequences(after, e.Rows)...)
	}
	return parts
}

// filled returns the parts that are not empty.
func filled(parts ...string) []string {
	var list []string
	for _, part := range parts {
		if part != "" {
			list = append(list, part)
		}
	}
	return list
}
