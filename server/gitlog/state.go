package gitlog

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Head is what is checked out, and what it has of the file.
type Head struct {
	Commit string // the full hash; "" before the first commit
	blob   blob
}

// Head returns what is checked out.
func (f *File) Head(ctx context.Context) (Head, error) {
	commit, err := f.resolve(ctx, "HEAD")
	if errors.Is(err, ErrNoCommit) {
		return Head{}, nil
	}
	var b blob
	if err == nil {
		b, err = f.blobAt(ctx, commit, f.path)
	}
	if err != nil {
		return Head{}, fmt.Errorf("%s at HEAD: %w", f.path, err)
	}
	return Head{Commit: commit, blob: b}, nil
}

// Holds reports whether the commit has the file with these bytes. They are the
// bytes as git stores them: where it turns line ends or runs a filter on the way
// to the work tree, those of the work tree are others.
func (h Head) Holds(content []byte) bool {
	sum := sha1.New()
	if len(h.blob) == hex.EncodedLen(sha256.Size) {
		sum = sha256.New()
	}
	fmt.Fprintf(sum, "blob %d\x00", len(content))
	sum.Write(content)
	return hex.EncodeToString(sum.Sum(nil)) == string(h.blob)
}

// blobAt returns what a commit has at path.
func (f *File) blobAt(ctx context.Context, commit, path string) (blob, error) {
	out, err := f.output(ctx, "ls-tree", "-z", "--full-tree", commit, "--", path)
	// MODE TYPE HASH TAB path NUL
	entry, _, _ := bytes.Cut(out, []byte("\t"))
	if parts := strings.Fields(string(entry)); len(parts) == 3 {
		return newBlob(parts[0], parts[2]), err
	}
	return "", err
}

// Shallow reports whether the clone lacks older commits.
func (f *File) Shallow(ctx context.Context) (bool, error) {
	out, err := f.output(ctx, "rev-parse", "--is-shallow-repository")
	return strings.TrimSpace(string(out)) == "true", err
}

// Busy says what git is in the middle of in this work tree, "" if nothing: "a
// merge". The file may then be changed at any moment, or hold both sides of a
// conflict. It looks at a few files and does not run git.
func (f *File) Busy() string { return busyIn(f.gitDir) }

func busyIn(gitDir string) string {
	for _, sign := range []struct{ file, means string }{
		{"rebase-merge", "a rebase"},
		{"rebase-apply/applying", "applying patches"},
		{"rebase-apply", "a rebase"},
		{"MERGE_HEAD", "a merge"},
		{"CHERRY_PICK_HEAD", "a cherry-pick"},
		{"REVERT_HEAD", "a revert"},
		{"sequencer", "a cherry-pick or revert of several commits"},
		{"BISECT_LOG", "a bisect"},
		{"index.lock", "another command"},
		{"HEAD.lock", "another command"},
	} {
		if _, err := os.Lstat(filepath.Join(gitDir, filepath.FromSlash(sign.file))); err == nil {
			return sign.means
		}
	}
	return ""
}
