package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestCorpus imports checklists from all over the world and exports them byte
// for byte. They are other people's and not part of this repository.
func TestCorpus(t *testing.T) {
	t.Parallel()
	const corpus = "../../../shared/corpus"
	b, err := os.ReadFile(filepath.Join(corpus, "expected.json"))
	if err != nil {
		t.Skip("no corpus beside this repository")
	}
	var expected struct {
		Files []struct {
			File  string
			Total int `json:"expected_total"`
			Done  int `json:"expected_done"`
		}
	}
	if err := json.Unmarshal(b, &expected); err != nil {
		t.Fatal(err)
	}
	h := newHome(t)
	for i, f := range expected.Files {
		want, err := os.ReadFile(filepath.Join(corpus, f.File))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(h.dir, f.File)
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		name := "corpus-" + string(rune('a'+i))
		h.must("import", path, "--name", name)
		if got := h.must("export", "-c", name); got != string(want) {
			t.Errorf("%s: the export differs from the file", f.File)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != string(want) {
			t.Errorf("%s: the file was changed", f.File)
		}
		var show struct{ Counts struct{ Tasks, Done int } }
		if err := json.Unmarshal([]byte(h.must("show", "--json", "-c", name)), &show); err != nil {
			t.Fatal(err)
		}
		if show.Counts.Tasks != f.Total || show.Counts.Done != f.Done {
			t.Errorf("%s: %d tasks, %d done, want %d and %d", f.File, show.Counts.Tasks, show.Counts.Done, f.Total, f.Done)
		}
	}
	if len(expected.Files) == 0 {
		t.Error("the corpus is empty")
	}
}
