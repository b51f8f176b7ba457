package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

type logOptions struct {
	since       string
	events      bool
	cloudevents bool
	limit       int
}

func newLog(c *cli) *cobra.Command {
	o := &logOptions{}
	cmd := &cobra.Command{
		Use: "log [TASK or SECTION]", Short: "Who changed what, when and why",
		Long: `Who changed what, when and why: one line a command, newest first.

  cairn log
  cairn log 27
  cairn log --since mon
  cairn log --json                  a row an event, with the event as stored
  cairn log --cloudevents           the events as stored, oldest first`,
		Args: args(0, -1, "at most a TASK or a SECTION"),
		RunE: func(cmd *cobra.Command, given []string) error {
			return c.log(cmd.Context(), o, strings.Join(given, " "))
		},
		ValidArgsFunction: c.completeFirst(c.completeTasks(nil)),
	}
	cmd.Flags().StringVar(&o.since, "since", "", "only what came after this `WHEN`; cairn help when")
	cmd.Flags().BoolVar(&o.events, "events", false, "one line an event")
	cmd.Flags().IntVar(&o.limit, "limit", 0, "the newest `N` lines only")
	cmd.Flags().BoolVar(&o.cloudevents, "cloudevents", false, "the events as stored, one line of JSON each")
	return cmd
}

func (c *cli) log(ctx context.Context, o *logOptions, ref string) error {
	name, err := c.name(ctx)
	if err != nil {
		return err
	}
	since, err := c.when(ctx, name, o.since)
	if err != nil {
		return err
	}
	about := audit.About{Name: name}
	var block *checklist.Block
	if err := c.session.Checklist(ctx, name, nil, func(st *checklist.State) error {
		about.Seq, about.Zone = st.Seq(), st.Zone()
		if ref != "" {
			block, err = findEver(st, ref)
		}
		return err
	}); err != nil {
		return err
	}
	rows, err := c.session.History(ctx, name)
	if err != nil {
		return err
	}
	if since != nil {
		if rows, err = after(rows, *since); err != nil {
			return err
		}
	}
	if block != nil {
		rows = slices.DeleteFunc(rows, func(r audit.Row) bool { return !concerns(r, block) })
	}
	if o.limit < 0 {
		return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--limit %d: want a number of lines", o.limit)}
	}
	if (o.cloudevents || c.json) && o.limit > 0 && len(rows) > o.limit {
		rows = rows[len(rows)-o.limit:]
	}
	switch {
	case o.cloudevents:
		for _, r := range rows {
			if _, err := fmt.Fprintf(c.out, "%s\n", r.Body); err != nil {
				return err
			}
		}
		return nil
	case c.json:
		for _, r := range rows {
			if err := c.printJSON(r.JSON(name)); err != nil {
				return err
			}
		}
		return nil
	}
	entries := audit.Commands(rows)
	if o.events {
		entries = audit.Each(rows)
	}
	if o.limit > 0 && len(entries) > o.limit {
		entries = entries[len(entries)-o.limit:]
	}
	return audit.LogText(c.out, entries, about, c.style())
}

// after returns the rows that came after a moment.
func after(rows []audit.Row, since commands.When) ([]audit.Row, error) {
	if since.Import {
		for i, r := range rows {
			if r.Kind == events.KindDocumentSynced {
				return rows[i+1:], nil
			}
		}
		return rows, nil
	}
	if n := len(rows); n > 0 && since.Seq > rows[n-1].Seq {
		return nil, notYet(since, rows[n-1].Seq)
	}
	return slices.DeleteFunc(rows, func(r audit.Row) bool {
		return !since.Since(events.Envelope{Seq: r.Seq, EffectiveTime: r.Effective})
	}), nil
}

// notYet refuses a position behind the last event of the checklist.
func notYet(when commands.When, end events.Seq) error {
	return &commands.Error{Code: commands.CodeNoMoment, Message: fmt.Sprintf("%s is not in the checklist yet: it ends at @%d", when.Text, end)}
}

// findEver is find, which also finds by its key what was removed since.
func findEver(st *checklist.State, ref string) (*checklist.Block, error) {
	b, err := find(st, ref)
	if err == nil {
		return b, nil
	}
	noun := events.TaskNoun
	num, isSection := strings.CutPrefix(ref, "s:")
	if isSection {
		noun = events.SectionNoun
	}
	if key, convErr := strconv.Atoi(num); convErr == nil && key > 0 {
		if b := st.Block(events.Ref{Noun: noun, Key: key}); b != nil {
			return b, nil
		}
	}
	return nil, err
}

// concerns reports whether a row is about a block.
func concerns(r audit.Row, b *checklist.Block) bool {
	if b.Ref == (events.Ref{}) { // the tasks before the first heading
		return r.Key != 0 && r.Section == b.Ref
	}
	return r.Target == b.Ref || b.Section != nil && r.Section == b.Ref
}

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
