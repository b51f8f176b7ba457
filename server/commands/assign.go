package commands

import (
	"slices"
	"strings"

	"cairn/events"
	"cairn/server/markdown"
)

const none = "none"

// Assign says whom tasks, or a section, belong to.
type Assign struct {
	Tasks   []string `json:"tasks,omitempty"`
	Section string   `json:"section,omitempty"`
	// Assignees are names; a comma in one of them parts two people, a space
	// does not. "none" is nobody.
	Assignees []string `json:"assignees"`
}

// Name returns the stored name.
func (Assign) Name() string { return "AssignTask" }

func (c Assign) resolve(r *resolver) (Command, error) {
	var err error
	if c.Section, err = r.section(c.Section); err != nil {
		return nil, err
	}
	if c.Section == "" {
		if c.Tasks, err = r.tasks(c.Tasks, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
			return nil, err
		}
	}
	var people []string
	for _, given := range c.Assignees {
		for one := range strings.SplitSeq(given, ",") {
			one = fields(strings.TrimPrefix(strings.TrimSpace(one), "@"))
			if one == stdin {
				return nil, usage("assign to whom? - is nobody's name; write none for nobody")
			}
			if one != none && one != "" && !slices.Contains(people, one) {
				people = append(people, one)
			}
		}
	}
	if len(people) == 0 && !slices.Contains(c.Assignees, none) {
		return nil, usage("assign to whom? A name, or none")
	}
	c.Assignees = people
	if len(people) == 0 {
		c.Assignees = []string{none}
	}
	return c, nil
}

func (c Assign) decide(d *decision) error {
	people := without(c.Assignees, none)
	if c.Section != "" {
		b, err := d.section(c.Section)
		if err != nil {
			return err
		}
		if !slices.Equal(b.Section.Assignees, people) {
			d.add(&events.SectionAssigned{Key: b.Section.Key, Assignees: people})
		}
		return nil
	}
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		if !slices.Equal(b.Task.Assignees, people) {
			e := &events.TaskAssigned{Key: b.Task.Key, Assignees: people}
			e.Raw, e.Box = d.inLine(b, func(m *markdown.Meta) { m.Assignees = people })
			d.add(e)
		}
	}
	return nil
}
