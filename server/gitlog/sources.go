package gitlog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Source is the commit from which a change came into a version.
type Source struct {
	Commit string
	Author Signature
}

// Sources tells what a version has from where.
type Sources struct {
	// Lines has an entry for each line of Content, lines ending with "\n": the
	// commit that brought the line, zero where it was there in the first parent.
	// It is nil if the version is no merge.
	Lines []Source
	// Other is for what no line shows, such as removals: the last commit that
	// touched the file among those merged, else the version's own.
	Other Source
}

// Sources finds out which of the commits that a merge brought changed what. For a
// version that is no merge it is that commit, and git is not run. v must come
// from a History of f.
func (f *File) Sources(ctx context.Context, v Version) (Sources, error) {
	s, err := f.sources(ctx, v)
	if err != nil {
		return Sources{}, fmt.Errorf("sources of %s at %s: %w", v.Path, v.Commit, err)
	}
	return s, nil
}

func (f *File) sources(ctx context.Context, v Version) (Sources, error) {
	s := Sources{Other: Source{Commit: v.Commit, Author: v.Author}}
	if !v.Merge {
		return s, nil
	}
	var lines []string
	if !v.Gone {
		var err error
		if lines, err = f.blame(ctx, v); err != nil {
			return Sources{}, err
		}
		s.Lines = make([]Source, len(lines))
	}
	err := f.lines(ctx, func(commit string) { s.Other.Commit = commit },
		append([]string{"rev-list", "--max-count=1", v.Commit + "^@", "^" + v.base, "--"}, v.names...)...)
	if err != nil {
		return Sources{}, err
	}
	authors, err := f.authors(ctx, append(lines, s.Other.Commit))
	if err != nil {
		return Sources{}, err
	}
	for i, commit := range lines {
		s.Lines[i] = Source{Commit: commit, Author: authors[commit]}
	}
	s.Other.Author = authors[s.Other.Commit]
	return s, nil
}

// authors returns who made the commits; "" among them is none.
func (f *File) authors(ctx context.Context, commits []string) (map[string]Signature, error) {
	all := make(map[string]Signature)
	var ask []string
	for _, commit := range commits {
		if _, ok := all[commit]; !ok && commit != "" {
			all[commit] = Signature{}
			ask = append(ask, commit)
		}
	}
	for r, err := range f.commits(ctx, ask...) {
		if err != nil {
			return nil, err
		}
		all[r.commit] = r.author
	}
	return all, nil
}

// blame returns for each line of v the commit in base..Commit that brought it, ""
// for lines of the base.
func (f *File) blame(ctx context.Context, v Version) ([]string, error) {
	// With --root, only commits that the base has count as the boundary. The empty
	// name forgets the files with revisions to ignore.
	p, err := f.start(ctx, nil, "blame", "--porcelain", "--root", "--ignore-revs-file=", "--no-textconv", "--no-progress",
		"^"+v.base, v.Commit, "--", v.Path)
	if err != nil {
		return nil, err
	}
	var lines []string
	boundary := make(map[string]bool)
	for {
		commit, err := readLine(p.out, boundary)
		if errors.Is(err, io.EOF) {
			return lines, p.wait()
		}
		if err != nil {
			p.stop()
			return nil, p.failed(err)
		}
		if boundary[commit] {
			commit = ""
		}
		lines = append(lines, commit)
	}
}

// readLine reads a line of the file in blame's porcelain form: "HASH was is [n]",
// when a commit is seen for the first time what it is, and the line after a tab.
func readLine(in *bufio.Reader, boundary map[string]bool) (commit string, err error) {
	for {
		line, err := in.ReadString('\n')
		switch {
		case err != nil:
			return "", err
		case strings.HasPrefix(line, "\t"):
			return commit, nil
		case commit == "":
			commit, _, _ = strings.Cut(line, " ")
		case line == "boundary\n":
			boundary[commit] = true
		}
	}
}
