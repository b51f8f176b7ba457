package commands_test

import (
	"testing"

	"cairn/events"
	"cairn/server/commands"
)

func TestSetBaseline(t *testing.T) {
	t.Parallel()
	const document = "- [ ] a\n- [ ] b\n"
	to := func(finish string) commands.Plan { return commands.Plan{Finish: p(finish)} }
	run(t, []decided{
		{
			name:  "the plan as it stands",
			given: on(document, to("2026-12-04")), when: commands.SetBaseline{},
			then: []events.Event{&events.ChecklistBaselined{Finish: "2026-12-04"}},
		},
		{
			name:  "with a name and days of its own",
			given: on(document, to("2026-12-04")), when: commands.SetBaseline{Label: " v1 ", Start: "tomorrow", Finish: "+2w"},
			then: []events.Event{&events.ChecklistBaselined{Name: "v1", Start: "2026-11-24", Finish: "2026-12-07"}},
		},
		{name: "without a finish", given: on(document), when: commands.SetBaseline{}, then: []events.Event{&events.ChecklistBaselined{}}},
		{
			name:  "the same again is so already",
			given: on(document, to("2026-12-04"), commands.SetBaseline{Label: "v1"}), when: commands.SetBaseline{Label: "v1", Finish: "2026-12-04"},
		},
		{
			name:  "a review in between changes nothing",
			given: on(document, commands.SetBaseline{}, commands.RecordReview{Status: "on-track", Note: "fine", From: 1, Upto: 9}), when: commands.SetBaseline{},
		},
		{
			name:  "by another name it is another",
			given: on(document, commands.SetBaseline{Label: "v1"}), when: commands.SetBaseline{Label: "v2"},
			then: []events.Event{&events.ChecklistBaselined{Name: "v2"}},
		},
		{
			name:  "after a change it starts anew",
			given: on(document, commands.SetBaseline{}, do(commands.Done, "1")), when: commands.SetBaseline{},
			then: []events.Event{&events.ChecklistBaselined{}},
		},
		{
			name:  "ends before it starts",
			given: on(document, to("2026-12-04")), when: commands.SetBaseline{Start: "2026-12-05"},
			refused: "refused: the plan would end on 2026-12-04, before it starts on 2026-12-05",
		},
		{
			name:  "to an end that is over",
			given: on(document, to("2026-11-22")), when: commands.SetBaseline{},
			refused: "refused: the plan would end on 2026-11-22, which is over",
		},
		{
			name:  "but one that is over may be set as it was",
			given: on(document), when: commands.SetBaseline{Start: "2026-11-02", Finish: "2026-11-06"},
			then: []events.Event{&events.ChecklistBaselined{Start: "2026-11-02", Finish: "2026-11-06"}},
		},
		{
			name:  "a day that is none",
			given: on(document), when: commands.SetBaseline{Start: "someday"},
			refused: `usage: "someday" is no day: write 2026-12-04, today, tomorrow, fri, +3d, +2w or none`,
		},
		{
			name:  "of an archived checklist",
			given: on(document, commands.SetBaseline{}, commands.Archive{}), when: commands.SetBaseline{},
			refused: "refused: plan is archived",
		},
	})
}
