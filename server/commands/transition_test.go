package commands_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
	"cairn/server/commands"
)

// five is a task in each state, without a legend.
const five = "- [ ] todo\n- [~] started\n- [!] held\n- [x] done\n- [-] dropped\n"

func TestVerbTable(t *testing.T) {
	t.Parallel()
	states := []string{"todo", "in progress", "on hold", "done", "dropped"} // keys 1 to 5
	started := func(key int) events.Event { return &events.TaskStarted{Key: key, Mark: '~'} }
	reopened := func(key int) events.Event { return &events.TaskReopened{Key: key, Mark: ' '} }
	held := func(key int) events.Event { return &events.TaskHeld{Key: key, Mark: '!'} }
	completed := func(key int) events.Event { return &events.TaskCompleted{Key: key, Mark: 'x'} }
	dropped := func(key int) events.Event { return &events.TaskDropped{Key: key, Mark: '-'} }
	for _, verb := range []struct {
		verb commands.Verb
		name string
		does func(key int) events.Event
		// outcome by state: acts, already or refused.
		outcome [5]string
	}{
		{commands.Start, "StartTask", started, [5]string{"acts", "already", "acts", "refused", "refused"}},
		{commands.Stop, "StopTask", reopened, [5]string{"already", "acts", "acts", "refused", "refused"}},
		{commands.Hold, "HoldTask", held, [5]string{"acts", "acts", "already", "refused", "refused"}},
		{commands.Done, "CompleteTask", completed, [5]string{"acts", "acts", "acts", "already", "refused"}},
		{commands.Drop, "DropTask", dropped, [5]string{"acts", "acts", "acts", "refused", "already"}},
		{commands.Reopen, "ReopenTask", reopened, [5]string{"already", "already", "already", "acts", "acts"}},
	} {
		for i, outcome := range verb.outcome {
			key := i + 1
			t.Run(fmt.Sprintf("%s on a task that is %s: %s", verb.verb, states[i], outcome), func(t *testing.T) {
				t.Parallel()
				st := given(t, on(five)...)
				cmd := do(verb.verb, fmt.Sprint(key))
				if got := cmd.Name(); got != verb.name {
					t.Errorf("got name %q, want %q", got, verb.name)
				}
				if got := verb.verb.Acts(st.Task(key).Task.State); got != (outcome == "acts") {
					t.Errorf("Acts: got %t, want %t", got, outcome == "acts")
				}
				got, err := decide(st, cmd)
				var want []events.Event
				refused := ""
				switch outcome {
				case "acts":
					want = []events.Event{verb.does(key)}
				case "refused":
					refused = fmt.Sprintf("refused: %d %s is %s; %s does not apply", key, st.Task(key).Task.Text, states[i], verb.verb)
				}
				if refusal(err) != refused {
					t.Fatalf("got %q, want %q", refusal(err), refused)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
				st = evolve(t, st, got...)
				if outcome == "acts" && st.Task(key).Task.State != verb.verb.Target() {
					t.Errorf("got state %s, want %s", st.Task(key).Task.State, verb.verb.Target())
				}
				verify(t, st)
			})
		}
	}
}

func TestTransition(t *testing.T) {
	t.Parallel()
	const (
		legend  = "Legend: [ ] = Todo, [x] = Done\n\n- [ ] a\n- [ ] b\n"
		learned = "Legend: [ ] = Todo, [x] = Done, [~] = In progress\n"
		parent  = "- [ ] parent\n  - [ ] one\n  - [x] two\n  - [ ] three\n    - [ ] deep\n"
	)
	text := func(key int, raw string) []events.Line {
		return []events.Line{{Ref: events.TextRef(key), Raw: raw}}
	}
	run(t, []decided{
		{
			name:  "completing twice records nothing",
			given: on(five, do(commands.Done, "1")), when: do(commands.Done, "1"),
		},
		{
			name:  "one of several refused refuses all",
			given: on(five), when: do(commands.Start, "1", "4"),
			refused: "refused: 4 done is done; start does not apply",
		},
		{
			name:  "a task named twice is changed once",
			given: on(five), when: do(commands.Start, "todo", "1", "1-2"),
			then: []events.Event{&events.TaskStarted{Key: 1, Mark: '~'}},
		},
		{
			name:  "no task is a mistake",
			given: on(five), when: do(commands.Start),
			refused: "usage: which task?",
		},
		{
			name:  "an unknown verb is a mistake",
			given: on(five), when: do("finish", "1"),
			refused: `usage: "finish" is no verb`,
		},
		{
			name:  "a day to look again is resolved",
			given: on(five), when: commands.Transition{Verb: commands.Hold, Tasks: []string{"1"}, Until: "fri"},
			then: []events.Event{&events.TaskHeld{Key: 1, Mark: '!', Until: "2026-11-27"}},
		},
		{
			name:  "a new day to look again is recorded",
			given: on(five, commands.Transition{Verb: commands.Hold, Tasks: []string{"3"}, Until: "fri"}),
			when:  commands.Transition{Verb: commands.Hold, Tasks: []string{"3"}, Until: "2026-12-24"},
			then:  []events.Event{&events.TaskHeld{Key: 3, Until: "2026-12-24"}},
		},
		{
			name:  "the same day to look again is so already",
			given: on(five, commands.Transition{Verb: commands.Hold, Tasks: []string{"3"}, Until: "fri"}),
			when:  commands.Transition{Verb: commands.Hold, Tasks: []string{"3"}, Until: "2026-11-27"},
		},
		{
			name:  "a marker that means the state already stays as it is written",
			given: on("Legend: [ ] = Todo, [x] = Done\n\n- [?] a\n"),
			when:  commands.Transition{Verb: commands.Hold, Tasks: []string{"1"}, Until: "fri"},
			then:  []events.Event{&events.TaskHeld{Key: 1, Until: "2026-11-27"}},
		},
		{
			name:  "what is no day to look again is a mistake",
			given: on(five), when: commands.Transition{Verb: commands.Hold, Tasks: []string{"1"}, Until: "someday"},
			refused: `usage: "someday" is no day: write 2026-12-04, today, tomorrow, fri, +3d, +2w or none`,
		},

		// The legend.
		{
			name:  "the legend learns in progress with the first task",
			given: on(legend), when: do(commands.Start, "1"),
			then:     []events.Event{&events.TaskStarted{Key: 1, Mark: '~', Doc: text(1, learned)}},
			document: learned + "\n- [~] a\n- [ ] b\n",
		},
		{
			name:  "the legend learns on hold",
			given: on(legend), when: do(commands.Hold, "1"),
			then: []events.Event{&events.TaskHeld{Key: 1, Mark: '!', Doc: text(1, "Legend: [ ] = Todo, [x] = Done, [!] = On hold\n")}},
		},
		{
			name:  "the legend learns dropped",
			given: on(legend), when: do(commands.Drop, "1"),
			then: []events.Event{&events.TaskDropped{Key: 1, Mark: '-', Doc: text(1, "Legend: [ ] = Todo, [x] = Done, [-] = Dropped\n")}},
		},
		{
			name:  "two tasks of one command teach the legend once",
			given: on(legend), when: do(commands.Start, "1", "2"),
			then: []events.Event{
				&events.TaskStarted{Key: 1, Mark: '~', Doc: text(1, learned)},
				&events.TaskStarted{Key: 2, Mark: '~'},
			},
			document: learned + "\n- [~] a\n- [~] b\n",
		},
		{
			name:  "the legend is not taught twice",
			given: on(legend, do(commands.Start, "1"), do(commands.Stop, "1")), when: do(commands.Start, "2"),
			then: []events.Event{&events.TaskStarted{Key: 2, Mark: '~'}},
		},
		{
			name:  "the legend keeps its own separator and case",
			given: on("[ ] open | [x] finished\n\n- [ ] a\n"), when: do(commands.Start, "1"),
			document: "[ ] open | [x] finished | [~] in progress\n\n- [~] a\n",
		},
		{
			name:  "done never touches the legend",
			given: on("Legend: [ ] = Todo, [~] = In progress\n\n- [ ] a\n"), when: do(commands.Done, "1"),
			then: []events.Event{&events.TaskCompleted{Key: 1, Mark: 'x'}},
		},
		{
			name:  "todo never touches the legend",
			given: on("Legend: [~] = In progress, [x] = Done\n\n- [x] a\n"), when: do(commands.Reopen, "1"),
			then: []events.Event{&events.TaskReopened{Key: 1, Mark: ' '}},
		},
		{
			name:  "the markers of the legend are written",
			given: on("Legend: [_] = Todo, [o] = Done, [+] = In progress\n\n- [_] a\n- [_] b\n- [o] c\n", do(commands.Start, "1"), do(commands.Done, "2")),
			when:  do(commands.Reopen, "3"), document: "Legend: [_] = Todo, [o] = Done, [+] = In progress\n\n- [+] a\n- [o] b\n- [_] c\n",
		},
		{
			name:  "without a legend none is written",
			given: on(five), when: do(commands.Drop, "1"),
			then: []events.Event{&events.TaskDropped{Key: 1, Mark: '-'}},
		},
		{
			name:  "a marker that the legend gives to another state is not taken",
			given: on("Legend: [ ] = Todo, [x] = Done, [~] = Dropped\n\n- [ ] a\n"), when: do(commands.Start, "1"),
			document: "Legend: [ ] = Todo, [x] = Done, [~] = Dropped, [/] = In progress\n\n- [/] a\n",
		},

		// Parents.
		{
			name:  "a parent with open leaves is not done",
			given: on(parent), when: do(commands.Done, "1"),
			refused: "refused: 1 parent has 2 open tasks under it",
		},
		{
			name:  "a parent with one open leaf names it",
			given: on(parent, do(commands.Done, "2")), when: do(commands.Done, "1"),
			refused: "refused: 1 parent has 1 open task under it",
		},
		{
			name:  "all closes a parent with everything open in it",
			given: on(parent), when: commands.Transition{Verb: commands.Done, Tasks: []string{"1"}, All: true},
			then: []events.Event{
				&events.TaskCompleted{Key: 1, Mark: 'x'}, &events.TaskCompleted{Key: 2, Mark: 'x'},
				&events.TaskCompleted{Key: 4, Mark: 'x'}, &events.TaskCompleted{Key: 5, Mark: 'x'},
			},
		},
		{
			name:  "all closes what is open under a parent that is done",
			given: on("- [x] parent\n  - [ ] one\n"), when: commands.Transition{Verb: commands.Done, Tasks: []string{"1"}, All: true},
			then: []events.Event{&events.TaskCompleted{Key: 2, Mark: 'x'}},
		},
		{
			name:  "a parent that is done with open leaves is so already",
			given: on("- [x] parent\n  - [ ] one\n"), when: do(commands.Done, "1"),
		},
		{
			name:  "a parent closes together with its leaves when all are named",
			given: on(parent), when: do(commands.Done, "1", "2", "4", "5"),
			then: []events.Event{
				&events.TaskCompleted{Key: 1, Mark: 'x'}, &events.TaskCompleted{Key: 2, Mark: 'x'},
				&events.TaskCompleted{Key: 4, Mark: 'x'}, &events.TaskCompleted{Key: 5, Mark: 'x'},
			},
		},
		{
			name:  "dropped leaves do not keep a parent open",
			given: on("- [ ] parent\n  - [-] one\n    - [ ] under it\n  - [x] two\n"), when: do(commands.Done, "1"),
			then: []events.Event{&events.TaskCompleted{Key: 1, Mark: 'x'}},
		},
		{
			name:  "all leaves out what is dropped",
			given: on("- [ ] parent\n  - [-] one\n    - [ ] under it\n  - [ ] two\n"),
			when:  commands.Transition{Verb: commands.Done, Tasks: []string{"1"}, All: true},
			then:  []events.Event{&events.TaskCompleted{Key: 1, Mark: 'x'}, &events.TaskCompleted{Key: 4, Mark: 'x'}},
		},
		{
			name:  "closing the last leaf leaves the parent open",
			given: on(parent, do(commands.Done, "2")), when: do(commands.Done, "5"),
			then: []events.Event{&events.TaskCompleted{Key: 5, Mark: 'x'}},
		},
		{
			name:  "start of a parent leaves its leaves alone",
			given: on(parent), when: do(commands.Start, "1"),
			then: []events.Event{&events.TaskStarted{Key: 1, Mark: '~'}},
		},
		{
			name:  "what stands under a dropped task is out of the scope",
			given: on(parent, do(commands.Drop, "1")), when: do(commands.Start, "5"),
			refused: "refused: 5 deep stands under 1 parent, which is dropped",
		},
		{
			name:  "what stands under a dropped task can be dropped too",
			given: on(parent, do(commands.Drop, "1")), when: do(commands.Drop, "5"),
			then: []events.Event{&events.TaskDropped{Key: 5, Mark: '-'}},
		},
		{
			name:  "a dropped task is opened again together with what is under it",
			given: on("- [-] parent\n  - [-] one\n  - [x] two\n"), when: do(commands.Reopen, "1", "2"),
			then: []events.Event{&events.TaskReopened{Key: 1, Mark: ' '}, &events.TaskReopened{Key: 2, Mark: ' '}},
		},
		{
			name:  "alone, a task under a dropped one is not opened again",
			given: on("- [-] parent\n  - [-] one\n"), when: do(commands.Reopen, "2"),
			refused: "refused: 2 one stands under 1 parent, which is dropped",
		},
		{
			name:  "a removed task cannot be changed",
			given: on(parent, commands.RemoveTasks{Tasks: []string{"1"}}), when: do(commands.Done, "5"),
			refused: "task_not_found: 5 deep was removed at @8 by ada",
		},
		{
			name:  "a key that never was",
			given: on(five), when: do(commands.Done, "6"),
			refused: "task_not_found: no task has the key 6",
		},

		// Repeating.
		{
			name:  "done of a repeating task records the occurrence and leaves it open",
			given: on("- [ ] review\n", commands.Schedule{Tasks: []string{"1"}, Due: "fri", Every: "week"}),
			when:  do(commands.Done, "1"),
			then: []events.Event{
				&events.TaskCompleted{Key: 1, Occurrence: "2026-11-27"},
				&events.TaskScheduled{Key: 1, Due: events.Set(events.Day("2026-12-04"))},
			},
			document: "- [ ] review\n",
		},
		{
			name:  "a month on from the 31st is the month's last day",
			given: on("- [ ] review\n", commands.Schedule{Tasks: []string{"1"}, Due: "2027-01-31", Every: "month"}),
			when:  do(commands.Done, "1"),
			then: []events.Event{
				&events.TaskCompleted{Key: 1, Occurrence: "2027-01-31"},
				&events.TaskScheduled{Key: 1, Due: events.Set(events.Day("2027-02-28"))},
			},
		},
		{
			name:  "ten days on",
			given: on("- [ ] review\n", commands.Schedule{Tasks: []string{"1"}, Due: "2026-12-25", Every: "10 days"}),
			when:  do(commands.Done, "1"),
			then: []events.Event{
				&events.TaskCompleted{Key: 1, Occurrence: "2026-12-25"},
				&events.TaskScheduled{Key: 1, Due: events.Set(events.Day("2027-01-04"))},
			},
		},
		{
			name:  "occurrences that were left out are not late for ever",
			given: on("- [ ] review\n", commands.Schedule{Tasks: []string{"1"}, Due: "2026-11-06", Every: "week"}),
			when:  do(commands.Done, "1"), // on 2026-11-23
			then: []events.Event{
				&events.TaskCompleted{Key: 1, Occurrence: "2026-11-06"},
				&events.TaskScheduled{Key: 1, Due: events.Set(events.Day("2026-11-27"))},
			},
		},
		{
			name:  "what is due today comes again after today",
			given: on("- [ ] review\n", commands.Schedule{Tasks: []string{"1"}, Due: "2026-11-21", Every: "day"}),
			when:  do(commands.Done, "1"),
			then: []events.Event{
				&events.TaskCompleted{Key: 1, Occurrence: "2026-11-21"},
				&events.TaskScheduled{Key: 1, Due: events.Set(events.Day("2026-11-24"))},
			},
		},
		{
			name:  "months that were left out",
			given: on("- [ ] review\n", commands.Schedule{Tasks: []string{"1"}, Due: "2026-08-31", Every: "month"}),
			when:  do(commands.Done, "1"),
			then: []events.Event{
				&events.TaskCompleted{Key: 1, Occurrence: "2026-08-31"},
				&events.TaskScheduled{Key: 1, Due: events.Set(events.Day("2026-11-30"))},
			},
		},
		{
			name:  "a repeating task is dropped as any other",
			given: on("- [ ] review\n", commands.Schedule{Tasks: []string{"1"}, Due: "fri", Every: "week"}),
			when:  do(commands.Drop, "1"),
			then:  []events.Event{&events.TaskDropped{Key: 1, Mark: '-'}},
		},
	})
}

// A month that is too short for the day does not change it for the months after.
func TestMonthlyRepeats(t *testing.T) {
	t.Parallel()
	due := func(day string) commands.Command {
		return commands.Schedule{Tasks: []string{"1"}, Due: day, Every: "month"}
	}
	for _, row := range []struct {
		name string
		// when are the due days that somebody chose, "" for done.
		when []string
		want events.Day
	}{
		{"the 31st comes back", []string{"2027-01-31", "", ""}, "2027-03-31"},
		{"and back again", []string{"2027-01-31", "", "", "", "", "", ""}, "2027-07-31"},
		{"through a leap year", []string{"2028-01-30", "", ""}, "2028-03-30"},
		{"from the 28th it is the 28th", []string{"2027-02-28", "", ""}, "2027-04-28"},
		{"what was left out does not change the day", []string{"2026-08-31", "", "", "", ""}, "2027-02-28"},
		{"nor after a short month", []string{"2026-06-30", "2026-08-31", "", "", "", "", ""}, "2027-03-31"},
		{"another day counts from then on", []string{"2027-01-31", "", "", "2027-03-30", "", ""}, "2027-05-30"},
		{"another day at the end of a short month", []string{"2027-01-31", "", "2027-03-15", "", ""}, "2027-05-15"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cmds := on("- [ ] review\n")
			for _, day := range row.when {
				if day == "" {
					cmds = append(cmds, do(commands.Done, "1"))
				} else {
					cmds = append(cmds, due(day))
				}
			}
			if got := given(t, cmds...).Task(1).Task.Due; got != row.want {
				t.Errorf("got due %s, want %s", got, row.want)
			}
		})
	}
}

// A refusal of a parent names its open leaves, for the next command.
func TestOpenLeavesAreNamed(t *testing.T) {
	t.Parallel()
	st := given(t, on("- [ ] parent\n  - [ ] one\n  - [ ] three\n    - [ ] deep\n")...)
	_, err := decide(st, do(commands.Done, "1"))
	want := &commands.Error{
		Code: commands.CodeRefused, Message: "1 parent has 2 open tasks under it",
		Candidates: []commands.Candidate{{Key: 2, Text: "one"}, {Key: 4, Text: "deep"}},
		Hint:       "Close them first, or all at once: cairn done 1 --all",
	}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}
