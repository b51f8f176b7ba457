package checklist

import (
	"slices"
	"strconv"
	"strings"

	"cairn/events"
)

// outline is where the blocks of a document stand, found in one walk.
type outline struct {
	lines     map[*Block]int
	positions map[*Block]string
	// today is the day that what is ready is told for.
	today events.Day
}

func (st *State) outline(today events.Day) outline {
	o := outline{lines: make(map[*Block]int), positions: make(map[*Block]string), today: today}
	line := 1
	for b := range st.root.All() {
		o.lines[b] = line
		line += strings.Count(b.Raw, "\n")
	}
	tasks, sections := st.root.items()
	o.number(tasks, "0.")
	for i, section := range sections {
		o.positions[section] = strconv.Itoa(i + 1)
		o.under(section)
	}
	return o
}

// few is how many blocks are looked for one by one.
const few = 8

// outlineOf is the outline of some tasks and what stands in them.
func (st *State) outlineOf(today events.Day, blocks []*Block) outline {
	if len(blocks) > few {
		return st.outline(today)
	}
	o := outline{lines: make(map[*Block]int), positions: make(map[*Block]string), today: today}
	for _, b := range blocks {
		o.positions[b] = b.position()
		o.under(b)
	}
	line, left := 1, len(o.positions)
	for b := range st.root.All() {
		if _, wanted := o.positions[b]; wanted {
			o.lines[b] = line
			if left--; left == 0 {
				break
			}
		}
		line += strings.Count(b.Raw, "\n")
	}
	return o
}

// position returns where a task or section of the document stands in its outline.
func (b *Block) position() string {
	in := b.Parent
	for in.Parent != nil && in.Task == nil && (in.Section == nil || in.ParentTask() != nil) {
		in = in.Parent
	}
	tasks, sections := in.items()
	prefix := ""
	switch {
	case in.Parent != nil:
		prefix = in.position() + "."
	case b.Task != nil:
		prefix = "0."
	}
	if b.Task != nil {
		return prefix + strconv.Itoa(slices.Index(tasks, b)+1)
	}
	if in.Parent == nil {
		return strconv.Itoa(slices.Index(sections, b) + 1)
	}
	return prefix + strconv.Itoa(len(tasks)+slices.Index(sections, b)+1)
}

// under numbers what stands in b: its tasks, then its sections.
func (o outline) under(b *Block) {
	tasks, sections := b.items()
	prefix := o.positions[b] + "."
	o.number(tasks, prefix)
	for i, section := range sections {
		o.positions[section] = prefix + strconv.Itoa(len(tasks)+i+1)
		o.under(section)
	}
}

func (o outline) number(tasks []*Block, prefix string) {
	for i, task := range tasks {
		o.positions[task] = prefix + strconv.Itoa(i+1)
		o.under(task)
	}
}

// items returns the tasks and sections directly in b, or in a text in it. A
// heading in a task is no section of the outline: its tasks are the task's.
func (b *Block) items() (tasks, sections []*Block) {
	for _, child := range b.Children {
		switch {
		case child.Task != nil:
			tasks = append(tasks, child)
		case child.Section != nil && b.Task == nil && b.ParentTask() == nil:
			sections = append(sections, child)
		default:
			t, s := child.items()
			tasks, sections = append(tasks, t...), append(sections, s...)
		}
	}
	return tasks, sections
}

// Above returns the tasks before the first heading as a section with key 0, which
// is not part of the document; nil if there are none.
func (st *State) Above() *Block {
	tasks, _ := st.root.items()
	if len(tasks) == 0 {
		return nil
	}
	return &Block{Section: &Section{}, Children: tasks}
}

// open reports whether b or a task in it is open.
func (b *Block) open() bool {
	if b.Task.State.Open() {
		return true
	}
	for task := range b.Tasks() {
		if task.Task.State.Open() {
			return true
		}
	}
	return false
}

// closed counts the leaves of b, or b itself, that are done and dropped.
func (b *Block) closed() (done, dropped int) {
	if b.Leaf() {
		if b.underDropped() {
			return 0, 1
		}
		return 1, 0
	}
	for task := range b.Tasks() {
		switch {
		case !task.Leaf():
		case task.underDropped():
			dropped++
		default:
			done++
		}
	}
	return done, dropped
}

// Late returns by how many days the task is late on today; 0 if it is not: it
// is closed, has no due day or one that is not over. A task that repeats is late
// from the day after the occurrence that was not done.
func (b *Block) Late(today events.Day) int {
	t := b.Task
	if !t.State.Open() || !t.Due.Valid() || t.Due >= today || b.underDropped() {
		return 0
	}
	return max(daysBetween(t.Due, today), 0)
}
