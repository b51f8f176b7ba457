// Package client is Cairn over HTTP: an App whose log and commands lie with a
// server.
//
// For most uses, [Dial] a server and use the App as any other. Commands are
// carried out by the server; views are folded here, from the same events that
// the server has, so that they show the same, whatever they are asked for.
package client

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"cairn/events"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/trust"
)

// At is where a server is, and what opens it.
type At struct {
	// URL is the server's: http://127.0.0.1:8080.
	URL string
	// Token opens it; empty for none.
	Token string
	// Certificate is the SHA-256 of the server's own in hex, where that is known:
	// then nobody need vouch for it.
	Certificate string
}

// Config says how to reach a server.
type Config struct {
	At
	// HTTP is the client to use; nil is one of its own.
	HTTP *http.Client
	// Now is the clock of the views; nil is the system's.
	Now func() time.Time
	// Header is sent with each request.
	Header http.Header
	// Memory is where the client remembers what it saw of the log, Place under which
	// name; empty is the URL.
	Memory trust.Memory
	Place  string
	// Elsewhere, if set, is asked what was seen at other places of a log that was
	// never seen here.
	Elsewhere func(origin string) *trust.Seen
	// Roots are further certificates that may vouch for the server; nil for those
	// of the system alone.
	Roots *x509.CertPool
	// Where, if set, says where the server is by now, after it was away: another
	// port, another token.
	Where func(ctx context.Context) (At, error)
}

// App is an App over a server. It is safe for concurrent use.
type App struct {
	*app.Local
	r *remote
}

var _ app.App = (*App)(nil)

// Dial asks a server who it is. It returns events.ErrUnavailable where there is
// none, and [trust.Damage] where its log is not the continuation of the one that
// this client saw.
func Dial(ctx context.Context, c Config) (*App, error) {
	r := new(remote)
	r.at.Store(&c.At)
	if c.HTTP == nil {
		c.HTTP = &http.Client{Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 60 * time.Second, MaxIdleConnsPerHost: 4,
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSClientConfig: r.tls(c.Roots),
		}, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a token goes to no other host
		}}
	}
	r.config = c
	r.seen.memory, r.seen.place = c.Memory, c.Place
	if r.seen.place == "" {
		r.seen.place = c.URL
	}
	if err := r.meet(ctx, c.Elsewhere); err != nil {
		c.HTTP.CloseIdleConnections()
		return nil, err
	}
	return &App{Local: app.NewReader(r, commands.Config{Now: c.Now}), r: r}, nil
}

// Close lets go of the connections, and remembers what was seen of the log.
func (a *App) Close() error {
	a.r.seen.remember()
	a.r.config.HTTP.CloseIdleConnections()
	return nil
}

// URL returns where the server is.
func (a *App) URL() string { return a.r.at.Load().URL }

// Stale reports whether the server said in its last answer that its log is out of
// reach, so that it may be behind, and for how long that has been so.
func (a *App) Stale() (since time.Duration, stale bool) {
	n := a.r.stale.Load()
	return time.Duration(max(n-1, 0)) * time.Second, n > 0
}

// remote is a log that a server holds: what app.Local needs of one.
type remote struct {
	config Config
	at     atomic.Pointer[At]
	origin string
	seq    atomic.Uint64 // the last position that the server told
	seen   witness
	stale  atomic.Int64 // what the last answer said of that, in seconds and one more; 0: nothing

	mu   sync.Mutex // guards kept
	kept history
}

// tls returns how a server proves that it is the one: by its certificate where
// that is known, else by those who vouch for it.
func (r *remote) tls(roots *x509.CertPool) *tls.Config {
	c := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if r.at.Load().Certificate == "" {
		return c
	}
	c.InsecureSkipVerify = true // VerifyConnection does
	c.VerifyConnection = func(state tls.ConnectionState) error {
		sum := sha256.Sum256(state.PeerCertificates[0].Raw)
		if hex.EncodeToString(sum[:]) != r.at.Load().Certificate {
			return errors.New("its certificate is not the one that it announced")
		}
		return nil
	}
	return c
}

var _ app.Log = (*remote)(nil)

func (r *remote) Origin() string { return r.origin }

// End returns the last position that the server told.
func (r *remote) End() events.Seq { return events.Seq(r.seq.Load()) }

// heard takes in a position that the server told: what it shows from now on holds
// that, whichever server answers.
func (r *remote) heard(seq events.Seq) {
	for {
		was := r.seq.Load()
		if uint64(seq) <= was || r.seq.CompareAndSwap(was, uint64(seq)) {
			return
		}
	}
}

func (r *remote) Append(context.Context, []events.Append) (events.Seq, error) {
	return 0, fmt.Errorf("%w: a client appends by commands only", events.ErrUnavailable)
}
