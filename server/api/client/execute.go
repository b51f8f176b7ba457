package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/server/app"
	"cairn/server/commands"
)

// Execute has the server carry out a command.
func (a *App) Execute(ctx context.Context, meta commands.Meta, cmd commands.Command) (app.Outcome, error) {
	return a.send(ctx, meta, cmd, false)
}

// Preview has the server say what Execute would do now.
func (a *App) Preview(ctx context.Context, meta commands.Meta, cmd commands.Command) (app.Outcome, error) {
	return a.send(ctx, meta, cmd, true)
}

func (a *App) send(ctx context.Context, meta commands.Meta, cmd commands.Command, dry bool) (app.Outcome, error) {
	if err := commands.CheckName(meta.Checklist); err != nil {
		return app.Outcome{}, err
	}
	if err := commands.CheckID(meta.ID); err != nil {
		return app.Outcome{}, err
	}
	if meta.ID == "" && !dry {
		// With an id of its own the command can be sent again.
		id, err := uuid.NewV7()
		if err != nil {
			return app.Outcome{}, err
		}
		meta.ID = id.String()
	}
	body, err := bodyOf(meta, cmd)
	if err != nil {
		return app.Outcome{}, err
	}
	h := make(http.Header)
	h.Set("Content-Type", "application/json")
	for name, value := range map[string]string{
		"Idempotency-Key": meta.ID, "Cairn-Actor": meta.Actor.ID, "Cairn-On-Behalf-Of": meta.OnBehalfOf, "Traceparent": meta.Traceparent,
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
	path := "/checklists/" + url.PathEscape(meta.Checklist) + "/commands/" + cmd.Name()
	if dry {
		path += "?dry_run=true"
	}
	var res struct {
		Command  *string
		Repeated bool
		Seq      events.Seq
		Events   []json.RawMessage
		Undone   []string
	}
	if err := a.r.json(ctx, http.MethodPost, path, h, body, &res); err != nil {
		return app.Outcome{}, a.Elsewhere(ctx, err)
	}
	out := app.Outcome{Result: commands.Result{Seq: res.Seq, Repeated: res.Repeated}}
	if res.Command != nil {
		out.ID = *res.Command
	}
	for _, line := range res.Events {
		env, err := decode(line)
		if err != nil { // of a dry run it has no position
			env = events.Decode(0, meta.Checklist, line)
		}
		out.Events = append(out.Events, env)
	}
	if len(out.Events)+len(res.Undone) == 0 && !dry {
		return out, nil
	}
	return out, a.retell(ctx, meta.Checklist, &out, res.Undone, dry && !res.Repeated, !dry)
}

// bodyOf returns a command as it is sent: its members and those around it.
func bodyOf(meta commands.Meta, cmd any) ([]byte, error) {
	about, err := json.Marshal(app.AboutOf(meta))
	if err != nil {
		return nil, err
	}
	own, err := json.Marshal(cmd)
	if err != nil {
		return nil, err
	}
	if string(own) == "{}" {
		return about, nil
	}
	return slices.Concat(about[:len(about)-1], []byte(","), own[1:]), nil
}

// retell tells the events of a command, as the server has them; and keeps the
// checklist for what is looked at next. The events of a command ahead of the log
// are not stored.
func (a *App) retell(ctx context.Context, name string, out *app.Outcome, undone []string, ahead, keep bool) error {
	wanted := make(map[string]bool, len(undone))
	for _, id := range undone {
		wanted[id] = true
	}
	mine := func(id string) bool { return !ahead && id == out.ID }
	st, err := a.Retell(ctx, name, func(env events.Envelope) bool { return mine(env.CommandID) || wanted[env.ID] }, func(row audit.Row) {
		if wanted[row.ID] {
			out.Undone = append(out.Undone, row)
		}
		if mine(row.CommandID) {
			out.Rows = append(out.Rows, row)
		}
	}, keep)
	if err != nil || keep {
		return err
	}
	if out.After = st; !ahead {
		return nil
	}
	h := audit.After(st)
	for _, env := range out.Events {
		row, err := h.Next(env)
		if err != nil {
			return fmt.Errorf("preview: %w", err)
		}
		out.Rows = append(out.Rows, row)
	}
	out.After = h.State()
	return nil
}

// historyBytes is about how much of a history goes in one request.
const historyBytes = 8 << 20

// ExecuteHistory has the server take a history, in parts.
func (a *App) ExecuteHistory(ctx context.Context, name string, steps iter.Seq2[commands.Step, error], stored func(done int)) (added int, err error) {
	var part bytes.Buffer
	in, done := 0, 0
	send := func() error {
		if in == 0 {
			return nil
		}
		var res struct{ Steps, Events int }
		h := http.Header{"Content-Type": {"application/x-ndjson"}}
		if err := a.r.json(ctx, http.MethodPost, "/checklists/"+url.PathEscape(name)+"/history", h, part.Bytes(), &res); err != nil {
			return err
		}
		added += res.Events
		done += in
		in = 0
		part.Reset()
		stored(done)
		return nil
	}
	for step, err := range steps {
		if err != nil {
			return added, err
		}
		body, err := bodyOf(step.Meta, step.Cmd)
		if err != nil {
			return added, err
		}
		line, err := json.Marshal(app.JSONStep{ID: step.Meta.ID, Command: step.Cmd.Name(), Body: body})
		if err != nil {
			return added, err
		}
		if part.Len()+len(line) > historyBytes {
			if err := send(); err != nil {
				return added, err
			}
		}
		part.Write(line)
		part.WriteByte('\n')
		in++
	}
	return added, send()
}
