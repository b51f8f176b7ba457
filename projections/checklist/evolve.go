package checklist

import (
	"fmt"
	"slices"
	"strings"

	"cairn/events"
	"cairn/projections"
)

// Projection folds the events of one checklist.
var Projection = projections.Projection[*State]{
	Name: "checklist", Version: 1, Init: New, Evolve: Evolve,
}

// New returns the state before the first event.
func New() *State {
	return &State{bracketed: make(map[int]struct{}), commands: make(projections.Commands)}
}

// Evolve returns the state after env, an event of the same checklist; it
// changes st in place. It never refuses and never parses: it stores what the
// event says. What an event says about a block that never was does nothing.
//
// It returns an error for an unreadable event. An event of an unknown kind
// about the checklist makes the state Incomplete.
func Evolve(st *State, env events.Envelope) (*State, error) {
	if e, ok := env.Data.(*events.Unreadable); ok {
		return st, fmt.Errorf("unreadable event: %w", e.Err)
	}
	change := Change{Seq: env.Seq, At: env.EffectiveTime, Claimed: env.Time, By: env.Actor, Reason: env.Reason, Via: env.Via, OnBehalfOf: env.OnBehalfOf, Cause: env.CausationID}
	st.record(env, change)
	switch e := env.Data.(type) {
	case *events.Unknown:
		if st.Incomplete.Seq == 0 && e.Matters() {
			st.Incomplete = Gap{env.Seq, e.Kind()}
		}
	case *events.ChecklistCreated:
		st.Name, st.Title, st.Source, st.Created, st.importID = env.Checklist, e.Title, e.Source, change, env.CommandID
	case *events.ChecklistDescribed:
		st.describe(e)
	case *events.ChecklistBaselined:
		st.Baseline = Baseline{*e, env.Revision, change}
	case *events.ReviewRecorded:
		st.Reviews = append(st.Reviews, Review{*e, env.Revision, change})
	case *events.ChecklistArchived:
		st.Archived = true
	case *events.ChecklistReactivated:
		st.Archived = false
	case *events.ChecklistPublished:
		if e.From != "" {
			st.PublishedFrom = e.From
		} else {
			st.PublishedTo = e.To
		}
	case *events.DocumentSynced:
		st.Synced = e
	case *events.DocumentReformatted:
		st.rewrite(e.Doc)
	case *events.SectionAdded, *events.SectionRetitled, *events.SectionMoved, *events.SectionRemoved,
		*events.SectionRestored, *events.SectionAssigned, *events.SectionScheduled:
		st.section(e, change)
	case *events.TextAdded:
		st.insert(&Block{Ref: events.TextRef(e.Key), Raw: e.Raw}, e.Place)
	case *events.TextEdited:
		if b := st.Block(events.TextRef(e.Key)); b != nil {
			st.setText(b, edit(b.Raw, e.Edits))
		}
	case *events.TextRemoved:
		st.remove(events.TextRef(e.Key))
	case *events.TextRestored:
		st.restore(events.TextRef(e.Key), e.Place)
	case *events.TaskAdded:
		t := &Task{
			Key: e.Key, Text: e.Text, State: e.State, Box: e.Box, Assignees: e.Assignees, Start: e.Start, Due: e.Due,
			Estimate: e.Estimate, Labels: e.Labels, Links: slices.Clone(e.Links), Added: change, Changed: change,
		}
		if e.State == events.Done {
			t.Completed = change
		}
		st.insert(&Block{Ref: events.TaskRef(e.Key), Raw: e.Raw, Task: t}, e.Place)
	default:
		st.task(e, env, change)
	}
	return st, nil
}

// record takes what every event says about the checklist as a whole.
func (st *State) record(env events.Envelope, change Change) {
	st.Revision, st.Changed = env.Revision, change
	if env.EffectiveTime.After(st.Effective) {
		st.Effective = env.EffectiveTime
	}
	switch env.Data.(type) {
	case *events.DocumentSynced, *events.ChecklistBaselined, *events.ReviewRecorded:
	default:
		st.Worked = env.Revision
	}
	st.commands.Record(env)
}

func (st *State) describe(e *events.ChecklistDescribed) {
	set := func(to *string, from events.Optional[string]) {
		if from.Present {
			*to = from.Value
		}
	}
	set(&st.Title, e.Title)
	set(&st.Owner, e.Owner)
	set(&st.Timezone, e.Timezone)
	set(&st.WorkingDays, e.WorkingDays)
	set(&st.Holidays, e.Holidays)
	set(&st.Markers, e.Markers)
	setDay(&st.Start, e.Start)
	setDay(&st.Finish, e.Finish)
	st.rewrite(e.Doc)
}

func setDay(to *events.Day, from events.Optional[events.Day]) {
	if from.Present {
		*to = from.Value
	}
}

func (st *State) section(e events.Event, change Change) {
	var key int
	switch e := e.(type) {
	case *events.SectionAdded:
		st.insert(&Block{Ref: events.SectionRef(e.Key), Raw: e.Raw, Section: &Section{Key: e.Key, Title: e.Title, Level: e.Level}}, e.Place)
		st.moveRun(e.First, e.Last, events.Place{In: events.SectionRef(e.Key)})
		key = e.Key
	case *events.SectionRetitled:
		key = e.Key
		if b := st.Block(events.SectionRef(key)); b != nil {
			b.Section.Title, b.Raw = e.Title, e.Raw
			if e.Level != 0 {
				b.Section.Level = e.Level
			}
		}
	case *events.SectionMoved:
		key = e.Key
		if b := st.move(events.SectionRef(key), e.Place, e.Doc); b != nil && e.Raw != "" {
			b.Raw = e.Raw
			b.Section.Level = e.Level
		}
	case *events.SectionRemoved:
		key = e.Key
		if b := st.Section(key); b != nil && e.Kept.Present && len(b.Children) > 0 {
			st.moveRun(b.Children[0].Ref, b.Children[len(b.Children)-1].Ref, e.Kept.Value)
		}
		st.remove(events.SectionRef(key))
	case *events.SectionRestored:
		key = e.Key
		st.restore(events.SectionRef(key), e.Place)
		st.moveRun(e.First, e.Last, events.Place{In: events.SectionRef(e.Key)})
	case *events.SectionAssigned:
		key = e.Key
		if b := st.Block(events.SectionRef(key)); b != nil {
			b.Section.Assignees = e.Assignees
		}
	case *events.SectionScheduled:
		key = e.Key
		if b := st.Block(events.SectionRef(key)); b != nil {
			setDay(&b.Section.Start, e.Start)
			setDay(&b.Section.Due, e.Due)
		}
	}
	if b := st.Block(events.SectionRef(key)); b != nil {
		b.Section.Changed = change
	}
}

// task evolves by an event about a task that is there already.
func (st *State) task(data events.Event, env events.Envelope, change Change) {
	find := func(key int) *Block {
		b := st.Block(events.TaskRef(key))
		if b == nil {
			// Evolve never refuses; the changes go nowhere.
			return &Block{Task: &Task{}}
		}
		b.Task.Changed = change
		return b
	}
	switch e := data.(type) {
	case *events.TaskStarted:
		st.transition(find(e.Key), events.InProgress, e.Mark, e.Doc, change)
	case *events.TaskHeld:
		b := find(e.Key)
		st.transition(b, events.OnHold, e.Mark, e.Doc, change)
		b.Task.Until = e.Until
	case *events.TaskCompleted:
		b := find(e.Key)
		if e.Occurrence != "" {
			b.Task.Occurrences = append(b.Task.Occurrences, e.Occurrence)
			return
		}
		st.transition(b, events.Done, e.Mark, e.Doc, change)
	case *events.TaskDropped:
		st.transition(find(e.Key), events.Dropped, e.Mark, e.Doc, change)
	case *events.TaskReopened:
		if e.Occurrence != "" {
			b := find(e.Key)
			b.Task.Occurrences = slices.DeleteFunc(b.Task.Occurrences, func(d events.Day) bool { return d == e.Occurrence })
			return
		}
		st.transition(find(e.Key), events.Todo, e.Mark, e.Doc, change)
	case *events.TaskReworded:
		b := find(e.Key)
		b.took(env, e.Match, change)
		b.Task.Text = e.Text
		b.setRaw(e.Raw, e.Box)
	case *events.TaskMoved:
		b := find(e.Key)
		b.took(env, e.Match, change)
		if b.Ref.Key != 0 {
			st.move(b.Ref, e.Place, e.Doc)
		}
		b.setRaw(e.Raw, e.Box)
	case *events.TaskRemoved:
		st.remove(find(e.Key).Ref)
	case *events.TaskRestored:
		st.restore(find(e.Key).Ref, e.Place)
	case *events.TaskAssigned:
		b := find(e.Key)
		b.Task.Assignees = e.Assignees
		b.setRaw(e.Raw, e.Box)
	case *events.TaskScheduled:
		b := find(e.Key)
		setDay(&b.Task.Start, e.Start)
		setDay(&b.Task.Due, e.Due)
		if e.Every.Present {
			b.Task.Every = e.Every.Value
		}
		b.setRaw(e.Raw, e.Box)
	case *events.TaskEstimated:
		b := find(e.Key)
		b.Task.Estimate = e.Estimate
		b.setRaw(e.Raw, e.Box)
	case *events.TaskLabeled:
		b := find(e.Key)
		b.Task.Labels = e.Labels
		b.setRaw(e.Raw, e.Box)
	case *events.TaskLinked:
		b := find(e.Key)
		b.Task.Links = append(b.Task.Links, e.URL)
		b.setRaw(e.Raw, e.Box)
	case *events.TaskUnlinked:
		b := find(e.Key)
		b.Task.Links = slices.DeleteFunc(b.Task.Links, func(u string) bool { return u == e.URL })
		b.setRaw(e.Raw, e.Box)
	case *events.TaskBlocked:
		b := find(e.Key)
		b.Task.BlockedBy = append(b.Task.BlockedBy, e.By...)
	case *events.TaskUnblocked:
		b := find(e.Key)
		b.Task.BlockedBy = slices.DeleteFunc(b.Task.BlockedBy, func(k int) bool { return slices.Contains(e.By, k) })
	case *events.TaskSeparated:
		st.separate(e)
	case *events.TaskJoined:
		st.join(e)
	case *events.TaskCommented:
		find(e.Key).Task.comment(e, Comment{ID: env.ID, Text: e.Text, Change: change})
	case *events.TaskUncommented:
		find(e.Key).Task.uncomment(e.Comment)
	}
}

// comment adds c, or brings back the comment that e names, in its place.
func (t *Task) comment(e *events.TaskCommented, c Comment) {
	if i := slices.IndexFunc(t.uncommented, func(c Comment) bool { return c.ID == e.Again }); i >= 0 {
		c = t.uncommented[i]
		t.uncommented = slices.Delete(t.uncommented, i, i+1)
	}
	i := len(t.Comments)
	for i > 0 && t.Comments[i-1].Change.Seq > c.Change.Seq {
		i--
	}
	t.Comments = slices.Insert(t.Comments, i, c)
}

func (t *Task) uncomment(id string) {
	if i := slices.IndexFunc(t.Comments, func(c Comment) bool { return c.ID == id }); i >= 0 {
		t.uncommented = append(t.uncommented, t.Comments[i])
		t.Comments = slices.Delete(t.Comments, i, i+1)
	}
}

func (st *State) transition(b *Block, to events.State, mark byte, doc []events.Line, change Change) {
	t := b.Task
	if t.State != to {
		t.Before, t.StateChanged = t.State, change
		if to == events.Done {
			t.Completed = change
		}
	}
	if t.State == events.OnHold {
		t.Until = ""
	}
	t.State = to
	if mark != 0 && t.Box < len(b.Raw) {
		b.Raw = b.Raw[:t.Box] + string(mark) + b.Raw[t.Box+1:]
	}
	st.rewrite(doc)
}

// setRaw replaces the own lines of a task where the event says so.
func (b *Block) setRaw(raw string, box int) {
	if raw != "" {
		b.Raw, b.Task.Box = raw, box
	}
}

// rewrite replaces the bytes of other blocks. A task's marker stays the byte
// behind its first bracket.
func (st *State) rewrite(doc []events.Line) {
	for _, line := range doc {
		b := st.Block(line.Ref)
		if b == nil || b == &st.root {
			continue
		}
		st.setText(b, line.Raw)
		if b.Task != nil {
			b.Task.Box = strings.IndexByte(b.Raw, '[') + 1
		}
	}
}

// insert makes b a block of the document, known by its key.
func (st *State) insert(b *Block, place events.Place) {
	list := &st.texts
	switch b.Ref.Noun {
	case events.SectionNoun:
		list = &st.sections
	case events.TaskNoun:
		list = &st.tasks
	}
	for len(*list) <= b.Ref.Key {
		*list = append(*list, nil)
	}
	(*list)[b.Ref.Key] = b
	st.setText(b, b.Raw)
	st.put(b, place)
}

func (st *State) setText(b *Block, raw string) {
	b.Raw = raw
	if b.Ref.Noun != events.TextNoun {
		return
	}
	delete(st.bracketed, b.Ref.Key)
	if strings.Count(raw, "[") >= 2 {
		st.bracketed[b.Ref.Key] = struct{}{}
	}
}

// put hangs b into the tree at place; in the last place where After is not in In.
func (st *State) put(b *Block, place events.Place) {
	parent := st.Block(place.In)
	if parent == nil || parent.Within(b) {
		parent = &st.root // nothing stands in itself, whatever an event says
	}
	b.Parent = parent
	n := len(parent.Children)
	i := n
	if place.After == (events.Ref{}) {
		i = 0
	} else if n > 0 && parent.Children[n-1].Ref != place.After {
		i = slices.IndexFunc(parent.Children, func(c *Block) bool { return c.Ref == place.After }) + 1
		if i == 0 {
			i = n
		}
	}
	parent.Children = slices.Insert(parent.Children, i, b)
}

// take takes b out of the tree.
func (st *State) take(b *Block) {
	if b.Parent == nil {
		return
	}
	siblings := b.Parent.Children
	if i := slices.Index(siblings, b); i >= 0 {
		b.Parent.Children = slices.Delete(siblings, i, i+1)
	}
	b.Parent = nil
}

func (st *State) move(ref events.Ref, place events.Place, doc []events.Line) *Block {
	b := live(st.Block(ref))
	if b == nil {
		return nil
	}
	st.take(b)
	st.put(b, place)
	st.rewrite(doc)
	return b
}

// moveRun moves the siblings from first to last to a place. Without a first,
// and where they are no siblings, it does nothing.
func (st *State) moveRun(first, last events.Ref, to events.Place) {
	b := live(st.Block(first))
	if first == (events.Ref{}) || b == nil {
		return
	}
	siblings := b.Parent.Children
	from := slices.Index(siblings, b)
	upto := slices.IndexFunc(siblings, func(c *Block) bool { return c.Ref == last })
	for _, c := range slices.Clone(siblings[from : max(upto, from-1)+1]) {
		st.take(c)
		st.put(c, to)
		to.After = c.Ref
	}
}

func (st *State) remove(ref events.Ref) {
	b := live(st.Block(ref))
	if b == nil || b == &st.root {
		return
	}
	st.take(b)
	b.setRemoved(true)
	st.removals = append(st.removals, removal{b, st.Revision})
}

func (st *State) restore(ref events.Ref, place events.Place) {
	b := st.Block(ref)
	if b == nil || !b.Removed {
		return
	}
	b.setRemoved(false)
	st.removals = slices.DeleteFunc(st.removals, func(r removal) bool { return r.block == b })
	st.take(b) // it may still hang in a parent that was removed with it
	st.put(b, place)
}

func (b *Block) setRemoved(removed bool) {
	b.Removed = removed
	for child := range b.All() {
		child.Removed = removed
	}
}

// edit applies edits, whose offsets are in raw; what lies outside is clamped.
func edit(raw string, edits []events.Edit) string {
	var b strings.Builder
	pos := 0
	for _, e := range edits {
		at := min(max(e.At, pos), len(raw))
		b.WriteString(raw[pos:at])
		b.WriteString(e.Put)
		pos = min(max(at+e.Cut, at), len(raw))
	}
	b.WriteString(raw[pos:])
	return b.String()
}
