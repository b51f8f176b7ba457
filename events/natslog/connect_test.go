package natslog

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
	"cairn/events/merkle"
)

func TestConnectNothing(t *testing.T) {
	t.Parallel()
	srv := runServer(t, t.TempDir())
	if _, err := Connect(t.Context(), srv.ClientURL(), Remote{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("no log: got %v, want ErrNotFound", err)
	}
	srv.Shutdown()
	srv.WaitForShutdown()
	if _, err := Connect(t.Context(), srv.ClientURL(), Remote{}); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("no server: got %v, want ErrUnavailable", err)
	}
}

func TestWithoutSecrets(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]string{
		"nats://ada:secret@example.com:4222":            "nats://example.com:4222",
		"nats://a:secret@one:4222, nats://b:secret@two": "nats://one:4222,nats://two",
		"a:secret@one:4222,nats://b:secret@two":         "nats://two",
		"a:secret@one:4222":                             "NATS",
		"":                                              "NATS",
	} {
		if got := WithoutSecrets(server); got != want {
			t.Errorf("%q: got %q, want %q", server, got, want)
		}
	}
}

// Two servers share a log: both append, and each sees the other's events.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	srv := runServer(t, t.TempDir())
	one := connect(t, srv, Remote{Create: true})
	two := connect(t, srv, Remote{Create: true})
	if one.Origin() != two.Origin() {
		t.Fatalf("got origins %q and %q, want one", one.Origin(), two.Origin())
	}
	const each = 30
	var wg sync.WaitGroup
	wg.Go(func() { // follows through one what is appended through both
		n := 0
		for _, err := range one.Follow(t.Context(), events.Filter{After: 1}) {
			if err != nil {
				t.Errorf("follow: %v", err)
				return
			}
			if n++; n == 2*each {
				return
			}
		}
	})
	for name, l := range map[string]*Log{"a": one, "b": two} {
		wg.Go(func() {
			var last events.Seq
			for i := range uint64(each) {
				seq, err := l.Append(t.Context(), []events.Append{batch(name, last, i, 1)})
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				last = seq
			}
		})
	}
	wg.Wait()
	var f merkle.Frontier
	for _, env := range read(t, two, events.Filter{}) {
		f.Append(merkle.Leaf(env.Body))
	}
	for _, l := range []*Log{one, two} {
		if err := l.head.(*remoteHead).catchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := l.Head(); got.Root != f.Root() || got.N != 1+2*each {
			t.Errorf("head: got @%d %v, want @%d %v", got.N, got.Root, 1+2*each, f.Root())
		}
	}
}

// Trap: a server that lags behind writes a head that is shorter than the stored
// one; a log that lost its end would fit it again.
func TestHeadOnlyUpwards(t *testing.T) {
	t.Parallel()
	srv := runServer(t, t.TempDir())
	slow := connect(t, srv, Remote{Create: true})
	fast := connect(t, srv, Remote{})
	mustAppend(t, slow, batch("a", 0, 0, 1))
	mustAppend(t, fast, batch("b", 0, 0, 5))
	for _, l := range []*Log{fast, slow} {
		k := l.head.(*remoteHead)
		if l == fast {
			if err := k.catchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := k.save(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	k := &remoteHead{l: fast, heads: fast.head.(*remoteHead).heads}
	if h, err := k.load(t.Context()); err != nil || h.N != 7 {
		t.Errorf("stored head: got @%d, %v, want @7", h.N, err)
	}
}

// Trap: a JetStream that was put back to an earlier state is a valid one.
func TestRemoteShorter(t *testing.T) {
	t.Parallel()
	srv := runServer(t, t.TempDir())
	l := connect(t, srv, Remote{Create: true})
	mustAppend(t, l, batch("a", 0, 0, 3))
	k := l.head.(*remoteHead)
	if err := k.save(t.Context()); err != nil {
		t.Fatal(err)
	}
	// As if the log had been one event longer.
	h := l.Head()
	h.Frontier.Append(merkle.Leaf([]byte("lost")))
	if _, err := l.js.PublishMsg(t.Context(), &nats.Msg{Subject: headSubject, Data: encodeSlot(&h.Frontier, h.Leaf)}); err != nil {
		t.Fatal(err)
	}
	_, err := Connect(t.Context(), srv.ClientURL(), Remote{})
	if !errors.Is(err, events.ErrIntegrity) || !strings.Contains(err.Error(), "it ends at @4, we saw @5") {
		t.Errorf("got %v, want ErrIntegrity: it ends at @4, we saw @5", err)
	}
}

// Trap: JetStream accepts a change of the limits that throws events away.
func TestChangedSettings(t *testing.T) {
	t.Parallel()
	srv := runServer(t, t.TempDir())
	l := connect(t, srv, Remote{Create: true})
	for name, change := range map[string]func(*jetstream.StreamConfig){
		"max_msgs 10": func(c *jetstream.StreamConfig) { c.MaxMsgs = 10 },
		"max_age 1h":  func(c *jetstream.StreamConfig) { c.MaxAge = 3600e9 },
		"discard":     func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld },
		"subjects":    func(c *jetstream.StreamConfig) { c.Subjects = []string{everyChecklist} },
	} {
		cfg := streamConfig(1)
		change(&cfg)
		if _, err := l.js.UpdateStream(t.Context(), cfg); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err := Connect(t.Context(), srv.ClientURL(), Remote{})
		if !errors.Is(err, events.ErrIntegrity) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want ErrIntegrity naming it", name, err)
		}
	}
}

// A follower goes on when the server was away.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := runServer(t, dir)
	l := connect(t, srv, Remote{Create: true})
	mustAppend(t, l, batch("a", 0, 0, 1))
	atEnd, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		want := events.Seq(1)
		for env, err := range l.Follow(t.Context(), events.Filter{}) {
			if err != nil || env.Seq != want {
				t.Errorf("got @%d, %v, want @%d", env.Seq, err, want)
				return
			}
			if want == 2 {
				close(atEnd)
			}
			if want++; want == 5 {
				return
			}
		}
	}()
	<-atEnd
	port := srv.Addr().(*net.TCPAddr).Port
	srv.Shutdown()
	srv.WaitForShutdown()
	runServerAt(t, dir, port)
	for l.nc.Status() != nats.CONNECTED {
		<-l.nc.StatusChanged(nats.CONNECTED)
	}
	// The acknowledgement may get lost while the server comes: as the handler
	// does, try again until it is stored; a conflict says that it was.
	for {
		_, err := l.Append(t.Context(), []events.Append{batch("a", 2, 1, 3)})
		if err == nil || errors.Is(err, events.ErrConflict) {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
	<-done
}

// A log that does not answer is ErrUnavailable, or the context's error.
func TestServerGone(t *testing.T) {
	t.Parallel()
	srv := runServer(t, t.TempDir())
	l, err := Connect(t.Context(), srv.ClientURL(), Remote{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Shutdown()
	srv.WaitForShutdown()
	ctx, cancel := context.WithTimeout(t.Context(), 50e6)
	defer cancel()
	if _, err := l.Append(ctx, []events.Append{batch("a", 0, 0, 1)}); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("append: got %v, want ErrUnavailable or DeadlineExceeded", err)
	}
	if err := l.Close(); err != nil && !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("close: got %v, want nil or ErrUnavailable", err)
	}
}
