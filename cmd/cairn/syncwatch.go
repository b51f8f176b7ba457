package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"cairn/events"
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
		case <-tick.C:
		}
		if !(c.grown(w.end, &asked) || w.waits || !touched.IsZero() && time.Since(touched) > settle) {
			continue
		}
		touched = time.Time{}
		if err := w.sync(ctx); err != nil {
			return err
		}
	}
}

// syncWatcher syncs again and again.
type syncWatcher struct {
	c    *cli
	o    *syncOptions
	file docfile.Tied
	end  events.Seq // the log's, when it was last looked at
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
