package natslog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"cairn/events"
)

const (
	// pullMessages is how many messages one request asks for. Requests for
	// more than 50,000 are not served as asked; unasked, messages get lost.
	pullMessages = 5000
	// pullBytes bounds what lies in memory for one reader.
	pullBytes = 32 << 20
	// pullExpires is how long the server keeps a request open for a follower;
	// a server that says nothing for longer forgot the request.
	pullExpires = 5 * time.Second
	// pullAlive is how often a server elsewhere says meanwhile that it has it, and
	// pullLifeless how long it may not.
	pullAlive    = time.Second
	pullLifeless = 3 * pullAlive
	// answerTimeout is how long the server may take for the next message.
	answerTimeout = 5 * time.Second
	// restartWithin is how long a reader tries to go on with a server that is
	// away: a cluster takes 4 to 6 s to replace a leader.
	restartWithin = 30 * time.Second
	restartEvery  = 100 * time.Millisecond
	// startTimeout is how long the server may take to begin.
	startTimeout = 2 * time.Second
)

// puller reads a stream through an ephemeral consumer, in order. It is what
// [jetstream.Stream.OrderedConsumer] does, but it asks for exactly what there
// is: so it ends without waiting, leaves no request open (Shutdown would sleep
// for it), and costs three round trips.
type puller struct {
	l        *Log
	subjects []string
	follow   bool
	upto     events.Seq // Read: no more than that, 0 for all

	consumer string
	sub      *nats.Subscription
	msgs     chan *nats.Msg
	inbox    string
	requests int // made so far

	left    uint64 // Read: how many are still to come
	open    int    // asked for and not delivered
	short   bool   // Read: the server has no more, though it announced more
	last    events.Seq
	ordinal uint64 // of the last message, by the consumer's count
}

// pull begins to read what f selects.
func (l *Log) pull(ctx context.Context, f events.Filter, follow bool) (*puller, error) {
	subjects, err := filtersOf(f)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	p := &puller{l: l, subjects: subjects, follow: follow, last: f.After, upto: f.Upto}
	if l.server != nil {
		return p, p.start(ctx)
	}
	return p, p.again(ctx, nil)
}

// start makes the consumer, behind the last message read.
func (p *puller) start(ctx context.Context) error {
	cfg := jetstream.ConsumerConfig{
		Name:              nuid.Next(),
		AckPolicy:         jetstream.AckNonePolicy,
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       uint64(p.last) + 1,
		MemoryStorage:     true,
		Replicas:          1,
		MaxDeliver:        1,
		InactiveThreshold: time.Hour,
	}
	if len(p.subjects) == 1 {
		cfg.FilterSubject = p.subjects[0]
	} else {
		cfg.FilterSubjects = p.subjects
	}
	c, err := p.l.stream.CreateConsumer(ctx, cfg)
	if err != nil {
		return p.l.failed(ctx, "read", err)
	}
	info := c.CachedInfo()
	p.consumer, p.left, p.open, p.ordinal, p.short = info.Name, info.NumPending, 0, 0, false
	if len(p.subjects) == 0 && p.upto > p.last {
		// Of the whole log it is known how many that are; a part of it is not
		// followed by what nobody wants.
		p.left = min(p.left, uint64(p.upto-p.last))
	}
	p.inbox = p.l.nc.NewInbox()
	if p.left == 0 && !p.follow {
		return nil
	}
	// As many as can be under way: what finds no room would be dropped. (A
	// synchronous subscription makes room for half a million, in 5 ms.)
	room := 2 * pullMessages
	if !p.follow {
		room = int(min(uint64(room), p.left))
	}
	p.msgs = make(chan *nats.Msg, room+16)
	if p.sub, err = p.l.nc.ChanSubscribe(p.inbox+".*", p.msgs); err != nil {
		p.stop()
		return p.l.failed(ctx, "read", err)
	}
	return nil
}

// restart goes on behind the last message read, with a new consumer.
func (p *puller) restart(ctx context.Context, why error) error {
	p.stop()
	return p.again(ctx, why)
}

// again starts until there is an answer, for what has none now may have one from
// the next leader. why is what went wrong before; nil at the beginning.
func (p *puller) again(ctx context.Context, why error) error {
	began := time.Now()
	for {
		if p.l.gone() && !p.follow {
			if err := p.l.there(ctx); err != nil {
				return err
			}
		}
		attempt, cancel := context.WithTimeoutCause(ctx, startTimeout, nats.ErrTimeout)
		err := p.start(attempt)
		cancel()
		switch {
		case err == nil:
			return nil
		case why == nil && !errors.Is(err, events.ErrUnavailable):
			return err
		case ctx.Err() != nil:
			return p.l.failed(ctx, "read", err)
		case time.Since(began) > restartWithin:
			return p.l.unreachable("read", errors.Join(why, err))
		}
		select {
		case <-time.After(restartEvery):
		case <-ctx.Done():
		}
	}
}

// stop removes the consumer. Where the server is away, it does so by itself,
// after an hour without us.
func (p *puller) stop() {
	if p.sub != nil {
		_ = p.sub.Unsubscribe()
		p.sub = nil
	}
	if p.l.nc.IsConnected() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = p.l.stream.DeleteConsumer(ctx, p.consumer)
	}
}

func (p *puller) close() { p.stop() }

// next returns the next message; nil at the end of a Read.
func (p *puller) next(ctx context.Context) (*Stored, error) {
	for {
		if !p.follow && (p.left == 0 || p.short) {
			return nil, nil
		}
		if err := p.ask(); err != nil { // there is no connection
			if err := p.restart(ctx, err); err != nil {
				return nil, err
			}
			continue
		}
		msg, err := p.receive(ctx)
		if errors.Is(err, nats.ErrTimeout) { // the request was forgotten
			if err := p.restart(ctx, err); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, p.l.failed(ctx, "read", err)
		}
		if status := msg.Header.Get("Status"); status != "" && msg.Reply == "" {
			if err := p.status(ctx, status, msg); err != nil {
				return nil, err
			}
			continue
		}
		meta, err := msg.Metadata()
		if err != nil {
			return nil, p.l.failed(ctx, "read", err)
		}
		if meta.Sequence.Consumer != p.ordinal+1 { // lost on the way to us
			if err := p.restart(ctx, errors.New("lost a message")); err != nil {
				return nil, err
			}
			continue
		}
		p.ordinal, p.last = meta.Sequence.Consumer, events.Seq(meta.Sequence.Stream)
		p.open--
		p.left--
		return &Stored{p.last, msg.Subject, msg.Data}, nil
	}
}

// ask requests more messages when half of the last request has arrived.
func (p *puller) ask() error {
	want := pullMessages
	if !p.follow {
		want = int(min(pullMessages, p.left-uint64(min(p.open, int(p.left)))))
	}
	if want == 0 || p.open > pullMessages/2 || (p.follow && p.open > 0) {
		return nil
	}
	req := struct {
		Batch    int           `json:"batch"`
		MaxBytes int           `json:"max_bytes"`
		NoWait   bool          `json:"no_wait,omitempty"`
		Expires  time.Duration `json:"expires,omitempty"`
		Alive    time.Duration `json:"idle_heartbeat,omitempty"`
	}{Batch: want, MaxBytes: pullBytes, NoWait: true}
	if p.follow {
		// Not as soon as the head moves: an acknowledged event need not have come
		// to the consumer yet, which then says that there is none.
		req.NoWait, req.Expires = false, pullExpires
		if p.l.server == nil {
			req.Alive = pullAlive
		}
	}
	body, err := json.Marshal(req)
	if err != nil {
		return err
	}
	p.requests++
	p.open += want
	return p.l.nc.PublishRequest("$JS.API.CONSUMER.MSG.NEXT."+streamName+"."+p.consumer,
		p.inbox+"."+strconv.Itoa(p.requests), body)
}

// receive returns the next message or status.
func (p *puller) receive(ctx context.Context) (*nats.Msg, error) {
	limit := answerTimeout
	if p.follow {
		limit = pullExpires + time.Second
		if p.l.server == nil {
			limit = pullLifeless
		}
	}
	select {
	case msg := <-p.msgs:
		return msg, nil
	default:
	}
	select {
	case msg := <-p.msgs:
		return msg, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(limit):
		return nil, nats.ErrTimeout
	}
}

// status takes a message of the server about the requests.
func (p *puller) status(ctx context.Context, status string, msg *nats.Msg) error {
	switch status {
	case "100": // it is alive
		return nil
	case "404": // no more messages: it ends all requests that do not wait
		p.open = 0
		p.short = !p.follow
		return nil
	case "408", "409": // ended early
		// Expired, or more bytes than wanted: the consumer is still there.
		why := msg.Header.Get("Description")
		pending, err := strconv.Atoi(msg.Header.Get("Nats-Pending-Messages"))
		if err == nil && (status == "408" || strings.Contains(why, "MaxBytes")) {
			p.open = max(0, p.open-pending)
			return nil
		}
	}
	// The consumer is gone, with a restart of the server or a change of leader.
	return p.restart(ctx, fmt.Errorf("%s %s", status, msg.Header.Get("Description")))
}
