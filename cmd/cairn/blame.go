package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
)

type blameOptions struct {
	seeOptions
	section   string
	csv, wide bool
}

func newBlame(c *cli) *cobra.Command {
	o := &blameOptions{}
	cmd := &cobra.Command{
		Use: "blame [TASK or SECTION]", Short: "Who last changed the state of each line",
		Long: `The checklist with, at each task, who gave it its state, when, and at which @SEQ.
Who moved, reworded or synced a line is not credited with its tick; what was taken
from git is its author's. "import" is the state in which a file came.

  cairn blame
  cairn blame --section 4
  cairn blame 27                    a task, with what is under it
  cairn blame --as-of fri
  cairn blame --csv > blame.csv`,
		Args: args(0, -1, "at most a TASK or a SECTION"),
		RunE: func(cmd *cobra.Command, given []string) error {
			if o.csv && c.json {
				return &commands.Error{Code: commands.CodeUsage, Message: "--json and --csv: give one of them"}
			}
			var page func(io.Writer) error
			if err := c.look(cmd.Context(), &o.seeOptions, func(st *checklist.State) error {
				in, err := app.Within(st, strings.Join(given, " "), o.section)
				if err != nil {
					return err
				}
				lines := audit.Blame(st, in)
				if c.json {
					return c.printJSON(audit.BlameJSON(st, lines, o.of()))
				}
				if len(lines) == 0 {
					c.talk("%s@%d: no tasks\n", st.Name, st.Seq())
				}
				if o.csv {
					return audit.BlameCSV(c.out, lines)
				}
				style := c.viewStyle(&o.seeOptions)
				style.Wide = o.wide
				about := audit.About{Name: st.Name, Seq: st.Seq(), Zone: st.Zone()}
				page = func(w io.Writer) error { return audit.BlameText(w, lines, about, style) }
				return nil
			}); err != nil || page == nil {
				return err
			}
			return c.paged(cmd.Context(), page)
		},
		ValidArgsFunction: c.completeFirst(c.completeTasks(nil)),
	}
	cmd.Flags().StringVar(&o.section, "section", "", "only in this `SECTION`")
	cmd.Flags().BoolVar(&o.wide, "wide", false, "cut nothing")
	cmd.Flags().BoolVar(&o.csv, "csv", false, "comma-separated values, a row a task")
	o.register(cmd)
	c.registerPager(cmd)
	_ = cmd.RegisterFlagCompletionFunc("section", c.completeSections)
	return cmd
}
