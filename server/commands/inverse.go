package commands

import (
	"fmt"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// undoing knows the events that a command made.
type undoing struct {
	last  string // the id of the last that changed something
	about map[string][]events.Envelope
}

func newUndoing(undone []events.Envelope) undoing {
	u := undoing{about: make(map[string][]events.Envelope, len(undone))}
	for _, env := range undone {
		if u.last == "" || env.Data.Kind() != events.KindDocumentSynced {
			u.last = env.ID
		}
		subject := env.Data.Subject()
		u.about[subject] = append(u.about[subject], env)
	}
	return u
}

// by returns the id of the event that e takes back: the last about the same block,
// of the same aspect if there is one.
func (u undoing) by(e events.Event) string {
	id := u.last
	same := false
	for _, env := range u.about[e.Subject()] {
		switch alike := aspect(env.Data.Kind()) == aspect(e.Kind()); {
		case env.Data.Kind() == events.KindDocumentSynced:
		case alike || !same:
			id, same = env.ID, alike
		}
	}
	return id
}

// aspect is what of a block a kind of event is about.
func aspect(k events.Kind) string {
	switch k {
	case events.KindTaskStarted, events.KindTaskHeld, events.KindTaskCompleted, events.KindTaskDropped, events.KindTaskReopened:
		return "state"
	case events.KindTaskAdded, events.KindTaskRemoved, events.KindTaskRestored, events.KindSectionAdded, events.KindSectionRemoved,
		events.KindSectionRestored, events.KindTextAdded, events.KindTextRemoved, events.KindTextRestored:
		return "being"
	case events.KindTaskLinked, events.KindTaskUnlinked:
		return "links"
	case events.KindTaskBlocked, events.KindTaskUnblocked:
		return "blocked"
	case events.KindTaskCommented, events.KindTaskUncommented:
		return "comments"
	case events.KindChecklistArchived, events.KindChecklistReactivated:
		return "archived"
	}
	return string(k)
}

// changedSince refuses, and says what was changed since by whom.
func changedSince(now *checklist.State, undone []events.Envelope, conflicts []markdown.Conflict) error {
	const most = 10
	var lines []string
	for n, x := range conflicts {
		if n == most {
			lines = append(lines, fmt.Sprintf("… and %d more", len(conflicts)-most))
			break
		}
		what := x.Ref.String()
		if b := now.Block(x.Ref); b != nil && b.Task != nil {
			what = name(b)
		} else if b != nil && b.Section != nil {
			what = short(b.Section.Title)
		} else if x.Ref == (events.Ref{}) {
			what = "the checklist"
		}
		field := string(x.Field)
		if b := now.Block(x.Ref); x.Field == markdown.ExistField && (b == nil || !b.Removed) {
			field = "changed"
		}
		lines = append(lines, strings.TrimRight(fmt.Sprintf("  %s: %s  %s", what, field, lastChange(now, x)), " "))
	}
	return &Error{
		Code:    CodeRefused,
		Message: fmt.Sprintf("what @%d did was changed since", undone[0].Seq),
		Hint:    "Nothing was written. Since then:\n" + strings.Join(lines, "\n"),
	}
}
