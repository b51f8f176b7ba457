package markdown_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"cairn/events"
	"cairn/server/markdown"

	"github.com/google/go-cmp/cmp"
)

// outline writes each section as "# title", each task as "[mark] text", with
// two spaces for every block around it.
func outline(doc *markdown.Document) []string {
	var out []string
	for _, b := range doc.Blocks {
		depth := 0
		for p := b.Parent; p >= 0; p = doc.Blocks[p].Parent {
			depth++
		}
		indent := strings.Repeat("  ", depth)
		switch b.Noun {
		case events.SectionNoun:
			out = append(out, indent+"# "+b.Title)
		case events.TaskNoun:
			out = append(out, indent+"["+string([]byte{b.Mark})+"] "+b.Text)
		}
	}
	return out
}

func TestTraps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, src string
		want      []string
	}{
		{"a fence holds no tasks", "```\n- [ ] no\n## no\n```\n- [ ] yes\n", []string{"[ ] yes"}},
		{"a comment of several lines holds no tasks", "<!--\n- [ ] no\n\n- [ ] no\n-->\n- [ ] yes\n", []string{"[ ] yes"}},
		{"indented code holds no tasks", "text\n\n    - [ ] no\n", nil},
		{"front matter holds no tasks", "---\ntags: [a]\nlist:\n- [ ] no\n---\n- [ ] yes\n", []string{"[ ] yes"}},
		{"a thematic break at the top is not front matter", "---\n\n- [ ] yes\n\n---\n", []string{"[ ] yes"}},
		{"a box needs white space behind it", "- [ ]no\n- [x](url)\n- [ ] yes\n- [x]\n", []string{"[ ] yes", "[x] "}},
		{"a broken link is not a task", "- [C] (https://example.com)\n- [ ] yes\n", []string{"[ ] yes"}},
		{"a citation is not a task", "- [1] Knuth\n- [a] Lamport\n", nil},
		{"a letter is a marker beside other tasks", "- [ ] a\n- [i] b\n", []string{"[ ] a", "[i] b"}},
		{
			"all of the allow-list", "- [X] a\n- [~] b\n- [/] c\n- [-] d\n- [>] e\n- [!] f\n- [?] g\n- [o] h\n- [_] i\n",
			[]string{"[X] a", "[~] b", "[/] c", "[-] d", "[>] e", "[!] f", "[?] g", "[o] h", "[_] i"},
		},
		{"a dedent by space and tab", "\t- x\n\n- a\n\t- [ ] b\n\t\t- [ ] c\n  \t- [ ] d\n", []string{"[ ] b", "  [ ] c", "[ ] d"}},
		{"a list behind <p> is HTML", "<p>\n- [ ] no\n\n- [ ] yes\n", []string{"[ ] yes"}},
		{"table cells are no items", "| a | [x] |\n|---|---|\n| b | [ ] |\n", nil},
		{"a box in a heading is not an item", "## [ ] A\n- [ ] a\n", []string{"# [ ] A", "  [ ] a"}},
		{"setext headings", "Title\n=====\n\nPart\n---\n- [ ] a\n", []string{"# Part", "  [ ] a"}},
		{"closing #s are no title", "## A ##\n### B#\n", []string{"# A", "  # B#"}},
		{
			"deeper headings nest, a later H1 is a section", "# T\n## A\n### B\n## C\n# D\n## E\n",
			[]string{"# A", "  # B", "# C", "# D", "  # E"},
		},
		{
			"a summary is a section to the end of its details", "## A\n<details>\n<summary><b>More</b></summary>\n\n### B\n- [ ] a\n\n</details>\n\n- [ ] b\n",
			[]string{"# A", "  # More", "    # B", "      [ ] a", "  [ ] b"},
		},
		{"headings in quotes and items are text", "> ## no\n\n- ## no\n\n- [ ] a\n", []string{"[ ] a"}},
		{"block quotes", "> - [ ] a\n>   more\n>   - [x] b\n", []string{"[ ] a more", "  [x] b"}},
		{"lines are joined without \\r and trailing space", "- [ ] a  \r\n  b \r\nlazy\r\n", []string{"[ ] a b lazy"}},
		{"a task in a plain item is the section's", "- plain\n  - [ ] a\n", []string{"[ ] a"}},
		{"an item in an item on one line", "- - [ ] a\n  - [ ] b\n", []string{"[ ] a", "[ ] b"}},
		{"lone \\r ends a line", "- [ ] a\r- [ ] b\r", []string{"[ ] a", "[ ] b"}},
		{"a BOM, and no line end", "\uFEFF- [ ] a", []string{"[ ] a"}},
		{"numbers", "9. [ ] a\n10. [ ] b\n    - [ ] c\n", []string{"[ ] a", "[ ] b", "  [ ] c"}},
		{"right-to-left text", "- [ ] الترجمات\n", []string{"[ ] الترجمات"}},
		{"the boxes of a legend", "- [ ] Todo\n- [>] In progress\n- [x] Done\n\n# T\n\n- [>] a\n", []string{"[>] a"}},
		{"fake boxes in the legend's fence", "```\n- [ ] open\n- [x] done\n```\n\n- [x] a\n", []string{"[x] a"}},
		{
			"two videos differ in their link", "- [ ] [Talk](https://v/1)\n- [ ] [Talk](https://v/2)\n",
			[]string{"[ ] [Talk](https://v/1)", "[ ] [Talk](https://v/2)"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := parse(t, c.src)
			checkTree(t, doc)
			if got := string(doc.Bytes()); got != c.src {
				t.Errorf("got bytes %q, want %q", got, c.src)
			}
			if diff := cmp.Diff(c.want, outline(doc)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		src, want string
		line      int
	}{
		{"- [o] a\n- [o] b\n", "marker [o] has no meaning here: 2 read as todo", 1},
		{"<p>\n- [ ] a\n", "1 boxes are no tasks", 1},
		{"text\n\n    - [ ] a\n    - [ ] b\n", "2 boxes are no tasks", 3},
		{"- [ ] a\n\t  - [ ] b\n", "1 boxes are no tasks: indented too deep", 2},
		{"a\n\xff\n", "not UTF-8", 2},
		{strings.Repeat("> ", 70) + "- [ ] a\n", "nested more than 64 deep", 1},
	} {
		doc := parse(t, c.src)
		if len(doc.Warnings) != 1 || doc.Warnings[0].Line != c.line || !strings.HasPrefix(doc.Warnings[0].Text, c.want) {
			t.Errorf("%q: got %+v, want line %d, %q", c.src, doc.Warnings, c.line, c.want)
		}
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	doc := parse(t, "- [ ] a\n\n  body\n\n  - [ ] b\n    more b\n\n  tail\n\n- [ ] c\n")
	var got []string
	for _, b := range doc.Blocks {
		in := "-"
		if b.Parent >= 0 {
			in = doc.Blocks[b.Parent].Text
		}
		got = append(got, in+": "+b.Raw)
	}
	want := []string{"-: - [ ] a\n", "a: \n  body\n\n", "a:   - [ ] b\n    more b\n", "a: \n  tail\n", "-: \n", "-: - [ ] c\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSample(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/elixir-migration.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := parse(t, string(b))
	tasks, sections, first := countTasks(doc), 0, 0
	for _, block := range doc.Blocks {
		if block.Noun == events.SectionNoun {
			sections++
		}
		if block.Noun == events.TaskNoun && first == 0 {
			first = block.Line
		}
	}
	if tasks != 66 || sections != 11 || first != 11 {
		t.Errorf("got %d tasks, %d sections, first on line %d, want 66, 11, 11", tasks, sections, first)
	}
	if want := "Migration to Elixir/BEAM – Execution Checklist"; doc.Title != want {
		t.Errorf("got title %q, want %q", doc.Title, want)
	}
	if len(doc.Warnings) > 0 {
		t.Errorf("got warnings %v, want none", doc.Warnings)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, src, want string }{
		{"file", strings.Repeat("a\n", 8<<20+1), "file has 16777218 bytes"},
		{"line", "a\n" + strings.Repeat("a", 900<<10) + "\n", "line 2: "},
		{"task", "\n- [ ] " + strings.Repeat("a", 500<<10), "line 2: "},
	} {
		_, err := markdown.Parse([]byte(c.src), markdown.Options{})
		if !errors.Is(err, markdown.ErrLimit) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q", c.name, err, c.want)
		}
	}
	doc := parse(t, strings.Repeat("some words\n", 100_000))
	for _, b := range doc.Blocks {
		if len(b.Raw) > 256<<10 {
			t.Errorf("got a text of %d bytes, want at most 256 KiB", len(b.Raw))
		}
	}
}
