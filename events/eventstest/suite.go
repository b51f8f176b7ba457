package eventstest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
)

// RunLogTests runs the tests that every [events.Log] passes. open returns a log
// that holds nothing but its first event, and sees to its end with t.Cleanup.
func RunLogTests(t *testing.T, open func(t *testing.T) events.Log) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, events.Log)
	}{
		{"a log begins with log.opened", testFirst},
		{"what is appended is read as it was", testRoundTrip},
		{"appends of several checklists are contiguous", testContiguous},
		{"appending nothing does nothing", testNothing},
		{"a stale expectation stores nothing", testConflict},
		{"one stale expectation of several stores nothing", testConflictOfSeveral},
		{"a batch with a stale expectation stores nothing", testConflictOfBatch},
		{"two expectations of one checklist conflict", testTwoExpectations},
		{"a retry of a stored append conflicts", testRetry},
		{"bodies are stored as they are", testBodies},
		{"an event over the limit stores nothing", testTooLarge},
		{"filters select", testFilters},
		{"a hole in the revisions is an error", testHole},
		{"breaking out of a read is harmless", testBreak},
		{"a read ends where the log ended on entry", testEnd},
		{"a cancelled context ends everything", testCancelled},
		{"following sees what was and what comes", testFollow},
		{"following ends with its context", testFollowEnds},
		{"following ends at Upto", testFollowUpto},
		{"checklists do not disturb each other", testConcurrent},
		{"one of many equal expectations wins", testRace},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// add appends and returns the sequence of the last event.
func add(t *testing.T, log events.Log, appends ...events.Append) events.Seq {
	t.Helper()
	seq, err := log.Append(t.Context(), appends)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return seq
}

// all reads what f selects.
func all(t *testing.T, log events.Log, f events.Filter) []events.Envelope {
	t.Helper()
	var got []events.Envelope
	for env, err := range log.Read(t.Context(), f) {
		if err != nil {
			t.Fatalf("read %+v: %v", f, err)
		}
		got = append(got, env)
	}
	return got
}

// seqs returns the sequences of envs.
func seqs(envs []events.Envelope) []events.Seq {
	out := []events.Seq{}
	for _, env := range envs {
		out = append(out, env.Seq)
	}
	return out
}

func wantSeqs(t *testing.T, log events.Log, f events.Filter, want ...events.Seq) {
	t.Helper()
	if want == nil {
		want = []events.Seq{}
	}
	if diff := cmp.Diff(want, seqs(all(t, log, f))); diff != "" {
		t.Errorf("read %+v (-want +got):\n%s", f, diff)
	}
}

// wantErr appends and wants an error, and that nothing was stored.
func wantErr(t *testing.T, log events.Log, want error, appends ...events.Append) {
	t.Helper()
	before := len(all(t, log, events.Filter{}))
	_, err := log.Append(t.Context(), appends)
	if err == nil || (want != nil && !errors.Is(err, want)) {
		t.Errorf("append: got error %v, want %v", err, want)
	}
	if got := len(all(t, log, events.Filter{})); got != before {
		t.Errorf("after a refused append: got %d events, want %d", got, before)
	}
}

func testFirst(t *testing.T, log events.Log) {
	got := all(t, log, events.Filter{})
	if len(got) != 1 {
		t.Fatalf("got %d events, want 1", len(got))
	}
	first := got[0]
	opened, ok := first.Data.(*events.LogOpened)
	if !ok || opened.Origin == "" || opened.Format == "" {
		t.Errorf("got %#v, want log.opened with origin and format", first.Data)
	}
	if first.Seq != 1 || first.Revision != 1 || first.Checklist != "" {
		t.Errorf("got @%d, revision %d of %q, want @1, revision 1 of the log itself", first.Seq, first.Revision, first.Checklist)
	}
}

func testRoundTrip(t *testing.T, log events.Log) {
	a := Batch("a", 0, 1, &events.TaskStarted{Key: 12}, &events.TaskCompleted{Key: 12})
	a.Events[1].Reason = "all specs green <&> ü"
	if got := add(t, log, a); got != 3 {
		t.Errorf("got @%d, want @3", got)
	}
	var want []events.Envelope
	for i, env := range a.Events {
		body, err := events.Marshal(&env)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, events.Decode(events.Seq(i+2), "a", body))
	}
	got := all(t, log, events.Filter{After: 1})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func testContiguous(t *testing.T, log events.Log) {
	last := add(t, log, Batch("a", 0, 1, Started(3)...), Batch("b", 0, 1, Started(2)...), Batch("", 1, 2, &events.SignerAdded{Key: "k"}))
	if last != 7 {
		t.Errorf("got @%d, want @7", last)
	}
	last = add(t, log, Batch("b", 6, 3, Started(2)...), Batch("a", 4, 4, Started(1)...))
	if last != 10 {
		t.Errorf("got @%d, want @10", last)
	}
	wantSeqs(t, log, events.Filter{Checklist: "a"}, 2, 3, 4, 10)
	wantSeqs(t, log, events.Filter{Checklist: "b"}, 5, 6, 8, 9)
	wantSeqs(t, log, events.Filter{System: true}, 1, 7)
	wantSeqs(t, log, events.Filter{}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
}

func testNothing(t *testing.T, log events.Log) {
	for _, appends := range [][]events.Append{nil, {{Checklist: "a", Expect: 99}}} {
		if seq, err := log.Append(t.Context(), appends); seq != 0 || err != nil {
			t.Errorf("append nothing: got @%d, %v, want @0, nil", seq, err)
		}
	}
	wantSeqs(t, log, events.Filter{}, 1)
}

func testConflict(t *testing.T, log events.Log) {
	add(t, log, Batch("a", 0, 1, Started(1)...))
	for _, expect := range []events.Seq{0, 1, 3, 99} {
		wantErr(t, log, events.ErrConflict, Batch("a", expect, 2, Started(1)...))
	}
	wantErr(t, log, events.ErrConflict, Batch("b", 2, 1, Started(1)...))
	wantErr(t, log, events.ErrConflict, Batch("", 0, 1, &events.SignerAdded{Key: "k"}))
	if got := add(t, log, Batch("a", 2, 2, Started(1)...)); got != 3 {
		t.Errorf("got @%d, want @3: refused appends leave no trace", got)
	}
}

func testConflictOfSeveral(t *testing.T, log events.Log) {
	add(t, log, Batch("a", 0, 1, Started(1)...))
	wantErr(t, log, events.ErrConflict, Batch("b", 0, 1, Started(1)...), Batch("a", 0, 2, Started(1)...), Batch("c", 0, 1, Started(1)...))
	if got := add(t, log, Batch("b", 0, 1, Started(1)...), Batch("a", 2, 2, Started(1)...)); got != 4 {
		t.Errorf("got @%d, want @4", got)
	}
}

func testConflictOfBatch(t *testing.T, log events.Log) {
	add(t, log, Batch("a", 0, 1, Started(5)...))
	wantErr(t, log, events.ErrConflict, Batch("a", 5, 6, Started(5)...))
	wantErr(t, log, events.ErrConflict, Batch("a", 0, 6, Started(5)...))
	if got := add(t, log, Batch("a", 6, 6, Started(5)...)); got != 11 {
		t.Errorf("got @%d, want @11", got)
	}
}

func testTwoExpectations(t *testing.T, log events.Log) {
	wantErr(t, log, events.ErrConflict, Batch("a", 0, 1, Started(1)...), Batch("a", 2, 2, Started(1)...))
	if got := add(t, log, Batch("a", 0, 1, Started(1)...), Batch("a", 0, 2, Started(1)...)); got != 3 {
		t.Errorf("the same expectation twice: got @%d, want @3", got)
	}
}

func testRetry(t *testing.T, log events.Log) {
	a := Batch("a", 0, 1, Started(1)...)
	add(t, log, a)
	wantErr(t, log, events.ErrConflict, a)
	got := all(t, log, events.Filter{Checklist: "a"})
	if len(got) != 1 || got[0].CommandID != a.Events[0].CommandID {
		t.Errorf("got %d events, want the one with our command id", len(got))
	}
}

func testBodies(t *testing.T, log events.Log) {
	env := Envelope("a", 1, &events.TaskStarted{Key: 1})
	body, err := events.Marshal(&env)
	if err != nil {
		t.Fatal(err)
	}
	newer := strings.Replace(string(body), "task.started.v1", "task.snoozed.v1", 1)
	bodies := []string{string(body), newer, `{"half`}
	appends := events.Append{Checklist: "a", Events: []events.Envelope{
		{Body: []byte(bodies[0])},
		{Body: []byte(bodies[1])},
		{Body: []byte(bodies[2]), Data: &events.TaskStarted{}},
	}}
	add(t, log, appends)
	got := all(t, log, events.Filter{After: 1})
	if len(got) != 3 {
		t.Fatalf("got %d events, want 3", len(got))
	}
	for i, env := range got {
		if string(env.Body) != bodies[i] {
			t.Errorf("body %d: got %s, want %s", i, env.Body, bodies[i])
		}
	}
	if _, ok := got[1].Data.(*events.Unknown); !ok {
		t.Errorf("got %T, want *events.Unknown", got[1].Data)
	}
	if _, ok := got[2].Data.(*events.Unreadable); !ok {
		t.Errorf("got %T, want *events.Unreadable", got[2].Data)
	}
}

func testTooLarge(t *testing.T, log events.Log) {
	large := Batch("a", 0, 1, &events.TaskStarted{Key: 1})
	large.Events[0].Reason = strings.Repeat("x", events.MaxEvent)
	wantErr(t, log, nil, large)
	large.Events[0].Reason = strings.Repeat("x", events.MaxEvent-2000)
	add(t, log, large)
}

func testCancelled(t *testing.T, log events.Log) {
	add(t, log, Batch("a", 0, 1, Started(3)...))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := log.Append(ctx, []events.Append{Batch("b", 0, 1, Started(1)...)}); !errors.Is(err, context.Canceled) {
		t.Errorf("append: got %v, want %v", err, context.Canceled)
	}
	errs := 0
	for _, err := range log.Read(ctx, events.Filter{}) {
		if err != nil {
			errs++
			if !errors.Is(err, context.Canceled) {
				t.Errorf("read: got %v, want %v", err, context.Canceled)
			}
		}
	}
	if errs != 1 {
		t.Errorf("read: got %d errors, want 1", errs)
	}
}
