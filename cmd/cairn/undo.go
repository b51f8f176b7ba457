package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
)

func newUndo(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "undo [@SEQ]", Short: "Take back your last command, or the one at @SEQ",
		Long: `Take back your last command, whole; once more goes one further. With @SEQ, the
command of that event, whoever gave it and however long ago: what was changed
since stays, and where the two do not go together it is refused. History is not
cut: the log says what was taken back, by whom and why.

  cairn undo                  your last command
  cairn undo -n               only show what would change
  cairn undo @412 -m "wrong ticket"
  cairn redo                  after all`,
		Args: args(0, 1, "at most one @SEQ, such as @412"),
		RunE: func(cmd *cobra.Command, given []string) error {
			var undo commands.Undo
			if len(given) == 1 {
				seq, err := parseSeq(given[0])
				if err != nil {
					return err
				}
				undo.Seq = seq
			}
			return c.takeBack(cmd, w, undo)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	w.register(cmd)
	return cmd
}

func newRedo(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "redo", Short: "Take back your last undo",
		Long: `Take back your last undo, as long as you did nothing else since; once more goes
one further. Any undo can be taken back at any time: cairn undo @SEQ.

  cairn redo`,
		Args:              args(0, 0, "no argument"),
		RunE:              func(cmd *cobra.Command, _ []string) error { return c.takeBack(cmd, w, commands.Redo{}) },
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	w.register(cmd)
	return cmd
}

// parseSeq reads @412.
func parseSeq(s string) (events.Seq, error) {
	num, ok := strings.CutPrefix(s, "@")
	seq, err := strconv.ParseUint(num, 10, 63)
	if !ok || err != nil || seq == 0 {
		e := &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%q is no position in the log", s), Hint: "Write @412; cairn log shows them."}
		if err == nil && seq > 0 {
			e.Hint = "Write @" + s + "."
		}
		return 0, e
	}
	return events.Seq(seq), nil
}

// takeBack carries out an Undo or a Redo and tells what was taken back.
func (c *cli) takeBack(cmd *cobra.Command, w *writeFlags, back commands.Command) error {
	outcome, err := c.carryOut(cmd.Context(), w, back)
	if err != nil {
		return err
	}
	return c.after(cmd.Context(), w, outcome, func(st *checklist.State) error {
		if len(outcome.Undone) > 0 && !c.quiet {
			c.talk("%s\n", c.tookBack(w, outcome, len(outcome.Events) == 0))
		}
		if len(outcome.Events) > 0 {
			c.tellOutcome(st, w, outcome, back, nil)
		}
		return nil
	})
}

// tookBack says which command was taken back: "Takes back @411 of eli, 2 hours
// ago: done 26 Seed scripts".
func (c *cli) tookBack(w *writeFlags, outcome app.Outcome, already bool) string {
	e := audit.Commands(outcome.Undone)[0]
	first := e.First()
	which := fmt.Sprintf("%s of %s, %s", e.At(), checklist.Clean(first.Actor.Name()), ago(c.now().Sub(first.Recorded)))
	switch {
	case already:
		which += ", is taken back already"
	case w.dryRun:
		which = "Would take back " + which
	default:
		which = "Took back " + which
	}
	text := fmt.Sprintf("%s: %s  %s", which, strings.TrimSpace(e.Action+" "+e.Key), checklist.Clean(e.Text))
	if style := c.styleOf(c.err); !style.Piped() {
		text = checklist.Cut(text, style.Edge())
	}
	return strings.TrimSpace(text)
}
