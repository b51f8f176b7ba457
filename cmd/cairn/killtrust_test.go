package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestKillRestore kills restores at random moments: each leaves a whole log, or
// nothing that the next attempt stumbles over.
func TestKillRestore(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must("import", "elixir-migration.md")
	want := h.must("export")
	h.must("backup", "b")
	usual := h.usual("restore", "b", "--data", "warm-up")
	for range 6 {
		to := filepath.Join(h.dir, "restored")
		for try := 0; ; try++ {
			whole := h.killed(usual, "restore", "b", "--data", "restored")
			_, err := os.Stat(filepath.Join(to, "marker"))
			if whole && err != nil {
				t.Fatalf("the restore said that it was done: %v", err)
			}
			if err == nil {
				break
			}
			if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("a killed restore left a directory that is no log: %v", err)
			}
			if try == 3 { // always killed early: once in peace
				h.must("restore", "b", "--data", "restored")
				break
			}
		}
		if got := h.must("--data", "restored", "export"); got != want {
			t.Fatal("the restored checklist is another one")
		}
		h.must("--data", "restored", "verify")
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKillRotate kills changes of the key at random moments: what is signed
// afterwards is always signed by a key that the log knows.
func TestKillRotate(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must("import", "elixir-migration.md")
	usual := h.usual("key", "rotate")
	for range 8 {
		h.killed(usual, "key", "rotate")
		key := h.must("key")
		if err := os.WriteFile(filepath.Join(h.dir, "cp"), []byte(h.must("checkpoint")), 0o600); err != nil {
			t.Fatal(err)
		}
		h.must("verify", "--checkpoint", "cp")
		h.must("backup", "b")
		h.must("verify", "--backup", "b", "--key", key[:len(key)-1])
		h.must("doctor")
	}
}
