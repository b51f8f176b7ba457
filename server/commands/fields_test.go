package commands_test

import (
	"testing"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// list is five open tasks, of which 4 stands in 3; and a section of risks.
const list = "- [ ] a\n- [ ] b\n- [ ] c\n  - [ ] c1\n- [ ] e\n\n## Risks\n\n- [ ] r\n"

func TestAssign(t *testing.T) {
	t.Parallel()
	assign := func(who ...string) commands.Assign {
		return commands.Assign{Tasks: []string{"1", "2"}, Assignees: who}
	}
	section := func(who ...string) commands.Assign { return commands.Assign{Section: "risks", Assignees: who} }
	run(t, []decided{
		{
			name:  "names are separated and each is taken once",
			given: on(list), when: assign("@ada,chen", "ada", "chen, dana"),
			then: []events.Event{
				&events.TaskAssigned{Key: 1, Assignees: []string{"ada", "chen", "dana"}},
				&events.TaskAssigned{Key: 2, Assignees: []string{"ada", "chen", "dana"}},
			},
		},
		{
			name:  "what is so already is left out",
			given: on(list, commands.Assign{Tasks: []string{"1"}, Assignees: []string{"ada"}}), when: assign("ada"),
			then: []events.Event{&events.TaskAssigned{Key: 2, Assignees: []string{"ada"}}},
		},
		{
			name:  "a space does not part two people",
			given: on(list), when: assign(" Ada  Lovelace,Grace Hopper"),
			then: []events.Event{
				&events.TaskAssigned{Key: 1, Assignees: []string{"Ada Lovelace", "Grace Hopper"}},
				&events.TaskAssigned{Key: 2, Assignees: []string{"Ada Lovelace", "Grace Hopper"}},
			},
		},
		{
			name:  "none is nobody",
			given: on(list, assign("ada")), when: assign("none"),
			then: []events.Event{&events.TaskAssigned{Key: 1}, &events.TaskAssigned{Key: 2}},
		},
		{
			name:  "nobody is nobody already",
			given: on(list), when: assign("none"),
		},
		{
			name:  "to whom must be said",
			given: on(list), when: assign(),
			refused: "usage: assign to whom? A name, or none",
		},
		{
			name:  "- is no name",
			given: on(list), when: assign("ada,-"),
			refused: "usage: assign to whom? - is nobody's name; write none for nobody",
		},
		{
			name:  "an empty name is none",
			given: on(list), when: assign(" ,@"),
			refused: "usage: assign to whom? A name, or none",
		},
		{
			name:  "a section",
			given: on(list), when: section("ada"),
			then: []events.Event{&events.SectionAssigned{Key: 1, Assignees: []string{"ada"}}},
		},
		{
			name:  "a section twice",
			given: on(list, section("ada")), when: section("ada"),
		},
		{
			name:  "a section to nobody",
			given: on(list, section("ada")), when: section("none"),
			then: []events.Event{&events.SectionAssigned{Key: 1}},
		},
	})
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	due := func(day, every string) commands.Schedule {
		return commands.Schedule{Tasks: []string{"1"}, Due: day, Every: every}
	}
	day := func(s string) events.Optional[events.Day] { return events.Set(events.Day(s)) }
	run(t, []decided{
		{
			name:  "a day word becomes a day",
			given: on(list), when: due("mon", ""),
			then: []events.Event{&events.TaskScheduled{Key: 1, Due: day("2026-11-30")}},
		},
		{
			name:  "the same day records nothing",
			given: on(list, due("mon", "")), when: due("2026-11-30", ""),
		},
		{
			name:  "none clears the day and the repeating",
			given: on(list, due("fri", "week")), when: due("none", ""),
			then: []events.Event{&events.TaskScheduled{Key: 1, Due: day(""), Every: events.Set("")}},
		},
		{
			name:  "none where there is no day",
			given: on(list), when: due("none", ""),
		},
		{
			name:  "every makes it repeat",
			given: on(list), when: due("fri", "2 weeks"),
			then: []events.Event{&events.TaskScheduled{Key: 1, Due: day("2026-11-27"), Every: events.Set("2 weeks")}},
		},
		{
			name:  "every on the same day changes that alone",
			given: on(list, due("fri", "")), when: due("fri", "week"),
			then: []events.Event{&events.TaskScheduled{Key: 1, Every: events.Set("week")}},
		},
		{
			name:  "every none ends it and leaves the day",
			given: on(list, due("fri", "week")), when: due("fri", "none"),
			then: []events.Event{&events.TaskScheduled{Key: 1, Every: events.Set("")}},
		},
		{
			name:  "another day leaves the repeating",
			given: on(list, due("fri", "week")), when: due("sat", ""),
			then: []events.Event{&events.TaskScheduled{Key: 1, Due: day("2026-11-28")}},
		},
		{
			name:  "what repeats needs a day",
			given: on(list), when: due("none", "week"),
			refused: "usage: what repeats needs a due day",
		},
		{
			name:  "no such rhythm",
			given: on(list), when: due("fri", "fortnight"),
			refused: `usage: --every "fortnight": want day, week, month, or a number of them such as "2 weeks"`,
		},
		{
			name:  "no day",
			given: on(list), when: due("2026-02-30", ""),
			refused: `usage: "2026-02-30" is no day: write 2026-12-04, today, tomorrow, fri, +3d, +2w or none`,
		},
		{
			name:  "a section",
			given: on(list), when: commands.Schedule{Section: "s:1", Due: "+2w"},
			then: []events.Event{&events.SectionScheduled{Key: 1, Due: day("2026-12-07")}},
		},
		{
			name:  "a section twice",
			given: on(list, commands.Schedule{Section: "s:1", Due: "+2w"}), when: commands.Schedule{Section: "s:1", Due: "2026-12-07"},
		},
		{
			name:  "a section to no day",
			given: on(list, commands.Schedule{Section: "s:1", Due: "fri"}), when: commands.Schedule{Section: "s:1", Due: "none"},
			then: []events.Event{&events.SectionScheduled{Key: 1, Due: day("")}},
		},
		{
			name:  "a section does not repeat",
			given: on(list), when: commands.Schedule{Section: "s:1", Due: "fri", Every: "week"},
			refused: "usage: a section does not repeat; --every takes a TASK",
		},
	})
}

// A start comes with the document or the git history, not with a command yet.
func TestDatesThatEndBeforeTheyStart(t *testing.T) {
	t.Parallel()
	start := events.Set(events.Day("2026-12-01"))
	for _, test := range []struct {
		name  string
		given events.Event
		when  commands.Command
		want  string
	}{
		{
			"a task", &events.TaskScheduled{Key: 1, Start: start},
			commands.Schedule{Tasks: []string{"1"}, Due: "fri"},
			"refused: 1 a would end on 2026-11-27, before it starts on 2026-12-01",
		},
		{"a task that ends on the day it starts", &events.TaskScheduled{Key: 1, Start: start}, commands.Schedule{Tasks: []string{"1"}, Due: "2026-12-01"}, ""},
		{
			"a section", &events.SectionScheduled{Key: 1, Start: start},
			commands.Schedule{Section: "s:1", Due: "fri"},
			"refused: s:1 Risks would end on 2026-11-27, before it starts on 2026-12-01",
		},
		{
			"the checklist", &events.ChecklistDescribed{Start: start},
			commands.Plan{Finish: p("fri")},
			"refused: plan would end on 2026-11-27, before it starts on 2026-12-01",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			st := evolve(t, given(t, on(list)...), test.given)
			if _, err := decide(st, test.when); refusal(err) != test.want {
				t.Errorf("got %q, want %q", refusal(err), test.want)
			}
		})
	}
}

func TestEstimateAndLabel(t *testing.T) {
	t.Parallel()
	estimate := func(s string) commands.Estimate { return commands.Estimate{Tasks: []string{"1"}, Estimate: s} }
	label := func(add, remove []string) commands.Label {
		return commands.Label{Tasks: []string{"1"}, Add: add, Remove: remove}
	}
	ab := []string{"a", "b"}
	run(t, []decided{
		{
			name:  "days",
			given: on(list), when: estimate("3d"),
			then: []events.Event{&events.TaskEstimated{Key: 1, Estimate: "3d"}},
		},
		{
			name:  "half a point",
			given: on(list), when: estimate("0.5"),
			then: []events.Event{&events.TaskEstimated{Key: 1, Estimate: "0.5"}},
		},
		{name: "the same estimate", given: on(list, estimate("3d")), when: estimate("3d")},
		{
			name:  "no estimate",
			given: on(list, estimate("3d")), when: estimate("none"),
			then: []events.Event{&events.TaskEstimated{Key: 1}},
		},
		{
			name:  "months are no estimate",
			given: on(list), when: estimate("3m"),
			refused: `usage: estimate "3m": want days (3d), hours (4h), weeks (2w), points (5), or none`,
		},
		{
			name:  "an empty estimate is a mistake",
			given: on(list, estimate("3d")), when: estimate(""),
			refused: `usage: estimate "": want days (3d), hours (4h), weeks (2w), points (5), or none`,
		},
		{
			name:  "labels in the order given",
			given: on(list), when: label(ab, nil),
			then: []events.Event{&events.TaskLabeled{Key: 1, Labels: ab}},
		},
		{
			name:  "one on, one off",
			given: on(list, label(ab, nil)), when: label([]string{"c", "b"}, []string{"a"}),
			then: []events.Event{&events.TaskLabeled{Key: 1, Labels: []string{"b", "c"}}},
		},
		{
			name:  "the last one off",
			given: on(list, label(ab, nil)), when: label(nil, ab),
			then: []events.Event{&events.TaskLabeled{Key: 1}},
		},
		{name: "what is so already", given: on(list, label(ab, nil)), when: label([]string{"b"}, []string{"c"})},
		{
			name:  "no label",
			given: on(list), when: label(nil, nil),
			refused: "usage: which labels? +x puts one on, -x takes one off",
		},
		{
			name:  "a label of two words",
			given: on(list), when: label([]string{"to do"}, nil),
			refused: `usage: label "to do": want one word`,
		},
	})
}

func TestLink(t *testing.T) {
	t.Parallel()
	const issue = "https://github.com/o/r/issues/12"
	link := func(task, url string) commands.LinkTask { return commands.LinkTask{Task: task, URL: url} }
	unlink := func(task, url string) commands.UnlinkTask { return commands.UnlinkTask{Task: task, URL: url} }
	document := "* [ ] a  \n  and more\n* [ ] b"
	run(t, []decided{
		{
			name:  "a link is written at the end of the first line",
			given: on(document), when: link("1", issue),
			then: []events.Event{&events.TaskLinked{
				Key: 1, URL: issue, Raw: "* [ ] a ([#12](https://github.com/o/r/issues/12))  \n  and more\n", Box: 3,
			}},
		},
		{
			name:  "a page that is no issue is named by its last part",
			given: on(document), when: link("2", "https://example.com/docs/(plan)"),
			document: "* [ ] a  \n  and more\n* [ ] b ([%28plan%29](https://example.com/docs/%28plan%29))",
		},
		{name: "linking twice", given: on(document, link("1", issue)), when: link("1", issue)},
		{
			name:  "unlinking gives the bytes back",
			given: on(document, link("1", issue), link("2", "http://example.com"), link("1", "https://example.com/x"), unlink("1", issue), unlink("2", "")),
			when:  unlink("1", ""), document: document,
		},
		{
			name:  "which of several links has to be said",
			given: on(document, link("1", issue), link("1", "https://example.com/x")), when: unlink("1", ""),
			refused: "usage: 1 a and more has 2 links; which? https://github.com/o/r/issues/12 https://example.com/x",
		},
		{name: "unlinking what is not linked", given: on(document), when: unlink("1", issue)},
		{name: "unlinking where nothing is linked", given: on(document), when: unlink("1", "")},
		{
			name:  "a link in the text is the text's",
			given: on("- [ ] see " + issue + " first\n"), when: unlink("1", issue),
			refused: "refused: the link stands in the text of 1 see https://github.com/o/r/issues/12 first",
		},
		{
			name:  "what is no URL",
			given: on(document), when: link("1", "#12"),
			refused: `usage: link "#12": want a URL such as https://github.com/OWNER/REPO/issues/12`,
		},
		{
			name:  "a URL without a host",
			given: on(document), when: link("1", "https:///x"),
			refused: `usage: link "https:///x": want a URL such as https://github.com/OWNER/REPO/issues/12`,
		},
		{
			name:  "a URL with a space",
			given: on(document), when: link("1", "https://example.com/a b"),
			refused: `usage: link "https://example.com/a b": want a URL such as https://github.com/OWNER/REPO/issues/12`,
		},
	})
}

func TestLinkTasks(t *testing.T) {
	t.Parallel()
	const issue = "https://github.com/o/r/issues/"
	link := func(pairs ...string) commands.LinkTasks {
		var c commands.LinkTasks
		for i := 0; i < len(pairs); i += 2 {
			c.Links = append(c.Links, commands.LinkTask{Task: pairs[i], URL: pairs[i+1]})
		}
		return c
	}
	document := "- [ ] alpha\n- [x] beta\n- [ ] alpine\n"
	run(t, []decided{
		{
			name:  "each is linked as alone",
			given: on(document), when: link("beta", issue+"2", "1", issue+"1"),
			then: []events.Event{
				&events.TaskLinked{Key: 2, URL: issue + "2", Raw: "- [x] beta ([#2](" + issue + "2))\n", Box: 3},
				&events.TaskLinked{Key: 1, URL: issue + "1", Raw: "- [ ] alpha ([#1](" + issue + "1))\n", Box: 3},
			},
		},
		{
			name:  "two links of one task both stand in its line",
			given: on(document), when: link("1", issue+"1", "1", issue+"4", "1", issue+"1/"),
			document: "- [ ] alpha ([#1](" + issue + "1)) ([#4](" + issue + "4))\n- [x] beta\n- [ ] alpine\n",
		},
		{
			name:  "what is linked already is no event",
			given: on(document, link("1", issue+"1")), when: link("1", issue+"1", "3", issue+"3"),
			then: []events.Event{&events.TaskLinked{Key: 3, URL: issue + "3", Raw: "- [ ] alpine ([#3](" + issue + "3))\n", Box: 3}},
		},
		{name: "all are linked already", given: on(document, link("1", issue+"1")), when: link("1", issue+"1")},
		{
			name:  "one that is no task refuses all",
			given: on(document), when: link("1", issue+"1", "9", issue+"9"),
			refused: "task_not_found: no task has the key 9",
		},
		{
			name:  "one that is ambiguous refuses all",
			given: on(document), when: link("1", issue+"1", "alp", issue+"9"),
			refused: `ambiguous_task: "alp" matches 2 open tasks`,
		},
		{
			name:  "one that is no URL refuses all",
			given: on(document), when: link("1", issue+"1", "2", "#2"),
			refused: `usage: link "#2": want a URL such as https://github.com/OWNER/REPO/issues/12`,
		},
		{name: "none", given: on(document), when: link(), refused: "usage: link which tasks?"},
	})
}

func TestBlock(t *testing.T) {
	t.Parallel()
	block := func(tasks, by []string) commands.BlockTask { return commands.BlockTask{Tasks: tasks, By: by} }
	one := func(task, by string) commands.BlockTask { return block([]string{task}, []string{by}) }
	run(t, []decided{
		{
			name:  "one by several",
			given: on(list), when: block([]string{"1"}, []string{"2-3"}),
			then: []events.Event{&events.TaskBlocked{Key: 1, By: []int{2, 3}}},
		},
		{name: "twice", given: on(list, one("1", "2")), when: one("1", "2")},
		{
			name:  "only what is new is recorded",
			given: on(list, one("1", "2")), when: block([]string{"1", "5"}, []string{"2", "3"}),
			then: []events.Event{&events.TaskBlocked{Key: 1, By: []int{3}}, &events.TaskBlocked{Key: 5, By: []int{2, 3}}},
		},
		{
			name:  "by itself",
			given: on(list), when: one("1", "1"),
			refused: "refused: 1 a cannot wait for itself",
		},
		{
			name:  "a parent by its child",
			given: on(list), when: one("3", "4"),
			refused: "refused: 3 c cannot wait for 4 c1: one stands under the other",
		},
		{
			name:  "a child by its parent",
			given: on(list), when: one("4", "3"),
			refused: "refused: 4 c1 cannot wait for 3 c: one stands under the other",
		},
		{
			name:  "a circle of two",
			given: on(list, one("1", "2")), when: one("2", "1"),
			refused: "refused: 2 b cannot wait for 1 a: that waits for it already (1 → 2)",
		},
		{
			name:  "a circle of three",
			given: on(list, one("1", "2"), one("2", "5")), when: one("5", "1"),
			refused: "refused: 5 e cannot wait for 1 a: that waits for it already (1 → 2 → 5)",
		},
		{
			name:  "a circle within the command",
			given: on(list), when: block([]string{"1", "2"}, []string{"2", "1"}),
			refused: "refused: 1 a cannot wait for itself",
		},
		{
			name:  "a circle over a parent: its child waits for what waits for it",
			given: on(list, one("1", "3")), when: one("4", "1"),
			refused: "refused: 4 c1 cannot wait for 1 a: that waits for it already (1 → 3 → 4)",
		},
		{
			name:  "a circle over a parent: what stands in it waits with it",
			given: on(list, one("3", "1")), when: one("1", "4"),
			refused: "refused: 1 a cannot wait for 4 c1: that waits for it already (4 → 1)",
		},
		{
			name:  "a circle over a child: its parent waits for what waits for it",
			given: on(list, one("4", "1")), when: one("1", "3"),
			refused: "refused: 1 a cannot wait for 3 c: that waits for it already (3 → 4 → 1)",
		},
		{
			name:  "what was unblocked makes no circle",
			given: on(list, one("1", "2"), commands.UnblockTask{Tasks: []string{"1"}}), when: one("2", "1"),
			then: []events.Event{&events.TaskBlocked{Key: 2, By: []int{1}}},
		},
		{
			name:  "what was removed makes no circle",
			given: on(list, one("1", "2"), one("2", "5"), commands.RemoveTasks{Tasks: []string{"2"}}), when: one("5", "1"),
			then: []events.Event{&events.TaskBlocked{Key: 5, By: []int{1}}},
		},
		{
			name:  "a risk rests on a task",
			given: on(list), when: one("r", "a"),
			then: []events.Event{&events.TaskBlocked{Key: 6, By: []int{1}}},
		},
		{
			name:  "by nothing",
			given: on(list), when: block([]string{"1"}, nil),
			refused: "usage: blocked by which task? --by TASK",
		},
		{
			name:  "unblocking from one",
			given: on(list, block([]string{"1"}, []string{"2", "3"})), when: commands.UnblockTask{Tasks: []string{"1"}, By: []string{"b"}},
			then: []events.Event{&events.TaskUnblocked{Key: 1, By: []int{2}}},
		},
		{
			name:  "unblocking from all",
			given: on(list, block([]string{"1"}, []string{"2", "3"})), when: commands.UnblockTask{Tasks: []string{"1", "2"}},
			then: []events.Event{&events.TaskUnblocked{Key: 1, By: []int{2, 3}}},
		},
		{name: "unblocking what waits for nothing", given: on(list), when: commands.UnblockTask{Tasks: []string{"1"}, By: []string{"2"}}},
	})
}

func TestComment(t *testing.T) {
	t.Parallel()
	comment := func(text string) commands.CommentTask { return commands.CommentTask{Task: "1", Text: text} }
	commented := on(list, comment("first"), comment("second")) // the import takes 12 events
	first := given(t, commented...).Task(1).Task.Comments[0].Change.Seq
	run(t, []decided{
		{
			name:  "a comment keeps its lines",
			given: on(list), when: comment(" so it is\n  and more \n"),
			then: []events.Event{&events.TaskCommented{Key: 1, Text: "so it is\n  and more"}},
		},
		{
			name:  "the same comment again is another",
			given: on(list, comment("so")), when: comment("so"),
			then: []events.Event{&events.TaskCommented{Key: 1, Text: "so"}},
		},
		{name: "an empty comment", given: on(list), when: comment(" \n"), refused: "usage: a comment needs a text"},
		{
			name:  "the last comment is taken back",
			given: commented, when: commands.UncommentTask{Task: "1"},
			then: []events.Event{&events.TaskUncommented{Key: 1, Comment: eventID(first + 1)}},
		},
		{
			name:  "one comment is taken back",
			given: commented, when: commands.UncommentTask{Task: "1", Seq: first},
			then: []events.Event{&events.TaskUncommented{Key: 1, Comment: eventID(first)}},
		},
		{name: "where there is none", given: on(list), when: commands.UncommentTask{Task: "1"}},
		{
			name:  "one that is none",
			given: commented, when: commands.UncommentTask{Task: "1", Seq: 2},
			refused: "moment_not_found: @2 is no comment on 1 a",
		},
	})
}

func eventID(seq events.Seq) string {
	st := checklist.New()
	st.Revision = uint64(seq) - 1
	return envelope(st, &events.ChecklistArchived{}).ID
}
