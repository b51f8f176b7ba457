package checklist

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"cairn/events"
)

// statusLimit is how many tasks each part of [Status] shows.
const statusLimit = 5

// Status writes where the checklist stands: progress, what belongs to s.Me,
// what is late, what is on hold or waits, and what could be next. A task
// stands in the first part that it fits.
func Status(w io.Writer, st *State, s Style) error {
	buf := bufio.NewWriter(w)
	r := newRows(st, s)
	r.head()
	seen := make(map[*Block]bool)
	for _, p := range r.parts() {
		var tasks []*Block
		for _, b := range p.tasks {
			if !seen[b] {
				tasks = append(tasks, b)
			}
		}
		r.part(p, tasks, seen)
	}
	if p := st.root.Tally().Progress; p.Work > 0 && p.Remaining() == 0 {
		r.print("")
		r.print("All work is done.")
	}
	r.flush(buf)
	return buf.Flush()
}

// part is one list of the status.
type part struct {
	title string
	tasks []*Block
	// total is how many tasks the command shows that more names.
	total int
	limit int
	more  string
}

func (r *rows) parts() []part {
	var mine, late, blocked []*Block
	for b := range r.st.root.Tasks() {
		t := b.Task
		if !t.State.Open() || b.underDropped() {
			continue
		}
		if Owns(r.style.Me, t.Assignees) && (t.State != events.Todo || r.st.Ready(b, r.today) || b.Late(r.today) > 0) {
			mine = append(mine, b)
		}
		if b.Late(r.today) > 0 {
			late = append(late, b)
		}
		if t.State == events.OnHold || len(r.st.Waits(b)) > 0 {
			blocked = append(blocked, b)
		}
	}
	open := []events.State{events.Todo, events.InProgress, events.OnHold}
	listed := func(filters ...Filter) int {
		n := 0
		for b := range r.st.root.Tasks() {
			if slices.ContainsFunc(filters, func(f Filter) bool { return f.Match(r.st, b, r.today) }) {
				n++
			}
		}
		return n
	}
	next := r.st.NextTasks(r.today)
	return []part{
		{"Mine", mine, listed(Filter{States: open, Mine: true, Me: r.style.Me}), statusLimit, "cairn ls open mine"},
		{"Late", late, listed(Filter{Late: true}), statusLimit, "cairn ls late"},
		{"On hold or waiting", blocked, listed(Filter{States: []events.State{events.OnHold}}, Filter{Blocked: true}), statusLimit, "cairn ls hold, cairn ls blocked"},
		{"Next", next, len(next), 3, "cairn next"},
	}
}

// part adds the tasks of a part that no part before has shown, and says of how
// many they are.
func (r *rows) part(p part, tasks []*Block, seen map[*Block]bool) {
	if len(tasks) == 0 {
		return
	}
	limit := len(tasks)
	if !r.style.All && !r.style.Piped() {
		limit = min(limit, p.limit)
	}
	if p.title == "Next" && !r.style.All {
		limit = min(limit, p.limit)
	}
	r.print("")
	title := r.style.Bold(p.title)
	if limit < p.total {
		title += r.style.Dim(fmt.Sprintf("  %d of %d (%s)", limit, p.total, p.more))
	}
	r.print("%s", title)
	for _, b := range tasks[:limit] {
		r.task(b, 2)
	}
	for _, b := range tasks {
		seen[b] = true
	}
}
