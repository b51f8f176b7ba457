package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
)

type commandInput struct {
	Checklist   string `path:"checklist" maxLength:"63" doc:"The name of the checklist"`
	Key         string `header:"Idempotency-Key" doc:"The command's id, a UUID: the same again gives the same answer and adds nothing"`
	IfMatch     string `header:"If-Match" doc:"The ETag of a task, or of the checklist, that must not have changed since"`
	Actor       string `header:"Cairn-Actor" doc:"Who it is, on a server without users"`
	OnBehalfOf  string `header:"Cairn-On-Behalf-Of" doc:"Whom an agent acts for"`
	Traceparent string `header:"traceparent" doc:"The trace that it belongs to (W3C Trace Context)"`
	ContentType string `header:"Content-Type" hidden:"true"`
	DryRun      bool   `query:"dry_run" doc:"Say what would change, and change nothing"`
	RawBody     []byte `contentType:"application/json"`
}

// result is app.JSONResult, and the ids of the events that an undo or a redo takes
// back.
type result struct {
	app.JSONResult
	Undone []string `json:"undone" doc:"The ids of the events that an undo or a redo takes back"`
}

type commandOutput struct {
	Seq  events.Seq `header:"Cairn-Seq"`
	Body result
}

// commands registers one operation for each command.
func (d *door) commands(api huma.API) {
	for _, zero := range commands.Forms() {
		name := zero.Name()
		huma.Register(api, huma.Operation{
			OperationID: name, Method: http.MethodPost, Path: "/api/v1/checklists/{checklist}/commands/" + name,
			Summary: spaced(name), Tags: []string{"commands"}, MaxBodyBytes: MaxDocument, BodyReadTimeout: 30 * time.Second,
			SkipValidateBody: true,
			Errors:           []int{400, 401, 403, 404, 409, 412, 413, 415, 422, 500, 503},
		}, func(ctx context.Context, in *commandInput) (*commandOutput, error) {
			out, err := d.execute(ctx, name, in)
			if !in.DryRun {
				d.metrics.command(name, out, err)
			}
			if err != nil {
				return nil, problemOf(err)
			}
			return out, nil
		})
		// Registering describes the body as bytes.
		api.OpenAPI().Paths["/api/v1/checklists/{checklist}/commands/"+name].Post.RequestBody = bodyOf(api, zero)
	}
}

// spaced returns a stored name as words: "Complete task".
func spaced(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// bodyOf describes the body of a command: its own fields and those of app.About.
func bodyOf(api huma.API, zero interface{ Name() string }) *huma.RequestBody {
	registry := api.OpenAPI().Components.Schemas
	s := &huma.Schema{Type: huma.TypeObject, Properties: make(map[string]*huma.Schema), AdditionalProperties: false}
	takeFields(registry, s, reflect.TypeOf(zero))
	takeFields(registry, s, reflect.TypeFor[app.About]())
	delete(s.Properties, "$schema")
	if t, ok := zero.(commands.Transition); ok { // the path says it
		s.Properties["verb"] = &huma.Schema{Type: huma.TypeString, Enum: []any{string(t.Verb)}, Description: "May be left out"}
		s.Required = slices.DeleteFunc(s.Required, func(name string) bool { return name == "verb" })
	}
	s.PrecomputeMessages()
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: s, Example: exampleOf(zero.Name())}}}
}

// takeFields adds the fields of a struct to a schema, also those of what is
// embedded in it.
func takeFields(registry huma.Registry, s *huma.Schema, t reflect.Type) {
	from := huma.SchemaFromType(registry, t)
	for name, p := range from.Properties {
		s.Properties[name] = p
	}
	for _, name := range from.Required {
		if !slices.Contains(s.Required, name) {
			s.Required = append(s.Required, name)
		}
	}
	for f := range t.Fields() {
		if f.Anonymous && f.Type.Kind() == reflect.Struct && !f.IsExported() {
			takeFields(registry, s, f.Type)
		}
	}
}

// isType returns a problem if a body is of another type than it must be. A form on
// a page elsewhere cannot send that type.
func isType(given, want string) error {
	if kind, _, err := mime.ParseMediaType(given); err == nil && kind == want {
		return nil
	}
	return problem(http.StatusUnsupportedMediaType, "unsupported_media_type", 2, fmt.Sprintf("Content-Type: %q: want %s", given, want)).
		hinted("With curl: -H 'Content-Type: " + want + "'")
}

// read reads the command and what stands around it from a body.
func read(name string, body []byte) (commands.Command, app.About, error) {
	own, about, err := part(name, body)
	if err != nil {
		return nil, about, err
	}
	cmd, err := commands.Decode(name, own)
	var e *commands.Error
	if errors.As(err, &e) && strings.HasPrefix(e.Hint, "It takes") {
		e.Hint += "; and about it: reason, on, cause, via"
	}
	return cmd, about, err
}

// isKey returns an error unless a key can be the id of a command.
func isKey(key string) error {
	if _, err := uuid.Parse(key); key != "" && err != nil {
		return refuse("One is like 01890a5d-ac96-774b-bcce-b302099a8057, new for each command; sent again, it stays.", "Idempotency-Key: %.60q is no UUID", key)
	}
	return nil
}

// part parts a body into the command's own members and those around it.
func part(name string, body []byte) (own []byte, about app.About, err error) {
	if err := commands.Unambiguous(body); err != nil {
		return nil, about, &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%s: %v", name, err), Hint: bodyHint}
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return body, about, nil // who reads the command says what is wrong
	}
	around := make(map[string]json.RawMessage)
	for _, member := range app.AboutMembers {
		if v, ok := members[member]; ok {
			around[member] = v
			delete(members, member)
		}
	}
	if len(around) == 0 {
		return body, about, nil
	}
	b, err := json.Marshal(around)
	if err == nil {
		err = commands.Strictly(name, b, &about)
	}
	if err != nil {
		return nil, about, err
	}
	own, err = json.Marshal(members)
	return own, about, err
}

// BodyInput is what comes with a body that is one JSON object. It is exported as the
// fields of an embedded struct are not read otherwise.
type BodyInput struct {
	Key         string `header:"Idempotency-Key" doc:"The command's id, a UUID: the same again gives the same answer and adds nothing"`
	Actor       string `header:"Cairn-Actor" doc:"Who it is, on a server without users"`
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte `contentType:"application/json"`
}

// read reads the body of an operation.
func (in *BodyInput) read(operation string, into any) error {
	if err := isType(in.ContentType, "application/json"); err != nil {
		return err
	}
	if err := isKey(in.Key); err != nil {
		return err
	}
	if err := commands.Strictly(operation, in.RawBody, into); err != nil {
		return problemOf(err)
	}
	return nil
}

// describe describes the body of an operation.
func describe[T any](api huma.API, example any) *huma.RequestBody {
	s := huma.SchemaFromType(api.OpenAPI().Components.Schemas, reflect.TypeFor[T]())
	s.PrecomputeMessages()
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: s, Example: example}}}
}

// bodyHint is what to do about a body that cannot be read at all.
const bodyHint = "Send one JSON object; /docs shows one for each operation, /api/v1/openapi.json says what is in it."

func (d *door) execute(ctx context.Context, name string, in *commandInput) (*commandOutput, error) {
	if err := isType(in.ContentType, "application/json"); err != nil {
		return nil, err
	}
	if err := isKey(in.Key); err != nil {
		return nil, err
	}
	cmd, about, err := read(name, in.RawBody)
	if err != nil {
		return nil, err
	}
	if in.OnBehalfOf != "" && !commands.IsActor(in.OnBehalfOf) {
		return nil, refuse("It is a name, one line of text.", "Cairn-On-Behalf-Of: %.60q is nobody", in.OnBehalfOf)
	}
	meta := meta(ctx, commands.Meta{ID: in.Key, Checklist: in.Checklist, OnBehalfOf: in.OnBehalfOf, Traceparent: trace(in.Traceparent)}, about)
	if meta.Expect, err = expected(in.IfMatch); err != nil {
		return nil, err
	}
	do := d.app.Execute
	if in.DryRun {
		do = d.app.Preview
	}
	outcome, err := do(ctx, meta, cmd)
	if err != nil {
		return nil, err
	}
	r := result{Undone: []string{}}
	for _, row := range outcome.Undone {
		r.Undone = append(r.Undone, row.ID)
	}
	look := func(st *checklist.State) error {
		r.JSONResult = outcome.JSON(st, events.DayOf(d.now().In(st.Zone())))
		return nil
	}
	if outcome.After != nil {
		err = look(outcome.After)
	} else {
		err = d.app.Checklist(ctx, in.Checklist, nil, look)
	}
	for i, env := range outcome.Events {
		if env.Seq != 0 {
			r.Events[i] = events.Sequenced(env.Body, env.Seq)
		}
	}
	return &commandOutput{Seq: r.Seq, Body: r}, err
}

var traceForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
})

// trace is the traceparent of a request; one that cannot be read is passed over, as
// W3C Trace Context has it.
func trace(header string) string {
	if !traceForm().MatchString(header) {
		return ""
	}
	return header
}

// meta is what stands around a command of a request.
func meta(ctx context.Context, m commands.Meta, about app.About) commands.Meta {
	m = about.Meta(m)
	m.Reason = strings.TrimSpace(m.Reason)
	if m.Via == "" {
		m.Via = "http"
	}
	id := identity(ctx)
	m.Actor = id.Actor()
	if !m.Actor.Verified() {
		// Nobody was asked who he is: then the author of a commit is as good.
		if about.Author != nil && about.Author.ID != "" {
			m.Actor = about.Author.Actor()
		}
		return m
	}
	// Who was asked did it, for whom he says.
	if about.Author != nil && about.Author.ID != m.Actor.ID && about.Cause != "" {
		m.OnBehalfOf = about.Author.ID
	}
	for _, l := range m.Lines {
		if l != nil {
			l.OnBehalfOf, l.Actor = l.Actor.ID, m.Actor
		}
	}
	return m
}
