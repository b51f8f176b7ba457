package gitlog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
)

// Signature is who did something and when, as the commit has it: no mailmap, and
// the zone in which it was written.
type Signature struct {
	Name  string
	Email string
	Time  time.Time // zero where the commit has none that can be read
}

// record is a commit as git log prints it, and what it did to one path.
type record struct {
	commit    string
	parents   []string
	author    Signature
	committed time.Time
	subject   string
	path      string
	old, new  blob   // at path, before and after; equal where nothing was printed
	from      string // the name that path had before this commit, if another
}

// parent returns the first parent, "" for a root.
func (r record) parent() string {
	if len(r.parents) == 0 {
		return ""
	}
	return r.parents[0]
}

// changed reports whether the commit changed the file's bytes or its name.
func (r record) changed() bool { return r.old != r.new || r.from != "" }

// blob names a content of a regular file; empty where there is no such file.
type blob string

// newBlob returns what stands at a path by its mode and hash. A symbolic link or
// a submodule is no file with a content of its own.
func newBlob(mode, hash string) blob {
	if !strings.HasPrefix(mode, "100") {
		return ""
	}
	return blob(hash)
}

// header is the format that record reads back, one field each and NUL between
// them (with -z also behind the last); the first byte tells it from a change.
const (
	header       = "--format=tformat:%x01%H%x00%P%x00%an%x00%ae%x00%ad%x00%cd%x00%s"
	headerFields = 7
)

// log yields the commits along first parents that changed path, from the commit
// from back to what the commit not can reach ("" is all).
func (f *File) log(ctx context.Context, from, not, path string) iter.Seq2[record, error] {
	args := []string{
		"log", "-z", "--first-parent", "--diff-merges=first-parent", "--raw", "--no-abbrev", "--no-renames",
		"--no-color", "--no-ext-diff", "--no-textconv", "-O/dev/null", "--date=raw", "--encoding=UTF-8", header, from,
	}
	if not != "" {
		args = append(args, "^"+not)
	}
	return f.records(ctx, nil, path, append(args, "--", path)...)
}

// commits yields the commits with these names in no particular order, with
// nothing about any path.
func (f *File) commits(ctx context.Context, names ...string) iter.Seq2[record, error] {
	stdin := strings.NewReader(strings.Join(names, "\n") + "\n")
	return f.records(ctx, stdin, "", "log", "-z", "--no-walk=unsorted", "--no-patch", "--no-color", "--date=raw", "--encoding=UTF-8", header, "--stdin")
}

// records yields what a git log with the format header and -z prints.
func (f *File) records(ctx context.Context, stdin io.Reader, path string, args ...string) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		p, err := f.start(ctx, stdin, args...)
		if err != nil {
			yield(record{}, err)
			return
		}
		for {
			r, err := readRecord(p.out, path)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				p.stop()
				yield(record{}, p.failed(err))
				return
			}
			if !yield(r, nil) {
				p.stop()
				return
			}
		}
		if err := p.wait(); err != nil {
			yield(record{}, err)
		}
	}
}

// readRecord reads a commit and its changes; only the one of path is kept.
// It returns io.EOF where the output ended before a commit.
func readRecord(in *bufio.Reader, path string) (record, error) {
	var fields [headerFields]string
	for i := range fields {
		field, err := in.ReadString(0)
		if err == io.EOF && (i > 0 || field != "") {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return record{}, err
		}
		fields[i] = strings.ToValidUTF8(field[:len(field)-1], "\uFFFD")
	}
	commit, ok := strings.CutPrefix(fields[0], "\x01")
	if !ok {
		return record{}, fmt.Errorf("unexpected output %q", fields[0])
	}
	r := record{
		commit:    commit,
		parents:   strings.Fields(fields[1]),
		author:    Signature{Name: fields[2], Email: fields[3], Time: parseTime(fields[4])},
		committed: parseTime(fields[5]),
		subject:   fields[6],
		path:      path,
	}
	for {
		if next, err := in.Peek(1); err != nil || next[0] == 1 {
			return r, nil // a read error shows at the next commit
		}
		change, err := readChange(in)
		if err != nil {
			return record{}, err
		}
		if change.path == path {
			r.old, r.new = change.old, change.new
		}
	}
}

// change is one line of git's raw format.
type change struct {
	old, new blob
	status   byte   // A, C, D, M, R, T
	from     string // C and R only
	path     string
}

// readChange reads one change in the form that -z gives it:
//
//	:100644 100644 HASH HASH M NUL path NUL      C and R have two paths
func readChange(in *bufio.Reader) (change, error) {
	line, err := in.ReadString(0)
	if err != nil {
		return change{}, err
	}
	parts := strings.Fields(strings.TrimSuffix(line, "\x00"))
	if len(parts) != 5 || !strings.HasPrefix(parts[0], ":") {
		return change{}, fmt.Errorf("unexpected output %q", line)
	}
	c := change{
		old:    newBlob(parts[0][1:], parts[2]),
		new:    newBlob(parts[1], parts[3]),
		status: parts[4][0],
	}
	if c.status == 'C' || c.status == 'R' {
		if c.from, err = in.ReadString(0); err != nil {
			return change{}, err
		}
		c.from = c.from[:len(c.from)-1]
	}
	if c.path, err = in.ReadString(0); err != nil {
		return change{}, err
	}
	c.path = c.path[:len(c.path)-1]
	return c, nil
}

// parseTime reads seconds and zone as --date=raw prints them: 1692650957 +0200.
func parseTime(s string) time.Time {
	seconds, zone, _ := strings.Cut(s, " ")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	// Clocks that were wrong wrote zones and years that no calendar has.
	offset, err := strconv.Atoi(zone)
	if err != nil || offset <= -2400 || offset >= 2400 {
		offset = 0
	}
	t := time.Unix(at, 0).In(time.FixedZone("", (offset/100*60+offset%100)*60))
	if t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}
