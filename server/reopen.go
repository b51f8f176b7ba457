package server

import (
	"context"
	"errors"
	"time"

	"cairn/events"
	"cairn/server/api"
)

// Trap: JetStream in this process stores nothing any more once it could not write,
// also when there is room again.
//
// So a server whose log stopped for that reason looks whether there is room, and
// opens the log anew. Until then its views are there. Clients keep their
// connections; those that follow the log connect again, and go on where they were.

// roomEvery is how often it looks.
const roomEvery = time.Second

// keepOpen opens the log again where it has to, until ctx is done, which is nil, or
// the HTTP door ended.
func (s *Server) keepOpen(ctx context.Context, ended <-chan error) error {
	tick := time.NewTicker(roomEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		why := s.stopped()
		if why == nil || s.log != nil && s.log.Room() != nil {
			continue
		}
		s.said.Warn("the log is opened again", "why", why)
		if err := s.reopen(ctx); err != nil {
			s.said.Error("open the log again", "err", err)
			continue
		}
		s.said.Info("the log is open again", "seq", s.log.End())
	}
}

// stopped returns why the log has to be opened again; nil if it need not be.
func (s *Server) stopped() error {
	if s.log == nil {
		return events.ErrUnavailable // the last try came to nothing
	}
	if err := s.log.Stopped(); errors.Is(err, events.ErrStorage) {
		return err
	}
	return nil
}

// reopen opens the log and what stands on it again. Meanwhile, and where it cannot be
// opened, clients are told to come back.
func (s *Server) reopen(ctx context.Context) error {
	away := api.Opening()
	s.handler.Store(&away)
	if err := s.shut(); err != nil {
		s.said.Warn("close the log", "err", err)
	}
	if err := s.open(ctx); err != nil {
		err = errors.Join(err, s.shut())
		s.handler.Store(&away)
		s.log = nil
		return err
	}
	s.keepGate(ctx)
	return nil
}
