package natslog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"cairn/events"
)

// Surroundings are what a log's directory needs of the machine.
type Surroundings struct {
	// Open names what others than the owner may read or write, with its mode.
	Open []string
	// Unwritable is why the directory cannot be written; nil if it can.
	Unwritable error
	// Network is the network file system that it lies on; empty if it does not.
	Network string
	// Free is how many bytes the disk has room for.
	Free uint64
	// Used is how many bytes the log takes.
	Used int64
}

// Survey looks at a log's directory from outside. It needs no lock. It returns an
// error where there is no such directory.
func Survey(dir string) (*Surroundings, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, &Error{Err: ErrNotFound, Cause: err, Message: fmt.Sprintf("there is no log in %s", dir), Hint: "Make one: cairn import FILE, or cairn init."}
	}
	s := &Surroundings{Network: onNetwork(dir)}
	for path, info := range map[string]fs.FileInfo{dir: info, keyPath(dir): nil, nextPath(dir): nil} {
		if info == nil {
			if info, err = os.Stat(path); err != nil {
				continue
			}
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			s.Open = append(s.Open, fmt.Sprintf("%s has mode %04o", path, mode))
		}
	}
	if err := probe(dir); !errors.Is(err, fs.ErrNotExist) { // a store that is gone is another matter
		s.Unwritable = err
	}
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) == nil {
		s.Free = st.Bavail * uint64(st.Bsize)
	}
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				s.Used += info.Size()
			}
		}
		return nil
	})
	return s, err
}

// Pending reports whether a change of the log's key was cut off and is not
// settled yet.
func Pending(dir string) bool {
	_, err := os.Stat(nextPath(dir))
	return !errors.Is(err, fs.ErrNotExist)
}

// Complete returns an error if an event up to the end of the stream is missing by
// JetStream's own counts.
func (l *Log) Complete() error { return checkState(l.place, l.stream.CachedInfo().State) }

// LeafAt reports whether the event at the head is the one that the head saw.
func (l *Log) LeafAt(h Head) bool {
	return l.compareLeaf(l.life, h) == nil && h.N > 0 && events.Seq(l.stream.CachedInfo().State.LastSeq) >= h.N
}
