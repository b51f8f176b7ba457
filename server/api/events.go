package api

import (
	"bufio"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"cairn/events"
)

type eventsInput struct {
	Consistent
	Checklist string        `query:"checklist" maxLength:"63" doc:"Only those of this checklist"`
	After     events.Seq    `query:"after" doc:"Only those behind this position"`
	Upto      events.Seq    `query:"upto" doc:"Only those up to this position"`
	Kinds     []events.Kind `query:"kind" doc:"Only those of these kinds, such as cairn.task.completed.v1"`
	System    bool          `query:"system" doc:"The log's own: users, tokens, keys"`
}

// events registers what reads the log.
func (d *door) events(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "events", Method: http.MethodGet, Path: "/api/v1/log", Summary: "Events as they are stored, one a line",
		Description: "CloudEvents 1.0 in their JSON form, with their position in the log as the extension sequence.",
		Tags:        []string{"events"}, Errors: []int{400, 401, 403, 404, 503},
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/x-ndjson": {}}}},
	}, func(ctx context.Context, in *eventsInput) (*huma.StreamResponse, error) {
		on, err := d.settle(ctx, in.Consistent, "")
		if err != nil {
			return nil, problemOf(err)
		}
		filter := events.Filter{Checklist: in.Checklist, System: in.System, After: in.After, Upto: in.Upto, Kinds: in.Kinds}
		if in.Fresh {
			// What is told is confirmed before: it ends here.
			end := d.app.Feed().Position()
			if err := on.told(ctx, end); err != nil {
				return nil, problemOf(err)
			}
			if filter.Upto == 0 || filter.Upto > end {
				filter.Upto = end
			}
		}
		id := identity(ctx)
		all := seesAll(id)
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			hc.SetHeader("Content-Type", "application/x-ndjson")
			hc.SetHeader("Cairn-Seq", itoa(d.app.End()))
			w := bufio.NewWriterSize(hc.BodyWriter(), 32<<10)
			for env, err := range d.app.Events(ctx, filter) {
				if err != nil {
					// What came is whole lines; the last says that it is not all.
					_, _ = w.Write(errorLine(err)) // Flush tells
					break
				}
				if !all && !sees(id, &env) {
					continue
				}
				_, _ = w.Write(events.Sequenced(env.Body, env.Seq)) // the next write tells
				if w.WriteByte('\n') != nil {
					return
				}
			}
			w.Flush()
		}}, nil
	})
}
