package server_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"cairn/events"
	"cairn/projections/members"
	"cairn/server"
	"cairn/server/access"
	"cairn/server/commands"
)

// door is a server with a door for NATS clients.
type door struct{ *server.Server }

func openDoor(t *testing.T) door {
	t.Helper()
	s, err := server.NewServer(t.Context(), server.ServeConfig{
		Config: server.Config{State: t.TempDir()}, Place: server.Place{Dir: t.TempDir()}, Listen: "127.0.0.1:0", ListenNATS: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return door{s}
}

// listener is a NATS client at the door; closed tells that it was cut off.
type listener struct {
	*nats.Conn
	heard  *nats.Subscription
	closed chan struct{}
}

func (d door) dial(options ...nats.Option) (*nats.Conn, error) {
	return nats.Connect(d.NATS(), append([]nats.Option{nats.NoReconnect(), nats.PermissionErrOnSubscribe(true), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})}, options...)...)
}

func (d door) listen(t *testing.T, subject string, options ...nats.Option) listener {
	t.Helper()
	l := listener{closed: make(chan struct{})}
	var err error
	l.Conn, err = d.dial(append(options, nats.ClosedHandler(func(*nats.Conn) { close(l.closed) }))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Conn.Close)
	if l.heard, err = l.SubscribeSync(subject); err != nil {
		t.Fatal(err)
	}
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l listener) hears(t *testing.T, subject string) {
	t.Helper()
	m, err := l.heard.NextMsg(20 * time.Second)
	if err != nil {
		t.Fatalf("want %s: %v", subject, err)
	}
	if m.Subject != subject {
		t.Errorf("got %s, want %s", m.Subject, subject)
	}
}

func (d door) start(t *testing.T, name, task string) {
	t.Helper()
	meta := commands.Meta{Checklist: name, Actor: events.Actor{ID: "ada@example.com", Auth: events.Unauthenticated}, Via: "test"}
	var cmd commands.Command = commands.Transition{Verb: commands.Start, Tasks: []string{task}}
	if task == "" {
		cmd = commands.ImportDocument{Document: []byte("- [ ] one\n- [ ] two\n- [ ] three\n")}
	}
	if _, err := d.App.Execute(t.Context(), meta, cmd); err != nil {
		t.Fatal(err)
	}
}

func (d door) administer(t *testing.T, cmd commands.SystemCommand) {
	t.Helper()
	if _, err := d.App.Administer(t.Context(), commands.Meta{Actor: events.Actor{ID: "ada@example.com", Auth: events.Unauthenticated}, Via: "test"}, cmd); err != nil {
		t.Fatal(err)
	}
}

// user makes a user with a token, and returns the token.
func (d door) user(t *testing.T, name string, role members.Role, checklists ...string) string {
	t.Helper()
	token := access.NewToken()
	d.administer(t, commands.AddUser{User: name, Role: role, Checklists: checklists})
	d.administer(t, commands.CreateToken{ID: strings.TrimSuffix(name, "@example.com"), User: name, Hash: access.Hash(token)})
	return token
}

// Without users this machine listens; from the first user on, tokens do, to the
// checklists of their user, until they open nothing any more.
func TestNATSDoor(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	d.start(t, "plan", "")
	d.start(t, "other", "")
	anybody := d.listen(t, "cairn.changes.>")
	d.start(t, "plan", "1")
	anybody.hears(t, "cairn.changes.plan.task.started")
	if _, err := d.dial(nats.Token("of-another-server")); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a token where there are no users: got %v, want %v", err, nats.ErrAuthorization)
	}

	ada := d.user(t, "ada@example.com", members.Admin)
	<-anybody.closed
	bob := d.user(t, "bob@example.com", members.Viewer, "plan")
	for name, options := range map[string][]nats.Option{
		"nobody":                nil,
		"no token":              {nats.UserInfo("ada@example.com", "")},
		"a wrong token":         {nats.Token(access.NewToken())},
		"the token of somebody": {nats.UserInfo("ada@example.com", bob)},
		"the server's secret":   {nats.Token(d.Secret())},
	} {
		if _, err := d.dial(options...); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: got %v, want %v", name, err, nats.ErrAuthorization)
		}
	}
	all := d.listen(t, ">", nats.Token(ada))
	all.hearsNothing(t)
	all = d.listen(t, "cairn.changes.>", nats.UserInfo("ada@example.com", ada))
	his := d.listen(t, "cairn.changes.plan.>", nats.Token(bob))
	d.listen(t, "cairn.changes.other.>", nats.Token(bob)).hearsNothing(t)
	d.listen(t, "cairn.sys", nats.Token(ada)).hearsNothing(t)
	d.start(t, "other", "2")
	d.start(t, "plan", "3")
	all.hears(t, "cairn.changes.other.task.started")
	all.hears(t, "cairn.changes.plan.task.started")
	his.hears(t, "cairn.changes.plan.task.started")

	// Nothing that they send arrives: the log goes on from where it was.
	end := d.App.End()
	for _, subject := range []string{"cairn.log.plan", "cairn.sys", "$JS.API.STREAM.DELETE.CAIRN", "$JS.API.STREAM.PURGE.CAIRN", "$JS.API.STREAM.MSG.DELETE.CAIRN", "$JS.API.STREAM.UPDATE.CAIRN"} {
		if err := all.Publish(subject, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	if err := all.Flush(); err != nil {
		t.Fatal(err)
	}
	d.start(t, "plan", "2")
	if got := d.App.End(); got != end+1 {
		t.Errorf("the log ends at @%d, want @%d", got, end+1)
	}
	his.hears(t, "cairn.changes.plan.task.started")

	d.administer(t, commands.RevokeToken{Token: "bob"})
	<-his.closed
	select {
	case <-all.closed:
		t.Error("who may listen was cut off")
	default:
	}
	// Of the log's own events not even an admin hears here.
	d.start(t, "other", "1")
	all.hears(t, "cairn.changes.plan.task.started")
	all.hears(t, "cairn.changes.other.task.started")
	if _, err := d.dial(nats.Token(bob)); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a revoked token: got %v, want %v", err, nats.ErrAuthorization)
	}
}

// hearsNothing fails where the subscription was allowed.
func (l listener) hearsNothing(t *testing.T) {
	t.Helper()
	if m, err := l.heard.NextMsg(20 * time.Second); !errors.Is(err, nats.ErrPermissionViolation) {
		t.Errorf("got %v %v, want %v", m, err, nats.ErrPermissionViolation)
	}
	l.Conn.Close()
}

// Who was turned away at the door stands in the log, as at the other.
func TestNATSDoorRefusals(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	d.user(t, "ada@example.com", members.Admin)
	end := d.App.End()
	for range 3 {
		if _, err := d.dial(); !errors.Is(err, nats.ErrAuthorization) {
			t.Fatalf("got %v, want %v", err, nats.ErrAuthorization)
		}
	}
	at := d.App.Feed().Subscribe(end)
	defer at.Close()
	for {
		entries, more, err := at.Next(t.Context(), func(*events.Envelope) (bool, error) { return true, nil })
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			<-more
			continue
		}
		// The first comes at once, the others within a minute.
		refused, ok := entries[0].Env.Data.(*events.AccessRefused)
		if !ok || refused.Door != "nats" || refused.Remote != "127.0.0.1" || refused.Action != "CONNECT" || refused.Why != "no token" {
			t.Errorf("got %T %+v", entries[0].Env.Data, entries[0].Env.Data)
		}
		return
	}
}

func TestListenNATSAddress(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		c    server.ServeConfig
		want string
	}{
		"open to others": {server.ServeConfig{ListenNATS: "0.0.0.0:0"}, "0.0.0.0:0 can be reached by others, and tokens would pass in the clear"},
		"no port":        {server.ServeConfig{ListenNATS: "127.0.0.1"}, "--nats-listen 127.0.0.1: want HOST:PORT"},
		"with NATS":      {server.ServeConfig{ListenNATS: "127.0.0.1:0", NATS: "nats://127.0.0.1:1"}, "--nats-listen and --nats exclude each other"},
	} {
		test.c.Place.Dir, test.c.Listen = t.TempDir(), "127.0.0.1:0"
		s, err := server.NewServer(t.Context(), test.c)
		if err == nil {
			_ = s.Close()
		}
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}
