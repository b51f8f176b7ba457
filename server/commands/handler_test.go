package commands_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/events/natslog"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// faulty is a log whose appends go wrong: fault is called with each, and with
// the real one.
type faulty struct {
	events.Log
	fault func(ctx context.Context, appends []events.Append, do func() (events.Seq, error)) (events.Seq, error)
}

func (f *faulty) Append(ctx context.Context, appends []events.Append) (events.Seq, error) {
	return f.fault(ctx, appends, func() (events.Seq, error) { return f.Log.Append(ctx, appends) })
}

var errTimeout = fmt.Errorf("append: %w", context.DeadlineExceeded)

func meta(id string) commands.Meta {
	return commands.Meta{ID: id, Checklist: "plan", Actor: events.Actor{ID: "ada@example.com", Auth: events.Unauthenticated}, Via: "test"}
}

func newID(t testing.TB) string {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

// execute executes cmd and wants no error.
func execute(t *testing.T, h *commands.Handler, m commands.Meta, cmd commands.Command) commands.Result {
	t.Helper()
	result, err := h.Execute(t.Context(), m, cmd)
	if err != nil {
		t.Fatalf("%s: %v", cmd.Name(), err)
	}
	return result
}

// imported is a handler over log, with a checklist in it.
func imported(t *testing.T, log events.Log, document string, c commands.Config) *commands.Handler {
	t.Helper()
	h := commands.NewHandler(log, c)
	execute(t, h, meta(""), commands.ImportDocument{Document: []byte(document)})
	return h
}

// history reads the events of the checklist.
func history(t *testing.T, log events.Log) []events.Envelope {
	t.Helper()
	var all []events.Envelope
	for env, err := range log.Read(t.Context(), events.Filter{Checklist: "plan"}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, env)
	}
	return all
}

// document is the checklist's document, as a new handler reads it.
func document(t *testing.T, log events.Log) string {
	t.Helper()
	var doc string
	err := commands.NewHandler(log, commands.Config{}).View(t.Context(), "plan", func(st *checklist.State) error {
		doc = string(st.Document())
		return check(st)
	})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// A command that was executed gives the same answer and adds nothing: at once,
// after 10,000 other events, and with another handler.
func TestSameCommandAgain(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	h := imported(t, log, "- [ ] core\n## Many\n"+strings.Repeat("- [ ] a\n", 2500), commands.Config{})
	m := meta(newID(t))
	m.Reason = "as agreed"
	cmd := do(commands.Done, "core")
	first := execute(t, h, m, cmd)
	if len(first.Events) != 1 || first.Repeated || first.ID != m.ID || first.Events[0].Seq != first.Seq {
		t.Fatalf("got %+v, want one event", first)
	}
	first.Repeated = true
	again := func(when string, h *commands.Handler) {
		t.Helper()
		end := log.End()
		if diff := cmp.Diff(first, execute(t, h, m, cmd)); diff != "" {
			t.Errorf("%s (-first +again):\n%s", when, diff)
		}
		if log.End() != end {
			t.Errorf("%s: the log grew from @%d to @%d", when, end, log.End())
		}
	}
	again("at once", h)
	execute(t, h, meta(""), add("core")) // the text names another task now
	for _, verb := range []commands.Verb{commands.Start, commands.Stop, commands.Start, commands.Stop} {
		execute(t, h, meta(""), do(verb, "s:1"))
	}
	if n := log.End() - first.Seq; n < 10_000 {
		t.Fatalf("got %d other events, want 10,000", n)
	}
	again("after 10,000 events", h)
	again("with a new handler", commands.NewHandler(log, commands.Config{}))
	again("with an exclusive one", commands.NewHandler(log, commands.Config{Exclusive: true}))

	_, err := h.Execute(t.Context(), m, do(commands.Done, "1"))
	if got, want := refusal(err), fmt.Sprintf("command_id_reused: the command id %s was used for another command (@%d)", m.ID, first.Seq); got != want {
		t.Errorf("another command: got %q, want %q", got, want)
	}
}

// A command of several events is known by all of them.
func TestSameCommandOfSeveralEventsAgain(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	h := imported(t, log, five, commands.Config{})
	m := meta(newID(t))
	first := execute(t, h, m, do(commands.Drop, "1-3"))
	again := execute(t, commands.NewHandler(log, commands.Config{}), m, do(commands.Drop, "1-3"))
	first.Repeated = true
	if diff := cmp.Diff(first, again); diff != "" || len(again.Events) != 3 {
		t.Errorf("got %d events (-first +again):\n%s", len(again.Events), diff)
	}
	for i, env := range again.Events {
		if env.Part != i+1 || env.Parts != 3 {
			t.Errorf("got part %d/%d, want %d/3", env.Part, env.Parts, i+1)
		}
	}
}

// What recorded nothing, or was refused, is decided anew.
func TestCommandThatRecordedNothingAgain(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	h := imported(t, log, five, commands.Config{})
	m, end := meta(newID(t)), log.End()
	if got := execute(t, h, m, do(commands.Done, "4")); len(got.Events) != 0 || got.Seq != end {
		t.Errorf("got %+v, want nothing at @%d", got, end)
	}
	if _, err := h.Execute(t.Context(), m, do(commands.Start, "4")); refusal(err) == "" {
		t.Error("got no refusal")
	}
	execute(t, h, meta(""), do(commands.Reopen, "4"))
	if got := execute(t, h, m, do(commands.Done, "4")); len(got.Events) != 1 || got.Repeated {
		t.Errorf("got %+v, want one event", got)
	}
}

func TestMistakesReachNoLog(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	h := imported(t, log, five, commands.Config{})
	end := log.End()
	bad := meta("")
	bad.Checklist = "Plan"
	for _, test := range []struct {
		meta commands.Meta
		cmd  commands.Command
		want string
	}{
		{bad, do(commands.Done, "1"), `usage: "Plan" is no name of a checklist: want small letters, digits and -, 63 at most`},
		{meta("12"), do(commands.Done, "1"), `usage: --id "12" is no UUID`},
		{meta(""), do(commands.Done, "99"), "task_not_found: no task has the key 99"},
		{meta(""), commands.ImportDocument{}, "name_taken: there is a checklist plan already"},
		{meta(""), commands.CommentTask{Task: "1", Text: strings.Repeat("x", events.MaxEvent)}, "over_limit: CommentTask would make an event over the limit of 900 KiB"},
	} {
		_, err := h.Execute(t.Context(), test.meta, test.cmd)
		if got := refusal(err); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	if log.End() != end {
		t.Errorf("got @%d, want @%d", log.End(), end)
	}
}

// Somebody else writes between deciding and appending.
func TestConflict(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		// other is what the other one does meanwhile.
		other []commands.Command
		want  []events.Event
		// refused is "code: message".
		refused string
	}{
		{
			name:  "decides again",
			other: []commands.Command{do(commands.Start, "2")},
			want:  []events.Event{&events.TaskCompleted{Key: 1, Mark: 'x'}},
		},
		{
			name:  "the task stays the one that was meant",
			other: []commands.Command{commands.EditTask{Task: "1", Text: "other"}, add("core")},
			want:  []events.Event{&events.TaskCompleted{Key: 1, Mark: 'x'}},
		},
		{
			name:  "what is so meanwhile records nothing",
			other: []commands.Command{do(commands.Done, "1")},
		},
		{
			name:    "what cannot be any more is refused",
			other:   []commands.Command{do(commands.Drop, "1")},
			refused: "refused: 1 core is dropped; done does not apply",
		},
		{
			name:    "what is gone meanwhile is not found",
			other:   []commands.Command{commands.RemoveTasks{Tasks: []string{"1"}}},
			refused: "task_not_found: no task has the key 1",
		},
		{
			name:    "what was archived meanwhile is refused",
			other:   []commands.Command{commands.Archive{}},
			refused: "refused: plan is archived",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			log := eventstest.NewLog()
			other := imported(t, log, "- [ ] core\n- [ ] b\n", commands.Config{})
			appends := 0
			between := &faulty{log, func(_ context.Context, _ []events.Append, do func() (events.Seq, error)) (events.Seq, error) {
				if appends++; appends == 1 {
					for _, cmd := range test.other {
						execute(t, other, meta(""), cmd)
					}
				}
				return do()
			}}
			h := commands.NewHandler(between, commands.Config{})
			result, err := h.Execute(t.Context(), meta(""), do(commands.Done, "core"))
			if refusal(err) != test.refused {
				t.Fatalf("got %q, want %q", refusal(err), test.refused)
			}
			var got []events.Event
			for _, env := range result.Events {
				got = append(got, env.Data)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if err == nil && result.Seq != log.End() {
				t.Errorf("got @%d, want @%d", result.Seq, log.End())
			}
			document(t, log)
		})
	}
}

// Handlers beside each other on one checklist lose nothing.
func TestHandlersBesideEachOther(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	imported(t, log, "", commands.Config{})
	const handlers, each = 4, 20
	var wg sync.WaitGroup
	for n := range handlers {
		h := commands.NewHandler(log, commands.Config{})
		for i := range each {
			wg.Go(func() {
				if _, err := h.Execute(t.Context(), meta(""), add(fmt.Sprintf("%d of %d", i, n))); err != nil {
					t.Errorf("%d of %d: %v", i, n, err)
				}
			})
		}
	}
	wg.Wait()
	if got, want := strings.Count(document(t, log), "- [ ]"), handlers*each; got != want {
		t.Errorf("got %d tasks, want %d", got, want)
	}
}

// The log stored the events, but its answer was lost.
func TestLostAck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := eventstest.NewLog()
		imported(t, log, five, commands.Config{})
		appends := 0
		h := commands.NewHandler(&faulty{log, func(_ context.Context, _ []events.Append, do func() (events.Seq, error)) (events.Seq, error) {
			if appends++; appends == 1 {
				if _, err := do(); err != nil {
					t.Error(err)
				}
				return 0, errTimeout
			}
			return do()
		}}, commands.Config{})
		m := meta(newID(t))
		result := execute(t, h, m, do(commands.Drop, "1", "2"))
		if len(result.Events) != 2 || result.Seq != log.End() || appends != 1 {
			t.Errorf("got %d events up to @%d in %d appends, want 2 up to @%d in one", len(result.Events), result.Seq, appends, log.End())
		}
		n := 0
		for _, env := range history(t, log) {
			if env.CommandID == m.ID {
				n++
			}
		}
		if n != 2 {
			t.Errorf("got %d events in the log, want 2", n)
		}
	})
}

func TestLogThatFailsForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := eventstest.NewLog()
		imported(t, log, five, commands.Config{})
		appends := 0
		h := commands.NewHandler(&faulty{log, func(_ context.Context, _ []events.Append, do func() (events.Seq, error)) (events.Seq, error) {
			if appends++; appends <= 5 {
				return 0, fmt.Errorf("append: %w", events.ErrUnavailable)
			}
			return do()
		}}, commands.Config{})
		end := log.End()
		if result := execute(t, h, meta(""), do(commands.Done, "1")); result.Seq != end+1 || appends != 6 {
			t.Errorf("got @%d after %d appends, want @%d after 6", result.Seq, appends, end+1)
		}
	})
}

// It gives up at the deadline, and has not kept the log busy meanwhile.
func TestLogThatFailsForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := eventstest.NewLog()
		imported(t, log, five, commands.Config{})
		appends := 0
		h := commands.NewHandler(&faulty{log, func(context.Context, []events.Append, func() (events.Seq, error)) (events.Seq, error) {
			appends++
			return 0, fmt.Errorf("append: %w", events.ErrUnavailable)
		}}, commands.Config{Deadline: 10 * time.Second})
		began := time.Now()
		_, err := h.Execute(t.Context(), meta(""), do(commands.Done, "1"))
		if !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("got %v, want %v", err, events.ErrUnavailable)
		}
		if took := time.Since(began); took != 10*time.Second || appends > 30 {
			t.Errorf("got %d appends in %s, want 30 at most in 10s", appends, took)
		}
	})
}

// What cannot become better is not tried again.
func TestLogThatIsBroken(t *testing.T) {
	t.Parallel()
	for _, broken := range []error{events.ErrStorage, events.ErrIntegrity} {
		log := eventstest.NewLog()
		imported(t, log, five, commands.Config{})
		appends := 0
		h := commands.NewHandler(&faulty{log, func(context.Context, []events.Append, func() (events.Seq, error)) (events.Seq, error) {
			appends++
			return 0, fmt.Errorf("append: %w", broken)
		}}, commands.Config{})
		if _, err := h.Execute(t.Context(), meta(""), do(commands.Done, "1")); !errors.Is(err, broken) || appends != 1 {
			t.Errorf("got %v after %d appends, want %v after one", err, appends, broken)
		}
	}
}

// A log on which somebody else is always faster.
func TestConflictsUntilTheDeadline(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	imported(t, log, five, commands.Config{})
	h := commands.NewHandler(&faulty{log, func(context.Context, []events.Append, func() (events.Seq, error)) (events.Seq, error) {
		return 0, fmt.Errorf("append: %w", events.ErrConflict)
	}}, commands.Config{Deadline: 20 * time.Millisecond})
	if _, err := h.Execute(t.Context(), meta(""), do(commands.Done, "1")); !errors.Is(err, events.ErrConflict) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a conflict", err)
	}
	// Where an attempt before was not answered, the conflict may be with that.
	attempts := 0
	h = commands.NewHandler(&faulty{log, func(context.Context, []events.Append, func() (events.Seq, error)) (events.Seq, error) {
		if attempts++; attempts == 1 {
			return 0, fmt.Errorf("append: %w", events.ErrUnavailable)
		}
		return 0, fmt.Errorf("append: %w", events.ErrConflict)
	}}, commands.Config{Deadline: 200 * time.Millisecond})
	if _, err := h.Execute(t.Context(), meta(""), do(commands.Done, "1")); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("got %v, want that it is not known", err)
	}
}

// A command waits for its turn no longer than its deadline; the one before it
// is not disturbed.
func TestTurnAndDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := eventstest.NewLog()
		imported(t, log, five, commands.Config{})
		gate := make(chan struct{})
		h := commands.NewHandler(&faulty{log, func(_ context.Context, appends []events.Append, do func() (events.Seq, error)) (events.Seq, error) {
			<-gate
			return do()
		}}, commands.Config{Deadline: time.Second})
		first := make(chan error)
		go func() {
			_, err := h.Execute(t.Context(), meta(""), do(commands.Done, "1"))
			first <- err
		}()
		synctest.Wait()
		began := time.Now()
		_, err := h.Execute(t.Context(), meta(""), do(commands.Done, "2"))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("got %v after %s, want the deadline after 1s", err, time.Since(began))
		}
		if err := h.View(canceled(t), "plan", nil); !errors.Is(err, context.Canceled) {
			t.Errorf("view: got %v, want %v", err, context.Canceled)
		}
		close(gate)
		t.Log(<-first) // stored or not, it has come to an end
		if result := execute(t, h, meta(""), do(commands.Done, "2")); len(result.Events) != 1 {
			t.Errorf("afterwards: got %d events, want 1", len(result.Events))
		}
	})
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// Many commands whose batch was stored, but its answer lost, find themselves.
func TestLostAckOfABatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := eventstest.NewLog()
		setup := commands.NewHandler(log, commands.Config{})
		named := func(i int) commands.Meta {
			m := meta("")
			m.Checklist = fmt.Sprintf("list-%d", i)
			return m
		}
		const lists = 40
		for i := range lists {
			execute(t, setup, named(i), commands.ImportDocument{Document: []byte(five)})
		}
		gate, batches := make(chan struct{}), 0
		var mu sync.Mutex
		h := commands.NewHandler(&faulty{log, func(_ context.Context, appends []events.Append, do func() (events.Seq, error)) (events.Seq, error) {
			if appends[0].Checklist == "list-0" {
				<-gate
			}
			seq, err := do()
			if len(appends) > 1 {
				mu.Lock()
				defer mu.Unlock()
				batches++
				return 0, errTimeout
			}
			return seq, err
		}}, commands.Config{})
		end := log.End()
		var wg sync.WaitGroup
		results := make([]commands.Result, lists)
		for i := range lists {
			wg.Go(func() {
				var err error
				if results[i], err = h.Execute(t.Context(), named(i), do(commands.Done, "1")); err != nil {
					t.Errorf("%d: %v", i, err)
				}
			})
			synctest.Wait()
		}
		close(gate)
		wg.Wait()
		if batches != 1 || log.End() != end+lists {
			t.Errorf("got %d batches and %d events, want one and %d", batches, log.End()-end, lists)
		}
		seen := make(map[events.Seq]bool)
		for i, r := range results {
			if len(r.Events) != 1 || r.Seq != r.Events[0].Seq || seen[r.Seq] || r.Events[0].Checklist != fmt.Sprintf("list-%d", i) {
				t.Errorf("%d: got %+v", i, r)
			}
			seen[r.Seq] = true
		}
	})
}

// The three clocks.
func TestClocks(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	clock := now.Add(123456 * time.Nanosecond)
	h := imported(t, log, five, commands.Config{Now: func() time.Time { return clock }})
	last := func() events.Envelope {
		all := history(t, log)
		return all[len(all)-1]
	}
	want := func(what string, got, want time.Time) {
		t.Helper()
		if !got.Equal(want) {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
	want("time", last().Time, now) // whole milliseconds
	want("recorded", last().RecordedTime, now)

	clock = now.Add(time.Hour)
	execute(t, h, meta(""), do(commands.Start, "1"))
	want("effective", last().EffectiveTime, clock)

	clock = clock.Add(-30 * time.Second) // the clock was set
	execute(t, h, meta(""), do(commands.Stop, "1"))
	want("effective of a clock that jumped back", last().EffectiveTime, now.Add(time.Hour))
	want("recorded of a clock that jumped back", last().RecordedTime, clock)
	want("time of a clock that jumped back", last().Time, clock)

	m := meta("")
	m.On = now.Add(-48 * time.Hour)
	execute(t, h, m, do(commands.Done, "1"))
	want("the claimed time", last().Time, m.On)
	want("recorded of a claim", last().RecordedTime, clock)
	want("effective of a claim", last().EffectiveTime, now.Add(time.Hour))

	end := log.End()
	clock = now.Add(time.Hour - time.Minute) // just so
	execute(t, h, meta(""), do(commands.Stop, "2"))
	clock = clock.Add(-time.Millisecond)
	_, err := h.Execute(t.Context(), meta(""), do(commands.Start, "2"))
	if got, want := refusal(err), "refused: this machine's clock is 1m0s behind the log"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if log.End() != end+1 {
		t.Errorf("got @%d, want @%d", log.End(), end+1)
	}
}

// What stands around a command is in each of its events.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	n := 0
	h := imported(t, log, five, commands.Config{
		Now:   func() time.Time { return now },
		NewID: func() (string, error) { n++; return fmt.Sprintf("id-%d", n), nil },
	})
	m := meta("0199aaaa-0000-7000-8000-000000000001")
	m.Reason, m.OnBehalfOf, m.Traceparent = "because <so>", "chen", "00-abc-def-01"
	var observed []string
	m.Observe = func(before *checklist.State, env events.Envelope) {
		observed = append(observed, fmt.Sprintf("@%d %s", env.Seq, before.Task(1).Task.State))
	}
	cmd := commands.Transition{Verb: commands.Drop, Tasks: []string{"1", "2"}}
	result := execute(t, h, m, cmd)
	hash, err := commands.Hash("plan", cmd)
	if err != nil {
		t.Fatal(err)
	}
	first := result.Seq - 1
	for i, env := range result.Events {
		want := events.Envelope{
			Seq: first + events.Seq(i), ID: fmt.Sprintf("id-%d", n-1+i), Checklist: "plan", Revision: uint64(first) - 1 + uint64(i),
			Time: now, RecordedTime: now, EffectiveTime: now, Actor: m.Actor, Via: "test",
			CommandID: m.ID, CommandName: "DropTask", CommandHash: hash, Part: i + 1, Parts: 2,
			OnBehalfOf: "chen", Traceparent: "00-abc-def-01", Reason: "because <so>",
			Data: &events.TaskDropped{Key: i + 1, Mark: '-'}, Body: env.Body,
		}
		if diff := cmp.Diff(want, env); diff != "" {
			t.Errorf("event %d (-want +got):\n%s", i, diff)
		}
	}
	if diff := cmp.Diff(result.Events, history(t, log)[first-2:]); diff != "" {
		t.Errorf("the log has other events (-result +log):\n%s", diff)
	}
	if want := []string{fmt.Sprintf("@%d todo", first), fmt.Sprintf("@%d dropped", first+1)}; !cmp.Equal(observed, want) {
		t.Errorf("observed %q, want %q", observed, want)
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	h := imported(t, log, five, commands.Config{})
	end := log.End()
	got, err := h.DryRun(t.Context(), meta(""), do(commands.Done, "1", "2"))
	if err != nil || len(got.Events) != 2 || got.Seq != end || log.End() != end {
		t.Errorf("got %d events at @%d, %v, and the log at @%d, want 2 and @%d", len(got.Events), got.Seq, err, log.End(), end)
	}
	const id = "0199aaaa-0000-7000-8000-000000000001"
	if _, err := h.Execute(t.Context(), meta(id), commands.AddTask{Text: "new"}); err != nil {
		t.Fatal(err)
	}
	if got, err := h.DryRun(t.Context(), meta(id), commands.AddTask{Text: "new"}); err != nil || !got.Repeated || len(got.Events) == 0 || got.Seq == 0 {
		t.Errorf("a command that was executed before: got %+v, %v, want it repeated", got, err)
	}
	if _, err := h.DryRun(t.Context(), meta(id), commands.AddTask{Text: "another"}); !strings.HasPrefix(refusal(err), "command_id_reused: ") {
		t.Errorf("the id of another command: got %q", refusal(err))
	}
	if _, err := h.DryRun(t.Context(), meta("x"), commands.AddTask{Text: "new"}); refusal(err) != `usage: --id "x" is no UUID` {
		t.Errorf("no id: got %q", refusal(err))
	}
	if _, err := h.DryRun(t.Context(), meta(""), do(commands.Start, "4")); refusal(err) != "refused: 4 done is done; start does not apply" {
		t.Errorf("got %q", refusal(err))
	}
	if err := h.View(t.Context(), "plan", func(st *checklist.State) error {
		if st.Task(1).Task.State != events.Todo {
			t.Error("the dry run changed the view")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// A handler that is not alone sees what others wrote; an exclusive one need not.
func TestViewCatchesUp(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	a := imported(t, log, five, commands.Config{})
	b := commands.NewHandler(log, commands.Config{})
	for _, verb := range []commands.Verb{commands.Start, commands.Done} {
		execute(t, a, meta(""), do(verb, "1"))
		if err := b.View(t.Context(), "plan", func(st *checklist.State) error {
			if got := st.Task(1).Task.State; got != verb.Target() {
				t.Errorf("got %s, want %s", got, verb.Target())
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
}

// A hole in the history stops the checklist, and nothing is written to it.
func TestUnreadableHistory(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	imported(t, log, five, commands.Config{})
	bad := eventstest.Envelope("plan", 9, &events.TaskStarted{Key: 1})
	bad.Body = []byte(`{"type":"cairn.task.started.v1","data":`)
	if _, err := log.Append(t.Context(), []events.Append{{Checklist: "plan", Expect: log.End(), Events: []events.Envelope{bad}}}); err != nil {
		t.Fatal(err)
	}
	end := log.End()
	h := commands.NewHandler(log, commands.Config{})
	if _, err := h.Execute(t.Context(), meta(""), do(commands.Done, "1")); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("@%d", end)) {
		t.Errorf("got %v, want an error at @%d", err, end)
	}
	if log.End() != end {
		t.Errorf("got @%d, want @%d", log.End(), end)
	}
}

// The same over the log that people use: 64 writers on 64 checklists, each
// answered with where its events are, known again after the log was reopened.
func TestOverTheEmbeddedLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func() *natslog.Log {
		t.Helper()
		log, err := natslog.Open(t.Context(), natslog.Config{Dir: dir, Create: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = log.Close() })
		return log
	}
	log := open()
	h := commands.NewHandler(log, commands.Config{Exclusive: true})
	const lists, each = 64, 4
	ids := make([]string, lists)
	results := make([]commands.Result, lists)
	named := func(i int) commands.Meta {
		m := meta("")
		m.Checklist = fmt.Sprintf("list-%d", i)
		return m
	}
	var wg sync.WaitGroup
	for i := range lists {
		ids[i] = newID(t)
		wg.Go(func() {
			if _, err := h.Execute(t.Context(), named(i), commands.ImportDocument{Document: []byte(five)}); err != nil {
				t.Errorf("%d: %v", i, err)
			}
			for n := range each {
				m := named(i)
				if n == 0 {
					m.ID = ids[i]
				}
				result, err := h.Execute(t.Context(), m, add(fmt.Sprintf("%d", n)))
				if err != nil {
					t.Errorf("%d: %v", i, err)
				}
				if n == 0 {
					results[i] = result
				}
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	log = open()
	h = commands.NewHandler(log, commands.Config{Exclusive: true})
	end := log.End()
	if want := events.Seq(1 + lists*(7+each)); end != want {
		t.Errorf("got @%d, want @%d", end, want)
	}
	for i := range lists {
		m := named(i)
		m.ID = ids[i]
		again := execute(t, h, m, add("0"))
		results[i].Repeated = true
		if diff := cmp.Diff(results[i], again); diff != "" {
			t.Errorf("%d (-first +again):\n%s", i, diff)
		}
	}
	if log.End() != end {
		t.Errorf("the log grew to @%d", log.End())
	}
}
