package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/server/commands"
)

// oneSection returns the SECTION if refs is one s:KEY, for what a section has too.
func oneSection(refs []string) string {
	if len(refs) == 1 && strings.HasPrefix(refs[0], "s:") {
		return refs[0]
	}
	return ""
}

func newAssign(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "assign TASK… WHO", Short: "Say whom tasks, or a section, belong to",
		Long: `Say whom tasks, or a section, belong to.

  cairn assign 27 ada
  cairn assign 30-33 chen,dana
  cairn assign s:4 chen             the section itself
  cairn assign 27 none`,
		Args: args(2, -1, "TASKs and a name: cairn assign 27 ada"),
		RunE: func(cmd *cobra.Command, given []string) error {
			refs, err := c.words(cmd.Context(), given[:len(given)-1])
			if err != nil {
				return err
			}
			assign := commands.Assign{Tasks: refs, Assignees: given[len(given)-1:]}
			if s := oneSection(refs); s != "" {
				assign.Section, assign.Tasks = s, nil
			}
			_, err = c.write(cmd.Context(), w, assign, refs)
			return err
		},
		ValidArgsFunction: c.completeTasks(events.State.Open),
	}
	w.register(cmd)
	return cmd
}

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
				if l, ok := strings.CutPrefix(a, "+"); ok {
					add = append(add, l)
				} else {
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

  cairn unlink 14`,
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

func newBlock(c *cli) *cobra.Command {
	w := &writeFlags{}
	var by []string
	cmd := &cobra.Command{
		Use: "block TASK… --by TASK…", Short: "Say that tasks wait for others",
		Long: `Say that tasks wait for others; of a risk, what it rests on.

  cairn block 32 --by 30
  cairn block 62 --by 46 48`,
		Args: args(1, -1, "a TASK that waits, and --by TASK"),
		RunE: func(cmd *cobra.Command, given []string) error {
			refs, err := c.words(cmd.Context(), given)
			if err != nil {
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
			_, err = c.write(cmd.Context(), w, commands.UnblockTask{Tasks: refs, By: by}, refs)
			return err
		},
		ValidArgsFunction: c.completeTasks(nil),
	}
	cmd.Flags().StringArrayVar(&by, "by", nil, "only for these `TASK`s")
	w.register(cmd)
	return cmd
}

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
