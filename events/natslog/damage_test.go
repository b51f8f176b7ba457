package natslog

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
)

// damagedLog returns the directory of a closed log of 1+100 events of "a".
func damagedLog(t *testing.T) string {
	t.Helper()
	l, dir := create(t)
	mustAppend(t, l, batch("a", 0, 0, 100))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// block returns the path of the first block of the store.
func block(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(storePath(dir), "jetstream", "*", "streams", streamName, "msgs", "*.blk"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no block in %s: %v", dir, err)
	}
	return found[0]
}

// withoutIndex removes what JetStream wrote at shutdown, as after a crash.
func withoutIndex(t *testing.T, dir string) {
	t.Helper()
	if err := os.Remove(filepath.Join(filepath.Dir(block(t, dir)), "index.db")); err != nil {
		t.Fatal(err)
	}
}

// flip changes one bit of the event with that revision.
func flip(t *testing.T, dir, id string) {
	t.Helper()
	path := block(t, dir)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(b, []byte(id))
	if i < 0 {
		t.Fatalf("no %s in %s", id, path)
	}
	b[i] ^= 1
	// A disk that forgets says nothing.
	info, err := os.Stat(path)
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err == nil {
		err = os.Chtimes(path, time.Time{}, info.ModTime())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// wantDamaged wants that the log is refused, at opening or reading, and that
// the error names where.
func wantDamaged(t *testing.T, dir string, f events.Filter, where string) {
	t.Helper()
	l, err := Open(t.Context(), Config{Dir: dir})
	if err == nil {
		defer l.Close()
		for _, err = range l.Read(t.Context(), f) {
		}
	}
	if !errors.Is(err, events.ErrIntegrity) || !strings.Contains(err.Error(), where) {
		t.Errorf("got %v, want ErrIntegrity naming %s", err, where)
	}
	var e *Error
	if !errors.As(err, &e) || e.Hint == "" {
		t.Errorf("got %T, want *Error with a hint", err)
	}
}

// Trap: JetStream skips an event it cannot read, without a word.
func TestFlippedBit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		f     events.Filter
		crash bool
		id    string
		where string
	}{
		{"whole log", events.Filter{}, false, "0199-00000050", "@51"},
		{"one checklist", events.Filter{Checklist: "a"}, false, "0199-00000050", "revision 50 of a, between @50 and @52"},
		{"one checklist from its middle", events.Filter{Checklist: "a", After: 20}, false, "0199-00000050", "revision 50 of a"},
		{"whole log after a crash", events.Filter{}, true, "0199-00000050", "@5"},
		{"last event", events.Filter{}, false, "0199-00000100", "@101"},
		{"last event after a crash", events.Filter{}, true, "0199-00000100", "@101"},
		{"first event", events.Filter{}, false, "cairn.log.opened", "@1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := damagedLog(t)
			flip(t, dir, test.id)
			if test.crash {
				withoutIndex(t, dir)
			}
			wantDamaged(t, dir, test.f, test.where)
		})
	}
}

// Trap: a cut tail looks like a shorter log, and its sequences are given again.
func TestCutTail(t *testing.T) {
	t.Parallel()
	const where = "@99 cannot be read"
	for _, crash := range []bool{false, true} {
		dir := damagedLog(t)
		path := block(t, dir)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Truncate(path, info.Size()-1500), os.Chtimes(path, time.Time{}, info.ModTime())); err != nil {
			t.Fatal(err)
		}
		if crash {
			withoutIndex(t, dir)
		}
		wantDamaged(t, dir, events.Filter{}, where)
		wantDamaged(t, dir, events.Filter{}, where) // also when it is tried again
	}
}

// Trap: after a crash, JetStream cuts off a block at the first message that it
// cannot read, with all that is whole behind it. What was being written when the
// crash came is no damage.
func TestCrashedBlock(t *testing.T) {
	t.Parallel()
	dir := damagedLog(t)
	withoutIndex(t, dir)
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	flip(t, dir, "0199-00000050")
	before, err := os.ReadFile(block(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	wantDamaged(t, dir, events.Filter{}, "@51 cannot be read")
	if after, err := os.ReadFile(block(t, dir)); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the block was changed: %d bytes, were %d", len(after), len(before))
	}
	// Torn behind the head: that was never acknowledged.
	f, err := os.OpenFile(block(t, copied), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(before[:700])
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	l := open(t, Config{Dir: copied})
	if got := len(read(t, l, events.Filter{})); got != 101 {
		t.Errorf("got %d events, want 101", got)
	}
}

// Trap: if the store loses its tail while nobody looks, the next append gets a
// sequence that was acknowledged before.
func TestReusedSequence(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	mustAppend(t, l, batch("a", 0, 0, 3))
	// As if the log had been two events longer.
	k := l.head.(*fileHead)
	k.mu.Lock()
	k.frontier.Append(k.leaf)
	k.frontier.Append(k.leaf)
	k.mu.Unlock()

	if _, err := l.Append(t.Context(), []events.Append{batch("a", 4, 3, 1)}); !errors.Is(err, events.ErrIntegrity) {
		t.Errorf("got %v, want ErrIntegrity", err)
	}
	if _, err := l.Append(t.Context(), []events.Append{batch("b", 0, 0, 1)}); !errors.Is(err, events.ErrIntegrity) {
		t.Errorf("the next append: got %v, want ErrIntegrity", err)
	}
	if got := len(read(t, l, events.Filter{})); got != 5 {
		t.Errorf("got %d events, want 5: the next append must not store", got)
	}
}

// Trap: an older copy of the store is a whole and valid log.
func TestOlderStore(t *testing.T) {
	t.Parallel()
	dir := damagedLog(t)
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(storePath(dir))); err != nil {
		t.Fatal(err)
	}
	l := open(t, Config{Dir: dir})
	mustAppend(t, l, batch("a", 101, 100, 5))
	l.Close()
	if err := os.RemoveAll(storePath(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(storePath(dir), os.DirFS(copied)); err != nil {
		t.Fatal(err)
	}
	wantDamaged(t, dir, events.Filter{}, "it ends at @101, we saw @106")
}

// Trap: another store of the same length is a whole and valid log.
func TestOtherStore(t *testing.T) {
	t.Parallel()
	dir, other := damagedLog(t), damagedLog(t)
	l := open(t, Config{Dir: dir})
	mustAppend(t, l, batch("a", 101, 100, 1))
	l.Close()
	l = open(t, Config{Dir: other})
	mustAppend(t, l, batch("b", 0, 0, 1))
	l.Close()
	if err := os.RemoveAll(storePath(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(storePath(dir), os.DirFS(storePath(other))); err != nil {
		t.Fatal(err)
	}
	wantDamaged(t, dir, events.Filter{}, "@102 is another event")
}

// Trap: where the stream cannot be found, JetStream makes a new one if asked,
// and deletes files that it cannot read.
func TestLostStore(t *testing.T) {
	t.Parallel()
	for _, gone := range []string{"store", "store/jetstream/$G/streams/CAIRN", "store/jetstream/$G/streams/CAIRN/meta.inf", "store/jetstream/$G/streams/CAIRN/msgs"} {
		t.Run(filepath.Base(gone), func(t *testing.T) {
			t.Parallel()
			dir := damagedLog(t)
			if err := os.RemoveAll(filepath.Join(dir, gone)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				l, err := Open(t.Context(), Config{Dir: dir, Create: true})
				if err == nil {
					l.Close()
				}
				if !errors.Is(err, events.ErrIntegrity) {
					t.Errorf("got %v, want ErrIntegrity", err)
				}
			}
			if gone != "store/jetstream/$G/streams/CAIRN/meta.inf" {
				return
			}
			if info, err := os.Stat(block(t, dir)); err != nil || info.Size() == 0 {
				t.Errorf("the block is gone: %v", err)
			}
		})
	}
}

// Trap: a hole in the store is no error to JetStream; only its counts tell.
func TestHoleAtOpen(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		state jetstream.StreamState
		where string
	}{
		{jetstream.StreamState{FirstSeq: 1, LastSeq: 9, Msgs: 9}, ""},
		{jetstream.StreamState{FirstSeq: 2, LastSeq: 9, Msgs: 8}, "begins at @2"},
		{jetstream.StreamState{FirstSeq: 1, LastSeq: 9, Msgs: 8}, "1 of 9 events are missing"},
		{jetstream.StreamState{FirstSeq: 1, LastSeq: 9, Msgs: 8, NumDeleted: 1, Deleted: []uint64{5}}, "@5"},
	} {
		err := checkState("DIR", test.state)
		if test.where == "" {
			if err != nil {
				t.Errorf("%+v: got %v, want nil", test.state, err)
			}
			continue
		}
		if !errors.Is(err, events.ErrIntegrity) || !strings.Contains(err.Error(), test.where) {
			t.Errorf("%+v: got %v, want ErrIntegrity naming %s", test.state, err, test.where)
		}
	}
}
