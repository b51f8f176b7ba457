package gitlog

import (
	"context"
	"fmt"
	"iter"
	"slices"
)

// Range says which part of a history is meant. The zero Range is all up to HEAD.
type Range struct {
	// Rev is the newest commit, in any form that git takes. Empty is HEAD.
	Rev string
	// After leaves out this commit and what it already had. It need not have
	// changed the file. Where a merge brought it into the spine, as when the
	// branch on which it was made is merged, the history begins with that merge,
	// as what it brought to a file as it was in After.
	After string
	// Shallow allows a history whose beginning the clone does not have.
	Shallow bool
}

// History is the commits of a Range that changed the file, without contents: some
// 300 bytes each.
type History struct {
	file  *File
	steps []step
}

// step is a version without its content.
type step struct {
	record
	base string // what a merge is compared with, to see what it brought
	last string // the commit of the step before
}

// History reads which commits of r changed the file.
//
// It returns ErrNoHistory if all of the spine lacks the file, ErrNoCommit if Rev or
// After name no commit, ErrDiverged if After is not part of Rev's history, and
// ErrShallow if the clone does not reach back far enough.
func (f *File) History(ctx context.Context, r Range) (History, error) {
	steps, err := f.steps(ctx, r)
	if err != nil {
		return History{}, fmt.Errorf("history of %s: %w", f.path, err)
	}
	return History{file: f, steps: steps}, nil
}

// Len returns the number of versions.
func (h History) Len() int { return len(h.steps) }

// Paths returns the names that the versions have, the oldest first, each once.
func (h History) Paths() []string {
	var paths []string
	for _, s := range h.steps {
		if !slices.Contains(paths, s.path) {
			paths = append(paths, s.path)
		}
	}
	return paths
}

// names returns Paths and the names before a version that was renamed.
func (h History) names() []string {
	names := h.Paths()
	for _, s := range h.steps {
		if s.from != "" && !slices.Contains(names, s.from) {
			names = append(names, s.from)
		}
	}
	return names
}

func (f *File) steps(ctx context.Context, r Range) ([]step, error) {
	tip, err := f.tip(ctx, r.Rev)
	if err != nil {
		return nil, err
	}
	after, joined, err := f.from(ctx, r, tip)
	if err != nil {
		return nil, err
	}
	var steps []step
	path := f.path // and at the end the file's name in after
	for rec, err := range f.walk(ctx, tip, joined) {
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{record: rec, base: rec.parent()})
		if path = rec.path; rec.from != "" {
			path = rec.from
		}
	}
	if joined != after {
		s, err := f.joining(ctx, after, joined, path)
		if err != nil {
			return nil, err
		}
		if s.changed() {
			steps = append(steps, s)
		}
	}
	slices.Reverse(steps)
	last := after
	for i := range steps {
		steps[i].last, last = last, steps[i].commit
	}
	if len(steps) == 0 && after == "" {
		return nil, ErrNoHistory
	}
	return steps, nil
}

// from returns r.After in full, "" where there is none, and the commit of tip's
// spine with which it came there: itself, or a merge.
func (f *File) from(ctx context.Context, r Range, tip string) (after, joined string, err error) {
	shallow := false
	if !r.Shallow {
		if shallow, err = f.Shallow(ctx); err != nil {
			return "", "", err
		}
	}
	if r.After != "" {
		if after, err = f.resolve(ctx, r.After); err == nil {
			joined, err = f.joins(ctx, after, tip)
		}
	}
	if shallow && (r.After == "" || err != nil) {
		err = ErrShallow
	}
	return after, joined, err
}

// joining returns the step of a merge that brought the commit after into the
// spine, as what changed between the two; path is the file's name in the merge.
func (f *File) joining(ctx context.Context, after, merge, path string) (step, error) {
	for rec, err := range f.commits(ctx, merge) {
		if err != nil {
			return step{}, err
		}
		s := step{record: rec, base: after}
		s.path = path
		if s.new, err = f.blobAt(ctx, merge, path); err != nil {
			return step{}, err
		}
		s.old, err = f.blobAt(ctx, after, path)
		return s, err
	}
	return step{}, ErrNoCommit
}

// walk yields the commits of tip's spine that changed the file's bytes or its name,
// newest first and under the names it had there, back to what the commit not can
// reach. What changed its mode only, or what was a link or a directory, is left
// out.
func (f *File) walk(ctx context.Context, tip, not string) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		path := f.path
		for from := tip; from != ""; {
			next := ""
			for r, err := range f.log(ctx, from, not, path) {
				if err == nil {
					r.from, err = f.formerName(ctx, r)
				}
				if err != nil {
					yield(record{}, err)
					return
				}
				if r.changed() && !yield(r, nil) {
					return
				}
				if r.from != "" {
					path, next = r.from, r.parent()
					break
				}
			}
			from = next
		}
	}
}
