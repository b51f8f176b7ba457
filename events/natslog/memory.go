package natslog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"cairn/events"
	"cairn/events/merkle"
)

// memory is what a client remembers of a log, outside of the log's directory:
// the head inside cannot tell when the whole directory is replaced by an older
// copy of itself. There is a file for each place where a log was seen.
//
//	{"place":"/home/ada/notes/.cairn","origin":"cairn/0199…","n":412,"root":"…","frontier":"…",
//	 "checkpoint":"cairn/0199…\n412\n…\n\n— cairn/0199… …\n"}
//
// The checkpoint is the signed note of origin, n and root: what the log said of
// itself, in a form that can be shown to others. It is absent where no key lay
// with the log, and in files of the first versions, which are read all the
// same. New members are optional. A missing or unreadable memory is harmless:
// nothing is compared then.
type memory struct {
	Place      string      `json:"place"`
	Origin     string      `json:"origin"`
	N          events.Seq  `json:"n"`
	Root       merkle.Hash `json:"root"`
	Frontier   []byte      `json:"frontier"`
	Checkpoint string      `json:"checkpoint,omitempty"`
}

// Memory is what this client remembers of a log.
type Memory struct {
	// Place is where it was seen, File where that is written down.
	Place, File string
	merkle.Checkpoint
	// Signed is the checkpoint as the log signed it; nil if it did not.
	Signed []byte
	// Frontier is the tree of the checkpoint.
	Frontier merkle.Frontier
}

// memoryPath returns the file about a place.
func memoryPath(dir, place string) string {
	sum := sha256.Sum256([]byte(place))
	return filepath.Join(dir, hex.EncodeToString(sum[:16])+".json")
}

func (l *Log) memoryPath() string { return memoryPath(l.memory, l.memoryPlace()) }

func (l *Log) memoryPlace() string {
	if l.dir == "" {
		return l.place
	}
	return realPath(l.dir)
}

func realPath(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			return real
		}
		return abs
	}
	return dir
}

// readMemory returns nil where nothing that can be read is remembered.
func readMemory(path string) *Memory {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var m memory
	var f merkle.Frontier
	if json.Unmarshal(b, &m) != nil || f.Unmarshal(m.Frontier) != nil || f.N() != uint64(m.N) || f.Root() != m.Root {
		return nil
	}
	seen := &Memory{Place: m.Place, File: path, Checkpoint: merkle.Checkpoint{Origin: m.Origin, N: f.N(), Root: m.Root}, Frontier: f}
	if c, err := merkle.ParseCheckpoint([]byte(m.Checkpoint)); err == nil && c == seen.Checkpoint {
		seen.Signed = []byte(m.Checkpoint)
	}
	return seen
}

// Remembered returns what is remembered of the log: of its place, or where
// nothing was seen there yet, of the log of that origin at another place. nil if
// nothing is.
func (l *Log) Remembered() *Memory {
	if l.memory == "" {
		return nil
	}
	if m := readMemory(l.memoryPath()); m != nil {
		return m
	}
	return Recall(l.memory, l.origin)
}

// Recall returns the longest that dir remembers of the log with that origin, at
// whatever place; nil if nothing is.
func Recall(dir, origin string) *Memory {
	var best *Memory
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	for _, path := range files {
		if m := readMemory(path); m != nil && m.Origin == origin && (best == nil || m.N > best.N) {
			best = m
		}
	}
	return best
}

// checkMemory returns an error unless the log continues the one remembered.
// It reads only the events that came since.
func (l *Log) checkMemory(ctx context.Context) error {
	m := l.Remembered()
	if m == nil {
		return nil
	}
	head := l.head.get()
	refuse := func(format string, args ...any) error {
		e := damaged(format, args...)
		e.Hint = fmt.Sprintf("  remembered  %s\n  there       %s\nNothing was written. If that is meant, remove %s.",
			said(m.Checkpoint), said(merkle.Checkpoint{Origin: l.origin, N: uint64(head.N), Root: head.Root}), m.File)
		return e
	}
	switch {
	case m.Origin != l.origin:
		return refuse("the log in %s is another one (%s) than the one seen there (%s)", l.place, l.origin, m.Origin)
	case uint64(head.N) < m.N:
		return refuse("the log is shorter than it was: it ends at @%d, we saw @%d", head.N, m.N)
	}
	for env, err := range l.Read(ctx, events.Filter{After: events.Seq(m.N), Upto: head.N}) {
		if err != nil {
			return err
		}
		leaf, err := merkle.LeafOf(&env)
		if err != nil {
			return damaged("@%d of the log in %s: %v", env.Seq, l.place, err)
		}
		m.Frontier.Append(leaf)
	}
	if m.Frontier.Root() != head.Root {
		return refuse("the log in %s is not the one it was: its first %d events differ from what we saw", l.place, m.N)
	}
	return nil
}

// said is a checkpoint in one line.
func said(c merkle.Checkpoint) string { return fmt.Sprintf("@%d %s  %s", c.N, c.Root, c.Origin) }

// remember stores the head for the next checkMemory. It signs only what is new.
func (l *Log) remember() error {
	head := l.head.get()
	now := merkle.Checkpoint{Origin: l.origin, N: uint64(head.N), Root: head.Root}
	if m := readMemory(l.memoryPath()); m != nil && m.Checkpoint == now && (m.Signed != nil || l.keys() == "") {
		return nil
	}
	var signed []byte
	if s, err := l.Signer(); err == nil {
		if signed, err = now.Sign(s); err != nil {
			signed = nil
		}
	}
	return writeMemory(l.memory, memory{l.memoryPlace(), now.Origin, head.N, now.Root, head.Frontier.Marshal(), string(signed)})
}

func writeMemory(dir string, m memory) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return unwritable(dir, err)
	}
	path := memoryPath(dir, m.Place)
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return unwritable(path, err)
	}
	_, err = f.Write(line(m))
	f.Close()
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return unwritable(path, err)
	}
	return nil
}
