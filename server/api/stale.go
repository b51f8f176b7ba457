package api

import (
	"net/http"
	"strconv"
	"time"
)

// mayBeStale is a Backend whose log can be out of reach while its views are there.
type mayBeStale interface {
	// Stale reports whether that is so, and since when.
	Stale() (since time.Duration, stale bool)
}

func (d *door) stale() (time.Duration, bool) {
	if b, ok := d.app.(mayBeStale); ok {
		return b.Stale()
	}
	return 0, false
}

// staleHeader marks what is answered while the log cannot be reached with
// Cairn-Stale, the seconds for which that has been so: it may be behind the log.
func (d *door) staleHeader(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if since, stale := d.stale(); stale {
			w.Header().Set("Cairn-Stale", strconv.Itoa(int(since/time.Second)))
		}
		next.ServeHTTP(w, r)
	})
}
