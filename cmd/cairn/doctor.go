package main

import "github.com/spf13/cobra"

func newDoctor(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Look whether all that a log needs is in order",
		Long: `Look at everything around the log.

  cairn doctor`,
		Args: args(0, 0, "no argument"),
	}
}
