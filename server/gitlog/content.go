package gitlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
)

// Version is the file as one commit of the spine left it.
type Version struct {
	Commit    string // the full hash
	Parent    string // the Commit of the version before; of the first, Range.After
	Path      string // in that commit, from the root, with slashes
	Content   []byte // nil if Gone; the caller may keep and change it
	Gone      bool   // the commit deleted the file
	Merge     bool   // the commit is a merge: Sources tells what it brought
	Author    Signature
	Committed time.Time // committer date
	Subject   string    // the first paragraph of the message, on one line

	base  string   // Sources looks in base..Commit
	names []string // all that the history knows, for branches from before a rename
}

// Versions yields the versions, the oldest first, with their contents. It holds
// one content at a time. An error comes last; ErrTooLarge names commit and size.
// It may be ranged over again.
func (h History) Versions(ctx context.Context) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		if len(h.steps) == 0 {
			return
		}
		var blobs []blob
		for _, s := range h.steps {
			if s.new != "" {
				blobs = append(blobs, s.new)
			}
		}
		contents, err := h.file.contents(ctx, blobs)
		if err != nil {
			yield(Version{}, fmt.Errorf("versions of %s: %w", h.file.path, err))
			return
		}
		names := h.names()
		for _, s := range h.steps {
			v := s.version(names)
			if !v.Gone {
				v.Content, err = contents.next()
			}
			if err != nil {
				contents.stop()
				yield(Version{}, fmt.Errorf("%s at %s: %w", s.path, s.commit, err))
				return
			}
			if !yield(v, nil) {
				contents.stop()
				return
			}
		}
		contents.stop()
	}
}

func (s step) version(names []string) Version {
	return Version{
		Commit:    s.commit,
		Parent:    s.last,
		Path:      s.path,
		Gone:      s.new == "",
		Merge:     len(s.parents) > 1,
		Author:    s.author,
		Committed: s.committed,
		Subject:   s.subject,
		base:      s.base,
		names:     names,
	}
}

// contents is a git cat-file that hands out blobs in the order they were asked
// for.
type contents struct{ *process }

// contents asks for the contents of all blobs. Nothing is read yet, and git waits
// with what is not read.
func (f *File) contents(ctx context.Context, blobs []blob) (contents, error) {
	var names strings.Builder
	for _, b := range blobs {
		names.WriteString(string(b))
		names.WriteByte('\n')
	}
	p, err := f.start(ctx, strings.NewReader(names.String()), "cat-file", "--batch", "--buffer")
	return contents{p}, err
}

// next returns the next content: "HASH blob SIZE\n", the bytes and "\n".
func (c contents) next() ([]byte, error) {
	content, err := c.read()
	if err == nil {
		return content, nil
	}
	if c.ctx.Err() != nil {
		return nil, c.ctx.Err()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		if ended := c.wait(); ended != nil {
			return nil, ended
		}
	}
	return nil, err
}

func (c contents) read() ([]byte, error) {
	line, err := c.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	name, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	kind, rest, _ := strings.Cut(rest, " ")
	size, err := strconv.ParseInt(rest, 10, 64)
	switch {
	case kind == "missing":
		return nil, fmt.Errorf("object %s is missing", name)
	case kind != "blob" || err != nil:
		return nil, fmt.Errorf("unexpected output %q", line)
	case size > MaxSize:
		return nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrTooLarge, size, MaxSize)
	}
	content := make([]byte, size+1)
	if _, err := io.ReadFull(c.out, content); err != nil {
		return nil, err
	}
	return content[:size:size], nil
}
