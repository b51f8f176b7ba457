package main

import (
	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/server/commands"
)

func newEstimate(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "estimate TASK… AMOUNT", Short: "Say how much work tasks are",
		Long: `Say how much work tasks are: days, hours, weeks or points.

  cairn estimate 27 3d
  cairn estimate s:4 5              each task of the section
  cairn estimate 27 none`,
		Args: args(2, -1, "TASKs and an amount: cairn estimate 27 3d"),
		RunE: func(cmd *cobra.Command, given []string) error {
			refs, err := c.words(cmd.Context(), given[:len(given)-1])
			if err != nil {
				return err
			}
			_, err = c.write(cmd.Context(), w, commands.Estimate{Tasks: refs, Estimate: given[len(given)-1]}, refs)
			return err
		},
		ValidArgsFunction: c.completeTasks(events.State.Open),
	}
	w.register(cmd)
	return cmd
}
