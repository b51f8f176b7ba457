package natslog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"cairn/events"
)

// dirLock keeps other processes from the store. JetStream itself does not:
// two servers on one directory both acknowledge and lose each other's events.
//
// The lock is flock(2) on a file that is never deleted or renamed, so it ends
// with the process, however that ends. The file says who holds it.
type dirLock struct {
	f    *os.File
	path string
	info fs.FileInfo
}

// acquire takes the lock of dir, waiting up to wait for its holder, or until busy
// returns an error.
func acquire(ctx context.Context, dir string, wait time.Duration, busy func() error) (k *dirLock, err error) {
	path := lockPath(dir)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unwritable(path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	began := time.Now()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, &Error{
				Err: events.ErrStorage, Message: fmt.Sprintf("%s cannot be locked", path), Cause: err,
				Hint: "The log must lie on a local disk.",
			}
		}
		if busy != nil {
			if err := busy(); err != nil {
				return nil, err
			}
		}
		if waited := time.Since(began); waited >= wait {
			holder := "another process"
			if b, err := os.ReadFile(path); err == nil && len(b) > 0 {
				holder = strings.TrimSpace(string(b))
			}
			return nil, &Error{
				Err:     events.ErrUnavailable,
				Message: fmt.Sprintf("the log in %s is in use (%s, %s)", dir, holder, waited.Round(time.Second)),
				Hint:    "Nothing was written. Try again when it has ended.",
			}
		}
		select {
		case <-time.After(2*time.Millisecond + rand.N(8*time.Millisecond)):
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the log in %s: %w", dir, context.Cause(ctx))
		}
	}
	info, err := f.Stat()
	if err != nil {
		return nil, unwritable(path, err)
	}
	k = &dirLock{f: f, path: path, info: info}
	if err := k.check(); err != nil {
		return nil, err
	}
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(holder()), 0) // only for messages
	return k, nil
}

// check returns an error unless the path is still the file that is locked: if
// someone replaced it, another process can hold "the lock" as well.
func (k *dirLock) check() error {
	now, err := os.Stat(k.path)
	if err != nil || !os.SameFile(k.info, now) {
		return damaged("%s was replaced while the log was open", k.path)
	}
	return nil
}

// release lets go. The file stays.
func (k *dirLock) release() {
	if k.check() == nil {
		_ = k.f.Truncate(0)
	}
	k.f.Close()
}

// holder describes this process: the command without its arguments' values.
func holder() string {
	name := filepath.Base(os.Args[0])
	if len(os.Args) > 1 && token(os.Args[1]) && !strings.HasPrefix(os.Args[1], "-") {
		name += " " + os.Args[1]
	}
	return fmt.Sprintf("%s, pid %d\n", name, os.Getpid())
}
