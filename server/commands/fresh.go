package commands

import (
	"context"
	"errors"
	"fmt"

	"cairn/events"
	"cairn/projections/checklist"
)

// endings is a log that knows where a checklist ends now, although its readers
// may be behind; natslog.Log is one. What was read is confirmed before others are
// told of it.
type endings interface {
	Last(ctx context.Context, checklist string) (events.Seq, error)
	Confirm(ctx context.Context, checklist string, seq events.Seq) error
}

// shared returns the log as one that others write, too; nil where nobody does.
func (h *Handler) shared() endings {
	if h.config.Exclusive {
		return nil
	}
	log, _ := h.log.(endings)
	return log
}

// Fresh is View that includes all that was reported before the call, by whatever
// server, and never shows what a later Fresh elsewhere does not. It waits for an
// agreement of the log's replicas; where they cannot agree, that is the log's
// error.
func (h *Handler) Fresh(ctx context.Context, name string, look func(*checklist.State) error) error {
	ctx, cancel := context.WithTimeout(ctx, h.config.Deadline)
	defer cancel()
	log := h.shared()
	if log == nil {
		return h.View(ctx, name, look)
	}
	last, err := log.Last(ctx, name)
	if err != nil {
		return fmt.Errorf("read checklist %s: %w", name, err)
	}
	l := h.list(name)
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.leave()
	if err := l.reach(ctx, h, last); err != nil {
		return err
	}
	return l.view.Read(look)
}

// reach catches up until the view includes last, and confirms where it is beyond.
// It is called with the checklist's turn.
func (s *stream[S]) reach(ctx context.Context, h *Handler, last events.Seq) error {
	for attempt := 0; s.view.Seq() < last || !s.loaded.Load(); attempt++ {
		if attempt > 0 {
			pause(ctx, attempt) // the replica that we read is behind
		}
		if err := s.catchUp(ctx, h.log); err != nil && !tryAgain(ctx, err) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("read %s up to @%d: %w", s, last, context.Cause(ctx))
		}
	}
	if seq := s.view.Seq(); seq > last {
		return h.shared().Confirm(ctx, s.name, seq)
	}
	return nil
}

// stands reports whether the view holds all that was reported until now, so that
// an answer without events may rest on it. Where it did not, it does afterwards.
// It is called with the checklist's turn.
func (s *stream[S]) stands(ctx context.Context, h *Handler) (bool, error) {
	log := h.shared()
	if log == nil || s.name == "" {
		return true, nil
	}
	for attempt := 0; ; attempt++ {
		before := s.view.Seq()
		last, err := log.Last(ctx, s.name)
		if err == nil {
			err = s.reach(ctx, h, last)
		}
		if err == nil {
			return s.view.Seq() == before, nil
		}
		if !tryAgain(ctx, err) {
			return false, err
		}
		pause(ctx, attempt)
	}
}

// confirmed says of an answer from the log that it may be given.
func (s *stream[S]) confirmed(ctx context.Context, h *Handler, seq events.Seq) error {
	log := h.shared()
	if log == nil || s.name == "" {
		return nil
	}
	for attempt := 0; ; attempt++ {
		err := log.Confirm(ctx, s.name, seq)
		if !tryAgain(ctx, err) {
			return err
		}
		pause(ctx, attempt)
	}
}

// tryAgain reports whether a log that returned err may answer before ctx ends.
func tryAgain(ctx context.Context, err error) bool {
	return errors.Is(err, events.ErrUnavailable) && !errors.Is(err, events.ErrAway) && ctx.Err() == nil
}

// Seen is View as this process last saw the checklist: it asks the log for
// nothing, and so goes on while the log is away. What this handler wrote is in it.
// A checklist that was never read is empty.
func (h *Handler) Seen(name string, look func(*checklist.State) error) error {
	return h.list(name).view.Read(look)
}
