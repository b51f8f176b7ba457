package markdown_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"cairn/events"
	"cairn/server/markdown"
)

// corpus is a set of real checklists that is not part of this repository.
var corpus = filepath.Join("..", "..", "..", "shared", "corpus")

type expected struct {
	Files []struct {
		File   string         `json:"file"`
		SHA256 string         `json:"sha256"`
		Total  int            `json:"expected_total"`
		Done   int            `json:"expected_done"`
		Marks  map[string]int `json:"marks"`
	} `json:"files"`
	Edits []struct {
		File   string `json:"file"`
		Offset int    `json:"offset"`
		Before string `json:"before"`
		After  string `json:"after"`
		SHA256 string `json:"sha256_after"`
	} `json:"edits"`
}

func readExpected(t *testing.T) expected {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpus, "expected.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no corpus at %s", corpus)
	}
	if err != nil {
		t.Fatal(err)
	}
	var e expected
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func readCorpus(t *testing.T, name string) ([]byte, *markdown.Document) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpus, name))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := markdown.Parse(b, markdown.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return b, doc
}

func TestCorpusCounts(t *testing.T) {
	t.Parallel()
	for _, f := range readExpected(t).Files {
		t.Run(f.File, func(t *testing.T) {
			b, doc := readCorpus(t, f.File)
			if !bytes.Equal(doc.Bytes(), b) {
				t.Fatal("the document is not the file, byte for byte")
			}
			checkTree(t, doc)
			total, done, marks := 0, 0, map[string]int{}
			for _, block := range doc.Blocks {
				if block.Noun != events.TaskNoun {
					continue
				}
				total++
				marks[string([]byte{block.Mark})]++
				if block.State == events.Done {
					done++
				}
			}
			if total != f.Total || done != f.Done {
				t.Errorf("got %d tasks, %d done, want %d, %d", total, done, f.Total, f.Done)
			}
			for m, n := range f.Marks {
				if marks[m] != n {
					t.Errorf("marker [%s]: got %d, want %d", m, marks[m], n)
				}
			}
		})
	}
}

func TestCorpusToggles(t *testing.T) {
	t.Parallel()
	for _, e := range readExpected(t).Edits {
		b, doc := readCorpus(t, e.File)
		at, found := 0, false
		var out bytes.Buffer
		for _, block := range doc.Blocks {
			raw := block.Raw
			if at <= e.Offset && e.Offset < at+len(raw) {
				found = true
				if block.Noun != events.TaskNoun || at+block.Box != e.Offset {
					t.Errorf("%s: offset %d is not a box but in %q", e.File, e.Offset, raw)
				}
				raw = markdown.SetMark(raw, block.Box, e.After[0])
			}
			at += len(block.Raw)
			out.WriteString(raw)
		}
		sum := sha256.Sum256(out.Bytes())
		if got := hex.EncodeToString(sum[:]); !found || got != e.SHA256 {
			t.Errorf("%s: toggle at %d of %d: got %s, want %s", e.File, e.Offset, len(b), got, e.SHA256)
		}
	}
}
