package docfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/server/docfile"
)

const (
	origin = "cairn/test"
	first  = "- [ ] a\n- [ ] b\n"
	second = "- [x] a\n- [ ] b\n"
	third  = "- [x] a\n- [x] b\n"
)

// tied is a file that holds first, just imported.
func tied(t *testing.T) (docfile.Tied, docfile.Copies) {
	path := write(t, "plan.md", first)
	return docfile.Tied{Path: path, Shown: "plan.md", ImportedSHA256: docfile.Sum([]byte(first))},
		docfile.Copies{Dir: filepath.Join(t.TempDir(), "copies")}
}

// follow wants how the file stood, and what it holds then.
func follow(t *testing.T, file docfile.Tied, copies docfile.Copies, revision uint64, document string, status docfile.Status, lines int, want string) {
	t.Helper()
	got, n, err := docfile.Follow(file, copies, origin, "plan", revision, []byte(document))
	if err != nil || got != status || n != lines {
		t.Errorf("got status %d, %d lines, %v, want %d, %d", got, n, err, status, lines)
	}
	if status != docfile.Missing {
		if got := read(t, file.Path); got != want {
			t.Errorf("got file %q, want %q", got, want)
		}
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	file, copies := tied(t)
	follow(t, file, copies, 4, first, docfile.Equal, 0, first)
	follow(t, file, copies, 5, second, docfile.Behind, 0, second)
	follow(t, file, copies, 6, third, docfile.Behind, 0, third)
	known, ok := copies.Load(file.Path)
	want := docfile.Copy{Path: file.Path, Origin: origin, Checklist: "plan", Revision: 6, SHA256: docfile.Sum([]byte(third))}
	if diff := cmp.Diff(want, known); !ok || diff != "" {
		t.Errorf("remembered (-want +got):\n%s", diff)
	}
	alone(t, file.Path)
}

func TestEditsAreLeftAlone(t *testing.T) {
	t.Parallel()
	file, copies := tied(t)
	follow(t, file, copies, 5, second, docfile.Behind, 0, second)
	edited := "# Title\n" + strings.Replace(second, "b", "other", 1)
	if err := os.WriteFile(file.Path, []byte(edited), 0o644); err != nil {
		t.Fatal(err)
	}
	follow(t, file, copies, 6, third, docfile.Differs, 2, edited) // a title and a line
	follow(t, file, copies, 6, "", docfile.Differs, 3, edited)

	// Put back by hand, it follows again.
	if err := os.WriteFile(file.Path, []byte(second), 0o644); err != nil {
		t.Fatal(err)
	}
	follow(t, file, copies, 6, third, docfile.Behind, 0, third)
}

// An older state is an edit too: somebody took the file back.
func TestOldBytesAreAnEdit(t *testing.T) {
	t.Parallel()
	file, copies := tied(t)
	follow(t, file, copies, 5, second, docfile.Behind, 0, second)
	if err := os.WriteFile(file.Path, []byte(first), 0o644); err != nil {
		t.Fatal(err)
	}
	follow(t, file, copies, 6, third, docfile.Differs, 2, first)
}

// An edit that happens to be what the log holds is no edit.
func TestEqualAgain(t *testing.T) {
	t.Parallel()
	file, copies := tied(t)
	if err := os.WriteFile(file.Path, []byte(second), 0o644); err != nil {
		t.Fatal(err)
	}
	follow(t, file, copies, 5, second, docfile.Equal, 0, second)
	follow(t, file, copies, 6, third, docfile.Behind, 0, third)
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	file, copies := tied(t)
	if err := os.Remove(file.Path); err != nil {
		t.Fatal(err)
	}
	follow(t, file, copies, 5, second, docfile.Missing, 0, "")
	if _, err := os.Stat(file.Path); !os.IsNotExist(err) {
		t.Errorf("got %v, want no file: it was removed on purpose", err)
	}
}

func TestForgottenMemory(t *testing.T) {
	t.Parallel()
	forget := map[string]func(t *testing.T, file docfile.Tied, copies docfile.Copies){
		"never written": func(*testing.T, docfile.Tied, docfile.Copies) {},
		"unreadable": func(t *testing.T, file docfile.Tied, copies docfile.Copies) {
			save(t, copies, docfile.Copy{Path: file.Path, Origin: origin, Checklist: "plan", SHA256: "00"})
			entries, err := os.ReadDir(copies.Dir)
			if err != nil || len(entries) != 1 {
				t.Fatalf("got %v, %v, want one file", entries, err)
			}
			if err := os.WriteFile(filepath.Join(copies.Dir, entries[0].Name()), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"of another log": func(t *testing.T, file docfile.Tied, copies docfile.Copies) {
			save(t, copies, docfile.Copy{Path: file.Path, Origin: "cairn/other", Checklist: "plan", SHA256: "00"})
		},
		"of another checklist": func(t *testing.T, file docfile.Tied, copies docfile.Copies) {
			save(t, copies, docfile.Copy{Path: file.Path, Origin: origin, Checklist: "other", SHA256: "00"})
		},
	}
	for name, prepare := range forget {
		t.Run(name+": the imported bytes may be replaced", func(t *testing.T) {
			t.Parallel()
			file, copies := tied(t)
			prepare(t, file, copies)
			follow(t, file, copies, 5, second, docfile.Behind, 0, second)
		})
		t.Run(name+": all others are edits", func(t *testing.T) {
			t.Parallel()
			file, copies := tied(t)
			if err := os.WriteFile(file.Path, []byte(second), 0o644); err != nil {
				t.Fatal(err)
			}
			prepare(t, file, copies)
			follow(t, file, copies, 5, third, docfile.Differs, 1, second)
		})
	}
}

// What another log remembers to have written says nothing to this one, even if
// the file still holds it.
func TestMemoryOfAnotherLog(t *testing.T) {
	t.Parallel()
	file, copies := tied(t)
	if err := os.WriteFile(file.Path, []byte(third), 0o644); err != nil {
		t.Fatal(err)
	}
	save(t, copies, docfile.Copy{Path: file.Path, Origin: "cairn/other", Checklist: "plan", SHA256: docfile.Sum([]byte(third))})
	follow(t, file, copies, 5, second, docfile.Differs, 1, third)
}

func save(t *testing.T, copies docfile.Copies, known docfile.Copy) {
	t.Helper()
	if err := copies.Save(known); err != nil {
		t.Fatal(err)
	}
}

func TestCopies(t *testing.T) {
	t.Parallel()
	copies := docfile.Copies{Dir: filepath.Join(t.TempDir(), "a", "b")}
	one := docfile.Copy{Path: "/plan.md", Origin: origin, Checklist: "plan", Revision: 1, SHA256: "aa"}
	other := docfile.Copy{Path: "/other.md", Origin: origin, Checklist: "plan", Revision: 2, SHA256: "bb"}
	save(t, copies, one)
	save(t, copies, other)
	one.Revision = 3
	save(t, copies, one)
	for _, want := range []docfile.Copy{one, other} {
		if got, ok := copies.Load(want.Path); !ok || got != want {
			t.Errorf("got %+v, %t, want %+v", got, ok, want)
		}
	}
	entries, err := os.ReadDir(copies.Dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("got %v, %v, want two files", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("got %v, %v, want mode 0600", info, err)
		}
	}
	if _, ok := copies.Load("/none.md"); ok {
		t.Error("got a copy that never was")
	}
	var nowhere docfile.Copies
	save(t, nowhere, one)
	if _, ok := nowhere.Load(one.Path); ok {
		t.Error("got a copy from nowhere")
	}
}

// Whether the copy is remembered or not: what cannot be remembered is an error.
func TestCopiesThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	file := write(t, "no-folder", "")
	if err := (docfile.Copies{Dir: file}).Save(docfile.Copy{Path: "/plan.md"}); err == nil {
		t.Error("got no error")
	}
}
