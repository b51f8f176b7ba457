package api_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cairn/events"
	"cairn/server/api"
	"cairn/server/api/client"
	"cairn/server/commands"
)

// proxy passes connections on to where the server is by now, and cuts them off
// in the middle of what the server sends.
type proxy struct {
	net.Listener
	target atomic.Pointer[string]
	cuts   atomic.Int64
	most   atomic.Int64 // how many bytes a connection may carry; 0 is any number
	wait   sync.WaitGroup
}

func newProxy(t *testing.T) *proxy {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l}
	p.wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.wait.Go(func() { p.pass(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.wait.Wait()
	})
	return p
}

func (p *proxy) pass(c net.Conn) {
	defer c.Close()
	s, err := net.Dial("tcp", *p.target.Load())
	if err != nil {
		return
	}
	defer s.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, err := c.Read(buf)
			if _, werr := s.Write(buf[:n]); err != nil || werr != nil {
				s.Close()
				return
			}
		}
	}()
	left := int64(1) << 60
	if most := p.most.Load(); most > 0 {
		left = 200 + rand.Int64N(most)
	}
	buf := make([]byte, 4096)
	for left > 0 {
		n, err := s.Read(buf)
		n = int(min(int64(n), left))
		left -= int64(n)
		if _, werr := c.Write(buf[:n]); err != nil || werr != nil {
			break
		}
	}
	if left <= 0 {
		p.cuts.Add(1)
	}
	c.Close()
	<-done
}

// account is what a reader was told, by position.
type account struct {
	name    string
	at      events.Seq
	events  map[events.Seq]string
	skipped map[events.Seq]bool
}

func newAccount(name string) *account {
	return &account{name: name, events: make(map[events.Seq]string), skipped: make(map[events.Seq]bool)}
}

func (a *account) take(f frame) error {
	from, upto, skipped, err := f.positions()
	if err != nil {
		return err
	}
	if from != a.at+1 {
		return fmt.Errorf("%s: @%d to @%d came behind @%d", a.name, from, upto, a.at)
	}
	for seq := from; seq <= upto; seq++ {
		if skipped {
			a.skipped[seq] = true
		} else {
			a.events[seq] = f.data
		}
	}
	a.at = upto
	return nil
}

// follow reads as a browser does: again and again, with the last id. It ends at a
// position. Now and then it closes the connection itself.
func (a *account) follow(ctx context.Context, base string, end func() events.Seq, cuts *atomic.Int64) error {
	for lastID := ""; ; {
		query := "?after=0"
		r, err := listen(ctx, base, query, lastID)
		if ctx.Err() != nil {
			return fmt.Errorf("%s stands at @%d of @%d: %w", a.name, a.at, end(), ctx.Err())
		}
		if err != nil || r.res.StatusCode != 200 {
			if err == nil {
				r.close()
			}
			continue // the server is away
		}
		left := 1 + rand.IntN(400)
		for {
			f, err := r.next()
			if err != nil || end() != 0 && a.at >= end() {
				break
			}
			if f.data == "" {
				continue
			}
			if f.event != "log" {
				if err := a.take(f); err != nil {
					r.close()
					return err
				}
			}
			lastID = f.id
			if left--; left == 0 && rand.IntN(2) == 0 {
				cuts.Add(1)
				break
			}
		}
		r.close()
		if last := end(); last != 0 && a.at >= last {
			return nil
		}
	}
}

// TestAFeedMissesNothing cuts readers off while the log grows: by themselves, by
// a proxy in the middle of a frame, and with the server. Each has every event
// that it may see exactly once, and can account for the others.
// $CAIRN_FEED_CHANGES is how many events come (2400), $CAIRN_FEED_CUTS how often
// readers are cut at least (40).
func TestAFeedMissesNothing(t *testing.T) {
	t.Parallel()
	changes, cuts := number("CAIRN_FEED_CHANGES", 2400), number("CAIRN_FEED_CUTS", 40)
	dir := t.TempDir()
	config := api.Config{Heartbeat: soon, May: func(_ context.Context, name string) (bool, error) { return name != "secret" && name != "", nil }}
	h := openHouse(t, dir, config)
	h.tasks(t, "plan", 40)
	h.tasks(t, "secret", 40)
	p := newProxy(t)
	address := h.http.Listener.Addr().String()
	p.target.Store(&address)
	base := "http://" + p.Addr().String()
	dialed, err := client.Dial(t.Context(), client.Config{At: client.At{URL: base}})
	if err != nil {
		t.Fatal(err)
	}
	defer dialed.Close()
	p.most.Store(100_000)

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	var last, closed atomic.Int64
	end := func() events.Seq { return events.Seq(last.Load()) }
	accounts := []*account{newAccount("first"), newAccount("second"), newAccount("third")}
	var wait sync.WaitGroup
	for _, a := range accounts {
		wait.Go(func() {
			if err := a.follow(ctx, base, end, &closed); err != nil {
				t.Error(err)
				cancel()
			}
		})
	}
	seen := make(map[events.Seq]string)
	followed := make(chan struct{})
	subscription, unsubscribe := context.WithCancel(ctx)
	defer unsubscribe()
	wait.Go(func() {
		defer close(followed)
		for env, err := range dialed.Subscribe(subscription, events.Filter{Checklist: "plan"}, client.Notices{}) {
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
					cancel()
				}
				return
			}
			if _, again := seen[env.Seq]; again {
				t.Errorf("the client had @%d twice", env.Seq)
			}
			seen[env.Seq] = string(env.Body)
			if env.CommandName == "ArchiveChecklist" {
				return
			}
		}
	})

	restarts := 0
	for n := 0; ctx.Err() == nil && (n < changes || closed.Load()+p.cuts.Load() < int64(cuts)); n++ {
		if n%(changes/4) == changes/8 {
			h.close(t)
			h = openHouse(t, dir, config)
			address := h.http.Listener.Addr().String()
			p.target.Store(&address)
			restarts++
		}
		name := []string{"plan", "secret"}[n/3%2]
		verb := []commands.Verb{commands.Done, commands.Reopen}[n/6/40%2]
		key := strconv.Itoa(n/6%40 + 1)
		switch n % 3 {
		case 0:
			h.toggle(t, name, verb, key)
		default:
			h.do(t, name, commands.CommentTask{Task: key, Text: "number " + strconv.Itoa(n)})
		}
	}
	h.do(t, "secret", commands.CommentTask{Task: "7", Text: "the end"})
	last.Store(int64(h.do(t, "plan", commands.Archive{})))
	p.most.Store(0)
	wait.Wait()
	t.Logf("@%d, closed %d times, cut in the middle %d times, %d restarts", last.Load(), closed.Load(), p.cuts.Load(), restarts)

	visible := 0
	for env, err := range h.log.Read(t.Context(), events.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if env.Checklist == "plan" {
			visible++
			if seen[env.Seq] != string(env.Body) {
				t.Errorf("the client has of @%d: %q", env.Seq, seen[env.Seq])
			}
		}
		for _, a := range accounts {
			want := ""
			if env.Checklist == "plan" {
				want = string(events.Sequenced(env.Body, env.Seq))
			}
			if a.events[env.Seq] != want || a.skipped[env.Seq] != (want == "") {
				t.Errorf("%s has of @%d, of %q: %q, skipped %v", a.name, env.Seq, env.Checklist, a.events[env.Seq], a.skipped[env.Seq])
			}
		}
		if t.Failed() {
			break
		}
	}
	if len(seen) != visible {
		t.Errorf("the client has %d events, want %d", len(seen), visible)
	}
	h.close(t)
}

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}
