package natslog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
	"cairn/events/merkle"
)

// Found is what lies in a log's directory, whether or not it fits together.
type Found struct {
	// Origin and Created are those of the marker; empty where there is none.
	Origin  string
	Created time.Time
	// Head is what the head file says, HeadErr why it says nothing.
	Head    Head
	HeadErr error
	// First and Last are what JetStream says of its stream.
	First, Last events.Seq
	// Settings is what is wrong with the stream's settings; nil if nothing is.
	Settings error
}

// Inspect opens the log in c.Dir only to look at it, damaged or not: it compares
// nothing, appends nothing, and moves neither the head nor the memory. Only
// [Log.Scan], [Log.Event], [Log.Read], [Log.Found] and [Log.Remembered] are of
// use on it. It returns an error where there is nothing to look at.
func Inspect(ctx context.Context, c Config) (*Log, error) {
	c.defaults()
	if !Exists(c.Dir) && !hasStore(c.Dir) {
		return nil, notFound(c.Dir)
	}
	lock, err := acquire(ctx, c.Dir, c.Wait, c.Busy)
	if err != nil {
		return nil, err
	}
	l := &Log{dir: c.Dir, place: c.Dir, lock: lock, memory: c.Memory, found: &Found{}}
	l.life, l.end = context.WithCancel(context.Background())
	if err := l.inspect(ctx, &c); err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}

func (l *Log) inspect(ctx context.Context, c *Config) error {
	mark, err := readMarker(c.Dir)
	if err != nil {
		return err
	}
	if mark != nil {
		l.found.Origin, l.found.Created = mark.Origin, mark.Created
		if !hasStore(c.Dir) {
			return lost(c.Dir, mark)
		}
	}
	if err := probe(c.Dir); err != nil {
		return err
	}
	if h, err := Peek(c.Dir); err == nil {
		if err := checkBlocks(c.Dir, h.N); err != nil {
			return err
		}
	}
	if err := l.start(ctx); err != nil {
		return err
	}
	if l.stream, err = l.js.Stream(ctx, streamName); err != nil {
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			e := damaged("%s holds no log that can be read", c.Dir)
			e.Cause = l.server.complaint()
			return e
		}
		return l.failed(ctx, "look up the stream", err)
	}
	info := l.stream.CachedInfo()
	l.found.First, l.found.Last = events.Seq(info.State.FirstSeq), events.Seq(info.State.LastSeq)
	l.found.Settings = checkConfig(l.place, info.Config)
	b, err := os.ReadFile(headPath(l.dir))
	if err == nil {
		l.found.Head, _, err = decodeHead(b)
	}
	if err != nil {
		l.found.HeadErr = damaged("%s is missing or damaged", headPath(l.dir))
	}
	l.head = fixedHead{l.found.Head}
	if l.readFirst(ctx) != nil {
		l.origin, l.first = l.found.Origin, &events.LogOpened{}
	}
	return nil
}

// Found returns what [Inspect] found; nil of a log that was opened otherwise.
func (l *Log) Found() *Found { return l.found }

// fixedHead is a head that does not move.
type fixedHead struct{ h Head }

func (k fixedHead) get() Head {
	h := k.h
	h.Frontier = h.Frontier.Clone()
	return h
}

func (k fixedHead) appended(context.Context, events.Seq, []merkle.Hash) error {
	return fmt.Errorf("%w: opened to be looked at", events.ErrUnavailable)
}

func (k fixedHead) close() error { return nil }
