package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a log in memory that knows the names of its checklists.
type memory struct {
	*eventstest.Log

	mu    sync.Mutex // guards names
	names []string
}

func (*memory) Origin() string { return "cairn/test" }

func (m *memory) Checklists(context.Context) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.names...), nil
}

// began is when the checklist plan was imported: a Monday.
var began = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// world is an app over a log, and its clock.
type world struct {
	*app.Local
	t   failer
	log *memory
	now time.Time
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// newWorld imports the checklist plan: its events are @2 to @7.
func newWorld(t failer) *world {
	w := &world{t: t, log: &memory{Log: eventstest.NewLog()}, now: began}
	w.Local = app.NewLocal(w.log, commands.Config{Now: func() time.Time { return w.now }})
	w.do("plan", commands.ImportDocument{Source: "plan.md", Follow: true, Document: []byte("# Plan\n\n- [ ] a\n- [ ] b\n")})
	return w
}

func (w *world) do(name string, cmd commands.Command) app.Outcome {
	w.t.Helper()
	out, err := w.Execute(context.Background(), commands.Meta{Checklist: name, Actor: events.Actor{ID: "ada@example.com"}}, cmd)
	if err != nil {
		w.t.Fatalf("%s: %v", cmd.Name(), err)
	}
	if _, ok := cmd.(commands.ImportDocument); ok {
		w.log.names = append(w.log.names, name)
	}
	return out
}

// asOf is the document of plan as of when, "" for now.
func (w *world) asOf(when string) (document string, err error) {
	var at *commands.When
	if when != "" {
		parsed, err := commands.ParseWhen(when, w.now, time.UTC)
		if err != nil {
			return "", err
		}
		at = &parsed
	}
	err = w.Checklist(context.Background(), "plan", at, func(st *checklist.State) error {
		document = string(st.Document())
		return nil
	})
	return document, err
}

func message(err error) string {
	var e *commands.Error
	if errors.As(err, &e) {
		return fmt.Sprintf("%s: %s (%s)", e.Code, e.Message, e.Hint)
	}
	return fmt.Sprint(err)
}

func done(task string) commands.Command {
	return commands.Transition{Verb: commands.Done, Tasks: []string{task}}
}

func TestAsOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = began.Add(24 * time.Hour)
	w.do("plan", done("a")) // @8, on the 24th
	w.now = began.Add(48*time.Hour + 30*time.Minute)
	w.do("plan", done("b")) // @9, on the 25th
	const (
		none = "# Plan\n\n- [ ] a\n- [ ] b\n"
		one  = "# Plan\n\n- [x] a\n- [ ] b\n"
		both = "# Plan\n\n- [x] a\n- [x] b\n"
	)
	for _, test := range []struct{ when, want string }{
		{"", both},
		{"@7", none},
		{"@4", "# Plan\n\n"},
		{"@8", one},
		{"plan@9", both},
		{"import", none},
		{"2026-11-23", none},
		{"2026-11-24", one},
		{"tue", one},
		{"yesterday", one},
		{"2026-11-25", both},
		{"2026-11-25T10:29", one},
		{"2026-11-25T10:30", both},
		{"now", both},
		{"2d", none},
	} {
		if got, err := w.asOf(test.when); err != nil || got != test.want {
			t.Errorf("as of %q: got %q, %v, want %q", test.when, got, err, test.want)
		}
	}
	for _, test := range []struct{ when, want string }{
		{"@10", "moment_not_found: @10 is not in the log yet: it ends at @9 ()"},
		{"@1", "moment_not_found: plan did not exist at @1 (It begins at @2, 2026-11-23 10:00 UTC.)"},
		{"2026-11-22", "moment_not_found: plan did not exist at 2026-11-22 (It begins at @2, 2026-11-23 10:00 UTC.)"},
		{"2026-11-23T09:59", "moment_not_found: plan did not exist at 2026-11-23T09:59 (It begins at @2, 2026-11-23 10:00 UTC.)"},
	} {
		if _, err := w.asOf(test.when); message(err) != test.want {
			t.Errorf("as of %s: got %q, want %q", test.when, message(err), test.want)
		}
	}
}

// A day of the checklist's zone is another than that of UTC.
func TestAsOfADayInAnotherZone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = time.Date(2026, 11, 24, 22, 59, 0, 0, time.UTC)
	w.do("plan", done("a"))
	w.now = time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC) // the 25th in Berlin
	w.do("plan", done("b"))
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	at, err := commands.ParseWhen("2026-11-24", w.now, berlin)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Checklist(t.Context(), "plan", &at, func(st *checklist.State) error {
		if got := st.Root().Tally().Counts.Done; got != 1 {
			t.Errorf("got %d done, want 1", got)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// As of a position is the fold of the prefix, and of a time the longest prefix
// that is not later; neither ever changes when the log grows.
func TestAsOfIsThePrefix(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		// prefixes are the documents of the past: as of each @, and each moment.
		var seqs []events.Seq
		var moments []time.Time
		latest := began
		for n := range rapid.IntRange(1, 12).Draw(t, "commands") {
			w.now = latest.Add(time.Duration(rapid.IntRange(-60, 90).Draw(t, "seconds")) * time.Second)
			if w.now.After(latest) {
				latest = w.now
			}
			w.do("plan", rapid.SampledFrom([]commands.Command{
				done("1"),
				commands.Transition{Verb: commands.Reopen, Tasks: []string{"1"}},
				commands.AddTask{Text: fmt.Sprint(n)},
				commands.MoveTasks{Tasks: []string{"1"}}.To("", "", "2", ""),
				commands.CommentTask{Task: "2", Text: "so"},
			}).Draw(t, "command"))
			seqs, moments = append(seqs, w.log.End()), append(moments, w.now)
		}
		prefix := func(stop func(events.Envelope) bool) string {
			st, err := projections.Fold(checklist.Projection, w.log.Read(t.Context(), events.Filter{Checklist: "plan"}), stop)
			if err != nil {
				t.Fatalf("%v", err)
			}
			return string(st.Document())
		}
		seq := rapid.SampledFrom(seqs).Draw(t, "seq")
		want := prefix(func(env events.Envelope) bool { return env.Seq > seq })
		if got, err := w.asOf(fmt.Sprintf("@%d", seq)); err != nil || got != want {
			t.Fatalf("as of @%d: got %q, %v, want %q", seq, got, err, want)
		}
		at := rapid.SampledFrom(moments).Draw(t, "moment")
		if at.Before(began) {
			return
		}
		want = prefix(func(env events.Envelope) bool { return env.EffectiveTime.After(at) })
		when := at.Format(time.RFC3339)
		got, err := w.asOf(when)
		if err != nil || got != want {
			t.Fatalf("as of %s: got %q, %v, want %q", when, got, err, want)
		}
		w.now = w.now.Add(time.Hour)
		w.do("plan", commands.AddTask{Text: "later"})
		if again, err := w.asOf(when); err != nil || again != got {
			t.Fatalf("as of %s, later: got %q, %v, want %q", when, again, err, got)
		}
	})
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do("other", commands.ImportDocument{})
	look := func(*checklist.State) error { t.Error("looked"); return nil }
	for _, test := range []struct {
		name string
		do   func() error
		want string
	}{
		{
			"a view", func() error { return w.Checklist(t.Context(), "none", nil, look) },
			"checklist_not_found: there is no checklist none (There is: plan, other)",
		},
		{
			"a view of the past", func() error { return w.Checklist(t.Context(), "none", &commands.When{Text: "@2", Seq: 2}, look) },
			"checklist_not_found: there is no checklist none (There is: plan, other)",
		},
		{
			"a view of what is no name", func() error { return w.Checklist(t.Context(), "No", nil, look) },
			`usage: "No" is no name of a checklist: want small letters, digits and -, 63 at most ()`,
		},
		{
			"a command", func() error {
				_, err := w.Execute(t.Context(), commands.Meta{Checklist: "none"}, done("1"))
				return err
			},
			"checklist_not_found: there is no such checklist (There is: plan, other)",
		},
		{
			"a preview", func() error {
				_, err := w.Preview(t.Context(), commands.Meta{Checklist: "none"}, done("1"))
				return err
			},
			"checklist_not_found: there is no such checklist (There is: plan, other)",
		},
	} {
		if got := message(test.do()); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestPreviewWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	end := w.log.End()
	out, err := w.Preview(t.Context(), commands.Meta{Checklist: "plan"}, done("a"))
	if err != nil || len(out.Events) != 1 || len(out.Rows) != 1 || out.Rows[0].Key != 1 {
		t.Errorf("got %+v, %v, want one event and its row", out, err)
	}
	if out.Seq != 7 || out.After == nil || out.After.Task(1).Task.State != events.Done {
		t.Errorf("got @%d, want @7 and the state afterwards", out.Seq)
	}
	if _, err := w.Preview(t.Context(), commands.Meta{Checklist: "plan"}, done("9")); message(err) == "<nil>" {
		t.Error("got no refusal")
	}
	if out, err = w.Preview(t.Context(), commands.Meta{Checklist: "new"}, commands.ImportDocument{Document: []byte("- [ ] a\n")}); err != nil || len(out.Events) != 3 {
		t.Errorf("an import: got %d events, %v, want 3", len(out.Events), err)
	}
	if w.log.End() != end {
		t.Errorf("got @%d, want @%d", w.log.End(), end)
	}
	if got, err := w.asOf(""); err != nil || got != "# Plan\n\n- [ ] a\n- [ ] b\n" {
		t.Errorf("got %q, %v, want the document as it was", got, err)
	}
	if err := w.Checklist(t.Context(), "new", nil, func(*checklist.State) error { return nil }); message(err) == "<nil>" {
		t.Error("the previewed import is there")
	}
}

// A preview tells what then happens, each event from the state that those before
// it lead to.
func TestPreviewIsWhatHappens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cmd := commands.EditTask{Task: "1", Text: "a as agreed ([#12](https://github.com/o/r/issues/12))"}
	told := func(out app.Outcome, err error) []string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for _, r := range out.Rows {
			rows = append(rows, fmt.Sprint(r.Action, r.Text, r.Changes))
		}
		return rows
	}
	before := told(w.Preview(t.Context(), commands.Meta{Checklist: "plan"}, cmd))
	after := told(w.Execute(t.Context(), commands.Meta{Checklist: "plan"}, cmd))
	if len(after) != 2 || !slices.Equal(before, after) {
		t.Errorf("got %q, want %q", before, after)
	}
}

// A command that was executed before is told as it was the first time.
func TestRepeatedIsRetold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	meta := commands.Meta{ID: "0199aaaa-0000-7000-8000-000000000001", Checklist: "plan", Reason: "so"}
	cmd := commands.Transition{Verb: commands.Drop, Tasks: []string{"1", "2"}}
	first, err := w.Execute(t.Context(), meta, cmd)
	if err != nil || len(first.Rows) != 2 || first.Rows[0].Reason != "so" {
		t.Fatalf("got %+v, %v, want two rows", first, err)
	}
	w.do("plan", commands.Transition{Verb: commands.Reopen, Tasks: []string{"1"}})
	w.do("plan", commands.EditTask{Task: "2", Text: "other"})
	end := w.log.End()
	again, err := app.NewLocal(w.log, commands.Config{}).Execute(t.Context(), meta, cmd)
	if err != nil {
		t.Fatal(err)
	}
	first.Repeated = true
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("(-first +again):\n%s", diff)
	}
	if w.log.End() != end {
		t.Errorf("got @%d, want @%d", w.log.End(), end)
	}
}

func TestChecklists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do("other", commands.ImportDocument{Source: "other.md", Document: []byte("- [x] a\n- [ ] b\n- [-] c\n")})
	w.do("other", commands.Archive{})
	got, err := w.Checklists(t.Context())
	want := []app.Summary{
		{Name: "other", Seq: 13, Progress: checklist.Progress{Work: 2, Todo: 1, Done: 1, Dropped: 1}, Archived: true},
		{Name: "plan", Title: "Plan", Seq: 7, Progress: checklist.Progress{Work: 2, Todo: 2}, Path: "plan.md"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("got %v (-want +got):\n%s", err, diff)
	}
}

func TestEventsAndFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.Origin(); got != "cairn/test" {
		t.Errorf("got origin %q", got)
	}
	read := 0
	for env, err := range w.Events(t.Context(), events.Filter{Checklist: "plan"}) {
		if err != nil {
			t.Fatal(err)
		}
		read = int(env.Seq)
	}
	followed := 0
	for env, err := range w.Follow(t.Context(), events.Filter{After: 1, Upto: 7}) {
		if err != nil {
			t.Fatal(err)
		}
		followed = int(env.Seq)
	}
	rows, err := w.History(t.Context(), "plan")
	if err != nil || read != 7 || followed != 7 || len(rows) != 6 {
		t.Errorf("got @%d, @%d and %d rows, %v, want @7 twice and 6", read, followed, len(rows), err)
	}
}
