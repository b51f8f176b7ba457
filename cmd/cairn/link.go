package main

import (
	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/server/commands"
)

func newLink(c *cli) *cobra.Command {
	o := &linkFromOptions{}
	cmd := &cobra.Command{
		Use: "link TASK URL", Short: "Link a task with an issue or a page",
		Long: `Link a task with an issue or a page. The link is written into its line.

  cairn link 14 https://github.com/acme/beam/issues/214

Or link many in one command, from a FILE or from stdin (-): lines of a TASK, a tab
and a URL, or issues that are matched by their titles. What matches with certainty
is linked; the rest is listed with scores, and --accept takes it from a score on.

  cairn link --from links.tsv
  gh issue list -L 100 --json number,title,url | cairn link --from - -n
  gh issue list -L 100 --json number,title,url | cairn link --from - --accept 0.7`,
		Args: func(cmd *cobra.Command, given []string) error {
			switch {
			case cmd.Flags().Changed("from") && len(given) > 0:
				return &commands.Error{Code: commands.CodeUsage, Message: "a TASK and --from: name one of them"}
			case cmd.Flags().Changed("from"):
				return nil
			case cmd.Flags().Changed("accept"):
				return &commands.Error{Code: commands.CodeUsage, Message: "--accept goes with --from"}
			}
			return args(2, 2, "a TASK and a URL: cairn link 14 https://github.com/acme/beam/issues/214")(cmd, given)
		},
		RunE: func(cmd *cobra.Command, given []string) error {
			if cmd.Flags().Changed("from") {
				o.accepts = cmd.Flags().Changed("accept")
				return c.linkFrom(cmd.Context(), o)
			}
			_, err := c.write(cmd.Context(), &o.writeFlags, commands.LinkTask{Task: given[0], URL: given[1]}, given[:1])
			return err
		},
		ValidArgsFunction: c.completeFirst(c.completeTasks(events.State.Open)),
	}
	cmd.Flags().StringVar(&o.path, "from", "", "link many, from this `FILE`; - is stdin")
	cmd.Flags().Float64Var(&o.accept, "accept", 0, "take uncertain matches from this `SCORE` on, 0 to 1")
	o.register(cmd)
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
