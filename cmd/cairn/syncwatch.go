package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"cairn/events"
	"cairn/server/api/client"
	"cairn/server/docfile"
	"cairn/server/gitlog"
)

// settle is how long a file has to be at rest: editors save in several steps.
const settle = 200 * time.Millisecond

// syncWatch keeps the file and the log equal until ctx ends. It holds the log
// only while it works, waits while git is in the middle of something, and tells
// what it cannot do once.
func (c *cli) syncWatch(ctx context.Context, o *syncOptions) error {
	name, err := c.syncName(ctx, o.path)
	if err != nil {
		return err
	}
	file, _, err := c.syncFile(ctx, name, o.path)
	if err != nil {
		return err
	}
	watch, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %s: %w", file.Shown, err)
	}
	defer watch.Close()
	// The folder, and not the file: editors put another in its place.
	if err := watch.Add(filepath.Dir(file.Path)); err != nil {
		return fmt.Errorf("watch %s: %w", file.Shown, err)
	}
	c.talk("%s and %s are kept equal; Ctrl-C ends\n", file.Shown, name)
	w := &syncWatcher{c: c, o: o, file: file}
	if served := c.session.Served; served != nil {
		var stop func()
		w.came, stop = arrivals(ctx, served, name)
		defer stop()
	}
	if err := w.sync(ctx); err != nil {
		return err
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var touched time.Time
	asked := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-watch.Events:
			if ok && (e.Name == file.Path || filepath.Base(e.Name) == filepath.Base(file.Path)) {
				touched = time.Now()
			}
			continue
		case err := <-watch.Errors:
			if err != nil { // events were lost: look for oneself
				touched = time.Now()
			}
			continue
		case <-w.came:
			w.grown = true
			continue // with the next tick: more may come at once
		case <-tick.C:
		}
		grown := w.grown || c.grown(w.end, &asked)
		if !(grown || w.waits || !touched.IsZero() && time.Since(touched) > settle) {
			continue
		}
		touched, w.grown = time.Time{}, false
		if err := w.sync(ctx); err != nil {
			return err
		}
	}
}

// arrivals tells when a server sends events of a checklist, until stop is called.
// What goes wrong for good ends it: the head, or the next sync, tells the rest.
func arrivals(ctx context.Context, served *client.App, name string) (came <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	signal, done := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(done)
		for _, err := range served.Subscribe(ctx, events.Filter{Checklist: name, After: served.End()}, client.Notices{}) {
			if err != nil {
				return
			}
			select {
			case signal <- struct{}{}:
			default: // it is known already
			}
		}
	}()
	return signal, func() {
		cancel()
		<-done
	}
}

// syncWatcher syncs again and again.
type syncWatcher struct {
	c    *cli
	o    *syncOptions
	file docfile.Tied
	end  events.Seq // the log's, when it was last looked at
	// came tells that the server sent something, grown that it did.
	came  <-chan struct{}
	grown bool
	// waits says that there is something to do as soon as git, or another
	// process, is done.
	waits bool
	told  string // what was said last about what cannot be done
}

func (w *syncWatcher) tell(s string) {
	if s != w.told && s != "" {
		w.c.talk("%s\n", s)
	}
	w.told = s
}

// sync syncs once; it returns an error only where watching is of no use any
// more.
func (w *syncWatcher) sync(ctx context.Context) error {
	c := w.c
	if _, what := gitlog.Checked(w.file.Path); what != "" {
		w.waits = true
		w.tell(fmt.Sprintf("git is in the middle of %s: waiting", what))
		return c.pause()
	}
	w.waits = false
	if _, err := c.open(ctx, false); err != nil {
		if errors.Is(err, events.ErrUnavailable) {
			w.waits = true
			return nil
		}
		return err
	}
	err := c.syncOnce(ctx, w.o, true)
	w.end = c.session.End()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, events.ErrIntegrity) || errors.Is(err, events.ErrStorage):
		return err
	case docfile.IsMissing(err):
		w.tell(w.file.Shown + " is gone: waiting for it")
	case err != nil:
		w.tell(message(err))
	default:
		w.told = ""
	}
	return c.pause()
}

// pause lets go of the log until the next look.
func (c *cli) pause() error {
	if c.session == nil {
		return nil
	}
	return c.letGo()
}
