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
	"cairn/events/merkle"
)

// The head of a log in a JetStream elsewhere is the last message of a stream
// of its own, in the form of a slot of the head file. Every server writes it,
// but only upwards: each write expects the message it replaces.
const (
	headStreamName = "CAIRN_HEAD"
	headSubject    = "cairn.head"
)

func headConfig(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        headStreamName,
		Description: "How long Cairn's log was when it was last seen.",
		Subjects:    []string{headSubject},
		Storage:     jetstream.FileStorage,
		MaxMsgs:     2,
		Duplicates:  100 * time.Millisecond,
		Replicas:    replicas,
	}
}

// remoteHead keeps the head of a log that others write, too. It reads what
// they append, once a second and on close.
type remoteHead struct {
	l     *Log
	heads jetstream.Stream

	step          sync.Mutex // held while catching up
	mu            sync.Mutex // guards all below
	frontier      merkle.Frontier
	leaf          merkle.Hash
	seen          events.Seq // the largest acknowledged
	saved         events.Seq // n of the last message
	message       uint64     // and its sequence
	stop, stopped chan struct{}
}

func (k *remoteHead) get() Head {
	k.mu.Lock()
	defer k.mu.Unlock()
	return headOf(k.frontier.Clone(), k.leaf)
}

func (k *remoteHead) appended(_ context.Context, first events.Seq, leaves []merkle.Hash) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := events.Seq(k.frontier.N())
	if first <= n+1 && first+events.Seq(len(leaves))-1 > n {
		// Of a batch, catchUp may have read a part before its acknowledgement came.
		seen := leaves[:n+1-first]
		if len(seen) > 0 && seen[len(seen)-1] != k.leaf {
			return damaged("the log is shorter than it was: it stored an event at @%d, we saw @%d", first, n)
		}
		for _, leaf := range leaves[len(seen):] {
			k.frontier.Append(leaf)
		}
		k.leaf = leaves[len(leaves)-1]
	}
	k.seen = max(k.seen, first+events.Seq(len(leaves))-1)
	return nil
}

// load reads the stored head; the zero Head where none was stored yet.
func (k *remoteHead) load(ctx context.Context) (Head, error) {
	msg, err := ask(ctx, func(ctx context.Context) (*jetstream.RawStreamMsg, error) {
		return k.heads.GetLastMsgForSubject(ctx, headSubject)
	})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Head{}, nil
	}
	if err != nil {
		return Head{}, k.l.failed(ctx, "read the head", err)
	}
	h, ok := decodeSlot(msg.Data)
	if !ok {
		return Head{}, damaged("the head of the log in %s is damaged", k.l.place)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.saved, k.message = h.N, msg.Sequence
	return h, nil
}

// catchUp reads what others appended.
func (k *remoteHead) catchUp(ctx context.Context) error {
	k.step.Lock()
	defer k.step.Unlock()
	n := k.get().N
	for env, err := range k.l.Read(ctx, events.Filter{After: n}) {
		if err != nil {
			return err
		}
		leaf, err := merkle.LeafOf(&env)
		if err != nil {
			return damaged("@%d of the log in %s: %v", env.Seq, k.l.place, err)
		}
		k.mu.Lock()
		if uint64(env.Seq) == k.frontier.N()+1 { // appended may have been quicker
			k.leaf = leaf
			k.frontier.Append(k.leaf)
		}
		k.mu.Unlock()
	}
	return nil
}

// save stores the head if it is longer than the stored one.
func (k *remoteHead) save(ctx context.Context) error {
	for range 5 {
		k.mu.Lock()
		n := events.Seq(k.frontier.N())
		slot, saved, message := encodeSlot(&k.frontier, k.leaf), k.saved, k.message
		k.mu.Unlock()
		if n <= saved {
			return nil
		}
		msg := &nats.Msg{Subject: headSubject, Data: slot}
		ack, err := k.l.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequence(message))
		if err == nil {
			k.mu.Lock()
			k.saved, k.message = n, ack.Sequence
			k.mu.Unlock()
			return nil
		}
		if err = k.l.failed(ctx, "save the head", err); !errors.Is(err, events.ErrConflict) {
			return err
		}
		if _, err := k.load(ctx); err != nil { // another server was quicker
			return err
		}
	}
	return nil // others are at it
}

// saving catches up and saves once a second until close.
func (k *remoteHead) saving() {
	defer close(k.stopped)
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-k.stop:
			return
		}
		ctx, cancel := context.WithTimeout(k.l.life, apiTimeout)
		err := k.catchUp(ctx)
		if err == nil {
			err = k.save(ctx)
		}
		cancel()
		var e *Error
		if errors.As(err, &e) && errors.Is(e.Err, events.ErrIntegrity) {
			k.l.broken.CompareAndSwap(nil, e)
			return
		}
	}
}

// close saves the head, if that can be done: the next one to open the log will
// catch up otherwise.
func (k *remoteHead) close() error {
	close(k.stop)
	<-k.stopped
	if !k.l.nc.IsConnected() {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), apiTimeout, nats.ErrTimeout)
	defer cancel()
	if err := k.save(ctx); err != nil && !errors.Is(err, events.ErrUnavailable) {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
