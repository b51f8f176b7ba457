package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/projections/members"
	"cairn/server/app"
	"cairn/server/commands"
)

// accessHistory tells the log's own events, oldest first.
func (c *cli) accessHistory(ctx context.Context) ([]audit.Row, *audit.Access, error) {
	var rows []audit.Row
	h := audit.NewAccess()
	for env, err := range c.session.Events(ctx, events.Filter{System: true}) {
		if err != nil {
			return nil, nil, err
		}
		row, err := h.Next(env)
		if err != nil {
			return nil, nil, fmt.Errorf("the log's own events at @%d: %w", env.Seq, err)
		}
		rows = append(rows, row)
	}
	return rows, h, nil
}

// administered is what a command about users and tokens did, or would do.
type administered struct {
	commands.Result
	rows []audit.Row
}

// administer carries out a command about who may use the log, or previews it.
func (c *cli) administer(ctx context.Context, w *writeFlags, id string, cmd commands.SystemCommand) (administered, error) {
	if err := c.openAccess(ctx); err != nil {
		return administered{}, err
	}
	if w.dryRun {
		return c.previewAccess(ctx, w, cmd)
	}
	meta := c.meta("", w)
	meta.ID = id
	result, err := c.session.Administer(ctx, meta, cmd)
	if err != nil {
		return administered{}, err
	}
	done := administered{Result: result}
	if len(result.Events) > 0 {
		if done.rows, _, err = c.accessHistory(ctx); err != nil {
			return done, err
		}
		done.rows = slices.DeleteFunc(done.rows, func(r audit.Row) bool { return r.CommandID != result.ID })
	}
	return done, nil
}

// previewAccess decides a command and writes nothing.
func (c *cli) previewAccess(ctx context.Context, w *writeFlags, cmd commands.SystemCommand) (administered, error) {
	_, h, err := c.accessHistory(ctx)
	if err != nil {
		return administered{}, err
	}
	decided, err := commands.DecideSystem(h.State(), cmd, c.now())
	if err != nil {
		return administered{}, err
	}
	done := administered{Result: commands.Result{Seq: h.State().Seq()}}
	for _, e := range decided {
		row, err := h.Next(events.Envelope{Actor: c.actor(), Reason: w.reason, EffectiveTime: c.now(), Time: c.now(), Data: e})
		if err != nil {
			return done, err
		}
		done.rows = append(done.rows, row)
	}
	return done, nil
}

// issued is a token at the only moment at which anybody sees it.
type issued struct {
	Token   string     `json:"token"`
	User    string     `json:"user"`
	Label   *string    `json:"label"`
	Expires *time.Time `json:"expires"`
	Secret  string     `json:"secret"`
}

// tellAccess prints what a command did; already says what is so where that was
// nothing. The token, if one was made, is data: for a pipe it stands alone.
func (c *cli) tellAccess(w *writeFlags, done administered, token *issued, already string) error {
	if c.json {
		return c.accessJSON(w, done, token)
	}
	if len(done.rows) == 0 {
		c.talk("%s\n", checklist.Clean(already))
		return nil
	}
	if done.Repeated {
		c.talk("This command was carried out before:\n")
	}
	for _, r := range done.rows {
		at := ""
		if r.Seq != 0 {
			at = fmt.Sprintf("  @%d", r.Seq)
		}
		detail := r.Detail("")
		if detail != "" {
			detail = "  " + detail
		}
		c.talk("%s %s%s%s\n", r.Action, checklist.Clean(r.Text), detail, at)
	}
	if w.dryRun {
		c.talk("Nothing was written.\n")
	}
	if token == nil {
		return nil
	}
	if c.quiet || c.style().Piped() {
		c.talk("%s: its token is shown once, here; cairn login asks for it\n", token.User)
		_, err := fmt.Fprintln(c.out, token.Secret)
		return err
	}
	_, err := fmt.Fprintf(c.out, "%s: token %s  (shown once; cairn login asks for it)\n", token.User, token.Secret)
	return err
}

func (c *cli) accessJSON(w *writeFlags, done administered, token *issued) error {
	r := app.SystemJSON(done.Result)
	r.Changed, r.DryRun = r.Changed && !w.dryRun, w.dryRun
	return c.printJSON(struct {
		app.JSONResult
		Checklist *string `json:"checklist"`
		Issued    *issued `json:"issued"`
	}{r, nil, token})
}

// membersNow calls look with who may use the log.
func (c *cli) membersNow(ctx context.Context, look func(*members.State) error) error {
	if err := c.openAccess(ctx); err != nil {
		return err
	}
	return c.session.Members(ctx, look)
}

// openAccess opens the log, which needs no checklist.
func (c *cli) openAccess(ctx context.Context) error {
	_, err := c.openLog(ctx)
	var e *commands.Error
	if errors.As(err, &e) && e.Code == commands.CodeNoChecklist {
		return &commands.Error{Code: e.Code, Message: "there is no log here yet", Hint: "cairn init makes one; --data says where it is."}
	}
	return err
}
