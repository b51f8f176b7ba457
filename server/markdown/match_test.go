package markdown_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
	"cairn/server/markdown"
)

func blocks(t testing.TB, s string) []markdown.Block {
	t.Helper()
	doc, err := markdown.Parse([]byte(s), markdown.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return doc.Blocks
}

// told lists what a pairing says that the reader of both versions would not
// know by place and text alone: "= old -> new (stage)", "+ new", "- old".
func told(old, now []markdown.Block) []string {
	p := markdown.Match(old, now)
	name := func(b markdown.Block) string {
		if b.Noun == events.SectionNoun {
			return "#" + b.Title
		}
		return b.Text
	}
	var list []string
	for i, b := range now {
		if b.Noun == events.TextNoun {
			continue
		}
		switch a := p.Old[i]; {
		case a < 0:
			list = append(list, "+ "+name(b))
		case p.How[i].Stage != "" || name(old[a]) != name(b):
			list = append(list, fmt.Sprintf("= %s -> %s (%s)", name(old[a]), name(b), p.How[i].Stage))
		}
	}
	for i, b := range old {
		if b.Noun != events.TextNoun && p.New[i] < 0 {
			list = append(list, "- "+name(b))
		}
	}
	return list
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, old, now string
		want           []string
	}{
		{"the same", "## A\n- [ ] one\n- [ ] two\n", "## A\n- [x] one\n- [ ] two\n", nil},
		{
			"repeated texts align with their neighbours",
			"- [ ] mac\n  - [ ] build\n  - [ ] test\n- [ ] linux\n  - [ ] build\n  - [ ] test\n",
			"- [ ] mac\n  - [ ] build\n- [ ] linux\n  - [ ] build\n  - [ ] test\n",
			[]string{"- test"},
		},
		{
			"a section that is called otherwise", "## Alpha\n- [ ] one\n- [ ] two\n", "## Beta\n- [ ] one\n- [ ] two\n",
			[]string{"= #Alpha -> #Beta (tasks)"},
		},
		{
			"a heading that is put in", "## A\n- [ ] one\n- [ ] two\n- [ ] three\n- [ ] four\n- [ ] five\n",
			"## A\n- [ ] one\n- [ ] two\n- [ ] three\n\n## B\n- [ ] four\n- [ ] five\n",
			[]string{"+ #B", "= four -> four (text)", "= five -> five (text)"},
		},
		{
			"a task in another section", "## A\n- [ ] one\n- [ ] two\n## B\n- [ ] three\n", "## A\n- [ ] two\n## B\n- [ ] three\n- [x] one\n",
			[]string{"= one -> one (text)"},
		},
		{
			"an identifier", "- [ ] ABC-12 look at it\n- [ ] other\n", "- [ ] other\n- [x] ABC-12 look at this properly\n",
			[]string{"= ABC-12 look at it -> ABC-12 look at this properly (identifier)"},
		},
		{
			"identifiers that begin again after a reset",
			"- [ ] v001 intro music for the trailer\n- [ ] v002 cut the interview in half\n", "- [ ] v001 buy milk\n- [ ] v002 water all roses\n",
			[]string{"+ v001 buy milk", "+ v002 water all roses", "- v001 intro music for the trailer", "- v002 cut the interview in half"},
		},
		{
			"markup and case", "- [ ] Deploy to **staging**\n- [ ] x\n", "- [x] ~~deploy to staging~~ ✅\n- [ ] x\n",
			[]string{"= Deploy to **staging** -> ~~deploy to staging~~ ✅ (normalised)"},
		},
		{
			"the target of a long link", "- [ ] [the release notes of spring](https://a.example/1)\n", "- [ ] [the release notes of spring](https://b.example/2)\n",
			[]string{"= [the release notes of spring](https://a.example/1) -> [the release notes of spring](https://b.example/2) (normalised)"},
		},
		{
			"two videos that differ in their link", "- [ ] [Video](https://v.example/abcdefgh1)\n- [ ] z\n", "- [ ] [Video](https://v.example/abcdefgh2)\n- [ ] z\n",
			[]string{"+ [Video](https://v.example/abcdefgh2)", "- [Video](https://v.example/abcdefgh1)"},
		},
		{
			"numbers that differ", "- [ ] EIP-3238: difficulty bomb delay\n", "- [ ] EIP-3554: difficulty bomb delay\n",
			[]string{"+ EIP-3554: difficulty bomb delay", "- EIP-3238: difficulty bomb delay"},
		},
		{
			"files that differ", "- [ ] divmodsi4.S\n- [ ] a\n", "- [ ] divmodsi4.c\n- [ ] a\n",
			[]string{"+ divmodsi4.c", "- divmodsi4.S"},
		},
		{
			"a verdict behind the text", "- [ ] Check the backups\n- [ ] a\n",
			"- [x] Check the backups — " + strings.Repeat("restored in the drill, all tables counted; ", 7) + "\n- [ ] a\n",
			[]string{"= Check the backups -> Check the backups — " + strings.TrimSpace(strings.Repeat("restored in the drill, all tables counted; ", 7)) + " (grown)"},
		},
		{
			"similar texts, the best first", "- [ ] write the docs for users\n- [ ] write the docs for admins\n",
			"- [ ] write the docs for all admins\n- [ ] write docs for users\n",
			[]string{"= write the docs for admins -> write the docs for all admins (similar)", "= write the docs for users -> write docs for users (similar)"},
		},
		{
			"a gap between neighbours", "- [ ] a1 first\n- [ ] update three files\n- [ ] z9 last\n", "- [ ] a1 first\n- [ ] update everything there is, at once\n- [ ] z9 last\n",
			[]string{"= update three files -> update everything there is, at once (neighbours)"},
		},
		{
			"far away and very similar", "## A\n- [ ] decide on the name of the product\n- [ ] q\n## B\n- [ ] z\n", "## A\n- [ ] q\n## B\n- [ ] z\n- [ ] decide on a name of the product\n",
			[]string{"= decide on the name of the product -> decide on a name of the product (similar elsewhere)"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := told(blocks(t, test.old), blocks(t, test.now))
			slices.Sort(got)
			want := slices.Clone(test.want)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

// One commit put all of 646 tasks with the same text back to todo.
func TestMatchReset(t *testing.T) {
	t.Parallel()
	old := blocks(t, "## A\n"+strings.Repeat("- [x] Translate\n", 646))
	now := blocks(t, "## A\n"+strings.Repeat("- [ ] Translate\n", 646))
	p := markdown.Match(old, now)
	for i, a := range p.Old[1:] {
		if a != i+1 {
			t.Fatalf("task %d was taken for %d", i+1, a)
		}
	}
}

func TestMatchRewrite(t *testing.T) {
	t.Parallel()
	var old, now strings.Builder
	for i := range 20 {
		fmt.Fprintf(&old, "## A%d\n- [ ] the old thing called %c\n", i, 'a'+i)
		fmt.Fprintf(&now, "## B%d\n- [ ] quite another matter, %c\n", i, 'a'+i)
	}
	if p := markdown.Match(blocks(t, old.String()), blocks(t, now.String())); !p.Rewrite {
		t.Error("a rewrite was not recognised")
	}
	if p := markdown.Match(blocks(t, old.String()), blocks(t, old.String())); p.Rewrite {
		t.Error("no change was taken for a rewrite")
	}
}

// BenchmarkMatchSimilar compares each of 1000 tasks with each of 1000 others.
func BenchmarkMatchSimilar(b *testing.B) {
	var old, now strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&old, "- [ ] Migrate the %x table of the old system to the new one\n", i*7919)
		fmt.Fprintf(&now, "- [ ] Someone moves table %x of our old system to another place\n", i*7919+3)
	}
	x, y := blocks(b, old.String()), blocks(b, now.String())
	for b.Loop() {
		markdown.Match(x, y)
	}
	b.ReportMetric(1e6*float64(b.N)/b.Elapsed().Seconds(), "comparisons/s")
	b.ReportMetric(0, "ns/op")
}
