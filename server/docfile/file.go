// Package docfile is the file half of a checklist: reading the Markdown file,
// replacing it when the checklist changed, and knowing which copy of it was
// last equal to what.
//
// For most uses, call [Follow] after each command. It replaces the file only if
// it still holds the bytes that Cairn last read or wrote; edits are left alone
// and counted.
package docfile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/google/renameio/v2"

	"cairn/server/commands"
)

// MaxFile is the largest file in bytes that is read.
const MaxFile = 16 << 20

// ErrUnreadable and ErrUnwritable say that a file is there but cannot be read,
// or written.
var (
	ErrUnreadable = errors.New("the file cannot be read")
	ErrUnwritable = errors.New("the file cannot be written")
)

// Read returns the bytes of the file. Its errors are for users: a missing file,
// a directory, a file over the limit, one that may not be read, one that
// somebody goes on writing to: half of a file is no edit.
func Read(path string) ([]byte, error) {
	for try := 0; ; try++ {
		b, info, err := readOnce(path)
		if err != nil {
			return nil, err
		}
		after, err := os.Stat(path)
		if err == nil && os.SameFile(info, after) && after.Size() == int64(len(b)) && after.ModTime().Equal(info.ModTime()) && atRest(after) {
			return b, nil
		}
		if try == 50 {
			return nil, &commands.Error{Code: commands.CodeChanged, Message: fmt.Sprintf("%s changes while it is read", path), Hint: "Nothing was written. Try again when it is saved."}
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// atRest reports whether a file was not written to in the last moments: between
// two steps of a save it is empty, or half of what it will be.
func atRest(info fs.FileInfo) bool {
	age := time.Since(info.ModTime())
	return age > 15*time.Millisecond || age < -time.Second // another machine's clock
}

// readOnce reads the file as it is now; info is from before.
func readOnce(path string) ([]byte, fs.FileInfo, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, &commands.Error{Code: commands.CodeNoFile, Message: fmt.Sprintf("no file %s", path), Hint: "Nothing was written."}
	case err != nil:
		return nil, nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	case info.IsDir():
		return nil, nil, &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%s is a directory; want a Markdown file", path)}
	case !info.Mode().IsRegular():
		return nil, nil, &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%s is no regular file", path)}
	case info.Size() > MaxFile:
		return nil, nil, tooLarge(path, info.Size())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if len(b) > MaxFile {
		return nil, nil, tooLarge(path, int64(len(b)))
	}
	return b, info, nil
}

func tooLarge(path string, size int64) error {
	return &commands.Error{Code: commands.CodeOverLimit, Message: fmt.Sprintf("%s has %d MiB; the limit is %d", path, (size+1<<20-1)>>20, MaxFile>>20), Hint: "Nothing was written."}
}

// Write replaces the file, or makes it, in one step: a reader sees the old or
// the new bytes. Mode and symbolic links stay as they are; a mode without the
// write bit keeps people from editing it by hand, not the file from following.
func Write(path string, b []byte) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	options := []renameio.Option{renameio.WithTempDir(filepath.Dir(path)), renameio.WithPermissions(0o644)}
	if _, err := os.Stat(path); err == nil {
		options = append(options, renameio.WithExistingPermissions())
	}
	f, err := renameio.NewPendingFile(path, options...)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	defer f.Cleanup()
	if _, err := f.Write(b); err != nil {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	return nil
}

// Sum returns the SHA-256 of a file's bytes, in hex.
func Sum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Name makes a checklist's name of a file's name: "Elixir Migration.md" is
// elixir-migration. It returns "" where nothing usable is left.
func Name(path string) string {
	base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	var b strings.Builder
	for _, r := range strings.ToLower(base) {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b.WriteRune(r)
		case unicode.IsSpace(r) || strings.ContainsRune("-_.,+&()/", r):
			if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
				b.WriteByte('-')
			}
		}
	}
	name := b.String()
	if len(name) > 63 {
		name = name[:63]
	}
	return strings.Trim(name, "-")
}
