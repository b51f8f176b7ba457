package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/projections/audit"
	"cairn/server"
	"cairn/server/commands"
)

// watcher shows the events of one checklist as they come. It opens the log only
// when the head, which is readable beside the lock, has grown.
type watcher struct {
	c       *cli
	name    string
	history *audit.History
	seen    events.Seq
	origin  string
}

func (c *cli) watch(ctx context.Context, o *watchOptions) error {
	name, err := c.name(ctx)
	if err != nil {
		return err
	}
	since, err := c.when(ctx, name, o.since)
	if err != nil {
		return err
	}
	w := &watcher{c: c, name: name, history: audit.NewHistory(), origin: c.session.Origin()}
	var missed []audit.Row
	rows, err := w.read(ctx)
	if err != nil {
		return err
	}
	if since != nil {
		if missed, err = after(rows, *since); err != nil {
			return err
		}
	}
	if err := c.letGo(); err != nil {
		return err
	}
	if w.history.State().Revision == 0 {
		return &commands.Error{Code: commands.CodeNoChecklist, Message: fmt.Sprintf("there is no checklist %s", name)}
	}
	at := w.seen
	if since != nil && len(missed) > 0 {
		at = missed[0].Seq - 1
	}
	c.talk("%s@%d · following; Ctrl-C ends · resume: cairn watch --since @%d\n\n", name, at, at)
	if err := w.show(missed); err != nil {
		return err
	}
	return w.follow(ctx)
}

// follow looks at the head until ctx ends, and reads when it has grown.
func (w *watcher) follow(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	// end is the head when we last read; it counts other checklists too.
	end := w.seen
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		head, err := natslog.Peek(w.c.place.Dir)
		if err != nil || head.N <= end {
			continue // being written, or nothing new
		}
		rows, now, err := w.look(ctx)
		if errors.Is(err, events.ErrUnavailable) {
			continue // somebody works; their change shows with the next look
		}
		if err != nil {
			return err
		}
		end = now
		if err := w.show(rows); err != nil {
			return err
		}
	}
}

// look opens the log, reads what is new and lets go.
func (w *watcher) look(ctx context.Context) (rows []audit.Row, end events.Seq, err error) {
	s, err := server.Open(ctx, w.c.place, server.Config{State: w.c.stateDir(), Now: w.c.now, Wait: time.Second})
	if err != nil {
		return nil, 0, err
	}
	w.c.session = s
	defer func() {
		if closeErr := w.c.letGo(); err == nil {
			err = closeErr
		}
	}()
	if s.Origin() != w.origin {
		return nil, 0, &natslog.Error{Err: events.ErrIntegrity, Message: "the log in " + w.c.place.Dir + " is another one now", Hint: "Watching ends here."}
	}
	end = s.Log.End()
	rows, err = w.read(ctx)
	return rows, end, err
}

// read folds and tells what the log holds behind what was seen.
func (w *watcher) read(ctx context.Context) ([]audit.Row, error) {
	var rows []audit.Row
	for env, err := range w.c.session.Events(ctx, events.Filter{Checklist: w.name, After: w.seen}) {
		if err != nil {
			return rows, err
		}
		row, err := w.history.Next(env)
		if err != nil {
			return rows, fmt.Errorf("checklist %s at @%d: %w", w.name, env.Seq, err)
		}
		w.seen = env.Seq
		rows = append(rows, row)
	}
	return rows, nil
}

func (w *watcher) show(rows []audit.Row) error {
	if w.c.json {
		for _, r := range rows {
			if err := w.c.printJSON(r.JSON(w.name)); err != nil {
				return err
			}
		}
		return nil
	}
	about := audit.About{Name: w.name, Seq: w.seen, Zone: w.history.State().Zone()}
	for _, e := range audit.Commands(rows) {
		if err := audit.EntryText(w.c.out, e, w.history.State(), about, w.c.style()); err != nil {
			return err
		}
	}
	return nil
}
