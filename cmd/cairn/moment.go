package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/commands"
	"cairn/server/docfile"
)

// seeOptions are the flags of the views.
type seeOptions struct {
	asOf, knownAt string
	all           bool

	// now is the moment that the view is for: what is late, which day it is. It
	// is set by moment, and zero where a position was asked for: then it is that
	// of the last event.
	now time.Time
}

func (o *seeOptions) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.asOf, "as-of", "", "as it was at this `WHEN`; cairn help when")
	cmd.Flags().StringVar(&o.knownAt, "as-known-at", "", "as the log had it at this `WHEN`: by when it was\nrecorded, not by when it took effect")
}

// of is the moment that was asked for, as views print it.
func (o *seeOptions) of() checklist.Moment {
	return checklist.Moment{AsOf: o.asOf, KnownAt: o.knownAt}
}

// today is the day that the view is for.
func (o *seeOptions) today(st *checklist.State) events.Day {
	if o.now.IsZero() {
		return events.DayOf(st.Effective.In(st.Zone()))
	}
	return events.DayOf(o.now.In(st.Zone()))
}

func (c *cli) viewStyle(o *seeOptions) checklist.Style {
	s := c.style()
	s.All, s.Of, s.Now = o.all, o.of(), o.now
	return s
}

// today is the day of a clock on the wall.
func (c *cli) today(st *checklist.State) events.Day { return events.DayOf(c.now().In(st.Zone())) }

// look calls see with the checklist of this run, at the moment that o asks for;
// nil is now.
func (c *cli) look(ctx context.Context, o *seeOptions, see func(*checklist.State) error) error {
	name, err := c.name(ctx)
	if err != nil {
		return err
	}
	if o == nil {
		o = &seeOptions{}
	}
	at, err := c.moment(ctx, name, o)
	if err != nil {
		return err
	}
	return c.session.Checklist(ctx, name, at, see)
}

// moment returns the moment that o asks for, nil for now.
func (c *cli) moment(ctx context.Context, name string, o *seeOptions) (*commands.When, error) {
	o.now = c.now()
	if o.asOf != "" && o.knownAt != "" {
		return nil, &commands.Error{Code: commands.CodeUsage, Message: "--as-of and --as-known-at are two clocks: give one of them", Hint: "cairn help when"}
	}
	at, err := c.when(ctx, name, o.asOf+o.knownAt)
	if at == nil || err != nil {
		return nil, err
	}
	c.past = true
	switch {
	case at.From.IsZero():
		o.now = time.Time{}
	case at.End.After(at.From) && at.End.Before(o.now):
		o.now = at.End.Add(-1) // a day means its end
	case at.End.Before(o.now):
		o.now = at.End
	}
	if o.knownAt == "" {
		return at, nil
	}
	if at.From.IsZero() {
		return nil, &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--as-known-at %s: want a day or a time", o.knownAt), Hint: "A position is the same by both clocks: --as-of " + o.knownAt}
	}
	known, err := c.session.KnownAt(ctx, name, *at)
	return &known, err
}

// when reads a WHEN in the checklist's zone; nil where none is given.
func (c *cli) when(ctx context.Context, name, text string) (*commands.When, error) {
	if text == "" {
		return nil, nil
	}
	zone, err := c.session.Zone(ctx, name)
	if err != nil {
		return nil, err
	}
	w, err := commands.ParseWhen(text, c.now(), zone)
	if err != nil {
		return nil, err
	}
	if w.Checklist != "" && w.Checklist != name {
		return nil, &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%s is about %s, the command about %s", text, w.Checklist, name), Hint: "Write -c " + w.Checklist + "."}
	}
	if w, err = c.session.Position(ctx, name, w); err != nil {
		return nil, err
	}
	if w.Commit == "" && !w.From.After(c.now()) {
		return &w, nil
	}
	var file docfile.Tied
	if err := c.session.Checklist(ctx, name, nil, func(st *checklist.State) error {
		var ok bool
		if file, ok = c.tied(st); !ok && st.Source != "" { // what it was made of
			path := c.absolute(st.Source)
			file = docfile.Tied{Path: path, Shown: c.shown(path)}
		}
		if w.From.After(c.now()) && w.From.After(st.Effective) { // another machine's clock may be ahead
			return &commands.Error{Code: commands.CodeNoMoment, Message: text + " is in the future", Hint: "WHEN looks back; cairn help when"}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if w.Commit != "" {
		w.Seq, err = docfile.FindCommit(ctx, c.session, name, file, w.Commit)
	}
	return &w, err
}

// pastStays refuses a moment given to what writes.
func pastStays(cmd *cobra.Command, flag string) error {
	return &commands.Error{
		Code:    commands.CodeUsage,
		Message: fmt.Sprintf("%s takes no %s: the past is not changed", cmd.CommandPath(), flag),
		Hint:    fmt.Sprintf("To look at it: cairn show %s WHEN. What happened on a day before: cairn done TASK --on DAY", flag),
	}
}

// writes reports whether a command changes something.
func writes(cmd *cobra.Command) bool {
	for at := cmd; at != nil; at = at.Parent() {
		if at.GroupID == "work" || at.Flags().Lookup("dry-run") != nil {
			return true
		}
	}
	switch cmd.Name() {
	case "import", "init", "archive", "reactivate":
		return true
	}
	return false
}
