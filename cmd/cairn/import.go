package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/docfile"
)

type importOptions struct {
	writeFlags
	path     string
	name     string
	noFollow bool
	noGit    bool
	rev      string
	since    string
	markers  []string
	history  string // what was taken of it
	gone     bool   // the file is there no more
	brief    bool   // one line tells of it
}

func newImport(c *cli) *cobra.Command {
	o := &importOptions{}
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Make a checklist of a Markdown file",
		Long: `Make a checklist of a Markdown file, and let the file follow it: whatever changes
in the log is written into the file, byte for byte the same elsewhere.

  cairn import plans/elixir-migration.md
  cairn import TODO.md --name release-7
  cairn import TODO.md --no-follow      the file stays as it is
  cairn import TODO.md --no-git         only the file as it is now
  cairn import TODO.md --marker o=done      where the file has no legend

Where the file has been committed, its git history becomes the checklist's: each
change with its author and date.

The first import makes the log: in the repository's git directory where there is
one (never committed, survives git clean), else in your home directory.`,
		Args: args(1, 1, "a Markdown FILE"),
		RunE: func(cmd *cobra.Command, given []string) error {
			o.path = given[0]
			return c.importFile(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.name, "name", "", "the checklist's `name`; default: the file's")
	cmd.Flags().BoolVar(&o.noFollow, "no-follow", false, "leave the file alone from now on")
	cmd.Flags().BoolVar(&o.noGit, "no-git", false, "leave the file's git history alone")
	cmd.Flags().StringVar(&o.rev, "rev", "", "take the history up to this `commit`; default: HEAD")
	cmd.Flags().StringArrayVar(&o.markers, "marker", nil, "what a marker means: `~=in_progress`; repeatable")
	cmd.Flags().StringVar(&o.since, "since", "", "leave out what was committed before this `day`")
	o.register(cmd)
	return cmd
}

func (c *cli) importFile(ctx context.Context, o *importOptions) error {
	history, err := c.history(ctx, o)
	if err != nil {
		return err
	}
	document, err := docfile.Read(o.path)
	if history != nil && docfile.IsMissing(err) {
		o.gone, o.noFollow = true, true
	}
	if history != nil && (docfile.IsMissing(err) || o.rev != "") {
		document, err = nil, nil // the history ends before today
	}
	if err != nil {
		return err
	}
	if o.name == "" {
		o.name = c.checklist
	}
	if o.name == "" {
		o.name = docfile.Name(o.path)
	}
	if o.name == "" {
		return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%s makes no name for a checklist", o.path), Hint: "Give one: --name NAME, of small letters, digits and -."}
	}
	if err := commands.CheckName(o.name); err != nil {
		return err
	}
	path, err := absoluteFile(o.path)
	if err != nil {
		return err
	}
	if len(document) > manyBytes {
		expectHeap()
	}
	// Limits and the like are refused before a log is made.
	report, err := docfile.Inspect(document, strings.Join(o.markers, ","))
	if err != nil {
		return err
	}
	if c.session == nil {
		if err := c.locate(); err != nil {
			return err
		}
	}
	if o.dryRun && !c.place.Exists && history != nil {
		c.tellDryHistory(o, history)
		return nil
	}
	if o.dryRun && !c.place.Exists {
		c.tellImport(report, o, path)
		return nil
	}
	s, err := c.open(ctx, true)
	if err != nil {
		return err
	}
	if history != nil {
		if done, err := c.importHistory(ctx, o, history, path, document); done || err != nil {
			return err
		}
	}
	if c.id == "" {
		if name, err := c.tiedTo(ctx, path); err != nil {
			return err
		} else if name != "" {
			c.used = name
			return c.importedAlready(ctx, o, name)
		}
	}
	c.used = o.name
	meta := c.meta(o.name, &o.writeFlags)
	cmd := commands.ImportDocument{Source: c.source(path), Follow: !o.noFollow, Document: document, Markers: strings.Join(o.markers, ",")}
	do := s.Execute
	if o.dryRun {
		do = s.Preview
	}
	outcome, err := do(ctx, meta, cmd)
	if err != nil {
		c.used = ""
		return err
	}
	if o.dryRun {
		c.used = ""
		c.tellImport(report, o, path)
		return nil
	}
	if c.json {
		return s.Checklist(ctx, o.name, nil, func(st *checklist.State) error { return c.printResult(st, &o.writeFlags, outcome) })
	}
	c.tellImport(report, o, path)
	return nil
}

// source is how the log names a file: below the base of the log's place where
// it lies there, else absolute.
func (c *cli) source(path string) string {
	base := c.place.Base
	if real, err := filepath.EvalSymlinks(base); err == nil {
		base = real
	}
	if rel, err := filepath.Rel(base, path); base != "" && err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return filepath.ToSlash(rel)
	}
	return path
}

// tiedTo returns the checklist that the file at an absolute path follows.
func (c *cli) tiedTo(ctx context.Context, path string) (string, error) {
	all, err := c.session.Checklists(ctx)
	if err != nil {
		return "", err
	}
	for _, sum := range all {
		if sum.Path == "" {
			continue
		}
		if at := c.absolute(sum.Path); at == path || sameFile(at, path) {
			return sum.Name, nil
		}
	}
	return "", nil
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

func (c *cli) importedAlready(ctx context.Context, o *importOptions, name string) error {
	return c.session.Checklist(ctx, name, nil, func(st *checklist.State) error {
		if c.json {
			r := app.JSONResult{Schema: 1, Kind: "result", Checklist: name, Seq: st.Seq(), Tasks: []checklist.JSONTask{}}
			r.Events = nil
			return c.printJSON(struct {
				app.JSONResult
				Events []string `json:"events"`
			}{r, []string{}})
		}
		c.talk("%s follows %s already, at @%d; nothing was added.\n", o.path, name, st.Seq())
		if o.noFollow {
			c.talk("To untie it: cairn sync --off\n")
		}
		return nil
	})
}

func (c *cli) tellImport(r docfile.Report, o *importOptions, path string) {
	if o.gone {
		r.Warnings = nil // nobody is surprised that it is empty
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(c.err, "cairn: %s: %s\n", o.path, checklist.Clean(w))
	}
	if c.quiet || c.json {
		return
	}
	c.talk("%s: %s in %s, %s\n", o.name, count(r.Counts.Tasks, "task"), count(r.Sections, "section"), stateWords(r.Counts))
	if o.brief {
		return
	}
	apart := r.Apart()
	if apart != "" {
		apart = "  (" + apart + ")"
	}
	c.talk("  work  %s%s\n", count(r.Progress.Work, "leaf task"), apart)
	if o.history != "" {
		c.talk("  git   %s\n", o.history)
	}
	note := ""
	switch {
	case c.place.Git:
		note = "  (not committed; survives git clean)"
	case filepath.Base(c.place.Dir) == ".cairn":
		note = "  (ignored by git)"
	}
	c.talk("  log   %s%s\n", c.where(), note)
	switch {
	case o.gone:
		c.talk("  file  %s is gone: only its history is here\n", c.shown(path))
	case o.noFollow:
		c.talk("  file  %s does not follow it: cairn export FILE\n", c.shown(path))
	default:
		c.talk("  file  %s follows the log\n", c.shown(path))
	}
	switch {
	case o.dryRun:
		c.talk("Nothing was written.\n")
	case r.Counts.Tasks > 0:
		c.talk("Next: cairn plan --owner NAME --start DAY --finish DAY, then cairn\n")
	default:
		c.talk("Next: cairn add TEXT\n")
	}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func stateWords(n checklist.Counts) string {
	if n.Tasks == 0 {
		return "nothing to do"
	}
	if n.Todo == n.Tasks {
		return "all to do"
	}
	var words []string
	for _, w := range []struct {
		n    int
		word string
	}{{n.Done, "done"}, {n.InProgress, "in progress"}, {n.OnHold, "on hold"}, {n.Todo, "to do"}, {n.Dropped, "dropped"}} {
		if w.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", w.n, w.word))
		}
	}
	return strings.Join(words, ", ")
}

func newExport(c *cli) *cobra.Command {
	o, force := &seeOptions{}, false
	cmd := &cobra.Command{
		Use: "export [FILE]", Short: "Write the checklist as Markdown",
		Long: `Write the checklist as Markdown, to stdout or into FILE.

  cairn export
  cairn export --as-of fri old.md`,
		Args: args(0, 1, "at most a FILE"),
		RunE: func(cmd *cobra.Command, given []string) error {
			return c.look(cmd.Context(), o, func(st *checklist.State) error {
				if len(given) == 0 || given[0] == "-" {
					_, err := c.out.Write(st.Document())
					return err
				}
				return c.exportTo(given[0], st, force)
			})
		},
	}
	o.register(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "replace a FILE that is something else")
	return cmd
}

// exportTo writes a document into a file, which is replaced only if it holds
// nothing that would be lost.
func (c *cli) exportTo(path string, st *checklist.State, force bool) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if file, ok := c.tied(st); ok && !force && (file.Path == abs || sameFile(file.Path, abs)) {
		status, lines, err := docfile.Compare(file, c.copies(), c.session.Origin(), st.Name, st.Document())
		if err == nil && status == docfile.Differs {
			return &commands.Error{Code: commands.CodeRefused, Message: fmt.Sprintf("%s has edits in %d lines that are not in the log", path, lines), Hint: "Nothing was written. To lose them: --force"}
		}
	} else if !force {
		have, err := os.ReadFile(abs)
		if err == nil && string(have) != string(st.Document()) {
			return &commands.Error{Code: commands.CodeRefused, Message: path + " exists and is something else", Hint: "Nothing was written. To replace it: --force"}
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%w: %w", docfile.ErrUnreadable, err)
		}
	}
	if err := docfile.Write(abs, st.Document()); err != nil {
		return err
	}
	c.talk("%s is %s@%d\n", path, st.Name, st.Seq())
	return nil
}
