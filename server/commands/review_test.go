package commands_test

import (
	"testing"

	"cairn/events"
	"cairn/server/commands"
)

func TestRecordReview(t *testing.T) {
	t.Parallel()
	const document = "- [ ] a\n- [ ] Weekly Review\n"
	review := func(upto int) commands.RecordReview {
		return commands.RecordReview{Status: "at-risk", Note: " late ", Asks: []string{" Billing: sign "}, Upto: upto}
	}
	recorded := func(upto int) events.Event {
		return &events.ReviewRecorded{Status: "at-risk", Note: "late", Asks: []string{"Billing: sign"}, Upto: upto}
	}
	from := func(from, upto int) events.Event {
		return &events.ReviewRecorded{Status: "at-risk", Note: "late", Asks: []string{"Billing: sign"}, From: from, Upto: upto}
	}
	every := commands.Schedule{Tasks: []string{"2"}, Due: "fri", Every: "week"}
	run(t, []decided{
		{name: "what it found", given: on(document), when: review(9), then: []events.Event{recorded(9)}},
		{
			name:  "the task of the review is done for this week, and the review is the last event",
			given: on(document, every), when: review(9),
			then: []events.Event{
				&events.TaskCompleted{Key: 2, Occurrence: "2026-11-27"}, &events.TaskScheduled{Key: 2, Due: events.Set(events.Day("2026-12-04"))}, recorded(9),
			},
		},
		{
			name:  "of two such tasks none",
			given: on(document+"- [ ] reviews of risks\n", every, commands.Schedule{Tasks: []string{"3"}, Due: "fri", Every: "week"}), when: review(9),
			then: []events.Event{recorded(9)},
		},
		{
			name:  "nor one that is dropped",
			given: on(document, every, do(commands.Drop, "2")), when: review(9),
			then: []events.Event{recorded(9)},
		},
		{
			name:  "without positions it is about what came since the last",
			given: on(document, review(9), do(commands.Start, "1")), when: review(0), then: []events.Event{from(5, 6)},
		},
		{name: "again without news", given: on(document, every, review(9)), when: review(99)},
		{
			name:  "again after a change",
			given: on(document, review(9), do(commands.Start, "1")), when: review(99),
			then: []events.Event{from(5, 99)},
		},
		{
			name:  "again after another baseline",
			given: on(document, review(9), commands.SetBaseline{}), when: review(99),
			then: []events.Event{from(5, 99)},
		},
		{
			name:  "what changed behind the report is not reviewed",
			given: on(document, do(commands.Start, "1")), when: review(2),
			refused: "changed_meanwhile: plan changed while it was reviewed",
		},
		{name: "a status that is none", given: on(document), when: commands.RecordReview{Status: "fine", Note: "n"}, refused: `usage: --status "fine": want on-track, at-risk, off-track`},
		{name: "without a note", given: on(document), when: commands.RecordReview{Status: "on-track", Note: " "}, refused: `usage: a review says how it stands: -m "…"`},
		{name: "with an empty ask", given: on(document), when: commands.RecordReview{Status: "on-track", Note: "n", Asks: []string{" "}}, refused: "usage: --ask is empty"},
		{name: "of nothing", given: on(document), when: commands.RecordReview{Status: "on-track", Note: "n", From: 2, Upto: 1}, refused: "usage: a review from 2 to 1 looks at nothing"},
	})
}
