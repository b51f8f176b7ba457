package main

import (
	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/server/commands"
)

func newDue(c *cli) *cobra.Command {
	w := &writeFlags{}
	every := ""
	cmd := &cobra.Command{
		Use: "due TASK… DAY", Short: "Give tasks, or a section, a due day",
		Long: `Give tasks, or a section, a due day.

  cairn due 27 fri
  cairn due 30 +2w
  cairn due s:4 2027-03-31          the section itself
  cairn due 66 fri --every week     it repeats: done moves it on
  cairn due 27 none`,
		Args: args(2, -1, "TASKs and a day: cairn due 27 fri"),
		RunE: func(cmd *cobra.Command, given []string) error {
			refs, err := c.words(cmd.Context(), given[:len(given)-1])
			if err != nil {
				return err
			}
			due := commands.Schedule{Tasks: refs, Due: given[len(given)-1], Every: every}
			if s := oneSection(refs); s != "" {
				due.Section, due.Tasks = s, nil
			}
			_, err = c.write(cmd.Context(), w, due, refs)
			return err
		},
		ValidArgsFunction: c.completeTasks(events.State.Open),
	}
	cmd.Flags().StringVar(&every, "every", "", "it repeats: each `day`, week, month or \"2 weeks\"; none ends it")
	w.register(cmd)
	return cmd
}
