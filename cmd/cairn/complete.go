package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server"
)

type completer = func(cmd *cobra.Command, given []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective)

// completeTasks offers keys with texts of the tasks in a state that fits; all
// where fits is nil.
func (c *cli) completeTasks(fits func(events.State) bool) completer {
	return func(cmd *cobra.Command, given []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		taken := make(map[string]bool)
		for _, g := range given {
			taken[g] = true
		}
		var offers []cobra.Completion
		c.quietly(cmd.Context(), func(st *checklist.State) {
			for b := range st.Root().Tasks() {
				key := strconv.Itoa(b.Task.Key)
				if !taken[key] && (fits == nil || fits(b.Task.State)) {
					offers = append(offers, cobra.CompletionWithDesc(key, checklist.Cut(checklist.Clean(b.Task.Text), 60)))
				}
			}
		})
		return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// completeSections offers s:KEY with titles.
func (c *cli) completeSections(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var offers []cobra.Completion
	c.quietly(cmd.Context(), func(st *checklist.State) {
		for b := range st.Root().All() {
			if b.Section != nil {
				offers = append(offers, cobra.CompletionWithDesc("s:"+strconv.Itoa(b.Section.Key), checklist.Cut(checklist.Clean(b.Section.Title), 60)))
			}
		}
	})
	return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// completeFirst offers for the first argument only.
func (c *cli) completeFirst(offer completer) completer {
	return func(cmd *cobra.Command, given []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(given) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return offer(cmd, given, prefix)
	}
}

// quietly looks at the checklist for completion: without a word, and without
// waiting for others.
func (c *cli) quietly(ctx context.Context, see func(*checklist.State)) {
	if ctx == nil {
		ctx = context.Background()
	}
	if c.locate() != nil || !c.place.Exists {
		return
	}
	s, err := server.Open(ctx, c.place, server.Config{State: c.stateDir(), Now: c.now, Wait: 300 * time.Millisecond})
	if err != nil {
		return
	}
	c.session = s
	defer func() {
		_ = s.Close()
		c.session, c.used = nil, ""
	}()
	_ = c.look(ctx, "", func(st *checklist.State) error {
		see(st)
		return nil
	})
}
