package app

import (
	"context"

	"cairn/server/commands"
)

// Adopt takes events of a checklist from another log; see commands.Handler.Adopt.
func (s *Shared) Adopt(ctx context.Context, meta commands.Meta, from string, bodies [][]byte) (revision uint64, err error) {
	revision, err = s.handler.Adopt(ctx, meta, from, bodies)
	if err == nil && revision > 0 {
		s.learn(meta.Checklist)
	}
	return revision, err
}

// Arrive ends what was adopted; see commands.Handler.Arrive.
func (s *Shared) Arrive(ctx context.Context, meta commands.Meta, to, from string) (commands.Result, error) {
	if err := s.knows(meta.Checklist); err != nil {
		return commands.Result{}, err
	}
	return s.handler.Arrive(ctx, meta, to, from)
}
