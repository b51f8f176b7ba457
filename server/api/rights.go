package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"cairn/events"
	"cairn/projections/members"
	"cairn/server/commands"
)

// Gate says who asks, and what that allows. Its errors answer by themselves.
type Gate interface {
	// Admit returns who makes a request.
	Admit(r *http.Request) (members.Identity, error)
	// Allow returns nil where an identity has a right on a checklist; "" is all.
	Allow(r *http.Request, id members.Identity, right members.Right, checklist string) error
	// Session lets whoever looks at the page at / in a browser go on from there.
	Session(w http.ResponseWriter, r *http.Request) error
}

// anybody is what an operation needs that tells nothing of any checklist.
const anybody members.Right = ""

// createOrChange is Change of a checklist that is there, else Create.
const createOrChange members.Right = "create or change"

// rights is what each operation needs. It is the role table of this door: an
// operation that is not in it is not served.
var rights = map[string]members.Right{
	"server":     anybody,
	"checklists": anybody, // of those that one may see
	"events":     someEvents,
	"feed":       someEvents,
	"document":   members.See,
	"checklist":  members.See,
	"tasks":      members.See,
	"task":       members.See,
	"section":    members.See,
	"next":       members.See,
	"risks":      members.See,
	"blame":      members.See,
	"diff":       members.See,
	"report":     members.See,
	"log":        members.See,
	"burndown":   members.See,
	"burnup":     members.See,
	"flow":       members.See,
	"forecast":   members.See,
	"stats":      members.See,
	"history":    createOrChange,
	"adopt":      members.Administer,
	"arrive":     members.Administer,
	"users":      members.Administer,
	"tokens":     members.Administer,

	"whoami":      anybody,
	"key":         members.Trust,
	"checkpoint":  members.Trust,
	"proof":       members.Trust, // of an event that one may not see: hashes only
	"consistency": members.Trust,
	"backup":      members.Administer,
	"rotate-key":  members.Administer,
}

// rightOf returns what an operation needs; ok is false where nobody said so.
func rightOf(operation string) (members.Right, bool) {
	switch operation {
	case "ImportDocument":
		return createOrChange, true
	case "PublishChecklist":
		return members.Administer, true
	}
	if r, ok := rights[operation]; ok {
		return r, true
	}
	for _, zero := range commands.Forms() {
		if zero.Name() == operation {
			return members.Change, true
		}
	}
	for _, zero := range commands.SystemForms() {
		if zero.Name() == operation {
			return members.Administer, true
		}
	}
	return "", false
}

// someEvents is See of the checklist that is asked for; of all, each sees their own.
// The log's own events are for those who administer it.
const someEvents members.Right = "see some"

type (
	identityKey struct{}
	requestKey  struct{}
)

// mayNow says whether who made a request may see the events of a checklist, or of
// the log itself, at the moment that it is asked.
func mayNow(gate Gate) func(context.Context, string) (bool, error) {
	return func(ctx context.Context, checklist string) (bool, error) {
		r, ok := ctx.Value(requestKey{}).(*http.Request)
		if !ok {
			return false, nil
		}
		id, err := gate.Admit(r)
		if err != nil {
			return false, err
		}
		return sees(id, &events.Envelope{Checklist: checklist}), nil
	}
}

// identity returns who makes a request.
func identity(ctx context.Context) members.Identity {
	id, _ := ctx.Value(identityKey{}).(members.Identity)
	return id
}

// guard admits requests, and lets each do what its identity may.
func (d *door) guard(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(hc)
		id, err := d.gate.Admit(r)
		if err == nil {
			err = d.allow(r, id, hc.Operation().OperationID, hc.Param("checklist"))
		}
		if err != nil {
			turnAway(w, err)
			return
		}
		next(huma.WithValue(huma.WithValue(hc, identityKey{}, id), requestKey{}, r))
	}
}

func (d *door) allow(r *http.Request, id members.Identity, operation, checklist string) error {
	right, _ := rightOf(operation)
	switch {
	case right == anybody:
		return nil
	case right == someEvents:
		q := r.URL.Query()
		right, checklist = members.See, q.Get("checklist")
		if q.Has("system") && q.Get("system") != "false" {
			right, checklist = members.Administer, ""
		} else if checklist == "" {
			return nil
		}
	case right == createOrChange:
		names, err := d.app.Names(r.Context())
		if err != nil {
			return err
		}
		// Beyond a limit, what is there and what is not answer the same.
		right = members.Change
		if !slices.Contains(names, checklist) && (!id.Limited() || id.May(members.See, checklist)) {
			right = members.Create
		}
	case right == members.Administer || right == members.Trust:
		checklist = "" // it is about the whole log
	}
	return d.gate.Allow(r, id, right, checklist)
}

// turnAway answers a request that was turned away.
func turnAway(w http.ResponseWriter, err error) {
	if e, ok := err.(interface{ Write(http.ResponseWriter) }); ok {
		e.Write(w)
		return
	}
	write(w, problemOf(err))
}

// admitted lets only those to a page whom the gate admits.
func (d *door) admitted(page http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, err := d.gate.Admit(r)
		if err != nil {
			turnAwayFromPage(w, r, err)
			return
		}
		page(w, r.WithContext(context.WithValue(r.Context(), identityKey{}, id)))
	}
}

// sees reports whether an identity may see an event: those of its checklists, and
// the log's own only who administers it.
func sees(id members.Identity, env *events.Envelope) bool {
	if env.Checklist == "" {
		return id.May(members.Administer, "")
	}
	return id.May(members.See, env.Checklist)
}

// seesAll reports whether an identity may see every event.
func seesAll(id members.Identity) bool { return id.May(members.Administer, "") }

// open is the gate of a door that lets everybody do everything, for tests and for
// programs that guard it themselves.
type open struct{}

func (open) Admit(r *http.Request) (members.Identity, error) {
	user := r.Header.Get("Cairn-Actor")
	if user == "" {
		user = "unknown"
	}
	return members.Identity{User: user, Role: members.Admin, Auth: events.Unauthenticated}, nil
}

func (open) Allow(*http.Request, members.Identity, members.Right, string) error { return nil }

func (open) Session(http.ResponseWriter, *http.Request) error { return nil }
