package commands_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/events/natslog/natstest"
	"cairn/projections/checklist"
	"cairn/server/commands"
	"cairn/server/commands/commandstest"
)

// serverOn returns what one of several servers has: a log of its own over the
// given nodes, tried in turn, and a handler.
func serverOn(t *testing.T, account natstest.Account, deadline time.Duration, nodes ...int) (*natslog.Log, *commands.Handler) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), natstest.Patience)
	defer cancel()
	for {
		log, err := natslog.Connect(ctx, account.URL(nodes...), natslog.Remote{
			Create: true, Replicas: 3,
			Options: []nats.Option{nats.DontRandomize(), nats.IgnoreDiscoveredServers()},
		})
		if err == nil {
			t.Cleanup(func() {
				if err := log.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			return log, commands.NewHandler(log, commands.Config{Deadline: deadline})
		}
		if !errors.Is(err, events.ErrUnavailable) || ctx.Err() != nil {
			t.Fatalf("connect: %v", err)
		}
	}
}

const clusterDocument = "# Plan\n\n- [ ] one\n- [ ] two\n- [ ] three\n- [ ] four\n"

// near is a handler as a client in its process sees it.
type near struct{ *commands.Handler }

func (n near) Execute(ctx context.Context, id, name string, cmd commands.Command) (commandstest.Answered, error) {
	r, err := n.Handler.Execute(ctx, commands.Meta{
		ID: id, Checklist: name, Actor: events.Actor{ID: "ada", Auth: events.Unauthenticated}, Via: "cli",
	}, cmd)
	return commandstest.Answered{Seq: r.Seq, Changed: len(r.Events) > 0}, err
}

func (n near) Fresh(ctx context.Context, name string) (out commandstest.Answered, err error) {
	err = n.Handler.Fresh(ctx, name, func(st *checklist.State) error { out = commandstest.Shown(st); return nil })
	return out, err
}

func (n near) Seen(_ context.Context, name string, least events.Seq) (out commandstest.Answered, err error) {
	err = n.Handler.Seen(name, func(st *checklist.State) error { out = commandstest.Shown(st); return nil })
	if err == nil && out.Seq < least { // it waits for nobody
		err = fmt.Errorf("%w: at @%d", events.ErrUnavailable, out.Seq)
	}
	return out, err
}

// Three servers over three nodes, whose leader is killed, stopped or cut off again
// and again: what the clients saw has an order, nothing acknowledged is missing, and
// nothing happened twice. CAIRN_FAULTS says how often; make cluster runs many.
func TestCluster(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for an election")
	}
	faults := []string{"kill"}
	if n, err := strconv.Atoi(os.Getenv("CAIRN_FAULTS")); err == nil {
		pattern := []string{"kill", "kill", "cut", "pause", "cut others", "pause others"}
		faults = slices.Repeat(pattern, n/len(pattern)+1)[:n]
	}
	cluster := natstest.Start(t, natstest.Config{Accounts: 1})
	account := cluster.Account(t)
	var servers []commandstest.Server
	var log *natslog.Log
	for i := range 3 {
		l, h := serverOn(t, account, 5*time.Second, i, (i+1)%3, (i+2)%3)
		log, servers = l, append(servers, near{h})
	}
	c := commandstest.NewCampaign(servers...)
	c.Run(t, 8, natstest.Patience+time.Duration(len(faults))*time.Minute, func(ctx context.Context) {
		c.Faults(ctx, t, cluster, account, faults...)
	})
	if !t.Failed() {
		c.Record(t, log).CheckAll(t)
	}
}

// NATS goes away and comes back: commands fail within their deadline, reads of what
// is loaded go on, and a retry with the same id happens once, on whatever server.
func TestClusterGone(t *testing.T) {
	t.Parallel()
	cluster := natstest.Start(t, natstest.Config{Accounts: 1})
	account := cluster.Account(t)
	log, h := serverOn(t, account, 500*time.Millisecond, 0, 1, 2)
	_, other := serverOn(t, account, natstest.Patience, 1, 2, 0)
	meta := func() commands.Meta {
		return commands.Meta{ID: uuid.NewString(), Checklist: "plan", Actor: events.Actor{ID: "ada", Auth: events.Unauthenticated}, Via: "cli"}
	}
	if _, err := other.Execute(t.Context(), meta(), commands.ImportDocument{Document: []byte(clusterDocument)}); err != nil {
		t.Fatal(err)
	}
	// The other one has little time: a busy machine takes several attempts.
	for {
		err := h.Fresh(t.Context(), "plan", func(*checklist.State) error { return nil })
		if err == nil {
			break
		}
		if !errors.Is(err, events.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		cluster.Kill(t, i)
	}
	tried := meta()
	for range 2 {
		began := time.Now()
		_, err := h.Execute(t.Context(), tried, do(commands.Done, "1"))
		if !errors.Is(err, events.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a command: got %v, want ErrUnavailable", err)
		}
		t.Logf("refused after %v: %v", time.Since(began).Round(time.Millisecond), err)
	}
	var refused *commands.Error
	if _, err := h.Execute(t.Context(), meta(), do(commands.Reopen, "1")); err == nil || errors.As(err, &refused) {
		t.Errorf("a command without events: got %v, want that it cannot tell", err)
	}
	if err := h.Fresh(t.Context(), "plan", func(*checklist.State) error { return nil }); err == nil {
		t.Error("a fresh read: got no error while nobody knows what is there")
	}
	if err := h.Seen("plan", func(st *checklist.State) error {
		if got := string(st.Document()); got != clusterDocument {
			t.Errorf("a plain read: got %q, want %q", got, clusterDocument)
		}
		return nil
	}); err != nil {
		t.Errorf("a plain read: %v", err)
	}

	for i := range 3 {
		cluster.Restart(t, i)
	}
	cluster.Ready(t)
	var result commands.Result
	for i := range 4 { // again and again, on both
		again, err := []*commands.Handler{h, other}[i%2].Execute(t.Context(), tried, do(commands.Done, "1"))
		for errors.Is(err, events.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
			again, err = other.Execute(t.Context(), tried, do(commands.Done, "1"))
		}
		if err != nil || len(again.Events) != 1 || i > 0 && (!again.Repeated || again.Seq != result.Seq) {
			t.Fatalf("try %d: got %+v, %v, want the one event at @%d again", i, again, err, result.Seq)
		}
		result = again
	}
	count := 0
	for env, err := range log.Read(t.Context(), events.Filter{Checklist: "plan"}) {
		if err != nil {
			t.Fatal(err)
		}
		if env.CommandID == tried.ID {
			count++
		}
	}
	if count != 1 {
		t.Errorf("it happened %d times, want once", count)
	}
}
