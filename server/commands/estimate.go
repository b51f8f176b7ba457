package commands

import (
	"strings"

	"cairn/events"
	"cairn/server/markdown"
)

// Estimate says how much work tasks are: "3d", "4h" or points.
type Estimate struct {
	Tasks    []string `json:"tasks"`
	Estimate string   `json:"estimate"`
}

// Name returns the stored name.
func (Estimate) Name() string { return "EstimateTask" }

var estimateForm = pattern(`^[0-9]{1,6}(\.[0-9]{1,3})?[dhw]?$`)

func (c Estimate) resolve(r *resolver) (Command, error) {
	var err error
	if c.Tasks, err = r.tasks(c.Tasks, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
		return nil, err
	}
	if c.Estimate != none && !estimateForm().MatchString(c.Estimate) {
		return nil, usage("estimate %q: want days (3d), hours (4h), weeks (2w), points (5), or none", c.Estimate)
	}
	return c, nil
}

func (c Estimate) decide(d *decision) error {
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	estimate := strings.TrimSuffix(c.Estimate, none)
	for _, b := range blocks {
		if b.Task.Estimate != estimate {
			e := &events.TaskEstimated{Key: b.Task.Key, Estimate: estimate}
			e.Raw, e.Box = d.inLine(b, func(m *markdown.Meta) { m.Estimate = estimate })
			d.add(e)
		}
	}
	return nil
}
