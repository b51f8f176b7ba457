package commands_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/events/natslog/natstest"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// serverOn returns what one of several servers has: a log of its own over the
// given nodes, tried in turn, and a handler.
func serverOn(t *testing.T, account natstest.Account, deadline time.Duration, nodes ...int) (*natslog.Log, *commands.Handler) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
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

// campaign is clients that change checklists through several servers, and what
// they saw.
type campaign struct {
	handlers []*commands.Handler
	began    time.Time
	answers  atomic.Int64
	failures atomic.Int64
	longest  atomic.Int64 // between two answers, in ns
	latest   atomic.Int64

	mu      sync.Mutex // guards history
	history []porcupine.Operation
}

func (c *campaign) note(client int, in asked, call int64, out answered) {
	now := time.Since(c.began).Nanoseconds()
	c.answers.Add(1)
	if gap := now - c.latest.Swap(now); gap > c.longest.Load() {
		c.longest.Store(gap)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.history = append(c.history, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: now})
}

// until tries through one server after the other until there is an answer.
func (c *campaign) until(ctx context.Context, first int, try func(h *commands.Handler, server int) error) error {
	for server := first; ; server = (server + 1) % len(c.handlers) {
		err := try(c.handlers[server], server)
		var refused *commands.Error
		if err == nil || errors.As(err, &refused) {
			return err
		}
		c.failures.Add(1)
		if !errors.Is(err, events.ErrUnavailable) && !errors.Is(err, events.ErrConflict) && !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return fmt.Errorf("server %d: %w", server, err)
		}
	}
}

// command executes one command, with the same id until it is answered.
func (c *campaign) command(ctx context.Context, client, server int, in asked, cmd commands.Command) error {
	in.id = uuid.NewString()
	call := time.Since(c.began).Nanoseconds()
	var result commands.Result
	err := c.until(ctx, server, func(h *commands.Handler, _ int) (err error) {
		result, err = h.Execute(ctx, commands.Meta{
			ID: in.id, Checklist: in.checklist, Actor: events.Actor{ID: "ada", Auth: events.Unauthenticated}, Via: "cli",
		}, cmd)
		return err
	})
	var refused *commands.Error
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	c.note(client, in, call, answered{seq: result.Seq, changed: len(result.Events) > 0, refused: err != nil})
	return nil
}

// fresh reads what is there now.
func (c *campaign) fresh(ctx context.Context, client, server int, name string) error {
	call := time.Since(c.began).Nanoseconds()
	var out answered
	if err := c.until(ctx, server, func(h *commands.Handler, _ int) error {
		return h.Fresh(ctx, name, func(st *checklist.State) error { out = seen(st); return nil })
	}); err != nil {
		return err
	}
	c.note(client, asked{checklist: name}, call, out)
	return nil
}

func seen(st *checklist.State) (out answered) {
	out.seq = st.Seq()
	for b := range st.Root().Tasks() {
		if b.Task.Key <= listTasks {
			out.marks[b.Task.Key-1] = b.Raw[b.Task.Box]
		}
	}
	return out
}

// client works on the checklists until stop is closed.
func (c *campaign) client(ctx context.Context, n int, names []string, stop <-chan struct{}) error {
	r := rand.New(rand.NewPCG(uint64(n), 6))
	last := make(map[string]events.Seq) // of each server and checklist: what a plain read showed
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		name, server := names[r.IntN(len(names))], r.IntN(len(c.handlers))
		switch r.IntN(6) {
		case 0, 1:
			if err := c.fresh(ctx, n, server, name); err != nil {
				return fmt.Errorf("fresh read: %w", err)
			}
		case 2: // a plain read never goes back
			var out answered
			if err := c.handlers[server].Seen(name, func(st *checklist.State) error { out = seen(st); return nil }); err != nil {
				return err
			}
			at := fmt.Sprint(name, server)
			if out.seq < last[at] {
				return fmt.Errorf("plain read of %s at server %d: got @%d after @%d", name, server, out.seq, last[at])
			}
			last[at] = out.seq
		default:
			in := asked{checklist: name, task: r.IntN(listTasks), verb: []commands.Verb{commands.Start, commands.Done, commands.Reopen}[r.IntN(3)]}
			if err := c.command(ctx, n, server, in, do(in.verb, strconv.Itoa(in.task+1))); err != nil {
				return fmt.Errorf("%s: %w", in.verb, err)
			}
		}
	}
}

// Three servers over three nodes, whose leader is killed, stopped or cut off again
// and again: what the clients saw has an order, nothing acknowledged is missing, and
// nothing happened twice. CAIRN_FAULTS says how often; make cluster runs many.
func TestCluster(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes a minute")
	}
	faults, pattern := 3, []string{"kill", "kill", "cut", "pause"}
	if n, err := strconv.Atoi(os.Getenv("CAIRN_FAULTS")); err == nil {
		faults = n
	}
	cluster := natstest.Start(t, natstest.Config{Accounts: 1})
	account := cluster.Account(t)
	c := &campaign{began: time.Now()}
	var logs []*natslog.Log
	for i := range 3 {
		log, h := serverOn(t, account, 5*time.Second, i, (i+1)%3, (i+2)%3)
		logs, c.handlers = append(logs, log), append(c.handlers, h)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(faults+1)*time.Minute)
	defer cancel()
	names := []string{"alpha", "beta", "gamma", "delta"}
	for _, name := range names {
		if err := c.command(ctx, 0, 0, asked{checklist: name, task: -1}, commands.ImportDocument{Document: []byte(clusterDocument)}); err != nil {
			t.Fatal(err)
		}
	}
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for n := range 8 {
		clients.Go(func() {
			if err := c.client(ctx, n, names, stop); err != nil {
				t.Errorf("client %d: %v", n, err)
				cancel()
			}
		})
	}
	defer clients.Wait()
	// more returns when the clients got n more answers.
	more := func(n int64) {
		for end := c.answers.Load() + n; c.answers.Load() < end && ctx.Err() == nil; {
			time.Sleep(time.Millisecond)
		}
	}
	js := account.Connect(t, 0, 1, 2)
	for i := range faults {
		more(50)
		led, err := account.Leader(ctx, js, "CAIRN")
		if err != nil {
			t.Error(err)
			break
		}
		c.longest.Store(0)
		what := pattern[i%len(pattern)]
		switch what {
		case "kill":
			cluster.Kill(t, led)
			more(100)
			cluster.Restart(t, led)
		case "cut":
			cluster.Cut(led)
			more(50)
			cluster.Heal(led)
		case "pause":
			cluster.Pause(t, led)
			more(50)
			cluster.Resume(t, led)
		}
		more(50)
		cluster.Ready(t)
		current(ctx, t, js)
		t.Logf("%s of node %d, which led: no answer to anybody for %v", what, led, time.Duration(c.longest.Load()).Round(time.Millisecond))
	}
	close(stop)
	clients.Wait()
	if t.Failed() {
		return
	}
	for _, name := range names {
		for server := range c.handlers {
			if err := c.fresh(ctx, 0, server, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := linearizable(c.history); err != nil {
		t.Error(err)
	}
	c.once(t, logs[0])
	t.Logf("%d answers, %d attempts failed", c.answers.Load(), c.failures.Load())
}

// current returns when all replicas have what the leader has: the next fault would
// otherwise leave too few.
func current(ctx context.Context, t *testing.T, js jetstream.JetStream) {
	t.Helper()
	for ctx.Err() == nil {
		ok := true
		for _, name := range []string{"CAIRN", "CAIRN_ACKED"} {
			s, err := js.Stream(ctx, name)
			ok = ok && err == nil && s.CachedInfo().Cluster.Leader != "" && len(s.CachedInfo().Cluster.Replicas) == 2
			if ok {
				for _, r := range s.CachedInfo().Cluster.Replicas {
					ok = ok && r.Current
				}
			}
		}
		if ok {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the replicas do not catch up")
}

// once checks the log: each command that changed something is there once, where it
// was said to be.
func (c *campaign) once(t *testing.T, log *natslog.Log) {
	t.Helper()
	at := make(map[string]events.Seq) // the last event of each command
	count := make(map[string]int)
	parts := make(map[string]int)
	for env, err := range log.Read(t.Context(), events.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if env.Checklist != "" {
			at[env.CommandID] = env.Seq
			count[env.CommandID]++
			parts[env.CommandID] = max(env.Parts, 1)
		}
	}
	changed := 0
	for _, op := range c.history {
		in, out := op.Input.(asked), op.Output.(answered)
		if in.id == "" {
			continue
		}
		if !out.changed {
			if count[in.id] != 0 {
				t.Errorf("%+v was answered with %+v, but is in the log", in, out)
			}
			continue
		}
		changed++
		if at[in.id] != out.seq || count[in.id] != parts[in.id] {
			t.Errorf("%+v: answered with @%d, the log has %d of %d events, up to @%d", in, out.seq, count[in.id], parts[in.id], at[in.id])
		}
	}
	if changed != len(count) {
		t.Errorf("the log holds %d commands, %d were answered", len(count), changed)
	}
}

// NATS goes away and comes back: commands fail within their deadline, reads of what
// is loaded go on, and a retry with the same id happens once, on whatever server.
func TestClusterGone(t *testing.T) {
	t.Parallel()
	cluster := natstest.Start(t, natstest.Config{Accounts: 1})
	account := cluster.Account(t)
	log, h := serverOn(t, account, 2*time.Second, 0, 1, 2)
	_, other := serverOn(t, account, 15*time.Second, 1, 2, 0)
	meta := func() commands.Meta {
		return commands.Meta{ID: uuid.NewString(), Checklist: "plan", Actor: events.Actor{ID: "ada", Auth: events.Unauthenticated}, Via: "cli"}
	}
	if _, err := h.Execute(t.Context(), meta(), commands.ImportDocument{Document: []byte(clusterDocument)}); err != nil {
		t.Fatal(err)
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
