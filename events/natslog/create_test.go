package natslog

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"

	"cairn/events"
)

func TestNoLog(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "none")
	if _, err := Open(t.Context(), Config{Dir: dir}); !errors.Is(err, ErrNotFound) {
		t.Errorf("open: got %v, want ErrNotFound", err)
	}
	if _, err := Peek(dir); !errors.Is(err, ErrNotFound) {
		t.Errorf("peek: got %v, want ErrNotFound", err)
	}
	if Exists(dir) {
		t.Errorf("exists: got true, want false")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Errorf("the directory was made")
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "log")
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	l := open(t, Config{
		Dir: dir, Create: true,
		Now: func() time.Time { return now }, NewID: func() string { return "0199" },
	})
	if got, want := l.Origin(), "cairn/0199"; got != want {
		t.Errorf("origin: got %q, want %q", got, want)
	}
	first := read(t, l, events.Filter{})[0]
	if !first.Time.Equal(now) || first.ID != "0199" || first.Revision != 1 {
		t.Errorf("first event: got %+v", first)
	}
	signer, err := l.Signer()
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(l.Opened().Key)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := signer.Sign([]byte("text"))
	if err != nil || !verifier.Verify([]byte("text"), sig) {
		t.Errorf("the key of the first event does not verify: %v", err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, keyPath(dir): 0o600, headPath(dir): 0o600, lockPath(dir): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got mode %v, %v, want %v", path, info.Mode().Perm(), err, want)
		}
	}
	if !Exists(dir) {
		t.Errorf("exists: got false, want true")
	}
}

// A creation that was interrupted is finished, with the same key, wherever it
// ended. The marker is last, so none of these has one.
func TestInterruptedCreation(t *testing.T) {
	t.Parallel()
	for name, interrupt := range map[string]func(*testing.T, string){
		"before the marker": func(*testing.T, string) {},
		"before the head": func(t *testing.T, dir string) {
			remove(t, headPath(dir))
		},
		"before the stream": func(t *testing.T, dir string) {
			remove(t, headPath(dir))
			remove(t, storePath(dir))
		},
		"within the stream": func(t *testing.T, dir string) {
			remove(t, headPath(dir))
			remove(t, storePath(dir))
			if err := os.MkdirAll(filepath.Join(storePath(dir), "jetstream", "$G", "streams", streamName, "msgs"), 0o700); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, dir := create(t)
			key := l.Opened().Key
			l.Close()
			remove(t, markerPath(dir))
			interrupt(t, dir)
			l = open(t, Config{Dir: dir, Create: true})
			if got := l.Opened().Key; got != key {
				t.Errorf("key: got %q, want %q", got, key)
			}
			mustAppend(t, l, batch("a", 0, 0, 1))
			if got := len(read(t, l, events.Filter{})); got != 2 {
				t.Errorf("got %d events, want 2", got)
			}
			l.Close()
			open(t, Config{Dir: dir})
		})
	}
}

// A log without its marker is not an interrupted creation once it holds more
// than the first event.
func TestLostMarker(t *testing.T) {
	t.Parallel()
	for _, head := range []bool{true, false} {
		dir := damagedLog(t)
		remove(t, markerPath(dir))
		if !head {
			remove(t, headPath(dir))
		}
		if _, err := Open(t.Context(), Config{Dir: dir, Create: true}); !errors.Is(err, events.ErrIntegrity) {
			t.Errorf("with head %v: got %v, want ErrIntegrity", head, err)
		}
		if Exists(dir) {
			t.Errorf("with head %v: the marker was made", head)
		}
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// Trap: on a store that cannot be written, the server hangs for five seconds.
func TestUnwritable(t *testing.T) {
	dir := damagedLog(t)
	for _, d := range []string{filepath.Dir(block(t, dir)), storePath(dir), dir} {
		asNobody(t, dir, func() {
			if err := os.Chmod(d, 0o500); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_, err := Open(t.Context(), Config{Dir: dir})
			if !errors.Is(err, events.ErrStorage) {
				t.Errorf("%s read-only: got %v, want ErrStorage", d, err)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("%s read-only: got the error after %v", d, took)
			}
			if err := os.Chmod(d, 0o700); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// asNobody runs f without root's right to write everywhere; dir becomes the
// property of that user.
func asNobody(t *testing.T, dir string, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	const nobody = 65534
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, nobody, nobody))
	})
	if err := errors.Join(err, os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // the file system identity is one thread's
	defer runtime.UnlockOSThread()
	_ = unix.Setfsuid(nobody)
	defer func() { _ = unix.Setfsuid(0) }()
	f()
}

// Trap: on network file systems, locks and fsync do not hold what they promise.
func TestNetworkFS(t *testing.T) {
	t.Parallel()
	for magic, want := range map[uint32]string{0x6969: "NFS", 0xFF534D42: "SMB", 0xFE534D42: "SMB", 0xEF53: "", 0x01021994: "", 0x794c7630: ""} {
		if got := networkFS(magic); got != want {
			t.Errorf("%#x: got %q, want %q", magic, got, want)
		}
	}
}
