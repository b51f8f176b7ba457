package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cairn/events"
)

// Feed follows the whole log once, for all that want to hear of what comes. It
// is safe for concurrent use.
//
// What this process appends is handed to it ([Feed.Hand]) and need not come back
// from the log first; the log brings the rest, and is compared with what was
// handed over. Either way an event is taken in behind the one before it only.
type Feed struct {
	log  Log
	each func(events.Envelope)
	now  func() time.Time

	taking sync.Mutex    // held while an event is taken in
	handed chan struct{} // something lies in early
	scans  chan struct{} // a place for each reader of the log at one time

	mu     sync.Mutex // guards all below
	pos    events.Seq
	ring   []*Entry      // the last that came; the last of them is at pos
	bytes  int           // of them
	grown  chan struct{} // closed when pos moves, and replaced
	early  map[events.Seq]events.Envelope
	err    error     // why it does not run
	since  time.Time // and since when
	ended  bool      // for good
	reader int       // how many subscribe
}

const (
	// ringEvents and ringBytes are what a feed keeps of the last events, for those who
	// are behind, and for clients, which fold a checklist from its events.
	ringEvents = 1 << 14
	ringBytes  = 40 << 20
	// warmEvents are those that it takes in at its start, for those who come back
	// after a restart.
	warmEvents = ringEvents
	// handEvents is how many events of one append, or that wait for one before
	// them, are handed over; the log brings more than that just as fast.
	handEvents = 1024
	// scans is how many readers that are far behind read the log at one time.
	scans = 4
	// feedAgain is how long a feed waits before it follows a log again that failed.
	feedAgain = 250 * time.Millisecond
)

// NewFeed returns a feed of what comes, and of the last that came before. Each
// event is given to each, in order, before its position is told; nil for nobody.
// [Feed.Run] makes it run.
func NewFeed(log Log, each func(events.Envelope), now func() time.Time) *Feed {
	if each == nil {
		each = func(events.Envelope) {}
	}
	return &Feed{
		log: log, each: each, now: now, handed: make(chan struct{}, 1), scans: make(chan struct{}, scans),
		pos: log.End() - min(log.End(), warmEvents), grown: make(chan struct{}), early: make(map[events.Seq]events.Envelope),
	}
}

// Run follows the log until ctx is done, or the log is damaged, which it
// returns. Where the log cannot be reached it says so, and tries again.
func (f *Feed) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer stop()
	wait.Go(func() { f.takeHanded(ctx) })
	for {
		var err error
		for env, followErr := range f.log.Follow(ctx, events.Filter{After: f.Position()}) {
			if err = followErr; err == nil {
				err = f.followed(env)
			}
			if err != nil {
				break
			}
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, events.ErrIntegrity):
			f.fails(err, true)
			return err
		}
		f.fails(err, false)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(feedAgain):
		}
	}
}

// Hand gives the feed what was appended durably and ends at last. It does not
// wait for anybody.
func (f *Feed) Hand(appends []events.Append, last events.Seq) {
	n := 0
	for _, a := range appends {
		n += len(a.Events)
	}
	if n > handEvents || events.Seq(n) > last {
		return
	}
	envs := make([]events.Envelope, 0, n)
	first := last - events.Seq(n) + 1
	for _, a := range appends {
		for _, env := range a.Events {
			if env.Body == nil {
				return // the log made its stored form: it brings it
			}
			envs = append(envs, events.Decode(first+events.Seq(len(envs)), a.Checklist, env.Body))
		}
	}
	f.mu.Lock()
	for _, env := range envs {
		if env.Seq > f.pos && len(f.early) < handEvents {
			f.early[env.Seq] = env
		}
	}
	f.mu.Unlock()
	select {
	case f.handed <- struct{}{}:
	default: // it is on its way already
	}
}

func (f *Feed) takeHanded(ctx context.Context) {
	for {
		select {
		case <-f.handed:
		case <-ctx.Done():
			return
		}
		f.taking.Lock()
		f.drain()
		f.taking.Unlock()
	}
}

// followed takes in what the log brought.
func (f *Feed) followed(env events.Envelope) error {
	f.taking.Lock()
	defer f.taking.Unlock()
	if have := f.at(env.Seq); have != nil && !bytes.Equal(have.Env.Body, env.Body) {
		return fmt.Errorf("%w: @%d is not what was appended", events.ErrIntegrity, env.Seq)
	}
	if env.Seq == f.Position()+1 {
		f.take(env)
		f.drain()
	}
	return nil
}

// at returns the entry at seq, if the feed still has it.
func (f *Feed) at(seq events.Seq) *Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	if first := f.first(); seq >= first && seq <= f.pos {
		return f.ring[seq-first]
	}
	return nil
}

// first is the position of the first entry in the ring. f.mu must be held.
func (f *Feed) first() events.Seq { return f.pos - events.Seq(len(f.ring)) + 1 }

// drain takes in what was handed over and is next. f.taking must be held.
func (f *Feed) drain() {
	for {
		f.mu.Lock()
		env, ok := f.early[f.pos+1]
		f.mu.Unlock()
		if !ok {
			return
		}
		f.take(env)
	}
}

// take takes in the next event. f.taking must be held.
func (f *Feed) take(env events.Envelope) {
	f.each(env)
	e := &Entry{Env: env}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pos, f.err = env.Seq, nil
	delete(f.early, f.pos)
	f.ring = append(f.ring, e)
	f.bytes += e.size()
	drop := 0
	for len(f.ring)-drop > ringEvents || f.bytes > ringBytes && len(f.ring)-drop > 1 {
		f.bytes -= f.ring[drop].size()
		f.ring[drop] = nil // for the collector: the array lives on
		drop++
	}
	f.ring = f.ring[drop:]
	f.tell()
}

// tell wakes all that wait. f.mu must be held.
func (f *Feed) tell() {
	close(f.grown)
	f.grown = make(chan struct{})
}

func (f *Feed) fails(err error, ended bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.since = f.now()
	}
	f.err, f.ended = err, ended
	if ended {
		f.tell()
	}
}

// Position returns the last event that the feed has passed on.
func (f *Feed) Position() events.Seq {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pos
}

// Health returns nil while the feed runs; else why it does not, and since when.
func (f *Feed) Health() (since time.Time, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.since, f.err
}

// Ended returns why the feed ended for good; nil while it runs, or tries to.
func (f *Feed) Ended() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ended {
		return nil
	}
	return f.err
}

// Subscribers returns how many readers there are.
func (f *Feed) Subscribers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reader
}

// Wait returns when the feed has passed on the event at seq, or with ctx's error,
// or with that of a feed that ended.
func (f *Feed) Wait(ctx context.Context, seq events.Seq) error {
	for {
		f.mu.Lock()
		there, ended, err, grown := f.pos >= seq, f.ended, f.err, f.grown
		f.mu.Unlock()
		switch {
		case there:
			return nil
		case ended:
			return err
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
