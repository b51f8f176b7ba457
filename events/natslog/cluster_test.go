package natslog

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/events/natslog/natstest"
)

// onThree returns a new log with three replicas, over the given nodes.
func onThree(t *testing.T, account natstest.Account, nodes ...int) *Log {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), natstest.Patience)
	defer cancel()
	for {
		l, err := Connect(ctx, account.URL(nodes...), Remote{
			Create: true, Replicas: 3,
			Options: []nats.Option{nats.IgnoreDiscoveredServers(), nats.DontRandomize()},
		})
		if err == nil {
			t.Cleanup(func() {
				if err := l.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			return l
		}
		if !errors.Is(err, events.ErrUnavailable) || ctx.Err() != nil {
			t.Fatalf("connect: %v", err)
		}
	}
}

// notRaced skips a test that waits for NATS much longer than it runs code of ours.
func notRaced(t *testing.T) {
	t.Helper()
	if natstest.Raced {
		t.Skip("waits for NATS, of which the race detector sees nothing: runs without it")
	}
}

func TestClusterLog(t *testing.T) {
	t.Parallel()
	cluster := natstest.Start(t, natstest.Config{Accounts: 32})
	if !natstest.Raced { // the code is that of TestConnectedLog, the nodes make their streams slowly
		eventstest.RunLogTests(t, func(t *testing.T) events.Log {
			return onThree(t, cluster.Account(t), 0, 1, 2)
		})
	}
	t.Run("settings", func(t *testing.T) { testClusterSettings(t, cluster) })
	t.Run("two filters", func(t *testing.T) { testTwoFilters(t, cluster) })
	t.Run("conflicts have two codes", func(t *testing.T) { testTwoCodes(t, cluster) })
	t.Run("refused after the agreement", func(t *testing.T) { testPoison(t, cluster) })
	t.Run("a replica that is behind", func(t *testing.T) { testBehind(t, cluster) })
	t.Run("the end, as any server sees it", func(t *testing.T) { testLast(t, cluster) })
}

func testClusterSettings(t *testing.T, cluster *natstest.Cluster) {
	l := onThree(t, cluster.Account(t), 0, 1, 2)
	for _, name := range []string{streamName, headStreamName, ackedStreamName} {
		s, err := l.js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		c := s.CachedInfo().Config
		if c.Replicas != 3 || len(s.CachedInfo().Cluster.Replicas) != 2 {
			t.Errorf("%s: got %d replicas, want 3", name, c.Replicas)
		}
		if c.AllowDirect && name != ackedStreamName {
			t.Errorf("%s: direct get is on: any replica would answer, however old", name)
		}
	}
}

// Trap: two expectations with filters that overlap but differ in their text are
// both accepted, if the second comes while the first is under way.
func testTwoFilters(t *testing.T, cluster *natstest.Cluster) {
	l := onThree(t, cluster.Account(t), 0, 1, 2)
	both := 0
	for round := range 200 {
		acks := make(chan bool, 2)
		name := "a" + string(rune('a'+round%26)) + string(rune('a'+round/26))
		for _, filter := range []string{logPrefix + name + ".>", logPrefix + name + ".task.*"} {
			go func() {
				msg := &nats.Msg{Subject: logPrefix + name + ".task.started", Header: nats.Header{
					jetstream.ExpectedLastSubjSeqSubjHeader: {filter}, jetstream.ExpectedLastSubjSeqHeader: {"0"},
				}}
				_, err := l.js.PublishMsg(t.Context(), msg)
				acks <- err == nil
			}()
		}
		if one, two := <-acks, <-acks; one && two {
			both++
		}
	}
	t.Logf("two filters of one checklist: both accepted in %d of 200 rounds", both)
	// Ours is one string: of many that race, one wins.
	for round := range 20 {
		name := "b" + string(rune('a'+round))
		acks := make(chan error, 8)
		for range cap(acks) {
			go func() {
				_, err := l.Append(t.Context(), []events.Append{batch(name, 0, 0, 1)})
				acks <- err
			}()
		}
		won := 0
		for range cap(acks) {
			if err := <-acks; err == nil {
				won++
			} else if !errors.Is(err, events.ErrConflict) {
				t.Errorf("got %v, want ErrConflict", err)
			}
		}
		if won != 1 {
			t.Errorf("%d appends with the same expectation were accepted, want 1", won)
		}
	}
}

// Trap: a conflict is 10071, or 10164 while another write is under way.
func testTwoCodes(t *testing.T, cluster *natstest.Cluster) {
	l := onThree(t, cluster.Account(t), 0, 1, 2)
	seen := make(map[jetstream.ErrorCode]bool)
	last := events.Seq(0)
	for revision := uint64(0); len(seen) < 2; revision++ {
		errs, acks := make(chan error, 8), make(chan events.Seq, 8)
		for range cap(errs) {
			go func() {
				seq, err := l.Append(t.Context(), []events.Append{batch("a", last, revision, 1)})
				errs <- err
				acks <- seq
			}()
		}
		for range cap(errs) {
			var api *jetstream.APIError
			if err := <-errs; errors.As(err, &api) && errors.Is(err, events.ErrConflict) {
				seen[api.ErrorCode] = true
			} else if err != nil {
				t.Fatalf("got %v, want ErrConflict", err)
			}
			last = max(last, <-acks)
		}
		if _, err := l.Append(t.Context(), []events.Append{batch("a", 0, revision, 1)}); !errors.Is(err, events.ErrConflict) {
			t.Fatalf("got %v, want ErrConflict", err)
		} else if api := new(jetstream.APIError); errors.As(err, &api) {
			seen[api.ErrorCode] = true
		}
	}
	if !seen[wrongLastSeq] || !seen[wrongLastSeqConstant] {
		t.Errorf("got codes %v, want 10071 and 10164", seen)
	}
}

// Trap: what all replicas agree on and then refuse could tell what the log holds.
// There is one such refusal, and it stops the stream on all of them, for good. If
// this test fails, that was mended: read docs/adr/0020 again.
func testPoison(t *testing.T, cluster *natstest.Cluster) {
	js := cluster.Account(t).Connect(t, 0, 1, 2)
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}, Replicas: 3}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "s", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "s", nil, jetstream.WithExpectLastMsgID("never")); err == nil {
		t.Fatal("got no error, want a refusal")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := js.Publish(ctx, "s", nil); err == nil {
		t.Error("the stream goes on after the refusal; want that it has stopped")
	}
}

// The end that one server reported is the end for all.
func testLast(t *testing.T, cluster *natstest.Cluster) {
	account := cluster.Account(t)
	var logs []*Log
	for i := range 3 {
		logs = append(logs, onThree(t, account, i))
	}
	last := make(map[string]events.Seq)
	for i := range 60 {
		name := []string{"a", "b"}[i%2]
		last[name] = mustAppend(t, logs[i%3], batch(name, last[name], uint64(i/2), 1))
		for name, want := range last {
			other := logs[(i+1)%3]
			if got, err := other.Last(t.Context(), name); err != nil || got != want {
				t.Errorf("end of %s: got @%d, %v, want @%d", name, got, err, want)
			}
		}
		if got, err := logs[(i+2)%3].LastOfAll(t.Context()); err != nil || got != last[name] {
			t.Errorf("end of all: got @%d, %v, want @%d", got, err, last[name])
		}
	}
	// What was never reported counts once somebody who saw it says so.
	seen := events.Seq(1000)
	logs[0].acked.saw("b", seen)
	for _, l := range []*Log{logs[1], logs[2]} {
		if got, err := l.LastOfAll(t.Context()); err != nil || got >= seen {
			t.Errorf("end of all: got @%d, %v, want what was reported", got, err)
		}
	}
	if err := logs[0].ConfirmAll(t.Context()); err != nil {
		t.Error(err)
	}
	for _, l := range []*Log{logs[1], logs[2]} {
		of, err := l.Last(t.Context(), "b")
		all, allErr := l.LastOfAll(t.Context())
		if of != seen || all != seen || errors.Join(err, allErr) != nil {
			t.Errorf("confirmed: got @%d of b and @%d of all, %v, want @%d", of, all, errors.Join(err, allErr), seen)
		}
	}
	if err := logs[0].Confirm(t.Context(), "a", seen+1); err != nil {
		t.Error(err)
	}
	if got, err := logs[1].LastOfAll(t.Context()); err != nil || got != seen+1 {
		t.Errorf("end of all: got @%d, %v, want @%d", got, err, seen+1)
	}
	if got, err := logs[0].Last(t.Context(), "never"); err != nil || got != 0 {
		t.Errorf("end of a checklist without events: got @%d, %v, want 0", got, err)
	}
	if got, err := logs[0].Last(t.Context(), ""); err != nil || got != 1 {
		t.Errorf("end of the log's own: got @%d, %v, want @1", got, err)
	}
}

// Trap: a reader is served by any replica, which may be behind what this log has
// seen already.
func testBehind(t *testing.T, cluster *natstest.Cluster) {
	l := onThree(t, cluster.Account(t), 0, 1, 2)
	last := mustAppend(t, l, batch("a", 0, 0, 1))
	l.acked.saw("a", last+1) // as if another replica had shown it
	for _, f := range []events.Filter{{Checklist: "a"}, {}, {Checklist: "a", Upto: last + 5}} {
		got := events.Seq(0)
		for env, err := range l.Read(t.Context(), f) {
			if err != nil {
				t.Fatal(err)
			}
			if got = env.Seq; got == last { // the end that the replica has
				l.acked.saw("a", mustAppend(t, l, batch("a", last, uint64(last)-1, 1))+1)
			}
			if got == last+1 {
				break
			}
		}
		if got != last+1 {
			t.Errorf("%+v: got events up to @%d, want up to @%d", f, got, last+1)
		}
		last++
	}
}

// Trap: a leader that is cut off answers for seconds as if it led, with what it
// has. Last does not: it tells the truth or fails.
func TestDeposedLeader(t *testing.T) {
	t.Parallel()
	notRaced(t)
	cluster := natstest.Start(t, natstest.Config{})
	account := cluster.Account(t)
	l := onThree(t, account, 0, 1, 2)
	old := mustAppend(t, l, batch("a", 0, 0, 1))
	ctx, cancel := context.WithTimeout(t.Context(), natstest.Patience)
	defer cancel()
	led, err := account.Leader(ctx, l.js, streamName)
	if err != nil {
		t.Fatal(err)
	}
	inside, outside := onThree(t, account, led), onThree(t, account, (led+1)%3, (led+2)%3)
	if got, err := inside.Last(ctx, "a"); err != nil || got != old {
		t.Fatalf("before: got @%d, %v, want @%d", got, err, old)
	}

	began := time.Now()
	cluster.Cut(led)
	var last events.Seq
	for { // as the handler does: a conflict says that it was stored
		var err error
		if last, err = outside.Append(ctx, []events.Append{batch("a", old, 1, 1)}); err == nil || errors.Is(err, events.ErrConflict) {
			break
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	last = max(last, old+1)
	t.Logf("appended after %v", time.Since(began))
	if err := outside.Confirm(ctx, "a", last); err != nil {
		t.Fatal(err)
	}
	stale := 0
	for stale < 5 {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		info, err := inside.stream.Info(attempt)
		cancel()
		if err != nil || events.Seq(info.State.LastSeq) >= last || info.Cluster.Leader == "" {
			break
		}
		stale++
		attempt, cancel = context.WithTimeout(ctx, 500*time.Millisecond)
		if got, err := inside.Last(attempt, "a"); err == nil && got < last {
			t.Errorf("got @%d, want @%d or an error", got, last)
		}
		if got, err := inside.LastOfAll(attempt); err == nil && got < last {
			t.Errorf("of all: got @%d, want @%d or an error", got, last)
		}
		cancel()
	}
	t.Logf("asked %d times, up to %v, the leader that was cut off said @%d was the last", stale, time.Since(began), old)
	if got, err := outside.Last(ctx, "a"); err != nil || got != last {
		t.Errorf("outside: got @%d, %v, want @%d", got, err, last)
	}
	if _, err := inside.Append(ctx, []events.Append{batch("a", last, 2, 1)}); !errors.Is(err, events.ErrUnavailable) && !errors.Is(err, events.ErrConflict) {
		t.Errorf("append to the part that was cut off: got %v, want ErrUnavailable", err)
	}

	cluster.Heal(led)
	cluster.Ready(t)
	for {
		got, err := inside.Last(ctx, "a")
		if err == nil && got == last {
			break
		}
		if err == nil || ctx.Err() != nil {
			t.Fatalf("healed: got @%d, %v, want @%d", got, err, last)
		}
	}
}

// A log whose server is cut off goes to another one by itself.
func TestLeavesTheCutOff(t *testing.T) {
	t.Parallel()
	notRaced(t)
	cluster := natstest.Start(t, natstest.Config{})
	account := cluster.Account(t)
	l := onThree(t, account, 1, 0, 2)
	last := mustAppend(t, l, batch("a", 0, 0, 1))
	cluster.Cut(1)
	ctx, cancel := context.WithTimeout(t.Context(), natstest.Patience)
	defer cancel()
	for {
		_, err := l.Append(ctx, []events.Append{batch("a", last, 1, 1)})
		if err == nil {
			break
		}
		if errors.Is(err, events.ErrConflict) { // it was stored, or the old leader says so
			if got, err := l.Last(ctx, "a"); err == nil && got >= last {
				break
			}
		}
		if !errors.Is(err, events.ErrConflict) && !errors.Is(err, events.ErrUnavailable) || ctx.Err() != nil {
			t.Fatalf("got %v, want that another server is asked", err)
		}
	}
}

// A leader that stood still, and goes on, does not know that another leads.
func TestPausedLeader(t *testing.T) {
	t.Parallel()
	notRaced(t)
	cluster := natstest.Start(t, natstest.Config{})
	account := cluster.Account(t)
	l := onThree(t, account, 0, 1, 2)
	old := mustAppend(t, l, batch("a", 0, 0, 1))
	ctx, cancel := context.WithTimeout(t.Context(), natstest.Patience)
	defer cancel()
	led, err := account.Leader(ctx, l.js, streamName)
	if err != nil {
		t.Fatal(err)
	}
	inside, outside := onThree(t, account, led), onThree(t, account, (led+1)%3, (led+2)%3)
	cluster.Pause(t, led)
	for {
		if _, err := outside.Append(ctx, []events.Append{batch("a", old, 1, 1)}); err == nil || errors.Is(err, events.ErrConflict) {
			break
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	if err := outside.Confirm(ctx, "a", old+1); err != nil {
		t.Fatal(err)
	}
	// What is asked now waits in the paused server's buffers.
	answer := make(chan events.Seq, 1)
	go func() {
		for {
			if got, err := inside.Last(ctx, "a"); err == nil || ctx.Err() != nil {
				answer <- got
				return
			}
		}
	}()
	info := make(chan events.Seq, 1)
	go func() {
		attempt, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		i, err := inside.stream.Info(attempt)
		if err != nil {
			info <- 0
			return
		}
		info <- events.Seq(i.State.LastSeq)
	}()
	if err := inside.nc.FlushTimeout(50 * time.Millisecond); err == nil {
		t.Error("a paused server answers")
	}
	cluster.Resume(t, led)
	if got := <-answer; got != old+1 {
		t.Errorf("got @%d, want @%d", got, old+1)
	}
	t.Logf("the leader that stood still said @%d was the last, of %d", <-info, old+1)
}

// A cluster that is too small for three replicas says so, and makes nothing.
func TestTooFewNodes(t *testing.T) {
	t.Parallel()
	notRaced(t)
	for nodes, name := range map[int]string{1: "one", 2: "two"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := natstest.Start(t, natstest.Config{Nodes: nodes})
			account := cluster.Account(t)
			_, err := Connect(t.Context(), account.URL(0), Remote{Create: true, Replicas: 3})
			if !errors.Is(err, events.ErrUnavailable) || !strings.Contains(err.Error(), "too few servers for 3 replicas") {
				t.Fatalf("got %v, want ErrUnavailable: too few servers for 3 replicas", err)
			}
			if _, err := Connect(t.Context(), account.URL(0), Remote{}); !errors.Is(err, ErrNotFound) {
				t.Errorf("got %v, want ErrNotFound", err)
			}
		})
	}
}
