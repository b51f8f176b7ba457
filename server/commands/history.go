package commands

import (
	"context"
	"fmt"
	"iter"

	"cairn/events"
	"cairn/projections"
	"cairn/projections/checklist"
)

// Step is one command of a history.
type Step struct {
	Meta Meta
	Cmd  Command
}

// One append of ExecuteAll takes so much, in whole steps.
const (
	historyEvents = 2000
	historyBytes  = 4 << 20
)

// ExecuteAll executes the commands of a history of one checklist in order, many
// in one append: each is stored whole or not at all, and what comes behind one
// that failed is not stored. Steps that were executed before are passed over.
// It calls stored with the number of steps that are done, after each append.
//
// It returns the number of events added. Nobody else may write to the checklist
// meanwhile: that is ErrConflict, and the same history again goes on behind what
// is stored.
func (h *Handler) ExecuteAll(ctx context.Context, name string, steps iter.Seq2[Step, error], stored func(done int)) (added int, err error) {
	if err := CheckName(name); err != nil {
		return 0, err
	}
	l := h.list(name)
	if err := l.enter(ctx); err != nil {
		return 0, err
	}
	defer l.leave()
	if err := l.catchUp(ctx, h.log); err != nil {
		return 0, err
	}
	if err := h.arrived(ctx, l, SyncDocument{}); err != nil {
		return 0, err
	}
	// The steps are decided on a fold of their own, ahead of the log.
	try, err := projections.Fold(checklist.Projection, h.log.Read(ctx, events.Filter{Checklist: name}), nil)
	if err != nil {
		return 0, err
	}
	var pending []events.Envelope
	size, done := 0, 0
	flush := func() error {
		if len(pending) > 0 {
			last, err := h.collect.Append(ctx, events.Append{Checklist: name, Expect: l.view.Seq(), Events: pending})
			if err != nil {
				return fmt.Errorf("take the history of %s: %w", name, err)
			}
			if err := l.apply(pending, last, nil); err != nil {
				return err
			}
			added += len(pending)
		}
		pending, size = nil, 0
		stored(done)
		return nil
	}
	for step, err := range steps {
		if err != nil {
			return added, err
		}
		envelopes, err := h.ahead(try, step)
		if err != nil {
			return added, err
		}
		for _, env := range envelopes {
			if try, err = checklist.Evolve(try, env); err != nil {
				return added, err
			}
			size += len(env.Body)
		}
		done++
		if pending = append(pending, envelopes...); len(pending) >= historyEvents || size >= historyBytes {
			if err := flush(); err != nil {
				return added, err
			}
		}
	}
	return added, flush()
}

// ahead decides one step; no events where it was executed before.
func (h *Handler) ahead(try *checklist.State, step Step) ([]events.Envelope, error) {
	if _, known := try.Command(step.Meta.ID); known {
		return nil, nil
	}
	hash, err := check(step.Meta, step.Cmd)
	if err != nil {
		return nil, err
	}
	if err := mayWrite(try, step.Cmd); err != nil {
		return nil, err
	}
	cmd, err := Resolve(try, step.Cmd, h.config.Now())
	if err != nil {
		return nil, err
	}
	d, err := decided(try, cmd)
	if err != nil || len(d.events) == 0 {
		return nil, err
	}
	return h.stamp(try.Position(), step.Meta, step.Cmd.Name(), hash, &d.draft, h.config.Now())
}
