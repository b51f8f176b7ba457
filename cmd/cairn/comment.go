package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/server/commands"
)

func newComment(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "comment TASK TEXT", Short: "Say something about a task",
		Long: `Say something about a task. It stays in the log, not in the file.

  cairn comment 36 "diff log is clean for /events"
  git log -1 --format=%B | cairn comment 36 -`,
		Args: args(2, -1, `a TASK and a text: cairn comment 36 "clean since Monday"`),
		RunE: func(cmd *cobra.Command, given []string) error {
			text, err := c.text(cmd.Context(), strings.Join(given[1:], " "))
			if err != nil {
				return err
			}
			_, err = c.write(cmd.Context(), w, commands.CommentTask{Task: given[0], Text: text}, given[:1])
			return err
		},
		ValidArgsFunction: c.completeFirst(c.completeTasks(nil)),
	}
	w.register(cmd)
	return cmd
}

func newUncomment(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "uncomment TASK [@SEQ]", Short: "Take a comment back",
		Long: `Take a comment back: the last one, or that of @SEQ.

  cairn uncomment 36`,
		Args: args(1, 2, "a TASK, and @SEQ where it is not the last comment"),
		RunE: func(cmd *cobra.Command, given []string) error {
			u := commands.UncommentTask{Task: given[0]}
			if len(given) == 2 {
				n, err := strconv.ParseUint(strings.TrimPrefix(given[1], "@"), 10, 63)
				if err != nil || !strings.HasPrefix(given[1], "@") {
					return &commands.Error{Code: commands.CodeUsage, Message: strconv.Quote(given[1]) + " is no position: write @412"}
				}
				u.Seq = events.Seq(n)
			}
			_, err := c.write(cmd.Context(), w, u, given[:1])
			return err
		},
		ValidArgsFunction: c.completeFirst(c.completeTasks(nil)),
	}
	w.register(cmd)
	return cmd
}
