package gitlog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Find returns the version that a revision stands for: the full hash of the
// commit which left the file as it was at rev in HEAD's history. That is rev
// itself if it is a version, else the version before it on the spine. A commit
// off the spine stands for the merge that brought it there.
//
// It returns ErrNoCommit if rev names no commit, ErrDiverged if HEAD's history
// lacks it, and ErrNoHistory if it is older than the file.
func (f *File) Find(ctx context.Context, rev string) (string, error) {
	found, err := f.find(ctx, rev)
	if err != nil {
		return "", fmt.Errorf("find %s in the history of %s: %w", rev, f.path, err)
	}
	return found, nil
}

func (f *File) find(ctx context.Context, rev string) (string, error) {
	commit, err := f.resolve(ctx, rev)
	if err != nil {
		return "", err
	}
	head, err := f.tip(ctx, "")
	if err != nil {
		return "", err
	}
	joined, err := f.joins(ctx, commit, head)
	if err != nil {
		return "", err
	}
	later, err := f.spine(ctx, joined, head)
	if err != nil {
		return "", err
	}
	newer := make(map[string]bool, len(later))
	for _, l := range later {
		newer[l.commit] = true
	}
	// From HEAD on, for only its history tells what the file was called there.
	for r, err := range f.walk(ctx, head, "") {
		if err != nil {
			return "", err
		}
		if !newer[r.commit] {
			return r.commit, nil
		}
	}
	return "", ErrNoHistory
}

// tip resolves the newest commit of a range. An unborn HEAD has no history.
func (f *File) tip(ctx context.Context, rev string) (string, error) {
	if rev != "" {
		return f.resolve(ctx, rev)
	}
	head, err := f.resolve(ctx, "HEAD")
	if errors.Is(err, ErrNoCommit) {
		return "", ErrNoHistory
	}
	return head, err
}

// resolve returns the full hash of the commit that rev names.
func (f *File) resolve(ctx context.Context, rev string) (string, error) {
	if rev == "" || strings.HasPrefix(rev, "-") || strings.ContainsRune(rev, 0) {
		return "", fmt.Errorf("%q: %w", rev, ErrNoCommit)
	}
	out, err := f.output(ctx, "rev-parse", "--verify", rev+"^{commit}")
	if code(err) > 0 {
		if strings.Contains(err.Error(), "is ambiguous") {
			return "", fmt.Errorf("%s is the beginning of several: %w", rev, ErrNoCommit)
		}
		return "", fmt.Errorf("%s: %w", rev, ErrNoCommit)
	}
	return strings.TrimSpace(string(out)), err
}

// joins returns the commit of tip's spine with which commit became part of it:
// commit itself, or the merge that brought it.
func (f *File) joins(ctx context.Context, commit, tip string) (string, error) {
	if commit == tip {
		return tip, nil
	}
	switch _, err := f.output(ctx, "merge-base", "--is-ancestor", commit, tip); code(err) {
	case 0:
	case 1:
		return "", fmt.Errorf("%s: %w of %s", commit, ErrDiverged, tip)
	default:
		return "", err
	}
	later, err := f.spine(ctx, commit, tip)
	if err != nil {
		return "", err
	}
	if len(later) == 0 || later[len(later)-1].parent == commit {
		return commit, nil
	}
	descend := make(map[string]bool)
	err = f.lines(ctx, func(line string) { descend[line] = true },
		"rev-list", "--ancestry-path", tip, "^"+commit)
	for _, l := range slices.Backward(later) {
		if descend[l.commit] {
			return l.commit, err
		}
	}
	return commit, err
}

// link is a commit of a spine and its first parent.
type link struct{ commit, parent string }

// spine returns the commits of tip's spine that commit cannot reach, the newest
// first.
func (f *File) spine(ctx context.Context, commit, tip string) ([]link, error) {
	var links []link
	err := f.lines(ctx, func(line string) {
		commit, parent, _ := strings.Cut(line, " ")
		parent, _, _ = strings.Cut(parent, " ")
		links = append(links, link{commit, parent})
	}, "rev-list", "--first-parent", "--parents", tip, "^"+commit)
	return links, err
}

// lines runs git and hands out what it prints, line by line.
func (f *File) lines(ctx context.Context, each func(string), args ...string) error {
	p, err := f.start(ctx, nil, args...)
	if err != nil {
		return err
	}
	in := bufio.NewScanner(p.out)
	for in.Scan() {
		each(in.Text())
	}
	if err := in.Err(); err != nil {
		p.stop()
		return p.failed(err)
	}
	return p.wait()
}
