package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cairn/events"
	"cairn/projections/members"
	"cairn/server/app"
	"cairn/server/commands"
)

// taken is how far a history was taken.
type taken struct {
	Schema int    `json:"schema"`
	Kind   string `json:"kind"`
	Steps  int    `json:"steps" doc:"How many of the steps are in the log"`
	Events int    `json:"events" doc:"How many events were added"`
}

// history registers what takes the history of a document.
func (d *door) history(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "history", Method: http.MethodPost, Path: "/api/v1/checklists/{checklist}/history", Summary: "Take a part of a document's history",
		Description: "One command a line, {\"id\":…,\"command\":\"SyncDocument\",\"body\":{…}}, in order; what was taken before is passed over.",
		Tags:        []string{"commands"}, MaxBodyBytes: MaxDocument, BodyReadTimeout: time.Minute, Errors: []int{400, 401, 403, 409, 413, 415, 500, 503},
	}, func(ctx context.Context, in *struct {
		Checklist string `path:"checklist" maxLength:"63" doc:"The name of the checklist"`
		Type      string `header:"Content-Type" hidden:"true"`
		RawBody   []byte `contentType:"application/x-ndjson"`
	}) (*struct {
		Seq  events.Seq `header:"Cairn-Seq"`
		Body taken
	}, error,
	) {
		if err := isType(in.Type, "application/x-ndjson"); err != nil {
			return nil, err
		}
		out := &struct {
			Seq  events.Seq `header:"Cairn-Seq"`
			Body taken
		}{Body: taken{Schema: 1, Kind: "history"}}
		steps := func(yield func(commands.Step, error) bool) {
			lines := bufio.NewScanner(bytes.NewReader(in.RawBody))
			lines.Buffer(nil, MaxDocument)
			for n := 1; lines.Scan(); n++ {
				step, err := readStep(ctx, in.Checklist, lines.Bytes())
				var refusal *commands.Error
				if errors.As(err, &refusal) {
					at := *refusal
					at.Message = fmt.Sprintf("line %d: %s", n, at.Message)
					err = &at
				}
				if !yield(step, err) || err != nil {
					return
				}
			}
		}
		added, err := d.app.ExecuteHistory(ctx, in.Checklist, steps, func(done int) { out.Body.Steps = done })
		if err != nil {
			return nil, problemOf(err)
		}
		out.Seq, out.Body.Events = d.app.End(), added
		return out, nil
	})
	api.OpenAPI().Paths["/api/v1/checklists/{checklist}/history"].Post.RequestBody = &huma.RequestBody{
		Required: true, Content: map[string]*huma.MediaType{"application/x-ndjson": {
			Schema:  &huma.Schema{Type: huma.TypeString},
			Example: `{"id":"01890a5d-ac96-774b-bcce-b302099a8057","command":"SyncDocument","body":{"document":"IyBQbGFuCg==","path":"docs/plan.md"}}` + "\n",
		}},
	}
}

func readStep(ctx context.Context, checklist string, line []byte) (commands.Step, error) {
	var sent app.JSONStep
	if err := commands.Strictly("a step of a history", line, &sent); err != nil {
		return commands.Step{}, err
	}
	// Who may change a checklist may take its history, and nothing else by this door.
	if right, known := rightOf(sent.Command); known && right != members.Change && right != createOrChange {
		return commands.Step{}, &commands.Error{Code: commands.CodeUsage, Message: sent.Command + " is no step of a history"}
	}
	cmd, about, err := read(sent.Command, sent.Body)
	if err != nil {
		return commands.Step{}, err
	}
	return commands.Step{Meta: meta(ctx, commands.Meta{ID: sent.ID, Checklist: checklist}, about), Cmd: cmd}, nil
}
