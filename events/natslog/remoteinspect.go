package natslog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
)

// InspectRemote is [Inspect] of a log in a JetStream elsewhere. It needs no
// lock, neither there nor of r.State: others may go on appending and signing. The
// key below r.State is made use of if there is one, and not made.
func InspectRemote(ctx context.Context, server string, r Remote) (*Log, error) {
	l := &Log{place: WithoutSecrets(server), memory: r.Memory, found: &Found{}}
	l.life, l.end = context.WithCancel(context.Background())
	if err := l.inspectRemote(ctx, server, &r); err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}

func (l *Log) inspectRemote(ctx context.Context, server string, r *Remote) error {
	heads, err := l.reach(ctx, server, r)
	if err != nil {
		return err
	}
	if l.stream == nil {
		return &Error{Err: ErrNotFound, Message: fmt.Sprintf("there is no log in %s", l.place), Hint: "Nothing was made in its place."}
	}
	// The head first: what is appended meanwhile is behind it.
	if heads == nil {
		l.found.HeadErr = damaged("%s holds a log but not its head", l.place)
	} else {
		k := &remoteHead{l: l, heads: heads}
		if l.found.Head, err = k.load(ctx); err != nil {
			l.found.HeadErr = err
		}
	}
	info, err := l.stream.Info(ctx)
	if err != nil {
		return l.failed(ctx, "look up the stream", err)
	}
	l.found.First, l.found.Last = events.Seq(info.State.FirstSeq), events.Seq(info.State.LastSeq)
	l.found.Settings = checkConfig(l.place, info.Config)
	l.head = fixedHead{l.found.Head}
	if l.readFirst(ctx) != nil {
		l.first = &events.LogOpened{}
	}
	if home := homeOf(r.State, l.origin); r.State != "" && l.origin != "" {
		if _, err := os.Stat(keyPath(home)); !errors.Is(err, fs.ErrNotExist) {
			l.home = home
		}
	}
	// There is no marker: the log's first event says which one it is.
	l.found.Origin = l.origin
	return nil
}

// reach connects to a JetStream elsewhere. It leaves l.stream nil, and returns no
// stream of the head, where there is none.
func (l *Log) reach(ctx context.Context, server string, r *Remote) (heads jetstream.Stream, err error) {
	if err := l.dial(server, r); err != nil {
		return nil, err
	}
	stream, err := l.lookUp(ctx, streamName)
	switch {
	case err == nil:
		l.stream = stream
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, l.failed(ctx, "look up the stream", err)
	}
	heads, err = l.lookUp(ctx, headStreamName)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil //nolint:nilnil // none is no error
	}
	if err != nil {
		return nil, l.failed(ctx, "look up the head", err)
	}
	return heads, nil
}

// Copy is one copy of the log, on a node of the cluster.
type Copy struct {
	Node string
	// Current says that it has all that the leader has, Offline that its node
	// does not answer.
	Current, Offline bool
}

// Copies returns the copies of a log elsewhere, that of the leader first.
func (l *Log) Copies(ctx context.Context) ([]Copy, error) {
	info, err := l.stream.Info(ctx)
	if err != nil {
		return nil, l.failed(ctx, "look up the stream", err)
	}
	if info.Cluster == nil {
		return []Copy{{Node: l.nc.ConnectedServerName(), Current: true}}, nil
	}
	copies := []Copy{{Node: info.Cluster.Leader, Current: true, Offline: info.Cluster.Leader == ""}}
	for _, p := range info.Cluster.Replicas {
		copies = append(copies, Copy{Node: p.Name, Current: p.Current, Offline: p.Offline})
	}
	return copies, nil
}
