package main

import (
	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/server/commands"
)

func newBlock(c *cli) *cobra.Command {
	w := &writeFlags{}
	var by []string
	cmd := &cobra.Command{
		Use: "block TASK… --by TASK…", Short: "Say that tasks wait for others",
		Long: `Say that tasks wait for others; of a risk, what it rests on.

  cairn block 32 --by 30
  cairn block 62 --by 46 48
  cairn ls -q --section 4 | cairn block 62 --by -`,
		Args: args(1, -1, "a TASK that waits, and --by TASK"),
		RunE: func(cmd *cobra.Command, given []string) error {
			refs, err := c.words(cmd.Context(), given)
			if err != nil {
				return err
			}
			if by, err = c.words(cmd.Context(), by); err != nil {
				return err
			}
			_, err = c.write(cmd.Context(), w, commands.BlockTask{Tasks: refs, By: by}, refs)
			return err
		},
		ValidArgsFunction: c.completeTasks(events.State.Open),
	}
	cmd.Flags().StringArrayVar(&by, "by", nil, "the `TASK`s that it waits for")
	_ = cmd.RegisterFlagCompletionFunc("by", c.completeTasks(events.State.Open))
	w.register(cmd)
	return cmd
}

func newUnblock(c *cli) *cobra.Command {
	w := &writeFlags{}
	var by []string
	cmd := &cobra.Command{
		Use: "unblock TASK… [--by TASK…]", Short: "Say that tasks no longer wait",
		Long: `Say that tasks no longer wait for others: for those named, else for none.

  cairn unblock 32
  cairn unblock 62 --by 48`,
		Args: args(1, -1, "one or more TASKs: cairn unblock 32"),
		RunE: func(cmd *cobra.Command, given []string) error {
			refs, err := c.words(cmd.Context(), given)
			if err != nil {
				return err
			}
			if by, err = c.words(cmd.Context(), by); err != nil {
				return err
			}
			_, err = c.write(cmd.Context(), w, commands.UnblockTask{Tasks: refs, By: by}, refs)
			return err
		},
		ValidArgsFunction: c.completeTasks(nil),
	}
	cmd.Flags().StringArrayVar(&by, "by", nil, "only for these `TASK`s")
	w.register(cmd)
	return cmd
}
