package commands

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/projections/members"
)

// Publish closes a checklist that goes on at a server.
type Publish struct {
	// To is the server's URL.
	To string `json:"to"`
}

// Name returns the stored name.
func (Publish) Name() string { return "PublishChecklist" }

func (c Publish) resolve(*resolver) (Command, error) {
	if c.To == "" {
		return nil, usage("publish to which server?")
	}
	return c, nil
}

func (c Publish) decide(d *decision) error {
	d.add(&events.ChecklistPublished{To: c.To})
	return nil
}

// Adopt takes events of a checklist from the log of an origin, as they are stored
// there: their ids, revisions, times and actors stay; only their positions are new.
// The first of them follows the last that is here already, so that what was cut off
// goes on. All are stored, or none. It returns the revision that the checklist has
// then; with no events, the one that it has. The bodies are kept.
//
// From the first of them until [Handler.Arrive], nothing else is written to the
// checklist, by any process: the log's own events say that it is under way. Of meta,
// which says who began it, Adopt takes the checklist, the actor and Via.
//
// It refuses what is not the checklist's next event, with CodeConflict where
// another one is here already. Only who may do everything may call it: nothing of
// it is decided, and nobody knows whether the actors are those that it names.
func (h *Handler) Adopt(ctx context.Context, meta Meta, from string, bodies [][]byte) (revision uint64, err error) {
	name := meta.Checklist
	if err := CheckName(name); err != nil {
		return 0, err
	}
	if from == "" && len(bodies) > 0 {
		return 0, &Error{Code: CodeUsage, Message: name + " is taken over from which log?", Hint: "Nothing was written. Name its origin."}
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Deadline)
	defer cancel()
	l := h.list(name)
	if err := l.enter(ctx); err != nil {
		return 0, err
	}
	defer l.leave()
	if err := l.catchUp(ctx, h.log); err != nil {
		return 0, err
	}
	// The events are tried on a fold of their own, ahead of the log.
	try, stored := checklist.New(), make(map[uint64][]byte)
	for env, err := range h.log.Read(ctx, events.Filter{Checklist: name}) {
		if err == nil {
			stored[env.Revision] = env.Body
			try, err = checklist.Evolve(try, env)
		}
		if err != nil {
			return 0, fmt.Errorf("take %s over: %w", name, err)
		}
	}
	expect, had, arrived := try.Seq(), try.Revision, try.PublishedFrom
	var envelopes []events.Envelope
	for _, body := range bodies {
		env, err := adoptable(name, body)
		if err != nil {
			return 0, err
		}
		if here, ok := stored[env.Revision]; ok {
			if !bytes.Equal(here, body) {
				return 0, &Error{Code: CodeConflict, Message: fmt.Sprintf("%s is another checklist here: its revision %d is another event", name, env.Revision), Hint: "Nothing was written. Publish under another name: cairn import FILE --name NAME"}
			}
			continue
		}
		if env.Revision != try.Revision+1 {
			return 0, &Error{Code: CodeConflict, Message: fmt.Sprintf("%s is at revision %d here; %d does not follow", name, try.Revision, env.Revision), Hint: "Nothing was written."}
		}
		if env.EffectiveTime.Before(try.Effective) {
			return 0, usage("revision %d of %s takes effect before the one before it", env.Revision, name)
		}
		if try, err = checklist.Evolve(try, env); err != nil {
			return 0, usage("revision %d of %s: %v", env.Revision, name, err)
		}
		envelopes = append(envelopes, env)
	}
	if len(envelopes) == 0 {
		return try.Revision, nil
	}
	begun, err := h.arrivingFrom(ctx, name)
	switch {
	case err != nil:
		return 0, err
	case had > 0 && (begun != from || arrived == from):
		return 0, &Error{Code: CodeConflict, Message: fmt.Sprintf("%s is here already, at revision %d, and does not come from %s", name, had, from), Hint: "Nothing was written. Publish under another name: cairn import FILE --name NAME"}
	case begun != from:
		meta = Meta{Actor: meta.Actor, Via: meta.Via}
		if _, err := h.Administer(ctx, meta, beginPublication{Checklist: name, From: from}); err != nil {
			return 0, fmt.Errorf("take %s over: %w", name, err)
		}
	}
	last, err := h.collect.Append(ctx, events.Append{Checklist: name, Expect: expect, Events: envelopes})
	if err != nil {
		return 0, fmt.Errorf("take %s over: %w", name, err)
	}
	return try.Revision, l.apply(envelopes, last, nil)
}

// adoptable reads an event as it is stored elsewhere.
func adoptable(name string, body []byte) (env events.Envelope, err error) {
	wrong := func(format string, args ...any) (events.Envelope, error) {
		return env, &Error{Code: CodeUsage, Message: fmt.Sprintf(format, args...), Hint: "Nothing was written. Send the events as they are stored, one a line."}
	}
	env, err = events.Unmarshal(body)
	switch _, parse := uuid.Parse(env.ID); {
	case err != nil:
		return wrong("what was sent is no event: %v", err)
	case env.Checklist != name:
		return wrong("an event of %q was sent to %s", short(env.Checklist), name)
	case parse != nil:
		return wrong("revision %d of %s has the id %q, which is no UUID", env.Revision, name, short(env.ID))
	case len(body) > events.MaxEvent || bytes.ContainsAny(body, "\n\r"):
		return wrong("revision %d of %s is not in the stored form", env.Revision, name)
	}
	return env, nil
}

// beginPublication says that a checklist is being taken over.
type beginPublication struct {
	Checklist string `json:"checklist"`
	From      string `json:"from"`
}

// Name returns the stored name.
func (beginPublication) Name() string { return "BeginPublication" }

func (c beginPublication) decideSystem(st *members.State, _ time.Time) ([]events.Event, error) {
	if st.Arriving(c.Checklist) == c.From {
		return nil, nil
	}
	return []events.Event{&events.PublicationBegun{Checklist: c.Checklist, From: c.From}}, nil
}

// arrivingFrom returns the origin of the log from which a checklist was begun to be
// taken over; "" if it never was.
func (h *Handler) arrivingFrom(ctx context.Context, name string) (origin string, err error) {
	err = h.system.look(ctx, h, h.current(), func(st *members.State) error {
		origin = st.Arriving(name)
		return nil
	})
	return origin, err
}

// arrived refuses to write to a checklist that is not all there yet. It is asked
// with the checklist's turn, in which Adopt writes.
func (h *Handler) arrived(ctx context.Context, l *list, cmd Command) error {
	if _, ends := cmd.(arrive); ends {
		return nil
	}
	from, err := h.arrivingFrom(ctx, l.name)
	if err != nil || from == "" {
		return err
	}
	return l.view.Read(func(st *checklist.State) error {
		if st.PublishedFrom == from {
			return nil
		}
		return &Error{
			Code: CodeRefused, Message: l.name + " is being published here, and is not all there yet",
			Hint: "Nothing was written. Whoever publishes it goes on: cairn publish",
		}
	})
}

// Arrive ends what Adopt took over from the log of an origin: cause is a checkpoint
// of that log. Doing it again adds nothing. It refuses what does not come from there.
func (h *Handler) Arrive(ctx context.Context, meta Meta, to, from string) (Result, error) {
	begun, err := h.arrivingFrom(ctx, meta.Checklist)
	if err != nil {
		return Result{}, err
	}
	if begun != from {
		return Result{}, refuse("Nothing was written.", "nothing of %s came from %s", meta.Checklist, short(from))
	}
	return h.Execute(ctx, meta, arrive{To: to, From: from})
}

// arrive is what ends a publication where the checklist goes on.
type arrive struct {
	To   string `json:"to"`
	From string `json:"from"`
}

// Name returns the stored name.
func (arrive) Name() string { return "PublishChecklist" }

func (c arrive) resolve(*resolver) (Command, error) { return c, nil }

func (c arrive) decide(d *decision) error {
	if d.st.PublishedFrom != c.From {
		d.add(&events.ChecklistPublished{To: c.To, From: c.From})
	}
	return nil
}
