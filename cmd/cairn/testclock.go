//go:build testclock

package main

import (
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// clock returns a clock that stands at $CAIRN_TEST_NOW, for tests of the binary.
func clock() func() time.Time {
	t, err := time.Parse(time.RFC3339, os.Getenv("CAIRN_TEST_NOW"))
	if err != nil {
		return time.Now
	}
	return func() time.Time { return t }
}

const clockName = "Cairn-Test-Now"

// serverClock returns a clock that stands where the last request said.
func serverClock() (now func() time.Time, wrap func(http.Handler) http.Handler) {
	var at atomic.Pointer[time.Time]
	start := clock()()
	at.Store(&start)
	return func() time.Time { return *at.Load() }, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if t, err := time.Parse(time.RFC3339, r.Header.Get(clockName)); err == nil {
				at.Store(&t)
			}
			h.ServeHTTP(w, r)
		})
	}
}

// clockHeader tells a server where the clock stands.
func clockHeader() http.Header {
	return http.Header{clockName: {os.Getenv("CAIRN_TEST_NOW")}}
}
