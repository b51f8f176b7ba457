package natslog

import (
	"fmt"
	"testing"
	"time"

	"cairn/events"
)

func open(t testing.TB, c Config) *Log {
	t.Helper()
	l, err := Open(t.Context(), c)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

func create(t testing.TB) (*Log, string) {
	t.Helper()
	dir := t.TempDir()
	return open(t, Config{Dir: dir, Create: true}), dir
}

// started returns an event with that revision.
func started(revision uint64) events.Envelope {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	return events.Envelope{
		ID: fmt.Sprintf("0199-%08d", revision), Revision: revision, Time: now, RecordedTime: now, EffectiveTime: now,
		Actor: events.Actor{ID: "ada@example.com", Auth: events.Unauthenticated}, Via: "test",
		CommandID: "c", CommandName: "StartTask", CommandHash: "h", Part: 1, Parts: 1,
		Data: &events.TaskStarted{Key: int(revision)},
	}
}

// batch returns n events of checklist behind revision.
func batch(checklist string, expect events.Seq, revision uint64, n int) events.Append {
	a := events.Append{Checklist: checklist, Expect: expect}
	for i := range n {
		a.Events = append(a.Events, started(revision+uint64(i)+1))
	}
	return a
}

func mustAppend(t testing.TB, l events.Log, appends ...events.Append) events.Seq {
	t.Helper()
	seq, err := l.Append(t.Context(), appends)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return seq
}

func read(t testing.TB, l events.Log, f events.Filter) []events.Envelope {
	t.Helper()
	var all []events.Envelope
	for env, err := range l.Read(t.Context(), f) {
		if err != nil {
			t.Fatalf("read %+v: %v", f, err)
		}
		all = append(all, env)
	}
	return all
}

func TestOpenAppendRead(t *testing.T) {
	l, dir := create(t)
	if got := mustAppend(t, l, batch("a", 0, 0, 1)); got != 2 {
		t.Errorf("seq: got %d, want 2", got)
	}
	if got := mustAppend(t, l, batch("a", 2, 1, 10), batch("b", 0, 0, 3)); got != 15 {
		t.Errorf("seq: got %d, want 15", got)
	}
	if got := len(read(t, l, events.Filter{})); got != 15 {
		t.Errorf("got %d events, want 15", got)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, Config{Dir: dir})
	if got := len(read(t, l, events.Filter{Checklist: "b"})); got != 3 {
		t.Errorf("got %d events, want 3", got)
	}
}
