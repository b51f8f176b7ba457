package markdown_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/commands"
	"cairn/server/markdown"
)

// FuzzDiff: the checklist after the edits of a file is that file; both sides'
// edits together are a document in which a second comparison finds nothing.
func FuzzDiff(f *testing.F) {
	for _, doc := range []string{
		"# T\n\nOwner: Ada | Target start: 2026-12-01 | Target finish: ______\n\n## A\n- [ ] a\n  - [x] b\n\n## B\n* [~] c ([#7](https://github.com/o/r/issues/7))\n",
		"- [ ] a\r\n\r\n```\n- [ ] no\n```\n", "<details><summary>s</summary>\n\n- [ ] x\n\n</details>\n\n## Y\n", "[ ] = To do, [-] = Dropped\n\n- [-] a\n",
	} {
		f.Add([]byte(doc), []byte(strings.ReplaceAll(doc, "[ ]", "[x]")), []byte(strings.ReplaceAll(doc, "##", "###")))
	}
	f.Fuzz(func(t *testing.T, was, mine, theirs []byte) {
		if len(was)+len(mine)+len(theirs) > 20_000 {
			return
		}
		decided, err := commands.Decide(checklist.New(), commands.ImportDocument{Document: was})
		if err != nil {
			return
		}
		st := func(more ...events.Event) *checklist.State {
			return evolved(t, evolved(t, checklist.New(), decided), more)
		}
		base := st()
		one, err := markdown.Diff(base, base, mine, markdown.DiffOptions{})
		if err != nil {
			return // over a limit
		}
		if got := st(one.Events...); !got.Is(mine) {
			t.Fatalf("the checklist is\n%q\nwant\n%q", got.Document(), mine)
		} else if again, err := markdown.Diff(got, got, mine, markdown.DiffOptions{}); err != nil || len(again.Events) > 0 {
			t.Fatalf("again: %v, %q", err, kinds(again))
		}
		two, err := markdown.Diff(base, base, theirs, markdown.DiffOptions{})
		if err != nil {
			return
		}
		now := st(two.Events...)
		for _, o := range []markdown.DiffOptions{{Prefer: markdown.FileSide}, {Prefer: markdown.LogSide}, {Prefer: markdown.FileSide, Base: was}} {
			both, err := markdown.Diff(base, now, mine, o)
			if err != nil {
				continue // over a limit
			}
			merged := st(append(append([]events.Event{}, two.Events...), both.Events...)...)
			if more, err := markdown.Diff(merged, merged, merged.Document(), markdown.DiffOptions{}); err != nil || len(more.Events) > 0 {
				t.Fatalf("%+v: never at rest: %v, %q", o, err, kinds(more))
			}
		}
	})
}

// Law: whose text changes by less than a third goes on with its history, also
// where it is ticked, moved or indented at once.
func TestDiffKeepsHistories(t *testing.T) {
	t.Parallel()
	words := strings.Fields("migrate the old table of users into new schema before release with all checks and alerts on every region for billing reports")
	rapid.Check(t, func(r *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 0))
		n := rapid.IntRange(2, 30).Draw(r, "tasks")
		var texts []string
		var doc strings.Builder
		for i := range n {
			if i%6 == 0 {
				fmt.Fprintf(&doc, "\n## Part %c\n\n", 'A'+i/6)
			}
			var text []string
			for range 6 + random.IntN(8) {
				text = append(text, words[random.IntN(len(words))])
			}
			// A word of its own makes each task one that people tell apart.
			text = append(text, strings.Repeat(string(rune('a'+i%26)), 3)+strings.Repeat(string(rune('k'+i%15)), 4))
			texts = append(texts, strings.Join(text, " "))
			fmt.Fprintf(&doc, "- [ ] %s\n", texts[i])
		}
		i := random.IntN(n)
		changed := edited(random, texts[i])
		now := strings.Replace(doc.String(), "- [ ] "+texts[i], "- [x] "+changed, 1)
		if strings.Count(doc.String(), texts[i]) != 1 {
			return
		}
		st := imported(t, doc.String())
		delta, err := markdown.Diff(st, st, []byte(now), markdown.DiffOptions{})
		if err != nil {
			r.Fatal(err)
		}
		for _, e := range delta.Events {
			if k := e.Kind(); k == events.KindTaskAdded || k == events.KindTaskRemoved {
				r.Fatalf("%s for\n%s\n%s", k, texts[i], changed)
			}
		}
	})
}

// edited changes less than a third of the letters of a text.
func edited(r *rand.Rand, text string) string {
	runes := []rune(text)
	for range r.IntN(len(runes)/4 + 1) {
		if i := r.IntN(len(runes)); unicode.IsLetter(runes[i]) {
			runes[i] = 'a' + rune(r.IntN(26))
		}
	}
	return string(runes)
}
