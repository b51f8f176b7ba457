package main

import (
	"strings"

	"github.com/spf13/cobra"

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
  cairn assign 30-33 chen,dana      several people
  cairn assign 36 "Ada Lovelace"    a name may have spaces
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
		ValidArgsFunction: c.completeAssign,
	}
	w.register(cmd)
	return cmd
}
