package commands_test

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"cairn/events"
	"cairn/events/natslog/natstest"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

func TestMain(m *testing.M) {
	if natstest.Main() {
		return
	}
	goleak.VerifyTestMain(m)
}

// now is a Monday.
var now = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// failer is what testing.T and rapid.T share.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// decided is one row of a table about Decide: given a document and what was
// done with it, when a command comes, then these events, or a refusal.
type decided struct {
	name  string
	given []commands.Command
	when  commands.Command
	// then are the events; nil where nothing is recorded.
	then []events.Event
	// refused is "code: message".
	refused string
	// document is the whole document afterwards, where the row is about bytes.
	document string
}

// run decides each row of a table.
func run(t *testing.T, rows []decided) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			st := given(t, row.given...)
			before := string(st.Document())
			got, err := decide(st, row.when)
			if refused := refusal(err); refused != row.refused {
				t.Fatalf("got %q, want %q", refused, row.refused)
			}
			if row.then != nil || row.document == "" {
				if diff := cmp.Diff(row.then, got); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			}
			if after := string(st.Document()); after != before {
				t.Errorf("deciding changed the document: got %q, want %q", after, before)
			}
			for _, e := range got {
				stored(t, envelope(st, e))
			}
			st = evolve(t, st, got...)
			if row.document != "" {
				if diff := cmp.Diff(row.document, string(st.Document())); diff != "" {
					t.Errorf("document (-want +got):\n%s", diff)
				}
			}
			if row.refused == "" {
				verify(t, st)
			}
		})
	}
}

// on is a document that was imported, and what was done with it.
func on(document string, done ...commands.Command) []commands.Command {
	return append([]commands.Command{commands.ImportDocument{Document: []byte(document)}}, done...)
}

// given executes commands on a new checklist.
func given(t failer, done ...commands.Command) *checklist.State {
	t.Helper()
	st := checklist.New()
	for _, cmd := range done {
		decided, err := decide(st, cmd)
		if err != nil {
			t.Fatalf("given %#v: %v", cmd, err)
		}
		st = evolve(t, st, decided...)
	}
	return st
}

// decide resolves and decides a command at now, as the handler does.
func decide(st *checklist.State, cmd commands.Command) ([]events.Event, error) {
	resolved, err := commands.Resolve(st, cmd, now)
	if err != nil {
		return nil, err
	}
	return commands.Decide(st, resolved)
}

// evolve folds events, each in an envelope of its own.
func evolve(t failer, st *checklist.State, decided ...events.Event) *checklist.State {
	t.Helper()
	for _, e := range decided {
		var err error
		if st, err = checklist.Evolve(st, envelope(st, e)); err != nil {
			t.Fatalf("evolve %s: %v", e.Kind(), err)
		}
	}
	return st
}

func envelope(st *checklist.State, e events.Event) events.Envelope {
	n := st.Revision + 1
	at := now.Add(time.Duration(n) * time.Millisecond)
	return events.Envelope{
		Seq: events.Seq(n), ID: fmt.Sprintf("event-%d", n), Checklist: "plan", Revision: n,
		Time: at, RecordedTime: at, EffectiveTime: at,
		Actor: events.Actor{ID: "ada@example.com", Auth: events.Unauthenticated},
		Part:  1, Parts: 1, Data: e,
	}
}

// refusal is "code: message" of an error, "" of none.
func refusal(err error) string {
	var e *commands.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return string(e.Code) + ": " + e.Message
	}
	return "no refusal: " + err.Error()
}

// sample is the checklist that everything must work on.
func sample(t failer) string {
	b, err := os.ReadFile("../markdown/testdata/elixir-migration.md")
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(b)
}

func do(verb commands.Verb, tasks ...string) commands.Transition {
	return commands.Transition{Verb: verb, Tasks: tasks}
}

func p(s string) *string { return &s }
