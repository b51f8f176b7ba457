package main

import (
	"github.com/spf13/cobra"

	"cairn/server/commands"
)

func newSeparate(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "separate TASK @SEQ", Short: "Say that a line was taken for the wrong task",
		Long: `Say that a line of the file was taken for the wrong task: from @SEQ on, it is a
task of its own, with a new key, and the one that it was taken for is gone.

  cairn log 12               shows "taken for the same task, 0.71"
  cairn separate 12 @204`,
		Args: args(2, 2, "a TASK and the @SEQ at which it was taken for the same"),
		RunE: func(cmd *cobra.Command, given []string) error {
			seq, err := parseSeq(given[1])
			if err != nil {
				return err
			}
			_, err = c.write(cmd.Context(), w, commands.SeparateTask{Task: given[0], Seq: seq}, given[:1])
			return err
		},
		ValidArgsFunction: c.completeTasks(nil),
	}
	w.register(cmd)
	return cmd
}

func newJoin(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "join TASK TASK", Short: "Say that a task is the same as one that is gone",
		Long: `Say that a task is the same as an earlier one that is gone: it goes on under the
earlier key, with its history.

  cairn join 70 12`,
		Args: args(2, 2, "two TASKs, one of which is gone"),
		RunE: func(cmd *cobra.Command, given []string) error {
			_, err := c.write(cmd.Context(), w, commands.JoinTasks{Tasks: [2]string{given[0], given[1]}}, given[:1])
			return err
		},
		ValidArgsFunction: c.completeTasks(nil),
	}
	w.register(cmd)
	return cmd
}
