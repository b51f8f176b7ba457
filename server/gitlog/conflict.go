package gitlog

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// Conflict is the three sides of a file that git could not merge. A side that has
// no such file is nil; an empty file is empty, not nil.
type Conflict struct {
	Base   []byte // what both began with
	Ours   []byte // of HEAD; in a rebase, of the branch that is built anew
	Theirs []byte // of what is merged; in a rebase, of the commit that is moved
}

// Conflict returns the sides of the file where it is in conflict; false where it
// is not.
func (f *File) Conflict(ctx context.Context) (Conflict, bool, error) {
	c, ok, err := f.conflict(ctx)
	if err != nil {
		return Conflict{}, false, fmt.Errorf("conflict in %s: %w", f.path, err)
	}
	return c, ok, nil
}

func (f *File) conflict(ctx context.Context) (Conflict, bool, error) {
	out, err := f.output(ctx, "ls-files", "-z", "--unmerged", "--", f.path)
	if err != nil {
		return Conflict{}, false, err
	}
	var c Conflict
	var into []*[]byte
	var blobs []blob
	// MODE HASH STAGE TAB path NUL, one for each side
	for entry := range bytes.SplitSeq(out, []byte{0}) {
		head, path, _ := strings.Cut(string(entry), "\t")
		parts := strings.Fields(head)
		if len(parts) != 3 || path != f.path {
			continue
		}
		side, ok := map[string]*[]byte{"1": &c.Base, "2": &c.Ours, "3": &c.Theirs}[parts[2]]
		if b := newBlob(parts[0], parts[1]); ok && b != "" {
			into = append(into, side)
			blobs = append(blobs, b)
		}
	}
	if len(blobs) == 0 {
		return Conflict{}, false, nil
	}
	contents, err := f.contents(ctx, blobs)
	if err != nil {
		return Conflict{}, false, err
	}
	defer contents.stop()
	for _, side := range into {
		if *side, err = contents.next(); err != nil {
			return Conflict{}, false, err
		}
	}
	return c, true, nil
}
