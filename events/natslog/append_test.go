package natslog

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
)

// Trap: without SyncAlways, a PubAck comes before the event is on the disk.
func TestSyncAlways(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	if !l.options().SyncAlways || !l.server.JetStreamConfig().SyncAlways {
		t.Errorf("SyncAlways is off")
	}
	if !l.options().DontListen || l.server.Addr() != nil {
		t.Errorf("the embedded server listens on %v", l.server.Addr())
	}
}

// Trap: JetStream allows 1000 messages in a batch by default.
func TestLargeBatch(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	if got := mustAppend(t, l, batch("a", 0, 0, 12_000)); got != 12_001 {
		t.Errorf("got @%d, want @12001", got)
	}
	if got := len(read(t, l, events.Filter{Checklist: "a"})); got != 12_000 {
		t.Errorf("got %d events, want 12000", got)
	}
}

// A batch of the largest events, as many as a file of 16 MiB can make.
func TestBatchOfLargeEvents(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	a := batch("a", 0, 0, 18)
	for i := range a.Events {
		a.Events[i].Reason = strings.Repeat("x", events.MaxEvent-2000)
	}
	mustAppend(t, l, a)
	if got := len(read(t, l, events.Filter{})); got != 19 {
		t.Errorf("got %d events, want 19", got)
	}
}

// Trap: a conflict comes as 10071 or as 10164.
func TestConflictCodes(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	for _, code := range []jetstream.ErrorCode{10071, 10164} {
		err := l.failed(t.Context(), "append", &jetstream.APIError{Code: 400, ErrorCode: code})
		if !errors.Is(err, events.ErrConflict) {
			t.Errorf("%d: got %v, want ErrConflict", code, err)
		}
	}
}

// Trap: an append may be stored though its acknowledgement never came. The
// retry then conflicts with itself; reading finds the event.
func TestLostAck(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	a := []events.Append{batch("a", 0, 0, 1)}
	lost := errors.New("lost")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	head := l.head.(*fileHead)
	head.mu.Lock()
	stored := head.moved
	head.mu.Unlock()
	go func() { // the caller gives up as the event is stored
		<-stored
		cancel(lost)
	}()
	if _, err := l.Append(ctx, a); err != nil && !errors.Is(err, lost) {
		t.Fatalf("got %v, want nil or %v", err, lost)
	}
	<-stored
	if _, err := l.Append(t.Context(), a); !errors.Is(err, events.ErrConflict) {
		t.Errorf("retry: got %v, want ErrConflict", err)
	}
	if got := len(read(t, l, events.Filter{Checklist: "a"})); got != 1 {
		t.Errorf("got %d events, want 1", got)
	}
}

// An append whose caller gave up at once still comes into the head, and those
// behind it do not wait.
func TestAbandonedAppend(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			if i%2 == 0 {
				go cancel()
			}
			defer cancel()
			_, err := l.Append(ctx, []events.Append{batch(string(rune('a'+i%26))+string(rune('a'+i/26)), 0, 0, 1)})
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("append %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	mustAppend(t, l, batch("z", 0, 0, 1))
	got := read(t, l, events.Filter{})
	if end := l.End(); int(end) != len(got) {
		t.Errorf("end: got @%d, want @%d", end, len(got))
	}
}

// Trap: two different filters for one checklist are both accepted at once in a
// cluster. There is one constructor.
func TestOneFilter(t *testing.T) {
	t.Parallel()
	if got, want := filterOf("migration"), "cairn.log.migration.>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	w, err := newWrite([]events.Append{batch("a", 7, 0, 2)})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := w.msgs[0].Header.Get(jetstream.ExpectedLastSubjSeqSubjHeader), filterOf("a"); got != want {
		t.Errorf("expectation: got %q, want %q", got, want)
	}
	if got := w.msgs[1].Header.Get(jetstream.ExpectedLastSubjSeqSubjHeader); got != "" {
		t.Errorf("expectation of the second event: got %q, want none", got)
	}
	root := filepath.Join("..", "..")
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, text := range strings.Split(string(b), "\n") {
			code, _, _ := strings.Cut(text, "//")
			if strings.Contains(code, `"cairn.log.`) && !strings.Contains(code, "cairn.log.opened") &&
				!strings.Contains(code, `logPrefix      = "cairn.log."`) {
				t.Errorf("%s:%d builds a subject: %s", path, i+1, text)
			}
			if strings.Contains(code, `+ ".>"`) && strings.TrimSpace(code) != `return logPrefix + checklist + ".>"` {
				t.Errorf("%s:%d builds a filter: %s", path, i+1, text)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		checklist string
		kind      events.Kind
		want      string
	}{
		{"a", events.KindTaskCompleted, "cairn.log.a.task.completed"},
		{"", events.KindLogOpened, "cairn.sys"},
		{"a", "cairn.task.snoozed.v7", "cairn.log.a.task.snoozed"},
		{"a.b", events.KindTaskCompleted, ""},
		{"*", events.KindTaskCompleted, ""},
		{"a b", events.KindTaskCompleted, ""},
		{"a", "task.completed", ""},
		{"a", "cairn.>.completed.v1", ""},
	} {
		got, err := subjectOf(test.checklist, test.kind)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%q, %q: got %q, %v, want %q", test.checklist, test.kind, got, err, test.want)
		}
		if name, ok := checklistOf(test.want); ok != (test.want != "") || (ok && name != test.checklist) {
			t.Errorf("%q: got %q, %v, want %q", test.want, name, ok, test.checklist)
		}
	}
}
