package trust_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/events/natslog"
	"cairn/server/trust"
)

// log returns the first events of a log, as they are read: @1 opens it, @2 to @4
// are about checklist a.
func logOf(t *testing.T, change func([]events.Envelope)) []events.Envelope {
	t.Helper()
	envs := []events.Envelope{event(1, ""), event(1, "one"), event(2, "two"), event(3, "three")}
	envs[0].Data = &events.LogOpened{Origin: "cairn/test", Key: "", Format: "1"}
	for i := range envs[1:] {
		envs[i+1].Checklist = "a"
	}
	change(envs)
	for i := range envs {
		if envs[i].Body != nil {
			continue
		}
		body, err := events.Marshal(&envs[i])
		if err != nil {
			t.Fatal(err)
		}
		envs[i] = events.Decode(events.Seq(i+1), envs[i].Checklist, body)
	}
	return envs
}

// Check names what cannot be where it is.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func([]events.Envelope)
		kind   trust.Kind
		seq    events.Seq
	}{
		{"a log", func([]events.Envelope) {}, "", 0},
		{"a log that does not begin", func(e []events.Envelope) { e[0].Data = &events.SignerRemoved{} }, trust.Opening, 1},
		{"a log that begins with a checklist", func(e []events.Envelope) { e[0].Checklist = "a" }, trust.Opening, 1},
		{"a log without a name", func(e []events.Envelope) { e[0].Data = &events.LogOpened{} }, trust.Opening, 1},
		{"a log that begins twice", func(e []events.Envelope) {
			e[2] = event(2, "")
			e[2].Data = &events.LogOpened{Origin: "cairn/test"}
		}, trust.Opening, 3},
		{"a revision too many", func(e []events.Envelope) { e[2].Revision = 3 }, trust.Revision, 3},
		{"a revision again", func(e []events.Envelope) { e[2].Revision = 1 }, trust.Revision, 3},
		{"a checklist that begins in its middle", func(e []events.Envelope) { e[3].Checklist = "b" }, trust.Revision, 4},
		{"time that runs backwards", func(e []events.Envelope) {
			e[2].EffectiveTime = e[1].EffectiveTime.Add(-time.Nanosecond)
		}, trust.Time, 3},
		{"time that stands still", func(e []events.Envelope) { e[2].EffectiveTime = e[1].EffectiveTime }, "", 0},
		{"a body of two lines", func(e []events.Envelope) {
			body, err := events.Marshal(&e[2])
			if err != nil {
				t.Fatal(err)
			}
			e[2] = events.Decode(3, "a", append(body, '\n'))
		}, trust.Unreadable, 3},
		{"a body that is none", func(e []events.Envelope) { e[2] = events.Decode(3, "a", []byte("{}")) }, trust.Unreadable, 3},
	} {
		var c trust.Check
		var found error
		for _, env := range logOf(t, test.change) {
			if d := c.Next(&env, merkle.Leaf(env.Body)); d != nil {
				found = d
				break
			}
		}
		wantDamage(t, found, test.kind, test.seq)
		if t.Failed() {
			t.Fatal(test.name)
		}
	}
}

// A key signs from its announcement on, up to its removal.
func TestKeysAt(t *testing.T) {
	t.Parallel()
	keys := trust.Keys{{Added: 5, Removed: 9}}
	for n, want := range map[events.Seq]int{4: 0, 5: 1, 8: 1, 9: 0, 10: 0} {
		if got := len(keys.At(n)); got != want {
			t.Errorf("at @%d: got %d keys, want %d", n, got, want)
		}
	}
}

// twice is a backup that is another one when it is read again.
type twice struct {
	*bytes.Reader
	second []byte
}

func (r *twice) Seek(offset int64, whence int) (int64, error) {
	r.Reset(r.second)
	return r.Reader.Seek(offset, whence)
}

var _ io.ReadSeeker = (*twice)(nil)

// What is stored is what was checked.
func TestRestoreOfAChangingFile(t *testing.T) {
	t.Parallel()
	b := backup(t, open(t, made(t, 9, ""), ""))
	other := bytes.Replace(b, []byte("event @7"), []byte("event @8"), 1)
	place := t.TempDir()
	_, err := trust.Restore(t.Context(), &twice{bytes.NewReader(b), other}, natslog.Config{Dir: filepath.Join(place, "log")}, stamp(), trust.Options{})
	wantDamage(t, err, trust.Altered, 1)
	if left := entries(t, place); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	// Nor is anything left by a restore that somebody ends.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = trust.Restore(ctx, bytes.NewReader(b), natslog.Config{Dir: filepath.Join(place, "log")}, stamp(), trust.Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if left := entries(t, place); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// The clock of who changes a key may be behind; the log's own time is not.
func TestRotateWithAClockBehind(t *testing.T) {
	t.Parallel()
	dir := made(t, 3, "")
	l := open(t, dir, "")
	s := stamp()
	s.Now = func() time.Time { return began.Add(-time.Hour) }
	if _, _, err := trust.RotateKey(t.Context(), l, s); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := inspect(t, dir, "", trust.Options{}); err != nil {
		t.Error(err)
	}
}

// Doctor finds nothing in a healthy log, and says the first thing in others.
func TestDoctor(t *testing.T) {
	t.Parallel()
	memory := t.TempDir()
	dir := made(t, 20, memory)
	sick := func() (what []string) {
		t.Helper()
		for _, f := range trust.Doctor(t.Context(), natslog.Config{Dir: dir, Memory: memory, Wait: -1}) {
			if !f.OK() {
				what = append(what, f.What)
			}
		}
		return what
	}
	if got := sick(); got != nil {
		t.Errorf("a healthy log: got %v", got)
	}
	forge(t, dir, "event @20", "event @99")
	if got := sick(); len(got) != 1 || got[0] != "head" {
		t.Errorf("the last event forged: got %v, want head", got)
	}
}

// verify makes the tiles that a log of before has not, so that it can name the
// event that is altered later.
func TestVerifyMakesTiles(t *testing.T) {
	t.Parallel()
	dir := made(t, 40, "")
	untiled(t, dir)
	if _, err := inspect(t, dir, "", trust.Options{}); err != nil {
		t.Fatal(err)
	}
	forge(t, dir, "event @20", "event @99")
	_, err := inspect(t, dir, "", trust.Options{})
	wantDamage(t, err, trust.Altered, 20)
}
