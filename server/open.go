package server

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"cairn/events"
	"cairn/events/merkle"
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
	// Tokens open servers; Token, where there is one, opens the one that was named.
	Tokens Tokens
	Token  string
	// Roots are the certificates that may vouch for a server; nil for the system's.
	Roots *x509.CertPool
}

// Session is a log within reach and the App over it.
type Session struct {
	app.App
	// Trust is what can be asked of the log so that nobody need be believed.
	Trust trust.Log
	// Served is the client of the server, where the log is reached through one, and
	// URL is the server's.
	Served *client.App
	URL    string
	Place  Place

	close func() error
}

// errServed ends the wait for a directory's lock: its server answered.
var errServed = errors.New("the log is reached through a server")

// Open opens the log at a place, or reaches it through the server that has it. The caller closes the session.
func Open(ctx context.Context, p Place, c Config) (*Session, error) {
	if p.URL != "" {
		token := c.Token
		if token == "" {
			var err error
			if token, err = c.Tokens.Of(p.URL); err != nil {
				return nil, err
			}
		}
		return Reach(ctx, p.URL, token, p, c)
	}
	if p.Dir == "" {
		return nil, fmt.Errorf("%w: no home directory to keep it in; name one with --data", events.ErrStorage)
	}
	nc := p.config(c)
	var served *Session
	nc.Busy = p.answered(ctx, c, &served)
	log, err := natslog.Open(ctx, nc)
	if errors.Is(err, errServed) {
		return served, nil
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
		App: app.NewLocal(log, commands.Config{Now: c.Now, Exclusive: true}), Trust: trust.NewOwn(log), Place: p, close: log.Close,
	}, nil
}

// dialEvery is how often a server that does not answer is tried again.
const dialEvery = 50 * time.Millisecond

// answered returns what ends the wait for the lock of a place: an answer of the
// server that has it, whose session is put into s, or that it must not be used.
func (p Place) answered(ctx context.Context, c Config, s **Session) func() error {
	var tried time.Time
	return func() error {
		if time.Since(tried) < dialEvery {
			return nil
		}
		a, err := dialAnnounced(ctx, p.Dir, c)
		if err == nil {
			*s = served(a, p)
			return errServed
		}
		tried = time.Now()
		if errors.Is(err, events.ErrIntegrity) {
			return err
		}
		return nil // not there yet, or not there any more: the lock tells
	}
}

func served(a *client.App, p Place) *Session {
	return &Session{App: a, Served: a, Trust: a, URL: a.URL(), Place: p, close: a.Close}
}

// dialAnnounced reaches the server that a directory's announcement names.
func dialAnnounced(ctx context.Context, dir string, c Config) (*client.App, error) {
	a, err := announced(dir)
	if err != nil {
		return nil, err
	}
	place, err := filepath.Abs(dir) // the address may be another each time
	if err != nil {
		place = dir
	}
	return client.Dial(ctx, c.client(client.Config{
		At: client.At{URL: a.URL, Token: a.Secret, Certificate: a.Certificate}, Place: place,
		Where: func(context.Context) (client.At, error) {
			a, err := announced(dir)
			return client.At{URL: a.URL, Token: a.Secret, Certificate: a.Certificate}, err
		},
	}))
}

// client completes the config of a client.
func (c *Config) client(cc client.Config) client.Config {
	cc.Now, cc.Header, cc.Roots = c.Now, c.Header, c.Roots
	if c.State != "" {
		cc.Memory = trust.Memory(filepath.Join(c.State, "servers"))
		cc.Elsewhere = c.elsewhere
	}
	return cc
}

// elsewhere returns the most that this client saw of a log, in its directory or
// through a server; nil if it did not.
func (c *Config) elsewhere(origin string) *trust.Seen {
	seen := trust.Memory(filepath.Join(c.State, "servers")).RecallOrigin(origin)
	if m := natslog.Recall(filepath.Join(c.State, "logs"), origin); m != nil && (seen == nil || seen.Last().N < m.N) {
		seen = &trust.Seen{Origin: origin, N: m.N, Root: m.Root}
	}
	return seen
}

// Reach returns a session over the server at a URL.
func Reach(ctx context.Context, url, token string, p Place, c Config) (*Session, error) {
	a, err := client.Dial(ctx, c.client(client.Config{At: client.At{URL: url, Token: token}}))
	if err != nil {
		return nil, err
	}
	return served(a, p), nil
}

// Inspect opens the log at a place only to look at it, damaged or not; see
// [trust.Inspect]. Where a server has it open, it returns a session over that
// instead. The caller closes what it gets.
func Inspect(ctx context.Context, p Place, c Config) (*natslog.Log, *Session, error) {
	if p.URL != "" {
		s, err := Open(ctx, p, c)
		return nil, s, err
	}
	nc := p.config(c)
	var served *Session
	nc.Busy = p.answered(ctx, c, &served)
	log, err := trust.Inspect(ctx, nc)
	if errors.Is(err, errServed) {
		return nil, served, nil
	}
	return log, nil, err
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

// WhoAmI returns who a server takes this client for; declared is who it says that
// it is. Without a server, that is all there is.
func (s *Session) WhoAmI(ctx context.Context, declared string) (app.JSONIdentity, error) {
	if a, ok := s.App.(*client.App); ok {
		return a.WhoAmI(ctx, declared)
	}
	return app.NewIdentity(declared, "", nil, events.Unauthenticated), nil
}

// Remembered returns the most that was seen of a server's log before, and the file
// that says so; nil without a server, or where nothing was.
func (s *Session) Remembered() (*merkle.Checkpoint, string) {
	if a, ok := s.App.(*client.App); ok {
		return a.Remembered()
	}
	return nil, ""
}

// Close lets go of the log.
func (s *Session) Close() error { return s.close() }
