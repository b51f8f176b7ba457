package checklist

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"cairn/events"
)

// TextOf writes all that is known of a task, or a section with its tasks.
func TextOf(w io.Writer, st *State, b *Block, s Style) error {
	buf := bufio.NewWriter(w)
	s.All = true
	r := newRows(st, s)
	if b.Task != nil {
		r.detail(b)
	} else {
		r.chapter(b)
	}
	r.flush(buf)
	return buf.Flush()
}

// field adds a line "Name  value", if there is a value.
func (r *rows) field(name, format string, args ...any) {
	value := fmt.Sprintf(format, args...)
	if value == "" {
		return
	}
	r.print("%-10s %s", name, value)
}

// date is when a change was made: the claim where it is on another day.
func (r *rows) date(c Change) string {
	zone := r.st.Zone()
	text := c.At.In(zone).Format("2006-01-02 15:04")
	if day := events.DayOf(c.Claimed.In(zone)); !c.Claimed.IsZero() && day != events.DayOf(c.At.In(zone)) {
		text = string(day) + " (recorded " + text + ")"
	}
	return text
}

func (r *rows) change(c Change) string {
	return fmt.Sprintf("%s by %s @%d", r.date(c), Clean(c.By.Name()), c.Seq)
}

func (r *rows) detail(b *Block) {
	t, s := b.Task, r.style
	r.wrapped(fmt.Sprintf("%d  ", t.Key), Clean(t.Text), r.id())
	state := s.paint(stateColor(t.State), b.box()+" "+Words(t.State))
	if t.StateChanged.Seq != 0 {
		if t.State.Open() {
			state += " since"
		}
		state += " " + r.change(t.StateChanged)
	}
	if b.Risk() {
		state += " · a risk"
	}
	r.print("%s", state)
	if t.StateChanged.Reason != "" {
		r.print("%q", Clean(t.StateChanged.Reason))
	}
	r.print("")
	r.field("Owner", "%s", Clean(strings.Join(t.Assignees, ", ")))
	r.field("Start", "%s", Clean(string(t.Start)))
	r.field("Due", "%s", r.dueInFull(b))
	r.field("Until", "%s", Clean(string(t.Until)))
	r.field("Estimate", "%s", Clean(t.Estimate))
	r.field("Labels", "%s", Clean(strings.Join(t.Labels, ", ")))
	for i, link := range t.Links {
		r.field(once("Links", i), "%s", Clean(link))
	}
	r.relations(b)
	if heading := b.Heading(); heading != nil {
		section := Clean(heading.Section.Title)
		if done, of := heading.Tally().Share(); of > 0 {
			section += fmt.Sprintf("  %d/%d", done, of)
		}
		r.field("Section", "%s", section)
	}
	r.field("Line", "%d", r.st.Line(b))
	r.field("Added", "%s", r.change(t.Added))
	r.field("Changed", "%s", r.change(t.Changed))
	for i, c := range t.Comments {
		r.field(once("Comments", i), "%s  %q", r.change(c.Change), Clean(c.Text))
	}
	if tasks, _ := b.items(); len(tasks) > 0 {
		r.print("")
		r.tasks(b, 0)
	}
}

func (r *rows) dueInFull(b *Block) string {
	t := b.Task
	due := Clean(string(t.Due))
	if days := b.Late(r.today); days > 0 {
		due += "  " + r.style.Alarm(fmt.Sprintf("LATE %dd", days))
	}
	if t.Every != "" {
		due = strings.TrimSpace(due + "  " + every(t, r.today))
	}
	return due
}

// relations adds what the task waits for, what waits for it, and its parent.
func (r *rows) relations(b *Block) {
	one := func(name string, i int, key int) {
		if other := r.st.Task(key); other != nil {
			r.field(once(name, i), "%d %s %s", key, other.box(), r.cutText(other, 20))
		} else {
			r.field(once(name, i), "%d (removed)", key)
		}
	}
	name := "Waits for"
	if b.Risk() {
		name = "Rests on"
	}
	for i, key := range b.Task.BlockedBy {
		one(name, i, key)
	}
	n := 0
	for other := range r.st.root.Tasks() {
		for _, key := range other.Task.BlockedBy {
			if key == b.Task.Key {
				one("Holds up", n, other.Task.Key)
				n++
			}
		}
	}
	if parent := b.ParentTask(); parent != nil {
		one("Part of", 0, parent.Task.Key)
	}
}

// cutText is a task's text in what a line leaves when used columns are taken.
func (r *rows) cutText(b *Block, used int) string {
	text := Clean(b.Task.Text)
	if r.style.Piped() {
		return text
	}
	return Cut(text, max(r.style.Edge()-used, 16))
}

func (r *rows) chapter(b *Block) {
	st, sec := r.st, b.Section
	title := Clean(sec.Title)
	if sec.Key == 0 {
		title = "Before the first heading"
	}
	r.wrapped("", title, r.id())
	t := b.Tally()
	if t.Counts.Tasks == 0 {
		r.print("No tasks in this section.")
	} else if t.Progress.Work > 0 {
		r.print("%s", r.style.progress(t.Progress))
	} else if n := t.Risks.Open + t.Risks.Closed; n > 0 {
		r.print("risks %d of %d closed", t.Risks.Closed, n)
	}
	r.print("")
	r.field("Owner", "%s", Clean(strings.Join(sec.Assignees, ", ")))
	r.field("Start", "%s", Clean(string(sec.Start)))
	r.field("Due", "%s", Clean(string(sec.Due)))
	r.field("Key", "s:%d", sec.Key)
	if sec.Key != 0 {
		r.field("Line", "%d", st.Line(b))
		r.field("Changed", "%s", r.change(sec.Changed))
	}
	if t.Counts.Tasks == 0 {
		return
	}
	r.print("")
	r.tasks(b, 0)
	_, sections := b.items()
	for _, section := range sections {
		r.section(section, 0)
	}
}

// wrapped is a title in full behind a prefix, on as many lines as it takes,
// with id at the end of the first.
func (r *rows) wrapped(prefix, title, id string) {
	s := r.style
	if s.Piped() {
		r.print("%s", s.titled(prefix+title, id))
		return
	}
	room := max(s.Edge()-len(prefix)-Width(id)-2, 16)
	line, first := "", true
	put := func() {
		if first {
			r.print("%s", s.titled(prefix+line, id))
		} else {
			r.print("%s%s", strings.Repeat(" ", len(prefix)), s.Bold(line))
		}
		line, first = "", false
	}
	for _, word := range words(title, room) {
		if line != "" && Width(line)+1+Width(word) > room {
			put()
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	put()
}

// once is name for the first of several lines, blank for the others.
func once(name string, i int) string {
	if i > 0 {
		return ""
	}
	return name
}

// words splits text at its spaces, and words wider than width within.
func words(text string, width int) []string {
	var list []string
	for _, word := range strings.Fields(text) {
		for Width(word) > width {
			n := 0
			for columns := 0; ; {
				m, w := cluster(word[n:])
				if columns += w; columns > width {
					break
				}
				n += m
			}
			if n == 0 { // not even one character fits
				break
			}
			list, word = append(list, word[:n]), word[n:]
		}
		list = append(list, word)
	}
	return list
}
