package natslog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
)

// RestoreRemote is [Restore] into a JetStream elsewhere, which must hold no log;
// otherwise it is ErrExists. The key of the log that is made lies below r.State,
// where it is used if there is one already.
//
// The stream of the head, which says that there is a log, is made last. What a
// restore that was cut off left is refused by [Connect]; the same one again
// compares it with the bodies, event by event, and completes it. Left by another
// one, it is ErrExists.
func RestoreRemote(ctx context.Context, server string, r Remote, origin string, bodies iter.Seq2[[]byte, error], last func(verifier string) (*events.Envelope, error)) (Head, error) {
	if r.State == "" {
		return Head{}, fmt.Errorf("%w: no directory for the key of the log; name one with --data", events.ErrStorage)
	}
	l := &Log{place: WithoutSecrets(server), origin: origin}
	l.life, l.end = context.WithCancel(context.Background())
	defer l.release()
	if err := l.claim(ctx, r.State); err != nil {
		return Head{}, err
	}
	heads, err := l.reach(ctx, server, &r)
	if err != nil {
		return Head{}, err
	}
	if heads != nil {
		return Head{}, occupiedRemote(l.place, "there is a log in %s already", l.place)
	}
	l.home = homeOf(r.State, origin)
	verifier, err := ownKey(l.home, origin)
	if err != nil {
		return Head{}, err
	}
	head, err := l.restoreRemote(ctx, &r, verifier, bodies, last)
	if err != nil || r.Memory == "" {
		return head, err
	}
	// What was seen at this place before is another log: this one was asked for.
	l.memory, l.head = r.Memory, fixedHead{head}
	_ = l.remember()
	return head, nil
}

func occupiedRemote(place, format string, args ...any) error {
	return &Error{
		Err: ErrExists, Message: fmt.Sprintf(format, args...),
		Hint: fmt.Sprintf("Nothing was written. Restore where nothing lies, or remove the stream %s in %s if that is meant.", streamName, place),
	}
}

func (l *Log) restoreRemote(ctx context.Context, r *Remote, verifier string, bodies iter.Seq2[[]byte, error], last func(string) (*events.Envelope, error)) (Head, error) {
	replicas := max(r.Replicas, 1)
	there, err := l.halfMade(ctx, replicas)
	if err != nil {
		return Head{}, err
	}
	f := &filler{l: l}
	half, stop := iter.Pull2(l.Scan(ctx, 0))
	defer stop()
	// same compares a body with what lies at its place, and reports false where
	// nothing does.
	same := func(equal func(Stored) bool) (bool, error) {
		n := events.Seq(f.frontier.N())
		if n >= there {
			return false, nil
		}
		s, err, ok := half()
		if err == nil && !ok {
			err = damaged("%s holds %d events, but only %d can be read", l.place, there, n)
		}
		if err != nil {
			return false, err
		}
		if s.Seq != n+1 || !equal(s) {
			return false, occupiedRemote(l.place, "%s holds %d events of another log, or of another backup, from @%d", l.place, there, n+1)
		}
		env := s.Decode()
		_, leaf, err := message(env.Checklist, &env)
		if err != nil {
			return false, err
		}
		f.frontier.Append(leaf)
		f.leaf = leaf
		return true, nil
	}
	for body, err := range bodies {
		had := false
		if err == nil {
			had, err = same(func(s Stored) bool { return bytes.Equal(s.Body, body) })
		}
		if err == nil && !had {
			err = f.add(ctx, body)
		}
		if err != nil {
			return Head{}, err
		}
	}
	if err := f.flush(ctx); err != nil {
		return Head{}, err
	}
	announced, err := same(func(s Stored) bool {
		added, ok := s.Decode().Data.(*events.SignerAdded)
		return ok && added.Key == verifier
	})
	if err != nil {
		return Head{}, err
	}
	if !announced {
		env, err := last(verifier)
		if err != nil {
			return Head{}, err
		}
		body, err := events.Marshal(env)
		if err == nil {
			err = f.add(ctx, body)
		}
		if err == nil {
			err = f.flush(ctx)
		}
		if err != nil {
			return Head{}, err
		}
	}
	return l.sealRemote(ctx, f, replicas)
}

// halfMade finds the stream that a restore left, or makes it. It returns how
// many events lie there.
func (l *Log) halfMade(ctx context.Context, replicas int) (events.Seq, error) {
	var err error
	if l.stream == nil {
		if l.stream, err = l.js.CreateStream(ctx, streamConfig(replicas)); err != nil {
			return 0, l.failed(ctx, "create the stream", err)
		}
	}
	info, err := l.stream.Info(ctx)
	if err != nil {
		return 0, l.failed(ctx, "look up the stream", err)
	}
	if err := checkConfig(l.place, info.Config); err != nil {
		return 0, err
	}
	if info.State.LastSeq == 0 {
		return 0, nil
	}
	return events.Seq(info.State.LastSeq), checkState(l.place, info.State)
}

// sealRemote checks that all is there and says that it is.
func (l *Log) sealRemote(ctx context.Context, f *filler, replicas int) (Head, error) {
	info, err := l.stream.Info(ctx)
	if err != nil {
		return Head{}, l.failed(ctx, "look up the stream", err)
	}
	if err := checkState(l.place, info.State); err != nil {
		return Head{}, err
	}
	head := headOf(f.frontier, f.leaf)
	if events.Seq(info.State.LastSeq) != head.N {
		return Head{}, occupiedRemote(l.place, "%s holds %d events, the backup makes %d", l.place, info.State.LastSeq, head.N)
	}
	if _, err := l.js.CreateStream(ctx, headConfig(replicas)); err != nil {
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return Head{}, occupiedRemote(l.place, "another log came to lie in %s", l.place)
		}
		return Head{}, l.failed(ctx, "create the head", err)
	}
	slot := encodeSlot(&f.frontier, f.leaf)
	if _, err := l.js.PublishMsg(ctx, &nats.Msg{Subject: headSubject, Data: slot}); err != nil {
		return Head{}, l.failed(ctx, "save the head", err)
	}
	return head, nil
}
