package main

import (
	"strings"

	"github.com/spf13/cobra"

	"cairn/server/commands"
)

func newPlan(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "plan", Short: "Set title, owner, target days, time zone, markers",
		Long: `Set what holds for the whole checklist. Title, owner and target days are written
into the document where it has a line for them; "none" clears.

  cairn plan --owner Ada --start 2026-12-01 --finish 2027-09-30
  cairn plan --timezone Europe/Berlin --working-days mon-fri
  cairn plan --holidays 2026-12-24..2027-01-01
  cairn plan --marker o=done,~=on_hold      all that differ; none for the usual

A marker means what the document's legend says, then what --marker says, then the
usual: " " todo, x done, ~ / in_progress, ! > ? on_hold, - dropped.`,
		Args: args(0, 0, "flags only"),
	}
	members := []struct {
		name, usage string
		set         func(*commands.Plan, *string)
	}{
		{"title", "the `text` of the document's title", func(p *commands.Plan, s *string) { p.Title = s }},
		{"owner", "who answers for it, a `name`", func(p *commands.Plan, s *string) { p.Owner = s }},
		{"start", "target start, a `day`", func(p *commands.Plan, s *string) { p.Start = s }},
		{"finish", "target finish, a `day`", func(p *commands.Plan, s *string) { p.Finish = s }},
		{"timezone", "where days begin, an IANA `name`", func(p *commands.Plan, s *string) { p.Timezone = s }},
		{"working-days", "`days` such as mon-fri", func(p *commands.Plan, s *string) { p.WorkingDays = s }},
		{"holidays", "`days` and ranges, with commas", func(p *commands.Plan, s *string) { p.Holidays = s }},
	}
	values := make([]string, len(members))
	for i, m := range members {
		cmd.Flags().StringVar(&values[i], m.name, "", m.usage)
		_ = cmd.Flags().SetAnnotation(m.name, emptyClears, []string{})
	}
	var marker []string
	cmd.Flags().StringArrayVar(&marker, "marker", nil, "what a marker means: `~=in_progress`; repeatable")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var plan commands.Plan
		for i, m := range members {
			if cmd.Flags().Changed(m.name) {
				m.set(&plan, &values[i])
			}
		}
		if cmd.Flags().Changed("marker") {
			markers := strings.Join(marker, ",")
			plan.Markers = &markers
		}
		_, err := c.write(cmd.Context(), w, plan, nil)
		return err
	}
	w.register(cmd)
	return cmd
}

func newArchive(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "archive", Short: "Close and hide a checklist",
		Long: `Close and hide a checklist. The log keeps it, and reactivate opens it again.

  cairn archive -c release-6 -m "all shipped"`,
		Args: args(0, 0, "no argument; -c names the checklist"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := c.write(cmd.Context(), w, commands.Archive{}, nil)
			return err
		},
	}
	w.register(cmd)
	return cmd
}

func newReactivate(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "reactivate", Short: "Open an archived checklist again",
		Long: `Open an archived checklist again.

  cairn reactivate -c release-6`,
		Args: args(0, 0, "no argument; -c names the checklist"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := c.write(cmd.Context(), w, commands.Reactivate{}, nil)
			return err
		},
	}
	w.register(cmd)
	return cmd
}
