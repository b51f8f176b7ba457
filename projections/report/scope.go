package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
)

// scope tells which commands changed the scope after the report's beginning.
func (r *Report) scope(changes []burndown.ScopeChange, rows []audit.Row) {
	commands := make(map[events.Seq]audit.Entry)
	for _, e := range audit.Commands(rows) {
		commands[e.First().Seq] = e
	}
	for _, c := range changes {
		if c.Seq <= r.From.Seq {
			continue
		}
		change := Change{Seq: c.Seq, Keys: c.Tasks, Reason: checklist.Clean(c.Reason), Who: checklist.Clean(c.By.Name())}
		if e, ok := commands[c.Seq]; ok {
			change.Who = checklist.Clean(e.First().Who())
		}
		change.Text = r.textOf(c)
		if c.Command == "ScheduleTask" {
			change.Note = "repeats no longer"
			if c.Removed > 0 {
				change.Note = "repeats from now on"
			}
		}
		if c.Regrouped != 0 {
			also := change
			also.By = c.Regrouped
			r.Regrouped = append(r.Regrouped, also)
		}
		// What came and what went in one command stand apart.
		for _, by := range []int{c.Added, -c.Removed} {
			if by != 0 {
				change.By = by
				r.Changes = append(r.Changes, change)
			}
		}
		if change.Reason == "" && change.Note == "" && c.Added+c.Removed > 0 && !c.Import {
			r.Hygiene.NoReason = append(r.Hygiene.NoReason, c.Seq)
		}
	}
}

// textOf names the tasks of a change: the only one, the one that the others stand
// in, or the first of them.
func (r *Report) textOf(c burndown.ScopeChange) string {
	if c.Import {
		return fmt.Sprintf("%d tasks came with the import", len(c.Tasks))
	}
	var blocks []*checklist.Block
	for _, key := range c.Tasks {
		if b := r.st.Block(events.TaskRef(key)); b != nil && b.Task != nil {
			blocks = append(blocks, b)
		}
	}
	if len(blocks) == 0 {
		return checklist.Clean(c.Command)
	}
	first := checklist.Clean(blocks[0].Task.Text)
	if len(blocks) > 1 && c.Regrouped != 0 {
		for _, b := range blocks {
			if slices.ContainsFunc(blocks, func(other *checklist.Block) bool { return other.ParentTask() == b }) {
				return checklist.Clean(b.Task.Text)
			}
		}
	}
	if n := len(blocks) - 1; n > 0 {
		return fmt.Sprintf("%s, and %d more", first, n)
	}
	return first
}

// people tells who changed which tasks, by name.
func (r *Report) people(rows []audit.Row) {
	tasks := make(map[string]map[int]bool)
	for _, row := range rows {
		if row.Key == 0 || row.CommandName == "ImportDocument" {
			continue
		}
		_, _, moved := row.State()
		occurred := row.Kind == events.KindTaskCompleted
		if !moved && !occurred && row.Kind != events.KindTaskRemoved && row.Kind != events.KindTaskAdded {
			continue
		}
		name := checklist.Clean(row.Who())
		if tasks[name] == nil {
			tasks[name] = make(map[int]bool)
		}
		tasks[name][row.Key] = true
		if row.CommandName == "SplitTask" && row.Parent != 0 {
			tasks[name][row.Parent] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tasks)) {
		r.People = append(r.People, Person{name, slices.Sorted(maps.Keys(tasks[name]))})
	}
}

// hygiene tells what is missing of open work.
func (r *Report) hygiene() {
	linked := false
	for b := range r.st.Root().Tasks() {
		linked = linked || len(b.Task.Links) > 0
	}
	for b := range r.st.Root().Tasks() {
		if !live(b) {
			continue
		}
		if len(b.Task.Assignees) == 0 {
			r.Hygiene.NoOwner = append(r.Hygiene.NoOwner, b.Task.Key)
		}
		if linked && len(b.Task.Links) == 0 {
			r.Hygiene.NoLink = append(r.Hygiene.NoLink, b.Task.Key)
		}
	}
	slices.Sort(r.Hygiene.NoOwner)
	slices.Sort(r.Hygiene.NoLink)
}

// keys writes keys shortly, at most some of them: "2-7 9 and 3 more".
func keys(list []int, most int) string {
	var parts []string
	for i := 0; i < len(list); {
		if len(parts) == most {
			return strings.Join(parts, " ") + fmt.Sprintf(" and %d more", len(list)-i)
		}
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		part := strconv.Itoa(list[i])
		if j > i {
			part += "-" + strconv.Itoa(list[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, " ")
}
