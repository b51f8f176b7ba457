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
	"cairn/server/api/client"
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
	rows    []audit.Row // of the command that is being read
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
	served := c.session.Served
	if served == nil {
		if err := c.letGo(); err != nil {
			return err
		}
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
	if served == nil {
		return w.follow(ctx)
	}
	return w.subscribe(ctx, served)
}

// errNoServer ends a subscription: others write the log without a server by now.
var errNoServer = errors.New("the log is written without its server")

// subscribe shows what the server sends, until ctx ends. Where the server went
// and the log grows without it, it looks at the head as follow does.
func (w *watcher) subscribe(ctx context.Context, served *client.App) error {
	var gone time.Time
	var end events.Seq // the log's, when the server went
	at := func(t time.Time) string { return t.In(w.history.State().Zone()).Format(time.TimeOnly) }
	notices := client.Notices{
		Gone: func(error) error {
			head, err := natslog.Peek(w.c.place.Dir)
			switch {
			case gone.IsZero():
				gone, end = w.c.now(), head.N
			case err == nil && head.N > end:
				w.c.talk("          ── server gone %s, others go on without it, nothing missed ──\n", at(gone))
				return errNoServer
			}
			return nil
		},
		Back: func() {
			w.c.talk("          ── server gone %s, back %s, nothing missed ──\n", at(gone), at(w.c.now()))
			gone = time.Time{}
		},
	}
	for env, err := range served.Subscribe(ctx, events.Filter{Checklist: w.name, After: w.seen}, notices) {
		if errors.Is(err, errNoServer) {
			if err := w.c.letGo(); err != nil {
				return err
			}
			return w.follow(ctx)
		}
		if err != nil {
			return err
		}
		found, err := w.take(env, true)
		if err == nil && env.Part >= env.Parts {
			found, err = w.tell(found)
		}
		if err == nil {
			err = w.show(found)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// take folds an event, and keeps it with those of its command if it is to be
// told. It returns what is to be shown of the command before.
func (w *watcher) take(env events.Envelope, tell bool) (found []news, err error) {
	if len(w.rows) > 0 && w.rows[0].CommandID != env.CommandID {
		if found, err = w.tell(nil); err != nil {
			return nil, err
		}
	}
	row, err := w.history.Next(env)
	if err != nil {
		return nil, fmt.Errorf("checklist %s at @%d: %w", w.name, env.Seq, err)
	}
	if w.seen = env.Seq; tell {
		w.rows = append(w.rows, row)
	}
	return found, nil
}

// tell adds to found what is to be shown of the command that was taken last.
func (w *watcher) tell(found []news) ([]news, error) {
	if len(w.rows) == 0 {
		return found, nil
	}
	text, err := w.text(w.rows)
	n := news{w.rows[0].Seq, text}
	w.rows = nil
	return append(found, n), err
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
	imported := false
	for env, err := range w.c.session.Events(ctx, events.Filter{Checklist: w.name, After: w.seen}) {
		if err != nil {
			return nil, err
		}
		isImport := since != nil && since.Import && !imported && env.Data.Kind() == events.KindDocumentSynced
		tell := since != nil && !isImport && (since.Import || since.Since(env))
		found, err := w.take(env, tell)
		if err != nil {
			return nil, err
		}
		if all = append(all, found...); isImport {
			all, w.rows, imported = nil, nil, true
		}
	}
	if since != nil && since.Seq > w.seen && w.seen > 0 {
		return nil, notYet(*since, w.seen)
	}
	return w.tell(all)
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
