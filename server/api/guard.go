package api

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
)

// guard refuses requests whose path or query can be read in two ways, before
// anything reads them.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := ambiguous(r.URL); p != nil {
			write(w, p)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func ambiguous(u *url.URL) *Problem {
	refuse := func(detail, hint string) *Problem {
		return problem(http.StatusBadRequest, "usage", 2, detail).hinted(hint)
	}
	raw := strings.ToLower(u.EscapedPath())
	switch {
	case strings.ContainsFunc(u.Path, control):
		return refuse("the path holds a control character", "Write it without.")
	case strings.Contains(raw, "%2f"), strings.Contains(raw, "%5c"), strings.Contains(u.Path, `\`):
		return refuse("the path holds an encoded slash", "Name a task or a section by its key.")
	case u.Path == "" || u.Path[0] != '/':
		return refuse("the path does not begin with /", "/docs shows those that there are.")
	case path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/") && u.Path != "/":
		return refuse("the path holds //, /./ or /../", "Write it without them.")
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return refuse("the query cannot be read: "+err.Error(), "Encode % as %25 and ; as %3B.")
	}
	for name, values := range q {
		for _, v := range append(values, name) {
			if strings.ContainsRune(v, 0) {
				return refuse("the query holds a NUL", "Write it without.")
			}
		}
	}
	return nil
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// writeWithin is how long a client may take to accept a part of an answer.
const writeWithin = time.Minute

// patient writes with a deadline for each part: whoever reads slowly may, whoever
// does not read is cut off.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
	// own says that whoever writes sets the deadlines.
	own bool
}

func (w *patient) Write(b []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(b)
}

// begin begins anew the time that a part may take.
func (w *patient) begin() {
	if !w.own {
		_ = w.control.SetWriteDeadline(time.Now().Add(writeWithin)) // some writers have none
	}
}

// SetWriteDeadline sets the deadline of all that is written from now on; none,
// that of each part again.
func (w *patient) SetWriteDeadline(at time.Time) error {
	w.own = !at.IsZero()
	return w.control.SetWriteDeadline(at)
}

// Unwrap is for http.ResponseController.
func (w *patient) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush sends what was written.
func (w *patient) Flush() { _ = w.FlushError() } // the next write tells

// FlushError is Flush for http.ResponseController.
func (w *patient) FlushError() error {
	w.begin()
	return w.control.Flush()
}

// patiently gives each request a patient writer.
func patiently(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&patient{ResponseWriter: w, control: http.NewResponseController(w)}, r)
	})
}

// compressed are the types of answers worth it; event streams are not among them.
var compressed = []string{
	"application/json", "application/problem+json", "application/x-ndjson", "application/openapi+json", "application/openapi+yaml",
	"text/plain", "text/html", "text/csv", "text/markdown", "image/svg+xml",
}

// worthCompressing is the size from which on fewer bytes are worth the work.
const worthCompressing = 4 << 10

// smaller compresses answers for clients that take it.
func smaller(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(worthCompressing), gzhttp.ContentTypes(compressed), gzhttp.EnableZstd(false))
	if err != nil {
		panic(err) // its options are ours
	}
	return wrap(next)
}

// methods are those that something may be there for.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// nowhere answers what no route does: which methods there are at a path that is
// there, else that there is nothing.
func nowhere(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range methods {
			as := *r
			as.Method = method
			if _, pattern := mux.Handler(&as); pattern != "" && pattern != everywhere {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) == 0 {
			write(w, problem(http.StatusNotFound, "not_found", 3, "there is nothing at "+r.URL.Path).hinted("/api/v1/openapi.json names what there is, /docs explains it."))
			return
		}
		allow := strings.Join(append(allowed, http.MethodOptions), ", ")
		w.Header().Set("Allow", allow)
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		write(w, problem(http.StatusMethodNotAllowed, "method_not_allowed", 2, r.Method+" "+r.URL.Path+" is not there").hinted("There is "+allow+"."))
	}
}

// everywhere is the pattern of all that no route matches.
const everywhere = "/"
