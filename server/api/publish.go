package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cairn/events"
	"cairn/server/commands"
)

// adopter is a backend that takes checklists over from other logs.
type adopter interface {
	Adopt(ctx context.Context, meta commands.Meta, from string, bodies [][]byte) (revision uint64, err error)
	Arrive(ctx context.Context, meta commands.Meta, to, from string) (commands.Result, error)
}

// adopted is how far a checklist was taken over.
type adopted struct {
	Schema    int    `json:"schema"`
	Kind      string `json:"kind" example:"adopted"`
	Checklist string `json:"checklist"`
	Origin    string `json:"origin" doc:"The name of this log"`
	Revision  uint64 `json:"revision" doc:"How many events of the checklist are here"`
}

// arrival is the body of what ends a publication.
type arrival struct {
	To         string `json:"to" minLength:"1" doc:"The URL of this server"`
	From       string `json:"from" minLength:"1" doc:"The origin of the log that it came from"`
	Checkpoint string `json:"checkpoint,omitempty" doc:"A checkpoint of that log: its origin, length and root"`
	Via        string `json:"via,omitempty" maxLength:"20"`
}

// maxAdopt is the size of the largest part in which a checklist is taken over.
const maxAdopt = 64 << 20

// publish registers the door by which a checklist comes from another log. It
// appends what it is given as it is, so it is for those who may do everything.
func (d *door) publish(api huma.API) {
	to, ok := d.app.(adopter)
	if !ok {
		return
	}
	type out struct {
		Seq  events.Seq `header:"Cairn-Seq"`
		Body adopted
	}
	answer := func(name string, revision uint64) *out {
		return &out{d.app.End(), adopted{1, "adopted", name, d.app.Origin(), revision}}
	}
	huma.Register(api, huma.Operation{
		OperationID: "adopt", Method: http.MethodPost, Path: "/api/v1/checklists/{checklist}/publish",
		Summary:     "Take events over from another log",
		Description: "One event a line, as it is stored there; each follows the last that is here. All are stored, or none; what is here already is passed over. From the first part to the end, nothing else is written to the checklist.",
		Tags:        []string{"administration"}, MaxBodyBytes: maxAdopt, BodyReadTimeout: time.Minute, Errors: []int{400, 401, 403, 409, 413, 415, 503},
	}, func(ctx context.Context, in *struct {
		Checklist string `path:"checklist" maxLength:"63" doc:"The name of the checklist"`
		From      string `query:"from" maxLength:"200" doc:"The origin of the log that it comes from; may be left out where no event is sent"`
		Type      string `header:"Content-Type" hidden:"true"`
		RawBody   []byte `contentType:"application/x-ndjson"`
	},
	) (*out, error) {
		if err := isType(in.Type, "application/x-ndjson"); err != nil {
			return nil, err
		}
		var bodies [][]byte
		for line := range bytes.Lines(in.RawBody) {
			if line = bytes.TrimSuffix(line, []byte("\n")); len(line) > 0 {
				bodies = append(bodies, bytes.Clone(line)) // RawBody is used again
			}
		}
		revision, err := to.Adopt(ctx, commands.Meta{Checklist: in.Checklist, Actor: identity(ctx).Actor(), Via: "http"}, in.From, bodies)
		if err != nil {
			return nil, problemOf(err)
		}
		return answer(in.Checklist, revision), nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "arrive", Method: http.MethodPost, Path: "/api/v1/checklists/{checklist}/publish/end",
		Summary: "Say that a checklist was taken over, and where from", Tags: []string{"administration"}, SkipValidateBody: true,
		MaxBodyBytes: maxForm, BodyReadTimeout: 30 * time.Second, Errors: []int{400, 401, 403, 404, 409, 413, 415, 422, 503},
	}, func(ctx context.Context, in *struct {
		Checklist string `path:"checklist" maxLength:"63" doc:"The name of the checklist"`
		BodyInput
	},
	) (*out, error) {
		var body arrival
		if err := in.read("arrive", &body); err != nil {
			return nil, err
		}
		if body.To == "" || body.From == "" {
			return nil, refuse("It takes: to, from, checkpoint, via", "arrive: to and from are wanted: the URL of this server, and the origin of the log that it came from")
		}
		meta := commands.Meta{ID: in.Key, Checklist: in.Checklist, Via: body.Via, Cause: body.Checkpoint, Actor: identity(ctx).Actor()}
		if meta.Via == "" {
			meta.Via = "http"
		}
		result, err := to.Arrive(ctx, meta, body.To, body.From)
		if err != nil {
			return nil, problemOf(err)
		}
		o := answer(in.Checklist, 0)
		for _, env := range result.Events {
			o.Body.Revision = env.Revision
		}
		o.Seq = result.Seq
		return o, nil
	})
	paths := api.OpenAPI().Paths
	paths["/api/v1/checklists/{checklist}/publish"].Post.RequestBody = &huma.RequestBody{
		Required: true, Content: map[string]*huma.MediaType{"application/x-ndjson": {
			Schema: &huma.Schema{Type: huma.TypeString}, Example: "{\"specversion\":\"1.0\",\"type\":\"cairn.checklist.created.v1\",…}\n",
		}},
	}
	paths["/api/v1/checklists/{checklist}/publish/end"].Post.RequestBody = describe[arrival](api, map[string]any{
		"to": "https://cairn.example", "from": "cairn/01890a5d-ac96-774b-bcce-b302099a8057",
	})
}
