package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/projections/members"
	"cairn/server/app"
)

func (d *door) checklists(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "checklists", Method: http.MethodGet, Path: "/api/v1/checklists", Summary: "All checklists",
		Tags: []string{"views"}, Errors: []int{401, 503},
	}, func(ctx context.Context, in *Consistent) (*struct {
		Seq  events.Seq `header:"Cairn-Seq"`
		Body app.JSONSummaries
	}, error,
	) {
		if err := d.settle(ctx, *in); err != nil {
			return nil, problemOf(err)
		}
		seq := d.app.End()
		list, err := d.app.Checklists(ctx)
		if err != nil {
			return nil, problemOf(err)
		}
		id := identity(ctx)
		list = slices.DeleteFunc(list, func(s app.Summary) bool { return !id.May(members.See, s.Name) })
		return &struct {
			Seq  events.Seq `header:"Cairn-Seq"`
			Body app.JSONSummaries
		}{seq, app.SummariesJSON(d.app.Origin(), seq, list, checklist.Moment{})}, nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "document", Method: http.MethodGet, Path: "/api/v1/checklists/{checklist}/document", Summary: "The document, byte for byte",
		Tags: []string{"views"}, Errors: []int{401, 403, 404, 503},
	}, func(ctx context.Context, in *struct {
		Consistent
		Checklist string `path:"checklist"`
	}) (*struct {
		Seq  events.Seq `header:"Cairn-Seq"`
		ETag string     `header:"ETag"`
		Type string     `header:"Content-Type"`
		Body []byte
	}, error,
	) {
		if err := d.settle(ctx, in.Consistent); err != nil {
			return nil, problemOf(err)
		}
		out := &struct {
			Seq  events.Seq `header:"Cairn-Seq"`
			ETag string     `header:"ETag"`
			Type string     `header:"Content-Type"`
			Body []byte
		}{Type: "text/markdown; charset=utf-8"}
		err := d.app.Checklist(ctx, in.Checklist, nil, func(st *checklist.State) error {
			out.Seq, out.ETag, out.Body = st.Seq(), etag(st, events.Ref{}), st.Document()
			return nil
		})
		if err != nil {
			return nil, problemOf(err)
		}
		return out, nil
	})
}
