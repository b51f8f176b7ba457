package commands

import (
	"fmt"
	"strconv"

	"cairn/events"
	"cairn/projections/checklist"
)

// SeparateTask says that a line was taken for the wrong task: from the event at
// Seq on, it is another.
type SeparateTask struct {
	Task string     `json:"task"`
	Seq  events.Seq `json:"seq"`
}

// Name returns the stored name.
func (SeparateTask) Name() string { return "SeparateTask" }

func (c SeparateTask) resolve(r *resolver) (Command, error) {
	var err error
	c.Task, err = r.task(c.Task)
	return c, err
}

func (c SeparateTask) decide(d *decision) error {
	b, err := d.task(c.Task)
	if err != nil {
		return err
	}
	hint := "It never was: its lines were always the same by text and place."
	for i, t := range b.Task.Taken {
		if t.Change.Seq == c.Seq {
			d.add(&events.TaskSeparated{Key: b.Task.Key, From: t.ID, As: d.key(events.TaskNoun)})
			return nil
		}
		if i == 0 {
			hint = "It was at:"
		}
		hint += fmt.Sprintf("\n  @%d  %.2f  was %q", t.Change.Seq, t.Match.Score, short(t.Text))
	}
	return &Error{Code: CodeNoMoment, Message: fmt.Sprintf("%s was not taken for the same task at @%d", name(b), c.Seq), Hint: hint}
}

// JoinTasks says that a task is the same as an earlier one, which is gone: it
// goes on under the earlier key.
type JoinTasks struct {
	// Tasks are the two, in any order.
	Tasks [2]string `json:"tasks"`
}

// Name returns the stored name.
func (JoinTasks) Name() string { return "JoinTasks" }

func (c JoinTasks) resolve(r *resolver) (Command, error) {
	for i, ref := range c.Tasks {
		if key, err := strconv.Atoi(ref); err == nil && r.st.Block(events.TaskRef(key)) != nil {
			continue // also one that is gone
		}
		key, err := r.task(ref)
		if err != nil {
			return nil, err
		}
		c.Tasks[i] = key
	}
	return c, nil
}

func (c JoinTasks) decide(d *decision) error {
	var there, gone *checklist.Block
	for _, s := range c.Tasks {
		key, err := strconv.Atoi(s)
		if err != nil {
			return usage("%q is no key", s)
		}
		switch b := d.st.Block(events.TaskRef(key)); {
		case b == nil:
			return &Error{Code: CodeNoTask, Message: fmt.Sprintf("no task has the key %d", key)}
		case b.Removed:
			gone = b
		default:
			there = b
		}
	}
	switch {
	case gone == nil:
		return refuse("Nothing was written. join lets a task go on as one that is gone; two that are there stay two.", "both tasks are in the checklist")
	case there == nil:
		return refuse("Nothing was written.", "neither task is in the checklist")
	}
	d.add(&events.TaskJoined{Key: there.Task.Key, Into: gone.Task.Key})
	return nil
}
