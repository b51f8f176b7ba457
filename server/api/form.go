package api

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// form is how a view is written.
type form struct {
	// name is that of ?format=, kind the media type.
	name, kind string
}

// The forms of views.
var (
	formJSON      = form{"json", "application/json"}
	formText      = form{"text", "text/plain; charset=utf-8"}
	formMarkdown  = form{"markdown", "text/markdown; charset=utf-8"}
	formChangelog = form{"changelog", "text/markdown; charset=utf-8"}
	formCSV       = form{"csv", "text/csv; charset=utf-8"}
	formHTML      = form{"html", "text/html; charset=utf-8"}
	formSVG       = form{"svg", "image/svg+xml"}
	formPNG       = form{"png", "image/png"}
)

// bare returns the media type without parameters.
func (f form) bare() string {
	kind, _, _ := strings.Cut(f.kind, ";")
	return kind
}

// negotiate returns the form that a request wants of those that there are, the
// first of which is the usual one: ?format= by name, else Accept (RFC 9110, 12.5.1).
func negotiate(there []form, format, accept string) (form, error) {
	if format != "" {
		i := slices.IndexFunc(there, func(f form) bool { return f.name == format })
		if i < 0 {
			return form{}, problem(http.StatusBadRequest, "usage", 2, fmt.Sprintf("format=%s: there is no such form", format)).hinted("There is " + names(there) + ".")
		}
		return there[i], nil
	}
	if strings.TrimSpace(accept) == "" {
		return there[0], nil
	}
	best, most := -1, 0.0
	for i, f := range there {
		if q := quality(accept, f.bare()); q > most {
			best, most = i, q
		}
	}
	if best < 0 {
		return form{}, problem(http.StatusNotAcceptable, "not_acceptable", 2, "Accept: "+accept+": there is none of these").hinted("There is " + kinds(there) + ".")
	}
	return there[best], nil
}

// quality returns how much an Accept header wants a media type, 0 to 1: what its
// most specific range that holds the type says.
func quality(accept, kind string) float64 {
	q, specific := 0.0, -1
	for part := range strings.SplitSeq(accept, ",") {
		fields := strings.Split(part, ";")
		rank := -1
		switch r := strings.ToLower(strings.TrimSpace(fields[0])); {
		case r == kind:
			rank = 2
		case strings.HasSuffix(r, "/*") && r != "*/*" && strings.HasPrefix(kind, strings.TrimSuffix(r, "*")):
			rank = 1
		case r == "*/*":
			rank = 0
		}
		if rank <= specific {
			continue
		}
		specific, q = rank, 1
		for _, param := range fields[1:] {
			if v, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(param)), "q="); ok {
				if n, err := strconv.ParseFloat(v, 64); err == nil && n >= 0 && n <= 1 {
					q = n
				} else {
					q = 0
				}
			}
		}
	}
	return q
}

func names(forms []form) string {
	var s []string
	for _, f := range forms {
		s = append(s, f.name)
	}
	return strings.Join(s, ", ")
}

func kinds(forms []form) string {
	var s []string
	for _, f := range forms {
		if !slices.Contains(s, f.bare()) {
			s = append(s, f.bare())
		}
	}
	return strings.Join(s, ", ")
}
