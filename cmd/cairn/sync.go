package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/commands"
	"cairn/server/docfile"
	"cairn/server/markdown"
)

type syncOptions struct {
	writeFlags
	path          string
	base, prefer  string
	acceptReopens bool
	off, watch    bool
	resolve       bool
}

func newSync(c *cli) *cobra.Command {
	o := &syncOptions{}
	cmd := &cobra.Command{
		Use: "sync [FILE]", Short: "Take the edits of the file, and write the log's into it",
		Long: `Make the file and the checklist equal: what was edited in the file becomes events,
and what the log has besides goes into the file. Both may have changed; only where
both changed the same thing differently, nothing is written.

  cairn sync                    the file that follows the checklist
  cairn sync -n                 show what would happen, and write nothing
  cairn sync --prefer log       conflicts: the log is right (or: file)
  cairn sync --watch            keep both equal until Ctrl-C
  cairn sync --resolve          settle git's merge conflict in the file
  cairn sync plans/new.md       the file has another name now
  cairn sync --off              the file follows no more`,
		Args: args(0, 1, "at most a FILE"),
		RunE: func(cmd *cobra.Command, given []string) error {
			if len(given) > 0 {
				o.path = given[0]
			}
			return c.sync(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.prefer, "prefer", "", "who is right where both changed the same: file or log")
	cmd.Flags().StringVar(&o.base, "base", "", "the file was last equal to the checklist at `WHEN`")
	cmd.Flags().BoolVar(&o.acceptReopens, "accept-reopens", false, "the file opens many closed tasks again, and is right")
	cmd.Flags().BoolVar(&o.watch, "watch", false, "go on until Ctrl-C; waits while git is at work")
	cmd.Flags().BoolVar(&o.resolve, "resolve", false, "settle a merge conflict in the file from the log")
	cmd.Flags().BoolVar(&o.off, "off", false, "the file follows the checklist no more")
	o.register(cmd)
	return cmd
}

func (c *cli) sync(ctx context.Context, o *syncOptions) error {
	prefer := markdown.Side(o.prefer)
	if !slices.Contains([]markdown.Side{markdown.NoSide, markdown.FileSide, markdown.LogSide}, prefer) {
		return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--prefer %s: want file or log", o.prefer)}
	}
	given := 0
	for _, flag := range []bool{o.off, o.watch, o.resolve} {
		if flag {
			given++
		}
	}
	if given > 1 || o.watch && (o.dryRun || o.base != "") {
		return &commands.Error{Code: commands.CodeUsage, Message: "one of --watch, --resolve and --off; and --watch goes without -n and --base"}
	}
	if o.watch {
		return c.syncWatch(ctx, o)
	}
	return c.syncOnce(ctx, o, false)
}

// syncOnce syncs; quiet says nothing where there is nothing to do.
func (c *cli) syncOnce(ctx context.Context, o *syncOptions, quiet bool) error {
	prefer := markdown.Side(o.prefer)
	name, err := c.syncName(ctx, o.path)
	if err != nil {
		return err
	}
	base, err := c.when(ctx, name, o.base)
	if err != nil {
		return err
	}
	if base != nil { // refused here even where it is not needed
		if err := c.session.Checklist(ctx, name, base, func(*checklist.State) error { return nil }); err != nil {
			return err
		}
	}
	file, path, err := c.syncFile(ctx, name, o.path)
	if err != nil {
		return err
	}
	meta := c.meta(name, &o.writeFlags)
	if o.off {
		return c.syncOff(ctx, o, meta, file)
	}
	how := docfile.Sync
	if o.resolve {
		how = docfile.Resolve
	}
	synced, err := how(ctx, c.session, meta, file, path, c.copies(), docfile.SyncOptions{
		Base: base, Prefer: prefer, AcceptReopens: o.acceptReopens, DryRun: o.dryRun,
	})
	if docfile.IsMissing(err) && o.path == "" {
		return &commands.Error{
			Code: commands.CodeNoFile, Message: file.Shown + " is gone",
			Hint: fmt.Sprintf("Write it again: cairn export %s\nIt has another name now: cairn sync FILE\nIt is to follow no more: cairn sync --off", file.Shown),
		}
	}
	if err != nil {
		return asShown(err, path, file.Shown)
	}
	if o.resolve {
		return c.tellResolved(ctx, o, file, synced)
	}
	if !o.dryRun {
		if err := c.tie(ctx, meta, file, path, synced); err != nil {
			return err
		}
	}
	if quiet && !synced.Wrote && len(synced.Edits.Events)+len(synced.Commits) == 0 {
		return nil
	}
	return c.tellSync(ctx, o, name, file, synced)
}

// tellResolved tells how a merge conflict was settled.
func (c *cli) tellResolved(ctx context.Context, o *syncOptions, file docfile.Tied, synced docfile.Synced) error {
	c.used = "" // until the merge is committed, the file is ahead of the log
	return c.session.Checklist(ctx, synced.Checklist, nil, func(st *checklist.State) error {
		if synced.Edits.After != nil {
			st = synced.Edits.After
		}
		if c.json {
			return c.printResult(st, &writeFlags{dryRun: true}, synced.Edits)
		}
		rows := withoutSyncs(synced.Edits.Rows)
		c.tellRows(st, rows, c.styleOf(c.err))
		if o.dryRun {
			if _, err := c.out.Write(diff.Diff(file.Shown, synced.Before, file.Shown+" (resolved)", synced.After)); err != nil {
				return err
			}
			c.talk("Nothing was written.\n")
			return nil
		}
		c.talk("%s: the conflict is settled, with %s of the other side.\nNow: git add %s, and finish the merge; cairn sync then takes it.\n",
			file.Shown, count(len(rows), "edit"), file.Shown)
		return nil
	})
}

// asShown names the file in a refusal as a person here would.
func asShown(err error, path, shown string) error {
	var e *commands.Error
	if errors.As(err, &e) && path != shown {
		e.Message = strings.ReplaceAll(e.Message, path, shown)
	}
	return err
}

// withoutSyncs leaves out that the file and the log are equal, and blank lines.
func withoutSyncs(rows []audit.Row) []audit.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r audit.Row) bool {
		return r.Kind == events.KindDocumentSynced || r.Target.Noun == events.TextNoun && blankText(r)
	})
}

// blankText reports whether a row about a text tells of blank lines alone.
func blankText(r audit.Row) bool {
	c, _ := r.Change("text")
	for _, v := range []any{c.Before, c.After} {
		if s, ok := v.(string); ok && strings.TrimSpace(s) != "" {
			return false
		}
	}
	return true
}

// syncName is the checklist that a sync is about: that which follows FILE,
// where one is given and follows one.
func (c *cli) syncName(ctx context.Context, path string) (string, error) {
	if path != "" && c.checklist == "" {
		if _, err := c.open(ctx, false); err != nil {
			return "", err
		}
		full, err := absoluteFile(path)
		if err != nil {
			return "", err
		}
		if name, err := c.tiedTo(ctx, full); err != nil {
			return "", err
		} else if name != "" {
			c.checklist = name
		}
	}
	return c.name(ctx)
}

// absoluteFile returns the path of a file without symbolic links.
func absoluteFile(path string) (string, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(full); err == nil {
		full = real
	}
	return full, nil
}

// syncFile is the file of a sync: FILE, else that which follows the checklist.
// path is its name in the log.
func (c *cli) syncFile(ctx context.Context, name, given string) (file docfile.Tied, path string, err error) {
	var tied bool
	err = c.session.Checklist(ctx, name, nil, func(st *checklist.State) error {
		file, tied = c.tied(st)
		return nil
	})
	if err != nil {
		return file, "", err
	}
	if given == "" {
		if !tied {
			return file, "", &commands.Error{Code: commands.CodeNoFile, Message: fmt.Sprintf("no file follows %s", name), Hint: "Let one: cairn sync FILE"}
		}
		return file, c.source(file.Path), nil
	}
	full, err := absoluteFile(given)
	if err != nil {
		return file, "", err
	}
	if _, err := docfile.Read(given); err != nil {
		return file, "", err
	}
	if tied && full != file.Path && !sameFile(full, file.Path) {
		if _, err := os.Stat(file.Path); err == nil {
			return file, "", &commands.Error{
				Code: commands.CodeRefused, Message: fmt.Sprintf("%s follows %s already", file.Shown, name),
				Hint: "Nothing was written. Untie it first: cairn sync --off\nAnother checklist: cairn import " + given,
			}
		}
	}
	return docfile.Tied{Path: full, Shown: c.shown(full)}, c.source(full), nil
}

func (c *cli) syncOff(ctx context.Context, o *syncOptions, meta commands.Meta, file docfile.Tied) error {
	if !o.dryRun {
		var sum string
		err := c.session.Checklist(ctx, meta.Checklist, nil, func(st *checklist.State) error {
			sum = docfile.Sum(st.Document())
			return nil
		})
		if err != nil {
			return err
		}
		if _, err := c.session.Execute(ctx, meta, commands.RecordSync{SHA256: sum}); err != nil {
			return err
		}
	}
	c.talk("%s follows %s no more.\n", file.Shown, meta.Checklist)
	return nil
}

// tie lets the log know a file that it did not know to follow.
func (c *cli) tie(ctx context.Context, meta commands.Meta, file docfile.Tied, path string, synced docfile.Synced) error {
	known := false
	err := c.session.Checklist(ctx, meta.Checklist, nil, func(st *checklist.State) error {
		known = st.Synced != nil && st.Synced.Path == path
		return nil
	})
	if err != nil || known {
		return err
	}
	meta.ID = ""
	_, err = c.session.Execute(ctx, meta, commands.RecordSync{Path: path, SHA256: docfile.Sum(synced.After)})
	return err
}

// tellSync tells what a sync did.
func (c *cli) tellSync(ctx context.Context, o *syncOptions, name string, file docfile.Tied, synced docfile.Synced) error {
	return c.session.Checklist(ctx, name, nil, func(st *checklist.State) error {
		if synced.Edits.After != nil {
			st = synced.Edits.After
		}
		if c.json {
			return c.printResult(st, &o.writeFlags, synced.Edits)
		}
		if c.quiet {
			return nil
		}
		for _, commit := range synced.Commits {
			v := commit.Version
			c.talk("%.9s by %s, %s: %s\n", v.Commit, checklist.Clean(v.Author.Name), v.Author.Time.Format("2006-01-02 15:04"), checklist.Clean(v.Subject))
			c.tellRows(st, withoutSyncs(commit.Edits.Rows), c.styleOf(c.err))
		}
		rows := withoutSyncs(synced.Edits.Rows)
		c.tellRows(st, rows, c.styleOf(c.err))
		n := len(rows)
		for _, commit := range synced.Commits {
			n += len(withoutSyncs(commit.Edits.Rows))
		}
		took := ""
		if n > 0 {
			took = fmt.Sprintf("%s taken into the log", count(n, "edit"))
		}
		wrote := ""
		if n := docfile.Differing(synced.Before, synced.After); synced.Wrote {
			wrote = fmt.Sprintf("%s brought up to the log", count(n, "line"))
		}
		switch {
		case o.dryRun:
			c.used = "" // how the file stands has been said
			if synced.Wrote {
				if _, err := c.out.Write(diff.Diff(file.Shown, synced.Before, file.Shown+" (synced)", synced.After)); err != nil {
					return err
				}
			}
			c.talk("Nothing was written.\n")
		case synced.Old:
			c.talk("%s was as the checklist at @%d, an old copy: %s.\nIf that was no old copy but your edit, make it again and: cairn sync --prefer file\n", file.Shown, synced.OldSeq, wrote)
		case took != "" && wrote != "":
			c.talk("%s: %s, %s.\n", file.Shown, took, wrote)
		case took != "" || wrote != "":
			c.talk("%s: %s.\n", file.Shown, took+wrote)
		default:
			c.talk("%s and the log are equal, at @%d.\n", file.Shown, st.Seq())
		}
		return nil
	})
}
