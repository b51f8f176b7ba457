package audit

import (
	"fmt"
	"strconv"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
)

// Consequences returns at most two things to know about rows, the events of one
// command: what went along, what was begun or closed before its time, which tasks
// can start now, which parent could be closed. After is the state after them.
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
	var all []string
	for _, text := range []string{
		along(after, rows), early(after, rows), starts(after, closed, unblocked), waitsAgain(after, opened), closable(after, rows, closed), finished(after, closed),
	} {
		if text != "" {
			all = append(all, text)
		}
	}
	return all[:min(len(all), 2)]
}

// along says how many tasks went with what was removed or dropped.
func along(after *checklist.State, rows []Row) string {
	named := make(map[int]bool)
	for _, r := range rows {
		named[r.Key] = true
	}
	n, heads, last, verb := 0, 0, Row{}, ""
	for _, r := range rows {
		before, now, _ := r.State()
		removed := r.Kind == events.KindTaskRemoved || r.Kind == events.KindSectionRemoved
		b := after.Block(r.Target)
		if b == nil || !removed && (now != events.Dropped || before == "") {
			continue
		}
		heads++
		verb = "leave the scope with"
		if removed {
			verb = "went with"
		}
		for task := range b.Tasks() {
			if removed || task.Task.State != events.Dropped && !named[task.Task.Key] {
				n, last = n+1, r
			}
		}
	}
	switch {
	case n == 0:
		return ""
	case heads > 1:
		return fmt.Sprintf("%s under them %s them", number(n, "task"), agrees(n, verb))
	case last.Target.Noun == events.SectionNoun:
		return fmt.Sprintf("%s in s:%d %s it", number(n, "task"), last.Target.Key, agrees(n, verb))
	}
	return fmt.Sprintf("%s under %d %s it", number(n, "task"), last.Key, agrees(n, verb))
}

// agrees is the verb for n of something.
func agrees(n int, verb string) string {
	if n == 1 {
		return strings.Replace(verb, "leave ", "leaves ", 1)
	}
	return verb
}

// early says that a task which was started or done, or one that it stands in,
// waits for another that is open.
func early(after *checklist.State, rows []Row) string {
	for _, r := range rows {
		before, now, moved := r.State()
		if !moved || before == "" || now != events.InProgress && now != events.Done {
			continue
		}
		for b := after.Task(r.Key); b != nil; b = b.ParentTask() {
			waits := after.Waits(b)
			switch len(waits) {
			case 0:
				continue
			case 1:
				by := after.Task(waits[0]).Task
				return fmt.Sprintf("%d waits for %d %s, which is open", b.Task.Key, by.Key, checklist.Cut(checklist.Clean(by.Text), 40))
			}
			return fmt.Sprintf("%d waits for %s, which are open", b.Task.Key, ranges(waits))
		}
	}
	return ""
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
