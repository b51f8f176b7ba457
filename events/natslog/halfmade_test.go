package natslog

import (
	"os"
	"path/filepath"
	"testing"
)

// A process was killed while it made the log: JetStream's description of the
// stream lies there without its checksum. Made again, the log was there until
// it was closed, and "holds no log" at the next start, for JetStream had kept the
// old description and never wrote the checksum.
func TestCreationCutOff(t *testing.T) {
	t.Parallel()
	made := t.TempDir()
	l, err := Open(t.Context(), Config{Dir: made, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(storePath(made), "jetstream", "*", "streams", "*", "meta.inf"))
	if err != nil || len(found) != 1 {
		t.Fatalf("got %q, %v, want one description", found, err)
	}
	description, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(made, found[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, part := range map[string][]byte{"whole": description, "half": description[:len(description)/2], "empty": {}} {
		dir := filepath.Join(t.TempDir(), "log")
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, rel)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, rel), part, 0o600); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			l, err := Open(t.Context(), Config{Dir: dir, Create: i == 0})
			if err != nil {
				t.Fatalf("%s, time %d: %v", name, i+1, err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
