package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
)

type logOptions struct {
	seeOptions
	since, until, section, grep string
	actors, kinds               []string
	limit                       int
	events, reverse, wide       bool
	cloudevents, csv, access    bool
	format                      string
}

func newLog(c *cli) *cobra.Command {
	o := &logOptions{}
	cmd := &cobra.Command{
		Use: "log [TASK or SECTION]", Short: "Who changed what, when and why",
		Long: `Who changed what, when and why: one line a command, newest first.

  cairn log
  cairn log 27
  cairn log --since mon --until fri --actor bob
  cairn log --kind reopen --kind drop --section 4
  cairn log --grep postgres --reverse
  cairn log --csv > log.csv         a row an event, for a spreadsheet
  cairn log --json                  a row an event, with the event as stored
  cairn log --cloudevents           the events as stored
  cairn log --format '{{.At}} {{.Who}} {{.Text}}'
  cairn log --access                users, tokens and keys; who was refused

All that is given must hold; of several --actor or --kind, one. A KIND is a word
as the log shows it, such as done or REOPEN, or a kind of event, such as
task.completed. --csv, --json and --cloudevents are in the order of the events;
"cairn help format" lists what --format knows. On a terminal the log goes through
$CAIRN_PAGER, $PAGER or less.`,
		Args: args(0, -1, "at most a TASK or a SECTION"),
		RunE: func(cmd *cobra.Command, given []string) error {
			if o.access {
				return c.accessLog(cmd.Context(), o, strings.Join(given, " "))
			}
			return c.log(cmd.Context(), o, strings.Join(given, " "))
		},
		ValidArgsFunction: c.completeFirst(c.completeTasks(nil)),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.since, "since", "", "only what came after this `WHEN`; cairn help when")
	flags.StringVar(&o.until, "until", "", "only what came up to this `WHEN`")
	flags.StringArrayVar(&o.actors, "actor", nil, "only by this `NAME`, or a part of it")
	flags.StringArrayVar(&o.kinds, "kind", nil, "only this `KIND` of change")
	flags.StringVar(&o.section, "section", "", "only in this `SECTION`")
	flags.StringVar(&o.grep, "grep", "", "only with this `TEXT` in the task's text, the reason\nor a value before or after")
	flags.IntVar(&o.limit, "limit", 0, "the newest `N` lines only")
	flags.BoolVar(&o.reverse, "reverse", false, "oldest first")
	flags.BoolVar(&o.events, "events", false, "one line an event")
	flags.BoolVar(&o.wide, "wide", false, "cut nothing")
	flags.BoolVar(&o.csv, "csv", false, "comma-separated values, a row an event")
	flags.BoolVar(&o.cloudevents, "cloudevents", false, "the events as stored, one line of JSON each")
	flags.StringVar(&o.format, "format", "", "each line by this `TEMPLATE`; cairn help format")
	flags.BoolVar(&o.access, "access", false, "the log's own events: users, tokens and keys as they\nchanged, and who was refused")
	o.register(cmd)
	c.registerPager(cmd)
	_ = cmd.RegisterFlagCompletionFunc("section", c.completeSections)
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(audit.Actions(), inOrder))
	return cmd
}

// check refuses what cannot be together.
func (o *logOptions) check(json bool) (format *audit.Format, err error) {
	if o.limit < 0 {
		return nil, &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--limit %d: want a number of lines", o.limit)}
	}
	var forms []string
	for _, form := range []struct {
		asked bool
		flag  string
	}{{json, "--json"}, {o.csv, "--csv"}, {o.cloudevents, "--cloudevents"}, {o.format != "", "--format"}} {
		if form.asked {
			forms = append(forms, form.flag)
		}
	}
	if len(forms) > 1 {
		return nil, &commands.Error{Code: commands.CodeUsage, Message: strings.Join(forms, " and ") + ": give one of them"}
	}
	if o.format == "" {
		return nil, nil
	}
	f, err := audit.ParseFormat(o.format)
	return &f, wrongFormat(err)
}

func wrongFormat(err error) error {
	if err == nil {
		return nil
	}
	return &commands.Error{Code: commands.CodeUsage, Message: "--format: " + err.Error(), Hint: "cairn help format lists the fields."}
}

func (c *cli) log(ctx context.Context, o *logOptions, ref string) error {
	format, err := o.check(c.json)
	if err != nil {
		return err
	}
	name, err := c.name(ctx)
	if err != nil {
		return err
	}
	at, err := c.moment(ctx, name, &o.seeOptions)
	if err != nil {
		return err
	}
	chosen := app.Chosen{About: ref, Section: o.section, Actors: o.actors, Kinds: o.kinds, Text: o.grep}
	if chosen.Since, err = c.when(ctx, name, o.since); err != nil {
		return err
	}
	if chosen.Until, err = c.when(ctx, name, o.until); err != nil {
		return err
	}
	about := audit.About{Name: name, OldestFirst: o.reverse}
	var rows []audit.Row
	if err := c.session.Audit(ctx, name, at, func(st *checklist.State, all []audit.Row) error {
		about.Seq, about.Zone = st.Seq(), st.Zone()
		f, err := chosen.Filter(st, all)
		if err != nil {
			return err
		}
		about.Only = o.only(f)
		rows, err = chosen.Select(f, all)
		return err
	}); err != nil {
		return err
	}
	if o.limit > 0 {
		about.Only = append(about.Only, "the newest "+strconv.Itoa(o.limit))
	}
	if len(rows) == 0 {
		c.talk("%s@%d: nothing to show%s\n", name, about.Seq, strings.TrimRight(" "+checklist.Clean(strings.Join(about.Only, ", ")), " "))
	}
	if c.json || o.csv || o.cloudevents {
		return c.logRows(o, newest(rows, o.limit), about)
	}
	entries := audit.Commands(rows)
	if o.events {
		entries = audit.Each(rows)
	}
	entries = newest(entries, o.limit)
	if !o.reverse {
		slices.Reverse(entries)
	}
	if format != nil {
		return wrongFormat(format.Write(c.out, entries, about))
	}
	return c.paged(ctx, func(w io.Writer) error {
		style := c.viewStyle(&o.seeOptions)
		style.Wide = o.wide
		return audit.LogText(w, entries, about, style)
	})
}

// only says what the flags ask for.
func (o *logOptions) only(f audit.Filter) []string {
	var said []string
	only := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	if f.About != nil {
		only("about %s", blockName(f.About))
	}
	if f.Section != nil {
		only("in %s", blockName(f.Section))
	}
	if o.since != "" {
		only("since %s", o.since)
	}
	if o.until != "" {
		only("until %s", o.until)
	}
	if len(o.actors) > 0 {
		only("by %s", strings.Join(o.actors, " or "))
	}
	if len(o.kinds) > 0 {
		only("%s", strings.Join(o.kinds, " or "))
	}
	if o.grep != "" {
		only("with %q", o.grep)
	}
	return said
}

// blockName names a task or a section for people.
func blockName(b *checklist.Block) string {
	switch {
	case b.Task != nil:
		return fmt.Sprintf("%d %s", b.Task.Key, checklist.Cut(checklist.Clean(b.Task.Text), 40))
	case b.Section != nil && b.Section.Key != 0:
		return checklist.Cut(checklist.Clean(b.Section.Title), 40)
	}
	return "what stands before the first heading"
}

// logRows prints one document, record or event a row.
func (c *cli) logRows(o *logOptions, rows []audit.Row, about audit.About) error {
	if o.csv {
		return audit.CSV(c.out, rows, about)
	}
	for _, r := range rows {
		if c.json {
			if err := c.printJSON(r.JSON(about.Name)); err != nil {
				return err
			}
		} else if _, err := fmt.Fprintf(c.out, "%s\n", r.Body); err != nil {
			return err
		}
	}
	return nil
}

// newest returns the last n of a list; all where n is 0.
func newest[T any](list []T, n int) []T {
	if n > 0 && len(list) > n {
		return list[len(list)-n:]
	}
	return list
}

// notYet refuses a position behind the last event of the checklist.
func notYet(when commands.When, end events.Seq) error {
	return &commands.Error{Code: commands.CodeNoMoment, Message: fmt.Sprintf("%s is not in the checklist yet: it ends at @%d", when.Text, end)}
}
