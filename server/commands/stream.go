package commands

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"cairn/events"
	"cairn/projections"
)

// folded is what the write path asks of the fold of a stream.
type folded interface {
	Position() projections.Position
	Command(id string) (projections.Command, bool)
}

// stream is one consistency boundary, a checklist or the log's own events: its
// queue and its fold.
type stream[S folded] struct {
	name string        // of the checklist; empty for the log's own events
	turn chan struct{} // holds one token: whoever takes it may write and catch up
	view *projections.View[S]
	// loaded says that the log was read once. It is changed with the turn.
	loaded atomic.Bool
	// broken is why the stream stopped for good: the log has a hole in it.
	// It is guarded by turn.
	broken error
	fed    fed
}

func newStream[S folded](name string, p projections.Projection[S]) *stream[S] {
	s := &stream[S]{name: name, turn: make(chan struct{}, 1), view: projections.NewView(p)}
	s.turn <- struct{}{}
	return s
}

// String is how an error names the stream.
func (s *stream[S]) String() string {
	if s.name == "" {
		return "the log's own events"
	}
	return "checklist " + s.name
}

func (s *stream[S]) filter(after, upto events.Seq) events.Filter {
	return events.Filter{Checklist: s.name, System: s.name == "", After: after, Upto: upto}
}

func (s *stream[S]) enter(ctx context.Context) error {
	select {
	case <-s.turn:
		s.takeFed()
		if err := s.broken; err != nil {
			s.leave()
			return err
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// execute takes the stream's turn and carries out the command called name, which
// decide makes into stamped envelopes behind the position that it returns. It
// may be asked several times.
func (s *stream[S]) execute(ctx context.Context, h *Handler, meta Meta, name, hash string, observe func(S, events.Envelope),
	decide func(context.Context, Meta) ([]events.Envelope, events.Seq, error),
) (Result, error) {
	if meta.ID == "" {
		var err error
		if meta.ID, err = h.config.NewID(); err != nil {
			return Result{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Deadline)
	defer cancel()
	if err := s.enter(ctx); err != nil {
		return Result{}, err
	}
	defer s.leave()
	if !s.loaded.Load() {
		if err := s.catchUp(ctx, h.log); err != nil {
			return Result{}, err
		}
	}
	var unsure error // of an attempt that may be stored yet
	// failed is err, unless nobody knows whether the command was carried out.
	failed := func(err error) error {
		if err == nil || unsure == nil || errors.Is(err, events.ErrUnavailable) || errors.Is(err, events.ErrIntegrity) {
			return err
		}
		return fmt.Errorf("%w: an attempt was not answered; then %w", events.ErrUnavailable, err)
	}
	for attempt := 0; ; attempt++ {
		if result, known, err := s.known(ctx, h, meta, name, hash); known || err != nil {
			return result, failed(err)
		}
		envelopes, seq, err := decide(ctx, meta)
		if refused := new(Error); err != nil && !errors.As(err, &refused) {
			return Result{}, failed(err)
		}
		if len(envelopes) == 0 { // nothing that the log could contradict
			stands, failure := s.stands(ctx, h)
			if failure != nil {
				return Result{}, failed(fmt.Errorf("%s: %w", name, failure))
			}
			if !stands {
				continue
			}
			return Result{ID: meta.ID, Seq: seq}, err
		}
		last, err := h.collect.Append(ctx, events.Append{Checklist: s.name, Expect: seq, Events: envelopes})
		if err == nil {
			if err := s.apply(envelopes, last, observe); err != nil {
				return Result{}, err
			}
			return Result{ID: meta.ID, Seq: last, Events: envelopes}, nil
		}
		if errors.Is(err, events.ErrAway) { // nothing was sent, unless before
			return Result{}, fmt.Errorf("%s: %w", name, errors.Join(unsure, err))
		}
		if errors.Is(err, events.ErrStorage) || errors.Is(err, events.ErrIntegrity) {
			return Result{}, err
		}
		if !errors.Is(err, events.ErrConflict) {
			unsure = err
			pause(ctx, attempt)
		}
		if ctx.Err() != nil {
			return Result{}, fmt.Errorf("%s: %w", name, failed(err))
		}
		if caught := s.catchUp(ctx, h.log); caught != nil {
			return Result{}, failed(errors.Join(err, caught))
		}
	}
}

// pause waits before a log that failed is tried again, longer each time.
func pause(ctx context.Context, attempt int) {
	select {
	case <-time.After(min(5*time.Millisecond<<min(attempt, 10), time.Second)):
	case <-ctx.Done():
	}
}

// known answers a command whose id the stream knows from the stored events.
func (s *stream[S]) known(ctx context.Context, h *Handler, meta Meta, name, hash string) (Result, bool, error) {
	var at projections.Command
	var ok bool
	if err := s.view.Read(func(st S) error {
		at, ok = st.Command(meta.ID)
		return nil
	}); err != nil || !ok {
		return Result{}, false, err
	}
	if at.Hash != hash {
		return Result{}, false, &Error{Code: CodeCommandReused, Message: fmt.Sprintf("the command id %s was used for another command (@%d)", meta.ID, at.First), Hint: "Nothing was written. A new command needs a new --id."}
	}
	if err := s.confirmed(ctx, h, at.Last); err != nil {
		return Result{}, false, fmt.Errorf("%s again: %w", name, err)
	}
	result := Result{ID: meta.ID, Seq: at.Last, Repeated: true}
	for env, err := range h.log.Read(ctx, s.filter(at.First-1, at.Last)) {
		if err != nil {
			return Result{}, false, fmt.Errorf("%s again: %w", name, err)
		}
		if env.CommandID == meta.ID {
			result.Events = append(result.Events, env)
		}
	}
	return result, true, nil
}

// apply evolves the view by what was stored, ending at last.
func (s *stream[S]) apply(envelopes []events.Envelope, last events.Seq, observe func(S, events.Envelope)) error {
	first := last - events.Seq(len(envelopes)) + 1
	for i := range envelopes {
		envelopes[i].Seq = first + events.Seq(i)
		if observe != nil {
			if err := s.view.Read(func(st S) error {
				observe(st, envelopes[i])
				return nil
			}); err != nil {
				return err
			}
		}
		if err := s.view.Apply(envelopes[i]); err != nil {
			return err
		}
	}
	return nil
}

// catchUp applies what the log holds behind the view.
func (s *stream[S]) catchUp(ctx context.Context, log events.Log) error {
	for env, err := range log.Read(ctx, s.filter(s.view.Seq(), 0)) {
		if err == nil {
			err = s.follows(env)
		}
		if err != nil {
			if errors.Is(err, events.ErrIntegrity) {
				s.broken = err
			}
			return fmt.Errorf("read %s: %w", s, err)
		}
		if err := s.view.Apply(env); err != nil {
			return err
		}
	}
	s.loaded.Store(true)
	return nil
}

// follows returns an error if an event is missing between the view and env: a
// reader that begins behind the first event cannot tell by itself.
func (s *stream[S]) follows(env events.Envelope) error {
	return s.view.Read(func(st S) error {
		revision := st.Position().Revision
		if _, unreadable := env.Data.(*events.Unreadable); unreadable || env.Revision == revision+1 {
			return nil
		}
		return fmt.Errorf("%w: revision %d is missing before @%d", events.ErrIntegrity, revision+1, env.Seq)
	})
}

// look calls look with the state, caught up with the log, unless it is current
// once it was read.
func (s *stream[S]) look(ctx context.Context, h *Handler, current bool, look func(S) error) error {
	if h.config.Fed && s.upToDate() {
		return s.view.Read(look)
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	var err error
	if !s.loaded.Load() || !current {
		err = s.catchUp(ctx, h.log)
	}
	s.leave()
	if err != nil {
		return err
	}
	return s.view.Read(look)
}
