package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// Moment is the moment that a view of a checklist is for.
type Moment struct {
	// At is where the log is cut off; nil is now, with all that it holds.
	At *commands.When
	// Of is what was asked for, as views print it.
	Of checklist.Moment
	// Now is when it is: what is late, which day it is. It is zero where a position
	// was asked for: then it is when the last event took effect.
	Now time.Time
}

// Time returns when it is, of a checklist as of the moment.
func (m Moment) Time(st *checklist.State) time.Time {
	if m.Now.IsZero() {
		return st.Effective
	}
	return m.Now
}

// Today returns the day that it is, in the checklist's zone.
func (m Moment) Today(st *checklist.State) events.Day { return events.DayOf(m.Time(st).In(st.Zone())) }

// Over reports whether the day of the moment is over, seen from now.
func (m Moment) Over(st *checklist.State, now time.Time) bool {
	return m.Today(st) < events.DayOf(now.In(st.Zone()))
}

// Moments finds the moments that people write about a checklist.
type Moments struct {
	App  App
	Name string
	// Now is what the clock says.
	Now time.Time
	// Commit finds the position of a git revision; nil goes by the commits that the
	// log has heard of.
	Commit func(ctx context.Context, rev string) (events.Seq, error)
	// Option returns how an option is written, such as as-of; nil is --as-of.
	Option func(name string) string
}

func (m Moments) option(name string) string {
	if m.Option == nil {
		return "--" + name
	}
	return m.Option(name)
}

// Find returns the moment that a view is asked for.
func (m Moments) Find(ctx context.Context, of checklist.Moment) (Moment, error) {
	found := Moment{Of: of, Now: m.Now}
	if of.AsOf != "" && of.KnownAt != "" {
		return found, &commands.Error{
			Code:    commands.CodeUsage,
			Message: fmt.Sprintf("%s and %s are two clocks: give one of them", m.option("as-of"), m.option("as-known-at")), Hint: "cairn help when",
		}
	}
	at, err := m.When(ctx, of.AsOf+of.KnownAt)
	if at == nil || err != nil {
		return found, err
	}
	found.At = at
	switch {
	case at.From.IsZero():
		found.Now = time.Time{}
	case at.End.After(at.From) && at.End.Before(m.Now):
		found.Now = at.End.Add(-1) // a day means its end
	case at.End.Before(m.Now):
		found.Now = at.End
	}
	if of.KnownAt == "" {
		return found, nil
	}
	if at.From.IsZero() {
		return found, &commands.Error{
			Code: commands.CodeUsage, Message: fmt.Sprintf("%s %s: want a day or a time", m.option("as-known-at"), of.KnownAt),
			Hint: fmt.Sprintf("A position is the same by both clocks: %s %s", m.option("as-of"), of.KnownAt),
		}
	}
	known, err := m.App.KnownAt(ctx, m.Name, *at)
	found.At = &known
	return found, err
}

// When reads a WHEN in the checklist's zone; nil where none is given.
func (m Moments) When(ctx context.Context, text string) (*commands.When, error) {
	if text == "" {
		return nil, nil
	}
	zone, err := m.App.Zone(ctx, m.Name)
	if err != nil {
		return nil, err
	}
	w, err := commands.ParseWhen(text, m.Now, zone)
	if err != nil {
		return nil, err
	}
	if w.Checklist != "" && w.Checklist != m.Name {
		return nil, &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%s is about %s, the command about %s", text, w.Checklist, m.Name), Hint: "Write -c " + w.Checklist + "."}
	}
	if w, err = m.App.Position(ctx, m.Name, w); err != nil {
		return nil, err
	}
	switch {
	case w.From.After(m.Now):
		// Another machine's clock may be ahead.
		err = m.App.Checklist(ctx, m.Name, nil, func(st *checklist.State) error {
			if w.From.After(st.Effective) {
				return &commands.Error{Code: commands.CodeNoMoment, Message: text + " is in the future", Hint: "WHEN looks back; cairn help when"}
			}
			return nil
		})
	case w.Commit != "" && m.Commit != nil:
		w.Seq, err = m.Commit(ctx, w.Commit)
	case w.Commit != "":
		w.Seq, err = m.known(ctx, w.Commit)
	}
	if err != nil {
		return nil, err
	}
	return &w, nil
}

// known returns the position of a commit by what the log has heard of it.
func (m Moments) known(ctx context.Context, rev string) (events.Seq, error) {
	at, err := Commits(ctx, m.App, m.Name)
	if err != nil {
		return 0, err
	}
	if seq, ok := at.Find(rev); ok {
		return seq, nil
	}
	return 0, &commands.Error{
		Code: commands.CodeNoMoment, Message: fmt.Sprintf("the log has heard of no commit %s of %s", rev, m.Name),
		Hint: "Name one by its id, as the log has it, or write @412 or a day.",
	}
}

// CommitsHeardOf are the commits of a document's file that the log has heard of,
// by their full ids, with the position of the last event that says so.
type CommitsHeardOf map[string]events.Seq

// Commits returns the commits that the log has heard of.
func Commits(ctx context.Context, a App, name string) (CommitsHeardOf, error) {
	at := make(CommitsHeardOf)
	for env, err := range a.Events(ctx, events.Filter{Checklist: name, Kinds: []events.Kind{events.KindDocumentSynced}}) {
		if err != nil {
			return nil, err
		}
		if sync, ok := env.Data.(*events.DocumentSynced); ok && sync.Commit != "" {
			at[sync.Commit] = env.Seq
		}
	}
	return at, nil
}

// Find returns the position of the one commit whose id begins with rev.
func (c CommitsHeardOf) Find(rev string) (seq events.Seq, ok bool) {
	for commit, at := range c {
		if strings.HasPrefix(commit, rev) {
			if ok {
				return 0, false
			}
			seq, ok = at, true
		}
	}
	return seq, ok
}
