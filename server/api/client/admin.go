package client

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/google/uuid"

	"cairn/events"
	"cairn/server/commands"
)

// Administer has the server carry out a command about the log itself.
func (a *App) Administer(ctx context.Context, meta commands.Meta, cmd commands.SystemCommand) (commands.Result, error) {
	if meta.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return commands.Result{}, err
		}
		meta.ID = id.String()
	}
	body, err := bodyOf(meta, cmd)
	if err != nil {
		return commands.Result{}, err
	}
	h := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {meta.ID}, "Cairn-Actor": {meta.Actor.ID}}
	var res struct {
		Repeated bool
		Seq      events.Seq
		Events   []json.RawMessage
	}
	if err := a.r.json(ctx, http.MethodPost, "/commands/"+cmd.Name(), h, body, &res); err != nil {
		return commands.Result{}, err
	}
	result := commands.Result{ID: meta.ID, Seq: res.Seq, Repeated: res.Repeated}
	for _, line := range res.Events {
		env, err := decode(line)
		if err != nil {
			return result, err
		}
		result.Events = append(result.Events, env)
	}
	return result, nil
}
