//go:build !testclock

package main

import (
	"net/http"
	"time"
)

// clock returns the clock: the system's.
func clock() func() time.Time { return time.Now }

// serverClock returns the clock of a server, and what is put around its handler.
func serverClock() (now func() time.Time, wrap func(http.Handler) http.Handler) { return time.Now, nil }

// clockHeader is what requests to a server tell about the clock: nothing.
func clockHeader() http.Header { return nil }

// publishPart is how many events one request of a publication takes at most.
func publishPart() int { return 50_000 }

// ensureServed does nothing: servers are started by people.
func ensureServed(string) {}
