package commands_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
	"cairn/server/commands"
)

// found has texts that are part of each other, in all states.
const found = `## Foundations

- [ ] core
- [ ] core users
- [x] core events ([#12](https://github.com/o/r/issues/12))
- [~] Core Tickets ([#12](https://github.com/o/r/issues/12) and more
- [-] old core

## Data

- [ ] backfill job written and tested ([#30](https://github.com/o/r/pull/30))
- [x] backfill  planned

## Data risks
`

// Which TASK is meant, by the verb that asks.
func TestTask(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		verb commands.Verb
		task []string
		want []string
		// refused is "code: message".
		refused string
	}{
		{name: "a key", verb: commands.Done, task: []string{"3"}, want: []string{"3"}},
		{name: "a key with space around it", verb: commands.Done, task: []string{" 3 "}, want: []string{"3"}},
		{name: "a key that never was", verb: commands.Done, task: []string{"99"}, refused: "task_not_found: no task has the key 99"},
		{name: "a range", verb: commands.Done, task: []string{"2-4"}, want: []string{"2", "3", "4"}},
		{name: "a range that reaches further than the keys", verb: commands.Done, task: []string{"6-100"}, refused: "task_not_found: 6-100 goes beyond the last key, 7"},
		{name: "a range without a task", verb: commands.Done, task: []string{"8-9"}, refused: "task_not_found: 8-9 goes beyond the last key, 7"},
		{name: "a range that runs backwards", verb: commands.Done, task: []string{"4-2"}, refused: "usage: 4-2 runs backwards: write 2-4"},
		{name: "several, each once, in the order named", verb: commands.Done, task: []string{"4", "2-4", "core"}, want: []string{"4", "2", "3", "1"}},
		{name: "the whole text goes before what contains it", verb: commands.Start, task: []string{"core"}, want: []string{"1"}},
		{name: "case and space aside", verb: commands.Start, task: []string{" CORE   Users "}, want: []string{"2"}},
		{name: "the only one that contains it", verb: commands.Start, task: []string{"ackfill"}, want: []string{"6"}},
		{name: "never the best of several", verb: commands.Start, task: []string{"cor"}, refused: `ambiguous_task: "cor" matches 2 open tasks`},
		{name: "what the verb acts on goes before a whole text it does not", verb: commands.Reopen, task: []string{"backfill"}, want: []string{"7"}},
		{name: "what is so already goes before what is refused", verb: commands.Start, task: []string{"core t"}, want: []string{"4"}},
		{name: "what is refused is found last", verb: commands.Start, task: []string{"core events"}, want: []string{"3"}},
		{name: "what is so already is found where nothing else is", verb: commands.Done, task: []string{"planned"}, want: []string{"7"}},
		{name: "several that are refused are ambiguous too", verb: commands.Reopen, task: []string{"e"}, refused: `ambiguous_task: "e" matches 3 tasks`},
		{name: "nothing like it", verb: commands.Start, task: []string{"zzz"}, refused: `task_not_found: no task matches "zzz"`},
		{name: "an empty TASK", verb: commands.Start, task: []string{" "}, refused: "usage: an empty TASK names nothing"},
		{name: "a section's tasks that the verb acts on", verb: commands.Start, task: []string{"s:1"}, want: []string{"1", "2"}},
		{name: "a section's tasks that it can reopen", verb: commands.Reopen, task: []string{"s:Foundations"}, want: []string{"3", "5"}},
		{name: "a section without a task", verb: commands.Start, task: []string{"s:3"}, refused: "task_not_found: no task stands in s:3 Data risks"},
		{name: "no such section", verb: commands.Start, task: []string{"s:9"}, refused: "section_not_found: no section has the key 9"},
		{name: "an issue", verb: commands.Done, task: []string{"gh:30"}, want: []string{"6"}},
		{name: "an issue of two tasks", verb: commands.Done, task: []string{"gh:12"}, refused: "ambiguous_task: gh:12 is linked to 2 tasks"},
		{name: "an issue of none", verb: commands.Done, task: []string{"gh:3"}, refused: "task_not_found: no task is linked to gh:3"},
		{name: "a URL, case aside", verb: commands.Done, task: []string{"https://GitHub.com/o/r/pull/30"}, want: []string{"6"}},
		{name: "a URL of none", verb: commands.Done, task: []string{"https://example.com"}, refused: "task_not_found: no task is linked to https://example.com"},
		{name: "one that is not found refuses all", verb: commands.Start, task: []string{"1", "zzz"}, refused: `task_not_found: no task matches "zzz"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			st := given(t, on(found)...)
			got, err := commands.Resolve(st, do(test.verb, test.task...), now)
			if refusal(err) != test.refused {
				t.Fatalf("got %q, want %q", refusal(err), test.refused)
			}
			if err != nil {
				return
			}
			if keys := got.(commands.Transition).Tasks; !slices.Equal(keys, test.want) {
				t.Errorf("got %q, want %q", keys, test.want)
			}
			again, err := commands.Resolve(st, got, now)
			if diff := cmp.Diff(got, again); err != nil || diff != "" {
				t.Errorf("a resolved command resolves to something else: %v\n%s", err, diff)
			}
		})
	}
}

func TestSection(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, ref, want string }{
		{"a key", "s:2", "Data"},
		{"the whole title goes before what contains it", "data", "Data"},
		{"a part of the title", "risk", "Data risks"},
		{"text behind s:", "s:found", "Foundations"},
		{"several", "da", `ambiguous_section: "da" matches 3 sections`},
		{"none", "zzz", `section_not_found: no section matches "zzz"`},
		{"a key that is not there", "s:7", "section_not_found: no section has the key 7"},
		{"nothing", "s:", "usage: an empty SECTION names nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b, err := commands.FindSection(given(t, on(found)...), test.ref)
			got := refusal(err)
			if err == nil {
				got = b.Section.Title
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// An error says what could have been meant.
func TestCandidates(t *testing.T) {
	t.Parallel()
	st := given(t, on(found)...)
	_, err := decide(st, do(commands.Start, "cor"))
	want := error(&commands.Error{
		Code: commands.CodeAmbiguousTask, Message: `"cor" matches 2 open tasks`, Hint: "Use a key (1) or more of the text.",
		Candidates: []commands.Candidate{{Key: 1, Text: "core"}, {Key: 2, Text: "core users"}},
	})
	if diff := cmp.Diff(want, err); diff != "" {
		t.Errorf("ambiguous (-want +got):\n%s", diff)
	}
	_, err = decide(st, do(commands.Start, "corr users"))
	want = &commands.Error{
		Code: commands.CodeNoTask, Message: `no task matches "corr users"`, Hint: "Did you mean 2 core users?",
		Candidates: []commands.Candidate{{Key: 2, Text: "core users"}},
	}
	if diff := cmp.Diff(want, err); diff != "" {
		t.Errorf("misspelt (-want +got):\n%s", diff)
	}
	_, err = commands.FindTask(st, "2-3")
	if got, want := refusal(err), `usage: "2-3" is 2 tasks, want one`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if b, err := commands.FindTask(st, "old"); err != nil || b.Task.Key != 5 {
		t.Errorf("got %v, %v, want task 5", b, err)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for exit, codes := range map[int][]commands.Code{
		1: {"", "internal"},
		2: {commands.CodeUsage, commands.CodeAmbiguousTask, commands.CodeAmbiguousSection, commands.CodeConfirm, commands.CodeOverLimit},
		3: {commands.CodeNoTask, commands.CodeNoSection, commands.CodeNoChecklist, commands.CodeNoMoment, commands.CodeNoFile},
		5: {commands.CodeRefused, commands.CodeNameTaken, commands.CodeNewerEvent, commands.CodeCommandReused, commands.CodeChanged},
	} {
		for _, code := range codes {
			if got := code.Exit(); got != exit {
				t.Errorf("%s: got exit %d, want %d", code, got, exit)
			}
		}
	}
}

// The hash is stored with every event, so it never changes: it is that of the
// canonical JSON, with the names sorted, whatever the order of the members.
func TestHash(t *testing.T) {
	t.Parallel()
	add := commands.AddTask{Text: "a <b> & ü"}.At("", "", "7", "")
	for _, test := range []struct {
		checklist string
		cmd       commands.Command
		canonical string
	}{
		{
			"plan",
			commands.Transition{Verb: commands.Done, Tasks: []string{"core events"}, All: true},
			`{"all":true,"checklist":"plan","command":"CompleteTask","tasks":["core events"],"verb":"done"}`,
		},
		{"plan", add, `{"after":"7","checklist":"plan","command":"AddTask","text":"a <b> & ü"}`},
		{"plan-2", add, `{"after":"7","checklist":"plan-2","command":"AddTask","text":"a <b> & ü"}`},
		{"plan", commands.UncommentTask{Task: "1", Seq: 9007199254740993}, `{"checklist":"plan","command":"UncommentTask","seq":9007199254740993,"task":"1"}`},
		{
			"plan",
			commands.ImportDocument{Source: "plan.md", Document: []byte("- [ ] a\n")},
			`{"checklist":"plan","command":"ImportDocument","document":"LSBbIF0gYQo=","follow":false,"source":"plan.md"}`,
		},
	} {
		sum := sha256.Sum256([]byte(test.canonical))
		want := hex.EncodeToString(sum[:])
		if got, err := commands.Hash(test.checklist, test.cmd); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", test.canonical, got, err, want)
		}
	}
	const golden = "c050a905b61aa462cddbd533bb8a57f784d1b59bd3d23f0a6501753937bc7d47"
	if got, _ := commands.Hash("plan", do(commands.Done, "1")); got != golden {
		t.Errorf("got %s, want %s", got, golden)
	}
	all := make(map[string]commands.Command)
	for _, cmd := range []commands.Command{
		do(commands.Done, "1"), do(commands.Drop, "1"), do(commands.Done, "2"), do(commands.Done, "1", "2"),
		commands.RemoveTasks{Tasks: []string{"1"}},
		commands.UnblockTask{Tasks: []string{"1"}},
		commands.Archive{},
		commands.Reactivate{},
		commands.Plan{Title: p("x")},
		commands.Plan{Owner: p("x")},
		commands.Plan{Owner: p("")},
	} {
		hash, err := commands.Hash("plan", cmd)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := all[hash]; ok {
			t.Errorf("%#v and %#v have one hash", cmd, other)
		}
		all[hash] = cmd
	}
}

func TestFutureDays(t *testing.T) {
	t.Parallel()
	// Late on a Friday in Berlin, early on the Saturday in Auckland.
	friday := time.Date(2026, 11, 27, 22, 30, 0, 0, time.UTC)
	for _, test := range []struct{ zone, word, want string }{
		{"", "today", "2026-11-27"},
		{"", "tomorrow", "2026-11-28"},
		{"", "fri", "2026-12-04"}, // the next after today
		{"", "Friday", "2026-12-04"},
		{"", "sat", "2026-11-28"},
		{"", "thu", "2026-12-03"},
		{"", "+0d", "2026-11-27"},
		{"", "+3d", "2026-11-30"},
		{"", "+2w", "2026-12-11"},
		{"", "2027-02-28", "2027-02-28"},
		{"", "2020-01-01", "2020-01-01"}, // late from the beginning, but a day
		{"Europe/Berlin", "today", "2026-11-27"},
		{"Pacific/Auckland", "today", "2026-11-28"},
		{"Pacific/Auckland", "fri", "2026-12-04"},
		{"Pacific/Auckland", "sat", "2026-12-05"},
		{"America/New_York", "+1d", "2026-11-28"},
	} {
		t.Run(test.zone+" "+test.word, func(t *testing.T) {
			st := given(t, on(five)...)
			if test.zone != "" {
				st = evolve(t, st, &events.ChecklistDescribed{Timezone: events.Set(test.zone)})
			}
			got, err := commands.Resolve(st, commands.Schedule{Tasks: []string{"1"}, Due: test.word}, friday)
			if err != nil {
				t.Fatal(err)
			}
			if due := got.(commands.Schedule).Due; due != test.want {
				t.Errorf("got %s, want %s", due, test.want)
			}
		})
	}
	for _, word := range []string{"yesterday", "3d", "+3", "next week", "", "12", "2026-11-31", "@3"} {
		if _, err := decide(given(t, on(five)...), commands.Schedule{Tasks: []string{"1"}, Due: word}); refusal(err) == "" {
			t.Errorf("%q: got no refusal", word)
		}
	}
}
