package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
)

// writeFlags are the flags of all that writes.
type writeFlags struct {
	reason string
	dryRun bool
	on     string
}

func (w *writeFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&w.reason, "reason", "m", "", "why, a `text`; shown in log and reports")
	_ = cmd.Flags().SetAnnotation("reason", emptyClears, []string{})
	cmd.Flags().BoolVarP(&w.dryRun, "dry-run", "n", false, "show what would change, and write nothing")
}

func (w *writeFlags) registerOn(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.on, "on", "", "the `day` it happened; charts of that day stay as they were")
}

// write carries out cmd on the checklist of this run and prints what it did.
// about are the TASKs that the command named, for telling what is so already.
func (c *cli) write(ctx context.Context, w *writeFlags, cmd commands.Command, about []string) (app.Outcome, error) {
	outcome, err := c.carryOut(ctx, w, cmd)
	if err != nil {
		return outcome, err
	}
	return outcome, c.after(ctx, w, outcome, func(st *checklist.State) error {
		c.tellOutcome(st, w, outcome, cmd, about)
		return nil
	})
}

// carryOut carries out cmd on the checklist of this run, or previews it.
func (c *cli) carryOut(ctx context.Context, w *writeFlags, cmd commands.Command) (app.Outcome, error) {
	name, err := c.name(ctx)
	if err != nil {
		return app.Outcome{}, err
	}
	meta := c.meta(name, w)
	if w.on != "" {
		err := c.session.Checklist(ctx, name, nil, func(st *checklist.State) error {
			meta.On, err = commands.ParseOn(w.on, c.now(), st.Zone())
			return err
		})
		if err != nil {
			return app.Outcome{}, err
		}
	}
	if w.dryRun {
		return c.session.Preview(ctx, meta, cmd)
	}
	if err := c.catchUpFile(ctx); err != nil {
		return app.Outcome{}, err
	}
	return c.session.Execute(ctx, meta, cmd)
}

// after prints the result of a command as JSON, or calls tell with the checklist
// as it is after it, or would be.
func (c *cli) after(ctx context.Context, w *writeFlags, outcome app.Outcome, tell func(*checklist.State) error) error {
	if c.json {
		tell = func(st *checklist.State) error { return c.printResult(st, w, outcome) }
	}
	if outcome.After != nil {
		return tell(outcome.After)
	}
	return c.session.Checklist(ctx, c.used, nil, tell)
}

func (c *cli) printResult(st *checklist.State, w *writeFlags, outcome app.Outcome) error {
	return c.printJSON(outcome.JSON(st, c.today(st)))
}

func (c *cli) printJSON(v any) error {
	return encode(c.out, v)
}

// encode writes v as one line of JSON.
func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// tellOutcome tells on stderr what a command did.
func (c *cli) tellOutcome(st *checklist.State, w *writeFlags, outcome app.Outcome, cmd commands.Command, about []string) {
	if c.quiet {
		return
	}
	style := c.styleOf(c.err)
	if len(outcome.Events) == 0 {
		c.tellAlready(st, cmd, about)
		return
	}
	if outcome.Repeated {
		c.talk("This command was carried out before:\n")
	} else if by := outcome.Events[0].Actor; c.named != "" && by.Verified() {
		c.talk("Recorded as %s, whose token it is: --as says nothing to a server that knows you.\n", by.ID)
	}
	// Blank lines and the like go with the change that needs them.
	c.tellRows(st, slices.DeleteFunc(slices.Clone(outcome.Rows), func(r audit.Row) bool {
		return r.Target.Noun == events.TextNoun || r.Kind == events.KindDocumentReformatted
	}), style)
	if entry := legendEntry(outcome.Events); entry != "" {
		c.talk("The document's legend now names %s.\n", checklist.Clean(entry))
	}
	for _, s := range audit.Consequences(st, outcome.Rows) {
		c.talk("%s\n", s)
	}
	if w.dryRun {
		c.talk("Nothing was written.\n")
	}
}

// tellRows tells what happened, one line each; of very many the first.
func (c *cli) tellRows(st *checklist.State, rows []audit.Row, style checklist.Style) {
	const most = 20
	for i, row := range rows {
		if i == most {
			c.talk("… and %d more (cairn log --events)\n", len(rows)-most)
			break
		}
		c.talk("%s\n", audit.ChangeLine(row, st, style))
	}
}

// legendEntry returns what a command made the document's legend name besides,
// such as "[!] = On hold"; else "".
func legendEntry(recorded []events.Envelope) string {
	for _, env := range recorded {
		var mark byte
		var doc []events.Line
		switch e := env.Data.(type) {
		case *events.TaskStarted:
			mark, doc = e.Mark, e.Doc
		case *events.TaskHeld:
			mark, doc = e.Mark, e.Doc
		case *events.TaskDropped:
			mark, doc = e.Mark, e.Doc
		}
		for _, line := range doc {
			box := "[" + string(rune(mark)) + "]"
			if _, rest, ok := strings.Cut(line.Raw, box); ok {
				if end := strings.IndexAny(rest, "[\n"); end >= 0 {
					rest = rest[:end]
				}
				return box + strings.TrimRight(rest, " ,;|·")
			}
		}
	}
	return ""
}

// tellAlready tells that there was nothing to do, and since when.
func (c *cli) tellAlready(st *checklist.State, cmd commands.Command, about []string) {
	if u, ok := cmd.(commands.UnlinkTask); ok && u.URL != "" && len(about) == 1 {
		if b, err := commands.FindTask(st, about[0]); err == nil {
			c.talk("%d has no such link; nothing was written. %s\n", b.Task.Key, checklist.Clean(commands.LinksOf(b)))
			return
		}
	}
	told := 0
	if t, ok := cmd.(commands.Transition); ok {
		for _, ref := range about {
			b, err := commands.FindTask(st, ref)
			if err != nil {
				continue
			}
			told++
			c.talk("%d is %s already%s.\n", b.Task.Key, checklist.Words(b.Task.State), c.since(b.Task))
		}
		if told == 0 {
			c.talk("All of them are %s already.\n", checklist.Words(t.Verb.Target()))
		}
		return
	}
	if _, ok := cmd.(commands.SetBaseline); ok {
		at := st.Baseline
		c.talk("That plan was set already: %s, %s, @%d, and nothing changed since.\n", checklist.Clean(at.By.Name()), ago(c.now().Sub(at.At)), at.Seq)
		return
	}
	c.talk("It is so already; nothing was written.\n")
}

func (c *cli) since(t *checklist.Task) string {
	ch := t.StateChanged
	if ch.Seq == 0 {
		ch = t.Added
	}
	return fmt.Sprintf(": %s, %s, @%d", checklist.Clean(ch.By.Name()), ago(c.now().Sub(ch.At)), ch.Seq)
}

func ago(d time.Duration) string {
	plural := func(n int, unit string) string {
		if n == 1 {
			return "1 " + unit + " ago"
		}
		return fmt.Sprintf("%d %ss ago", n, unit)
	}
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return plural(int(d.Minutes()), "minute")
	case d < 48*time.Hour:
		return plural(int(d.Hours()), "hour")
	}
	return plural(int(d.Hours()/24), "day")
}

// text reads a text from stdin where the argument is "-".
func (c *cli) text(ctx context.Context, arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	b, err := c.readIn(ctx)
	if err != nil {
		return "", fmt.Errorf("read the text from stdin: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
