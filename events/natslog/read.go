package natslog

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"cairn/events"
)

// Read yields events up to the end the log has on entry; see [events.Log]. In a
// cluster that is the end which the replica has that is read. Without Kinds it is
// never before what this Log has stored, read or been told by [Log.Last] already.
func (l *Log) Read(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error] {
	return func(yield func(events.Envelope, error) bool) {
		l.iterate(ctx, f, false, yield)
	}
}

// Follow is Read that waits at the end for what comes; see [events.Log].
func (l *Log) Follow(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error] {
	return func(yield func(events.Envelope, error) bool) {
		l.iterate(ctx, f, true, yield)
	}
}

// iterate yields what f selects, and errors last.
func (l *Log) iterate(ctx context.Context, f events.Filter, follow bool, yield func(events.Envelope, error) bool) {
	fail := func(err error) { yield(events.Envelope{}, err) }
	done, err := l.begin()
	if err != nil {
		fail(err)
		return
	}
	defer done()
	if f.Upto != 0 && f.Upto <= f.After {
		return
	}
	// Close ends readers, too.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(l.life, func() { cancel(&Error{Err: events.ErrUnavailable, Message: "the log in " + l.place + " was closed"}) })()

	if err := l.there(ctx); err != nil {
		fail(err)
		return
	}
	p, err := l.pull(ctx, f, follow)
	if err != nil {
		fail(err)
		return
	}
	defer p.close()
	check := continuity{filter: f, place: l.place, seq: f.After}
	began, least := time.Now(), l.acked.end(f)
	for {
		m, err := p.next(ctx)
		if err != nil {
			fail(err)
			return
		}
		if m == nil && !p.short && p.last < least {
			if err := p.reread(ctx, began); err != nil {
				fail(err)
				return
			}
			continue
		}
		if m == nil || (f.Upto != 0 && m.Seq > f.Upto) {
			if err := check.end(p.short && (f.Upto == 0 || m == nil)); err != nil {
				fail(err)
			}
			return
		}
		name, ok := checklistOf(m.Subject)
		if !ok {
			fail(damaged("the log in %s holds something else at @%d (%s)", l.place, m.Seq, m.Subject))
			return
		}
		env := events.Decode(m.Seq, name, m.Body)
		if err := check.next(&env); err != nil {
			fail(err)
			return
		}
		l.acked.saw(name, m.Seq)
		if len(f.Kinds) > 0 && !slices.Contains(f.Kinds, env.Data.Kind()) {
			continue // another version of the kind lies on the same subject
		}
		if !yield(env, nil) {
			return
		}
		if m.Seq == f.Upto {
			return
		}
	}
}

// reread reads on, from another replica perhaps: the one that was read is behind
// what this log has seen.
func (p *puller) reread(ctx context.Context, began time.Time) error {
	behind := errors.New("the replica that was read is behind")
	if time.Since(began) > restartWithin {
		return p.l.unreachable("read", behind)
	}
	if !wait(ctx, restartEvery/10) {
		return p.l.failed(ctx, "read", ctx.Err())
	}
	return p.restart(ctx, behind)
}

// continuity notices events that are missing. JetStream says nothing when it
// cannot read one: it delivers the next.
type continuity struct {
	filter   events.Filter
	place    string
	seq      events.Seq // of the event before
	revision uint64     // of the event before, where known
	known    bool
}

func (c *continuity) next(env *events.Envelope) error {
	if len(c.filter.Kinds) > 0 {
		return nil
	}
	if c.filter.Checklist == "" && !c.filter.System {
		if env.Seq != c.seq+1 {
			return damaged("the log in %s has a hole: @%d is missing", c.place, c.seq+1)
		}
		c.seq = env.Seq
		return nil
	}
	want := c.revision + 1
	if _, bad := env.Data.(*events.Unreadable); bad {
		// Its revision is unknown; the next one tells.
		c.revision, c.seq = want, env.Seq
		return nil
	}
	// After a given sequence, the first revision may be any.
	if (c.known || c.filter.After == 0) && env.Revision != want {
		name := c.filter.Checklist
		if name == "" {
			name = "the log's own events"
		}
		return damaged("the log in %s has a hole: revision %d of %s, between @%d and @%d, is missing",
			c.place, want, name, c.seq, env.Seq)
	}
	c.revision, c.seq, c.known = env.Revision, env.Seq, true
	return nil
}

// end is called behind the last event; short says that the log announced more.
func (c *continuity) end(short bool) error {
	if !short || len(c.filter.Kinds) > 0 {
		return nil
	}
	return damaged("the log in %s has a hole: what follows @%d cannot be read", c.place, c.seq)
}
