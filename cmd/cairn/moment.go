package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/docfile"
)

// seeOptions are the flags of the views.
type seeOptions struct {
	asOf, knownAt string
	all           bool

	// Moment is that which the view is for, once it was found.
	app.Moment
}

func (o *seeOptions) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.asOf, "as-of", "", "as it was at this `WHEN`; cairn help when")
	cmd.Flags().StringVar(&o.knownAt, "as-known-at", "", "as the log had it at this `WHEN`: by when it was\nrecorded, not by when it took effect")
}

// of is the moment that was asked for, as views print it.
func (o *seeOptions) of() checklist.Moment {
	return checklist.Moment{AsOf: o.asOf, KnownAt: o.knownAt}
}

func (c *cli) viewStyle(o *seeOptions) checklist.Style {
	s := c.style()
	s.All, s.Of, s.Now = o.all, o.of(), o.Now
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
	var err error
	o.Moment, err = c.moments(name).Find(ctx, o.of())
	c.past = c.past || o.At != nil
	return o.At, err
}

// moments finds moments of a checklist; a commit by the history of its file.
func (c *cli) moments(name string) app.Moments {
	return app.Moments{App: c.session, Name: name, Now: c.now(), Commit: func(ctx context.Context, rev string) (events.Seq, error) {
		var file docfile.Tied
		if err := c.session.Checklist(ctx, name, nil, func(st *checklist.State) error {
			var ok bool
			if file, ok = c.tied(st); !ok && st.Source != "" { // what it was made of
				path := c.absolute(st.Source)
				file = docfile.Tied{Path: path, Shown: c.shown(path)}
			}
			return nil
		}); err != nil {
			return 0, err
		}
		return docfile.FindCommit(ctx, c.session, name, file, rev)
	}}
}

// when reads a WHEN in the checklist's zone; nil where none is given.
func (c *cli) when(ctx context.Context, name, text string) (*commands.When, error) {
	return c.moments(name).When(ctx, text)
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
