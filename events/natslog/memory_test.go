package natslog

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"cairn/events"
	"cairn/events/merkle"
)

// replace puts a copy of from where dir is.
func replace(t *testing.T, dir, from string) {
	t.Helper()
	remove(t, dir)
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// Trap: an older copy of the whole directory, head included, is a whole and
// valid log.
func TestOlderDirectory(t *testing.T) {
	t.Parallel()
	dir, memory := damagedLog(t), t.TempDir()
	copied := t.TempDir()
	replace(t, copied, dir)
	l := open(t, Config{Dir: dir, Memory: memory})
	mustAppend(t, l, batch("a", 101, 100, 5))
	l.Close()
	replace(t, dir, copied)

	_, err := Open(t.Context(), Config{Dir: dir, Memory: memory})
	if !errors.Is(err, events.ErrIntegrity) {
		t.Fatalf("got %v, want ErrIntegrity", err)
	}
	// Grown beyond what was seen, but in another way.
	l = open(t, Config{Dir: dir})
	mustAppend(t, l, batch("b", 0, 0, 20))
	l.Close()
	if _, err := Open(t.Context(), Config{Dir: dir, Memory: memory}); !errors.Is(err, events.ErrIntegrity) {
		t.Fatalf("grown otherwise: got %v, want ErrIntegrity", err)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	dir, memory := damagedLog(t), t.TempDir()
	for range 3 { // remembers, and finds what it remembers
		l := open(t, Config{Dir: dir, Memory: memory})
		mustAppend(t, l, batch("a", l.End(), uint64(l.End())-1, 3))
		l.Close()
		// Somebody else appends, and we forget nothing.
		l = open(t, Config{Dir: dir})
		mustAppend(t, l, batch("a", l.End(), uint64(l.End())-1, 3))
		l.Close()
	}
	// Another log in the same place.
	replace(t, dir, damagedLog(t))
	if _, err := Open(t.Context(), Config{Dir: dir, Memory: memory}); !errors.Is(err, events.ErrIntegrity) {
		t.Errorf("another log: got %v, want ErrIntegrity", err)
	}
	// A broken memory is no memory.
	files, err := os.ReadDir(memory)
	if err != nil || len(files) != 1 {
		t.Fatalf("got %d files, %v, want 1", len(files), err)
	}
	l := open(t, Config{Dir: dir})
	l.memory = memory
	if err := os.WriteFile(l.memoryPath(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.checkMemory(t.Context()); err != nil {
		t.Errorf("broken memory: got %v, want nil", err)
	}
}

// What the first versions remembered has no checkpoint, and counts all the same;
// the next close signs one.
func TestMemoryOfTheFirstVersions(t *testing.T) {
	t.Parallel()
	dir, memory := damagedLog(t), t.TempDir()
	older := filepath.Join(t.TempDir(), "older")
	replace(t, older, dir)
	l := open(t, Config{Dir: dir, Memory: memory})
	mustAppend(t, l, batch("a", 101, 100, 5))
	l.Close()
	path := l.memoryPath()
	unsigned := func() {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		signed, _ := m["checkpoint"].(string)
		key, err := note.NewVerifier(l.Opened().Key)
		if err != nil {
			t.Fatal(err)
		}
		if c, _, err := merkle.OpenCheckpoint([]byte(signed), key); err != nil || c.N != 106 || c.Root != l.Head().Root {
			t.Errorf("got %v, %v, want a signed checkpoint at @106", c, err)
		}
		delete(m, "checkpoint")
		if b, err = json.Marshal(m); err == nil {
			err = os.WriteFile(path, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	unsigned()
	l = open(t, Config{Dir: dir, Memory: memory}) // read, and signed by its close
	l.Close()
	unsigned()
	replace(t, dir, older)
	if _, err := Open(t.Context(), Config{Dir: dir, Memory: memory}); !errors.Is(err, events.ErrIntegrity) {
		t.Errorf("an older copy: got %v, want ErrIntegrity", err)
	}
}
