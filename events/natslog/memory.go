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
// copy of itself.
//
//	{"place":"/home/ada/notes/.cairn","origin":"cairn/0199…","n":412,"root":"…","frontier":"…"}
//
// A missing or unreadable memory is harmless: nothing is compared then.
type memory struct {
	Place    string      `json:"place"`
	Origin   string      `json:"origin"`
	N        events.Seq  `json:"n"`
	Root     merkle.Hash `json:"root"`
	Frontier []byte      `json:"frontier"`
}

// memoryPath returns the file about this log: one for each place.
func (l *Log) memoryPath() string {
	sum := sha256.Sum256([]byte(l.memoryPlace()))
	return filepath.Join(l.memory, hex.EncodeToString(sum[:16])+".json")
}

func (l *Log) memoryPlace() string {
	if l.dir == "" {
		return l.place
	}
	if abs, err := filepath.Abs(l.dir); err == nil {
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			return real
		}
		return abs
	}
	return l.dir
}

// readMemory returns nil where nothing is remembered.
func (l *Log) readMemory() (*memory, *merkle.Frontier) {
	b, err := os.ReadFile(l.memoryPath())
	if err != nil {
		return nil, nil
	}
	var m memory
	var f merkle.Frontier
	if json.Unmarshal(b, &m) != nil || f.Unmarshal(m.Frontier) != nil ||
		f.N() != uint64(m.N) || f.Root() != m.Root {
		return nil, nil
	}
	return &m, &f
}

// checkMemory returns an error unless the log continues the one remembered.
// It reads only the events that came since.
func (l *Log) checkMemory(ctx context.Context) error {
	if l.memory == "" {
		return nil
	}
	m, f := l.readMemory()
	if m == nil {
		return nil
	}
	forget := fmt.Sprintf("Nothing was written. If that is meant, remove %s.", l.memoryPath())
	refuse := func(format string, args ...any) error {
		e := damaged(format, args...)
		e.Hint = forget
		return e
	}
	head := l.head.get()
	switch {
	case m.Origin != l.origin:
		return refuse("the log in %s is another one (%s) than the one seen there (%s)", l.place, l.origin, m.Origin)
	case head.N < m.N:
		return refuse("the log is shorter than it was: it ends at @%d, we saw @%d", head.N, m.N)
	}
	for env, err := range l.Read(ctx, events.Filter{After: m.N, Upto: head.N}) {
		if err != nil {
			return err
		}
		f.Append(merkle.Leaf(env.Body))
	}
	if f.Root() != head.Root {
		return refuse("the log in %s is not the one it was: its first %d events differ from what we saw", l.place, m.N)
	}
	return nil
}

// remember stores the head for the next checkMemory.
func (l *Log) remember() error {
	head := l.head.get()
	if m, _ := l.readMemory(); m != nil && m.Origin == l.origin && m.N == head.N && m.Root == head.Root {
		return nil
	}
	if err := os.MkdirAll(l.memory, 0o700); err != nil {
		return unwritable(l.memory, err)
	}
	path := l.memoryPath()
	f, err := os.CreateTemp(l.memory, ".new-*")
	if err != nil {
		return unwritable(path, err)
	}
	_, err = f.Write(line(memory{l.memoryPlace(), l.origin, head.N, head.Root, head.Frontier.Marshal()}))
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
