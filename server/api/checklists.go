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

type checklistsInput struct {
	Consistent
	AsOf    string `query:"as_of" maxLength:"200" doc:"Those that there were at this moment, as they were"`
	KnownAt string `query:"as_known_at" maxLength:"200" doc:"As the log had them at this moment"`
}

type checklistsOutput struct {
	Seq  events.Seq `header:"Cairn-Seq"`
	Body app.JSONSummaries
}

func (d *door) checklists(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "checklists", Method: http.MethodGet, Path: "/api/v1/checklists", Summary: "All checklists",
		Description: "With what is done of each, and the file that follows it.",
		Tags:        []string{"views"}, Errors: []int{400, 401, 404, 500, 503},
	}, func(ctx context.Context, in *checklistsInput) (*checklistsOutput, error) {
		on, err := d.settle(ctx, in.Consistent, "")
		if err != nil {
			return nil, problemOf(err)
		}
		seq, of := d.app.End(), checklist.Moment{AsOf: in.AsOf, KnownAt: in.KnownAt}
		list, err := d.summaries(ctx, of)
		if err == nil {
			err = on.told(ctx, seq)
		}
		if err != nil {
			return nil, problemOf(err)
		}
		return &checklistsOutput{seq, app.SummariesJSON(d.app.Origin(), seq, list, of)}, nil
	})
}

// summaries returns the checklists that whoever asks may see. No other is looked
// at: what is wrong with it is not for these eyes either.
func (d *door) summaries(ctx context.Context, of checklist.Moment) ([]app.Summary, error) {
	names, err := d.app.Names(ctx)
	if err != nil {
		return nil, err
	}
	id := identity(ctx)
	names = slices.DeleteFunc(names, func(name string) bool { return !id.May(members.See, name) })
	if of != (checklist.Moment{}) {
		done, err := d.heavy.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	now := d.now()
	return app.ChecklistsAt(ctx, d.app, names, func(name string) (app.Moment, error) {
		return app.Moments{App: d.app, Name: name, Now: now, Option: option}.Find(ctx, of)
	})
}
