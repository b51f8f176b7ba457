package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats.go"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/trust"
)

// NATS is a JetStream elsewhere that holds a log.
type NATS struct {
	// URL is where it is: nats://host:port, or several with commas between them.
	URL string
	// Creds is a file that says who we are: NATS credentials, or one line
	// NAME:PASSWORD. Empty: nobody, or whom the URL names.
	Creds string
	// Replicas is how many nodes keep a log that is made there: 1 or 3; 0 is 1.
	Replicas int
	// Keys is the directory below which this process keeps the key with which it
	// signs, and the tree's nodes. Each process needs one of its own.
	Keys string
}

// Remote returns how natslog connects there.
func (n NATS) Remote(c Config) (natslog.Remote, error) {
	r := natslog.Remote{Create: c.Create, Replicas: n.Replicas, State: n.Keys, Now: c.Now}
	if c.State != "" {
		r.Memory = filepath.Join(c.State, "logs")
	}
	if n.Creds == "" {
		return r, nil
	}
	b, err := os.ReadFile(n.Creds)
	if err != nil {
		return r, fmt.Errorf("%w: the credentials cannot be read: %w", events.ErrStorage, err)
	}
	if bytes.Contains(b, []byte("BEGIN NATS USER JWT")) {
		r.Options = append(r.Options, nats.UserCredentials(n.Creds))
		return r, nil
	}
	name, password, ok := strings.Cut(strings.TrimSpace(string(b)), ":")
	if !ok || strings.ContainsAny(name+password, "\r\n") {
		return r, fmt.Errorf("%w: %s holds neither NATS credentials nor one line NAME:PASSWORD", events.ErrStorage, n.Creds)
	}
	r.Options = append(r.Options, nats.UserInfo(name, password))
	return r, nil
}

// Open opens the log in a JetStream elsewhere, to sign what is said of it. It is
// [natslog.ErrNotFound] where the log does not know the key of this process yet;
// see [NATS.Join]. The caller closes the session.
func (n NATS) Open(ctx context.Context, c Config) (*Session, error) {
	log, err := n.connect(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := trust.Joined(ctx, log); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return n.session(log, c), nil
}

// Join is Open where the log is to know the key of this process from now on; see
// [trust.Join].
func (n NATS) Join(ctx context.Context, c Config, s trust.Stamp) (session *Session, verifier string, seq events.Seq, err error) {
	log, err := n.connect(ctx, c)
	if err != nil {
		return nil, "", 0, err
	}
	if verifier, seq, err = trust.Join(ctx, log, machine(), s); err != nil {
		return nil, "", 0, errors.Join(err, log.Close())
	}
	return n.session(log, c), verifier, seq, nil
}

// machine is the name under which this machine's keys are announced.
func machine() string {
	if name, err := os.Hostname(); err == nil {
		return name
	}
	return "unknown"
}

func (n NATS) connect(ctx context.Context, c Config) (*natslog.Log, error) {
	if n.Keys == "" {
		return nil, fmt.Errorf("%w: no home directory to keep a key in; name one with --data", events.ErrStorage)
	}
	r, err := n.Remote(c)
	if err != nil {
		return nil, err
	}
	return natslog.Connect(ctx, n.URL, r)
}

func (n NATS) session(log *natslog.Log, c Config) *Session {
	return &Session{App: app.NewLocal(log, commands.Config{Now: c.Now}), Trust: trust.NewOwn(log), Place: Place{Dir: n.Keys, Exists: true}, close: log.Close}
}

// Inspect is [Inspect] of the log in a JetStream elsewhere.
func (n NATS) Inspect(ctx context.Context, c Config) (*natslog.Log, error) {
	r, err := n.Remote(c)
	if err != nil {
		return nil, err
	}
	r.State = "" // whoever has that open now writes the tree's nodes
	return trust.InspectRemote(ctx, n.URL, r)
}

// Doctor is [Doctor] of the log in a JetStream elsewhere.
func (n NATS) Doctor(ctx context.Context, c Config) ([]trust.Finding, error) {
	r, err := n.Remote(c)
	if err != nil {
		return nil, err
	}
	return trust.DoctorRemote(ctx, n.URL, r), nil
}

// Restore is [Restore] into a JetStream elsewhere; see [trust.RestoreRemote].
func (n NATS) Restore(ctx context.Context, c Config, backup io.ReadSeeker, s trust.Stamp, o trust.Options) (*trust.Restored, error) {
	r, err := n.Remote(c)
	if err != nil {
		return nil, err
	}
	return trust.RestoreRemote(ctx, backup, n.URL, r, s, o)
}
