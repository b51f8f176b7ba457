package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server"
)

type completer = func(cmd *cobra.Command, given []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective)

const inOrder = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder

// completeTasks offers the tasks in a state that fits; all where fits is nil.
func (c *cli) completeTasks(fits func(events.State) bool) completer {
	return func(cmd *cobra.Command, given []string, typed string) (offers []cobra.Completion, _ cobra.ShellCompDirective) {
		c.quietly(cmd.Context(), func(st *checklist.State) { offers = taskOffers(st, fits, given, typed) })
		return offers, inOrder
	}
}

// taskOffers returns keys with texts. Where the beginning of a word is typed that
// is no key, it returns the tasks whose text contains that.
//
// A shell takes only what begins with what was typed. So there is a second offer
// for each of those, which it takes: the whole text, else what was typed, both
// of which name the task too.
func taskOffers(st *checklist.State, fits func(events.State) bool, given []string, typed string) []cobra.Completion {
	var offers, texts []cobra.Completion
	for b := range st.Root().Tasks() {
		key, text := strconv.Itoa(b.Task.Key), checklist.Clean(b.Task.Text)
		if slices.Contains(given, key) || fits != nil && !fits(b.Task.State) {
			continue
		}
		switch {
		case strings.Trim(typed, "0123456789") == "":
		case strings.HasPrefix(text, typed):
			texts = append(texts, cobra.CompletionWithDesc(text, key))
		case strings.Contains(strings.ToLower(text), strings.ToLower(typed)):
			texts = append(texts, cobra.CompletionWithDesc(typed, key+" "+checklist.Cut(text, 60)))
		default:
			continue
		}
		offers = append(offers, cobra.CompletionWithDesc(key, checklist.Cut(text, 60)))
	}
	return append(offers, texts...)
}

// completeFilter offers the words of a FILTER: those that there are, @owner and
// +label.
func (c *cli) completeFilter(cmd *cobra.Command, given []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	offers := []cobra.Completion{"open", "done", "hold", "dropped", "late", "mine", "blocked", "risk"}
	c.quietly(cmd.Context(), func(st *checklist.State) {
		people, labels := names(st)
		for _, name := range people {
			offers = append(offers, "@"+name)
		}
		for _, name := range labels {
			offers = append(offers, "+"+name)
		}
	})
	return slices.DeleteFunc(offers, func(o cobra.Completion) bool { return slices.Contains(given, o) }), inOrder
}

// completeAssign offers tasks, and from the second argument on also people; with
// a comma, one more.
func (c *cli) completeAssign(cmd *cobra.Command, given []string, typed string) (offers []cobra.Completion, _ cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	c.quietly(cmd.Context(), func(st *checklist.State) {
		if len(given) > 0 {
			people, _ := names(st)
			for _, name := range people {
				offers = append(offers, before+name)
			}
			if before == "" {
				offers = append(offers, "none")
			}
		}
		offers = append(offers, taskOffers(st, events.State.Open, given, typed)...)
	})
	return offers, inOrder
}

// names returns the people and the labels of a checklist, sorted.
func names(st *checklist.State) (people, labels []string) {
	for b := range st.Root().All() {
		if b.Section != nil {
			people = append(people, b.Section.Assignees...)
		}
		if b.Task != nil {
			people = append(people, b.Task.Assignees...)
			labels = append(labels, b.Task.Labels...)
		}
	}
	tidy := func(list []string) []string {
		slices.Sort(list)
		return slices.Compact(list)
	}
	return tidy(people), tidy(labels)
}

// completeChecklists offers the names of the checklists with their titles.
func (c *cli) completeChecklists(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var offers []cobra.Completion
	c.opened(cmd.Context(), func(ctx context.Context, s *server.Session) error {
		list, err := s.Checklists(ctx)
		for _, sum := range list {
			offers = append(offers, cobra.CompletionWithDesc(sum.Name, checklist.Cut(checklist.Clean(sum.Title), 60)))
		}
		return err
	})
	return offers, inOrder
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
	return offers, inOrder
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

// quietly looks at the checklist for completion.
func (c *cli) quietly(ctx context.Context, see func(*checklist.State)) {
	c.opened(ctx, func(ctx context.Context, _ *server.Session) error {
		return c.look(ctx, nil, func(st *checklist.State) error {
			see(st)
			return nil
		})
	})
}

// opened looks at the log for completion: without a word, and without waiting for
// others.
func (c *cli) opened(ctx context.Context, look func(context.Context, *server.Session) error) {
	if ctx == nil {
		ctx = context.Background()
	}
	if c.locate() != nil || !c.place.Exists {
		return
	}
	config, err := c.config()
	if err != nil {
		return
	}
	config.Wait = 300 * time.Millisecond
	s, err := server.Open(ctx, c.place, config)
	if err != nil {
		return
	}
	c.session = s
	defer func() {
		_ = s.Close()
		c.session, c.used = nil, ""
	}()
	_ = look(ctx, s) // what cannot be read has no completion
}
