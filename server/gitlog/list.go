package gitlog

import (
	"context"
	"errors"
	"fmt"
)

// List returns the versions without their contents, the oldest first.
func (h History) List() []Version {
	names := h.names()
	list := make([]Version, len(h.steps))
	for i, s := range h.steps {
		list[i] = s.version(names)
	}
	return list
}

// Slice returns the versions from index i up to j.
func (h History) Slice(i, j int) History { return History{h.file, h.steps[i:j]} }

// Committed returns the commit that is checked out and the file's bytes in it.
// It returns ErrNoCommit before the first commit, and ErrNoHistory if the commit
// does not have the file.
func (f *File) Committed(ctx context.Context) (commit string, content []byte, err error) {
	head, err := f.Head(ctx)
	switch {
	case err != nil:
		return "", nil, err
	case head.Commit == "":
		return "", nil, fmt.Errorf("%w: HEAD", ErrNoCommit)
	case head.blob == "":
		return head.Commit, nil, fmt.Errorf("%w: %s", ErrNoHistory, f.path)
	}
	c, err := f.contents(ctx, []blob{head.blob})
	if err != nil {
		return head.Commit, nil, err
	}
	defer c.stop()
	content, err = c.next()
	return head.Commit, content, err
}

// Outside reports whether err says that there is no history to read: no git, no
// repository, no commit of the file.
func Outside(err error) bool {
	return errors.Is(err, ErrNoGit) || errors.Is(err, ErrNoRepository) || errors.Is(err, ErrNoHistory) || errors.Is(err, ErrNoCommit)
}
