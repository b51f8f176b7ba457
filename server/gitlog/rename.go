package gitlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
)

// maxSources is how many files that a commit took away or changed are looked at
// for where a new one came from; the likeliest first.
const maxSources = 400

// formerName returns the name that the file which r added had before: it was
// renamed, or moved and something else left in its place. "" where it is new, or
// back after a deletion.
func (f *File) formerName(ctx context.Context, r record) (string, error) {
	if r.old != "" || r.new == "" || r.parent() == "" {
		return "", nil
	}
	candidates, err := f.changes(ctx, "diff-tree", "-r", "-z", "--no-renames", "--diff-filter=DM", r.parent(), r.commit)
	if err != nil {
		return "", fmt.Errorf("rename in %s: %w", r.commit, err)
	}
	candidates = slices.DeleteFunc(candidates, func(c change) bool {
		return c.old == "" || c.old == c.new || c.path == r.path
	})
	if len(candidates) == 0 {
		return "", nil
	}
	likely := func(c change) int {
		switch {
		case c.old == r.new:
			return 0
		case path.Base(c.path) == path.Base(r.path):
			return 1
		case path.Ext(c.path) == path.Ext(r.path):
			return 2
		}
		return 3
	}
	slices.SortStableFunc(candidates, func(a, b change) int { return cmp.Compare(likely(a), likely(b)) })
	// -B sees a file as taken away where little of it is left. It needs -M, and
	// the files alone, so that a large commit costs no more than a small one.
	args := []string{"diff-tree", "-r", "-z", "-B", "-M", "-l0", r.parent(), r.commit, "--", r.path}
	for _, c := range candidates[:min(len(candidates), maxSources)] {
		args = append(args, c.path)
	}
	pairs, err := f.changes(ctx, args...)
	if err != nil {
		return "", fmt.Errorf("rename in %s: %w", r.commit, err)
	}
	for _, c := range pairs {
		if c.path == r.path {
			return c.from, nil
		}
	}
	return "", nil
}

// changes returns what a git command prints in the raw format.
func (f *File) changes(ctx context.Context, args ...string) ([]change, error) {
	p, err := f.start(ctx, nil, args...)
	if err != nil {
		return nil, err
	}
	var all []change
	for {
		c, err := readChange(p.out)
		if errors.Is(err, io.EOF) {
			return all, p.wait()
		}
		if err != nil {
			p.stop()
			return nil, p.failed(err)
		}
		all = append(all, c)
	}
}
