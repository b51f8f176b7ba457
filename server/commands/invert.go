package commands

import (
	"slices"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// Inverse is an event that takes back another.
type Inverse struct {
	Event events.Event
	// Undoes is the id of the event that it takes back.
	Undoes string
}

// Invert returns the events that take back, from now, the events of a command:
// those that led from before to after. What was changed since stays. None means
// that it is taken back already. Invert is pure and changes no state.
//
// It returns *Error where that cannot be: for what is never taken back, and
// where what the command did was itself changed since; it then says by whom.
func Invert(before, after, now *checklist.State, undone []events.Envelope) ([]Inverse, error) {
	if err := irrevocable(undone); err != nil {
		return nil, err
	}
	markers := now.Markers
	if before.Markers != after.Markers {
		markers = before.Markers
	}
	delta, err := markdown.Revert(before, after, now, ParseMarkers(markers))
	if err != nil {
		return nil, err
	}
	i := &inverter{before: before, after: after, now: now, events: delta.Events, conflicts: delta.Conflicts}
	i.checkRemoved()
	i.held = make(map[int]*events.TaskHeld)
	for _, e := range i.events {
		if held, ok := e.(*events.TaskHeld); ok {
			i.held[held.Key] = held
		}
	}
	for ref := range tasksOf(after) {
		i.task(ref)
	}
	for ref := range sectionsOf(after) {
		i.section(ref)
	}
	i.checklist()
	if len(i.conflicts) > 0 {
		return nil, changedSince(now, undone, i.conflicts)
	}
	list := make([]Inverse, len(i.events))
	by := newUndoing(undone)
	for n, e := range i.events {
		list[n] = Inverse{e, by.by(e)}
	}
	return list, nil
}

// inverter takes back what the lines of a document do not say.
type inverter struct {
	before, after, now *checklist.State
	events             []events.Event
	held               map[int]*events.TaskHeld // of those, by the task's key
	conflicts          []markdown.Conflict
}

func (i *inverter) add(e events.Event) { i.events = append(i.events, e) }

func (i *inverter) conflict(ref events.Ref, field markdown.Field) {
	i.conflicts = append(i.conflicts, markdown.Conflict{Ref: ref, Field: field})
}

// tasksOf yields the tasks that a checklist ever had, by key.
func tasksOf(st *checklist.State) func(func(events.Ref) bool) {
	return refsOf(events.TaskNoun, st.Next(events.TaskNoun))
}

func sectionsOf(st *checklist.State) func(func(events.Ref) bool) {
	return refsOf(events.SectionNoun, st.Next(events.SectionNoun))
}

func refsOf(noun events.Noun, next int) func(func(events.Ref) bool) {
	return func(yield func(events.Ref) bool) {
		for key := 1; key < next; key++ {
			if !yield(events.Ref{Noun: noun, Key: key}) {
				return
			}
		}
	}
}

// checkRemoved refuses to take out again what somebody worked on since it was
// put in.
func (i *inverter) checkRemoved() {
	moved := make(map[events.Ref]bool)
	for _, e := range i.events {
		if m, ok := e.(*events.TaskMoved); ok {
			moved[events.TaskRef(m.Key)] = true
		}
	}
	var check func(b *checklist.Block)
	check = func(b *checklist.Block) {
		if b == nil || moved[b.Ref] {
			return
		}
		if b.Task != nil && b.Task.Changed.Seq > i.after.Seq() || b.Section != nil && b.Section.Changed.Seq > i.after.Seq() {
			i.conflict(b.Ref, markdown.ExistField)
		}
		for _, child := range b.Children {
			check(child)
		}
	}
	for _, e := range i.events {
		switch e := e.(type) {
		case *events.TaskRemoved:
			check(i.now.Block(events.TaskRef(e.Key)))
		case *events.SectionRemoved:
			if !e.Kept.Present {
				check(i.now.Block(events.SectionRef(e.Key)))
			}
		}
	}
}

// task takes back what only the log knows of a task.
func (i *inverter) task(ref events.Ref) {
	was, is, at := i.before.Block(ref), i.after.Block(ref), i.now.Block(ref)
	if was == nil || is == nil || at == nil {
		return
	}
	before, after, now := was.Task, is.Task, at.Task
	if by := both(without(after.BlockedBy, before.BlockedBy...), now.BlockedBy); len(by) > 0 {
		i.add(&events.TaskUnblocked{Key: ref.Key, By: by})
	}
	if by := missing(before.BlockedBy, after.BlockedBy, now.BlockedBy); len(by) > 0 {
		i.add(&events.TaskBlocked{Key: ref.Key, By: by})
	}
	for _, day := range both(without(after.Occurrences, before.Occurrences...), now.Occurrences) {
		i.add(&events.TaskReopened{Key: ref.Key, Occurrence: day})
	}
	for _, day := range missing(before.Occurrences, after.Occurrences, now.Occurrences) {
		i.add(&events.TaskCompleted{Key: ref.Key, Occurrence: day})
	}
	said := func(t *checklist.Task, id string) bool {
		return slices.ContainsFunc(t.Comments, func(c checklist.Comment) bool { return c.ID == id })
	}
	for _, c := range after.Comments {
		if !said(before, c.ID) && said(now, c.ID) {
			i.add(&events.TaskUncommented{Key: ref.Key, Comment: c.ID})
		}
	}
	for _, c := range before.Comments {
		if !said(after, c.ID) && !said(now, c.ID) {
			i.add(&events.TaskCommented{Key: ref.Key, Text: c.Text, Again: c.ID})
		}
	}
	i.until(ref, before, after, now)
}

// until takes back the day to look again at a task on hold.
func (i *inverter) until(ref events.Ref, before, after, now *checklist.Task) {
	if held := i.held[ref.Key]; held != nil {
		held.Until = before.Until
		return
	}
	switch {
	case before.Until == after.Until || now.Until == before.Until || now.State != events.OnHold || before.State != events.OnHold:
	case now.Until != after.Until:
		i.conflict(ref, "until")
	default:
		i.add(&events.TaskHeld{Key: ref.Key, Until: before.Until})
	}
}

// section takes back whom a section belongs to, and its days.
func (i *inverter) section(ref events.Ref) {
	was, is, at := i.before.Block(ref), i.after.Block(ref), i.now.Block(ref)
	if was == nil || is == nil || at == nil {
		return
	}
	before, after, now := was.Section, is.Section, at.Section
	if !slices.Equal(before.Assignees, after.Assignees) {
		who := append(without(now.Assignees, without(after.Assignees, before.Assignees...)...), missing(before.Assignees, after.Assignees, now.Assignees)...)
		if slices.Equal(now.Assignees, after.Assignees) {
			who = before.Assignees
		}
		if !slices.Equal(who, now.Assignees) {
			i.add(&events.SectionAssigned{Key: ref.Key, Assignees: who})
		}
	}
	e := &events.SectionScheduled{Key: ref.Key}
	e.Start = back(i, ref, markdown.StartField, before.Start, after.Start, now.Start)
	e.Due = back(i, ref, markdown.DueField, before.Due, after.Due, now.Due)
	if e.Start.Present || e.Due.Present {
		i.add(e)
	}
}

// checklist takes back what is said of the checklist as a whole.
func (i *inverter) checklist() {
	b, a, n := i.before, i.after, i.now
	e := &events.ChecklistDescribed{
		Title:       back(i, events.Ref{}, "title", b.Title, a.Title, n.Title),
		Owner:       back(i, events.Ref{}, "owner", b.Owner, a.Owner, n.Owner),
		Start:       back(i, events.Ref{}, "start", b.Start, a.Start, n.Start),
		Finish:      back(i, events.Ref{}, "finish", b.Finish, a.Finish, n.Finish),
		Timezone:    back(i, events.Ref{}, "timezone", b.Timezone, a.Timezone, n.Timezone),
		WorkingDays: back(i, events.Ref{}, "working days", b.WorkingDays, a.WorkingDays, n.WorkingDays),
		Holidays:    back(i, events.Ref{}, "holidays", b.Holidays, a.Holidays, n.Holidays),
		Markers:     back(i, events.Ref{}, "markers", b.Markers, a.Markers, n.Markers),
	}
	if e.Title.Present || e.Owner.Present || e.Start.Present || e.Finish.Present || e.Timezone.Present ||
		e.WorkingDays.Present || e.Holidays.Present || e.Markers.Present {
		i.add(e)
	}
	switch {
	case a.Archived == b.Archived || n.Archived == b.Archived:
	case b.Archived:
		i.add(&events.ChecklistArchived{})
	default:
		i.add(&events.ChecklistReactivated{})
	}
}

// back returns the value before where the command changed it, and nobody since.
func back[T comparable](i *inverter, ref events.Ref, field markdown.Field, before, after, now T) events.Optional[T] {
	switch {
	case before == after || now == before:
		return events.Optional[T]{}
	case now != after:
		i.conflict(ref, field)
		return events.Optional[T]{}
	}
	return events.Set(before)
}

// both returns what of list is among others.
func both[T comparable](list, others []T) []T {
	return without(list, without(list, others...)...)
}

// missing returns what was in before, is not in after, and is not back now.
func missing[T comparable](before, after, now []T) []T {
	return without(without(before, after...), now...)
}
