package client

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"cairn/events"
	"cairn/server/commands"
)

type adopted struct {
	Origin   string
	Revision uint64
}

// Adopt has the server take over events of a checklist, as they are stored. It
// returns the revision that the checklist has there; with no events, the one it
// has already. Who does it is for the server to say.
func (a *App) Adopt(ctx context.Context, meta commands.Meta, from string, bodies [][]byte) (revision uint64, err error) {
	var part bytes.Buffer
	for _, body := range bodies {
		part.Write(body)
		part.WriteByte('\n')
	}
	if len(bodies) == 0 {
		part.WriteByte('\n') // a body there must be
	}
	var res adopted
	h := http.Header{"Content-Type": {"application/x-ndjson"}, "Cairn-Actor": {meta.Actor.ID}}
	err = a.r.json(ctx, http.MethodPost, "/checklists/"+url.PathEscape(meta.Checklist)+"/publish?from="+url.QueryEscape(from), h, part.Bytes(), &res)
	return res.Revision, err
}

// Arrive has the server say that a checklist was taken over from the log of an
// origin.
func (a *App) Arrive(ctx context.Context, meta commands.Meta, to, from string) (commands.Result, error) {
	body, err := json.Marshal(map[string]string{"to": to, "from": from, "checkpoint": meta.Cause, "via": meta.Via})
	if err != nil {
		return commands.Result{}, err
	}
	h := http.Header{"Content-Type": {"application/json"}, "Cairn-Actor": {meta.Actor.ID}}
	if meta.ID != "" {
		h.Set("Idempotency-Key", meta.ID)
	}
	var res adopted
	err = a.r.json(ctx, http.MethodPost, "/checklists/"+url.PathEscape(meta.Checklist)+"/publish/end", h, body, &res)
	return commands.Result{ID: meta.ID, Seq: events.Seq(a.r.seq.Load())}, err
}
