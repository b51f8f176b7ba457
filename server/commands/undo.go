package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
)

// Undo takes back a command, whole. What was changed since stays; where that
// cannot be, it is refused. History is not cut: the events of the Undo say which
// they take back.
type Undo struct {
	// Seq is an event of the command; 0 is the actor's last that is not taken
	// back.
	Seq events.Seq `json:"seq,omitempty"`

	past *past
}

// Redo takes back the actor's last Undo, as long as the actor did nothing else
// since.
type Redo struct {
	past *past
}

// past is what a checklist was around a command.
type past struct {
	// undone are the events of the command.
	undone []events.Envelope
	// before and after are the checklist around them.
	before, after *checklist.State
}

// Name returns the stored name.
func (Undo) Name() string { return undoName }

// Name returns the stored name.
func (Redo) Name() string { return redoName }

const (
	undoName = "UndoCommand"
	redoName = "RedoCommand"
)

func (c Undo) resolve(*resolver) (Command, error) { return c, nil }
func (c Redo) resolve(*resolver) (Command, error) { return c, nil }

func (c Undo) decide(d *decision) error { return c.past.decide(d) }
func (c Redo) decide(d *decision) error { return c.past.decide(d) }

func (p *past) decide(d *decision) error {
	if p == nil {
		return nil // of a checklist that is not there
	}
	after := p.after
	if after.Revision == d.st.Revision {
		after = d.st
	}
	list, err := Invert(p.before, after, d.st, p.undone)
	for _, i := range list {
		d.events, d.undoes = append(d.events, i.Event), append(d.undoes, i.Undoes)
	}
	return err
}

// back gives an Undo or a Redo what the checklist was around its command.
func (h *Handler) back(ctx context.Context, l *list, meta Meta, cmd Command) (Command, error) {
	undo, _ := cmd.(Undo)
	redo, isRedo := cmd.(Redo)
	if _, ok := cmd.(Undo); !ok && !isRedo || undo.past != nil || redo.past != nil {
		return cmd, nil // of another kind, or decided again
	}
	end, there := events.Seq(0), false
	if err := l.view.Read(func(st *checklist.State) error {
		end, there = st.Seq(), st.Revision > 0
		return nil
	}); err != nil || !there {
		return cmd, err
	}
	var id string
	var err error
	if undo.Seq != 0 {
		id, err = h.commandAt(ctx, meta.Checklist, undo.Seq, end)
	} else {
		id, err = h.lastOf(ctx, meta, end, isRedo)
	}
	if err != nil {
		return cmd, err
	}
	p, err := h.around(ctx, l, meta, id)
	if err != nil {
		return cmd, err
	}
	if isRedo {
		return Redo{past: p}, nil
	}
	return Undo{Seq: undo.Seq, past: p}, nil
}

// commandAt returns the command of the event at seq.
func (h *Handler) commandAt(ctx context.Context, name string, seq, end events.Seq) (string, error) {
	if seq > end {
		return "", &Error{Code: CodeNoMoment, Message: fmt.Sprintf("@%d is not in the checklist yet: it ends at @%d", seq, end)}
	}
	for env, err := range h.log.Read(ctx, events.Filter{Checklist: name, After: seq - 1, Upto: seq}) {
		if err != nil {
			return "", err
		}
		if env.CommandID != "" {
			return env.CommandID, nil
		}
	}
	return "", &Error{Code: CodeNoMoment, Message: fmt.Sprintf("@%d is no change of %s", seq, name), Hint: "cairn log lists them."}
}

// lastOf returns the actor's last command that is not taken back, which may be a
// Redo; with redo, the actor's last Undo that is not, if the actor did nothing
// behind it.
func (h *Handler) lastOf(ctx context.Context, meta Meta, end events.Seq, redo bool) (string, error) {
	for size := events.Seq(256); ; size *= 8 {
		from := end - min(size, end)
		var tail []events.Envelope
		for env, err := range h.log.Read(ctx, events.Filter{Checklist: meta.Checklist, After: from, Upto: end}) {
			if err != nil {
				return "", err
			}
			env.Body = nil
			tail = append(tail, env)
		}
		id, reached, err := lastIn(tail, meta.Actor.ID, redo)
		if id != "" || err != nil {
			return id, err
		}
		if from > 0 && !reached {
			continue
		}
		what := "nothing that you did here is left to undo"
		if redo {
			what = "there is nothing to redo: your last command was no undo"
		}
		return "", refuse("cairn log lists what was done, cairn undo @SEQ takes any of it back.", "%s", what)
	}
}

// lastIn is lastOf for the end of a checklist's events. reached says that it
// has the answer, also where that is none.
func lastIn(tail []events.Envelope, actor string, redo bool) (id string, reached bool, err error) {
	void := make(map[string]bool) // ids of events that are taken back
	for end := len(tail); end > 0; {
		start := end - 1
		for start > 0 && tail[start-1].CommandID == tail[end-1].CommandID {
			start--
		}
		group := tail[start:end]
		end = start
		back := group[0].CommandName == undoName || group[0].CommandName == redoName
		gone := slices.ContainsFunc(group, func(env events.Envelope) bool { return void[env.ID] })
		if back && !gone {
			for _, env := range group {
				void[env.Undoes] = true
			}
		}
		mine := group[0].Actor.ID == actor && group[0].CommandID != ""
		switch {
		case gone || !mine:
		case redo && group[0].CommandName == undoName, !redo && group[0].CommandName == redoName:
			return group[0].CommandID, true, nil
		case back || !undoable(group):
		case redo:
			return "", true, nil
		default:
			return group[0].CommandID, true, nil
		}
	}
	return "", false, nil
}

// undoable reports whether a command is one that a person gave, and not only
// noted, or took from a commit.
func undoable(group []events.Envelope) bool {
	changes := false
	for _, env := range group {
		if sync, ok := env.Data.(*events.DocumentSynced); !ok {
			changes = true
		} else if sync.Commit != "" {
			return false
		}
	}
	return changes
}

// around reads a command, and the checklist before and after it.
func (h *Handler) around(ctx context.Context, l *list, meta Meta, id string) (*past, error) {
	var at checklist.Command
	if err := l.view.Read(func(st *checklist.State) error {
		at, _ = st.Command(id)
		return nil
	}); err != nil {
		return nil, err
	}
	p := &past{before: checklist.New(), after: checklist.New()}
	for env, err := range h.log.Read(ctx, events.Filter{Checklist: meta.Checklist, Upto: at.Last}) {
		switch {
		case err != nil:
		case env.CommandID == id:
			if meta.Undone != nil {
				meta.Undone(p.after, env)
			}
			p.undone = append(p.undone, env)
		default:
			p.before, err = checklist.Evolve(p.before, env)
		}
		if err == nil {
			p.after, err = checklist.Evolve(p.after, env)
		}
		if err != nil {
			return nil, fmt.Errorf("read checklist %s before @%d: %w", meta.Checklist, at.First, err)
		}
	}
	if len(p.undone) == 0 {
		return nil, fmt.Errorf("%w: the events of command %s are gone", events.ErrIntegrity, id)
	}
	return p, nil
}

// irrevocable returns why events cannot be taken back; nil if they can.
func irrevocable(undone []events.Envelope) error {
	at := undone[0].Seq
	for _, env := range undone {
		switch e := env.Data.(type) {
		case *events.ChecklistCreated:
			return refuse("cairn archive hides a checklist.", "@%d is the import; it is not taken back", at)
		case *events.DocumentSynced:
			if e.More {
				return refuse("cairn archive hides a checklist.", "@%d is of the import; it is not taken back", at)
			}
		case *events.ChecklistPublished:
			return refuse("", "@%d says that the checklist goes on elsewhere; it is not taken back", at)
		case *events.ChecklistBaselined:
			return refuse("cairn baseline sets another.", "@%d is a baseline; it is not taken back", at)
		case *events.ReviewRecorded:
			return refuse("cairn report --record adds another.", "@%d is the record of a review; it is not taken back", at)
		case *events.Unknown:
			return &Error{Code: CodeNewerEvent, Message: fmt.Sprintf("@%d was written by a newer Cairn, which can take it back", at), Hint: strings.TrimPrefix(string(e.Kind()), "cairn.")}
		}
	}
	return nil
}
