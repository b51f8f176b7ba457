package natslog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"cairn/events"
)

// attempts is what a client from outside, who may see the changes of the
// checklist a, could try beyond that. Replies would go where it may listen.
var attempts = []struct {
	name, publish, subscribe, body string
}{
	{name: "record an event", publish: "cairn.log.a.task.completed", body: `{"specversion":"1.0"}`},
	{name: "record an event of the log", publish: "cairn.sys", body: "{}"},
	{name: "pretend a change", publish: "cairn.changes.a.task.completed", body: "{}"},
	{name: "move the head", publish: headSubject, body: "{}"},
	{name: "pretend an end", publish: "cairn.acked.a", body: "2"},
	{name: "pretend a fence", publish: "cairn.fence.a", body: "{}"},
	{name: "ask about JetStream", publish: "$JS.API.INFO"},
	{name: "list streams", publish: "$JS.API.STREAM.NAMES"},
	{name: "look up the stream", publish: "$JS.API.STREAM.INFO.CAIRN"},
	{name: "make a stream", publish: "$JS.API.STREAM.CREATE.MINE", body: `{"name":"MINE","subjects":["cairn.changes.>"]}`},
	{name: "change the stream", publish: "$JS.API.STREAM.UPDATE.CAIRN", body: `{"name":"CAIRN","max_msgs":1}`},
	{name: "delete the stream", publish: "$JS.API.STREAM.DELETE.CAIRN"},
	{name: "delete the head", publish: "$JS.API.STREAM.DELETE.CAIRN_HEAD"},
	{name: "purge the stream", publish: "$JS.API.STREAM.PURGE.CAIRN"},
	{name: "delete an event", publish: "$JS.API.STREAM.MSG.DELETE.CAIRN", body: `{"seq":2}`},
	{name: "read an event", publish: "$JS.API.STREAM.MSG.GET.CAIRN", body: `{"seq":1}`},
	{name: "read an event directly", publish: "$JS.API.DIRECT.GET.CAIRN", body: `{"seq":1}`},
	{name: "make a consumer", publish: "$JS.API.CONSUMER.CREATE.CAIRN", body: `{"stream_name":"CAIRN","config":{"deliver_subject":"cairn.changes.a.x","ack_policy":"none"}}`},
	{name: "restore a stream", publish: "$JS.API.STREAM.RESTORE.CAIRN", body: "{}"},
	{name: "ask the server", publish: "$SYS.REQ.SERVER.PING"},
	{name: "ask who it is", publish: "$SYS.REQ.USER.INFO"},
	{name: "publish anything", publish: "hello"},

	{name: "see everything", subscribe: ">"},
	{name: "see all of Cairn", subscribe: "cairn.>"},
	{name: "see the log", subscribe: "cairn.log.>"},
	{name: "see the log of its checklist", subscribe: "cairn.log.a.>"},
	{name: "see the log's own events", subscribe: "cairn.sys"},
	{name: "see the head", subscribe: headSubject},
	{name: "see the ends", subscribe: "cairn.acked.>"},
	{name: "see the server", subscribe: "$SYS.>"},
	{name: "see JetStream", subscribe: "$JS.>"},
	{name: "see the answers of others", subscribe: "_INBOX.>"},
	{name: "have an inbox", subscribe: "_INBOX.mine.1"},
	{name: "see the log by a wildcard", subscribe: "cairn.*.a.>"},
	{name: "see the log as one of a queue", subscribe: "cairn.log.a.>|q"},
}

// limited are further attempts of one who may see the checklist a alone.
var limited = []string{
	"cairn.changes.>", "cairn.changes.*.>", "cairn.changes.b.>", "cairn.changes.b.task.started",
	"cairn.changes.*.task.started", "cairn.changes.ab.>", "cairn.changes.a", "cairn.changes.>|q",
}

// refusesOutsiders checks that a client that dial connects can do none of the
// attempts, and that the log is the same after all of them.
func refusesOutsiders(t *testing.T, l *Log, onlyA bool, dial func(t *testing.T, options ...nats.Option) *nats.Conn) {
	t.Helper()
	state := func() string {
		info, err := l.stream.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := checkConfig(l.place, info.Config); err != nil {
			t.Error(err)
		}
		if err := checkState(l.place, info.State); err != nil {
			t.Error(err)
		}
		var streams []string
		names := l.js.StreamNames(t.Context())
		for name := range names.Name() {
			streams = append(streams, name)
		}
		slices.Sort(streams)
		consumers := l.stream.ListConsumers(t.Context()) // the log has its own, for a moment
		for c := range consumers.Info() {
			if strings.HasPrefix(c.Config.DeliverSubject, "cairn.changes.") { //nolint:staticcheck // one made from outside would have it
				t.Errorf("there is a consumer that delivers to %s", c.Config.DeliverSubject) //nolint:staticcheck
			}
		}
		return fmt.Sprint("@", info.State.LastSeq, " streams ", streams)
	}
	before := state()
	// The client goes on as if nothing was: a refusal comes with the next answer.
	try := func(t *testing.T, do func(*nats.Conn) error) {
		nc := dial(t)
		if err := errors.Join(do(nc), nc.FlushTimeout(10*time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := nc.LastError(); !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("got %v, want a refusal", err)
		}
	}
	subscribe := func(subject string) func(*nats.Conn) error {
		subject, queue, _ := strings.Cut(subject, "|")
		return func(nc *nats.Conn) error {
			_, err := nc.QueueSubscribeSync(subject, queue)
			return err
		}
	}
	for _, a := range attempts {
		t.Run(a.name, func(t *testing.T) {
			if a.subscribe != "" {
				try(t, subscribe(a.subscribe))
				return
			}
			try(t, func(nc *nats.Conn) error {
				return nc.PublishMsg(&nats.Msg{Subject: a.publish, Reply: "cairn.changes.a.reply", Data: []byte(a.body)})
			})
		})
	}
	if onlyA {
		for _, subject := range limited {
			t.Run("see "+subject, func(t *testing.T) { try(t, subscribe(subject)) })
		}
	}
	if after := state(); after != before {
		t.Errorf("the log is %s, it was %s", after, before)
	}
}

// seesChanges appends to the checklists a and b, and to the log's own events, and
// checks that a client which may see those of the checklists named gets these, in
// order, and nothing else.
func seesChanges(t *testing.T, l *Log, nc *nats.Conn, subject string, checklists ...string) {
	t.Helper()
	sub, err := nc.SubscribeSync(subject)
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.FlushTimeout(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	var want []events.Envelope
	last, after := make(map[string]events.Seq), l.End()
	revision := make(map[string]uint64)
	for env, err := range l.Read(t.Context(), events.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		last[env.Checklist], revision[env.Checklist], after = env.Seq, env.Revision, env.Seq
	}
	for i := range 20 {
		for _, name := range []string{"b", "a"} {
			n := 1 + i%3 // single ones and batches
			last[name] = mustAppend(t, l, batch(name, last[name], revision[name], n))
			revision[name] += uint64(n)
		}
		if i == 10 {
			last[""] = mustAppend(t, l, events.Append{Expect: last[""], Events: []events.Envelope{signerAdded(revision[""] + 1)}})
			revision[""]++
		}
	}
	for env, err := range l.Read(t.Context(), events.Filter{After: after}) {
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(checklists, env.Checklist) {
			want = append(want, env)
		}
	}
	if len(want) < 39 {
		t.Fatalf("%d changes, too few", len(want))
	}
	for i := range want {
		msg, err := sub.NextMsg(10 * time.Second)
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
		if string(msg.Data) != string(want[i].Body) {
			t.Fatalf("change %d: got %s, want %s", i, msg.Data, want[i].Body)
		}
		if got, want := msg.Header.Get("Nats-Sequence"), fmt.Sprint(want[i].Seq); got != want {
			t.Errorf("change %d: got @%s, want @%s", i, got, want)
		}
		if got, want := msg.Header.Get("Content-Type"), "application/cloudevents+json"; got != want {
			t.Errorf("change %d: got %s, want %s", i, got, want)
		}
	}
	if err := nc.FlushTimeout(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if n, _, _ := sub.Pending(); n != 0 {
		t.Errorf("%d messages more than changes", n)
	}
	if err := nc.LastError(); err != nil {
		t.Error(err)
	}
}

// signerAdded returns an event of the log's own.
func signerAdded(revision uint64) events.Envelope {
	env := started(revision)
	env.Data = &events.SignerAdded{Key: fmt.Sprintf("key-%d", revision)}
	return env
}
