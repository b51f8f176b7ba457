package main

import (
	"github.com/spf13/cobra"

	"cairn/server/commands"
)

func newBaseline(c *cli) *cobra.Command {
	w := &writeFlags{}
	baseline := commands.SetBaseline{}
	cmd := &cobra.Command{
		Use: "baseline [NAME]", Short: "Compare with the plan as it stands from now on",
		Long: `Compare with the plan as it stands from now on: the ideal line starts anew, from
the work that is left today to nothing at the target finish. What was shown of
days before stays in the log: cairn burndown --as-of baseline.

  cairn baseline
  cairn baseline v2 --finish 2027-10-31 -m "scope agreed with Billing"
  cairn diff baseline               what became of the checklist since

A baseline is not taken back; the next one replaces it.`,
		Args: args(0, 1, "at most a NAME"),
		RunE: func(cmd *cobra.Command, given []string) error {
			if len(given) == 1 {
				if baseline.Label = given[0]; given[0] == "" {
					return &commands.Error{Code: commands.CodeUsage, Message: "the NAME is empty; see cairn baseline --help"}
				}
			}
			_, err := c.write(cmd.Context(), w, baseline, nil)
			return err
		},
	}
	cmd.Flags().StringVar(&baseline.Start, "start", "", "where the line begins, a `day`; else today")
	cmd.Flags().StringVar(&baseline.Finish, "finish", "", "where it ends, a `day`; else the target finish")
	w.register(cmd)
	return cmd
}
