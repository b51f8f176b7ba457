package natslog

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"cairn/events"
)

// embedded is a NATS server inside this process: no port, no signals, no log
// files. Only its own in-process connections reach it.
type embedded struct {
	*server.Server
	opts *server.Options
	said *complaints
}

// serverOptions returns how JetStream is run on dir.
func serverOptions(dir string) *server.Options {
	return &server.Options{
		ServerName:      "cairn",
		DontListen:      true,
		NoSigs:          true,
		NoSystemAccount: true,
		JetStream:       true,
		StoreDir:        storePath(dir),
		// A PubAck comes before the data is on disk otherwise: a power cut
		// loses everything acknowledged since the last sync, two minutes.
		SyncAlways: true,
		// The default is derived from the free space at start; our own limit is
		// the disk.
		JetStreamMaxStore:  math.MaxInt64 / 2,
		JetStreamMaxMemory: math.MaxInt64 / 2,
		// An import is one atomic batch; the default of 1000 is too small.
		JetStreamLimits: server.JSLimitOpts{MaxBatchSize: events.MaxBatch},
	}
}

// startServer runs JetStream on dir, which must be locked.
func startServer(dir string) (*embedded, error) {
	opts := serverOptions(dir)
	srv, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("embed NATS: %w", err)
	}
	e := &embedded{Server: srv, opts: opts, said: new(complaints)}
	srv.SetLogger(e.said, false, false)
	srv.Start() // returns when the store has been read
	if !srv.JetStreamEnabled() {
		e.stop()
		return nil, &Error{
			Err: events.ErrStorage, Cause: e.complaint(), Hint: hintDoctor,
			Message: fmt.Sprintf("the store in %s cannot be opened", filepath.Join(dir, "store")),
		}
	}
	return e, nil
}

// connect returns a connection of its own.
func (e *embedded) connect() (*nats.Conn, error) {
	return nats.Connect("", nats.InProcessServer(e), nats.NoReconnect())
}

// disabled reports whether JetStream gave up, as it does when the disk is full.
func (e *embedded) disabled() bool { return !e.JetStreamEnabled() }

// complaint returns what the server said went wrong, nil if nothing.
func (e *embedded) complaint() error { return e.said.err() }

func (e *embedded) stop() {
	e.Shutdown()
	e.WaitForShutdown()
}

// complaints keeps the last warnings and errors of a server; the rest of its
// log is of no use to anybody.
type complaints struct {
	mu   sync.Mutex
	last []string
}

func (c *complaints) add(format string, v ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.last) == 10 {
		c.last = c.last[1:]
	}
	c.last = append(c.last, fmt.Sprintf(format, v...))
}

func (c *complaints) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.last) == 0 {
		return nil
	}
	return errors.New(strings.Join(c.last, "; "))
}

func (c *complaints) Warnf(format string, v ...any)  { c.add(format, v...) }
func (c *complaints) Errorf(format string, v ...any) { c.add(format, v...) }
func (c *complaints) Fatalf(format string, v ...any) { c.add(format, v...) }
func (c *complaints) Noticef(string, ...any)         {}
func (c *complaints) Debugf(string, ...any)          {}
func (c *complaints) Tracef(string, ...any)          {}
