package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

type diffOptions struct {
	through, markdown, exitCode, wide bool
}

func newDiff(c *cli) *cobra.Command {
	o := &diffOptions{}
	cmd := &cobra.Command{
		Use: "diff FROM [TO]", Short: "What became of the checklist between two moments",
		Long: `What became of the checklist between two moments, FROM and TO or now, by section.

  cairn diff fri
  cairn diff @401 @412
  cairn diff import --through       also what went there and back in between
  cairn diff 2w --markdown | gh issue comment 12 --body-file -
  cairn diff yesterday -q --exit-code || echo "something moved"

FROM and TO are each a WHEN (cairn help when); a day means its end. + is added,
− removed; the counts are done of all, before and after. A heading that was moved
is listed once, and not its tasks. --exit-code ends with 1 if something differs,
with 0 if nothing does, and with 2 or more where it could not look.`,
		Args: args(1, 2, "FROM, and perhaps TO"),
		RunE: func(cmd *cobra.Command, given []string) error { return c.diff(cmd.Context(), o, given) },
	}
	cmd.Flags().BoolVar(&o.through, "through", false, "also what went there and back in between")
	cmd.Flags().BoolVar(&o.markdown, "markdown", false, "as Markdown, for an issue or a pull request")
	cmd.Flags().BoolVar(&o.exitCode, "exit-code", false, "exit code 1 if something differs, 0 if nothing does")
	cmd.Flags().BoolVar(&o.wide, "wide", false, "cut nothing")
	c.registerPager(cmd)
	return cmd
}

func (c *cli) diff(ctx context.Context, o *diffOptions, given []string) error {
	if o.markdown && c.json {
		return &commands.Error{Code: commands.CodeUsage, Message: "--json and --markdown: give one of them"}
	}
	given = append(given, "")
	if given[0] == "" {
		return &commands.Error{Code: commands.CodeUsage, Message: "FROM is empty; see cairn diff --help"}
	}
	name, err := c.name(ctx)
	if err != nil {
		return err
	}
	from, err := c.when(ctx, name, given[0])
	if err != nil {
		return err
	}
	to, err := c.when(ctx, name, given[1])
	if err != nil {
		return err
	}
	c.past = to != nil
	var write func(io.Writer) error
	if err := c.session.Between(ctx, name, from, to, func(before, after *checklist.State, rows []audit.Row) error {
		d := audit.Diff(before, after, rows)
		if o.exitCode && !d.Empty() {
			c.exit = 1
		}
		about := audit.About{Name: after.Name, Seq: after.Seq(), Zone: after.Zone()}
		style := c.style()
		style.Wide = o.wide
		switch {
		case c.json:
			return c.printJSON(audit.DiffJSON(after, d, given[0], given[1]))
		case c.quiet && o.exitCode:
			return nil
		case o.markdown:
			return audit.DiffMarkdown(c.out, d, o.through, about)
		}
		write = func(w io.Writer) error { return audit.DiffText(w, d, o.through, about, style) }
		return nil
	}); err != nil || write == nil {
		return err
	}
	return c.paged(ctx, write)
}
