package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"cairn/server/commands"
)

// verbHelp is what the help of a verb says.
type verbHelp struct {
	verb            commands.Verb
	short, examples string
}

func newTransitions(c *cli) []*cobra.Command {
	var subs []*cobra.Command
	for _, v := range []verbHelp{
		{commands.Start, "Mark tasks as in progress", `
  cairn start 12                    by key
  cairn start core_events           by text, if one open task matches
  cairn start 2-7 -m "this week"`},
		{commands.Stop, "Mark tasks as to do again, without having finished", `
  cairn stop 12 -m "after the release"`},
		{commands.Hold, "Mark tasks as on hold: they wait for something", `
  cairn hold 43 --until fri -m "contract sign-off"
  cairn hold 43 --until +2w         another day for one that is on hold`},
		{commands.Done, "Mark tasks as done", `
  cairn done 12                     by key
  cairn done core_events            by text, if one open task matches
  cairn done 2-7 -m "scaffold, PR #9"
  cairn done 1 --all                a parent with everything under it
  cairn ls -q --section 2 | cairn done -
  cairn done 20 --on friday         it happened before today`},
		{commands.Drop, "Decide against tasks: they stay, and leave the scope", `
  cairn drop 51 -m "one base image serves all"`},
		{commands.Reopen, "Mark tasks that are done or dropped as to do again", `
  cairn reopen 30 -m "tickets_archive differs"`},
	} {
		subs = append(subs, newTransition(c, v))
	}
	return subs
}

type transitionOptions struct {
	writeFlags
	verb  commands.Verb
	all   bool
	until string
}

func newTransition(c *cli, v verbHelp) *cobra.Command {
	o := &transitionOptions{verb: v.verb}
	cmd := &cobra.Command{
		Use: fmt.Sprintf("%s TASK…", v.verb), Short: v.short,
		Long: fmt.Sprintf("%s.\n%s\n\nAll or nothing: several tasks are one command. Tasks that are so already stay\nas they are; that is not an error.", v.short, v.examples),
		Args: args(1, -1, fmt.Sprintf("one or more TASKs: cairn %s 12", v.verb)),
		RunE: func(cmd *cobra.Command, given []string) error {
			refs, err := c.words(cmd.Context(), given)
			if err != nil {
				return err
			}
			_, err = c.write(cmd.Context(), &o.writeFlags, commands.Transition{Verb: o.verb, Tasks: refs, All: o.all, Until: o.until}, refs)
			return err
		},
		ValidArgsFunction: c.completeTasks(v.verb.Acts),
	}
	switch v.verb {
	case commands.Done:
		cmd.Flags().BoolVar(&o.all, "all", false, "also what is still open under it")
	case commands.Hold:
		cmd.Flags().StringVar(&o.until, "until", "", "the `day` to look again")
	}
	o.registerOn(cmd)
	o.register(cmd)
	return cmd
}
