//go:build testclock

package main

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
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

// publishPart is how many events one request of a publication takes at most:
// $CAIRN_TEST_PUBLISH_PART, so that few need several parts.
func publishPart() int {
	if n, err := strconv.Atoi(os.Getenv("CAIRN_TEST_PUBLISH_PART")); err == nil && n > 0 {
		return n
	}
	return 50_000
}

// ensureServed starts a server for a log that has none, where
// $CAIRN_TEST_SERVE names a folder; the server's process id comes into it.
func ensureServed(dir string) {
	folder := os.Getenv("CAIRN_TEST_SERVE")
	if folder == "" || len(os.Args) > 1 && os.Args[1] == "serve" {
		return
	}
	name := filepath.Join(folder, hex.EncodeToString([]byte(dir)))
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return // it was started before
	}
	defer f.Close()
	args := append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, strings.Fields(os.Getenv("CAIRN_TEST_SERVE_FLAGS"))...)
	cmd := exec.Command(os.Args[0], args...)
	cmd.Stderr, _ = os.Create(name + ".err")
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	fmt.Fprint(f, cmd.Process.Pid)
	for range 2000 {
		if _, err := os.Stat(filepath.Join(dir, "server.json")); err == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}
