package markdown

import (
	"fmt"
	"sort"
	"strings"

	"cairn/events"
)

// defaults is what a marker means where nothing else says so.
var defaults = map[byte]events.State{
	' ': events.Todo,
	'x': events.Done, 'X': events.Done,
	'~': events.InProgress, '/': events.InProgress,
	'-': events.Dropped,
	'>': events.OnHold, '!': events.OnHold, '?': events.OnHold,
}

// StateOf returns what mark means: by the document's legend, then by markers,
// then by default. A marker without a meaning is todo; known is false.
func StateOf(mark byte, l Legend, markers map[byte]events.State) (s events.State, known bool) {
	if s, ok := l.State(mark); ok {
		return s, true
	}
	if s, ok := markers[mark]; ok {
		return s, true
	}
	if s, ok := defaults[mark]; ok {
		return s, true
	}
	return events.Todo, false
}

// DefaultMark returns the marker that Cairn writes for s where the legend has
// none. It is a space for an invalid s.
func DefaultMark(s events.State) byte {
	switch s {
	case events.InProgress:
		return '~'
	case events.Done:
		return 'x'
	case events.Dropped:
		return '-'
	case events.OnHold:
		return '!'
	default:
		return ' '
	}
}

// MarkOf returns the marker to write for s: the legend's, else the first one of
// markers, else Cairn's own, else another that means s by default. ok is false if
// no marker reads as s; it is then [DefaultMark].
func MarkOf(s events.State, l Legend, markers map[byte]events.State) (mark byte, ok bool) {
	if mark, ok := l.Mark(s); ok {
		return mark, true
	}
	means := func(c byte) bool {
		got, known := StateOf(c, l, markers)
		return known && got == s
	}
	for _, own := range []map[byte]events.State{markers, {DefaultMark(s): s}, defaults} {
		first := byte(0)
		for c := range own {
			if means(c) && (first == 0 || c < first) {
				first = c
			}
		}
		if first != 0 {
			return first, true
		}
	}
	return DefaultMark(s), false
}

// pickTasks decides which items with a box are tasks, by their markers:
//
//   - one with a meaning, and "o" and "_", always;
//   - other punctuation too, unless it looks like a broken link: "[*] (https:";
//   - a letter only in a list that has another task ("[C] see" may be a note);
//   - a digit never ("[1] Knuth").
func (s *scanned) pickTasks(o Options) {
	s.markers = o.Markers
	lists := map[int]bool{}
	for i := range s.items {
		it := &s.items[i]
		_, known := StateOf(it.mark, s.legend, o.Markers)
		it.isTask = known || it.mark == 'o' || it.mark == '_'
		if it.isTask {
			lists[it.list] = true
		}
	}
	for i := range s.items {
		it := &s.items[i]
		if it.isTask || strings.IndexByte("([:", it.after) >= 0 {
			continue
		}
		switch c := it.mark; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			it.isTask = lists[it.list]
		default:
			it.isTask = c > ' ' && c < 0x7f && !strings.ContainsRune("0123456789[]\\`", rune(c))
		}
	}
	spans := s.spans[:0]
	for _, sp := range s.spans {
		if sp.op != opTask || s.items[sp.task].isTask {
			spans = append(spans, sp)
		}
	}
	s.spans = spans
}

// warn adds what a person may see differently.
func (d *Document) warn(src lines, sh *shadow, found *scanned, o Options) {
	type unknown struct{ line, n int }
	marks := map[byte]unknown{}
	for i := range d.Blocks {
		b := &d.Blocks[i]
		if b.Noun != events.TaskNoun {
			continue
		}
		if _, ok := StateOf(b.Mark, d.Legend, o.Markers); !ok {
			u := marks[b.Mark]
			if u.n == 0 {
				u.line = b.Line
			}
			u.n++
			marks[b.Mark] = u
		}
	}
	for c, u := range marks {
		d.Warnings = append(d.Warnings, Warning{u.line, fmt.Sprintf("marker [%c] has no meaning here: %d read as todo", c, u.n)})
	}
	for _, r := range found.opaque {
		if n := boxesIn(src, r[0], r[1]); n > 0 {
			d.Warnings = append(d.Warnings, Warning{r[0] + 1, fmt.Sprintf("%d boxes are no tasks: CommonMark reads these lines as HTML or code", n)})
		}
	}
	for _, it := range found.items {
		if n := boxesIn(src, it.first+1, it.last); n > 0 && it.isTask {
			d.Warnings = append(d.Warnings, Warning{it.first + 2, fmt.Sprintf("%d boxes are no tasks: indented too deep, CommonMark reads these lines as text of the task above", n)})
		}
	}
	if sh.flat > 0 {
		d.Warnings = append(d.Warnings, Warning{sh.flat, fmt.Sprintf("nested more than %d deep: read as text", maxNest)})
	}
	if i := invalidLine(src); i >= 0 {
		d.Warnings = append(d.Warnings, Warning{i + 1, "not UTF-8"})
	}
	sort.Slice(d.Warnings, func(i, j int) bool {
		a, b := d.Warnings[i], d.Warnings[j]
		return a.Line < b.Line || a.Line == b.Line && a.Text < b.Text
	})
}

// boxesIn returns how many of lines [from, to] a person may take for a task.
func boxesIn(src lines, from, to int) int {
	n := 0
	for i := from; i <= to; i++ {
		line := src.line(i)
		if _, _, ok := boxed(strings.TrimLeft(line, " \t>-*+")); ok && looksLikeItem(line) {
			n++
		}
	}
	return n
}

// looksLikeItem reports whether line begins with a bullet.
func looksLikeItem(line string) bool {
	t := strings.TrimLeft(line, " \t>")
	return t != "" && strings.IndexByte("-*+", t[0]) >= 0 && markerLen(t) > 0
}
