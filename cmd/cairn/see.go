package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
)

func newShow(c *cli) *cobra.Command {
	o := &seeOptions{}
	cmd := &cobra.Command{
		Use: "show [TASK or SECTION]", Short: "The checklist, or all that is known of a task",
		Long: `The checklist: what is open, who has it, what is late. On a terminal, closed
sections fold to a line and closed tasks to a count.

  cairn show
  cairn show --all
  cairn show 27                     all that is known of a task
  cairn show s:4
  cairn show --as-of fri`,
		Args: args(0, -1, "at most a TASK or a SECTION"),
		RunE: func(cmd *cobra.Command, given []string) error {
			var page bytes.Buffer
			if err := c.look(cmd.Context(), o, func(st *checklist.State) error {
				if len(given) == 0 {
					if c.json {
						return c.printJSON(st.JSON(o.of(), o.Today(st)))
					}
					return checklist.Text(&page, st, c.viewStyle(o))
				}
				b, err := app.Find(st, strings.Join(given, " "))
				if err != nil {
					return err
				}
				if c.json {
					return c.printJSON(st.BlockJSON(b, o.of(), o.Today(st)))
				}
				return checklist.TextOf(&page, st, b, c.viewStyle(o))
			}); err != nil {
				return err
			}
			write := func(w io.Writer) error {
				_, err := w.Write(page.Bytes())
				return err
			}
			if o.all {
				return c.paged(cmd.Context(), write)
			}
			return write(c.out)
		},
		ValidArgsFunction: c.completeFirst(c.completeTasks(nil)),
	}
	cmd.Flags().BoolVarP(&o.all, "all", "a", false, "fold nothing")
	o.register(cmd)
	c.registerPager(cmd)
	return cmd
}

func newList(c *cli) *cobra.Command {
	o := &seeOptions{}
	section := ""
	cmd := &cobra.Command{
		Use: "ls [FILTER]", Short: "List tasks",
		Long: `List tasks. A FILTER is the words open done hold dropped late mine blocked risk,
@owner, +label, else text; all of them must hold.

  cairn ls open @ada
  cairn ls late
  cairn ls +db postgres
  cairn ls -q --section 2 | cairn done -`,
		RunE: func(cmd *cobra.Command, given []string) error {
			return c.look(cmd.Context(), o, func(st *checklist.State) error {
				f, err := checklist.ParseFilter(given, c.actor().ID)
				if err != nil {
					return &commands.Error{Code: commands.CodeUsage, Message: err.Error(), Hint: "cairn help tasks"}
				}
				if section != "" {
					if f.In, err = commands.FindSection(st, app.SectionRef(section)); err != nil {
						return err
					}
				}
				tasks := st.Select(f, o.Today(st))
				switch {
				case c.json:
					return c.printJSON(st.ListJSON(tasks, o.of(), o.Today(st)))
				case c.quiet:
					for _, b := range tasks {
						fmt.Fprintln(c.out, b.Task.Key)
					}
					return nil
				}
				return checklist.List(c.out, st, f, c.viewStyle(o))
			})
		},
		ValidArgsFunction: c.completeFilter,
	}
	cmd.Flags().StringVar(&section, "section", "", "only in this `SECTION`")
	_ = cmd.RegisterFlagCompletionFunc("section", c.completeSections)
	o.register(cmd)
	return cmd
}

func newNext(c *cli) *cobra.Command {
	o := &seeOptions{}
	mine := false
	cmd := &cobra.Command{
		Use: "next", Short: "What can be worked on now",
		Long: `What can be worked on now, in this order: late or due first, then what is in
progress, then as it stands in the document. What waits for others or is on hold
is left out.

  cairn next
  cairn next --mine`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.look(cmd.Context(), o, func(st *checklist.State) error {
				f := checklist.Filter{Mine: mine, Me: c.actor().ID}
				var tasks []*checklist.Block
				for _, b := range st.NextTasks(o.Today(st)) {
					if f.Match(st, b, o.Today(st)) {
						tasks = append(tasks, b)
					}
				}
				switch {
				case c.json:
					doc := st.ListJSON(tasks, o.of(), o.Today(st))
					doc.Kind = "next"
					return c.printJSON(doc)
				case c.quiet:
					for _, b := range tasks {
						fmt.Fprintln(c.out, b.Task.Key)
					}
					return nil
				}
				return checklist.Next(c.out, st, f, c.viewStyle(o))
			})
		},
	}
	cmd.Flags().BoolVar(&mine, "mine", false, "only my tasks")
	cmd.Flags().BoolVarP(&o.all, "all", "a", false, "without a limit")
	o.register(cmd)
	return cmd
}

func newChecklists(c *cli) *cobra.Command {
	o := &seeOptions{}
	cmd := &cobra.Command{
		Use: "checklists", Short: "List the checklists of the log",
		Long: `List the checklists of the log, with what is done of them and their files.

  cairn checklists
  cairn checklists --all            also archived ones
  cairn checklists --as-of 2w       those that there were, as they were`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := c.summaries(cmd.Context(), o)
			if err != nil {
				return err
			}
			if c.json {
				return c.checklistsJSON(list, o.of())
			}
			width := 4
			for _, sum := range list {
				width = max(width, len(sum.Name))
			}
			hidden := 0
			for _, sum := range list {
				if sum.Archived && !o.all {
					hidden++
					continue
				}
				if c.quiet {
					fmt.Fprintln(c.out, sum.Name)
					continue
				}
				state := fmt.Sprintf("%d of %d done", sum.Progress.Done, sum.Progress.Work)
				if sum.Archived {
					state = "archived"
				}
				file := ""
				if sum.Path != "" {
					file = "  " + c.shown(c.absolute(sum.Path))
				}
				line := fmt.Sprintf("%-*s  %-16s  @%-6d  ", width, sum.Name, state, sum.Seq)
				title := checklist.Clean(sum.Title)
				if style := c.style(); !style.Piped() {
					title = checklist.Cut(title, max(style.Width-len(line)-checklist.Width(file), 8))
				}
				fmt.Fprintf(c.out, "%s%s%s\n", line, title, file)
			}
			if hidden > 0 {
				c.talk("%s archived (--all)\n", count(hidden, "checklist"))
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&o.all, "all", "a", false, "also archived ones")
	o.register(cmd)
	return cmd
}

// summaries returns the checklists that there are, or were at a moment.
func (c *cli) summaries(ctx context.Context, o *seeOptions) ([]app.Summary, error) {
	s, err := c.open(ctx, false)
	if err != nil {
		return nil, err
	}
	if o.of() == (checklist.Moment{}) {
		return s.Checklists(ctx)
	}
	names, err := s.Names(ctx)
	if err != nil {
		return nil, err
	}
	return app.ChecklistsAt(ctx, s, names, func(name string) (app.Moment, error) {
		_, err := c.moment(ctx, name, o)
		return o.Moment, err
	})
}
