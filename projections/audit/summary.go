package audit

import (
	"fmt"
	"slices"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
)

// Count is how many tasks of a difference something was done to.
type Count struct {
	Action string `json:"action"`
	Tasks  int    `json:"tasks"`
}

// summed is the order in which a summary counts.
var summed = []string{
	"done", "re-opened", "started", "stopped", "held", "dropped", "added", "removed", "split", "moved", "reworded", "assign", "from", "due",
	"hold", "estimate", "label", "link", "block", "occurred", "corrected",
}

// counted is how the summary names those that are no participle.
var counted = map[string]string{
	"assign": "assigned", "from": "with another start", "due": "with another due day", "hold": "with another day to look again",
	"estimate": "estimated", "label": "labelled", "link": "linked", "block": "with other blockers", "occurred": "done and due again",
}

// Counts returns how many tasks each action of the difference is the first of; each
// task counts once.
func (d Difference) Counts() []Count {
	n := make(map[string]int)
	for _, sec := range d.Sections {
		for _, item := range sec.Items {
			if item.Target.Noun == events.TaskNoun {
				n[item.Action]++
			}
		}
	}
	var counts []Count
	for _, action := range summed {
		if n[action] > 0 {
			counts = append(counts, Count{action, n[action]})
		}
	}
	return counts
}

// Tasks returns how many tasks differ, and in how many sections.
func (d Difference) Tasks() (tasks, sections int) {
	for _, sec := range d.Sections {
		there := slices.ContainsFunc(sec.Items, func(i Item) bool { return i.Target.Noun == events.TaskNoun })
		if there {
			sections++
		}
		for _, item := range sec.Items {
			if item.Target.Noun == events.TaskNoun {
				tasks++
			}
		}
	}
	return tasks, sections
}

// Summary returns what the difference adds up to, as sentences. Its figures are
// those of the two states.
func (d Difference) Summary() string {
	var text strings.Builder
	if tasks, sections := d.Tasks(); tasks > 0 {
		var parts []string
		for _, c := range d.Counts() {
			name := c.Action
			if n, ok := counted[name]; ok {
				name = n
			}
			parts = append(parts, fmt.Sprintf("%d %s", c.Tasks, name))
		}
		fmt.Fprintf(&text, "%s in %s: %s. ", number(tasks, "task"), number(sections, "section"), strings.Join(parts, ", "))
	}
	if other := d.others(); len(other) > 0 {
		fmt.Fprintf(&text, "Besides, %s. ", strings.Join(other, ", "))
	}
	for i, f := range figures(d.Before, d.After) {
		name := f.name
		if i == 0 {
			name = strings.ToUpper(name[:1]) + name[1:]
		} else {
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "%s %d → %d", name, f.before, f.after)
	}
	return text.String() + "."
}

// others counts what differs and is no task.
func (d Difference) others() []string {
	headings, texts := 0, 0
	for _, sec := range d.Sections {
		for _, item := range sec.Items {
			switch item.Target.Noun {
			case events.SectionNoun:
				headings++
			case events.TextNoun:
				texts++
			}
		}
	}
	var parts []string
	if headings > 0 {
		parts = append(parts, number(headings, "heading"))
	}
	if texts > 0 {
		parts = append(parts, number(texts, "text"))
	}
	if len(d.Plan) > 0 {
		parts = append(parts, "the plan")
	}
	return parts
}

type figure struct {
	name          string
	before, after int
}

func figures(before, after checklist.Progress) []figure {
	return []figure{
		{"done", before.Done, after.Done}, {"scope", before.Work, after.Work}, {"remaining", before.Remaining(), after.Remaining()},
	}
}
