package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/app"
)

// ViewInput is what every view of a checklist can be asked for.
type ViewInput struct {
	Consistent
	Checklist   string `path:"checklist" maxLength:"63" doc:"The name of the checklist" example:"migration"`
	AsOf        string `query:"as_of" maxLength:"200" doc:"As it was at this moment: @412, 2026-11-01, 2026-11-01T14:00, yesterday, fri, 3d, import, baseline, review or a commit; in the checklist's time zone" example:"2026-11-01"`
	KnownAt     string `query:"as_known_at" maxLength:"200" doc:"As the log had it at this moment: by when it was recorded, not by when it took effect"`
	Format      string `query:"format" maxLength:"20" doc:"The form of the answer, before Accept"`
	Accept      string `header:"Accept" hidden:"true"`
	IfNoneMatch string `header:"If-None-Match" doc:"The ETag of an answer that the client has: 304 if it still is the answer"`
}

func (in *ViewInput) view() *ViewInput { return in }

// viewed is an input that holds a ViewInput.
type viewed interface{ view() *ViewInput }

// answer is a view as it is sent.
type answer struct {
	Status int
	Seq    events.Seq `header:"Cairn-Seq" doc:"The position of the checklist's last event in the answer"`
	ETag   string     `header:"ETag" doc:"Of this answer"`
	Link   string     `header:"Link" doc:"Where the next rows are (RFC 8288)"`
	Cache  string     `header:"Cache-Control"`
	Vary   []string   `header:"Vary"`
	Type   string     `header:"Content-Type"`
	Policy string     `header:"Content-Security-Policy"`
	Body   []byte
}

// page is a view that is being written: see sets seq, and of, where the answer is
// one of a task or a section, and writes.
type page struct {
	app.Moment
	bytes.Buffer
	now  time.Time
	name string
	form form
	seq  events.Seq
	tag  string // what the ETag begins with, such as 12@405
	link string
}

// json writes v as `cairn --json` does.
func (p *page) json(v any) error {
	enc := json.NewEncoder(p)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// style is that of text, as on a terminal of 80 columns without colour.
func (p *page) style() checklist.Style {
	return checklist.Style{Width: 80, Now: p.Now, Of: p.Of}
}

// viewKind says what a view is.
type viewKind struct {
	id, path, summary, description string
	of                             any // the type of its JSON
	forms                          []form
	// heavy views fold the history of a checklist or draw: only so many at once.
	heavy bool
}

// addView registers a view of a checklist.
func addView[I any, P interface {
	*I
	viewed
}](d *door, api huma.API, k viewKind, see func(context.Context, P, *page) error,
) {
	if k.forms == nil {
		k.forms = []form{formJSON}
	}
	content := make(map[string]*huma.MediaType)
	for _, f := range k.forms {
		content[f.bare()] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
		if f == formJSON {
			content[f.bare()].Schema = api.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(k.of), true, "")
		}
	}
	description := k.description
	if len(k.forms) > 1 {
		description = strings.TrimSpace(description + "\n\nForms (format=): " + names(k.forms) + ".")
	}
	huma.Register(api, huma.Operation{
		OperationID: k.id, Method: http.MethodGet, Path: "/api/v1/checklists/{checklist}" + k.path, Summary: k.summary, Description: description,
		Tags: []string{"views"}, Errors: []int{400, 401, 403, 404, 406, 500, 503},
		Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: content},
			"304": {Description: "The answer is the one that the client has"},
		},
	}, func(ctx context.Context, in *I) (*answer, error) {
		v := P(in).view()
		p := &page{name: v.Checklist, now: d.now()}
		on, err := d.settle(ctx, v.Consistent, v.Checklist)
		if err == nil {
			p.form, err = negotiate(k.forms, v.Format, v.Accept)
		}
		if err == nil && k.heavy {
			var done func()
			if done, err = d.heavy.enter(ctx); err == nil {
				defer done()
			}
		}
		if err == nil {
			p.Moment, err = d.moments(p).Find(ctx, checklist.Moment{AsOf: v.AsOf, KnownAt: v.KnownAt})
		}
		if err == nil {
			err = see(ctx, in, p)
		}
		if err == nil {
			err = on.told(ctx, p.seq)
		}
		if err != nil {
			return nil, problemOf(err)
		}
		return p.answer(v.IfNoneMatch), nil
	})
}

// moments finds moments of the checklist of a page.
func (d *door) moments(p *page) app.Moments {
	return app.Moments{App: d.app, Name: p.name, Now: p.now, Option: option}
}

// option is how an option of the command line is written here.
func option(name string) string { return strings.ReplaceAll(name, "-", "_") + "=" }

// answer returns the page as it is sent, or that the client has it. Its ETag says
// which resource as of which event, and which answer about it: what a task waits
// for, or whether it is late, changes without an event of its own.
func (p *page) answer(has string) *answer {
	sum := sha256.Sum256(p.Bytes())
	if p.tag == "" {
		p.tag = "@" + itoa(p.seq)
	}
	a := &answer{
		Status: http.StatusOK, Seq: p.seq, ETag: `"` + p.tag + "-" + hex.EncodeToString(sum[:6]) + `"`, Link: p.link,
		Cache: "private, no-cache", Vary: []string{"Accept", "Authorization"}, Type: p.form.kind, Body: p.Bytes(),
	}
	if p.form == formHTML {
		a.Policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	}
	if holds(has, a.ETag) {
		a.Status, a.Body, a.Type = http.StatusNotModified, nil, ""
	}
	return a
}

// holds reports whether one of the tags of If-None-Match is this one, by weak
// comparison: what compressed it may have made it weak.
func holds(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}

// limiter lets so many pass at once, and others wait a while for their turn.
type limiter struct {
	turns chan struct{}
	wait  time.Duration
}

// heavyWait is how long a request for a view of a history waits for its turn.
const heavyWait = 5 * time.Second

func newLimiter(most int, wait time.Duration) limiter {
	return limiter{make(chan struct{}, most), wait}
}

// enter waits for a turn, which done gives back.
func (l limiter) enter(ctx context.Context) (done func(), err error) {
	within, cancel := context.WithTimeout(ctx, l.wait)
	defer cancel()
	select {
	case l.turns <- struct{}{}:
		return func() { <-l.turns }, nil
	case <-within.Done():
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	p := problem(http.StatusServiceUnavailable, "busy", 6, fmt.Sprintf("%d views of histories are being made already", cap(l.turns)))
	p.retry = 2
	return nil, p.hinted("Try again in a moment.")
}

// refuse returns a problem about a parameter.
func refuse(hint, format string, args ...any) error {
	return problem(http.StatusBadRequest, "usage", 2, fmt.Sprintf(format, args...)).hinted(hint)
}
