package gitlog

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Source is the commit that brought a line.
type Source struct {
	Commit string
	Signature
}

// Brought says where a version's changes come from: for each line of Content,
// from 0, the commit that brought it, nil for the lines that were there before;
// and one for what has no line, such as a removal. Of a merge they are commits
// of the branch that was merged; else the version's own commit brought all.
func (f *File) Brought(ctx context.Context, v Version) (lines []*Source, rest Source, err error) {
	rest = Source{v.Commit, v.Author}
	if !v.Merge || v.Gone {
		return nil, rest, nil
	}
	// What came last to the file on the merged side stands for what has no line.
	out, err := run(ctx, f.Root, "log", "-1", "--no-merges", "--format=%H%x00%aN%x00%aE%x00%aI", v.parent+".."+v.Commit, "--", v.Path)
	if err != nil {
		return nil, rest, err
	}
	if part := strings.Split(strings.TrimSpace(string(out)), "\x00"); len(part) == 4 {
		at, err := time.Parse(time.RFC3339, part[3])
		if err != nil {
			return nil, rest, fmt.Errorf("git log: %w", err)
		}
		rest = Source{part[0], Signature{part[1], part[2], at}}
	}
	out, err = run(ctx, f.Root, "blame", "--porcelain", "--ignore-revs-file=", v.parent+".."+v.Commit, "--", v.Path)
	if err != nil {
		return nil, rest, err
	}
	lines, err = parseBlame(string(out))
	return lines, rest, err
}

// parseBlame reads `git blame --porcelain`.
func parseBlame(out string) ([]*Source, error) {
	type commit struct {
		Source
		boundary bool
		unix     int64
		zone     string
	}
	commits := make(map[string]*commit)
	var lines []*Source
	var at *commit
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		switch key, value, _ := strings.Cut(line, " "); {
		case strings.HasPrefix(line, "\t"):
			if at == nil {
				return nil, fmt.Errorf("git blame: cannot read %q", line)
			}
			if at.boundary {
				lines = append(lines, nil)
				break
			}
			s := at.Source
			s.Time = time.Unix(at.unix, 0).In(zone(at.zone))
			lines = append(lines, &s)
		case len(key) >= 40 && strings.Trim(key, "0123456789abcdef") == "":
			if at = commits[key]; at == nil {
				at = &commit{Source: Source{Commit: key}}
				commits[key] = at
			}
		case at == nil:
			return nil, fmt.Errorf("git blame: cannot read %q", line)
		case key == "author":
			at.Name = value
		case key == "author-mail":
			at.Email = strings.Trim(value, "<>")
		case key == "author-time":
			at.unix, _ = strconv.ParseInt(value, 10, 64)
		case key == "author-tz":
			at.zone = value
		case key == "boundary":
			at.boundary = true
		}
	}
	return lines, nil
}

// zone reads "+0200".
func zone(s string) *time.Location {
	n, err := strconv.Atoi(s)
	if err != nil || n == 0 {
		return time.UTC
	}
	return time.FixedZone("", (n/100*60+n%100)*60)
}

// Find returns the commit of the spine that rev is, or, for a commit of a merged
// branch, the merge that brought it. It returns ErrNoCommit where there is none.
func (f *File) Find(ctx context.Context, rev string) (string, error) {
	commit, err := f.commit(ctx, rev)
	if err != nil {
		return "", err
	}
	out, err := run(ctx, f.Root, "rev-list", "--first-parent", "HEAD")
	if err != nil {
		return "", err
	}
	spine := strings.Fields(string(out)) // newest first
	if slices.Contains(spine, commit) {
		return commit, nil
	}
	low, high := 0, len(spine) // spine[:low] have it, spine[high:] do not
	for low < high {
		mid := (low + high) / 2
		if _, err := run(ctx, f.Root, "merge-base", "--is-ancestor", commit, spine[mid]); err == nil {
			low = mid + 1
		} else if ctx.Err() != nil {
			return "", err
		} else {
			high = mid
		}
	}
	if low == 0 {
		return "", fmt.Errorf("%w in the history of HEAD: %s", ErrNoCommit, rev)
	}
	return spine[low-1], nil
}
