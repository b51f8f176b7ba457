package natslog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"cairn/events"
	"cairn/events/merkle"
)

// ackTimeout is how long the acknowledgement of a write is waited for;
// remoteTimeout where the log is elsewhere: an acknowledgement can get lost when
// a server goes and comes, and the caller, who knows the command's id, tries
// again. ackGrace is how much longer than the caller's deadline an embedded log
// waits, so that its head stays right; elsewhere the head is read up anyway.
const (
	ackTimeout    = 30 * time.Second
	remoteTimeout = 5 * time.Second
	ackGrace      = 2 * time.Second
)

// write is one Append on its way.
type write struct {
	msgs   []*nats.Msg
	leaves []merkle.Hash
}

// Append stores events; see [events.Log]. A single event is one publish,
// several are one atomic batch. Calls from several goroutines do not wait for
// each other. A write that is under way does not end with ctx, only with its
// deadline. It is [events.ErrAway] only where nothing of it was sent.
func (l *Log) Append(ctx context.Context, appends []events.Append) (events.Seq, error) {
	w, err := newWrite(appends)
	if err != nil || len(w.msgs) == 0 {
		return 0, err
	}
	done, err := l.begin()
	if err != nil {
		return 0, err
	}
	if err := l.writable(ctx); err != nil {
		done()
		return 0, err
	}
	defer done()
	// The write is followed to its end even if the caller gives up: what it
	// stored must come into the head.
	wait, grace := ackTimeout, ackGrace
	if l.server == nil {
		wait, grace = remoteTimeout, 0
	}
	deadline := time.Now().Add(wait)
	if d, ok := ctx.Deadline(); ok && (l.server != nil || d.Before(deadline)) {
		deadline = d.Add(grace)
	}
	ctx, cancel := context.WithDeadlineCause(l.life, deadline, nats.ErrTimeout)
	defer cancel()
	if l.server != nil {
		var broke context.CancelCauseFunc
		ctx, broke = context.WithCancelCause(ctx)
		defer broke(nil)
		writes := l.server.writes()
		defer context.AfterFunc(writes, func() { broke(context.Cause(writes)) })()
	}
	last, err := l.store(ctx, w)
	if err != nil {
		return 0, err
	}
	return last, l.report(ctx, appends, last)
}

// writable returns an error if nothing may be appended.
func (l *Log) writable(ctx context.Context) error {
	if ctx.Err() != nil {
		return ended(ctx, "append")
	}
	if l.found != nil {
		return &Error{Err: events.ErrUnavailable, Message: fmt.Sprintf("the log in %s was opened to be looked at", l.place)}
	}
	if l.lock != nil {
		if err := l.lock.check(); err != nil {
			return l.breaks(err)
		}
	}
	if l.server != nil {
		if writes := l.server.writes(); writes.Err() != nil {
			return context.Cause(writes)
		}
	}
	if e := l.broken.Load(); e != nil {
		return e
	}
	return l.there(ctx)
}

// breaks stops all further appends if err says that the log is damaged.
func (l *Log) breaks(err error) error {
	var e *Error
	if errors.As(err, &e) && errors.Is(e.Err, events.ErrIntegrity) {
		l.broken.CompareAndSwap(nil, e)
	}
	return err
}

// store publishes w, checks the sequence it got, and takes it into the head.
func (l *Log) store(ctx context.Context, w *write) (events.Seq, error) {
	last, err := l.publish(ctx, w)
	if err != nil {
		return 0, l.failed(ctx, "append", err)
	}
	l.patience.answered()
	n := events.Seq(len(w.msgs))
	if last < n {
		return 0, l.breaks(damaged("the log stored %d events up to @%d", n, last))
	}
	if err := l.head.appended(ctx, last-n+1, w.leaves); err != nil {
		return 0, l.breaks(err)
	}
	return last, nil
}

func (l *Log) publish(ctx context.Context, w *write) (events.Seq, error) {
	if len(w.msgs) == 1 {
		ack, err := l.js.PublishMsg(ctx, w.msgs[0])
		if err != nil {
			return 0, err
		}
		return events.Seq(ack.Sequence), nil
	}
	l.batch.Lock()
	defer l.batch.Unlock()
	ack, err := jetstreamext.PublishMsgBatch(ctx, l.js, w.msgs, batchFlow)
	if err != nil {
		return 0, err
	}
	return events.Seq(ack.Sequence), nil
}

// batchFlow lets the server keep up with large batches.
var batchFlow = jetstreamext.BatchFlowControl{AckEvery: 200, AckTimeout: 15 * time.Second}

// newWrite returns the messages of appends. The first event of each checklist
// carries its expectation.
func newWrite(appends []events.Append) (*write, error) {
	w := new(write)
	expect := make(map[string]events.Seq)
	for i := range appends {
		a := &appends[i]
		if seq, again := expect[a.Checklist]; again && seq != a.Expect {
			return nil, fmt.Errorf("append: %w: two appends expect @%d and @%d of %q", events.ErrConflict, seq, a.Expect, a.Checklist)
		}
		for j := range a.Events {
			msg, leaf, err := message(a.Checklist, &a.Events[j])
			if err != nil {
				return nil, fmt.Errorf("append: %w", err)
			}
			if _, again := expect[a.Checklist]; !again {
				expect[a.Checklist] = a.Expect
				msg.Header[jetstream.ExpectedLastSubjSeqSubjHeader] = []string{filterOf(a.Checklist)}
				msg.Header[jetstream.ExpectedLastSubjSeqHeader] = []string{strconv.FormatUint(uint64(a.Expect), 10)}
			}
			w.msgs = append(w.msgs, msg)
			w.leaves = append(w.leaves, leaf)
		}
	}
	if len(w.msgs) > events.MaxBatch {
		return nil, fmt.Errorf("append: %d events, over the limit of %d", len(w.msgs), events.MaxBatch)
	}
	return w, nil
}

// message returns the message of an event of checklist, and its leaf.
func message(checklist string, env *events.Envelope) (*nats.Msg, merkle.Hash, error) {
	msg, data, err := messageOf(checklist, env)
	if err != nil {
		return nil, merkle.Hash{}, err
	}
	leaf, err := merkle.LeafOf(&events.Envelope{ID: env.ID, Data: data, Body: msg.Data})
	return msg, leaf, err
}

func messageOf(checklist string, env *events.Envelope) (*nats.Msg, events.Event, error) {
	body, data := env.Body, env.Data
	if body == nil {
		e := *env
		e.Checklist = checklist
		var err error
		if body, err = events.Marshal(&e); err != nil {
			return nil, nil, err
		}
	}
	if len(body) > events.MaxEvent {
		return nil, nil, fmt.Errorf("event %s: %d bytes, over the limit of %d", env.ID, len(body), events.MaxEvent)
	}
	if data == nil {
		stored, err := events.Unmarshal(body)
		if err != nil {
			return nil, nil, err
		}
		data = stored.Data
	}
	subject, err := subjectOf(checklist, data.Kind())
	if err != nil {
		return nil, nil, err
	}
	return &nats.Msg{Subject: subject, Data: body, Header: header()}, data, nil
}

// header returns the header of every message.
func header() nats.Header {
	return nats.Header{
		"Content-Type":                 {"application/cloudevents+json"},
		jetstream.ExpectedStreamHeader: {streamName},
	}
}
