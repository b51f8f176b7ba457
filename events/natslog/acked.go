package natslog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"cairn/events"
)

// Trap: no question to a stream of several replicas is answered for certain with
// what it holds now. A leader that was deposed and has not heard of it answers
// from what it has, for seconds; a reader is served by any replica. And nothing
// that JetStream refuses has been agreed on by the replicas first.
//
// What is agreed on is what is stored. So a log with several replicas has a
// small stream besides: before an append is reported, the ends that its checklist
// and the log reached are stored there, and who asks for the end stores a message of
// its own first. In whichever replica holds that message lies all that was reported
// before. See docs/adr/0020.
//
//	cairn.acked.<server>.<checklist>   the end, in decimal; _ for the log's own, _all for the log
//	cairn.fence.<server>               the message of one that asks
//
// Only the last of each subject is kept, and for a day: a replica that is a day
// behind is not in use.
const (
	ackedStreamName = "CAIRN_ACKED"
	ackedPrefix     = "cairn.acked."
	fencePrefix     = "cairn.fence."
	ackedFor        = 24 * time.Hour
	ackedRetry      = 50 * time.Millisecond

	// wholeLog stands where else a checklist's name does: for all of them.
	wholeLog = "_all"
	// confirmations is how many are under way at one time, of one call.
	confirmations = 64
)

func ackedConfig(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              ackedStreamName,
		Description:       "The ends of Cairn's checklists that were reported.",
		Subjects:          []string{ackedPrefix + "*.*", fencePrefix + "*"},
		Storage:           jetstream.FileStorage,
		MaxMsgsPerSubject: 1,
		MaxAge:            ackedFor,
		Duplicates:        100 * time.Millisecond,
		AllowDirect:       true, // a reader knows by its fence whether an answer is old
		Replicas:          replicas,
	}
}

// acked is this server's part in that stream.
type acked struct {
	l      *Log
	server string

	mu   sync.Mutex // guards ends and what they hold, but not their turns, and seen
	ends map[string]*ackedEnd
	seen map[string]events.Seq // the last event of each checklist that was seen here; of the log, that was reported
}

// ackedEnd is one checklist's: many that wait store one message.
type ackedEnd struct {
	turn           chan struct{} // holds one token: whoever takes it stores
	wanted, stored events.Seq
}

// openAcked makes the stream where there is none.
func (l *Log) openAcked(ctx context.Context, replicas int) error {
	_, err := l.lookUp(ctx, ackedStreamName)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = l.make(ctx, ackedConfig(replicas))
	}
	if err != nil {
		return l.failed(ctx, "look up the stream "+ackedStreamName, err)
	}
	l.acked = &acked{l: l, server: nuid.Next(), ends: make(map[string]*ackedEnd), seen: make(map[string]events.Seq)}
	return nil
}

func ackedName(checklist string) string {
	if checklist == "" {
		return "_"
	}
	return checklist
}

// saw notes that the log holds an event.
func (k *acked) saw(checklist string, seq events.Seq) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen[checklist] = max(k.seen[checklist], seq)
}

// end returns the last event that a reader of f is known to meet, or to pass.
func (k *acked) end(f events.Filter) events.Seq {
	if k == nil || len(f.Kinds) > 0 {
		return 0
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if f.Checklist != "" || f.System {
		return k.seen[f.Checklist]
	}
	last := events.Seq(0)
	for _, seq := range k.seen {
		last = max(last, seq)
	}
	return last
}

// sights returns the last events that were seen.
func (k *acked) sights() map[string]events.Seq {
	k.mu.Lock()
	defer k.mu.Unlock()
	ends := maps.Clone(k.seen)
	for _, seq := range k.seen {
		ends[wholeLog] = max(ends[wholeLog], seq)
	}
	return ends
}

// confirm returns when it is stored that checklist reached seq.
func (k *acked) confirm(ctx context.Context, checklist string, seq events.Seq) error {
	k.mu.Lock()
	e, ok := k.ends[checklist]
	if !ok {
		e = &ackedEnd{turn: make(chan struct{}, 1)}
		e.turn <- struct{}{}
		k.ends[checklist] = e
	}
	e.wanted = max(e.wanted, seq)
	done := e.stored >= seq
	k.mu.Unlock()
	if done {
		return nil
	}
	select {
	case <-e.turn:
	case <-ctx.Done():
		return k.l.failed(ctx, "confirm", ctx.Err())
	}
	defer func() { e.turn <- struct{}{} }()
	k.mu.Lock()
	wanted, stored := e.wanted, e.stored
	k.mu.Unlock()
	if stored >= seq {
		return nil
	}
	body := strconv.AppendUint(nil, uint64(wanted), 10)
	if _, err := k.store(ctx, ackedPrefix+k.server+"."+ackedName(checklist), body); err != nil {
		return err
	}
	k.mu.Lock()
	e.stored = max(e.stored, wanted)
	k.mu.Unlock()
	return nil
}

// store publishes until it is stored: once more does no harm.
func (k *acked) store(ctx context.Context, subject string, body []byte) (uint64, error) {
	for {
		if err := k.l.there(ctx); err != nil {
			return 0, err
		}
		attempt, cancel := context.WithTimeoutCause(ctx, time.Second, nats.ErrTimeout)
		ack, err := k.l.js.PublishMsg(attempt, &nats.Msg{Subject: subject, Data: body}, jetstream.WithExpectStream(ackedStreamName))
		cancel()
		if err == nil {
			k.l.patience.answered()
			return ack.Sequence, nil
		}
		k.l.silent()
		if !wait(ctx, ackedRetry) {
			return 0, k.l.failed(ctx, "confirm", err)
		}
	}
}

// wait reports false if ctx ends before d is over.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// all confirms several ends beside each other.
func (k *acked) all(ctx context.Context, ends map[string]events.Seq) error {
	var mu sync.Mutex // guards failed
	var failed error
	var work sync.WaitGroup
	places := make(chan struct{}, confirmations)
	for checklist, seq := range ends {
		places <- struct{}{}
		work.Go(func() {
			defer func() { <-places }()
			if err := k.confirm(ctx, checklist, seq); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = fmt.Errorf("@%d: %w", seq, err)
			}
		})
	}
	work.Wait()
	return failed
}

// last returns the largest end of checklist that was reported before.
func (k *acked) last(ctx context.Context, checklist string) (events.Seq, error) {
	own := fencePrefix + k.server
	fence, err := k.store(ctx, own, nil)
	if err != nil {
		return 0, err
	}
	subjects := []string{own, ackedPrefix + "*." + ackedName(checklist)}
	for {
		if err := k.l.there(ctx); err != nil {
			return 0, err
		}
		last, fenced, err := k.ask(ctx, subjects, own, fence)
		if fenced && err == nil {
			if checklist == "" || checklist == wholeLog {
				last = max(last, 1) // the first is there before anybody reports
			}
			k.saw(checklist, last)
			return last, nil
		}
		if !wait(ctx, ackedRetry/10) {
			return 0, k.l.failed(ctx, "look up the end", errors.Join(err, ctx.Err()))
		}
	}
}

// ask asks any replica, and reports whether it holds the fence. An answer can be cut
// off anywhere, without an error: as its parts come in the order of the stream, one
// with the fence has all that counts.
func (k *acked) ask(ctx context.Context, subjects []string, own string, fence uint64) (last events.Seq, fenced bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Second, nats.ErrTimeout)
	defer cancel()
	msgs, err := jetstreamext.GetLastMsgsFor(ctx, k.l.js, ackedStreamName, subjects)
	if err != nil {
		return 0, false, err
	}
	before := uint64(0)
	for msg, err := range msgs {
		if err != nil {
			return 0, false, err
		}
		// Each names the one before it: a lost connection may have taken some.
		if got := msg.Header.Get(jetstream.LastSequenceHeader); got != strconv.FormatUint(before, 10) {
			return 0, false, fmt.Errorf("the answer lacks a part, between %d and %s", before, got)
		}
		before = msg.Sequence
		if msg.Subject == own {
			fenced = msg.Sequence >= fence
			continue
		}
		n, err := strconv.ParseUint(string(msg.Data), 10, 64)
		if err != nil {
			return 0, false, damaged("%s in %s holds %q, want a number", msg.Subject, k.l.place, msg.Data)
		}
		last = max(last, events.Seq(n))
	}
	return last, fenced, nil
}

// Last returns the sequence of the last event of checklist, "" for the log's own,
// 0 where it has none. It is not older than the call: whatever any server reported
// as stored before, and whatever was confirmed, is included; and so it costs an
// agreement of the replicas where the log has several. Events that are not yet
// reported to anybody may be missing.
func (l *Log) Last(ctx context.Context, checklist string) (events.Seq, error) {
	done, err := l.begin()
	if err != nil {
		return 0, err
	}
	defer done()
	ctx, cancel := context.WithTimeoutCause(ctx, remoteTimeout, nats.ErrTimeout)
	defer cancel()
	defer context.AfterFunc(l.life, cancel)()
	if l.acked != nil {
		return l.acked.last(ctx, checklist)
	}
	if err := l.there(ctx); err != nil {
		return 0, err
	}
	// The only replica knows.
	msg, err := l.stream.GetLastMsgForSubject(ctx, filterOf(checklist))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, l.failed(ctx, "look up the end", err)
	}
	return events.Seq(msg.Sequence), nil
}

// LastOfAll is Last for the whole log: it returns a position that no event which
// was reported before, of whatever checklist, lies behind.
func (l *Log) LastOfAll(ctx context.Context) (events.Seq, error) {
	if l.acked != nil {
		return l.Last(ctx, wholeLog)
	}
	head, err := l.Latest(ctx)
	return head.N, err
}

// Confirm makes sure that every later Last of checklist, and LastOfAll, on any
// server, returns at least seq, which is that of an event of the checklist. Append
// does so for what it stores. Who read an event may not know whether it was ever
// reported, and confirms it before saying so.
func (l *Log) Confirm(ctx context.Context, checklist string, seq events.Seq) error {
	if seq == 0 {
		return nil
	}
	return l.confirm(ctx, func() map[string]events.Seq { return map[string]events.Seq{checklist: seq, wholeLog: seq} })
}

// ConfirmAll is Confirm of the last event of each checklist that this log has seen.
func (l *Log) ConfirmAll(ctx context.Context) error {
	return l.confirm(ctx, l.acked.sights)
}

func (l *Log) confirm(ctx context.Context, ends func() map[string]events.Seq) error {
	if l.acked == nil {
		return nil
	}
	done, err := l.begin()
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithTimeoutCause(ctx, remoteTimeout, nats.ErrTimeout)
	defer cancel()
	defer context.AfterFunc(l.life, cancel)()
	return l.acked.all(ctx, ends())
}

// report confirms the ends of a write, whose last event is at last.
func (l *Log) report(ctx context.Context, appends []events.Append, last events.Seq) error {
	if l.acked == nil {
		return nil
	}
	ends := map[string]events.Seq{wholeLog: last}
	for i := len(appends) - 1; i >= 0; i-- {
		if n := len(appends[i].Events); n > 0 {
			l.acked.saw(appends[i].Checklist, last)
			ends[appends[i].Checklist] = max(ends[appends[i].Checklist], last)
			last -= events.Seq(n)
		}
	}
	if err := l.acked.all(ctx, ends); err != nil {
		if errors.Is(err, events.ErrAway) { // by now
			err = l.unreachable("confirm", nats.ErrDisconnected)
		}
		return fmt.Errorf("append: it was stored up to %w", err)
	}
	return nil
}
