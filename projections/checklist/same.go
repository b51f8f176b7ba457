package checklist

import (
	"slices"

	"cairn/events"
)

// Taken is an event that took a line of one version of a file for a task of the
// version before, by more than its text and place.
type Taken struct {
	ID     string
	Change Change
	Match  events.Match
	// Text is the task's text before; the state and its changes as they were.
	Text                    string
	State, Before           events.State
	StateChanged, Completed Change
	raw                     string
}

// took notes that an event took the block for the same task.
func (b *Block) took(env events.Envelope, m events.Match, change Change) {
	if m.Stage == "" || b.Task == nil {
		return
	}
	t := b.Task
	t.Taken = append(t.Taken, Taken{
		ID: env.ID, Change: change, Match: m, Text: t.Text, State: t.State, Before: t.Before,
		StateChanged: t.StateChanged, Completed: t.Completed, raw: b.Raw,
	})
}

// separate makes the line that was taken for task key, from an event on, another
// task.
func (st *State) separate(e *events.TaskSeparated) {
	b := st.Task(e.Key)
	if b == nil || e.As < 1 || st.Block(events.TaskRef(e.As)) != nil {
		return
	}
	i := slices.IndexFunc(b.Task.Taken, func(t Taken) bool { return t.ID == e.From })
	if i < 0 {
		return
	}
	at := b.Task.Taken[i]
	task := *b.Task
	task.Key, task.Added, task.Taken = e.As, at.Change, slices.Clone(b.Task.Taken[i+1:])
	if task.StateChanged.Seq <= at.Change.Seq {
		task.StateChanged, task.Before = Change{}, ""
	}
	if task.Completed.Seq <= at.Change.Seq {
		task.Completed = Change{}
	}
	task.Comments = slices.DeleteFunc(slices.Clone(task.Comments), func(c Comment) bool { return c.Change.Seq < at.Change.Seq })
	other := &Block{Ref: events.TaskRef(e.As), Raw: b.Raw, Task: &task}
	st.succeed(b, other)
	b.Task.Text, b.Task.State, b.Task.Before, b.Raw = at.Text, at.State, at.Before, at.raw
	b.Task.StateChanged, b.Task.Completed = at.StateChanged, at.Completed
	b.Task.Taken = b.Task.Taken[:i]
	b.Task.Comments = slices.DeleteFunc(b.Task.Comments, func(c Comment) bool { return c.Change.Seq >= at.Change.Seq })
}

// join lets an earlier task that is gone go on as the line of task e.Key.
func (st *State) join(e *events.TaskJoined) {
	b, earlier := st.Task(e.Key), st.Block(events.TaskRef(e.Into))
	if b == nil || earlier == nil || !earlier.Removed || earlier.Within(b) || b.Within(earlier) {
		return
	}
	task, was := *b.Task, earlier.Task
	task.Key, task.Added = e.Into, was.Added
	switch {
	case task.State == was.State:
		task.StateChanged, task.Before = was.StateChanged, was.Before
	case task.StateChanged.Seq == 0: // it came in another state
		task.StateChanged, task.Before = b.Task.Added, was.State
	}
	if task.Completed.Seq == 0 || task.Completed.Seq == b.Task.Added.Seq && was.State == events.Done {
		task.Completed = was.Completed
	}
	task.Comments = append(slices.Clone(was.Comments), task.Comments...)
	task.Taken = append(slices.Clone(was.Taken), task.Taken...)
	other := &Block{Ref: events.TaskRef(e.Into), Raw: b.Raw, Task: &task}
	st.succeed(b, other)
	st.removals = slices.DeleteFunc(st.removals, func(r removal) bool { return r.block == earlier })
	for _, t := range st.tasks {
		if t != nil {
			for i, key := range t.Task.BlockedBy {
				if key == e.Key {
					t.Task.BlockedBy[i] = e.Into
				}
			}
		}
	}
}

// succeed puts other in the place of b, with what stands in it; b is removed.
func (st *State) succeed(b, other *Block) {
	for len(st.tasks) <= other.Ref.Key {
		st.tasks = append(st.tasks, nil)
	}
	st.tasks[other.Ref.Key] = other
	other.Parent = b.Parent
	b.Parent.Children[slices.Index(b.Parent.Children, b)] = other
	other.Children = b.Children
	for _, c := range other.Children {
		c.Parent = other
	}
	b.Parent, b.Children, b.Removed = nil, nil, true
}
