package markdown_test

import (
	"errors"
	"testing"

	"cairn/events"
	"cairn/server/markdown"
)

func TestHeader(t *testing.T) {
	t.Parallel()
	const line = "Owner: ______  |  Target start: ______  |  Target finish: ______\r\n"
	owner, start, none := "Ada | Bob", events.Day("2026-10-01"), events.Day("")
	for _, c := range []struct {
		name, raw string
		set       markdown.HeaderFields
		want      string
	}{
		{"one field", line, markdown.HeaderFields{Start: &start}, "Owner: ______  |  Target start: 2026-10-01  |  Target finish: ______\r\n"},
		{"a bar in a value", line, markdown.HeaderFields{Owner: &owner}, "Owner: Ada   Bob  |  Target start: ______  |  Target finish: ______\r\n"},
		{"cleared", "owner: A | target start: 2026-01-01", markdown.HeaderFields{Start: &none}, "owner: A | target start: ______"},
		{"a missing field", "Owner: A\n", markdown.HeaderFields{Start: &start}, "Owner: A\n"},
		{"no value yet", "**Owner:** | **Target finish:**\n", markdown.HeaderFields{Finish: &start}, "**Owner:** | **Target finish:** 2026-10-01\n"},
		{"nothing changes", line, markdown.HeaderFields{Start: &none, Finish: &none}, line},
		{"a day that is none stays", "Owner: A | Start: soon\n", markdown.HeaderFields{Start: &none}, "Owner: A | Start: soon\n"},
	} {
		if got := markdown.HeaderWith(c.raw, c.set); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	h, ok := markdown.ParseHeader("OWNER: Ada | target  start: 2026-10-01 | Target finish: soon\n")
	if want := (markdown.Header{Owner: "Ada", Start: start}); !ok || h != want {
		t.Errorf("got %+v, %v, want %+v", h, ok, want)
	}
	for _, raw := range []string{"", "Owner of this\n", "See: a | b: c\n", "Note: Owner: A\n", "Owner: A\nand more words\n"} {
		if _, ok := markdown.ParseHeader(raw); ok {
			t.Errorf("%q: got a header, want none", raw)
		}
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, url, want string }{
		{"- [ ] a  \r\n  b\r\n", issue, "- [ ] a ([#12](" + issue + "))  \r\n  b\r\n"},
		{"- [ ] a", "https://example.com/docs/plan.md?x=1", "- [ ] a ([plan.md](https://example.com/docs/plan.md?x=1))"},
		{"- [ ] a\n", "https://example.com/", "- [ ] a ([example.com](https://example.com/))\n"},
		{"- [ ] a\n", "https://e.com/x (1)", "- [ ] a ([x%20%281%29](https://e.com/x%20%281%29))\n"},
	} {
		if got := markdown.AddLink(c.raw, c.url); got != c.want {
			t.Errorf("AddLink(%q): got %q, want %q", c.raw, got, c.want)
		}
	}
	raw := "- [ ] See " + issue + " and ([guide](https://e.com/a)) ([#3](https://github.com/o/r/pull/3))\n"
	text, _, links := markdown.ReadTask(raw)
	if want := "See " + issue + " and ([guide](https://e.com/a))"; text != want {
		t.Errorf("got text %q, want %q", text, want)
	}
	if len(links) != 2 || links[0] != issue || links[1] != "https://github.com/o/r/pull/3" {
		t.Errorf("got links %q", links)
	}
	if got := markdown.RemoveLink(raw, issue); got != raw {
		t.Errorf("a URL in the text: got %q, want it unchanged", got)
	}
	two := markdown.AddLink(markdown.AddLink("- [ ] a\n", issue), "https://e.com/b")
	if got, want := markdown.RemoveLink(two, issue), "- [ ] a ([b](https://e.com/b))\n"; got != want {
		t.Errorf("the first of two: got %q, want %q", got, want)
	}
}

func TestTaskLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, like, under string }{
		{"- [ ] a\n", "- [x] b\n", "  - [x] b\n"},
		{"  *  [ ]  a\r\n", "  *  [x]  b\r\n", "     *  [x]  b\r\n"},
		{"\t- [ ] a", "\t- [x] b\n", "\t  - [x] b\n"},
		{"9) [ ] a\n", "10) [x] b\n", "   1) [x] b\n"},
		{"01. [ ] a\n", "02. [x] b\n", "    1. [x] b\n"},
		{"> - [ ] a\n>   more\n", "> - [x] b\n", ">   - [x] b\n"},
		{"- - [ ] a\n", "  - [x] b\n", "    - [x] b\n"},
		{"- [ ]\n", "- [x] b\n", "  - [x] b\n"},
		{"-\n  [ ] a\n", "- [x] b\n", "  - [x] b\n"},
	} {
		if got := markdown.TaskLike(c.raw, 'x', "b"); got != c.like {
			t.Errorf("TaskLike(%q): got %q, want %q", c.raw, got, c.like)
		}
		if got := markdown.TaskUnder(c.raw, 'x', "b"); got != c.under {
			t.Errorf("TaskUnder(%q): got %q, want %q", c.raw, got, c.under)
		}
	}
	if got, want := markdown.NewTask("\r\n", ' ', "a"), "- [ ] a\r\n"; got != want {
		t.Errorf("NewTask: got %q, want %q", got, want)
	}
}

func TestReindent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, from, to, want string }{
		{"  - [ ] a\n    b\n\n", "  ", "", "- [ ] a\n  b\n\n"},
		{"- [ ] a\nlazy\r\n", "", "    ", "    - [ ] a\n    lazy\r\n"},
		{"\t- [ ] a\n", "    ", "  ", "  - [ ] a\n"},
		{"\t- [ ] a\n", "  ", "", "  - [ ] a\n"},
		{"> - [ ] a\n", "> ", "", "- [ ] a\n"},
		{"    - [ ] a\n lazy\n", "    ", "", "- [ ] a\n lazy\n"},
	} {
		if got := markdown.Reindent(c.raw, c.from, c.to); got != c.want {
			t.Errorf("Reindent(%q, %q, %q): got %q, want %q", c.raw, c.from, c.to, got, c.want)
		}
	}
	if got := markdown.Prefix(" > \t- [ ] a\n"); got != " > \t" {
		t.Errorf("Prefix: got %q", got)
	}
}

func TestRetitle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, want string }{
		{"## A ##  \r\n", "## New ##  \r\n"},
		{"##\n", "## New\n"},
		{"###   A\n", "###   New\n"},
		{"A\nB\n---\n", "New\n---\n"},
		{"<details><summary>A</summary>\n", "<details><summary>New</summary>\n"},
		{"\uFEFF# A", "\uFEFF# New"},
	} {
		if got := markdown.Retitle(c.raw, "New"); got != c.want {
			t.Errorf("Retitle(%q): got %q, want %q", c.raw, got, c.want)
		}
	}
	doc := parse(t, markdown.NewSection(2, "C #", "\n"))
	if got := doc.Blocks[0]; got.Level != 2 || got.Title != `C \#` {
		t.Errorf("NewSection: got %+v", got)
	}
}

func TestCleanText(t *testing.T) {
	t.Parallel()
	if got, err := markdown.CleanText("  a\r\n\tb  c "); got != "a b c" || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, "a b c")
	}
	if _, err := markdown.CleanText(" \n"); !errors.Is(err, markdown.ErrEmpty) {
		t.Errorf("got %v, want %v", err, markdown.ErrEmpty)
	}
	for s, want := range map[string]string{"a": "\n", "a\r\nb\n": "\r\n", "a\nb\r\n": "\n", "a\rb": "\r"} {
		if got := markdown.EOL(s); got != want {
			t.Errorf("EOL(%q): got %q, want %q", s, got, want)
		}
	}
}
