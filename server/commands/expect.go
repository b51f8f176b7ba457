package commands

import (
	"fmt"
	"slices"

	"cairn/events"
	"cairn/projections/checklist"
)

// Expected is a task, a section or, where Ref is zero, the whole checklist, whose
// last change is one of Seqs.
type Expected struct {
	Ref  events.Ref
	Seqs []events.Seq
}

// LastChange returns the last event about a task or a section, with the zero Ref
// the last of the checklist; 0 where there is none.
func LastChange(st *checklist.State, ref events.Ref) events.Seq {
	if ref == (events.Ref{}) {
		return st.Seq()
	}
	switch b := st.Block(ref); {
	case b == nil:
		return 0
	case b.Task != nil:
		return b.Task.Changed.Seq
	case b.Section != nil:
		return b.Section.Changed.Seq
	}
	return 0
}

// asExpected refuses what was expected otherwise. The state must be the one that
// the command is decided on, each time that it is.
func asExpected(st *checklist.State, list []Expected) error {
	for _, e := range list {
		is := LastChange(st, e.Ref)
		if slices.Contains(e.Seqs, is) {
			continue
		}
		what := st.Name
		switch e.Ref.Noun {
		case events.TaskNoun:
			what = fmt.Sprint(e.Ref.Key)
		case events.SectionNoun:
			what = fmt.Sprintf("s:%d", e.Ref.Key)
		}
		return &Error{
			Code: CodeChanged, Message: fmt.Sprintf("%s changed meanwhile: its last event is @%d", what, is),
			Hint: "Nothing was written. Read it again.",
		}
	}
	return nil
}
