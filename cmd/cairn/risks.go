package main

import (
	"github.com/spf13/cobra"

	"cairn/projections/checklist"
)

func newRisks(c *cli) *cobra.Command {
	o := &seeOptions{}
	cmd := &cobra.Command{
		Use: "risks", Short: "The risks, what is done about them, and who has them",
		Long: `The risks: the tasks under a heading with the word risk or risks, which are no
work. "a → b" is a risk and its mitigation; what it rests on are the tasks that
its block links name. Open risks that nobody has come first, then the oldest;
closed ones come last.

  cairn risks
  cairn risks --as-of review
  cairn block 62 --by 46 48         say what a risk rests on
  cairn assign 61 ada`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.look(cmd.Context(), o, func(st *checklist.State) error {
				if c.json {
					return c.printJSON(st.RisksJSON(o.of(), o.Today(st)))
				}
				return checklist.WriteRisks(c.out, st, c.viewStyle(o))
			})
		},
	}
	o.register(cmd)
	return cmd
}
