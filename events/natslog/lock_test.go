package natslog

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"cairn/events"
)

// Trap: JetStream does not lock its directory. Two processes on one both get
// acknowledgements, and each loses what the other wrote.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, in, out := runChild(t, "hold", dir)
	if !out.Scan() || out.Text() != "open" {
		t.Fatalf("child: got %q, want open", out.Text())
	}
	_, err := Open(t.Context(), Config{Dir: dir, Wait: 30 * time.Millisecond})
	if !errors.Is(err, events.ErrUnavailable) {
		t.Fatalf("open a log that is in use: got %v, want ErrUnavailable", err)
	}
	if want := fmt.Sprintf("pid %d", cmd.Process.Pid); !strings.Contains(err.Error(), want) {
		t.Errorf("got %q, want it to name %q", err, want)
	}
	if h, err := Peek(dir); err != nil || h.N != 1 {
		t.Errorf("peek at a log that is in use: got @%d, %v, want @1", h.N, err)
	}
	in.Close() // the child ends, and we get it within the time
	l := open(t, Config{Dir: dir})
	if got := l.End(); got != 1 {
		t.Errorf("end: got @%d, want @1", got)
	}
}

// Trap: the same within one process.
func TestTwiceInOneProcess(t *testing.T) {
	t.Parallel()
	_, dir := create(t)
	if _, err := Open(t.Context(), Config{Dir: dir, Wait: -1}); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

// Trap: a lock on a file that has been replaced keeps nobody out.
func TestReplacedLock(t *testing.T) {
	t.Parallel()
	l, dir := create(t)
	mustAppend(t, l, batch("a", 0, 0, 1))
	if err := os.Remove(lockPath(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lockPath(dir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := l.Append(t.Context(), []events.Append{batch("a", 2, 1, 1)})
	if !errors.Is(err, events.ErrIntegrity) {
		t.Errorf("append: got %v, want ErrIntegrity", err)
	}
	if got := len(read(t, l, events.Filter{})); got != 2 {
		t.Errorf("got %d events, want 2", got)
	}
}

// No acknowledged event is lost by kill -9, and the lock does not outlive it.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, _, out := runChild(t, "append", dir)
	acked := 0
	for acked < 50 && out.Scan() {
		acked, _ = strconv.Atoi(out.Text())
	}
	if acked < 50 {
		t.Fatalf("child: got %q", out.Text())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for out.Scan() { // what it said before it died
		acked, _ = strconv.Atoi(out.Text())
	}
	l := open(t, Config{Dir: dir})
	if got := len(read(t, l, events.Filter{})); got < acked || int(l.End()) != got {
		t.Errorf("got %d events and end @%d, want at least the %d acknowledged", got, l.End(), acked)
	}
	mustAppend(t, l, batch("a", l.End(), uint64(l.End())-1, 1))
}

// A full disk stops appends with ErrStorage; what was acknowledged stays.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, _, out := runChild(t, "full disk", dir)
	acked, last := 0, ""
	for out.Scan() {
		last = out.Text()
		if n, err := strconv.Atoi(last); err == nil {
			acked = n
		}
	}
	if acked < 5 || !strings.Contains(last, "cannot be written") {
		t.Errorf("after @%d: got %q, want: … cannot be written", acked, last)
	}
	l := open(t, Config{Dir: dir})
	if got := len(read(t, l, events.Filter{})); got < acked {
		t.Errorf("got %d events, want at least the %d acknowledged", got, acked)
	}
}
