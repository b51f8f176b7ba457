package checklist

import (
	"bufio"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cairn/events"
)

// rows collects the lines of a view, so that their columns can be measured
// before the first is written.
type rows struct {
	st     *State
	style  Style
	today  events.Day
	owners bool // somebody owns a task, so that owning none is worth a sign

	lines []line
}

// line is one line of a view: a task's row where block is set, else text.
type line struct {
	text   string
	block  *Block
	indent int
	owner  string
	notes  []note
	links  []string
}

// note is something about a task that is not normal.
type note struct {
	text  string
	alarm bool
}

func newRows(st *State, s Style) *rows {
	r := &rows{st: st, style: s, today: s.today(st)}
	for b := range st.root.Tasks() {
		if len(b.Task.Assignees) > 0 {
			r.owners = true
			break
		}
	}
	return r
}

func (r *rows) print(format string, args ...any) {
	r.lines = append(r.lines, line{text: fmt.Sprintf(format, args...)})
}

// task adds the row of b, and why it is on hold.
func (r *rows) task(b *Block, indent int) {
	t := b.Task
	l := line{block: b, indent: indent, owner: r.owner(t.Assignees), notes: r.notes(b)}
	for _, link := range t.Links {
		l.links = append(l.links, LinkName(link))
	}
	waits := len(r.st.Waits(b)) > 0
	if r.owners && l.owner == "" && t.State.Open() && b.Leaf() && t.Every == "" && !b.Risk() && !waits {
		l.owner = "–"
	}
	if t.State == events.OnHold && r.style.Piped() {
		l.notes = append(l.notes, note{text: r.held(b)})
	}
	r.lines = append(r.lines, l)
	if t.State == events.OnHold && !r.style.Piped() {
		r.lines = append(r.lines, line{text: r.held(b), indent: indent + 9})
	}
}

// held tells since when, and why, a task is on hold.
func (r *rows) held(b *Block) string {
	change := b.Task.StateChanged
	text := "on hold"
	if !change.Claimed.IsZero() {
		days := daysBetween(events.DayOf(change.Claimed.In(r.st.Zone())), r.today)
		text += fmt.Sprintf(" %dd", max(days, 0))
	}
	if change.Reason == "" {
		return text
	}
	return text + ": " + Clean(change.Reason)
}

func (r *rows) owner(assignees []string) string {
	switch {
	case len(assignees) == 0:
		return ""
	case r.style.Piped():
		return Clean(strings.Join(assignees, ","))
	case len(assignees) == 1:
		return Cut(Clean(assignees[0]), 8)
	}
	return Cut(Clean(assignees[0]), 5) + fmt.Sprintf(" +%d", len(assignees)-1)
}

// notes tells what is not normal about a task, the most pressing first.
func (r *rows) notes(b *Block) []note {
	t := b.Task
	var notes []note
	add := func(alarm bool, format string, args ...any) {
		notes = append(notes, note{fmt.Sprintf(format, args...), alarm})
	}
	day, due := func(d events.Day) string { return ShortDay(d, r.today) }, ""
	if r.style.Piped() { // nothing left to guess
		day, due = func(d events.Day) string { return Clean(string(d)) }, "due "
	}
	if t.State.Open() {
		if days := b.Late(r.today); days > 0 {
			add(true, "LATE %dd", days)
		}
		if t.State == events.OnHold && t.Until != "" {
			add(t.Until < r.today, "→%s", day(t.Until))
		}
		if waits := r.st.Waits(b); len(waits) > 0 {
			text := "waits for " + keys(waits, len(waits))
			if len(waits) > 1 && !r.style.Piped() {
				text = fmt.Sprintf("waits for %d +%d", waits[0], len(waits)-1)
			}
			add(false, "%s", text)
		}
		if t.Every != "" {
			add(false, "%s", every(t, r.today))
		} else if t.Due != "" && t.Due >= r.today {
			add(false, "%s%s", due, day(t.Due))
		}
		if t.Start > r.today && t.State == events.Todo {
			add(false, "from %s", day(t.Start))
		}
	}
	if !b.Leaf() {
		if p := b.Tally().Progress; p.Work > 0 {
			add(false, "%d/%d", p.Done, p.Work)
		}
	}
	if added := events.DayOf(t.Added.At.In(r.st.Zone())); t.State.Open() && t.Added.Seq > r.st.Created.Seq &&
		!t.Added.At.Equal(r.st.Created.At) && daysBetween(added, r.today) < 7 {
		add(false, "new %s", day(added))
	}
	return notes
}

// every tells how a task repeats and when it was last done: "every Fri, last 05-28".
func every(t *Task, today events.Day) string {
	text := "every " + t.Every
	if t.Every == "week" && t.Due.Valid() {
		text = "every " + t.Due.In(time.UTC).Format("Mon")
	}
	if n := len(t.Occurrences); n > 0 {
		text += ", last " + ShortDay(t.Occurrences[n-1], today)
	}
	return Clean(text)
}

// LinkName returns how a link is called in a row: "#12", else its host.
func LinkName(link string) string {
	if l := ParseLink(link); l.Number != 0 {
		return "#" + strconv.Itoa(l.Number)
	}
	if u, err := url.Parse(link); err == nil && u.Host != "" {
		return Clean(u.Host)
	}
	return "link"
}

// columns are the widths of what stands on the right of a row.
type columns struct{ key, owner, note, link int }

// total is what a row keeps free on the right of its text.
func (c columns) total() int {
	total := 0
	for _, width := range []int{c.owner, c.note, c.link} {
		if width > 0 {
			total += width + 2
		}
	}
	return total
}

// span is what a note has more where there is no owner.
func (c columns) span() int {
	if c.owner == 0 {
		return 0
	}
	return c.owner + 2
}

func (r *rows) measure() columns {
	var c columns
	for _, l := range r.lines {
		if l.block == nil {
			continue
		}
		c.key = max(c.key, len(strconv.Itoa(l.block.Task.Key)))
		c.owner = max(c.owner, Width(l.owner))
		if len(l.links) > 0 {
			c.link = max(c.link, min(Width(l.links[0]), 12))
		}
	}
	for _, l := range r.lines {
		if l.block == nil || len(l.notes) == 0 {
			continue
		}
		need := Width(l.notes[0].text)
		if l.owner == "" {
			need -= c.span()
		}
		c.note = max(c.note, min(need, 24))
	}
	c.key = max(c.key, 2)
	return c
}

// flush writes the lines and forgets them.
func (r *rows) flush(w *bufio.Writer) {
	c := r.measure()
	for _, l := range r.lines {
		text := strings.Repeat(" ", l.indent)
		switch {
		case l.block == nil:
			text += l.text
			if !r.style.Piped() && l.indent > 0 {
				text = r.style.paint(dim, Cut(text, r.style.Edge()))
			}
		case r.style.Piped():
			text += r.plain(l, c)
		default:
			text += r.fitted(l, c)
		}
		w.WriteString(strings.TrimRight(text, " \u200e"))
		w.WriteByte('\n')
	}
	r.lines = nil
}

// plain is a row for a pipe: everything, in full, behind the text.
func (r *rows) plain(l line, c columns) string {
	t := l.block.Task
	parts := []string{fmt.Sprintf("%s  %*d  %s", l.block.box(), c.key, t.Key, Clean(t.Text))}
	if l.owner != "" && l.owner != "–" {
		parts = append(parts, "@"+strings.TrimPrefix(l.owner, "@"))
	}
	for _, n := range l.notes {
		parts = append(parts, n.text)
	}
	for _, link := range t.Links {
		parts = append(parts, Clean(link))
	}
	return strings.Join(parts, "  ")
}

// fitted is a row of a terminal.
func (r *rows) fitted(l line, c columns) string {
	t := l.block.Task
	color := stateColor(t.State)
	head := r.style.paint(color, l.block.box()) + fmt.Sprintf("  %*d  ", c.key, t.Key)
	used := l.indent + 5 + c.key + 2
	edge := r.style.Edge()
	var right string
	var first note
	if len(l.notes) > 0 {
		first = l.notes[0]
	}
	switch {
	case l.owner == "": // the note has the owner's column too
		right = "  " + r.styled(first, c.note+c.span())
	default:
		right = "  " + Pad(l.owner, c.owner)
		if c.note > 0 {
			right += "  " + r.styled(first, c.note)
		}
	}
	if c.link > 0 && len(l.links) > 0 {
		right += "  " + Cut(l.links[0], c.link)
	}
	room := max(edge-used-c.total(), 16)
	text := Clean(t.Text)
	if strings.TrimSpace(stripped(right)) == "" { // nothing in its way
		room = max(edge-used, 16)
	}
	shown := Pad(text, room)
	if t.State == events.Dropped {
		shown = r.style.paint(dim, shown)
	}
	return head + shown + right
}

func (r *rows) styled(n note, width int) string {
	text := Pad(n.text, width)
	if n.alarm {
		return r.style.Alarm(text)
	}
	return text
}

// stripped returns text without our colours.
func stripped(text string) string {
	for {
		i := strings.Index(text, "\x1b[")
		if i < 0 {
			return text
		}
		j := strings.IndexByte(text[i:], 'm')
		if j < 0 {
			return text
		}
		text = text[:i] + text[i+j+1:]
	}
}

// box returns the task's box as it stands in the document: "[x]".
func (b *Block) box() string { return Box(b.Mark()) }

// Box returns a marker in its brackets, "[x]".
func Box(mark byte) string {
	if mark < 0x20 || mark >= 0x7f {
		return "[?]"
	}
	return "[" + string(rune(mark)) + "]"
}
