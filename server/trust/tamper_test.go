package trust_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/server/trust"
)

// untiled removes the cache of leaves.
func untiled(t testing.TB, dir string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, "tile")); err != nil {
		t.Fatal(err)
	}
}

// index is the file that JetStream writes when it ends; after a crash there is none.
func index(t testing.TB, dir string) string {
	return filepath.Join(filepath.Dir(block(t, dir)), "index.db")
}

// Whoever may write in the directory of a log of 101 events can do these things
// to it. Each is found, with the first event that is not as it was.
func TestTampering(t *testing.T) {
	t.Parallel()
	const n = 101
	swap := func(i, j int) func([]*nats.Msg) []*nats.Msg {
		return func(m []*nats.Msg) []*nats.Msg {
			m[i-1], m[j-1] = m[j-1], m[i-1]
			return m
		}
	}
	for _, test := range []struct {
		name   string
		tamper func(t *testing.T, dir string)
		open   bool // opening finds it, too
		kind   trust.Kind
		seq    events.Seq
	}{
		{name: "nothing", tamper: func(*testing.T, string) {}},
		{
			name: "an event is forged, its checksum too", kind: trust.Altered, seq: 51,
			tamper: func(t *testing.T, dir string) { forge(t, dir, "event @51", "event @99") },
		},
		{
			name: "forged, and the tiles are gone", kind: trust.Altered, seq: 1, // of @1 to @64
			tamper: func(t *testing.T, dir string) { forge(t, dir, "event @51", "event @99"); untiled(t, dir) },
		},
		{
			name: "forged near the end, and the tiles are gone", kind: trust.Altered, seq: 97, // of @97 to @100
			tamper: func(t *testing.T, dir string) { forge(t, dir, "event @99", "event @51"); untiled(t, dir) },
		},
		{
			name: "forged, and the tiles as well", kind: trust.Altered, seq: 1,
			tamper: func(t *testing.T, dir string) {
				forge(t, dir, "event @51", "event @99")
				tile := filepath.Join(dir, "tile", "0", "000.p", fmt.Sprint(n))
				b, err := os.ReadFile(tile)
				if err != nil {
					t.Fatal(err)
				}
				b[50*32] ^= 1
				if err := os.WriteFile(tile, b, 0o600); err != nil {
					t.Fatal(err)
				}
			},
		},
		{
			name: "the last event is forged", open: true, kind: trust.Altered, seq: n,
			tamper: func(t *testing.T, dir string) { forge(t, dir, "event @101", "event @999") },
		},
		{
			name: "log.opened is forged", open: true, kind: trust.Origin, seq: 1,
			tamper: func(t *testing.T, dir string) { forge(t, dir, `"origin":"cairn/`, `"origin":"other/`) },
		},
		{
			name: "an event is given to somebody else", kind: trust.Altered, seq: 40,
			tamper: func(t *testing.T, dir string) {
				rebuild(t, dir, func(m []*nats.Msg) []*nats.Msg {
					m[39].Data = bytes.Replace(m[39].Data, []byte("ada@"), []byte("eve@"), 1)
					return m
				})
			},
		},
		{
			name: "a bit is flipped", kind: trust.Missing, seq: 51,
			tamper: func(t *testing.T, dir string) { flip(t, dir, "event @51") },
		},
		{
			name: "a bit is flipped, then a crash", open: true, kind: trust.Missing, seq: 51,
			tamper: func(t *testing.T, dir string) {
				flip(t, dir, "event @51")
				if err := os.Remove(index(t, dir)); err != nil {
					t.Fatal(err)
				}
			},
		},
		{
			name: "an event is dropped", open: true, kind: trust.Altered, seq: 40,
			tamper: func(t *testing.T, dir string) {
				rebuild(t, dir, func(m []*nats.Msg) []*nats.Msg { return slices.Delete(m, 39, 40) })
			},
		},
		{
			name: "two events of two checklists are swapped", kind: trust.Altered, seq: 40,
			tamper: func(t *testing.T, dir string) { rebuild(t, dir, swap(40, 41)) },
		},
		{
			name: "two events of one checklist are swapped", kind: trust.Revision, seq: 40,
			tamper: func(t *testing.T, dir string) { rebuild(t, dir, swap(40, 42)) },
		},
		{
			name: "an event is inserted", open: true, kind: trust.Revision, seq: 40,
			tamper: func(t *testing.T, dir string) {
				rebuild(t, dir, func(m []*nats.Msg) []*nats.Msg { return slices.Insert(m, 39, m[38]) })
			},
		},
		{
			name: "an event is taken twice, the last one goes", open: true, kind: trust.Revision, seq: 40,
			tamper: func(t *testing.T, dir string) {
				rebuild(t, dir, func(m []*nats.Msg) []*nats.Msg { return slices.Insert(m, 39, m[38])[:n] })
			},
		},
		{
			name: "an event lies at another subject", kind: trust.Unreadable, seq: 40,
			tamper: func(t *testing.T, dir string) {
				rebuild(t, dir, func(m []*nats.Msg) []*nats.Msg {
					m[39].Subject = strings.Replace(m[39].Subject, "commented", "assigned", 1)
					return m
				})
			},
		},
		{
			name: "the tail is cut off", open: true, kind: trust.Shorter, seq: 98,
			tamper: func(t *testing.T, dir string) {
				rebuild(t, dir, func(m []*nats.Msg) []*nats.Msg { return m[:97] })
			},
		},
		{
			name: "the tail of the block is cut off", open: true, kind: trust.Missing, seq: 100,
			tamper: func(t *testing.T, dir string) {
				info, err := os.Stat(block(t, dir))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Truncate(block(t, dir), info.Size()-1000); err != nil {
					t.Fatal(err)
				}
			},
		},
		{
			name: "the head is damaged", open: true, kind: trust.Head,
			tamper: func(t *testing.T, dir string) {
				if err := os.WriteFile(filepath.Join(dir, "head"), make([]byte, 8192), 0o600); err != nil {
					t.Fatal(err)
				}
			},
		},
		{
			name: "another log's marker", open: true, kind: trust.Origin, seq: 1,
			tamper: func(t *testing.T, dir string) {
				other := made(t, 2, "")
				b, err := os.ReadFile(filepath.Join(other, "marker"))
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, "marker"), b, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
		},
		{
			name: "another log's store", open: true, kind: trust.Origin, seq: 1,
			tamper: func(t *testing.T, dir string) {
				copyDir(t, filepath.Join(dir, "store"), filepath.Join(made(t, n, ""), "store"))
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, memory := made(t, n, ""), t.TempDir()
			test.tamper(t, dir)
			before := hashes(t, dir)
			_, err := inspect(t, dir, memory, trust.Options{})
			wantDamage(t, err, test.kind, test.seq)
			l, err := natslog.Open(t.Context(), natslog.Config{Dir: dir, Memory: memory})
			if err == nil {
				_ = l.Close()
			}
			if test.open != errors.Is(err, events.ErrIntegrity) {
				t.Errorf("open: got %v, want ErrIntegrity %v", err, test.open)
			}
			if test.kind == "" {
				return
			}
			if diff := cmp.Diff(before, hashes(t, dir)); diff != "" {
				t.Errorf("something was written (-before +after):\n%s", diff)
			}
		})
	}
}

func wantDamage(t testing.TB, err error, kind trust.Kind, seq events.Seq) {
	t.Helper()
	var d *trust.Damage
	switch {
	case kind == "":
		if err != nil {
			t.Errorf("got %v, want no damage", err)
		}
	case !errors.As(err, &d) || !errors.Is(err, events.ErrIntegrity):
		t.Errorf("got %v, want damage of kind %s at @%d", err, kind, seq)
	case d.Kind != kind || d.Seq != seq:
		t.Errorf("got %s at @%d (%v), want %s at @%d", d.Kind, d.Seq, d, kind, seq)
	}
}

// What agrees with itself is found by who saw more of it.
func TestTamperingThatOnlyTheClientSees(t *testing.T) {
	t.Parallel()
	memory := t.TempDir()
	dir, other := made(t, 60, memory), made(t, 60, memory)
	older := filepath.Join(t.TempDir(), "older")
	copyDir(t, older, dir)
	l := open(t, dir, memory)
	grow(t, l, 101)
	checkpoint, err := trust.Checkpoint(l)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	for _, test := range []struct {
		name   string
		tamper func(t *testing.T)
		kind   trust.Kind
		seq    events.Seq
	}{
		{"the whole directory is an older copy", func(t *testing.T) { copyDir(t, dir, older) }, trust.Shorter, 61},
		{"an older copy that grew in another way", func(t *testing.T) {
			copyDir(t, dir, older)
			l := open(t, dir, "")
			grow(t, l, 150)
			l.Close()
		}, trust.Altered, 1}, // of @1 to @64, as far as its tree tells
		{"two logs are swapped", func(t *testing.T) { copyDir(t, dir, other) }, trust.Origin, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.tamper(t)
			before := hashes(t, dir)
			_, err := natslog.Open(t.Context(), natslog.Config{Dir: dir, Memory: memory})
			var e *natslog.Error
			if !errors.As(err, &e) || !errors.Is(err, events.ErrIntegrity) {
				t.Fatalf("open: got %v, want ErrIntegrity", err)
			}
			for _, want := range []string{"remembered  @101 ", "there       @", "Nothing was written"} {
				if !strings.Contains(e.Hint, want) {
					t.Errorf("the hint lacks %q:\n%s", want, e.Hint)
				}
			}
			_, err = inspect(t, dir, memory, trust.Options{})
			wantDamage(t, err, test.kind, test.seq)
			// Who has nothing but an old checkpoint finds the same.
			_, err = inspect(t, dir, t.TempDir(), trust.Options{Checkpoint: checkpoint})
			var d *trust.Damage
			if !errors.As(err, &d) {
				t.Errorf("from a checkpoint: got %v, want damage", err)
			}
			if diff := cmp.Diff(before, hashes(t, dir)); diff != "" {
				t.Errorf("something was written (-before +after):\n%s", diff)
			}
		})
	}
	// Somebody who never saw it reads what is there.
	if _, err := inspect(t, dir, t.TempDir(), trust.Options{}); err != nil {
		t.Error(err)
	}
}

// A copy of a log at another place is the same log, and held to what was seen of it.
func TestOlderCopyAtAnotherPlace(t *testing.T) {
	t.Parallel()
	memory := t.TempDir()
	dir := made(t, 60, memory)
	older := filepath.Join(t.TempDir(), "older")
	copyDir(t, older, dir)
	l := open(t, dir, memory)
	grow(t, l, 70)
	l.Close()
	if _, err := natslog.Open(t.Context(), natslog.Config{Dir: older, Memory: memory}); !errors.Is(err, events.ErrIntegrity) {
		t.Errorf("got %v, want ErrIntegrity", err)
	}
	newer := filepath.Join(t.TempDir(), "newer")
	copyDir(t, newer, dir)
	open(t, newer, memory)
}
