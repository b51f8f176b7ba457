package commands_test

import (
	"strings"
	"testing"

	"cairn/events"
	"cairn/server/commands"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	const header = "# Plan\n\nOwner: ______  |  Target start: ______  |  Target finish: ______\n\n- [ ] a\n"
	day := func(s string) events.Optional[events.Day] { return events.Set(events.Day(s)) }
	run(t, []decided{
		{
			name:  "the title is written into the document",
			given: on(header), when: commands.Plan{Title: p(" The  plan ")},
			then: []events.Event{&events.ChecklistDescribed{
				Title: events.Set("The plan"), Doc: []events.Line{{Ref: events.TextRef(1), Raw: "# The plan\n"}},
			}},
			document: strings.Replace(header, "# Plan", "# The plan", 1),
		},
		{
			name:  "the Owner line is written back",
			given: on(header), when: commands.Plan{Owner: p("lead"), Start: p("2026-12-01"), Finish: p("2027-03-31")},
			then: []events.Event{&events.ChecklistDescribed{
				Owner: events.Set("lead"), Start: day("2026-12-01"), Finish: day("2027-03-31"),
				Doc: []events.Line{{Ref: events.TextRef(3), Raw: "Owner: lead  |  Target start: 2026-12-01  |  Target finish: 2027-03-31\n"}},
			}},
		},
		{
			name:  "none clears what the line says",
			given: on(header, commands.Plan{Owner: p("lead"), Finish: p("fri")}), when: commands.Plan{Owner: p("none"), Finish: p("none")},
			document: header,
		},
		{
			name:  "a document without Owner line stays as it is",
			given: on("- [ ] a\n"), when: commands.Plan{Title: p("Plan"), Owner: p("lead")},
			then: []events.Event{&events.ChecklistDescribed{Title: events.Set("Plan"), Owner: events.Set("lead")}},
		},
		{name: "what is so already", given: on(header, commands.Plan{Owner: p("lead")}), when: commands.Plan{Owner: p("lead"), Start: p("none")}},
		{
			name:  "an owner that the Owner line cannot hold",
			given: on(header), when: commands.Plan{Owner: p("a | b")},
			refused: `usage: owner "a | b": as the owner in the document it would be read as "a   b"`,
		},
		{
			name:  "an owner that the Owner line reads as none",
			given: on(header), when: commands.Plan{Owner: p("____")},
			refused: `usage: owner "____": as the owner in the document it would be read as ""`,
		},
		{
			name:  "without a line for it, any owner will do",
			given: on("- [ ] a\n"), when: commands.Plan{Owner: p("a | b")},
			then: []events.Event{&events.ChecklistDescribed{Owner: events.Set("a | b")}},
		},
		{
			name:  "a finish before the start that is there",
			given: on(header, commands.Plan{Start: p("2026-12-01")}), when: commands.Plan{Finish: p("2026-11-30")},
			refused: "refused: plan would end on 2026-11-30, before it starts on 2026-12-01",
		},
		{
			name:  "a start behind the finish that is there",
			given: on(header, commands.Plan{Finish: p("2026-12-01")}), when: commands.Plan{Start: p("2026-12-02")},
			refused: "refused: plan would end on 2026-12-01, before it starts on 2026-12-02",
		},
		{
			name:  "both moved past each other at once",
			given: on(header, commands.Plan{Start: p("2026-12-01"), Finish: p("2026-12-02")}),
			when:  commands.Plan{Start: p("2026-12-03"), Finish: p("2026-12-03")}, document: strings.Replace(strings.Replace(header,
				"start: ______", "start: 2026-12-03", 1), "finish: ______", "finish: 2026-12-03", 1),
		},
		{
			name:  "zone, working days and holidays are the log's alone",
			given: on(header), when: commands.Plan{Timezone: p("Europe/Berlin"), WorkingDays: p("sun-tue, thu"), Holidays: p("2027-01-01 2026-12-24..2026-12-26,2027-01-01")},
			then: []events.Event{&events.ChecklistDescribed{
				Timezone: events.Set("Europe/Berlin"), WorkingDays: events.Set("sun,mon,tue,thu"), Holidays: events.Set("2026-12-24..2026-12-26,2027-01-01"),
			}},
		},
		{name: "no such zone", given: on(header), when: commands.Plan{Timezone: p("Berlin")}, refused: `usage: timezone "Berlin": want an IANA name such as Europe/Berlin`},
		{name: "the machine's own zone is none", given: on(header), when: commands.Plan{Timezone: p("Local")}, refused: `usage: timezone "Local": want an IANA name such as Europe/Berlin`},
		{name: "no working day", given: on(header), when: commands.Plan{WorkingDays: p("mon-friday,frei")}, refused: `usage: working day "frei": want mon-fri, or names such as mon,tue,thu`},
		{name: "no working day at all", given: on(header), when: commands.Plan{WorkingDays: p(",")}, refused: `usage: no working day in ","`},
		{name: "no holiday", given: on(header), when: commands.Plan{Holidays: p("xmas")}, refused: `usage: holiday "xmas": want 2026-12-25, or 2026-12-24..2027-01-01`},
		{name: "holidays that run backwards", given: on(header), when: commands.Plan{Holidays: p("2026-12-26..2026-12-24")}, refused: `usage: holiday "2026-12-26..2026-12-24": runs backwards`},
		{name: "a title of none", given: on(header), when: commands.Plan{Title: p("none")}, refused: "usage: a checklist keeps its title: --title none means nothing"},
		{name: "nothing", given: on(header), when: commands.Plan{}, refused: "usage: plan what? --title --owner --start --finish --timezone --working-days --holidays --marker"},
		{
			name:  "a task whose marker means something else gets its state, and keeps its line",
			given: on("- [o] a\n- [~] b\n- [x] c\n"), when: commands.Plan{Markers: p("o=done, [~] On-hold")},
			then: []events.Event{
				&events.ChecklistDescribed{Markers: events.Set("o=done,~=on_hold")},
				&events.TaskCompleted{Key: 1}, &events.TaskHeld{Key: 2},
			},
			document: "- [o] a\n- [~] b\n- [x] c\n",
		},
		{
			name:  "none is the usual meaning again",
			given: on("- [o] a\n- [~] b\n", commands.Plan{Markers: p("o=done,~=on_hold")}), when: commands.Plan{Markers: p("none")},
			then: []events.Event{
				&events.ChecklistDescribed{Markers: events.Set("")}, &events.TaskReopened{Key: 1}, &events.TaskStarted{Key: 2},
			},
		},
		{
			name:  "the legend goes before the map",
			given: on("[o] = Todo, [x] = Done\n\n- [o] a\n"), when: commands.Plan{Markers: p("o=done")},
			then: []events.Event{&events.ChecklistDescribed{Markers: events.Set("o=done")}},
		},
		{
			name:  "an item that is a task only by the map comes in",
			given: on("- [1] a\n"), when: commands.Plan{Markers: p("1=done")},
			then: []events.Event{
				&events.ChecklistDescribed{Markers: events.Set("1=done")},
				&events.TaskAdded{Key: 1, Text: "a", State: events.Done, Raw: "- [1] a\n", Box: 3}, &events.TextRemoved{Key: 1},
			},
		},
		{name: "two words that are no state", given: on("- [o] a\n", commands.Plan{Markers: p("~=on_hold,o=done")}), when: commands.Plan{Markers: p("o=x done,~=on_hold")}, refused: `usage: marker "o=x done": want a character and a state, such as ~=in_progress; states are todo, in_progress, on_hold, done, dropped`},
		{name: "the same map, worded otherwise", given: on("- [o] a\n", commands.Plan{Markers: p("~=on_hold,o=done")}), when: commands.Plan{Markers: p("o=Finished, ~ = blocked")}},
		{
			name:  "what is written reads as it is meant",
			given: on("- [ ] a\n", commands.Plan{Markers: p("~=on_hold")}), when: do(commands.Start, "1"),
			then: []events.Event{&events.TaskStarted{Key: 1, Mark: '/'}},
		},
		{
			name:  "a state that legend and map leave without a marker",
			given: on("[ ] open | [/] doing | [x] finished\n\n- [ ] a\n", commands.Plan{Markers: p("-=todo,/=dropped")}), when: do(commands.Drop, "1"),
			refused: "refused: no marker means dropped here: the legend and the map of markers leave none",
		},
		{
			name:  "the map's own marker is written",
			given: on("- [ ] a\n", commands.Plan{Markers: p("o=done")}), when: do(commands.Done, "1"),
			then: []events.Event{&events.TaskCompleted{Key: 1, Mark: 'o'}},
		},
		{
			name:  "a legend learns nothing that the map says otherwise",
			given: on("[ ] = Todo, [x] = Done\n\n- [ ] a\n", commands.Plan{Markers: p("~=on_hold")}), when: do(commands.Start, "1"),
			then: []events.Event{&events.TaskStarted{Key: 1, Mark: '/'}},
		},
		{name: "no state", given: on(header), when: commands.Plan{Markers: p("o=nearly")}, refused: `usage: marker "o=nearly": want a character and a state, such as ~=in_progress; states are todo, in_progress, on_hold, done, dropped`},
		{name: "no marker", given: on(header), when: commands.Plan{Markers: p("ok=done")}, refused: `usage: marker "ok=done": want a character and a state, such as ~=in_progress; states are todo, in_progress, on_hold, done, dropped`},
		{name: "one marker, two states", given: on(header), when: commands.Plan{Markers: p("o=done,o=todo")}, refused: `usage: marker "o" means done already`},
		{name: "a state without a marker", given: on(header), when: commands.Plan{Markers: p("x=todo,X=todo")}, refused: "usage: with these markers none would mean done: give one for it too"},
		{name: "archive", given: on(header), when: commands.Archive{}, then: []events.Event{&events.ChecklistArchived{}}},
		{name: "reactivate", given: on(header, commands.Archive{}), when: commands.Reactivate{}, then: []events.Event{&events.ChecklistReactivated{}}},
	})
}

func TestImport(t *testing.T) {
	t.Parallel()
	run(t, []decided{
		{
			name:  "an empty document",
			given: nil, when: commands.ImportDocument{},
			then: []events.Event{&events.ChecklistCreated{}, &events.DocumentSynced{
				SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", AtRevision: 1,
			}},
		},
		{
			name: "sections, tasks and text, with keys of their own",
			when: commands.ImportDocument{Source: "plan.md", Follow: true, Document: []byte("# Plan\n## One\n- [~] a\n  - [x] b ([#7](https://github.com/o/r/issues/7))\nOwner: x\n")},
			then: []events.Event{
				&events.ChecklistCreated{Title: "Plan", Source: "plan.md"},
				&events.TextAdded{Key: 1, Raw: "# Plan\n"},
				&events.SectionAdded{Key: 1, Place: events.Place{After: events.TextRef(1)}, Level: 2, Title: "One", Raw: "## One\n"},
				&events.TaskAdded{Key: 1, Place: events.Place{In: events.SectionRef(1)}, Text: "a", State: events.InProgress, Raw: "- [~] a\n", Box: 3},
				&events.TaskAdded{
					Key: 2, Place: events.Place{In: events.TaskRef(1)}, Text: "b Owner: x", State: events.Done, Box: 5,
					Raw: "  - [x] b ([#7](https://github.com/o/r/issues/7))\nOwner: x\n", Links: []string{"https://github.com/o/r/issues/7"},
				},
				&events.DocumentSynced{Path: "plan.md", SHA256: "9a478385376fd91e4def264b0258baad8365f4b9b996ce51eef25bef88ef7e28", AtRevision: 5},
			},
		},
		{
			name: "what the Owner line says is described",
			when: commands.ImportDocument{Source: "plan.md", Document: []byte("Owner: ada | Target start: 2026-12-01 | Target finish: soon\n")},
			then: []events.Event{
				&events.ChecklistCreated{Source: "plan.md"},
				&events.ChecklistDescribed{Owner: events.Set("ada"), Start: events.Set(events.Day("2026-12-01"))},
				&events.TextAdded{Key: 1, Raw: "Owner: ada | Target start: 2026-12-01 | Target finish: soon\n"},
				&events.DocumentSynced{SHA256: "dfba8d2ebe0971ce4d43c98cf6c36a78d8623c9fe79876f2ec5e201fd22c801c", AtRevision: 3},
			},
		},
		{
			name: "a map of markers is in force at once",
			when: commands.ImportDocument{Document: []byte("- [o] a\n"), Markers: "o=Done"},
			then: []events.Event{
				&events.ChecklistCreated{}, &events.ChecklistDescribed{Markers: events.Set("o=done")},
				&events.TaskAdded{Key: 1, Text: "a", State: events.Done, Raw: "- [o] a\n", Box: 3},
				&events.DocumentSynced{SHA256: "719f97448b1d93c201cd4609c842f86fd1a91c9aea12570fb217af2e7b4a1170", AtRevision: 3},
			},
		},
		{name: "a name that is taken", given: on(""), when: commands.ImportDocument{}, refused: "name_taken: there is a checklist plan already"},
		{
			name: "a file over the limit", when: commands.ImportDocument{Document: make([]byte, 16<<20+1)},
			refused: "over_limit: file has 16777217 bytes, the most is 16777216: over the size limit",
		},
		{
			name: "a line over the limit", when: commands.ImportDocument{Document: []byte("# Plan\n- [ ] " + strings.Repeat("a", 1<<20))},
			refused: "over_limit: line 2: 1048582 bytes do not fit into one event: over the size limit",
		},
	})
}

// One command is one batch, and a batch has a limit.
func TestTooManyEvents(t *testing.T) {
	t.Parallel()
	_, err := decide(given(t), commands.ImportDocument{Document: []byte(strings.Repeat("- [ ] a\n", events.MaxBatch))})
	if got, want := refusal(err), "over_limit: ImportDocument would be 100002 events; one command may be 100000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCheckName(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"a": true, "elixir-migration": true, "2026-q4": true, strings.Repeat("a", 63): true,
		"": false, "-a": false, "A": false, "a_b": false, "a b": false, "a.b": false, "ü": false, "a\n": false, strings.Repeat("a", 64): false,
	} {
		if err := commands.CheckName(name); (err == nil) != ok {
			t.Errorf("%q: got %v, want ok %t", name, err, ok)
		}
	}
}
