package commands_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// phases has two phases with tasks and one without.
const phases = "# Plan\n\n## One\n\n- [ ] a\n  - [ ] a1\n- [ ] b\n\nWords.\n\n## Empty\n\n## Two\n\n* [ ] c\n"

func add(text string) commands.AddTask { return commands.AddTask{Text: text} }

func added(key int, in, after events.Ref, text, raw string, box int) *events.TaskAdded {
	return &events.TaskAdded{Key: key, Place: events.Place{In: in, After: after}, Text: text, State: events.Todo, Raw: raw, Box: box}
}

func TestAddTask(t *testing.T) {
	t.Parallel()
	var (
		none    events.Ref
		task    = events.TaskRef
		section = events.SectionRef
	)
	run(t, []decided{
		{
			name:  "without a place it goes behind the last task of the document",
			given: on(phases), when: add("new"),
			then:     []events.Event{added(5, section(3), task(4), "new", "* [ ] new\n", 3)},
			document: phases + "* [ ] new\n",
		},
		{
			name:  "without a place it does not go to the risks",
			given: on("## One\n- [ ] a\n## Risks\n- [ ] r\n"), when: add("new"),
			document: "## One\n- [ ] a\n- [ ] new\n## Risks\n- [ ] r\n",
		},
		{
			name:  "the text becomes one line",
			given: on(phases), when: add("  new \n\t words "),
			then: []events.Event{added(5, section(3), task(4), "new words", "* [ ] new words\n", 3)},
		},
		{
			name:  "an empty text is a mistake",
			given: on(phases), when: add(" \n\t "),
			refused: "usage: the text is empty",
		},
		{
			name:  "in a section it goes behind the last task of its own",
			given: on(phases), when: add("new").At("", "", "", "One"),
			then:     []events.Event{added(5, section(1), task(3), "new", "- [ ] new\n", 3)},
			document: "# Plan\n\n## One\n\n- [ ] a\n  - [ ] a1\n- [ ] b\n- [ ] new\n\nWords.\n\n## Empty\n\n## Two\n\n* [ ] c\n",
		},
		{
			name:  "in a section without tasks it gets blank lines around it",
			given: on(phases), when: add("new").At("", "", "", "s:2"),
			document: "# Plan\n\n## One\n\n- [ ] a\n  - [ ] a1\n- [ ] b\n\nWords.\n\n## Empty\n\n- [ ] new\n\n## Two\n\n* [ ] c\n",
		},
		{
			name:  "directly under a heading it gets a blank line before it",
			given: on("## One\n## Two\n"), when: add("new").At("", "", "", "One"),
			document: "## One\n\n- [ ] new\n\n## Two\n",
		},
		{
			name:  "in the last section without tasks nothing comes behind it",
			given: on("## One\n\nWords.\n"), when: add("new"),
			document: "## One\n\nWords.\n\n- [ ] new\n",
		},
		{
			name:  "under a task with children it goes behind the last",
			given: on(phases), when: add("new").At("a", "", "", ""),
			then:     []events.Event{added(5, task(1), task(2), "new", "  - [ ] new\n", 5)},
			document: "# Plan\n\n## One\n\n- [ ] a\n  - [ ] a1\n  - [ ] new\n- [ ] b\n\nWords.\n\n## Empty\n\n## Two\n\n* [ ] c\n",
		},
		{
			name:  "under a task without children it is the first",
			given: on(phases), when: add("new").At("b", "", "", ""),
			then: []events.Event{added(5, task(3), none, "new", "  - [ ] new\n", 5)},
		},
		{
			name:  "under a task with a body it goes behind the body",
			given: on("- [ ] a\n\n  a body\n\n- [ ] b\n"), when: add("new").At("1", "", "", ""),
			then:     []events.Event{added(3, task(1), events.TextRef(1), "new", "  - [ ] new\n", 5)},
			document: "- [ ] a\n\n  a body\n  - [ ] new\n\n- [ ] b\n",
		},
		{
			name:  "before a task",
			given: on(phases), when: add("new").At("", "b", "", ""),
			then: []events.Event{added(5, section(1), task(1), "new", "- [ ] new\n", 3)},
		},
		{
			name:  "before the first task of a section",
			given: on(phases), when: add("new").At("", "c", "", ""),
			then: []events.Event{added(5, section(3), events.TextRef(6), "new", "* [ ] new\n", 3)},
		},
		{
			name:  "after a task it goes behind all that stands in it",
			given: on(phases), when: add("new").At("", "", "1", ""),
			document: "# Plan\n\n## One\n\n- [ ] a\n  - [ ] a1\n- [ ] new\n- [ ] b\n\nWords.\n\n## Empty\n\n## Two\n\n* [ ] c\n",
		},
		{
			name:  "two places are a mistake",
			given: on(phases), when: add("new").At("a", "", "", "One"),
			refused: "usage: one place only: --under, --before, --after or --section",
		},
		{
			name:  "a place that is not there",
			given: on(phases), when: add("new").At("", "", "", "Three"),
			refused: `section_not_found: no section matches "Three"`,
		},
		{
			name:  "an ordered list counts on",
			given: on("9. [ ] a\n"), when: add("new"),
			document: "9. [ ] a\n10. [ ] new\n",
		},
		{
			name:  "before the first of an ordered list stands the same number",
			given: on("1. [x] a ([#7](https://github.com/o/r/issues/7))\n2. [ ] b\n"), when: add("new").At("", "1", "", ""),
			document: "1. [ ] new\n1. [x] a ([#7](https://github.com/o/r/issues/7))\n2. [ ] b\n",
		},
		{
			name:  "before the first child of an ordered list",
			given: on("1. [ ] a\n   1. [ ] a1\n"), when: add("new").At("", "2", "", ""),
			document: "1. [ ] a\n   1. [ ] new\n   1. [ ] a1\n",
		},
		{
			name:  "a block quote goes on",
			given: on("> - [ ] a\n>   - [ ] a1\n"), when: add("new").At("", "", "2", ""),
			document: "> - [ ] a\n>   - [ ] a1\n>   - [ ] new\n",
		},
		{
			name:  "lines end as the document ends them",
			given: on("## One\r\n## Two\r\n"), when: add("new").At("", "", "", "One"),
			document: "## One\r\n\r\n- [ ] new\r\n\r\n## Two\r\n",
		},
		{
			name:  "a document without a final newline gets one first",
			given: on("- [ ] a"), when: add("new"),
			then: []events.Event{
				&events.DocumentReformatted{Doc: []events.Line{{Ref: task(1), Raw: "- [ ] a\n"}}},
				added(2, none, task(1), "new", "- [ ] new\n", 3),
			},
		},
		{
			name:  "a document without a final newline ends its lines as it does",
			given: on("## One\r\n- [ ] a"), when: add("new").At("1", "", "", ""),
			document: "## One\r\n- [ ] a\r\n  - [ ] new\r\n",
		},
		{
			name:  "an empty document becomes one task",
			given: on(""), when: add("new"),
			then: []events.Event{added(1, none, none, "new", "- [ ] new\n", 3)},
		},
		{
			name:  "a document of prose",
			given: on("Words."), when: add("new"),
			document: "Words.\n\n- [ ] new\n",
		},
		{
			name:  "todo is written as the legend writes it",
			given: on("Legend: [_] = Todo, [x] = Done\n\n- [_] a\n"), when: add("new"),
			then: []events.Event{added(2, none, task(1), "new", "- [_] new\n", 3)},
		},
		{
			name:  "an issue in the text is a link",
			given: on("- [ ] a\n"), when: add("see https://github.com/o/r/issues/12"),
			then: []events.Event{&events.TaskAdded{
				Key: 2, Place: events.Place{After: task(1)}, Text: "see https://github.com/o/r/issues/12", State: events.Todo,
				Raw: "- [ ] see https://github.com/o/r/issues/12\n", Box: 3, Links: []string{"https://github.com/o/r/issues/12"},
			}},
		},
		{
			name:  "keys of removed tasks are not used again",
			given: on("- [ ] a\n- [ ] b\n", commands.RemoveTasks{Tasks: []string{"2"}}), when: add("new"),
			then: []events.Event{added(3, none, task(1), "new", "- [ ] new\n", 3)},
		},
		{
			name:  "nothing is added under what was dropped",
			given: on("- [-] a\n  - [ ] a1\n"), when: add("new").At("a1", "", "", ""),
			refused: "refused: 1 a is dropped",
		},
		{
			name:  "a number behind the lines of a paragraph needs a blank line",
			given: on("1. [ ] a\n   and more\n\n2. [ ] b\n"), when: add("new").At("1", "", "", ""),
			document: "1. [ ] a\n   and more\n   1. [ ] new\n\n2. [ ] b\n",
		},
	})
}

func TestEditTask(t *testing.T) {
	t.Parallel()
	edit := func(task, text string) commands.EditTask { return commands.EditTask{Task: task, Text: text} }
	run(t, []decided{
		{
			name:  "box, marker and link at the end stay",
			given: on("- [x] a ([#7](https://github.com/o/r/issues/7))  \n"), when: edit("1", "other *words*"),
			then: []events.Event{&events.TaskReworded{Key: 1, Text: "other *words*", Raw: "- [x] other *words* ([#7](https://github.com/o/r/issues/7))  \n", Box: 3}},
		},
		{
			name:  "further lines of the text go",
			given: on("- [ ] a\n  and more\n- [ ] b\n"), when: edit("1", "new"),
			document: "- [ ] new\n- [ ] b\n",
		},
		{
			name:  "the same text records nothing",
			given: on("- [ ] a  b\n  and more\n"), when: edit("1", "a  b and more"),
			document: "- [ ] a b and more\n",
		},
		{
			name:  "the very same text records nothing",
			given: on("- [ ] a\n  and more\n"), when: edit("1", "a and more"),
		},
		{
			name:  "an empty text is a mistake",
			given: on("- [ ] a\n"), when: edit("1", " "),
			refused: "usage: the text is empty",
		},
		{
			name:  "an issue that comes with the text is linked",
			given: on("- [ ] a\n"), when: edit("1", "see https://github.com/o/r/issues/5"),
			then: []events.Event{
				&events.TaskReworded{Key: 1, Text: "see https://github.com/o/r/issues/5", Raw: "- [ ] see https://github.com/o/r/issues/5\n", Box: 3},
				&events.TaskLinked{Key: 1, URL: "https://github.com/o/r/issues/5"},
			},
		},
		{
			name:  "an issue that goes with the text is no link any more",
			given: on("- [ ] see https://github.com/o/r/issues/5\n"), when: edit("1", "a"),
			then: []events.Event{
				&events.TaskReworded{Key: 1, Text: "a", Raw: "- [ ] a\n", Box: 3},
				&events.TaskUnlinked{Key: 1, URL: "https://github.com/o/r/issues/5"},
			},
		},
		{
			name:  "a done task can be worded otherwise",
			given: on("- [x] a\n"), when: edit("a", "b"),
			then: []events.Event{&events.TaskReworded{Key: 1, Text: "b", Raw: "- [x] b\n", Box: 3}},
		},
		{
			name:  "several tasks are a mistake",
			given: on("- [ ] a\n- [ ] b\n"), when: edit("1-2", "new"),
			refused: `usage: "1-2" is 2 tasks, want one`,
		},
	})
}

func TestMoveTasks(t *testing.T) {
	t.Parallel()
	move := func(tasks ...string) commands.MoveTasks { return commands.MoveTasks{Tasks: tasks} }
	task, section := events.TaskRef, events.SectionRef
	run(t, []decided{
		{
			name:  "into another section",
			given: on(phases), when: move("b").To("", "", "", "Two"),
			then: []events.Event{&events.TaskMoved{Key: 3, Place: events.Place{In: section(3), After: task(4)}}},
		},
		{
			name:  "under another task it is indented, with all in it",
			given: on("- [ ] a\n- [ ] b\n  more of b\n  - [ ] b1\n\n    its body\n"), when: move("2").To("1", "", "", ""),
			document: "- [ ] a\n  - [ ] b\n    more of b\n    - [ ] b1\n\n      its body\n",
		},
		{
			name:  "out of a task it loses the indent",
			given: on("- [ ] a\n  - [ ] a1\n    - [ ] deep\n- [ ] b\n"), when: move("2").To("", "", "4", ""),
			then: []events.Event{&events.TaskMoved{
				Key: 2, Place: events.Place{After: task(4)}, Raw: "- [ ] a1\n", Box: 3,
				Doc: []events.Line{{Ref: task(3), Raw: "  - [ ] deep\n"}},
			}},
		},
		{
			name:  "the lines in it are in the order in which they are stored",
			given: on("- [ ] a\n  - [ ] a1\n- [ ] b\n", add("a0").At("", "a1", "", "")), when: move("1").To("b", "", "", ""),
			then: []events.Event{&events.TaskMoved{
				Key: 1, Place: events.Place{In: task(3)}, Raw: "  - [ ] a\n", Box: 5,
				Doc: []events.Line{{Ref: task(2), Raw: "    - [ ] a1\n"}, {Ref: task(4), Raw: "    - [ ] a0\n"}},
			}},
		},
		{
			name:  "before a task",
			given: on("- [ ] a\n- [ ] b\n- [ ] c\n"), when: move("3").To("", "1", "", ""),
			then: []events.Event{&events.TaskMoved{Key: 3}},
		},
		{
			name:  "where it stands already",
			given: on("- [ ] a\n- [ ] b\n- [ ] c\n"), when: move("2").To("", "", "1", ""),
		},
		{
			name:  "before what stands behind it already",
			given: on("- [ ] a\n- [ ] b\n- [ ] c\n"), when: move("1").To("", "2", "", ""),
		},
		{
			name:  "last in its section already",
			given: on(phases), when: move("b").To("", "", "", "One"),
		},
		{
			name:  "next to itself is where it stands",
			given: on("- [ ] a\n- [ ] b\n"), when: move("1").To("", "", "1", ""),
		},
		{
			name:  "several next to one of them",
			given: on("- [ ] a\n- [ ] b\n"), when: move("1", "2").To("", "", "1", ""),
			refused: "refused: 1 a cannot be moved next to itself",
		},
		{
			name:  "several keep their order behind a task",
			given: on("- [ ] a\n- [ ] b\n- [ ] c\n"), when: move("1", "2").To("", "", "3", ""),
			document: "- [ ] c\n- [ ] a\n- [ ] b\n",
		},
		{
			name:  "several keep their order before a task",
			given: on("- [ ] a\n- [ ] b\n- [ ] c\n"), when: move("2", "3").To("", "1", "", ""),
			document: "- [ ] b\n- [ ] c\n- [ ] a\n",
		},
		{
			name:  "what stands in another that moves goes with it",
			given: on(phases), when: move("1", "2").To("", "", "", "Two"),
			then: []events.Event{&events.TaskMoved{Key: 1, Place: events.Place{In: section(3), After: task(4)}}},
		},
		{
			name:  "under itself",
			given: on(phases), when: move("1").To("1", "", "", ""),
			refused: "refused: 1 a cannot be moved under itself",
		},
		{
			name:  "under what stands in it",
			given: on(phases), when: move("1").To("2", "", "", ""),
			refused: "refused: 1 a cannot be moved under itself",
		},
		{
			name:  "behind what stands in it",
			given: on(phases), when: move("1").To("", "", "2", ""),
			refused: "refused: 1 a cannot be moved under itself",
		},
		{
			name:  "under what was dropped",
			given: on("- [-] a\n- [ ] b\n"), when: move("2").To("1", "", "", ""),
			refused: "refused: 1 a is dropped",
		},
		{
			name:  "nowhere is a mistake",
			given: on(phases), when: move("1"),
			refused: "usage: move to where? --under, --before, --after TASK or --section SECTION",
		},
		{
			name:  "into a section without tasks it gets blank lines around it",
			given: on(phases), when: move("c").To("", "", "", "Empty"),
			document: "# Plan\n\n## One\n\n- [ ] a\n  - [ ] a1\n- [ ] b\n\nWords.\n\n## Empty\n\n* [ ] c\n\n## Two\n\n",
		},
		{
			name:  "the last line without newline gets one",
			given: on("- [ ] a\n- [ ] b"), when: move("2").To("", "1", "", ""),
			document: "- [ ] b\n- [ ] a\n",
		},
		{
			name:  "into a block quote",
			given: on("> - [ ] a\n\nWords.\n\n- [ ] b\n"), when: move("2").To("", "", "1", ""),
			document: "> - [ ] a\n> - [ ] b\n\nWords.\n\n",
		},
		{
			name:  "out of a block quote",
			given: on("- [ ] a\n\nWords.\n\n> - [ ] b\n>   - [ ] b1\n"), when: move("2").To("", "", "1", ""),
			document: "- [ ] a\n- [ ] b\n  - [ ] b1\n\nWords.\n\n",
		},
		{
			name:  "a number under a task with more lines gets a blank line before it",
			given: on("- [ ] a\n  and more\n\nWords.\n\n2. [ ] b\n"), when: move("2").To("1", "", "", ""),
			document: "- [ ] a\n  and more\n\n  2. [ ] b\n\nWords.\n\n",
		},
	})
}

func TestRemoveTasks(t *testing.T) {
	t.Parallel()
	run(t, []decided{
		{
			name:  "with all that stands in it",
			given: on(phases), when: commands.RemoveTasks{Tasks: []string{"a"}},
			then:     []events.Event{&events.TaskRemoved{Key: 1}},
			document: "# Plan\n\n## One\n\n- [ ] b\n\nWords.\n\n## Empty\n\n## Two\n\n* [ ] c\n",
		},
		{
			name:  "one inside of another is removed with it",
			given: on(phases), when: commands.RemoveTasks{Tasks: []string{"2", "1", "3"}},
			then: []events.Event{&events.TaskRemoved{Key: 1}, &events.TaskRemoved{Key: 3}},
		},
		{
			name:  "removing twice",
			given: on(phases, commands.RemoveTasks{Tasks: []string{"b"}}), when: commands.RemoveTasks{Tasks: []string{"3"}},
			refused: "task_not_found: 3 b was removed at @16 by ada",
		},
		{
			name:  "a done task of several that match is not the one that is meant",
			given: on("- [x] a one\n- [ ] a two\n"), when: commands.RemoveTasks{Tasks: []string{"a"}},
			then: []events.Event{&events.TaskRemoved{Key: 2}},
		},
		{
			name:  "what would leave a number behind prose as prose is refused",
			given: on("Words.\n1. [ ] a\n2. [ ] b\n"), when: commands.RemoveTasks{Tasks: []string{"1"}},
			refused: "refused: RemoveTask here would change how other lines of the document are read",
		},
	})
}

func TestSplitTask(t *testing.T) {
	t.Parallel()
	split := func(task string, texts ...string) commands.SplitTask {
		return commands.SplitTask{Task: task, Texts: texts}
	}
	task := events.TaskRef
	run(t, []decided{
		{
			name:  "it stays as the parent of the new ones",
			given: on("- [ ] a\n- [ ] b\n"), when: split("a", "one", "two", "three"),
			then: []events.Event{
				added(3, task(1), events.Ref{}, "one", "  - [ ] one\n", 5),
				added(4, task(1), task(3), "two", "  - [ ] two\n", 5),
				added(5, task(1), task(4), "three", "  - [ ] three\n", 5),
			},
			document: "- [ ] a\n  - [ ] one\n  - [ ] two\n  - [ ] three\n- [ ] b\n",
		},
		{
			name:  "behind the tasks it has",
			given: on("1. [~] a\n   1. [ ] a1"), when: split("1", "one", "two"),
			document: "1. [~] a\n   1. [ ] a1\n   2. [ ] one\n   3. [ ] two\n",
		},
		{
			name:  "one text is a mistake",
			given: on("- [ ] a\n"), when: split("1", "one"),
			refused: "usage: a split needs at least two texts",
		},
		{
			name:  "an empty text is a mistake",
			given: on("- [ ] a\n"), when: split("1", "one", " "),
			refused: "usage: the text is empty",
		},
		{
			name:  "what is done cannot be split",
			given: on("- [x] a\n"), when: split("1", "one", "two"),
			refused: "refused: 1 a is done; split does not apply",
		},
		{
			name:  "under what was dropped nothing is split",
			given: on("- [-] a\n  - [ ] b\n"), when: split("2", "one", "two"),
			refused: "refused: 1 a is dropped",
		},
	})
}

// A document that does not read back before a command, such as one written by
// another version of the reader, does not refuse every command after.
func TestWhatNeverReadBackIsNotRefused(t *testing.T) {
	t.Parallel()
	st := given(t, on("- [ ] a\n")...)
	st = evolve(t, st, &events.TextAdded{Key: 1, Place: events.Place{After: events.TaskRef(1)}, Raw: "- [ ] no block of its own\n"})
	got, err := decide(st, add("new").At("", "", "1", ""))
	if err != nil {
		t.Fatalf("got %v, want an event", err)
	}
	if diff := cmp.Diff([]events.Event{added(2, events.Ref{}, events.TaskRef(1), "new", "- [ ] new\n", 3)}, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// Deciding never changes the state it is given, whatever the command.
func TestDecideIsPure(t *testing.T) {
	t.Parallel()
	st := given(t, on(sample(t))...)
	before := string(st.Document())
	for _, cmd := range []commands.Command{
		add("new"), add("new").At("1", "", "", ""), commands.MoveTasks{Tasks: []string{"2"}}.To("20", "", "", ""),
		commands.RemoveTasks{Tasks: []string{"1"}},
		commands.AddSection{Title: "New"},
		commands.RemoveSection{Section: "s:1", WithTasks: true},
		commands.MoveSection{Section: "s:1", After: "s:3"},
		do(commands.Hold, "1"),
		commands.EditTask{Task: "2", Text: "other"},
	} {
		var first []events.Event
		for range 2 {
			got, err := decide(st, cmd)
			if err != nil {
				t.Fatalf("%s: %v", cmd.Name(), err)
			}
			if first == nil {
				first = got
			} else if diff := cmp.Diff(first, got); diff != "" {
				t.Errorf("%s: decided otherwise the second time (-first +second):\n%s", cmd.Name(), diff)
			}
		}
		if got := string(st.Document()); got != before {
			t.Fatalf("%s changed the document", cmd.Name())
		}
	}
}

// What the fold has as a whole refuses every command but one.
func TestWhatRefusesEveryCommand(t *testing.T) {
	t.Parallel()
	newer, err := events.Unmarshal([]byte(`{"specversion":"1.0","id":"x","source":"/checklists/plan","type":"cairn.task.folded.v1","subject":"task/1",` +
		`"time":"2026-11-23T10:00:00Z","recordedtime":"2026-11-23T10:00:00Z","revision":9,"authtype":"unauthenticated","authid":"ada","datacontenttype":"application/json","data":{"key":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	newer.Seq = 9
	for _, test := range []struct {
		name  string
		given func() *checklist.State
		when  commands.Command
		want  string
	}{
		{"a checklist that is not there", checklist.New, do(commands.Done, "1"), "checklist_not_found: there is no such checklist"},
		{"an archived checklist", func() *checklist.State { return given(t, on(five, commands.Archive{})...) }, do(commands.Done, "1"), "refused: plan is archived"},
		{"an archived checklist archived again", func() *checklist.State { return given(t, on(five, commands.Archive{})...) }, commands.Archive{}, ""},
		{"an archived checklist reactivated", func() *checklist.State { return given(t, on(five, commands.Archive{})...) }, commands.Reactivate{}, ""},
		{"a checklist reactivated that is not archived", func() *checklist.State { return given(t, on(five)...) }, commands.Reactivate{}, ""},
		{"a checklist published elsewhere", func() *checklist.State {
			return evolve(t, given(t, on(five)...), &events.ChecklistPublished{To: "https://cairn.example"})
		}, do(commands.Done, "1"), "refused: plan goes on at https://cairn.example"},
		{"a checklist with a newer event", func() *checklist.State {
			st, err := checklist.Evolve(given(t, on(five)...), newer)
			if err != nil {
				t.Fatal(err)
			}
			return st
		}, do(commands.Done, "1"), "newer_event: this checklist was written by a newer Cairn"},
	} {
		t.Run(test.name, func(t *testing.T) {
			st := test.given()
			_, err := commands.Decide(st, test.when)
			if got := refusal(err); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			var e *commands.Error
			if errors.As(err, &e) && e.Hint == "" {
				t.Errorf("got no hint for %q", test.want)
			}
		})
	}
}
