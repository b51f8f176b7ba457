package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"cairn/events"
	"cairn/server/app"
)

// whoami registers what tells a client who it is.
func (d *door) whoami(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "whoami", Method: http.MethodGet, Path: "/api/v1/whoami", Summary: "Who you are, and how that is known",
		Tags: []string{"server"}, Errors: []int{401},
	}, func(ctx context.Context, _ *struct {
		Actor string `header:"Cairn-Actor" doc:"Who it is, on a server without users"`
	},
	) (*struct{ Body app.JSONIdentity }, error) {
		id := identity(ctx)
		role := string(id.Role)
		if id.Auth == events.Unauthenticated {
			role = "" // nobody was asked
		}
		return &struct{ Body app.JSONIdentity }{app.NewIdentity(id.User, role, id.Checklists, id.Auth)}, nil
	})
}
