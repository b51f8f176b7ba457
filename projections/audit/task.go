package audit

import (
	"slices"

	"cairn/events"
	"cairn/projections/checklist"
)

// task tells an event about a task.
func (d *teller) task(data events.Event) {
	t := &checklist.Task{}
	if d.block != nil && d.block.Task != nil {
		t = d.block.Task
	}
	switch e := data.(type) {
	case *events.TaskAdded:
		d.added(e)
	case *events.TaskStarted:
		d.transition("start", t, events.InProgress, e.Mark, e.Doc)
	case *events.TaskHeld:
		d.transition("hold", t, events.OnHold, e.Mark, nil)
		if t.Until != e.Until {
			d.change("until", str(t.Until), str(e.Until))
		}
		d.lines(e.Doc)
	case *events.TaskCompleted:
		if e.Occurrence != "" {
			d.row.Action = "done"
			var last any
			if n := len(t.Occurrences); n > 0 {
				last = string(t.Occurrences[n-1])
			}
			d.change("occurrence", last, string(e.Occurrence))
			return
		}
		d.transition("done", t, events.Done, e.Mark, e.Doc)
	case *events.TaskDropped:
		d.transition("DROP", t, events.Dropped, e.Mark, e.Doc)
	case *events.TaskReopened:
		if e.Occurrence != "" {
			d.row.Action = "REOPEN"
			d.change("occurrence", string(e.Occurrence), nil)
			return
		}
		action := "stop"
		if t.State == events.Done || t.State == events.Dropped {
			action = "REOPEN"
		}
		d.transition(action, t, events.Todo, e.Mark, e.Doc)
	case *events.TaskReworded:
		d.row.Action, d.row.Text, d.row.Match = "reworded", e.Text, e.Match
		d.change(fieldText, t.Text, e.Text)
	case *events.TaskMoved:
		d.row.Match = e.Match
		d.moved(e.Place)
		d.lines(e.Doc)
	case *events.TaskRemoved:
		d.row.Action = "removed"
		d.change("removed", false, true)
	case *events.TaskRestored:
		d.row.Action = "restored"
		d.change("removed", true, false)
		d.placed(e.Place)
	default:
		d.property(t, data)
	}
}

func (d *teller) added(e *events.TaskAdded) {
	d.row.Action, d.row.Text = "added", e.Text
	d.change(fieldText, nil, e.Text)
	d.change(fieldState, nil, string(e.State))
	if e.Box < len(e.Raw) {
		d.change(fieldMarker, nil, e.Raw[e.Box:e.Box+1])
	}
	d.place(e.Place)
	for _, field := range []struct {
		name  string
		value any
	}{
		{"start", str(e.Start)}, {"due", str(e.Due)}, {"estimate", str(e.Estimate)},
	} {
		if field.value != nil {
			d.change(field.name, nil, field.value)
		}
	}
	for _, field := range []struct {
		name  string
		value []string
	}{
		{"assignees", e.Assignees}, {"labels", e.Labels}, {"links", e.Links},
	} {
		if len(field.value) > 0 {
			d.change(field.name, []string{}, strs(field.value))
		}
	}
}

func (d *teller) transition(action string, t *checklist.Task, to events.State, mark byte, doc []events.Line) {
	d.row.Action = action
	if t.State != to {
		d.change(fieldState, str(t.State), string(to))
	}
	if mark != 0 && d.block != nil && d.block.Mark() != mark {
		d.change(fieldMarker, string(rune(d.block.Mark())), string(rune(mark)))
	}
	if t.State == events.OnHold && to != events.OnHold && t.Until != "" {
		d.change("until", str(t.Until), nil)
	}
	d.lines(doc)
}

// property tells an event about something that a task has.
func (d *teller) property(t *checklist.Task, data events.Event) {
	switch e := data.(type) {
	case *events.TaskAssigned:
		d.row.Action = "assign"
		d.change("assignees", strs(t.Assignees), strs(e.Assignees))
	case *events.TaskScheduled:
		d.row.Action = "due"
		if !e.Due.Present && !e.Every.Present {
			d.row.Action = "from"
		}
		set(d, "due", t.Due, e.Due)
		set(d, "every", t.Every, e.Every)
		set(d, "start", t.Start, e.Start)
	case *events.TaskEstimated:
		d.row.Action = "estimate"
		d.change("estimate", str(t.Estimate), str(e.Estimate))
	case *events.TaskLabeled:
		d.row.Action = "label"
		d.change("labels", strs(t.Labels), strs(e.Labels))
	case *events.TaskLinked:
		d.row.Action = "link"
		d.change("links", strs(t.Links), append(append([]string{}, t.Links...), e.URL))
	case *events.TaskUnlinked:
		d.row.Action = "unlink"
		d.change("links", strs(t.Links), without(t.Links, e.URL))
	case *events.TaskBlocked:
		d.row.Action = "block"
		d.change("blocked_by", without(t.BlockedBy), append(without(t.BlockedBy, e.By...), e.By...))
	case *events.TaskUnblocked:
		d.row.Action = "unblock"
		d.change("blocked_by", without(t.BlockedBy), without(t.BlockedBy, e.By...))
	case *events.TaskCommented:
		d.row.Action = "comment"
		d.change("comment", nil, e.Text)
	case *events.TaskUncommented:
		d.row.Action = "uncomment"
		for _, c := range t.Comments {
			if c.ID == e.Comment {
				d.change("comment", c.Text, nil)
			}
		}
	case *events.TaskSeparated:
		d.row.Action = "separate"
		d.change("as", nil, e.As)
	case *events.TaskJoined:
		d.row.Action = "join"
		d.change("into", nil, e.Into)
	}
}

// without returns a copy of list without some of its elements; never nil.
func without[T comparable](list []T, some ...T) []T {
	kept := []T{}
	for _, v := range list {
		if !slices.Contains(some, v) {
			kept = append(kept, v)
		}
	}
	return kept
}
