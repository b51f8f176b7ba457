package natslog

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
	"cairn/events/merkle"
)

// Remote says how to open a log in a JetStream elsewhere. The zero Remote
// opens an existing log.
type Remote struct {
	// Create makes the streams where there are none; otherwise that is
	// ErrNotFound.
	Create bool
	// Replicas of the streams that Create makes: 1 or 3. Zero is 1. Where there
	// are too few servers for 3, that is ErrUnavailable.
	Replicas int
	// Verifier is the note verifier of the creating server, for the first
	// event. Empty for none.
	Verifier string
	// State is a directory of this process, in which it keeps a key to sign with
	// and the tree's nodes, a folder for each log. Empty: it signs nothing.
	State string
	// Memory, Now and NewID are those of [Config].
	Memory string
	Now    func() time.Time
	NewID  func() string
	// Options are for the connection: credentials, TLS.
	Options []nats.Option
}

// Connect opens the log that lies in the JetStream at server: a URL, or those of
// several servers of one cluster with commas between them. Any number of
// processes may have it open.
//
// The connection needs the right to publish to cairn.log.> and cairn.sys, and
// to use the streams CAIRN, CAIRN_HEAD and, where Replicas is more than 1,
// CAIRN_ACKED, with cairn.acked.> and cairn.fence.>; nobody else should have it. Set
// jetstream.limits.batch.max_msgs to [events.MaxBatch] there, and sync_interval
// to always. It returns the errors that [Open] does.
func Connect(ctx context.Context, server string, r Remote) (*Log, error) {
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.NewID == nil {
		r.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if r.Replicas == 0 {
		r.Replicas = 1
	}
	l := &Log{place: WithoutSecrets(server), memory: r.Memory}
	l.life, l.end = context.WithCancel(context.Background())
	if r.State != "" {
		if err := l.claim(ctx, r.State); err != nil {
			return nil, err
		}
	}
	if err := l.connect(ctx, server, &r); err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}

// claim takes the lock of a process's own directory: each process has a key of
// its own.
func (l *Log) claim(ctx context.Context, state string) error {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return unwritable(state, err)
	}
	var err error
	l.lock, err = acquire(ctx, state, 0, nil)
	var e *Error
	if errors.As(err, &e) && errors.Is(e.Err, events.ErrUnavailable) {
		e.Message = state + " is another server's"
		if b, err := os.ReadFile(lockPath(state)); err == nil && len(b) > 0 {
			e.Message += fmt.Sprintf(" (%s)", strings.TrimSpace(string(b)))
		}
		e.Hint = "Each server needs a directory of its own for its key: --data DIR"
	}
	return err
}

// WithoutSecrets returns the addresses that can be shown: server is one URL, or
// several with commas between them.
func WithoutSecrets(server string) string {
	var shown []string
	for one := range strings.SplitSeq(server, ",") {
		if u, err := url.Parse(strings.TrimSpace(one)); err == nil && u.Host != "" {
			u.User = nil
			shown = append(shown, u.String())
		}
	}
	if shown == nil {
		return "NATS"
	}
	return strings.Join(shown, ",")
}

func (l *Log) connect(ctx context.Context, server string, r *Remote) (err error) {
	if err := l.dial(server, r); err != nil {
		return err
	}
	l.stream, err = l.lookUp(ctx, streamName)
	heads, err2 := l.lookUp(ctx, headStreamName)
	if errors.Is(err, jetstream.ErrStreamNotFound) && err2 == nil { // it was made before
		if l.stream, err = l.lookUpMade(ctx, streamName); errors.Is(err, nats.ErrTimeout) {
			err = jetstream.ErrStreamNotFound
		}
	}
	noStream, noHeads := errors.Is(err, jetstream.ErrStreamNotFound), errors.Is(err2, jetstream.ErrStreamNotFound)
	switch {
	case err != nil && !noStream:
		return l.failed(ctx, "look up the stream", err)
	case err2 != nil && !noHeads:
		return l.failed(ctx, "look up the head", err2)
	case noStream && !noHeads:
		return damaged("%s holds the head of a log but no log", l.place)
	case noStream && !r.Create:
		return &Error{
			Err: ErrNotFound, Message: fmt.Sprintf("there is no log in %s", l.place),
			Hint: "Nothing was made in its place.",
		}
	case noHeads:
		if heads, err = l.createRemote(ctx, r, noStream); err != nil {
			return err
		}
	}
	return l.enterRemote(ctx, r, heads)
}

// dial makes the connection.
func (l *Log) dial(server string, r *Remote) (err error) {
	opts := append([]nats.Option{
		nats.Name("cairn"), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
		nats.IgnoreAuthErrorAbort(), // who changes passwords may change the server's first
		nats.ReconnectBufSize(noBuffer),
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2), // who is silent for longer is gone
		nats.DisconnectErrHandler(func(*nats.Conn, error) {
			now := time.Now()
			l.away.CompareAndSwap(nil, &now)
		}),
		nats.ReconnectHandler(func(*nats.Conn) { l.away.Store(nil) }),
		// The default writes to the process's standard error.
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}, r.Options...)
	l.nc, err = nats.Connect(server, opts...)
	if errors.Is(err, nats.ErrAuthorization) {
		return &Error{
			Err: events.ErrUnavailable, Message: l.place + " does not let this client in", Cause: err,
			Hint: "Nothing was written. Look at the user and the password: in the URL, or with --nats-creds.",
		}
	}
	if malformed := new(url.Error); errors.As(err, &malformed) { // which has the password, too
		return &Error{
			Err: events.ErrUnavailable, Message: "cannot reach NATS: " + malformed.Err.Error(),
			Hint: "Nothing was written. Write nats://HOST:PORT, or several with commas between them.",
		}
	}
	if err != nil {
		return &Error{
			Err: events.ErrUnavailable, Message: "cannot reach " + l.place, Cause: err,
			Hint: "Nothing was written. Look whether NATS runs there.",
		}
	}
	if l.js, err = jetstream.New(l.nc); err != nil {
		return l.failed(context.Background(), "connect", err)
	}
	return nil
}

// createRemote makes the streams and the first event; the stream of the head,
// which says that there is a log, is last.
func (l *Log) createRemote(ctx context.Context, r *Remote, noStream bool) (jetstream.Stream, error) {
	var err error
	if noStream {
		if l.stream, err = l.make(ctx, streamConfig(r.Replicas)); err != nil {
			return nil, l.failed(ctx, "create the stream", err)
		}
	}
	// As it is now.
	if l.stream, err = l.lookUpMade(ctx, streamName); err != nil {
		return nil, l.failed(ctx, "look up the stream", err)
	}
	switch last := l.stream.CachedInfo().State.LastSeq; {
	case last > 1:
		e := damaged("%s holds a log of %d events but not its head", l.place, last)
		e.Hint = "Nothing was written. Where a restore was cut off, the same one again completes it: cairn restore FILE --nats URL"
		return nil, e
	case last == 0 && !r.Create:
		return nil, damaged("%s holds a stream %s without events", l.place, streamName)
	case last == 0:
		origin, verifier := "cairn/"+r.NewID(), r.Verifier
		if r.State != "" {
			if verifier, err = ownKey(homeOf(r.State, origin), origin); err != nil {
				return nil, err
			}
		}
		first := logOpened(origin, verifier, r.Now().UTC(), r.NewID())
		// A conflict means that another server made it just now.
		if err := l.publishFirst(ctx, first); err != nil && !errors.Is(err, events.ErrConflict) {
			return nil, err
		}
	}
	heads, err := l.make(ctx, headConfig(r.Replicas))
	if err != nil {
		return nil, l.failed(ctx, "create the head", err)
	}
	return heads, nil
}

// homeOf returns the folder of a log below a process's own directory.
func homeOf(state, origin string) string {
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r == '-' {
			return r
		}
		return '_'
	}, strings.TrimPrefix(origin, "cairn/"))
	return filepath.Join(state, "logs", name)
}

// ownKey returns the verifier of the key in dir, which it makes where there is none.
func ownKey(dir, origin string) (verifier string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", unwritable(dir, err)
	}
	name, verifier, err := makeKey(dir, origin)
	if err == nil && name != origin {
		err = damaged("%s is the key of another log (%s)", keyPath(dir), name)
	}
	return verifier, err
}

// enterRemote compares the stream with the head and the memory.
func (l *Log) enterRemote(ctx context.Context, r *Remote, heads jetstream.Stream) error {
	stream, err := l.lookUpMade(ctx, streamName)
	if err != nil {
		return l.failed(ctx, "look up the stream", err)
	}
	info := stream.CachedInfo()
	if err := checkConfig(l.place, info.Config); err != nil {
		return err
	}
	if info.Config.Replicas > 1 {
		if err := l.openAcked(ctx, info.Config.Replicas); err != nil {
			return err
		}
	}
	k := &remoteHead{l: l, heads: heads, stop: make(chan struct{}), stopped: make(chan struct{})}
	h, err := k.load(ctx)
	if err != nil {
		return err
	}
	if err := l.compare(ctx, info, h); err != nil {
		return err
	}
	if err := l.readFirst(ctx); err != nil {
		return err
	}
	if r.State != "" {
		l.home = homeOf(r.State, l.origin)
		if _, err := ownKey(l.home, l.origin); err != nil {
			return err
		}
		l.own = &tiles{Tiles: merkle.NewTiles(l.home), dir: l.home}
	}
	k.frontier, k.leaf = h.Frontier, h.Leaf
	l.head = k
	if err := k.catchUp(ctx); err != nil {
		return err
	}
	if err := l.checkMemory(ctx); err != nil {
		return err
	}
	if err := l.SettleKey(ctx); err != nil {
		return err
	}
	go k.saving()
	return nil
}
