package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"cairn/projections/checklist"
)

// lead is the columns before a task's key.
const lead = 12

// Text writes the report for people. On a terminal the texts of tasks are cut; for
// a pipe each line has the name of its part, and nothing is cut. More is put at the
// end: how to record it.
func Text(w io.Writer, r *Report, more string, s checklist.Style) error {
	t := text{bufio.NewWriter(w), s, 2}
	id := fmt.Sprintf("%s@%d", checklist.Clean(r.Name), r.Seq)
	if s.Piped() {
		fmt.Fprintf(t, "%s  %s\n\n", r.head(), id)
	} else if room := s.Edge() - checklist.Width(id) - 2; checklist.Width(r.head()) <= room {
		fmt.Fprintf(t, "%s  %s\n\n", s.Bold(checklist.Pad(r.head(), room)), id)
	} else {
		fmt.Fprintf(t, "%s\n%s\n\n", s.Bold(r.head()), id)
	}
	t.prose(0, r.Sentence())
	for _, line := range r.Outlook() {
		t.prose(0, line)
	}
	parts := r.parts()
	for _, p := range parts {
		for _, l := range p.lines {
			if !strings.Contains(l.key, " ") {
				t.key = max(t.key, len(l.key))
			}
		}
	}
	t.key = min(t.key, 7)
	last := ""
	for _, p := range parts {
		if group(p.title) != last || s.Piped() && last == "" {
			fmt.Fprintln(t)
		}
		last = group(p.title)
		t.part(p)
	}
	if more != "" {
		fmt.Fprintf(t, "\n%s\n", more)
	}
	return t.Flush()
}

// group is what stands together without a blank line between.
func group(title string) string {
	switch title {
	case "Status", "Ask":
		return "recorded"
	case "Done", "Re-opened", "Started", "Waiting", "Late":
		return "tasks"
	case "Scope", "Regrouped":
		return "scope"
	case "Next week", "Risks":
		return "ahead"
	}
	return "rest"
}

// text writes with the columns of one report.
type text struct {
	*bufio.Writer
	style checklist.Style
	key   int
}

func (t text) part(p part) {
	title := p.title
	for _, line := range p.prose {
		if t.style.Piped() {
			fmt.Fprintf(t, "%s  %s\n", title, line)
			continue
		}
		for i, row := range fold(line, t.style.Edge()-lead) {
			if i > 0 {
				title = ""
			}
			fmt.Fprintf(t, "%s%s\n", checklist.Pad(title, lead), row)
		}
	}
	owner, right := 0, 0
	for _, l := range p.lines {
		owner, right = max(owner, min(checklist.Width(l.owner), 8)), max(right, checklist.Width(l.side()))
	}
	for _, l := range p.lines {
		if t.style.Piped() {
			t.piped(p.title, l)
			continue
		}
		t.line(title, l, owner, right)
		title = ""
	}
}

// side is what stands at the right: a day, a number of days, else the first link.
func (l line) side() string {
	if l.right != "" || len(l.links) == 0 {
		return l.right
	}
	return checklist.LinkName(l.links[0])
}

func (t text) piped(title string, l line) {
	var parts []string
	for _, part := range []string{title, l.mark, l.key, l.text, l.owner, l.right, strings.Join(l.links, " "), strings.Join(l.below, "; ")} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	fmt.Fprintln(t, strings.Join(parts, "  "))
}

func (t text) line(title string, l line, owner, right int) {
	head := checklist.Pad(title, lead-2-checklist.Width(l.mark)) + l.mark + "  "
	if checklist.Width(l.key) <= t.key {
		head += strings.Repeat(" ", t.key-checklist.Width(l.key)) + l.key + "  "
	} else {
		head += l.key + "  "
	}
	ends := ""
	if owner > 0 {
		ends += "  " + checklist.Pad(l.owner, owner)
	}
	if right > 0 {
		side := l.side()
		ends += "  " + strings.Repeat(" ", max(right-checklist.Width(side), 0)) + side
	}
	room := t.style.Edge() - checklist.Width(head) - checklist.Width(ends)
	fmt.Fprintln(t, strings.TrimRight(head+checklist.Pad(l.text, max(room, 12))+ends, " "))
	indent := lead + t.key + 2
	for _, below := range l.below {
		for _, row := range fold(below, t.style.Edge()-indent) {
			fmt.Fprintf(t, "%s%s\n", strings.Repeat(" ", indent), row)
		}
	}
}

// prose writes a sentence.
func (t text) prose(indent int, sentence string) {
	if t.style.Piped() {
		fmt.Fprintln(t, sentence)
		return
	}
	for _, row := range fold(sentence, t.style.Edge()-indent) {
		fmt.Fprintf(t, "%s%s\n", strings.Repeat(" ", indent), row)
	}
}

// fold breaks text between words into lines of at most width columns; a longer
// word is cut.
func fold(text string, width int) []string {
	width = max(width, 12)
	var lines []string
	row := ""
	words := strings.Fields(text)
	for i := 0; i < len(words); i++ {
		word := words[i]
		if i+1 < len(words) && words[i+1] == "%" { // a number and its unit stay together
			word, i = word+" %", i+1
		}
		word = checklist.Cut(word, width)
		switch {
		case row == "":
			row = word
		case checklist.Width(row)+1+checklist.Width(word) > width:
			lines, row = append(lines, row), word
		default:
			row += " " + word
		}
	}
	return append(lines, row)
}
