package api

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"cairn/projections/checklist"
)

//go:embed pages
var pageFiles embed.FS

var pageTemplates = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(pageFiles, "pages/*.html"))
})

// homePage is what the root page shows.
type homePage struct {
	Nonce, Version, Feed string
	Seq                  uint64
	Checklists           []homeRow
}

type homeRow struct {
	Name, Title         string
	Done, Work, Percent int
	Archived            bool
}

// pages registers what people see in a browser.
func (d *door) pages(mux *routes, api huma.API) {
	docs := sync.OnceValue(func() *docsPage { return newDocs(api.OpenAPI()) })
	mux.HandleFunc("GET /docs", d.admitted(func(w http.ResponseWriter, r *http.Request) {
		page := *docs() // the nonce is of this answer
		page.Base = base(r)
		page.Nonce = rand.Text()
		show(w, "docs.html", page.Nonce, page)
	}))
	mux.HandleFunc("GET /{$}", d.admitted(func(w http.ResponseWriter, r *http.Request) {
		page := homePage{Nonce: rand.Text(), Version: api.OpenAPI().Info.Version, Seq: uint64(d.app.End())}
		if api.OpenAPI().Paths["/api/v1/events"] != nil {
			page.Feed = "/api/v1/events"
		}
		list, err := d.summaries(r.Context(), checklist.Moment{})
		if err != nil {
			write(w, problemOf(err))
			return
		}
		for _, s := range list {
			row := homeRow{Name: s.Name, Title: checklist.Clean(s.Title), Done: s.Progress.Done, Work: s.Progress.Work, Archived: s.Archived}
			if row.Work > 0 {
				row.Percent = row.Done * 100 / row.Work
			}
			page.Checklists = append(page.Checklists, row)
		}
		if err := d.gate.Session(w, r); err != nil {
			write(w, problemOf(err))
			return
		}
		show(w, "home.html", page.Nonce, page)
	}))
}

// described registers the OpenAPI document, as 3.1 and as 3.0.
func (d *door) described(mux *routes, api huma.API) {
	for _, form := range []struct {
		name, kind string
		of         func() ([]byte, error)
	}{
		{".json", "json", func() ([]byte, error) { return json.Marshal(api.OpenAPI()) }},
		{".yaml", "yaml", api.OpenAPI().YAML},
		{"-3.0.json", "json", api.OpenAPI().Downgrade},
		{"-3.0.yaml", "yaml", api.OpenAPI().DowngradeYAML},
	} {
		once := sync.OnceValues(form.of)
		mux.HandleFunc("GET /api/v1/openapi"+form.name, d.admitted(func(w http.ResponseWriter, _ *http.Request) {
			b, err := once()
			if err != nil {
				write(w, problemOf(err))
				return
			}
			w.Header().Set("Content-Type", "application/openapi+"+form.kind)
			_, _ = w.Write(b) // whoever asked has gone
		}))
	}
}

// base is the server's URL, as the request has it.
func base(r *http.Request) string {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// refusedPage is what a browser shows that was turned away.
type refusedPage struct {
	Nonce, Title, Detail, Hint string
	Base                       string // where a token would help
}

// turnAwayFromPage answers a request for a page that was turned away: a person in
// words, a program with a problem.
func turnAwayFromPage(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := err.(interface{ Header(h http.Header) })
	if !ok || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		turnAway(w, err)
		return
	}
	p := problemOf(err)
	page := refusedPage{Nonce: rand.Text(), Title: p.Title, Detail: capital(p.Detail)}
	if p.Hint != nil {
		page.Hint = strings.TrimSuffix(*p.Hint, ".")
	}
	if p.Status == http.StatusUnauthorized {
		page.Base = base(r)
	}
	e.Header(w.Header())
	showAs(w, p.Status, "refused.html", page.Nonce, page)
}

// capital begins a sentence.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// show writes a page: nothing in it runs, and nothing comes from elsewhere.
func show(w http.ResponseWriter, name, nonce string, page any) {
	showAs(w, http.StatusOK, name, nonce, page)
}

func showAs(w http.ResponseWriter, status int, name, nonce string, page any) {
	var b bytes.Buffer
	if err := pageTemplates().ExecuteTemplate(&b, name, page); err != nil {
		write(w, problemOf(fmt.Errorf("write %s: %w", name, err)))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+nonce+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "private, no-cache")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // whoever asked has gone
}
