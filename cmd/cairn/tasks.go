package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/server/app"
	"cairn/server/commands"
)

// placeFlags name a place for a task.
type placeFlags struct {
	under, before, after, section string
}

func (p *placeFlags) register(c *cli, cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.section, "section", "", "in this `SECTION`, behind its tasks")
	cmd.Flags().StringVar(&p.under, "under", "", "under this `TASK`")
	cmd.Flags().StringVar(&p.before, "before", "", "before this `TASK`")
	cmd.Flags().StringVar(&p.after, "after", "", "behind this `TASK`")
	for _, name := range []string{"under", "before", "after"} {
		_ = cmd.RegisterFlagCompletionFunc(name, c.completeTasks(nil))
	}
	_ = cmd.RegisterFlagCompletionFunc("section", c.completeSections)
}

func newAdd(c *cli) *cobra.Command {
	w, p := &writeFlags{}, &placeFlags{}
	cmd := &cobra.Command{
		Use: "add TEXT", Short: "Add a task",
		Long: `Add a task. Its line copies indent and bullet of its neighbours.

  cairn add "Rehearse the cutover" --section 4
  cairn add "reads" --under 56
  k=$(cairn add "Order the certificates")      the key, when piped`,
		Args: args(1, -1, `the text of the task: cairn add "Rehearse the cutover"`),
		RunE: func(cmd *cobra.Command, given []string) error {
			text, err := c.text(cmd.Context(), strings.Join(given, " "))
			if err != nil {
				return err
			}
			add := commands.AddTask{Text: text}.At(p.under, p.before, p.after, app.SectionRef(p.section))
			outcome, err := c.write(cmd.Context(), w, add, nil)
			if err != nil || c.json {
				return err
			}
			for _, env := range outcome.Events {
				if e, ok := env.Data.(*events.TaskAdded); ok && (c.quiet || c.style().Piped()) && !w.dryRun {
					fmt.Fprintln(c.out, e.Key)
				}
			}
			return nil
		},
	}
	p.register(c, cmd)
	w.register(cmd)
	return cmd
}

func newMove(c *cli) *cobra.Command {
	w, p := &writeFlags{}, &placeFlags{}
	cmd := &cobra.Command{
		Use: "move TASK…", Short: "Move tasks, with what stands under them",
		Long: `Move tasks, with what stands under them. Their keys stay.

  cairn move 19 --before 18
  cairn move 6 7 --under 9
  cairn move 31 --section "API parity"`,
		Args: args(1, -1, "one or more TASKs and a place: cairn move 19 --before 18"),
		RunE: func(cmd *cobra.Command, given []string) error {
			refs, err := c.words(cmd.Context(), given)
			if err != nil {
				return err
			}
			move := commands.MoveTasks{Tasks: refs}.To(p.under, p.before, p.after, app.SectionRef(p.section))
			_, err = c.write(cmd.Context(), w, move, refs)
			return err
		},
		ValidArgsFunction: c.completeTasks(nil),
	}
	p.register(c, cmd)
	w.register(cmd)
	return cmd
}

func newRemove(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "rm TASK…", Short: "Take tasks out of the document",
		Long: `Take tasks, with what stands under them, out of the document. The log keeps
them. To decide against a task and keep its line: cairn drop.

  cairn rm 63 -m "a duplicate of 12"`,
		Args: args(1, -1, "one or more TASKs: cairn rm 63"),
		RunE: func(cmd *cobra.Command, given []string) error {
			refs, err := c.words(cmd.Context(), given)
			if err != nil {
				return err
			}
			_, err = c.write(cmd.Context(), w, commands.RemoveTasks{Tasks: refs}, refs)
			return err
		},
		ValidArgsFunction: c.completeTasks(nil),
	}
	w.register(cmd)
	return cmd
}

func newSplit(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "split TASK TEXT TEXT…", Short: "Divide a task into several under it",
		Long: `Divide a task: it stays, as the parent of the new ones.

  cairn split 56 reads writes`,
		Args: args(3, -1, "a TASK and two texts or more: cairn split 56 reads writes"),
		RunE: func(cmd *cobra.Command, given []string) error {
			_, err := c.write(cmd.Context(), w, commands.SplitTask{Task: given[0], Texts: given[1:]}, given[:1])
			return err
		},
		ValidArgsFunction: c.completeTasks(events.State.Open),
	}
	w.register(cmd)
	return cmd
}
