package audit

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// Blamed is a line of the checklist: a section's heading, or a task and the event
// that gave it its state.
type Blamed struct {
	// Heading is the section's title, on lines that are no task.
	Heading string

	Key int
	// Text is what it is about, Line that as it stands: "  - [x] Seed scripts".
	Text, Line string
	State      events.State
	Mark       byte
	Section    events.Ref
	// SectionTitle is that of Section; empty before the first heading.
	SectionTitle string

	// By is the event that gave it its state. Moving or rewording the line, or
	// taking it over in a sync, does not change that.
	By checklist.Change
	// Import says that the state is that of the import, which names nobody: of a
	// file without a history.
	Import bool
	// Added says that the task was added after the start.
	Added bool
	// Was is the event that made it done, where it is no longer.
	Was checklist.Change
}

// Blame returns the tasks in b, and b itself where it is one, in the order of the
// document, with the headings in b that have tasks under them.
func Blame(st *checklist.State, b *checklist.Block) []Blamed {
	var lines []Blamed
	if b.Task != nil {
		lines = append(lines, blamed(st, b))
	}
	for at := range b.All() {
		switch {
		case at.Section != nil && !at.Leaf():
			lines = append(lines, Blamed{Heading: checklist.Clean(at.Section.Title), Section: at.Ref})
		case at.Task != nil:
			lines = append(lines, blamed(st, at))
		}
	}
	return lines
}

func blamed(st *checklist.State, b *checklist.Block) Blamed {
	t := b.Task
	l := Blamed{
		Key: t.Key, Text: checklist.Clean(t.Text), State: t.State, Mark: b.Mark(),
		By: t.StateChanged, Added: t.Added.Seq > st.Imported(),
	}
	if heading := b.Heading(); heading != nil {
		l.Section, l.SectionTitle = heading.Ref, checklist.Clean(heading.Section.Title)
	}
	if l.By.Seq == 0 { // it still is as it came
		l.By = t.Added
		l.Import = !l.Added && l.By.Via != viaGit
	}
	if t.State != events.Done {
		l.Was = t.Completed
	}
	begin := b.Raw[:min(t.Box, len(b.Raw))]
	begin = begin[strings.LastIndexByte(begin, '\n')+1:]
	l.Line = strings.ReplaceAll(begin, "\t", "    ")
	l.Line = checklist.Clean(l.Line) + string(rune(l.Mark)) + "] " + l.Text
	return l
}

// viaGit is the door of what was taken from a commit, by its author.
const viaGit = "git"

// Who returns whom a line names: "import", or as the log does.
func (l Blamed) Who() string {
	if l.Import {
		return "import"
	}
	return l.By.Who()
}

// signs are those that stand at a line.
func (l Blamed) signs() string {
	signs := ""
	if l.Was.Seq != 0 {
		signs += "↺"
	}
	if l.Added {
		signs += "+"
	}
	return signs
}

// BlameText writes lines, which [Blame] returned, as the log writes its own. For a
// pipe each task is one line of six columns with tabs between, without headings,
// - where there is nothing:
//
//	@SEQ  TIME  WHO  SIGNS  KEY  LINE
func BlameText(w io.Writer, lines []Blamed, about About, s checklist.Style) error {
	buf := bufio.NewWriter(w)
	if s.Piped() {
		for _, l := range lines {
			if l.Heading == "" {
				signs := l.signs()
				if signs == "" {
					signs = "-"
				}
				fmt.Fprintf(buf, "@%d\t%s\t%s\t%s\t%d\t%s\n", l.By.Seq, about.in(l.By.At).Format(time.RFC3339), l.Who(), signs, l.Key, l.Line)
			}
		}
		return buf.Flush()
	}
	moment := ""
	if m := s.Of.String(); m != "" {
		moment = " " + m
	}
	fmt.Fprintf(buf, "%s@%d%s · who last changed the state of each line\n", checklist.Clean(about.Name), about.Seq, moment)
	at, who, signs := 0, 0, 0
	for _, l := range lines {
		if l.Heading == "" {
			at = max(at, len(l.at()))
			who = max(who, min(checklist.Width(l.Who()), 12))
			signs = max(signs, checklist.Width(l.signs()))
		}
	}
	for i, l := range lines {
		if i == 0 || l.Heading != "" && lines[i-1].Heading == "" {
			fmt.Fprintln(buf)
		}
		if l.Heading != "" {
			fmt.Fprintln(buf, s.Bold(checklist.Cut(l.Heading, s.Edge())))
			continue
		}
		head := strings.Repeat(" ", at-len(l.at())) + l.at() + " " + about.in(l.By.At).Format(time.DateOnly) + " " + checklist.Pad(l.Who(), who) + " "
		if signs > 0 {
			head += checklist.Pad(l.signs(), signs) + " "
		}
		fmt.Fprintln(buf, head+checklist.Cut(l.Line, max(s.Edge()-checklist.Width(head), 20)))
	}
	if legend := blameLegend(lines, about); len(legend) > 0 {
		fmt.Fprintln(buf)
		packed(buf, 0, s, "   ", legend)
	}
	return buf.Flush()
}

func (l Blamed) at() string { return "@" + strconv.FormatUint(uint64(l.By.Seq), 10) }

// blameLegend explains the signs that are in use.
func blameLegend(lines []Blamed, about About) []string {
	var was []checklist.Change
	added, declared := false, false
	for _, l := range lines {
		if l.Heading != "" {
			continue
		}
		if l.Was.Seq != 0 {
			was = append(was, l.Was)
		}
		added = added || l.Added
		declared = declared || !l.Import && !l.By.By.Verified()
	}
	var legend []string
	switch len(was) {
	case 0:
	case 1:
		legend = append(legend, fmt.Sprintf("↺ was done before (@%d, %s)", was[0].Seq, about.in(was[0].At).Format(time.DateOnly)))
	default:
		legend = append(legend, "↺ was done before")
	}
	if added {
		legend = append(legend, "+ added after the start")
	}
	if declared {
		legend = append(legend, "* not authenticated")
	}
	return legend
}
