package burndown_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections"
	"cairn/projections/burndown"
	"cairn/server/commands"
)

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// world is a checklist called plan, whose clock stands until it is set.
type world struct {
	t   failer
	now time.Time
	h   *commands.Handler
	log *eventstest.Log
}

func newWorld(t failer) *world {
	w := &world{t: t, log: eventstest.NewLog()}
	w.h = commands.NewHandler(w.log, commands.Config{Now: func() time.Time { return w.now }})
	return w
}

// at sets the clock: "2026-11-23T10:00", in UTC, or with a zone.
func (w *world) at(s string) *world {
	w.t.Helper()
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04"} {
		if at, err := time.Parse(form, s); err == nil {
			w.now = at.UTC()
			return w
		}
	}
	w.t.Fatalf("%q is no time", s)
	return w
}

func (w *world) do(list ...commands.Command) *world {
	w.t.Helper()
	for _, cmd := range list {
		if err := w.try(cmd, time.Time{}); err != nil {
			w.t.Fatalf("%s at %s: %v", cmd.Name(), w.now, err)
		}
	}
	return w
}

func (w *world) try(cmd commands.Command, on time.Time) error {
	_, err := w.h.Execute(testContext, w.meta(on), cmd)
	return err
}

func (w *world) meta(on time.Time) commands.Meta {
	return commands.Meta{Checklist: "plan", Actor: events.Actor{ID: "ada@example.com", Auth: events.Unauthenticated}, Via: "test", On: on, Reason: "so"}
}

func (w *world) importing(document string) *world {
	return w.do(commands.ImportDocument{Document: []byte(document)})
}

// series folds what stop lets through; nil is all.
func (w *world) series(stop func(events.Envelope) bool) *burndown.Series {
	w.t.Helper()
	s, err := projections.Fold(burndown.Projection, w.log.Read(testContext, events.Filter{Checklist: "plan"}), stop)
	if err != nil {
		w.t.Fatalf("fold: %v", err)
	}
	return s
}

func verb(v commands.Verb, tasks ...string) commands.Command {
	return commands.Transition{Verb: v, Tasks: tasks}
}

// table writes days as the tests do, one a line:
//
//	2026-11-23  scope 3  done 1  doing 1  held 0  dropped 0  +3 -0 ~0  closed 1  reopened 0
func table(days []burndown.Day) string {
	var b strings.Builder
	for _, d := range days {
		fmt.Fprintf(&b, "%s  scope %d  done %d  doing %d  held %d  dropped %d  +%d -%d ~%d  closed %d  reopened %d\n",
			d.Date, d.Work.Scope(), d.Work.Done, d.Work.InProgress, d.Work.OnHold, d.Work.Dropped, d.Added, d.Removed, d.Regrouped, d.Completed, d.Reopened)
	}
	return b.String()
}

// testContext is for what ends by itself.
var testContext = context.Background()
