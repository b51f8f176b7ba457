package audit

import (
	"fmt"
	"strconv"
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
	what, detail := r.Marks(), r.Detail(today)
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
	right = checklist.Cut(right, max(room/2, 10))
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

// Consequences returns at most two things that follow from rows, the events of
// one command: which tasks can start now, which parent could be closed. After
// is the state after them.
func Consequences(after *checklist.State, rows []Row) []string {
	closed, opened := make(map[int]bool), make(map[int]bool)
	unblocked := make(map[int]bool)
	for _, r := range rows {
		before, now, moved := r.State()
		switch {
		case r.Action == "unblock":
			unblocked[r.Key] = true
		case !moved || before == "":
		case before.Open() && !now.Open():
			closed[r.Key] = true
		case !before.Open() && now.Open():
			opened[r.Key] = true
		}
	}
	if len(closed)+len(opened)+len(unblocked) == 0 {
		return nil
	}
	var all []string
	for _, text := range []string{
		starts(after, closed, unblocked), waitsAgain(after, opened), closable(after, rows, closed), finished(after, closed),
	} {
		if text != "" {
			all = append(all, text)
		}
	}
	return all[:min(len(all), 2)]
}

func starts(after *checklist.State, closed, unblocked map[int]bool) string {
	var free []*checklist.Block
	for b := range after.Root().Tasks() {
		was := unblocked[b.Task.Key]
		for _, key := range b.Task.BlockedBy {
			was = was || closed[key]
		}
		if was && !b.Risk() && startable(after, b) {
			free = append(free, b)
		}
	}
	switch len(free) {
	case 0:
		return ""
	case 1:
		t := free[0].Task
		owner := ""
		if len(t.Assignees) > 0 {
			owner = " (" + checklist.Clean(strings.Join(t.Assignees, ", ")) + ")"
		}
		return fmt.Sprintf("%d %s can start now%s", t.Key, checklist.Cut(checklist.Clean(t.Text), 40), owner)
	}
	var keys []string
	for i, b := range free {
		if i == 5 && len(free) > 6 {
			return fmt.Sprintf("%s and %d more can start now", strings.Join(keys, ", "), len(free)-5)
		}
		keys = append(keys, strconv.Itoa(b.Task.Key))
	}
	return strings.Join(keys, ", ") + " can start now"
}

// startable reports whether nothing holds a task up any more.
func startable(st *checklist.State, b *checklist.Block) bool {
	if s := b.Task.State; s != events.Todo && s != events.InProgress {
		return false
	}
	for at := b; at != nil; at = at.ParentTask() {
		if len(st.Waits(at)) > 0 || !at.Task.State.Open() {
			return false
		}
	}
	return true
}

func waitsAgain(after *checklist.State, opened map[int]bool) string {
	if len(opened) == 0 {
		return ""
	}
	for b := range after.Root().Tasks() {
		for _, key := range after.Waits(b) {
			if opened[key] && b.Task.State.Open() {
				return fmt.Sprintf("%d waits for %d again", b.Task.Key, key)
			}
		}
	}
	return ""
}

// closable names a parent under which nothing is open any more.
func closable(after *checklist.State, rows []Row, closed map[int]bool) string {
	for _, r := range rows {
		b := after.Task(r.Key)
		if b == nil || !closed[r.Key] {
			continue
		}
		parent := b.ParentTask()
		if parent == nil || !parent.Task.State.Open() {
			continue
		}
		leaves, open, dropped := 0, 0, 0
		for leaf := range parent.Tasks() {
			switch {
			case leaf.Task.State.Open():
				open++
			case leaf.Leaf():
				leaves++
			}
			if leaf.Task.State == events.Dropped {
				dropped++
			}
		}
		if open > 0 {
			continue
		}
		how := "done"
		if dropped > 0 {
			how = "closed"
		}
		return fmt.Sprintf("all %d under %d are %s: cairn done %d", leaves, parent.Task.Key, how, parent.Task.Key)
	}
	return ""
}

// finished says that a section, or everything, is done.
func finished(after *checklist.State, closed map[int]bool) string {
	if len(closed) == 0 {
		return ""
	}
	if p := after.Root().Tally().Progress; p.Work > 0 && p.Remaining() == 0 {
		if p.Work == 1 {
			return "that was the last one"
		}
		return fmt.Sprintf("all %d are done", p.Work)
	}
	return ""
}
