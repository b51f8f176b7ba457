package natslog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"cairn/events"
)

// embedded is a NATS server inside this process: no signals, no log files, and no
// port unless one was asked for; see [Listen]. Only its own in-process
// connections reach the log.
type embedded struct {
	*server.Server
	opts *server.Options
	said *complaints
	door *door // nil if nothing listens
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

// startServer runs JetStream on dir, which must be locked. Where a door is given,
// nobody passes it before [embedded.listen].
func startServer(dir string, d *door) (*embedded, error) {
	opts := serverOptions(dir)
	if d != nil {
		d.configure(opts)
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("embed NATS: %w", err)
	}
	said := &complaints{place: dir}
	said.writes, said.fail = context.WithCancelCause(context.Background())
	e := &embedded{Server: srv, opts: opts, said: said, door: d}
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
	opts := []nats.Option{nats.InProcessServer(e), nats.NoReconnect()}
	if e.door != nil {
		opts = append(opts, nats.UserInfo(insider, e.door.secret))
	}
	return nats.Connect("", opts...)
}

// Conn returns a connection of its own to the server that an embedded log runs
// in this process, for a plain subscriber of cairn.changes.>; the caller closes
// it. Nobody but the log publishes.
func (l *Log) Conn() (*nats.Conn, error) {
	if l.server == nil {
		return nil, fmt.Errorf("%w: %s is no log in this process", events.ErrUnavailable, l.place)
	}
	return l.server.connect()
}

// disabled reports whether JetStream gave up, as it does when the disk is full.
func (e *embedded) disabled() bool { return !e.JetStreamEnabled() }

// complaint returns what the server said went wrong, nil if nothing.
func (e *embedded) complaint() error { return e.said.err() }

// writes returns a context that ends, with an ErrStorage, when the server could
// not write: it then answers no more, or not at all.
func (e *embedded) writes() context.Context { return e.said.writes }

// Stopped returns why nothing can be appended any more, until the log is opened
// again; nil while it can.
func (l *Log) Stopped() error {
	if e := l.broken.Load(); e != nil {
		return e
	}
	if l.server == nil || l.server.writes().Err() == nil {
		return nil
	}
	return context.Cause(l.server.writes())
}

// Room returns an error unless there is room again in the directory of an embedded
// log, for more than the next event.
func (l *Log) Room() error {
	if err := probe(l.dir); err != nil {
		return err
	}
	f, err := os.CreateTemp(storePath(l.dir), ".room-*")
	if err != nil {
		return unwritable(l.dir, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(make([]byte, room))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return unwritable(l.dir, err)
	}
	return nil
}

// room is so much that opening a log does not fill the disk at once.
const room = 1 << 20

func (e *embedded) stop() {
	e.said.fail(nil)
	e.Shutdown()
	e.WaitForShutdown()
}

// complaints keeps the last warnings and errors of a server; the rest of its
// log is of no use to anybody.
type complaints struct {
	place  string // the log's directory
	mu     sync.Mutex
	last   []string
	writes context.Context
	fail   context.CancelCauseFunc
}

// fatal are the errors after which a store takes no more writes, with the
// system's name for each where it has one.
var fatal = []struct {
	said  string
	cause error
}{
	{"no space left", syscall.ENOSPC},
	{"permission denied", syscall.EACCES},
	{"read-only file system", syscall.EROFS},
	{"file too large", syscall.EFBIG},
	{"failed to store a msg", nil},
	{"will be disabled", nil},
	{"disabling jetstream", nil},
}

// add takes in what the server says. Trap: it also says what clients call
// themselves; one called "no space left" must not stop the log.
func (c *complaints) add(format string, v ...any) {
	said := fmt.Sprintf(format, v...)
	if aboutOutsider(said) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.last) == 10 {
		c.last = c.last[1:]
	}
	c.last = append(c.last, said)
	if _, stops := whyFatal(said); stops {
		all := strings.Join(c.last, "; ")
		err := errors.New(all)
		if cause, _ := whyFatal(all); cause != nil {
			err = fmt.Errorf("%w (%s)", cause, all)
		}
		c.fail(unwritable(c.place, err))
	}
}

// whyFatal reports whether a store takes no more writes after this was said, and
// why, where that was said.
func whyFatal(said string) (cause error, stops bool) {
	said = strings.ToLower(said)
	for _, f := range fatal {
		if strings.Contains(said, f.said) {
			return f.cause, true
		}
	}
	return nil, false
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
