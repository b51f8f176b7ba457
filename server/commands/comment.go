package commands

import (
	"fmt"
	"strings"

	"cairn/events"
)

// CommentTask says something about a task.
type CommentTask struct {
	Task string `json:"task"`
	Text string `json:"text"`
}

// Name returns the stored name.
func (CommentTask) Name() string { return "CommentTask" }

func (c CommentTask) resolve(r *resolver) (Command, error) {
	var err error
	if c.Task, err = r.task(c.Task); err != nil {
		return nil, err
	}
	if c.Text = strings.TrimSpace(c.Text); c.Text == "" {
		return nil, usage("a comment needs a text")
	}
	return c, nil
}

func (c CommentTask) decide(d *decision) error {
	b, err := d.task(c.Task)
	if err != nil {
		return err
	}
	d.add(&events.TaskCommented{Key: b.Task.Key, Text: c.Text})
	return nil
}

// UncommentTask takes a comment back: the one of that sequence, else the last.
type UncommentTask struct {
	Task string     `json:"task"`
	Seq  events.Seq `json:"seq,omitempty"`
}

// Name returns the stored name.
func (UncommentTask) Name() string { return "UncommentTask" }

func (c UncommentTask) resolve(r *resolver) (Command, error) {
	var err error
	c.Task, err = r.task(c.Task)
	return c, err
}

func (c UncommentTask) decide(d *decision) error {
	b, err := d.task(c.Task)
	if err != nil {
		return err
	}
	all := b.Task.Comments
	if len(all) == 0 && c.Seq == 0 {
		return nil
	}
	for i := len(all) - 1; i >= 0; i-- {
		if c.Seq == 0 || all[i].Change.Seq == c.Seq {
			d.add(&events.TaskUncommented{Key: b.Task.Key, Comment: all[i].ID})
			return nil
		}
	}
	return &Error{Code: CodeNoMoment, Message: fmt.Sprintf("@%d is no comment on %s", c.Seq, name(b)), Hint: fmt.Sprintf("cairn show %d lists them.", b.Task.Key)}
}
