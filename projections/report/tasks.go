package report

import (
	"cmp"
	"slices"
	"time"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/checklist"
)

// passed is what the rows tell of one task.
type passed struct {
	row              audit.Row // the last that changed its state
	closed, reopened bool
	why              string // it was opened again
}

// tasks tells what was done, opened again and started.
func (r *Report) tasks(was *checklist.State, rows []audit.Row) {
	seen := make(map[int]*passed)
	var order []int
	for _, row := range rows {
		before, now, ok := row.State()
		if !ok || before == "" || row.Key == 0 || before == now {
			continue
		}
		if row.Kind == events.KindTaskRemoved || row.Kind == events.KindTaskRestored {
			continue
		}
		p := seen[row.Key]
		if p == nil {
			p = &passed{}
			seen[row.Key] = p
			order = append(order, row.Key)
		}
		p.row = row
		switch {
		case now == events.Done:
			p.closed = true
		case before == events.Done:
			p.reopened, p.why = true, row.Reason
		}
	}
	for _, key := range order {
		p := seen[key]
		b := r.st.Block(events.TaskRef(key))
		if b == nil || b.Task == nil || !counts(b) {
			continue
		}
		item := r.item(b)
		item.Reason = p.row.Reason
		if b.Removed {
			item.Note = "removed since"
		}
		state := b.Task.State
		switch {
		case p.closed && !state.Open():
			if state == events.Dropped {
				item.Note = "dropped since"
			}
			r.Done = append(r.Done, item)
		case state == events.InProgress && !p.reopened && !b.Removed && !started(was, key):
			r.Started = append(r.Started, item)
		}
		if p.reopened {
			item.Reason, item.Note = p.why, ""
			if state == events.Done {
				item.Note = "done again since"
			}
			r.Reopened = append(r.Reopened, item)
		}
	}
}

func started(was *checklist.State, key int) bool {
	b := was.Task(key)
	return b != nil && b.Task.State == events.InProgress
}

// counts reports whether a task is work, or was before it was removed or dropped.
func counts(b *checklist.Block) bool { return b.Leaf() && !b.Risk() && b.Task.Every == "" }

// live reports whether a task is open work.
func live(b *checklist.Block) bool {
	for at := b; at != nil; at = at.ParentTask() {
		if at.Task.State == events.Dropped {
			return false
		}
	}
	return counts(b) && b.Task.State.Open()
}

// item returns the task as a report names it.
func (r *Report) item(b *checklist.Block) Item {
	t := b.Task
	item := Item{Key: t.Key, Text: checklist.Clean(t.Text), State: t.State, Links: t.Links, Due: t.Due}
	for _, who := range t.Assignees {
		item.Owners = append(item.Owners, checklist.Clean(who))
	}
	if h := b.Heading(); h != nil {
		item.Section = h.Section.Key
	}
	return item
}

// standing tells what waits, what is late and what is due next.
func (r *Report) standing() {
	holds := make(map[int][]int)
	for b := range r.st.Root().Tasks() {
		if !b.Task.State.Open() {
			continue
		}
		for _, key := range r.st.Waits(b) {
			holds[key] = append(holds[key], b.Task.Key)
		}
	}
	week := events.DayOf(r.To.Day.In(time.UTC).AddDate(0, 0, 7))
	for b := range r.st.Root().Tasks() {
		t := b.Task
		if t.State == events.OnHold && live(b) {
			item := r.item(b)
			item.Reason, item.Due, item.HoldsUp = t.StateChanged.Reason, t.Until, holds[t.Key]
			since := t.StateChanged
			if since.Seq == 0 {
				since = t.Added
			}
			item.Days = between(r.dayOf(since.At), r.To.Day)
			r.Waiting = append(r.Waiting, item)
		}
		late := b.Late(r.To.Day)
		switch {
		case late > 0:
			item := r.item(b)
			item.Days, item.HoldsUp = late, holds[t.Key]
			r.Late = append(r.Late, item)
		case t.State.Open() && t.Due.Valid() && t.Due <= week && (live(b) || t.Every != "" || b.Risk()):
			r.Next = append(r.Next, r.item(b))
		}
	}
	slices.SortStableFunc(r.Late, func(a, b Item) int { return cmp.Compare(b.Days, a.Days) })
	slices.SortStableFunc(r.Next, func(a, b Item) int { return cmp.Compare(a.Due, b.Due) })
}

// dayOf is the day of a moment in the checklist's zone.
func (r *Report) dayOf(at time.Time) events.Day { return events.DayOf(at.In(r.st.Zone())) }

// between returns the days from one day to another.
func between(from, to events.Day) int {
	return max(int(to.In(time.UTC).Sub(from.In(time.UTC))/(24*time.Hour)), 0)
}
