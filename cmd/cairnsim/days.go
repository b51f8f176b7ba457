package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// tasks are the keys of the work, as somebody sees it.
type tasks struct {
	mine, open, held, closed []string
	// finished are parents whose own box is open, and nothing under them.
	finished []string
}

// look sorts the tasks of the checklist.
func (s *simulation) look(ctx context.Context, who string) (t tasks, err error) {
	err = s.app.Checklist(ctx, Name, nil, func(st *checklist.State) error {
		for b := range st.Root().Tasks() {
			key := strconv.Itoa(b.Task.Key)
			if !b.Leaf() && b.Task.State.Open() && b.Tally().Progress.Remaining() == 0 {
				t.finished = append(t.finished, key)
			}
			if !b.Leaf() || b.Risk() || b.Task.Every != "" {
				continue
			}
			switch {
			case b.Task.State == events.Done:
				t.closed = append(t.closed, key)
			case b.Task.State == events.OnHold:
				t.held = append(t.held, key)
			case b.Task.State == events.InProgress && slices.Contains(b.Task.Assignees, who):
				t.mine = append(t.mine, key)
			case b.Task.State == events.Todo && len(t.open) < 9: // in the order of the document
				t.open = append(t.open, key)
			}
		}
		return nil
	})
	return t, err
}

// pace is how fast the team works, 100 being usual.
func (s *simulation) pace() int {
	switch month := s.now.Month(); {
	case s.now.Sub(s.From.In(time.UTC)) > 280*24*time.Hour: // the target is near, or past
		return 150
	case month == time.July:
		return 75
	case month == time.August:
		return 55
	}
	return 100
}

// work is what somebody does on a day, if anything.
func (s *simulation) work(ctx context.Context, who string) error {
	t, err := s.look(ctx, who)
	if err != nil {
		return err
	}
	pick := func(list []string) string { return list[s.r.IntN(len(list))] }
	one := func(v commands.Verb, key string) commands.Command {
		return commands.Transition{Verb: v, Tasks: []string{key}}
	}
	due := func(days int) string { return string(events.DayOf(s.now.AddDate(0, 0, days))) }
	switch n := s.r.IntN(1000); {
	case len(t.mine) > 0 && n < (58+28*len(t.mine))*s.pace()/100:
		return s.do(ctx, who, s.pull(), one(commands.Done, t.mine[0]))
	case len(t.mine) < 2 && len(t.open) > 0 && n < 170*s.pace()/100:
		key := pick(t.open)
		list := []commands.Command{commands.Assign{Tasks: []string{key}, Assignees: []string{who}}, one(commands.Start, key)}
		if s.r.IntN(3) > 0 {
			list = append(list, commands.Schedule{Tasks: []string{key}, Due: due(10 + s.r.IntN(20))})
		}
		for _, cmd := range list {
			if err := s.do(ctx, who, "", cmd); err != nil {
				return err
			}
		}
	case len(t.held) > 0 && n < 260:
		return s.do(ctx, who, "", one(commands.Start, pick(t.held)))
	case len(t.mine) > 0 && n >= 990:
		return s.do(ctx, who, "waits for the other team", commands.Transition{Verb: commands.Hold, Tasks: t.mine[:1], Until: due(7)})
	case len(t.closed) > 0 && n >= 984:
		return s.do(ctx, who, "the check failed", one(commands.Reopen, pick(t.closed)))
	case len(t.open) > 0 && n >= 976:
		return s.do(ctx, who, "found on the way", s.found(pick(t.open)))
	case len(t.open) > 0 && n >= 973:
		return s.do(ctx, who, "not needed after all", one(commands.Drop, pick(t.open)))
	case len(t.open) > 0 && n >= 969:
		return s.do(ctx, who, "", commands.SplitTask{Task: pick(t.open), Texts: []string{"the reading half", "the writing half"}})
	case len(t.mine) > 0 && n >= 960:
		return s.do(ctx, who, "", commands.CommentTask{Task: t.mine[0], Text: "half way through"})
	}
	return nil
}

func (s *simulation) pull() string { return fmt.Sprintf("PR #%d", 400+s.r.IntN(400)) }

// found is a task that nobody had thought of, after another.
func (s *simulation) found(after string) commands.Command {
	what := []string{"Rehearse", "Document", "Measure", "Clean up", "Alert on"}
	of := []string{"the cutover", "the retry policy", "the migration of attachments", "the dead letters", "the nightly jobs", "the old dashboards"}
	return commands.AddTask{Text: what[s.r.IntN(len(what))] + " " + of[s.r.IntN(len(of))]}.At("", "", after, "")
}
