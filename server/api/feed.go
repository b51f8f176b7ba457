package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"cairn/events"
	"cairn/server/commands"
)

type feedInput struct {
	After       string   `query:"after" doc:"Begin behind this position: 0 is the beginning. Without it and Last-Event-ID: what comes from now on"`
	LastEventID string   `header:"Last-Event-ID" doc:"The last id that was received; counts more than after"`
	LastID      string   `query:"last_event_id" doc:"Last-Event-ID, for clients that cannot send it"`
	Origin      string   `query:"origin" doc:"The log that the position is of: another one answers 409"`
	LogOrigin   string   `header:"Cairn-Origin" doc:"The same as origin"`
	Checklist   string   `query:"checklist" maxLength:"63" doc:"Only those of this checklist"`
	System      bool     `query:"system" doc:"Only the log's own: users, tokens, keys"`
	Task        int      `query:"task" minimum:"1" doc:"Only those about this task of the checklist"`
	Kinds       []string `query:"kind" doc:"Only those of these kinds, such as cairn.task.completed.v1 or task.completed"`
	Actors      []string `query:"actor" doc:"Only those of these actors, or on behalf of them, by their id"`
}

const feedDescription = `Server-sent events. The id of each is its position in the log, the event its kind, the data the CloudEvent
with its position as the extension sequence. Whoever sends the last id again, as browsers do, misses and repeats nothing.

The first event is log: {"origin":…,"seq":412,"after":405} names the log, where it ends and where this stream begins.
An event skipped, {"from":55,"upto":57}, accounts for positions that were filtered out or are not for these eyes.
An event problem says why the stream ends. A position that the log does not have is refused with 410, one of another log with 409.`

// feed registers the stream of what comes.
func (d *door) feed(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "feed", Method: http.MethodGet, Path: "/api/v1/events", Summary: "Events as they come", Description: feedDescription,
		Tags: []string{"events"}, Errors: []int{400, 401, 403, 409, 410, 503},
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"text/event-stream": {}}}},
	}, func(ctx context.Context, in *feedInput) (*huma.StreamResponse, error) {
		wanted, err := in.filter()
		if err != nil {
			return nil, problemOf(err)
		}
		after, err := d.begin(ctx, in)
		if err != nil {
			return nil, problemOf(err)
		}
		if d.config.May != nil {
			if _, err := d.config.May(ctx, in.Checklist); err != nil {
				return nil, problemOf(err)
			}
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			_, w := humago.Unwrap(hc)
			d.stream(ctx, w, after, wanted)
		}}, nil
	})
}

// begin returns the position behind which a stream begins. What is no position of
// this log is refused: a reader would believe that it missed nothing.
func (d *door) begin(ctx context.Context, in *feedInput) (events.Seq, error) {
	for _, origin := range []string{in.Origin, in.LogOrigin} {
		if origin != "" && origin != d.app.Origin() {
			return 0, problem(http.StatusConflict, "other_log", 7, "the log here is "+d.app.Origin()+", not "+origin).
				hinted("A position of one log says nothing about another: begin with after=0.")
		}
	}
	end, away := d.app.Last(ctx)
	if away != nil { // what this server has is told nevertheless
		end = d.app.Feed().Position()
	}
	for _, given := range []string{in.LastEventID, in.LastID, in.After} {
		if given == "" {
			continue
		}
		n, err := strconv.ParseUint(given, 10, 63)
		if err != nil {
			return 0, &commands.Error{Code: commands.CodeUsage, Message: strconv.Quote(given) + " is no position of a log", Hint: "The last id of this stream, or 0 for all."}
		}
		after := events.Seq(n)
		if after <= end {
			return after, nil
		}
		if away != nil {
			return 0, away
		}
		// Another server can be ahead of this one: for a moment, or while the part of the
		// log that this one reads is cut off. That is no damage.
		if err := d.reach(ctx, after); err != nil {
			if ctx.Err() != nil {
				return 0, err
			}
			if reported, failed := d.app.Reported(ctx, ""); failed != nil || after <= reported {
				return 0, cmp.Or(failed, err)
			}
			return 0, problem(http.StatusGone, "beyond_end", 7, fmt.Sprintf("the log %s ends at @%d; there is no @%d", d.app.Origin(), end, after)).
				hinted("The position is of another log, or this one lost its end: begin with after=0.")
		}
		return after, nil
	}
	return max(end, d.app.Feed().Position()), nil
}

// filter returns what reports whether an event is wanted.
func (in *feedInput) filter() (func(*events.Envelope) bool, error) {
	usage := func(message, hint string) error {
		return &commands.Error{Code: commands.CodeUsage, Message: message, Hint: hint}
	}
	if in.Checklist != "" {
		if err := commands.CheckName(in.Checklist); err != nil {
			return nil, err
		}
	}
	switch {
	case in.Task != 0 && in.Checklist == "":
		return nil, usage("task "+strconv.Itoa(in.Task)+" of which checklist?", "Each numbers its own: add checklist=NAME.")
	case in.System && in.Checklist != "":
		return nil, usage("system and checklist exclude each other", "")
	}
	for _, kind := range in.Kinds {
		if !isKind(kind) {
			return nil, usage(strconv.Quote(kind)+" is no kind of event", "They look like cairn.task.completed.v1, or task.completed for all versions of it.")
		}
	}
	subject := events.TaskRef(in.Task).String()
	return func(env *events.Envelope) bool {
		switch {
		case in.Checklist != "" && env.Checklist != in.Checklist, in.System && env.Checklist != "":
			return false
		case in.Task != 0 && env.Data.Subject() != subject:
			return false
		case len(in.Kinds) > 0 && !slices.ContainsFunc(in.Kinds, func(k string) bool { return ofKind(env.Data.Kind(), k) }):
			return false
		case len(in.Actors) > 0 && !slices.Contains(in.Actors, env.Actor.ID) && (env.OnBehalfOf == "" || !slices.Contains(in.Actors, env.OnBehalfOf)):
			return false
		}
		return true
	}, nil
}

// isKind reports whether s has the form of a kind, with or without its version.
// Kinds of a newer version may be waited for.
func isKind(s string) bool {
	s = strings.TrimPrefix(s, "cairn.")
	for _, k := range events.Kinds() {
		if ofKind(k, s) {
			return true
		}
	}
	part := strings.Split(s, ".")
	return len(part) == 3 && part[0] != "" && part[1] != "" && strings.HasPrefix(part[2], "v")
}

func ofKind(k events.Kind, s string) bool {
	full := strings.TrimPrefix(string(k), "cairn.")
	s = strings.TrimPrefix(s, "cairn.")
	rest, ok := strings.CutPrefix(full, s)
	return ok && s != "" && (rest == "" || strings.HasPrefix(rest, ".v"))
}

// heartbeat and stall are the configured times.
func (d *door) heartbeat() time.Duration { return cmp.Or(d.config.Heartbeat, 15*time.Second) }
func (d *door) stall() time.Duration     { return cmp.Or(d.config.Stall, 60*time.Second) }
