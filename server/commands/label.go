package commands

import (
	"slices"
	"strings"

	"cairn/events"
	"cairn/server/markdown"
)

// Label puts labels on tasks and takes others off.
type Label struct {
	Tasks  []string `json:"tasks"`
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
}

// Name returns the stored name.
func (Label) Name() string { return "LabelTask" }

func (c Label) resolve(r *resolver) (Command, error) {
	var err error
	if c.Tasks, err = r.tasks(c.Tasks, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
		return nil, err
	}
	if len(c.Add)+len(c.Remove) == 0 {
		return nil, usage("which labels? +x puts one on, -x takes one off")
	}
	for _, l := range slices.Concat(c.Add, c.Remove) {
		if l == "" || strings.ContainsAny(l, " \t\r\n,") {
			return nil, usage("label %q: want one word", l)
		}
	}
	return c, nil
}

func (c Label) decide(d *decision) error {
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		after := without(b.Task.Labels, c.Remove...)
		for _, l := range c.Add {
			if !slices.Contains(after, l) {
				after = append(after, l)
			}
		}
		if !slices.Equal(after, b.Task.Labels) {
			e := &events.TaskLabeled{Key: b.Task.Key, Labels: after}
			e.Raw, e.Box = d.inLine(b, func(m *markdown.Meta) { m.Labels = after })
			d.add(e)
		}
	}
	return nil
}
