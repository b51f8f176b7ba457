package natslog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"cairn/events"
)

// marker says that a log was set up in a directory. It is the last file of the
// set-up, so where it lies the stream must exist; a directory with a marker and
// no stream is damaged, not new.
//
//	{"origin":"cairn/0199…","created":"2026-11-23T10:00:00Z","format":"1"}
type marker struct {
	Origin  string    `json:"origin"`
	Created time.Time `json:"created"`
	Format  string    `json:"format"`
}

// format is the version of a log's directory and of its stored form.
const format = "1"

// Exists reports whether a log was set up in dir.
func Exists(dir string) bool {
	_, err := os.Lstat(markerPath(dir))
	return err == nil
}

// Missing returns why a directory for which Exists is false is not simply one
// without a log: it may not be read, or it has lost its marker. It
// returns nil where a log could be made.
func Missing(dir string) error {
	if _, err := os.ReadDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &Error{Err: events.ErrStorage, Cause: err, Hint: hintDisk, Message: fmt.Sprintf("%s cannot be read", dir)}
	}
	// A creation that was cut off leaves the first event at most.
	if h, err := Peek(dir); err == nil && h.N > 1 {
		return damaged("%s holds parts of a log but not its marker", dir)
	}
	return nil
}

func notFound(dir string) error {
	return &Error{
		Err: ErrNotFound, Message: fmt.Sprintf("there is no log in %s", dir),
		Hint: "Make one: cairn import FILE, or cairn init.",
	}
}

// readMarker returns nil where there is none.
func readMarker(dir string) (*marker, error) {
	b, err := os.ReadFile(markerPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{
			Err: events.ErrStorage, Cause: err, Hint: hintDisk,
			Message: fmt.Sprintf("%s cannot be read", markerPath(dir)),
		}
	}
	var m marker
	if err := json.Unmarshal(b, &m); err != nil || m.Origin == "" {
		return nil, damaged("%s is damaged", markerPath(dir))
	}
	if m.Format != format {
		return nil, &Error{
			Err: events.ErrUnavailable, Message: fmt.Sprintf("the log in %s has format %q, unknown to this version", dir, m.Format),
			Hint: "It was written by a newer Cairn: use that.",
		}
	}
	return &m, nil
}

// lost is the error where a marker lies but no stream.
func lost(dir string, m *marker) *Error {
	return &Error{
		Err:     events.ErrIntegrity,
		Message: fmt.Sprintf("%s was set up on %s but holds no log", dir, m.Created.Format(time.DateOnly)),
		Hint: "It may be damaged or half restored. Nothing was created in its place.\n" +
			"From a backup: cairn restore FILE --data NEWDIR. More: cairn doctor",
	}
}

// hasStore reports whether JetStream files of a stream lie in dir.
func hasStore(dir string) bool {
	found, _ := filepath.Glob(filepath.Join(storePath(dir), "jetstream", "*", "streams", "*"))
	return len(found) > 0
}

// hasEvents reports whether JetStream files with messages lie in dir.
func hasEvents(dir string) bool {
	found, _ := filepath.Glob(filepath.Join(storePath(dir), "jetstream", "*", "streams", "*", "msgs", "*.blk"))
	for _, path := range found {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			return true
		}
	}
	return false
}

// probe returns an error unless the store can be written. The server would
// find out too, but only after it hung for five seconds.
func probe(dir string) error {
	dirs := []string{dir, storePath(dir)}
	inner, _ := filepath.Glob(filepath.Join(storePath(dir), "jetstream", "*", "streams", "*", "msgs"))
	for _, d := range append(dirs, inner...) {
		f, err := os.CreateTemp(d, ".probe-*")
		if err != nil {
			return unwritable(d, err)
		}
		_, err = f.Write([]byte{0})
		f.Close()
		os.Remove(f.Name())
		if err != nil {
			return unwritable(d, err)
		}
	}
	return nil
}

// writeDurably writes a small file so that it is whole or absent, also after a
// power cut.
func writeDurably(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return unwritable(path, err)
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return unwritable(path, err)
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return unwritable(dir, err)
	}
	err = f.Sync()
	f.Close()
	if err != nil && !errors.Is(err, unix.EINVAL) { // some file systems cannot
		return unwritable(dir, err)
	}
	return nil
}
