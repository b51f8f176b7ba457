package commands

import (
	"bytes"
	"context"
	"fmt"

	"github.com/google/uuid"

	"cairn/events"
	"cairn/projections/checklist"
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

// Adopt takes events of a checklist from another log, as they are stored there:
// their ids, revisions, times and actors stay; only their positions are new. The
// first of them follows the last that is here already, so that what was cut off
// goes on. All are stored, or none. It returns the revision that the checklist has
// then.
//
// It refuses what is not the checklist's next event, with CodeConflict where
// another one is here already. Only who may do everything may call it: nothing of
// it is decided, and nobody knows whether the actors are those that it names.
func (h *Handler) Adopt(ctx context.Context, name string, bodies [][]byte) (revision uint64, err error) {
	if err := CheckName(name); err != nil {
		return 0, err
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
	expect := try.Seq()
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
	last, err := h.collect.Append(ctx, events.Append{Checklist: name, Expect: expect, Events: envelopes})
	if err != nil {
		return 0, fmt.Errorf("take %s over: %w", name, err)
	}
	return try.Revision, l.apply(envelopes, last, nil)
}

// adoptable reads an event as it is stored elsewhere.
func adoptable(name string, body []byte) (events.Envelope, error) {
	env, err := events.Unmarshal(body)
	switch _, parse := uuid.Parse(env.ID); {
	case err != nil:
		return env, usage("what was sent is no event: %v", err)
	case env.Checklist != name:
		return env, usage("an event of %q was sent to %s", short(env.Checklist), name)
	case parse != nil:
		return env, usage("revision %d of %s has the id %q, which is no UUID", env.Revision, name, short(env.ID))
	case len(body) > events.MaxEvent || bytes.ContainsAny(body, "\n\r"):
		return env, usage("revision %d of %s is not in the stored form", env.Revision, name)
	}
	return env, nil
}

// Arrive ends what Adopt took over from the log of an origin: cause is a checkpoint
// of that log. Doing it again adds nothing.
func (h *Handler) Arrive(ctx context.Context, meta Meta, to, from string) (Result, error) {
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
