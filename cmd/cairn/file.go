package main

import (
	"context"
	"fmt"
	"path/filepath"

	"cairn/projections/checklist"
	"cairn/server/docfile"
)

// tied returns the file that follows a checklist; ok is false if none does.
func (c *cli) tied(st *checklist.State) (docfile.Tied, bool) {
	if st.Synced == nil || st.Synced.Path == "" {
		return docfile.Tied{}, false
	}
	if !filepath.IsAbs(st.Synced.Path) && c.place.Base == "" {
		return docfile.Tied{}, false
	}
	path := c.absolute(st.Synced.Path)
	return docfile.Tied{Path: path, Shown: c.shown(path), ImportedSHA256: st.Synced.SHA256}, true
}

// followFile brings the tied file up to the checklist after a write.
func (c *cli) followFile(ctx context.Context) {
	_, _, _, _ = c.withFile(ctx, docfile.Follow) // how it stands is said in the end
}

// catchUpFile looks at the tied file before a write, where what is remembered of
// it is not of this revision: it was forgotten, a process died between the file
// and the memory of it, or another work tree wrote to the log. A file that is
// equal to the checklist now is known to be untouched after the write.
func (c *cli) catchUpFile(ctx context.Context) error {
	behind := false
	err := c.session.Checklist(ctx, c.used, nil, func(st *checklist.State) error {
		if file, ok := c.tied(st); ok {
			known, ok := c.copies().Load(file.Path)
			behind = !ok || known.Origin != c.session.Origin() || known.Checklist != st.Name || known.Revision != st.Revision
		}
		return nil
	})
	if err == nil && behind {
		c.followFile(ctx)
	}
	return err
}

// lookAtFile says after a command how the tied file stands, where it has edits
// of its own; what lags behind after a crash is brought up.
func (c *cli) lookAtFile(ctx context.Context) {
	status, lines, file, err := c.withFile(ctx, docfile.Follow)
	switch {
	case err != nil:
		fmt.Fprintf(c.err, "cairn: the log is in order, but %s does not follow it: %v\n", file, err)
	case status == docfile.Differs && !c.quiet:
		noun := "lines"
		if lines == 1 {
			noun = "line"
		}
		fmt.Fprintf(c.err, "%s differs in %d %s from the log: cairn sync\n", file, lines, noun)
	case status == docfile.Missing && !c.quiet:
		fmt.Fprintf(c.err, "%s is gone; cairn export %s writes it again\n", file, file)
	}
}

type follower func(file docfile.Tied, copies docfile.Copies, origin, checklist string, revision uint64, document []byte) (docfile.Status, int, error)

func (c *cli) withFile(ctx context.Context, follow follower) (status docfile.Status, lines int, shown string, err error) {
	readErr := c.session.Checklist(ctx, c.used, nil, func(st *checklist.State) error {
		file, ok := c.tied(st)
		if !ok || st.PublishedTo != "" { // the file follows the log there
			return nil
		}
		shown = file.Shown
		_, known := c.copies().Load(file.Path)
		status, lines, err = follow(file, c.copies(), c.session.Origin(), st.Name, st.Revision, st.Document())
		if status == docfile.Missing && !known {
			status = docfile.Equal // it never was here
		}
		return nil
	})
	if readErr != nil {
		return docfile.Equal, 0, shown, nil // the command has said so
	}
	return status, lines, shown, err
}
