package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// docsPage is the OpenAPI document for people.
type docsPage struct {
	Nonce, Version, Base string
	Paragraphs           []string
	Groups               []docsGroup
	Codes                []codeDoc
	Types                []docsType
}

type docsGroup struct {
	Name       string
	Operations []docsOperation
}

type docsOperation struct {
	ID, Method, Path, Summary, Curl string
	Paragraphs                      []string
	Parameters                      []docsField
	Body                            *docsType
	Answers                         []docsAnswer
}

type docsAnswer struct{ Status, Type string }

type docsType struct {
	Name, Type, Doc string
	Fields          []docsField
}

type docsField struct {
	Name, Kind, Ref, Doc string
	Required             bool
}

// docsOrder is that of the groups; others come behind.
var docsOrder = []string{"views", "commands", "events", "trust", "access", "server"}

func newDocs(api *huma.OpenAPI) *docsPage {
	page := &docsPage{Version: api.Info.Version, Paragraphs: paragraphs(api.Info.Description), Codes: codeDocs()}
	groups := make(map[string]*docsGroup)
	for _, path := range slices.Sorted(maps.Keys(api.Paths)) {
		item := api.Paths[path]
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if o == nil || o.Hidden {
				continue
			}
			tag := "server"
			if len(o.Tags) > 0 {
				tag = o.Tags[0]
			}
			if groups[tag] == nil {
				groups[tag] = &docsGroup{Name: tag}
			}
			groups[tag].Operations = append(groups[tag].Operations, operationDoc(o, path))
		}
	}
	for _, tag := range append(slices.Clone(docsOrder), slices.Sorted(maps.Keys(groups))...) {
		if g := groups[tag]; g != nil {
			page.Groups = append(page.Groups, *g)
			delete(groups, tag)
		}
	}
	schemas := api.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		t := docsType{Name: name, Doc: schemas[name].Description, Fields: fields(schemas[name])}
		page.Types = append(page.Types, t)
	}
	return page
}

func operationDoc(o *huma.Operation, path string) docsOperation {
	doc := docsOperation{ID: o.OperationID, Method: o.Method, Path: path, Summary: o.Summary, Paragraphs: paragraphs(o.Description), Curl: curl(o, path)}
	for _, p := range o.Parameters {
		doc.Parameters = append(doc.Parameters, docsField{Name: p.Name, Kind: p.In, Doc: p.Description + choices(p.Schema), Required: p.Required})
	}
	if o.RequestBody != nil {
		for kind, content := range o.RequestBody.Content {
			doc.Body = &docsType{Type: kind}
			if content.Schema != nil {
				doc.Body.Fields = fields(content.Schema)
			}
		}
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		a := docsAnswer{Status: status}
		if r := o.Responses[status]; r != nil && status < "300" {
			for _, content := range r.Content {
				if content.Schema != nil && content.Schema.Ref != "" {
					a.Type = refName(content.Schema.Ref)
				}
			}
		}
		doc.Answers = append(doc.Answers, a)
	}
	return doc
}

// paragraphs parts a text at its empty lines.
func paragraphs(text string) (list []string) {
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			list = append(list, p)
		}
	}
	return list
}

func fields(s *huma.Schema) (list []docsField) {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		f := docsField{Name: name, Kind: p.Type, Doc: p.Description + choices(p), Required: slices.Contains(s.Required, name)}
		at := p
		if at.Type == huma.TypeArray && at.Items != nil {
			at = at.Items
			f.Kind = "list of " + at.Type
		}
		if at.Ref != "" {
			f.Ref = refName(at.Ref)
		}
		if p.Nullable {
			f.Kind += " or null"
		}
		f.Kind = strings.TrimSpace(f.Kind)
		list = append(list, f)
	}
	return list
}

func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// choices says which values there are, and which is usual.
func choices(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	text := ""
	var values []string
	for _, v := range s.Enum {
		if v, ok := v.(string); ok {
			values = append(values, v)
		}
	}
	if len(values) > 0 {
		text += ": " + strings.Join(values, ", ")
	}
	if s.Default != nil {
		if b, err := json.Marshal(s.Default); err == nil {
			text += "; else " + strings.Trim(string(b), `"`)
		}
	}
	if s.Maximum != nil {
		text += "; at most " + strconv.FormatFloat(*s.Maximum, 'f', -1, 64)
	}
	return text
}

// curl returns an example of a request.
func curl(o *huma.Operation, path string) string {
	path = strings.NewReplacer("{checklist}", "migration", "{task}", "12", "{section}", "4").Replace(path)
	var query []string
	for _, p := range o.Parameters {
		if p.In == "query" && p.Required {
			if example, ok := p.Example.(string); ok {
				query = append(query, p.Name+"="+example)
			}
		}
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	if o.Method == http.MethodGet {
		return "curl -s -H \"$AUTH\" \"$CAIRN" + path + "\""
	}
	s := "curl -s -H \"$AUTH\" -X " + o.Method + " \"$CAIRN" + path + "\""
	if o.RequestBody != nil {
		for kind, content := range o.RequestBody.Content {
			s += " \\\n  -H 'Content-Type: " + kind + "'"
			if content.Example != nil {
				if b, err := json.Marshal(content.Example); err == nil {
					s += " \\\n  -d '" + strings.ReplaceAll(string(b), "'", `'\''`) + "'"
				}
			}
		}
	}
	return s
}
