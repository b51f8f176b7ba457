package main

import (
	"strings"

	"github.com/spf13/cobra"

	"cairn/server/app"
	"cairn/server/commands"
)

func newSection(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use: "section add|edit|move|rm", Short: "Add, retitle, move and remove sections",
		Long: `Add, retitle, move and remove sections. A SECTION is s:4, or text of its title.

  cairn section add "12) Clean-up"
  cairn section edit s:4 "4) Data migration"
  cairn section move s:4 --before s:3
  cairn section rm s:12`,
		Args: args(0, 0, "add, edit, move or rm"),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSectionAdd(c), newSectionEdit(c), newSectionMove(c), newSectionRemove(c))
	return cmd
}

func newSectionAdd(c *cli) *cobra.Command {
	w, add := &writeFlags{}, commands.AddSection{}
	cmd := &cobra.Command{
		Use: "add TITLE", Short: "Add a section, at the end if no place is named",
		Long: `Add a section, at the end if no place is named.

  cairn section add "12) Clean-up"
  cairn section add "Rollback" --after s:9
  cairn section add "Schemas" --under s:5`,
		Args: args(1, -1, "the title of the section"),
		RunE: func(cmd *cobra.Command, given []string) error {
			add.Title = strings.Join(given, " ")
			add.Before, add.After, add.Under = app.SectionRef(add.Before), app.SectionRef(add.After), app.SectionRef(add.Under)
			_, err := c.write(cmd.Context(), w, add, nil)
			return err
		},
	}
	cmd.Flags().StringVar(&add.Before, "before", "", "before this `SECTION`")
	cmd.Flags().StringVar(&add.After, "after", "", "behind this `SECTION`")
	cmd.Flags().StringVar(&add.Under, "under", "", "in this `SECTION`")
	w.register(cmd)
	return cmd
}

func newSectionEdit(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "edit SECTION TITLE", Short: "Retitle a section",
		Long: `Retitle a section. Its key stays, and so does all that stands in it.

  cairn section edit s:4 "4) Data migration"`,
		Args: args(2, -1, "a SECTION and its new title"),
		RunE: func(cmd *cobra.Command, given []string) error {
			edit := commands.EditSection{Section: app.SectionRef(given[0]), Title: strings.Join(given[1:], " ")}
			_, err := c.write(cmd.Context(), w, edit, nil)
			return err
		},
		ValidArgsFunction: c.completeFirst(c.completeSections),
	}
	w.register(cmd)
	return cmd
}

func newSectionMove(c *cli) *cobra.Command {
	w, move := &writeFlags{}, commands.MoveSection{}
	cmd := &cobra.Command{
		Use: "move SECTION", Short: "Move a section, with what stands in it",
		Long: `Move a section, with what stands in it.

  cairn section move s:4 --before s:3
  cairn section move "API parity" --after s:6`,
		Args: args(1, 1, "a SECTION, and --before or --after another"),
		RunE: func(cmd *cobra.Command, given []string) error {
			move.Section, move.Before, move.After = app.SectionRef(given[0]), app.SectionRef(move.Before), app.SectionRef(move.After)
			_, err := c.write(cmd.Context(), w, move, nil)
			return err
		},
		ValidArgsFunction: c.completeFirst(c.completeSections),
	}
	cmd.Flags().StringVar(&move.Before, "before", "", "before this `SECTION`")
	cmd.Flags().StringVar(&move.After, "after", "", "behind this `SECTION`")
	w.register(cmd)
	return cmd
}

func newSectionRemove(c *cli) *cobra.Command {
	w, remove := &writeFlags{}, commands.RemoveSection{}
	cmd := &cobra.Command{
		Use: "rm SECTION", Short: "Take a section, with what stands in it, out of the document",
		Long: `Take a section, with what stands in it, out of the document. The log keeps it.
Where tasks stand in it, it asks.

  cairn section rm s:12
  cairn section rm s:5 --with-tasks -m "another team"`,
		Args: args(1, 1, "a SECTION"),
		RunE: func(cmd *cobra.Command, given []string) error {
			remove.Section = app.SectionRef(given[0])
			_, err := c.write(cmd.Context(), w, remove, nil)
			if err == nil {
				return nil
			}
			if err := c.confirm(cmd.Context(), err); err != nil {
				return err
			}
			remove.WithTasks = true
			_, err = c.write(cmd.Context(), w, remove, nil)
			return err
		},
		ValidArgsFunction: c.completeFirst(c.completeSections),
	}
	cmd.Flags().BoolVar(&remove.WithTasks, "with-tasks", false, "do not ask where tasks stand in it")
	w.register(cmd)
	return cmd
}
