package commands

import (
	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// spacing are the blank lines that a decision puts around what goes to a new
// place, beyond those that are wanted anyway.
type spacing struct{ before, behind bool }

// spacings are tried in order, until the document reads as it should: there is
// always a place where Markdown needs one more blank line, such as before a
// "2." behind a paragraph.
var spacings = [...]spacing{{}, {before: true}, {behind: true}, {before: true, behind: true}}

// shaped decides a command that changes the shape of the document: the result,
// read again, is what the events say. A command of which that cannot be made
// true is refused.
func shaped(st *checklist.State, cmd Command) (*decision, error) {
	var first *decision
	for _, s := range spacings {
		d := newDecision(st)
		d.spacing = s
		if err := cmd.decide(d); err != nil {
			return nil, err
		}
		if len(d.events) == 0 || d.readsBack() {
			return d, nil
		}
		if first == nil {
			first = d
		}
	}
	if !newDecision(st).readsBack() {
		return first, nil // it did not before, which is not this command's doing
	}
	return nil, refuse("Nothing was written. Another place or wording may do; or edit the file itself.",
		"%s here would change how other lines of the document are read", cmd.Name())
}

// changesShape reports whether a command changes more of the document than
// markers.
func changesShape(cmd Command) bool {
	switch cmd.(type) {
	case AddTask, EditTask, MoveTasks, RemoveTasks, SplitTask, AddSection, EditSection, MoveSection, RemoveSection:
		return true
	}
	return false
}

// readsBack reports whether the document after the events, read again, has the
// sections and tasks that the fold has.
func (d *decision) readsBack() bool {
	st := copied(d.st)
	for _, e := range d.events {
		var err error
		if st, err = checklist.Evolve(st, events.Envelope{Data: e}); err != nil {
			return false
		}
	}
	doc, err := markdown.Parse(st.Document(), markdown.Options{Markers: d.markers})
	if err != nil {
		return false
	}
	i := 0
	blocks := make([]*checklist.Block, 0, len(doc.Blocks)) // of each parsed one, nil for a text
	next := func() *markdown.Block {
		for ; i < len(doc.Blocks); i++ {
			if doc.Blocks[i].Noun != events.TextNoun {
				i++
				return &doc.Blocks[i-1]
			}
			blocks = append(blocks, nil)
		}
		return nil
	}
	for b := range st.Root().All() {
		if b.Ref.Noun == events.TextNoun {
			continue
		}
		read := next()
		if read == nil || !same(b, read) {
			return false
		}
		var parent *checklist.Block
		if read.Parent >= 0 {
			parent = blocks[read.Parent]
		}
		if above := b.Parent; parent != above && (parent != nil || above != st.Root()) {
			return false
		}
		blocks = append(blocks, b)
	}
	return next() == nil
}

func same(b *checklist.Block, read *markdown.Block) bool {
	if b.Ref.Noun != read.Noun {
		return false
	}
	if b.Section != nil {
		return b.Section.Title == read.Title && b.Section.Level == read.Level
	}
	return b.Task.Text == read.Text && b.Task.Box == read.Box
}

// copied is the tree of st, to try events on.
func copied(st *checklist.State) *checklist.State {
	try := checklist.New()
	last := make(map[*checklist.Block]events.Ref)
	for b := range st.Root().All() {
		place := events.Place{In: b.Parent.Ref, After: last[b.Parent]}
		last[b.Parent] = b.Ref
		var e events.Event
		switch {
		case b.Section != nil:
			e = &events.SectionAdded{Key: b.Ref.Key, Place: place, Level: b.Section.Level, Title: b.Section.Title, Raw: b.Raw}
		case b.Task != nil:
			e = &events.TaskAdded{Key: b.Ref.Key, Place: place, Text: b.Task.Text, State: b.Task.State, Raw: b.Raw, Box: b.Task.Box}
		default:
			e = &events.TextAdded{Key: b.Ref.Key, Place: place, Raw: b.Raw}
		}
		try, _ = checklist.Evolve(try, events.Envelope{Data: e}) // fails for the unreadable only
	}
	return try
}
