package main

import (
	"strings"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/server/commands"
)

func newLabel(c *cli) *cobra.Command {
	w := &writeFlags{}
	var remove []string
	cmd := &cobra.Command{
		Use: "label TASK… +x -y", Short: "Put labels on tasks, take others off",
		Long: `Put labels on tasks, take others off.

  cairn label 27 +security
  cairn label 30 31 +db -later      --remove later is the same`,
		Args: args(1, -1, "TASKs and labels: cairn label 27 +security"),
		RunE: func(cmd *cobra.Command, given []string) error {
			var refs, add []string
			for _, a := range given {
				switch {
				case strings.HasPrefix(a, "+"):
					add = append(add, a[1:])
				case strings.HasPrefix(a, "-") && a != "-": // behind --
					remove = append(remove, a[1:])
				default:
					refs = append(refs, a)
				}
			}
			refs, err := c.words(cmd.Context(), refs)
			if err != nil {
				return err
			}
			_, err = c.write(cmd.Context(), w, commands.Label{Tasks: refs, Add: add, Remove: remove}, refs)
			return err
		},
		ValidArgsFunction: c.completeTasks(events.State.Open),
	}
	cmd.Flags().StringArrayVar(&remove, "remove", nil, "take this `label` off, as -x does")
	w.register(cmd)
	return cmd
}
