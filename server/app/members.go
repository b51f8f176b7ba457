package app

import (
	"context"

	"cairn/projections/members"
	"cairn/server/commands"
)

// Members calls look with who may use the log.
func (l *Local) Members(ctx context.Context, look func(*members.State) error) error {
	return l.handler.Members(ctx, look)
}

// Administer carries out a command about who may use the log.
func (l *Local) Administer(ctx context.Context, meta commands.Meta, cmd commands.SystemCommand) (commands.Result, error) {
	return l.handler.Administer(ctx, meta, cmd)
}
