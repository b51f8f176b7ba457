package audit

import (
	"fmt"
	"slices"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
)

// Filter says which rows of a history are wanted. The zero Filter wants all of
// them; every field that is set must hold, and one of a field's values does.
type Filter struct {
	// About is the task or the section that the row is about; nil is any.
	About *checklist.Block
	// Section is where the row's target stands, or what it left; nil is any.
	Section *checklist.Block
	// Actors are parts of the name or of the id of who did it.
	Actors []string
	// Kinds are words that [CheckKind] accepts.
	Kinds []string
	// Text is part of the task's text, of the reason or of a value that a view
	// shows, before or after.
	Text string
}

// Select returns the rows that f wants, in their order. Rows must be all events
// of the commands that they belong to: what a command is called depends on them.
func (f Filter) Select(rows []Row) []Row {
	about, section := reach(f.About), reach(f.Section)
	actions := f.commandActions(rows)
	var chosen []Row
	for _, r := range rows {
		if f.About != nil && !concerns(r, f.About, about) ||
			f.Section != nil && !stands(r, section) ||
			len(f.Actors) > 0 && !slices.ContainsFunc(f.Actors, r.by) ||
			len(f.Kinds) > 0 && !slices.ContainsFunc(f.Kinds, func(kind string) bool { return r.is(kind) || strings.EqualFold(actions[r.CommandID], kind) }) ||
			f.Text != "" && !r.mentions(f.Text) {
			continue
		}
		chosen = append(chosen, r)
	}
	return chosen
}

// commandActions is what the commands of rows are called, by their ids; nil where
// no kind asks for that.
func (f Filter) commandActions(rows []Row) map[string]string {
	if len(f.Kinds) == 0 {
		return nil
	}
	actions := make(map[string]string)
	for _, e := range Commands(rows) {
		if id := e.First().CommandID; id != "" {
			actions[id] = e.Action
		}
	}
	return actions
}

// reach is b, and the sections in it: what is in one of them is in b.
func reach(b *checklist.Block) map[events.Ref]bool {
	if b == nil {
		return nil
	}
	refs := map[events.Ref]bool{b.Ref: true}
	for block := range b.All() {
		if block.Section != nil {
			refs[block.Ref] = true
		}
	}
	return refs
}

// concerns reports whether a row is about a block: about itself, about what
// stands in it where it is a section, or about what became of it.
func concerns(r Row, b *checklist.Block, in map[events.Ref]bool) bool {
	if b.Section != nil {
		return stands(r, in)
	}
	for _, field := range []string{"as", "into"} {
		if c, ok := r.Change(field); ok && c.After == b.Ref.Key {
			return true
		}
	}
	return r.Target == b.Ref || r.CommandName == splitTask && r.Parent == b.Ref.Key
}

// stands reports whether a row is about one of sections or something in them, or
// about what was moved out of them.
func stands(r Row, sections map[events.Ref]bool) bool {
	if sections[events.Ref{}] { // the tasks before the first heading
		return r.Key != 0 && r.Section == events.Ref{}
	}
	if sections[r.Target] || sections[r.Section] {
		return true
	}
	c, _ := r.Change("in")
	left, _ := c.Before.(string)
	ref, err := events.ParseRef(left)
	return err == nil && sections[ref]
}

// by reports whether part is in the name or in the id of who did it.
func (r Row) by(part string) bool {
	return contains(r.Actor.ID, part) || contains(r.Who(), part) || contains(r.Actor.Name(), part) || contains(r.OnBehalfOf, part)
}

// is reports whether kind names what happened: the action, or the kind of the
// event with or without its version.
func (r Row) is(kind string) bool {
	return kind != "" && strings.EqualFold(r.Action, kind) || strings.EqualFold(string(r.Kind), kind) ||
		strings.EqualFold(r.Kind.Noun()+"."+r.Kind.Verb(), strings.TrimPrefix(strings.ToLower(kind), "cairn."))
}

// mentions reports whether text is in what a view shows of the row.
func (r Row) mentions(text string) bool {
	if contains(r.Text, text) || contains(r.Reason, text) {
		return true
	}
	for _, c := range r.Changes {
		switch c.Field {
		case "in", "after", "sha256": // references, which no view shows
			continue
		}
		if strings.Contains(c.Field, "/") { // the bytes of another line
			continue
		}
		if value(c.Before, text) || value(c.After, text) {
			return true
		}
	}
	return false
}

func value(v any, text string) bool {
	switch v := v.(type) {
	case nil:
		return false
	case []string:
		return slices.ContainsFunc(v, func(s string) bool { return contains(s, text) })
	}
	return contains(fmt.Sprint(v), text)
}

// contains reports whether part is in s, case aside.
func contains(s, part string) bool {
	return s != "" && strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// splitTask is the command that makes several tasks of one.
const splitTask = "SplitTask"

// Actions returns the words that views call a change by, those of single events
// first, then those of commands with several.
func Actions() []string {
	return []string{
		"added", "start", "hold", "done", "DROP", "REOPEN", "stop", "reworded", "moved", "removed", "restored", "assign", "due", "from",
		"estimate", "label", "link", "unlink", "block", "unblock", "comment", "uncomment", "separate", "join", "section", "retitled",
		"text", "synced", "format", "created", "plan", "baseline", "archive", "reactivate", "published", "review", "erased",
		"import", "sync", "split", "edit", "undo", "redo",
	}
}

// CheckKind returns an error that lists what there is if word is neither an
// action nor a kind of event, with or without its version, nor either of these in
// rows, where an unknown kind of a newer version may be.
func CheckKind(word string, rows []Row) error {
	if slices.ContainsFunc(Actions(), func(a string) bool { return strings.EqualFold(a, word) }) ||
		slices.ContainsFunc(events.Kinds(), func(k events.Kind) bool { return Row{Kind: k}.is(word) }) ||
		slices.ContainsFunc(rows, func(r Row) bool { return r.is(word) }) {
		return nil
	}
	return fmt.Errorf("%q is no kind of change; there are %s", word, strings.Join(Actions(), " "))
}
