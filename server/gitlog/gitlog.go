// Package gitlog reads the git history of one file: its versions along the
// first-parent spine, and who brought what.
//
// For most uses, call [Open] with the file's path and range over
// [File.Versions]:
//
//	f, err := gitlog.Open(ctx, "plans/migration.md")
//	for v, err := range f.Versions(ctx, gitlog.Range{}) {
//		…
//	}
//
// It runs the installed git, which is not asked for anything but reading; see
// docs/adr/0009. Nothing of the user's configuration changes what it returns.
package gitlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The errors of this package.
var (
	// ErrNoGit: git is not installed.
	ErrNoGit = errors.New("git is not installed")
	// ErrNoRepository: the file lies in no repository.
	ErrNoRepository = errors.New("not in a git repository")
	// ErrNoHistory: no commit ever had the file.
	ErrNoHistory = errors.New("no commit has the file")
	// ErrNoCommit: a revision names no commit of the repository.
	ErrNoCommit = errors.New("no such commit")
	// ErrShallow: the clone does not have all commits.
	ErrShallow = errors.New("the clone is shallow: it does not have the whole history")
)

// Signature is who made a commit, and when in that person's zone.
type Signature struct {
	Name, Email string
	Time        time.Time
}

// File is a file in a git repository. It is safe for concurrent use.
type File struct {
	// Root is the top of the work tree, Path the file below it, with slashes.
	Root, Path string
	// Shallow says that the clone does not have all commits.
	Shallow bool

	gitDir string
}

// Open finds the repository of the file at path, which need not exist any more.
func Open(ctx context.Context, path string) (*File, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(full)
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			break
		}
		if dir == filepath.Dir(dir) {
			return nil, ErrNoRepository
		}
		dir = filepath.Dir(dir)
	}
	out, err := run(ctx, dir, "rev-parse", "--show-toplevel", "--absolute-git-dir", "--is-shallow-repository")
	switch {
	case errors.Is(err, ErrNoGit) || ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %s", ErrNoRepository, dir)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != 3 {
		return nil, fmt.Errorf("%w: %s", ErrNoRepository, dir)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	rel, err := filepath.Rel(lines[0], filepath.Join(real, strings.TrimPrefix(full, dir)))
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return nil, fmt.Errorf("%w: %s", ErrNoRepository, dir)
	}
	return &File{Root: lines[0], Path: filepath.ToSlash(rel), gitDir: lines[1], Shallow: lines[2] == "true"}, nil
}

// command returns a git that reads, in dir, the same for everybody.
func command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	fixed := []string{
		"-C", dir, "--no-pager", "--literal-pathspecs", "--no-replace-objects", "--no-optional-locks",
		"-c", "core.quotePath=false", "-c", "log.showSignature=false", "-c", "log.follow=false", "-c", "log.mailmap=true",
		"-c", "diff.renames=true", "-c", "diff.renameLimit=1000", "-c", "color.ui=false",
		"-c", "core.fsmonitor=false", "-c", "blame.ignoreRevsFile=", "-c", "core.commitGraph=true", "-c", "i18n.logOutputEncoding=UTF-8",
	}
	cmd := exec.CommandContext(ctx, "git", append(fixed, args...)...)
	for _, v := range os.Environ() {
		// A git hook has GIT_DIR and its like set, for its own repository.
		if !strings.HasPrefix(v, "GIT_") || strings.HasPrefix(v, "GIT_CONFIG_") || strings.HasPrefix(v, "GIT_EXEC_PATH") || strings.HasPrefix(v, "GIT_CEILING_DIRECTORIES") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_OPTIONAL_LOCKS=0")
	cmd.WaitDelay = time.Second
	return cmd
}

// run returns what git prints.
func run(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := command(ctx, dir, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	return out, said(ctx, args[0], err, stderr.Bytes())
}

// said makes an error of what git said; nil where err is.
func said(ctx context.Context, what string, err error, stderr []byte) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return ErrNoGit
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(stderr)), "\n")
	if line == "" {
		line = err.Error()
	}
	return fmt.Errorf("git %s: %s", what, strings.TrimPrefix(line, "fatal: "))
}

// Head returns the commit that HEAD is, and the file's bytes in it; ErrNoCommit
// before the first commit, ErrNoHistory where the commit does not have the file.
func (f *File) Head(ctx context.Context) (commit string, content []byte, err error) {
	out, err := run(ctx, f.Root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
	if err != nil {
		if ctx.Err() != nil {
			return "", nil, err
		}
		return "", nil, fmt.Errorf("%w: HEAD", ErrNoCommit)
	}
	commit = strings.TrimSpace(string(out))
	content, err = run(ctx, f.Root, "cat-file", "blob", commit+":"+f.Path)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %s", ErrNoHistory, f.Path)
	}
	return commit, content, err
}

// Busy returns what git is in the middle of in this work tree: "a merge", "a
// rebase"; "" where it is at rest.
func (f *File) Busy() string {
	for _, b := range []struct{ name, what string }{
		{"index.lock", "a command"}, {"MERGE_HEAD", "a merge"}, {"rebase-merge", "a rebase"}, {"rebase-apply", "a rebase"},
		{"CHERRY_PICK_HEAD", "a cherry-pick"}, {"REVERT_HEAD", "a revert"}, {"BISECT_LOG", "a bisect"},
	} {
		if _, err := os.Lstat(filepath.Join(f.gitDir, b.name)); err == nil {
			return b.what
		}
	}
	return ""
}
