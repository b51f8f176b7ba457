package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/server/api/client"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/trust"
)

// Config says how to open a log.
type Config struct {
	// Create makes the log where none is.
	Create bool
	// State is the client's folder for what it remembers; empty: nothing.
	State string
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Wait bounds the wait for another process; zero is the log's default.
	Wait time.Duration
	// Header is sent to a server with each request.
	Header http.Header
}

// Session is a log within reach and the App over it.
type Session struct {
	app.App
	// Log is the log itself, for what only its owner may do; nil where it is
	// reached through a server.
	Log *natslog.Log
	// URL is the server's, where the log is reached through one.
	URL   string
	Place Place

	close func() error
}

// errServed ends the wait for a directory's lock: its server answered.
var errServed = errors.New("the log is reached through a server")

// Open opens the log at a place, or reaches it through the server that has it
// open. The caller closes the session.
func Open(ctx context.Context, p Place, c Config) (*Session, error) {
	if p.Dir == "" {
		return nil, fmt.Errorf("%w: no home directory to keep it in; name one with --data", events.ErrStorage)
	}
	var served *client.App
	nc := p.config(c)
	nc.Busy = func() error {
		var err error
		if served, err = dialAnnounced(ctx, p.Dir, c); err != nil {
			return nil // not there yet, or not there any more: the lock tells
		}
		return errServed
	}
	log, err := natslog.Open(ctx, nc)
	if errors.Is(err, errServed) {
		return &Session{App: served, URL: served.URL(), Place: p, close: served.Close}, nil
	}
	if err != nil {
		return nil, err
	}
	if c.Create {
		if err := p.made(); err != nil {
			return nil, errors.Join(err, log.Close())
		}
	}
	return &Session{
		App: app.NewLocal(log, commands.Config{Now: c.Now, Exclusive: true}), Log: log, Place: p, close: log.Close,
	}, nil
}

// dialAnnounced reaches the server that a directory's announcement names.
func dialAnnounced(ctx context.Context, dir string, c Config) (*client.App, error) {
	a, err := announced(dir)
	if err != nil {
		return nil, err
	}
	return client.Dial(ctx, client.Config{URL: a.URL, Token: a.Secret, Now: c.Now, Header: c.Header})
}

// Reach returns a session over the server at a URL.
func Reach(ctx context.Context, url, token string, p Place, c Config) (*Session, error) {
	a, err := client.Dial(ctx, client.Config{URL: url, Token: token, Now: c.Now, Header: c.Header})
	if err != nil {
		return nil, err
	}
	return &Session{App: a, URL: url, Place: p, close: a.Close}, nil
}

// Inspect opens the log at a place only to look at it, damaged or not; see
// [trust.Inspect]. The caller closes it.
func Inspect(ctx context.Context, p Place, c Config) (*natslog.Log, error) {
	return trust.Inspect(ctx, p.config(c))
}

// Doctor looks at everything around the log at a place; see [trust.Doctor].
func Doctor(ctx context.Context, p Place, c Config) []trust.Finding {
	return trust.Doctor(ctx, p.config(c))
}

// Restore makes a log at a place of a backup; see [trust.Restore].
func Restore(ctx context.Context, p Place, c Config, backup io.ReadSeeker, s trust.Stamp, o trust.Options) (*trust.Restored, error) {
	r, err := trust.Restore(ctx, backup, p.config(c), s, o)
	if err == nil {
		err = p.made()
	}
	return r, err
}

func (p Place) config(c Config) natslog.Config {
	memory := ""
	if c.State != "" {
		memory = filepath.Join(c.State, "logs")
	}
	return natslog.Config{Dir: p.Dir, Create: c.Create, Wait: c.Wait, Memory: memory, Now: c.Now}
}

// made is called where a log was made: a .cairn beside the work is not for the
// repository, and says so itself.
func (p Place) made() error {
	if filepath.Base(p.Dir) != ".cairn" {
		return nil
	}
	path := filepath.Join(p.Dir, ".gitignore")
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.WriteFile(path, []byte("*\n"), 0o644); err != nil {
		return fmt.Errorf("%w: %w", events.ErrStorage, err)
	}
	return nil
}

// Close lets go of the log.
func (s *Session) Close() error { return s.close() }
