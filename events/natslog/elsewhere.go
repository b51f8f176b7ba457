package natslog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
)

// Trap: a connection to a server that is cut off from the rest of its cluster is a
// good connection; nothing on it is ever answered, or with "no responders", and the
// client stays.
//
// So where questions stay without an answer for a while, the connection goes to
// the next of the servers that were given. That does no harm while a leader is
// elected: what was under way had no answer anyway.
const silence = 2 * time.Second

// patience is how long questions had no answer.
type patience struct {
	mu    sync.Mutex // guards since
	since time.Time  // of the first that had none; zero: the last one had
}

// answered says that there was an answer.
func (p *patience) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since = time.Time{}
}

// lost reports whether it is time to ask another server, after one more question
// without an answer.
func (p *patience) lost(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() {
		p.since = now
		return false
	}
	if now.Sub(p.since) < silence {
		return false
	}
	p.since = time.Time{}
	return true
}

// silent is called when a question to a server elsewhere had no answer in time.
func (l *Log) silent() {
	if l.server == nil && l.patience.lost(time.Now()) && len(l.nc.Servers()) > 1 {
		_ = l.nc.ForceReconnect() // fails on a closed connection only
	}
}

// Trap: what is published while there is no connection is kept by the client, and
// sent when there is one again: minutes after whoever wanted it was told that it
// was not done. So nothing is kept.
const noBuffer = -1

// grace is how long a connection that broke off is waited for: as long as it takes
// to find another server of a cluster, or to start one again.
const grace = 2 * time.Second

// there returns once there is a connection to a log elsewhere. It is
// [events.ErrAway] where there has been none for the grace.
func (l *Log) there(ctx context.Context) error {
	for l.server == nil && !l.nc.IsConnected() {
		if l.gone() {
			return &Error{
				Err: events.ErrAway, Message: fmt.Sprintf("cannot reach the log in %s", l.place), Cause: l.nc.LastError(),
				Hint: "Nothing was written. Try again when NATS is back.",
			}
		}
		if !wait(ctx, grace/200) {
			return l.failed(ctx, "reach the log", ctx.Err())
		}
	}
	return nil
}

// gone reports whether there has been no connection for the grace.
func (l *Log) gone() bool { return l.Away() > grace }

// Trap: while a stream is being made, or has no leader, a question about it may
// never be answered; a moment later it is. Servers that start together over a new
// cluster meet that.

// askWithin is how long a question is asked again, askAgain how long each time.
const (
	askWithin = 10 * time.Second
	askAgain  = time.Second
)

// ask returns the answer to a question about a stream elsewhere.
func ask[T any](ctx context.Context, question func(context.Context) (T, error)) (T, error) {
	for began := time.Now(); ; {
		attempt, cancel := context.WithTimeoutCause(ctx, askAgain, nats.ErrTimeout)
		answer, err := question(attempt)
		cancel()
		if err == nil || ctx.Err() != nil || !unanswered(err) || time.Since(began) > askWithin {
			return answer, err
		}
		wait(ctx, ackedRetry)
	}
}

func unanswered(err error) bool {
	return errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrNoStreamResponse)
}

// lookUp returns a stream elsewhere.
func (l *Log) lookUp(ctx context.Context, name string) (jetstream.Stream, error) {
	return ask(ctx, func(ctx context.Context) (jetstream.Stream, error) { return l.js.Stream(ctx, name) })
}

// lookUpMade is lookUp of a stream that is there for certain. A node may not have
// heard of it yet.
func (l *Log) lookUpMade(ctx context.Context, name string) (jetstream.Stream, error) {
	return ask(ctx, func(ctx context.Context) (jetstream.Stream, error) {
		stream, err := l.js.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			err = fmt.Errorf("%w: %w", nats.ErrTimeout, err)
		}
		return stream, err
	})
}

// make returns a stream elsewhere that is made if it is not there. Others may be
// making it.
func (l *Log) make(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	_, err := ask(ctx, func(ctx context.Context) (jetstream.Stream, error) { return l.js.CreateStream(ctx, c) })
	if err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return nil, err
	}
	return l.lookUpMade(ctx, c.Name)
}
