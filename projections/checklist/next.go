package checklist

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"

	"cairn/events"
)

// NextTasks returns what can be worked on now, the first first: what is late by
// its due day, then what is due, then what is in progress, then document order.
// A task that repeats is among them from its due day on.
func (st *State) NextTasks(today events.Day) []*Block {
	var tasks []*Block
	for b := range st.root.Tasks() {
		if st.Ready(b, today) {
			tasks = append(tasks, b)
		}
	}
	rank := func(b *Block) (events.Day, int) {
		due := b.Task.Due
		if due == "" {
			due = "9999-12-31"
		}
		if b.Task.State == events.InProgress {
			return due, 0
		}
		return due, 1
	}
	slices.SortStableFunc(tasks, func(a, b *Block) int {
		dueA, startedA := rank(a)
		dueB, startedB := rank(b)
		return cmp.Or(cmp.Compare(dueA, dueB), cmp.Compare(startedA, startedB))
	})
	return tasks
}

// NextLimit is how many tasks [Next] shows on a terminal, unless Style.All.
const NextLimit = 7

// Next writes what can be worked on now. Those that f does not select are left
// out; the zero Filter selects all.
func Next(w io.Writer, st *State, f Filter, s Style) error {
	buf := bufio.NewWriter(w)
	r := newRows(st, s)
	tasks := slices.DeleteFunc(st.NextTasks(r.today), func(b *Block) bool { return !f.Match(st, b, r.today) })
	if s.Piped() {
		for _, b := range tasks {
			buf.WriteString(r.record(b))
		}
		return buf.Flush()
	}
	shown := tasks
	if !s.All {
		shown = tasks[:min(len(tasks), NextLimit)]
	}
	switch {
	case len(tasks) == 0:
		fmt.Fprintf(buf, "%s · nothing can be worked on now\n", r.id())
		if waiting := r.waiting(); waiting != "" {
			fmt.Fprintf(buf, "\n%s\n", waiting)
		}
		return buf.Flush()
	case len(shown) < len(tasks):
		fmt.Fprintf(buf, "%s · %d of %d that can be worked on now\n\n", r.id(), len(shown), len(tasks))
	default:
		fmt.Fprintf(buf, "%s · %d can be worked on now\n\n", r.id(), len(tasks))
	}
	r.queue(buf, shown)
	buf.WriteByte('\n')
	if line := st.lever(tasks); line != "" {
		fmt.Fprintln(buf, Cut(line, s.Edge()))
	}
	fmt.Fprintln(buf, s.Dim(Cut("Late first, then by due day, in progress before to do, then as in the document.", s.Edge()+2)))
	return buf.Flush()
}

// queue writes tasks with what decides their order at the left.
func (r *rows) queue(w *bufio.Writer, tasks []*Block) {
	when, key, owner := 0, 2, 0
	for _, b := range tasks {
		when = max(when, Width(r.due(b)))
		key = max(key, len(strconv.Itoa(b.Task.Key)))
		owner = max(owner, Width(r.owner(b.Task.Assignees)))
	}
	if when > 0 {
		when += 2
	}
	for _, b := range tasks {
		t := b.Task
		due := Pad(r.due(b), when)
		if b.Late(r.today) > 0 {
			due = r.style.Alarm(due)
		}
		fmt.Fprintf(w, "%s%*d  %s ", due, key, t.Key, r.style.paint(stateColor(t.State), b.box()))
		room := r.style.Edge() - when - key - 6
		if owner == 0 {
			fmt.Fprintln(w, Cut(Clean(t.Text), room))
			continue
		}
		who := r.owner(t.Assignees)
		if who == "" {
			who = "–"
		}
		fmt.Fprintf(w, "%s  %s\n", Pad(Clean(t.Text), room-owner-2), who)
	}
}

func (r *rows) due(b *Block) string {
	if days := b.Late(r.today); days > 0 {
		return fmt.Sprintf("LATE %dd", days)
	}
	if b.Task.Due == "" {
		return ""
	}
	return ShortDay(b.Task.Due, r.today)
}

// waiting says why nothing can be worked on.
func (r *rows) waiting() string {
	t := r.st.root.Tally()
	switch {
	case t.Counts.Tasks == 0:
		return "No tasks yet. The first: cairn add TEXT"
	case t.Progress.Remaining() == 0:
		return fmt.Sprintf("All work is done: %d of %d.", t.Progress.Done, t.Progress.Work)
	}
	return "What is open is on hold or waits: cairn ls open"
}

// lever names the task whose closing frees most others.
func (st *State) lever(ready []*Block) string {
	after := make(map[int][]int) // by key, the tasks that wait for it
	for b := range st.root.Tasks() {
		if !b.Task.State.Open() {
			continue
		}
		for _, key := range st.Waits(b) {
			after[key] = append(after[key], b.Task.Key)
		}
	}
	best, most := 0, []int(nil)
	for _, b := range ready {
		if reached := reach(after, b.Task.Key); len(reached) > len(most) {
			best, most = b.Task.Key, reached
		}
	}
	if best == 0 {
		return ""
	}
	var freed, behind []int
	for _, key := range most {
		if waits := st.Waits(st.Task(key)); len(waits) == 1 && waits[0] == best {
			freed = append(freed, key)
		} else {
			behind = append(behind, key)
		}
	}
	text := fmt.Sprintf("Most waits for %d: ", best)
	switch {
	case len(freed) == 0:
		return text + keys(behind, 8) + "."
	case len(behind) == 0:
		return text + "closing it frees " + keys(freed, 8) + "."
	}
	return text + "closing it frees " + keys(freed, 4) + ", and behind it " + keys(behind, 8) + "."
}

// reach returns every key behind from, in order of distance.
func reach(after map[int][]int, from int) []int {
	var found []int
	seen := map[int]bool{from: true}
	for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
		for _, key := range after[queue[0]] {
			if !seen[key] {
				seen[key] = true
				found = append(found, key)
				queue = append(queue, key)
			}
		}
	}
	return found
}
