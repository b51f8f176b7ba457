package commands_test

import (
	"testing"

	"cairn/events"
	"cairn/server/commands"
)

func TestAddSection(t *testing.T) {
	t.Parallel()
	section := func(title string) commands.AddSection { return commands.AddSection{Title: title} }
	run(t, []decided{
		{
			name:  "without a place it goes to the end, as deep as the last one",
			given: on("# Plan\n\n### One\n\n- [ ] a\n"), when: section("Two"),
			document: "# Plan\n\n### One\n\n- [ ] a\n\n### Two\n",
		},
		{
			name:  "the first section of a document with a title",
			given: on("# Plan\n\nWords.\n"), when: section("One"),
			document: "# Plan\n\nWords.\n\n## One\n",
		},
		{
			name:  "the first section of an empty document is no title",
			given: on(""), when: section("One"),
			then: []events.Event{&events.SectionAdded{Key: 1, Level: 2, Title: "One", Raw: "## One\n"}},
		},
		{
			name:  "behind a section with all that stands in it",
			given: on("## One\n\n### Deep\n\n- [ ] a\n\n## Two\n"), when: commands.AddSection{Title: "New", After: "One"},
			document: "## One\n\n### Deep\n\n- [ ] a\n\n## New\n\n## Two\n",
		},
		{
			name:  "before a section",
			given: on("## One\n\n## Two\n"), when: commands.AddSection{Title: "New", Before: "Two"},
			document: "## One\n\n## New\n\n## Two\n",
		},
		{
			name:  "before the first section",
			given: on("- [ ] a\n## One\n"), when: commands.AddSection{Title: "New", Before: "s:1"},
			document: "- [ ] a\n\n## New\n\n## One\n",
		},
		{
			name:  "under a section it goes behind those in it",
			given: on("## One\n\n### Deep\n\n## Two\n"), when: commands.AddSection{Title: "New", Under: "One"},
			document: "## One\n\n### Deep\n\n### New\n\n## Two\n",
		},
		{
			name:  "lines end as the document ends them",
			given: on("## One\r\n- [ ] a"), when: section("Two"),
			document: "## One\r\n- [ ] a\r\n\r\n## Two\r\n",
		},
		{
			name:  "a title that ends with the sign of a heading",
			given: on("## One\n"), when: section("C #"),
			document: "## One\n\n## C \\#\n",
		},
		{
			name:  "deeper than there are headings",
			given: on("###### One\n"), when: commands.AddSection{Title: "New", Under: "One"},
			refused: "refused: a heading of level 7 cannot be written",
		},
		{
			name:  "an empty title",
			given: on("## One\n"), when: section(" "),
			refused: "usage: the text is empty",
		},
		{
			name:  "two places",
			given: on("## One\n"), when: commands.AddSection{Title: "New", Under: "One", Before: "One"},
			refused: "usage: one place only: --before, --after or --under",
		},
		{
			name:  "no such section",
			given: on("## One\n"), when: commands.AddSection{Title: "New", Under: "Two"},
			refused: `section_not_found: no section matches "Two"`,
		},
	})
}

func TestEditSection(t *testing.T) {
	t.Parallel()
	edit := func(section, title string) commands.EditSection {
		return commands.EditSection{Section: section, Title: title}
	}
	run(t, []decided{
		{
			name:  "closing signs stay",
			given: on("## One ##\n\n- [ ] a\n"), when: edit("One", "Two"),
			then: []events.Event{&events.SectionRetitled{Key: 1, Title: "Two", Raw: "## Two ##\n"}},
		},
		{
			name:  "an underlined heading",
			given: on("One\n---\n"), when: edit("s:1", "Two"),
			document: "Two\n---\n",
		},
		{name: "the same title", given: on("## One\n"), when: edit("One", " One ")},
		{name: "an empty title", given: on("## One\n"), when: edit("One", " "), refused: "usage: the text is empty"},
		{name: "no section named", given: on("## One\n"), when: edit("", "Two"), refused: "usage: which section?"},
	})
}

func TestMoveSection(t *testing.T) {
	t.Parallel()
	const three = "# Plan\n\n## One\n\n- [ ] a\n\n## Two\n\n- [ ] b\n\n### Deep\n\n## Three\n\n- [ ] c\n"
	before := func(section, other string) commands.MoveSection {
		return commands.MoveSection{Section: section, Before: other}
	}
	after := func(section, other string) commands.MoveSection {
		return commands.MoveSection{Section: section, After: other}
	}
	run(t, []decided{
		{
			name:  "before another",
			given: on(three), when: before("Three", "One"),
			document: "# Plan\n\n## Three\n\n- [ ] c\n\n## One\n\n- [ ] a\n\n## Two\n\n- [ ] b\n\n### Deep\n\n",
		},
		{
			name:  "behind another, with all that stands in it",
			given: on(three), when: after("Two", "Three"),
			document: "# Plan\n\n## One\n\n- [ ] a\n\n## Three\n\n- [ ] c\n\n## Two\n\n- [ ] b\n\n### Deep\n\n",
		},
		{name: "where it stands already", given: on(three), when: after("Two", "One")},
		{name: "before what stands behind it", given: on(three), when: before("Two", "Three")},
		{name: "next to itself", given: on(three), when: after("Two", "Two"), refused: "refused: a section cannot be moved next to itself"},
		{
			name:  "next to what stands in it",
			given: on(three), when: after("Two", "Deep"),
			refused: "refused: a section cannot be moved into itself",
		},
		{
			name:  "next to a heading of another level",
			given: on(three), when: after("Deep", "One"),
			refused: "refused: s:3 Deep is a heading of level 3, the other of level 2",
		},
		{
			name:  "two places",
			given: on(three), when: commands.MoveSection{Section: "Two", Before: "One", After: "Three"},
			refused: "usage: move to where? --before or --after SECTION",
		},
		{name: "nowhere", given: on(three), when: commands.MoveSection{Section: "Two"}, refused: "usage: move to where? --before or --after SECTION"},
		{name: "no section named", given: on(three), when: before("", "One"), refused: "usage: which section?"},
		{
			name:  "a last line without newline",
			given: on("## One\n- [ ] a\n## Two\n- [ ] b"), when: before("Two", "One"),
			document: "## Two\n- [ ] b\n\n## One\n- [ ] a\n",
		},
	})
}

func TestRemoveSection(t *testing.T) {
	t.Parallel()
	const two = "## One\n\n- [ ] a\n\n### Deep\n\n- [ ] b\n\n## Two\n"
	remove := func(section string, withTasks bool) commands.RemoveSection {
		return commands.RemoveSection{Section: section, WithTasks: withTasks}
	}
	run(t, []decided{
		{name: "with tasks in it", given: on(two), when: remove("One", false), refused: "confirm: s:1 One has 2 tasks in it"},
		{name: "with one task in it", given: on(two), when: remove("Deep", false), refused: "confirm: s:2 Deep has 1 task in it"},
		{
			name:  "with tasks, meant so",
			given: on(two), when: remove("One", true),
			then:     []events.Event{&events.SectionRemoved{Key: 1}},
			document: "## Two\n",
		},
		{
			name:  "without tasks",
			given: on(two), when: remove("Two", false),
			then: []events.Event{&events.SectionRemoved{Key: 3}},
		},
		{name: "removed already", given: on(two, remove("Two", false)), when: remove("s:3", false), refused: "section_not_found: s:3 Two was removed at @12 by ada"},
		{name: "no section named", given: on(two), when: remove("", false), refused: "usage: which section?"},
		{
			name:  "what would join prose and the next heading is refused",
			given: on("Words.\n## One\nTwo\n---\n"), when: remove("One", false),
			refused: "refused: RemoveSection here would change how other lines of the document are read",
		},
	})
}
