// Package gitlog reads the history of one file out of git. For most use cases,
// Open a file, ask for its History, and range over the Versions:
//
//	file, err := gitlog.Open(ctx, "docs/plan.md")
//	history, err := file.History(ctx, gitlog.Range{})
//	for version, err := range history.Versions(ctx) { … }
//
// A version is the file as one commit of the spine left it: the commits that
// first parents lead to from a revision, HEAD unless told otherwise. What a
// merge brought in is one version; Sources tells which commit brought which line
// of it. The order is that of the commits, never that of their dates, and the
// names the file had before are followed.
//
// The installed git program does the reading; see docs/adr/0009. It runs so that
// neither the user's configuration nor the environment changes what it says, asks
// nobody anything and never goes to the network. Nothing is ever written.
package gitlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
)

// MaxSize is the largest file in bytes that is read out of git.
const MaxSize = 16 << 20

// What keeps a history from being read. All are wrapped with the path or the
// revision in question.
var (
	// ErrNoGit says that there is no git program to run.
	ErrNoGit = errors.New("git is not installed")
	// ErrNoRepository says that a path lies in no work tree of a repository.
	ErrNoRepository = errors.New("not in a git repository")
	// ErrNoHistory says that a file was in no commit of the spine, be it that it
	// is not tracked, not yet committed or was added later.
	ErrNoHistory = errors.New("no commit has the file")
	// ErrNoCommit says that a revision names no commit, or several.
	ErrNoCommit = errors.New("no such commit")
	// ErrDiverged says that a commit is not part of a history, as after a rebase.
	ErrDiverged = errors.New("not part of the history")
	// ErrShallow says that a clone lacks the older commits.
	ErrShallow = errors.New("the clone is shallow, older commits are missing: git fetch --unshallow")
	// ErrPartial says that a clone lacks contents that would have to be fetched.
	ErrPartial = errors.New("the clone is partial, contents are missing: git fetch --refetch --no-filter")
	// ErrTooLarge says that a version of the file is larger than MaxSize.
	ErrTooLarge = errors.New("the file is too large")
)

// File is one path in the work tree of a repository. It is not changed once it
// is open and may be used concurrently.
type File struct {
	git    string // the program
	root   string // of the work tree
	gitDir string // of this work tree, which is not where others share objects
	path   string // from root, with slashes
}

// Open finds the repository in which the file at path lies. The file need not
// exist any more. A symbolic link stands for what it points to. Whether the file
// has a history is found out by those who ask for it.
func Open(ctx context.Context, path string) (*File, error) {
	program, err := exec.LookPath("git")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, ErrNoGit)
	}
	dir, name, err := place(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	// One question each: a path may hold any byte, the newline between two
	// answers too.
	f := &File{git: program, root: dir}
	var prefix string
	for _, ask := range []struct {
		flag string
		into *string
	}{
		{"--show-prefix", &prefix},
		{"--absolute-git-dir", &f.gitDir},
		{"--show-toplevel", &f.root}, // last: root is where git runs
	} {
		out, err := f.output(ctx, "rev-parse", ask.flag)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", path, err)
		}
		*ask.into = strings.TrimSuffix(string(out), "\n")
	}
	f.path = prefix + filepath.ToSlash(name)
	return f, nil
}

// Root returns the top of the work tree.
func (f *File) Root() string { return f.root }

// Path returns the file's path from Root, with slashes.
func (f *File) Path() string { return f.path }

// place splits path into the deepest directory that exists, without symbolic
// links, and the rest.
func place(path string) (dir, rest string, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return "", "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return filepath.Dir(real), filepath.Base(real), nil
	}
	for errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) != path {
		rest = filepath.Join(filepath.Base(path), rest)
		path = filepath.Dir(path)
		dir, err = filepath.EvalSymlinks(path)
	}
	return dir, rest, err
}
