package audit

import (
	"fmt"
	"strings"
	"unicode"

	"cairn/events"
	"cairn/projections/checklist"
)

// ChangeLine is what a write prints for a row: the marker before and after (or
// the action), the key, the text, the section's count and the position. After
// is the state after the command.
//
//	[~] → [x]   2  core_events               Foundations 1/14             @156
func ChangeLine(r Row, after *checklist.State, s checklist.Style) string {
	today := events.DayOf(s.Now)
	if s.Now.IsZero() {
		today = events.DayOf(r.Effective)
	}
	e := single(r)
	// Whoever wrote +3d or fri looks which day it is.
	spelled := days{today: today, spelled: true, full: s.Piped()}
	what, detail := r.Marks(), r.detail(spelled)
	if r.Kind == events.KindChecklistDescribed || r.Kind == events.KindChecklistBaselined {
		e.Text = aboutAll(r, spelled)
	}
	if what == "" {
		what = r.Action
	} else {
		detail = strings.TrimSpace(strings.TrimPrefix(detail, what))
	}
	at := ""
	if r.Seq != 0 { // not yet stored: what a dry run would do
		at = e.At()
	}
	count := ""
	if _, _, ok := r.State(); ok {
		count = sectionCount(after, r.Target, 18)
		if r.Action == "added" {
			detail = ""
		}
	}
	right := strings.Join(filled(detail, count), "  ")
	if s.Piped() {
		return strings.Join(filled(what, e.Key, e.Text, right, at), "  ")
	}
	head := checklist.Pad(what, max(9, checklist.Width(what))) + "  "
	if e.Key != "" {
		head += strings.Repeat(" ", max(2-len(e.Key), 0)) + e.Key + "  "
	}
	end := checklist.Pad("", max(5-len(at), 0)) + at
	room := s.Edge() - checklist.Width(head) - len(end) - 2
	right = checklist.Cut(right, max(room*3/5, 10))
	room -= checklist.Width(right)
	if right != "" {
		room -= 2
		right = "  " + right
	}
	return head + checklist.Pad(e.Text, max(room, 10)) + right + "  " + end
}

// sectionCount is the section of a block, in at most width columns, with its
// done and its work: "Foundations 1/14".
func sectionCount(st *checklist.State, ref events.Ref, width int) string {
	b := st.Block(ref)
	if b == nil || b.Removed {
		return ""
	}
	within, title := b.Heading(), ""
	if within == nil {
		within = st.Root()
	} else {
		title = ShortTitle(within.Section.Title, width) + " "
	}
	done, of := within.Tally().Share()
	if of == 0 {
		return strings.TrimSpace(title)
	}
	return fmt.Sprintf("%s%d/%d", title, done, of)
}

// ShortTitle returns a section's title in at most width columns, without its
// number and what stands in parentheses at its end.
func ShortTitle(title string, width int) string {
	short := strings.TrimLeftFunc(checklist.Clean(title), func(r rune) bool {
		return unicode.IsDigit(r) || strings.ContainsRune(" .)(#:-–", r)
	})
	if i := strings.Index(short, " ("); i > 0 {
		short = short[:i]
	}
	if short == "" {
		short = checklist.Clean(title)
	}
	for whole := short; checklist.Width(whole) > width; {
		i := strings.LastIndexByte(whole, ' ')
		if i < 0 {
			return checklist.Cut(short, width)
		}
		if whole = strings.TrimRight(whole[:i], " /&,:;-–+"); checklist.Width(whole) <= width && whole != "" {
			return whole
		}
	}
	return short
}
