// Package commandstest has clients change checklists through several servers over
// one log, whose nodes are killed meanwhile, and checks what they saw.
//
//	c := commandstest.NewCampaign(servers...)
//	c.Run(t, 8, func(ctx context.Context) { c.Faults(ctx, t, cluster, account, "kill", "cut") })
//	record := c.Record(t, log)
//	if err := record.Check(); err != nil {
//		t.Error(err)
//	}
//
// What is checked must be able to fail: [Record.Broken] returns records that no
// checker may let pass.
package commandstest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"

	"cairn/events"
	"cairn/events/natslog/natstest"
	"cairn/server/commands"
)

// Server is one of several, as a client sees it. Its errors are *commands.Error for
// a refusal; events.ErrUnavailable, events.ErrConflict and context.DeadlineExceeded
// where another try may do better, which is made with the same id. It is safe for
// concurrent use.
type Server interface {
	// Execute carries out a command.
	Execute(ctx context.Context, id, checklist string, cmd commands.Command) (Answered, error)
	// Fresh reads all that was reported before the call.
	Fresh(ctx context.Context, checklist string) (Answered, error)
	// Seen reads what the server has, which holds the event at least; that may be
	// ErrUnavailable.
	Seen(ctx context.Context, checklist string, least events.Seq) (Answered, error)
}

// Campaign is clients that change checklists through several servers, and what they
// saw.
type Campaign struct {
	servers []Server
	names   []string
	began   time.Time
	answers atomic.Int64
	failed  atomic.Int64
	longest atomic.Int64 // between two answers, in ns
	latest  atomic.Int64

	mu      sync.Mutex // guards below
	history []porcupine.Operation
	plain   []Reading
}

// NewCampaign returns a campaign on four checklists, which are made by its Run.
func NewCampaign(servers ...Server) *Campaign {
	return &Campaign{servers: servers, names: []string{"alpha", "beta", "gamma", "delta"}, began: time.Now()}
}

// Run makes the checklists and has clients work on them until disturb returns; then
// each server is asked for each checklist once more. Where a client is told
// something that cannot be, it fails the test and ends the context of disturb, which
// is bounded by patience.
func (c *Campaign) Run(t testing.TB, clients int, patience time.Duration, disturb func(ctx context.Context)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for i, name := range c.names {
		in := Asked{Checklist: name, Task: -1}
		if err := c.command(ctx, 0, i%len(c.servers), &in, commands.ImportDocument{Document: []byte(document)}); err != nil {
			t.Fatalf("import: %v", err)
		}
	}
	stop := make(chan struct{})
	var work sync.WaitGroup
	for n := range clients {
		work.Go(func() {
			if err := c.client(ctx, n+1, stop); err != nil {
				t.Errorf("client %d: %v", n+1, err)
				cancel()
			}
		})
	}
	disturb(ctx)
	close(stop)
	work.Wait()
	if t.Failed() {
		return
	}
	for _, name := range c.names {
		for server := range c.servers {
			if err := c.fresh(ctx, 0, server, name); err != nil {
				t.Fatalf("the last read of %s: %v", name, err)
			}
		}
	}
	t.Logf("%d answers, %d attempts failed", c.answers.Load(), c.failed.Load())
}

// more returns when the clients got n more answers, or ctx is done.
func (c *Campaign) more(ctx context.Context, n int64) {
	for end := c.answers.Load() + n; c.answers.Load() < end && ctx.Err() == nil; {
		time.Sleep(time.Millisecond)
	}
}

func (c *Campaign) now() int64 { return time.Since(c.began).Nanoseconds() }

func (c *Campaign) note(client int, in Asked, call int64, out Answered) {
	now := c.now()
	c.answers.Add(1)
	if gap := now - c.latest.Swap(now); gap > c.longest.Load() {
		c.longest.Store(gap)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.history = append(c.history, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: now})
}

// until tries through one server after the other until there is an answer.
func (c *Campaign) until(ctx context.Context, first int, try func(s Server) error) error {
	for server := first; ; server = (server + 1) % len(c.servers) {
		err := try(c.servers[server])
		var refused *commands.Error
		if err == nil || errors.As(err, &refused) {
			return err
		}
		c.failed.Add(1)
		if !again(err) || ctx.Err() != nil {
			return fmt.Errorf("server %d: %w", server, err)
		}
		time.Sleep(between)
	}
}

// between is how long a client waits after an attempt that failed: a server that
// knows that it cannot answer says so at once.
const between = 10 * time.Millisecond

func again(err error) bool {
	return errors.Is(err, events.ErrUnavailable) || errors.Is(err, events.ErrConflict) || errors.Is(err, context.DeadlineExceeded)
}

// command executes one command, with the same id until it is answered.
func (c *Campaign) command(ctx context.Context, client, server int, in *Asked, cmd commands.Command) error {
	_, err := c.execute(ctx, client, server, in, cmd)
	return err
}

func (c *Campaign) execute(ctx context.Context, client, server int, in *Asked, cmd commands.Command) (out Answered, err error) {
	in.ID = uuid.NewString()
	call := c.now()
	err = c.until(ctx, server, func(s Server) (err error) {
		out, err = s.Execute(ctx, in.ID, in.Checklist, cmd)
		return err
	})
	var refused *commands.Error
	if errors.As(err, &refused) {
		out, err = Answered{Refused: true}, nil
	}
	if err == nil {
		c.note(client, *in, call, out)
	}
	return out, err
}

// fresh reads what is there now.
func (c *Campaign) fresh(ctx context.Context, client, server int, name string) error {
	call := c.now()
	var out Answered
	if err := c.until(ctx, server, func(s Server) (err error) {
		out, err = s.Fresh(ctx, name)
		return err
	}); err != nil {
		return err
	}
	c.note(client, Asked{Checklist: name}, call, out)
	return nil
}

// client works on the checklists until stop is closed.
func (c *Campaign) client(ctx context.Context, n int, stop <-chan struct{}) error {
	r := rand.New(rand.NewPCG(uint64(n), 6))
	known := make(map[string]events.Seq) // what this client was told of each checklist
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		name, server := c.names[r.IntN(len(c.names))], r.IntN(len(c.servers))
		switch r.IntN(8) {
		case 0, 1:
			if err := c.fresh(ctx, n, server, name); err != nil {
				return fmt.Errorf("fresh read: %w", err)
			}
		case 2, 3:
			in := Reading{Client: n, Server: server, Checklist: name}
			if r.IntN(2) == 0 { // whatever the server has, else at least what is known
				in.Least = known[name]
			}
			var err error
			in.Answered, err = c.servers[server].Seen(ctx, name, in.Least)
			if err != nil {
				if !again(err) || ctx.Err() != nil {
					return fmt.Errorf("plain read: %w", err)
				}
				c.failed.Add(1)
				time.Sleep(between)
				continue
			}
			known[name] = max(known[name], in.Seq)
			c.mu.Lock()
			c.plain = append(c.plain, in)
			c.mu.Unlock()
		default:
			in := Asked{Checklist: name, Task: r.IntN(Tasks), Verb: []commands.Verb{commands.Start, commands.Done, commands.Reopen}[r.IntN(3)]}
			out, err := c.execute(ctx, n, server, &in, commands.Transition{Verb: in.Verb, Tasks: []string{strconv.Itoa(in.Task + 1)}})
			if err != nil {
				return fmt.Errorf("%s: %w", in.Verb, err)
			}
			known[name] = max(known[name], out.Seq)
			if out.Changed && r.IntN(2) == 0 { // who is told of it looks elsewhere
				if err := c.fresh(ctx, n, (server+1)%len(c.servers), name); err != nil {
					return fmt.Errorf("fresh read: %w", err)
				}
			}
		}
	}
}

// Faults befall the node that leads the log, one after the other, while clients
// work: it is killed ("kill"), cut off from the others ("cut") or stopped for a while
// ("pause"). Or they befall the others in turn ("cut others", "pause others"): then
// the log goes on, and servers that read it there have old views. Each is over, and
// all replicas are current, before the next.
func (c *Campaign) Faults(ctx context.Context, t testing.TB, cluster *natstest.Cluster, account natstest.Account, faults ...string) {
	t.Helper()
	js := account.Connect(t, 0, 1, 2)
	for _, fault := range faults {
		c.more(ctx, 50)
		led, err := account.Leader(ctx, js, "CAIRN")
		if err != nil {
			t.Error(err)
			return
		}
		what, others := strings.CutSuffix(fault, " others")
		nodes := []int{led}
		if others {
			nodes = []int{(led + 1) % 3, (led + 2) % 3}
		}
		for _, node := range nodes {
			c.longest.Store(0)
			switch what {
			case "kill":
				cluster.Kill(t, node)
				c.more(ctx, 100)
				cluster.Restart(t, node)
			case "cut":
				cluster.Cut(node)
				c.more(ctx, 100)
				cluster.Heal(node)
			case "pause":
				cluster.Pause(t, node)
				c.more(ctx, 50)
				cluster.Resume(t, node)
			}
			c.more(ctx, 50)
			cluster.Ready(t)
			if err := account.Current(ctx, js, "CAIRN", "CAIRN_ACKED", "CAIRN_HEAD"); err != nil {
				t.Error(err)
				return
			}
			t.Logf("%s of node %d, while %d led: no answer to anybody for %v", what, node, led, time.Duration(c.longest.Load()).Round(time.Millisecond))
		}
	}
}
