package natslog

import (
	"context"
	"fmt"
	"iter"
	"time"

	"cairn/events"
)

// Stored is an event as it lies in the stream.
type Stored struct {
	Seq events.Seq
	// Subject is where it lies.
	Subject string
	// Body is its stored form. It must not be changed.
	Body []byte
}

// Decode reads the event. Its Data is [events.Unreadable] also where it lies at
// a subject that is not that of its checklist and kind: those who read by kind
// would not see it.
func (s Stored) Decode() events.Envelope {
	name, ok := checklistOf(s.Subject)
	env := events.Decode(s.Seq, name, s.Body)
	if _, bad := env.Data.(*events.Unreadable); bad {
		return env
	}
	want, err := subjectOf(name, env.Data.Kind())
	switch {
	case !ok:
		err = fmt.Errorf("event %s lies at %s, outside of the log", env.ID, s.Subject)
	case err == nil && want != s.Subject:
		err = fmt.Errorf("event %s lies at %s, want %s", env.ID, s.Subject, want)
	}
	if err != nil {
		env.Data = &events.Unreadable{Err: err}
	}
	return env
}

// Scan yields what the stream holds behind after, up to the end it has on
// entry, and looks at none of it: an event that JetStream cannot read is simply
// not among them. For all but looking for damage, use [Log.Read].
//
// Trap: of a cluster, a replica may be read that is behind the leader. It is waited
// for, or what it has not got yet would look like damage.
func (l *Log) Scan(ctx context.Context, after events.Seq) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		done, err := l.begin()
		if err != nil {
			yield(Stored{}, err)
			return
		}
		defer done()
		p, err := l.pull(ctx, events.Filter{After: after}, false)
		if err != nil {
			yield(Stored{}, err)
			return
		}
		defer p.close()
		began := time.Now()
		least, err := l.whole(ctx)
		for {
			var m *Stored
			if err == nil {
				m, err = p.next(ctx)
			}
			if err == nil && m == nil && !p.short && p.last < least {
				if err = p.reread(ctx, began); err == nil {
					continue
				}
			}
			if err != nil {
				yield(Stored{}, err)
				return
			}
			if m == nil || !yield(*m, nil) {
				return
			}
		}
	}
}

// whole returns the end of a log elsewhere, by its leader; 0 where that says itself
// that events are missing, or where there are no replicas.
func (l *Log) whole(ctx context.Context) (events.Seq, error) {
	if l.dir != "" {
		return 0, nil
	}
	info, err := l.stream.Info(ctx)
	if err != nil {
		return 0, l.failed(ctx, "look up the end", err)
	}
	if info.Cluster == nil || info.State.Msgs != info.State.LastSeq {
		return 0, nil
	}
	return events.Seq(info.State.LastSeq), nil
}
