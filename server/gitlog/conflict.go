package gitlog

import (
	"context"
	"fmt"
	"strings"
)

// Conflict is a file that git could not merge: its three versions.
type Conflict struct {
	Base, Ours, Theirs []byte
}

// Conflict returns the versions of a file that git could not merge; nil where
// there is no conflict. A version that is not there, because one side removed
// or both added the file, is empty.
func (f *File) Conflict(ctx context.Context) (*Conflict, error) {
	out, err := run(ctx, f.Root, "ls-files", "-u", "-z", "--", f.Path)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	c := new(Conflict)
	for _, entry := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		head, _, _ := strings.Cut(entry, "\t")
		part := strings.Fields(head) // mode, object, stage
		if len(part) != 3 {
			return nil, fmt.Errorf("git ls-files: cannot read %q", entry)
		}
		content, err := run(ctx, f.Root, "cat-file", "blob", part[1])
		if err != nil {
			return nil, err
		}
		switch part[2] {
		case "1":
			c.Base = content
		case "2":
			c.Ours = content
		case "3":
			c.Theirs = content
		}
	}
	return c, nil
}
