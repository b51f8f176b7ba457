package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/projections/audit"
	"cairn/server"
	"cairn/server/commands"
)

type watchOptions struct {
	since string
}

func newWatch(c *cli) *cobra.Command {
	o := &watchOptions{}
	cmd := &cobra.Command{
		Use: "watch", Short: "Show changes as they come",
		Long: `Show changes as they come, one line a command, until Ctrl-C. It does not hold the
log: others work on beside it.

  cairn watch
  cairn watch --since @412          from there on, missing nothing
  cairn watch --json                a row an event, as in cairn log --json`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.watch(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.since, "since", "", "begin after this `WHEN`; cairn help when")
	return cmd
}

// pollEvery is how often watch looks at the head of a log that it does not hold.
const pollEvery = 150 * time.Millisecond

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
	missed, err := w.read(ctx, since)
	if err != nil {
		return err
	}
	if err := c.letGo(); err != nil {
		return err
	}
	if w.history.State().Revision == 0 {
		return &commands.Error{Code: commands.CodeNoChecklist, Message: fmt.Sprintf("there is no checklist %s", name)}
	}
	at := w.seen
	if len(missed) > 0 {
		at = missed[0].seq - 1
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
	asked := time.Now()
	// end is the head when we last read; it counts other checklists too.
	end := w.seen
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if !w.c.grown(end, &asked) {
			continue // being written, or nothing new
		}
		found, now, err := w.look(ctx)
		if errors.Is(err, events.ErrUnavailable) {
			continue // somebody works; their change shows with the next look
		}
		if err != nil {
			return err
		}
		end = now
		if err := w.show(found); err != nil {
			return err
		}
	}
}

// look opens the log, reads what is new and lets go.
func (w *watcher) look(ctx context.Context) (found []news, end events.Seq, err error) {
	config, err := w.c.config()
	if err != nil {
		return nil, 0, err
	}
	config.Wait = time.Second
	s, err := server.Open(ctx, w.c.place, config)
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
		return nil, 0, &natslog.Error{Err: events.ErrIntegrity, Message: "the log in " + w.c.logPath() + " is another one now", Hint: "Watching ends here."}
	}
	end = s.End()
	found, err = w.read(ctx, &commands.When{Seq: w.seen})
	return found, end, err
}

// news is what is written for the events of one command, of which the first is
// at seq.
type news struct {
	seq  events.Seq
	text []byte
}

// read folds what the log holds behind what was seen, and tells what came after
// since; nothing if since is nil. Each command is told from the state that it
// led to, not from that of today.
func (w *watcher) read(ctx context.Context, since *commands.When) ([]news, error) {
	var all []news
	var rows []audit.Row // of the command that is being read
	tell := func() error {
		if len(rows) == 0 {
			return nil
		}
		text, err := w.text(rows)
		all, rows = append(all, news{rows[0].Seq, text}), nil
		return err
	}
	imported := false
	for env, err := range w.c.session.Events(ctx, events.Filter{Checklist: w.name, After: w.seen}) {
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 && rows[0].CommandID != env.CommandID {
			if err := tell(); err != nil {
				return nil, err
			}
		}
		row, err := w.history.Next(env)
		if err != nil {
			return nil, fmt.Errorf("checklist %s at @%d: %w", w.name, env.Seq, err)
		}
		w.seen = env.Seq
		switch {
		case since == nil:
			continue
		case since.Import && !imported && row.Kind == events.KindDocumentSynced:
			all, rows, imported = nil, nil, true
			continue
		case !since.Import && !since.Since(env):
			continue
		}
		rows = append(rows, row)
	}
	if since != nil && since.Seq > w.seen && w.seen > 0 {
		return nil, notYet(*since, w.seen)
	}
	return all, tell()
}

// text is what is written for the rows of one command, the last that was folded.
func (w *watcher) text(rows []audit.Row) ([]byte, error) {
	var buf bytes.Buffer
	if w.c.json {
		for _, r := range rows {
			if err := encode(&buf, r.JSON(w.name)); err != nil {
				return nil, err
			}
		}
		return buf.Bytes(), nil
	}
	st := w.history.State()
	about := audit.About{Name: w.name, Seq: w.seen, Zone: st.Zone()}
	for _, e := range audit.Commands(rows) {
		if err := audit.EntryText(&buf, e, st, about, w.c.style()); err != nil {
			return nil, err
		}
	}
	return buf.Bytes(), nil
}

func (w *watcher) show(all []news) error {
	for _, n := range all {
		if _, err := w.c.out.Write(n.text); err != nil {
			return err
		}
	}
	return nil
}
