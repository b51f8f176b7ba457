package main

import (
	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/server/commands"
)

func newLink(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "link TASK URL", Short: "Link a task with an issue or a page",
		Long: `Link a task with an issue or a page. The link is written into its line.

  cairn link 14 https://github.com/acme/beam/issues/214`,
		Args: args(2, 2, "a TASK and a URL: cairn link 14 https://github.com/acme/beam/issues/214"),
		RunE: func(cmd *cobra.Command, given []string) error {
			_, err := c.write(cmd.Context(), w, commands.LinkTask{Task: given[0], URL: given[1]}, given[:1])
			return err
		},
		ValidArgsFunction: c.completeFirst(c.completeTasks(events.State.Open)),
	}
	w.register(cmd)
	return cmd
}

func newUnlink(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "unlink TASK [URL]", Short: "Take a link of a task away",
		Long: `Take a link of a task away; URL is needed where it has several.

  cairn unlink 14
  cairn unlink 14 gh:214`,
		Args: args(1, 2, "a TASK, and a URL where it has several"),
		RunE: func(cmd *cobra.Command, given []string) error {
			unlink := commands.UnlinkTask{Task: given[0]}
			if len(given) == 2 {
				unlink.URL = given[1]
			}
			_, err := c.write(cmd.Context(), w, unlink, given[:1])
			return err
		},
		ValidArgsFunction: c.completeFirst(c.completeTasks(nil)),
	}
	w.register(cmd)
	return cmd
}
