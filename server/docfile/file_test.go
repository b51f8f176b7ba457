package docfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/server/commands"
	"cairn/server/docfile"
)

// write puts content into a new file and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// alone checks that nothing else lies in the folder of path.
func alone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("got %v beside %s, want nothing", entries, path)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large := func(name string, size int64) string {
		path := write(t, name, "")
		if err := os.Truncate(path, size); err != nil { // a file with a hole: it takes no room
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct {
		name, path string
		code       commands.Code
		// message has PATH for the path.
		message string
	}{
		{"a missing file", filepath.Join(dir, "no.md"), commands.CodeNoFile, "no file PATH"},
		{"a directory", dir, commands.CodeUsage, "PATH is a directory; want a Markdown file"},
		{"a device", os.DevNull, commands.CodeUsage, "PATH is no regular file"},
		{"a file over the limit", large("large.md", docfile.MaxFile+1), commands.CodeOverLimit, "PATH has 17 MiB; the limit is 16"},
		{"a file far over the limit", large("huge.md", 1<<40), commands.CodeOverLimit, "PATH has 1048576 MiB; the limit is 16"},
	} {
		_, err := docfile.Read(test.path)
		var e *commands.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want a refusal", test.name, err)
			continue
		}
		if want := strings.ReplaceAll(test.message, "PATH", test.path); e.Code != test.code || e.Message != want {
			t.Errorf("%s: got %s: %s, want %s: %s", test.name, e.Code, e.Message, test.code, want)
		}
	}
	if b, err := docfile.Read(write(t, "plan.md", "- [ ] a\r\n\xff")); err != nil || string(b) != "- [ ] a\r\n\xff" {
		t.Errorf("got %q, %v, want the bytes", b, err)
	}
	if b, err := docfile.Read(large("just.md", docfile.MaxFile)); err != nil || len(b) != docfile.MaxFile {
		t.Errorf("a file of the limit: got %d bytes, %v", len(b), err)
	}
}

func TestReadUnreadable(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	path := write(t, "plan.md", "- [ ] a\n")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := docfile.Read(path); !errors.Is(err, docfile.ErrUnreadable) || !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v, want %v", err, docfile.ErrUnreadable)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	t.Run("makes a file", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "new.md")
		if err := docfile.Write(path, []byte("new")); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != "new" {
			t.Errorf("got %q, want new", got)
		}
		alone(t, path)
	})
	for _, mode := range []os.FileMode{0o600, 0o640, 0o755, 0o444} {
		t.Run("keeps the mode "+mode.String(), func(t *testing.T) {
			t.Parallel()
			path := write(t, "plan.md", "old")
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			if err := docfile.Write(path, []byte("new")); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != mode || read(t, path) != "new" {
				t.Errorf("got %v, %v, %q, want %v and the new bytes", info.Mode(), err, read(t, path), mode)
			}
			alone(t, path)
		})
	}
	t.Run("keeps a symbolic link", func(t *testing.T) {
		t.Parallel()
		target := write(t, "plan.md", "old")
		link := filepath.Join(t.TempDir(), "link.md")
		if err := os.Symlink(target, link); err != nil {
			t.Skip(err)
		}
		if err := docfile.Write(link, []byte("new")); err != nil {
			t.Fatal(err)
		}
		if to, err := os.Readlink(link); err != nil || to != target || read(t, target) != "new" {
			t.Errorf("got %q, %v, %q, want the link and the new bytes", to, err, read(t, target))
		}
		alone(t, link)
		alone(t, target)
	})
	t.Run("replaces in one step", func(t *testing.T) {
		t.Parallel()
		path := write(t, "plan.md", "old")
		open, err := os.Open(path) // whoever reads meanwhile
		if err != nil {
			t.Fatal(err)
		}
		defer open.Close()
		if err := docfile.Write(path, []byte(strings.Repeat("new", 100_000))); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 10)
		if n, _ := open.Read(b); string(b[:n]) != "old" {
			t.Errorf("got %q, want the old bytes, whole", b[:n])
		}
	})
	t.Run("leaves nothing where it cannot write", func(t *testing.T) {
		t.Parallel()
		path := write(t, "plan.md", "old")
		if err := docfile.Write(filepath.Join(filepath.Dir(path), "no", "plan.md"), []byte("new")); !errors.Is(err, docfile.ErrUnwritable) {
			t.Errorf("got %v, want %v", err, docfile.ErrUnwritable)
		}
		if err := docfile.Write(filepath.Dir(path), []byte("new")); !errors.Is(err, docfile.ErrUnwritable) {
			t.Errorf("over a directory: got %v, want %v", err, docfile.ErrUnwritable)
		}
		if got := read(t, path); got != "old" {
			t.Errorf("got %q, want old", got)
		}
		alone(t, path)
	})
}

func TestName(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"elixir-migration.md":                  "elixir-migration",
		"plans/Elixir Migration.md":            "elixir-migration",
		"/a/b/Q4_Release (v1.2).markdown":      "q4-release-v1-2",
		"README":                               "readme",
		".hidden.md":                           "hidden",
		"--x--.md":                             "x",
		"übergang.md":                          "bergang",
		"计划.md":                                "",
		".md":                                  "",
		"a" + strings.Repeat("b", 80) + ".md":  "a" + strings.Repeat("b", 62),
		strings.Repeat("a", 62) + "-" + "b.md": strings.Repeat("a", 62),
		"2026-11-01.md":                        "2026-11-01",
	} {
		got := docfile.Name(path)
		if got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
		if got != "" && commands.CheckName(got) != nil {
			t.Errorf("%q: %q is no name", path, got)
		}
	}
}

// A file that was written to a moment ago may be half of what it will be: Read
// waits until it is at rest.
func TestReadWhileItIsWritten(t *testing.T) {
	t.Parallel()
	path := write(t, "plan.md", "- [ ] half")
	touch := func(at time.Time) {
		if err := os.Chtimes(path, at, at); err != nil {
			t.Error(err)
		}
	}
	touch(time.Now().Add(900 * time.Millisecond)) // longer than Read has patience
	saved := make(chan struct{})
	go func() {
		defer close(saved)
		time.Sleep(50 * time.Millisecond)
		if err := os.WriteFile(path, []byte("- [ ] half and half\n"), 0o644); err != nil {
			t.Error(err)
		}
		touch(time.Now().Add(-time.Minute))
	}()
	b, err := docfile.Read(path)
	<-saved
	var refusal *commands.Error
	switch {
	case errors.As(err, &refusal) && refusal.Code == commands.CodeChanged: // the machine was busy
	case err != nil || string(b) != "- [ ] half and half\n":
		t.Errorf("got %q, %v", b, err)
	}
}
