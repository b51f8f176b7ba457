package markdown_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"cairn/events"
	"cairn/server/markdown"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// failer is what testing.T and rapid.T share.
type failer interface {
	Helper()
	Fatalf(string, ...any)
}

const issue = "https://github.com/o/r/issues/12"

// checkEdits verifies the edits of one block that hold for every task and
// every legend, on all blocks of doc.
func checkEdits(t failer, doc *markdown.Document) {
	t.Helper()
	for _, b := range doc.Blocks {
		switch {
		case b.Noun == events.TaskNoun:
			for _, url := range []string{issue, "https://example.com/a/b.html?q=1", "http://x/(y z)"} {
				with := markdown.AddLink(b.Raw, url)
				text, box, links := markdown.ReadTask(with)
				if text != b.Text || box != b.Box || !contains(links, markdown.CleanURL(url)) {
					t.Fatalf("AddLink(%q): got %q, text %q, links %q", b.Raw, with, text, links)
				}
				if got := markdown.RemoveLink(with, url); got != b.Raw {
					t.Fatalf("RemoveLink: got %q, want %q", got, b.Raw)
				}
			}
			text, _, _ := markdown.ReadTask(markdown.Reword(b.Raw, "New text"))
			if text != "New text" {
				t.Fatalf("Reword(%q): got text %q", b.Raw, text)
			}
		case b.Role == markdown.LegendRole:
			checkLegend(t, b.Raw)
		case b.Role == markdown.HeaderRole:
			owner, day := "Ada", events.Day("2026-10-01")
			raw := markdown.HeaderWith(b.Raw, markdown.HeaderFields{Owner: &owner, Start: &day})
			if h, ok := markdown.ParseHeader(raw); !ok || h.Finish != doc.Header.Finish {
				t.Fatalf("HeaderWith(%q): got %q, %+v", b.Raw, raw, h)
			}
		case b.Noun == events.SectionNoun:
			markdown.Retitle(b.Raw, "New title")
		}
	}
}

func checkLegend(t failer, raw string) {
	t.Helper()
	for _, s := range []events.State{events.Todo, events.InProgress, events.OnHold, events.Done, events.Dropped} {
		if _, ok := markdown.ParseLegend(raw).Mark(s); ok {
			continue
		}
		with := markdown.LegendWith(raw, s)
		if with == raw {
			continue // too odd to extend; see TestLegendForms for those that are not
		}
		if _, ok := markdown.ParseLegend(with).Mark(s); !ok {
			t.Fatalf("LegendWith(%q, %s): got %q, which does not know it", raw, s, with)
		}
		if got := markdown.LegendWithout(with, s); got != raw {
			t.Fatalf("LegendWithout(%q, %s): got %q, want %q", with, s, got, raw)
		}
	}
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// document draws a checklist, or takes the sample.
func document(t *rapid.T) string {
	eol := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "eol")
	var b strings.Builder
	b.WriteString("# Plan" + eol + eol)
	if rapid.Bool().Draw(t, "legend") {
		b.WriteString("Legend: [ ] = Todo, [x] = Done" + eol + eol)
	}
	bullet := rapid.SampledFrom([]string{"- ", "* ", "+  ", "1. ", "-\t", "3)  "}).Draw(t, "bullet")
	quote := rapid.SampledFrom([]string{"", "", "> "}).Draw(t, "quote")
	deep := false
	for range rapid.IntRange(1, 12).Draw(t, "lines") {
		mark := rapid.SampledFrom([]string{" ", "x", "X", "~", "-", "!"}).Draw(t, "mark")
		text := rapid.StringMatching(`[a-z][a-z *_(]{0,10}[a-z]`).Draw(t, "text")
		task := bullet + "[" + mark + "] " + text
		indent := strings.Repeat(" ", 4)
		switch n := rapid.IntRange(0, 9).Draw(t, "kind"); {
		case n == 0:
			b.WriteString(eol + "## " + text + eol + eol)
			deep = false
		case n == 1 && deep:
			b.WriteString(quote + indent + "further words" + eol)
		case n == 2 && deep:
			b.WriteString(quote + strings.TrimRight(task, " ") + " ([#7](https://github.com/o/r/pull/7))  " + eol)
		case n <= 4 && deep:
			b.WriteString(quote + indent + task + eol)
		default:
			b.WriteString(quote + task + eol)
			deep = true
		}
	}
	return b.String()
}

func parse(t failer, s string) *markdown.Document {
	t.Helper()
	doc, err := markdown.Parse([]byte(s), markdown.Options{})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return doc
}

// replaced returns doc with another raw for block i, and lines behind it.
func replaced(doc *markdown.Document, i int, raw string) string {
	var b strings.Builder
	for j, block := range doc.Blocks {
		if j == i {
			b.WriteString(raw)
		} else {
			b.WriteString(block.Raw)
		}
	}
	return b.String()
}

var anyState = rapid.SampledFrom([]events.State{events.Todo, events.InProgress, events.OnHold, events.Done, events.Dropped})

// Every edit reads back as what it says and changes no other block.
func TestEditsReadBack(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("testdata/elixir-migration.md")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		src := string(sample)
		if rapid.IntRange(0, 9).Draw(t, "sample") > 0 {
			src = document(t)
		}
		doc := parse(t, src)
		checkTree(t, doc)
		checkEdits(t, doc)
		var tasks []int
		for i, b := range doc.Blocks {
			if b.Noun == events.TaskNoun {
				tasks = append(tasks, i)
			}
		}
		if len(tasks) == 0 {
			t.Skip("no task")
		}
		i := rapid.SampledFrom(tasks).Draw(t, "task")
		want := doc.Blocks[i]
		raw := want.Raw
		s := anyState.Draw(t, "state")
		mark := markdown.DefaultMark(s)
		if m, ok := doc.Legend.Mark(s); ok {
			mark = m
		}
		raw = markdown.SetMark(raw, want.Box, mark)
		raw = markdown.AddLink(raw, issue)
		raw = markdown.Reword(raw, "Fresh *words* (now)")
		got := parse(t, replaced(doc, i, raw))
		if len(got.Blocks) != len(doc.Blocks) {
			t.Fatalf("got %d blocks, want %d after %q", len(got.Blocks), len(doc.Blocks), raw)
		}
		for j := range got.Blocks {
			g, w := got.Blocks[j], doc.Blocks[j]
			if j == i {
				if g.Text != "Fresh *words* (now)" || g.State != s || !contains(g.Links, issue) || g.Parent != w.Parent || g.Box != w.Box {
					t.Fatalf("got %+v, want state %s, from %q", g, s, w.Raw)
				}
				continue
			}
			g.Line = w.Line
			if diff := cmp.Diff(w, g); diff != "" {
				t.Fatalf("block %d changed:\n%s", j, diff)
			}
		}
	})
}

// A new line is a task at the place that was asked for.
func TestInsertsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := parse(t, document(t))
		var tasks []int
		for i, b := range doc.Blocks {
			if b.Noun == events.TaskNoun {
				tasks = append(tasks, i)
			}
		}
		if len(tasks) == 0 {
			t.Skip("no task")
		}
		i := rapid.SampledFrom(tasks).Draw(t, "task")
		like := doc.Blocks[i]
		under := parse(t, replaced(doc, i, like.Raw+markdown.TaskUnder(like.Raw, '~', "A child")))
		if g := under.Blocks[i+1]; g.Text != "A child" || g.Parent != i || g.State != events.InProgress {
			t.Fatalf("TaskUnder(%q): got %+v", like.Raw, g)
		}
		end := i + 1
		for end < len(doc.Blocks) && inside(doc, end, i) {
			end++
		}
		last := doc.Blocks[end-1].Raw
		after := parse(t, replaced(doc, end-1, last+markdown.TaskLike(like.Raw, 'x', "A sibling")))
		if g := after.Blocks[end]; g.Text != "A sibling" || g.Parent != like.Parent || g.State != events.Done {
			t.Fatalf("TaskLike(%q): got %+v", like.Raw, g)
		}
		if eol := markdown.EOL(like.Raw); !strings.HasSuffix(after.Blocks[end].Raw, eol) {
			t.Fatalf("got %q, want line end %q", after.Blocks[end].Raw, eol)
		}
	})
}

func inside(doc *markdown.Document, i, in int) bool {
	for ; i >= 0; i = doc.Blocks[i].Parent {
		if i == in {
			return true
		}
	}
	return false
}

func BenchmarkParse(b *testing.B) {
	var src bytes.Buffer
	src.WriteString("# Large\n\nLegend: [ ] = Todo, [x] = Done\n\n")
	for i := range 10_000 {
		if i%50 == 0 {
			src.WriteString("\n## A section of fifty\n\n")
		}
		if i%3 == 0 {
			src.WriteString("- [ ] ")
		} else {
			src.WriteString("  - [x] ")
		}
		src.WriteString("Move the *thing* from here to there, and check that `all` of it came along ([#12](" + issue + "))\n")
	}
	b.SetBytes(int64(src.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := markdown.Parse(src.Bytes(), markdown.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
