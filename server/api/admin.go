package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cairn/events"
	"cairn/projections/members"
	"cairn/server/app"
	"cairn/server/commands"
)

type systemInput struct {
	Key         string `header:"Idempotency-Key" doc:"The command's id, a UUID: the same again gives the same answer and adds nothing"`
	Traceparent string `header:"traceparent" doc:"The trace that it belongs to (W3C Trace Context)"`
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte `contentType:"application/json"`
}

// systemResult is what a command about the log itself did.
type systemResult struct{ app.JSONResult }

type systemOutput struct {
	Seq  events.Seq `header:"Cairn-Seq"`
	Body systemResult
}

// administration registers what says who may use the log.
func (d *door) administration(api huma.API) {
	for _, zero := range commands.SystemForms() {
		name := zero.Name()
		huma.Register(api, huma.Operation{
			OperationID: name, Method: http.MethodPost, Path: "/api/v1/commands/" + name, Summary: spaced(name), Tags: []string{"administration"},
			SkipValidateBody: true, MaxBodyBytes: maxForm, BodyReadTimeout: 30 * time.Second, Errors: []int{400, 401, 403, 404, 409, 413, 415, 422, 503},
		}, func(ctx context.Context, in *systemInput) (*systemOutput, error) {
			out, err := d.administer(ctx, name, in)
			if err != nil {
				return nil, problemOf(err)
			}
			return out, nil
		})
		api.OpenAPI().Paths["/api/v1/commands/"+name].Post.RequestBody = bodyOf(api, zero)
	}
	d.members(api)
}

func (d *door) administer(ctx context.Context, name string, in *systemInput) (*systemOutput, error) {
	if err := isType(in.ContentType, "application/json"); err != nil {
		return nil, err
	}
	body, about, err := part(name, in.RawBody)
	if err != nil {
		return nil, err
	}
	cmd, err := commands.DecodeSystem(name, body)
	if err != nil {
		return nil, err
	}
	meta := about.Meta(commands.Meta{ID: in.Key, Traceparent: trace(in.Traceparent)})
	meta.Actor = identity(ctx).Actor()
	if meta.Via == "" {
		meta.Via = "http"
	}
	result, err := d.app.Administer(ctx, meta, cmd)
	if err != nil {
		return nil, err
	}
	out := &systemOutput{Seq: result.Seq, Body: systemResult{app.SystemJSON(result)}}
	for i, env := range result.Events {
		out.Body.Events[i] = events.Sequenced(env.Body, env.Seq)
	}
	return out, nil
}

// jsonUser is a user as others see one.
type jsonUser struct {
	User       string       `json:"user"`
	Role       members.Role `json:"role"`
	Checklists []string     `json:"checklists" doc:"What the role is limited to; empty is no limit"`
	Tokens     int          `json:"tokens" doc:"How many tokens open the log for them"`
}

// jsonToken is a token: never what it is, or its hash.
type jsonToken struct {
	Token   string     `json:"token" doc:"The id of the token"`
	User    string     `json:"user"`
	Label   *string    `json:"label"`
	Expires *time.Time `json:"expires"`
	Revoked bool       `json:"revoked"`
}

func (d *door) members(api huma.API) {
	type users struct {
		Schema int        `json:"schema"`
		Kind   string     `json:"kind"`
		Users  []jsonUser `json:"users"`
	}
	type tokens struct {
		Schema int         `json:"schema"`
		Kind   string      `json:"kind"`
		Tokens []jsonToken `json:"tokens"`
	}
	huma.Register(api, huma.Operation{
		OperationID: "users", Method: http.MethodGet, Path: "/api/v1/users", Summary: "Who may use the log", Tags: []string{"administration"}, Errors: []int{401, 403, 503},
	}, func(ctx context.Context, in *Consistent) (*struct{ Body users }, error) {
		out := &struct{ Body users }{users{1, "users", []jsonUser{}}}
		on, err := d.settle(ctx, *in, "")
		if err == nil {
			err = d.app.Members(ctx, func(st *members.State) error {
				for _, u := range st.Users() {
					j := jsonUser{User: u.Name, Role: u.Role, Checklists: append([]string{}, u.Checklists...)}
					for _, t := range st.Tokens() {
						if t.User == u.Name && t.Revoked.Seq == 0 && (t.Expires.IsZero() || d.now().Before(t.Expires)) {
							j.Tokens++
						}
					}
					out.Body.Users = append(out.Body.Users, j)
				}
				return nil
			})
		}
		if err == nil {
			err = on.told(ctx, d.app.End())
		}
		if err != nil {
			return nil, problemOf(err)
		}
		return out, nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "tokens", Method: http.MethodGet, Path: "/api/v1/tokens", Summary: "The tokens that there are", Tags: []string{"administration"}, Errors: []int{401, 403, 503},
	}, func(ctx context.Context, in *Consistent) (*struct{ Body tokens }, error) {
		out := &struct{ Body tokens }{tokens{1, "tokens", []jsonToken{}}}
		on, err := d.settle(ctx, *in, "")
		if err == nil {
			err = d.app.Members(ctx, func(st *members.State) error {
				for _, t := range st.Tokens() {
					j := jsonToken{Token: t.ID, User: t.User, Revoked: t.Revoked.Seq != 0}
					if t.Label != "" {
						j.Label = &t.Label
					}
					if !t.Expires.IsZero() {
						j.Expires = &t.Expires
					}
					out.Body.Tokens = append(out.Body.Tokens, j)
				}
				return nil
			})
		}
		if err == nil {
			err = on.told(ctx, d.app.End())
		}
		if err != nil {
			return nil, problemOf(err)
		}
		return out, nil
	})
}
