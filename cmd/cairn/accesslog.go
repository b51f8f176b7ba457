package main

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/server/app"
	"cairn/server/commands"
)

// accessLog prints the log's own events: users, tokens and keys as they changed,
// and who was refused. Each is a line of its own, so that none hides another.
func (c *cli) accessLog(ctx context.Context, o *logOptions, ref string) error {
	format, err := o.check(c.json)
	if err != nil {
		return err
	}
	if ref != "" || o.section != "" || o.asOf != "" || o.knownAt != "" {
		return &commands.Error{Code: commands.CodeUsage, Message: "--access is about the log, not about a TASK, a SECTION or a view of the past", Hint: "It takes --since, --until, --actor, --kind, --grep and --limit."}
	}
	since, err := c.logMoment(o.since)
	if err != nil {
		return err
	}
	until, err := c.logMoment(o.until)
	if err != nil {
		return err
	}
	if err := c.openAccess(ctx); err != nil {
		return err
	}
	all, h, err := c.accessHistory(ctx)
	if err != nil {
		return err
	}
	about := audit.About{Name: "access", Seq: h.State().Seq(), OldestFirst: o.reverse}
	f, err := app.Chosen{Actors: o.actors, Kinds: o.kinds, Text: o.grep}.Filter(nil, all)
	if err != nil {
		return err
	}
	about.Only = o.only(f)
	rows := slices.DeleteFunc(f.Select(all), func(r audit.Row) bool {
		env := events.Envelope{Seq: r.Seq, EffectiveTime: r.Effective}
		return since != nil && !since.Since(env) || until != nil && !until.Holds(env)
	})
	if o.limit > 0 {
		about.Only = append(about.Only, "the newest "+strconv.Itoa(o.limit))
	}
	if rows = newest(rows, o.limit); len(rows) == 0 {
		c.talk("access@%d: nothing to show\n", about.Seq)
	}
	if c.json || o.csv || o.cloudevents {
		about.Name = ""
		return c.logRows(o, rows, about)
	}
	entries := audit.Each(rows)
	if !o.reverse {
		slices.Reverse(entries)
	}
	if format != nil {
		return wrongFormat(format.Write(c.out, entries, about))
	}
	return c.paged(ctx, func(w io.Writer) error {
		style := c.viewStyle(&o.seeOptions)
		style.Wide, style.Now = o.wide, c.now()
		return audit.LogText(w, entries, about, style)
	})
}

// logMoment reads a WHEN about the log as a whole, in UTC; nil for none.
func (c *cli) logMoment(text string) (*commands.When, error) {
	if text == "" {
		return nil, nil
	}
	w, err := commands.ParseWhen(text, c.now(), time.UTC)
	if err != nil {
		return nil, err
	}
	if w.Import || w.Baseline || w.Review != 0 || w.Commit != "" || w.Checklist != "" {
		return nil, &commands.Error{Code: commands.CodeUsage, Message: strings.TrimSpace(text) + " is a moment of a checklist, and --access is about the log", Hint: "Write a position such as @412, or a time."}
	}
	return &w, nil
}
