package markdown_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/commands"
	"cairn/server/markdown"
)

// imported is the checklist of a document.
func imported(t testing.TB, document string) *checklist.State {
	t.Helper()
	decided, err := commands.Decide(checklist.New(), commands.ImportDocument{Document: []byte(document)})
	if err != nil {
		t.Fatal(err)
	}
	return evolved(t, checklist.New(), decided)
}

func evolved(t testing.TB, st *checklist.State, decided []events.Event) *checklist.State {
	t.Helper()
	for _, e := range decided {
		env := events.Envelope{Data: e, Revision: st.Revision + 1, Seq: events.Seq(st.Revision + 2)}
		var err error
		if st, err = checklist.Evolve(st, env); err != nil {
			t.Fatal(err)
		}
	}
	return st
}

// taken is the checklist of was after it took the edits of a file.
func taken(t testing.TB, was, now string) (*checklist.State, markdown.Delta) {
	t.Helper()
	st := imported(t, was)
	delta, err := markdown.Diff(st, st, []byte(now), markdown.DiffOptions{})
	if err != nil {
		t.Fatalf("%v\nfrom\n%s\nto\n%s", err, was, now)
	}
	return evolved(t, st, delta.Events), delta
}

// kinds lists the events of a delta as "task.moved task/3".
func kinds(delta markdown.Delta) []string {
	var list []string
	for _, e := range delta.Events {
		list = append(list, strings.TrimSuffix(strings.TrimPrefix(string(e.Kind()), "cairn."), ".v1")+" "+e.Subject())
	}
	return list
}

func TestDiff(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, was, now string
		want           []string
	}{
		{"nothing", "# T\n- [ ] a\n", "# T\n- [ ] a\n", nil},
		{"a tick", "- [ ] a\n- [ ] b\n", "- [ ] a\n- [x] b\n", []string{"task.completed task/2"}},
		{
			"a tick, a word and a place", "## A\n- [ ] write the docs of it\n- [ ] b\n## B\n- [ ] c\n", "## A\n- [ ] b\n## B\n- [ ] c\n- [x] write the docs of that\n",
			[]string{"task.moved task/1", "task.reworded task/1", "task.completed task/1"},
		},
		{"a new task", "- [ ] a\n- [ ] b\n", "- [ ] a\n- [ ] new\n- [ ] b\n", []string{"task.added task/3"}},
		{"a task that is gone", "- [ ] a\n  - [ ] a1\n- [ ] b\n", "- [ ] b\n", []string{"task.removed task/1"}},
		{
			"a heading put in", "## A\n- [ ] a\n- [ ] b\n- [ ] c\n", "## A\n- [ ] a\n## B\n- [ ] b\n- [x] c\n",
			[]string{"section.added section/2", "task.completed task/3"},
		},
		{
			"a heading taken out", "## A\n- [ ] a\n## B\n- [ ] b\n- [ ] c\n", "## A\n- [ ] a\n- [ ] b\n- [ ] c\n",
			[]string{"section.removed section/2"},
		},
		{"a heading that is called otherwise", "## Alpha\n- [ ] a\n- [ ] b\n", "## Beta\n- [ ] a\n- [ ] b\n", []string{"section.retitled section/1"}},
		{"a section one deeper", "## A\n- [ ] a\n## B\n- [ ] b\n", "## A\n- [ ] a\n### B\n- [ ] b\n", []string{"section.moved section/2"}},
		{"another order", "- [ ] a\n- [ ] b\n- [ ] c\n", "- [ ] c\n- [ ] a\n- [ ] b\n", []string{"task.moved task/3"}},
		{"a task under another", "- [ ] a\n- [ ] b\n", "- [ ] a\n  - [ ] b\n", []string{"task.moved task/2"}},
		{"an issue", "- [ ] a thing\n", "- [ ] a thing ([#7](https://github.com/o/r/issues/7))\n", []string{"task.linked task/1"}},
		{"an owner", "- [ ] a thing\n", "- [ ] a thing @ada\n", []string{"task.assigned task/1"}},
		{
			"all that a line can say", "- [ ] a thing @ada 📅 2026-12-01\n", "- [x] a thing 📅 2026-12-02 #db est:3d ✅ 2026-12-01\n",
			[]string{"task.assigned task/1", "task.scheduled task/1", "task.estimated task/1", "task.labeled task/1", "task.completed task/1"},
		},
		{"what a tool writes as it ticks", "- [ ] a thing 📅 2026-12-01\n", "- [x] a thing 📅 2026-12-01 ✅ 2026-12-01\n", []string{"task.completed task/1", "document.reformatted document"}},
		{"an owner in the words", "- [ ] ask about the thing\n", "- [ ] ask @ada about the thing\n", []string{"task.reworded task/1", "task.assigned task/1"}},
		{
			"a place and a day", "## A\n- [ ] a thing\n- [ ] b\n## B\n- [ ] c\n", "## A\n- [ ] b\n## B\n- [ ] c\n- [ ] a thing due:2026-12-01\n",
			[]string{"task.moved task/1", "task.scheduled task/1"},
		},
		{"a new task that repeats", "- [ ] a\n", "- [ ] a\n- [ ] b 🔁 every week 📅 2026-12-01\n", []string{"task.added task/2", "task.scheduled task/2"}},
		{"prose", "# T\n\nold words\nand more\n\n- [ ] a\n", "# T\n\nnew words\nand more\n\n- [ ] a\n", []string{"text.edited text/2"}},
		{"another bullet", "- [ ] a\n", "* [ ] a\n", []string{"document.reformatted document"}},
		{"another form of the same mark", "- [x] a\n", "- [X] a\n", []string{"document.reformatted document"}},
		{
			"the owner", "# T\nOwner: Ada | Target start: 2026-12-01 | Target finish: 2027-03-31\n\n- [ ] a\n", "# U\nOwner: Eli | Target start: 2026-12-01 | Target finish: 2027-04-30\n\n- [ ] a\n",
			[]string{"checklist.described checklist"},
		},
		{
			"a legend that says otherwise", "[ ] = To do, [-] = Dropped\n\n- [-] a\n", "[ ] = To do, [-] = In progress\n\n- [-] a\n",
			[]string{"text.edited text/1", "task.started task/1"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			st, delta := taken(t, test.was, test.now)
			if got := string(st.Document()); got != test.now {
				t.Errorf("the checklist is\n%s\nwant\n%s", got, test.now)
			}
			if got := kinds(delta); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Each event comes from the line that says it, also where one line makes several.
func TestDiffLines(t *testing.T) {
	t.Parallel()
	_, delta := taken(t, "- [ ] a\n- [ ] b\n", "- [ ] a @ada due:2026-12-01 #db\n- [ ] new 🔁 every week 📅 2026-12-01\n- [x] b\n- [ ] c\n")
	if want := []int{1, 1, 1, 2, 2, 3, 4}; !slices.Equal(delta.Lines, want) {
		t.Errorf("got lines %v of %q, want %v", delta.Lines, kinds(delta), want)
	}
}

// script edits lines at random, as people and tools do.
func script(r *rand.Rand, document string, edits int) string {
	lines := strings.SplitAfter(document, "\n")
	mark := func(line string) string {
		if i := strings.Index(line, "["); i >= 0 && i+2 < len(line) && line[i+2] == ']' {
			return line[:i+1] + string(" x~-X"[r.IntN(5)]) + line[i+2:]
		}
		return line
	}
	for range edits {
		i := r.IntN(len(lines))
		switch r.IntN(13) {
		case 0, 1, 2, 3:
			lines[i] = mark(lines[i])
		case 4:
			lines = slices.Delete(lines, i, min(i+1+r.IntN(3), len(lines)))
			if len(lines) == 0 {
				lines = []string{""}
			}
		case 5:
			lines = slices.Insert(lines, i, fmt.Sprintf("- [ ] a new task, %d\n", r.IntN(1000)))
		case 6:
			lines = slices.Insert(lines, i, fmt.Sprintf("%s Heading %d\n", strings.Repeat("#", 1+r.IntN(4)), r.IntN(100)))
		case 7:
			j := r.IntN(len(lines))
			line := lines[i]
			lines = slices.Delete(lines, i, i+1)
			lines = slices.Insert(lines, min(j, len(lines)), line)
		case 8:
			lines[i] = "  " + lines[i]
		case 9:
			lines[i] = strings.TrimPrefix(lines[i], "  ")
		case 10:
			if words := strings.Fields(lines[i]); len(words) > 4 {
				lines[i] = strings.Replace(lines[i], words[len(words)-1], "changed", 1)
			}
		case 11:
			lines = slices.Insert(lines, i, "\n", "Some prose.\n", "\n")
		case 12:
			line := strings.TrimRight(lines[i], "\n")
			lines[i] = line + []string{" @ada", " @bob", " #db", " due:2026-12-24", " 📅 2026-12-31", " est:3d"}[r.IntN(6)] + lines[i][len(line):]
		}
	}
	return strings.Join(lines, "")
}

func documents(t testing.TB) []string {
	t.Helper()
	var docs []string
	sample, err := os.ReadFile(filepath.Join("..", "..", "examples", "elixir-migration.md"))
	if err != nil {
		t.Fatal(err)
	}
	docs = append(docs, string(sample), "- [ ] one\n- [ ] two\n  - [ ] three\n\ntext\n\n## A\n\n- [x] four\n", "")
	paths, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "corpus", "*.md"))
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) < 60_000 {
			docs = append(docs, string(b))
		}
	}
	return docs
}

// Law: the checklist after the edits of a file is that file, and the same file
// again is no edit.
func TestDiffMakesTheDocument(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		was := docs[rapid.IntRange(0, len(docs)-1).Draw(r, "document")]
		random := rand.New(rand.NewPCG(seed, 0))
		st := imported(t, was)
		for range 3 {
			was = script(random, was, 1+random.IntN(12))
			delta, err := markdown.Diff(st, st, []byte(was), markdown.DiffOptions{})
			if err != nil {
				r.Fatal(err)
			}
			st = evolved(t, st, delta.Events)
			if string(st.Document()) != was {
				r.Fatalf("the checklist is\n%s\nwant\n%s", st.Document(), was)
			}
			again, err := markdown.Diff(st, st, []byte(was), markdown.DiffOptions{})
			if err != nil || len(again.Events) != 0 {
				r.Fatalf("again: %v, %q", err, kinds(again))
			}
		}
	})
}

// Law: what both sides changed comes together in one document, which a second
// comparison finds nothing in.
func TestDiffMerges(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		was := docs[rapid.IntRange(0, len(docs)-1).Draw(r, "document")]
		prefer := rapid.SampledFrom([]markdown.Side{markdown.FileSide, markdown.LogSide}).Draw(r, "prefer")
		random := rand.New(rand.NewPCG(seed, 0))
		mine, theirs := script(random, was, 1+random.IntN(6)), script(random, was, 1+random.IntN(6))
		base, now := imported(t, was), imported(t, was)
		log, err := markdown.Diff(base, now, []byte(theirs), markdown.DiffOptions{})
		if err != nil {
			r.Fatal(err)
		}
		now = evolved(t, now, log.Events)
		delta, err := markdown.Diff(base, now, []byte(mine), markdown.DiffOptions{Prefer: prefer})
		if err != nil {
			r.Fatalf("%v\nbase\n%s\nlog\n%s\nfile\n%s", err, was, theirs, mine)
		}
		if len(delta.Conflicts) > 0 {
			r.Fatalf("conflicts, though one side is preferred: %v", delta.Conflicts)
		}
		now = evolved(t, now, delta.Events)
		if mine == theirs && string(now.Document()) != mine {
			r.Fatalf("both the same: got\n%s\nwant\n%s", now.Document(), mine)
		}
		if more, err := markdown.Diff(now, now, now.Document(), markdown.DiffOptions{}); err != nil || len(more.Events) > 0 {
			r.Fatalf("a document that is never at rest: %v %q", err, kinds(more))
		}
	})
}

// What the log and the file say of a task besides its text comes together: names
// are put together, a day that both changed is a conflict.
func TestDiffMergesMeta(t *testing.T) {
	t.Parallel()
	assign := func(who ...string) commands.Command { return commands.Assign{Tasks: []string{"1"}, Assignees: who} }
	label := func(add string) commands.Command { return commands.Label{Tasks: []string{"1"}, Add: []string{add}} }
	due := func(day string) commands.Command { return commands.Schedule{Tasks: []string{"1"}, Due: day} }
	for _, test := range []struct {
		name, base string
		log        commands.Command
		file       string
		want       string // the document
		values     markdown.Meta
		conflict   markdown.Field
	}{
		{
			"an owner in the log, a word in the file", "- [ ] ship the thing @ada\n", assign("bob"), "- [ ] ship that thing @ada\n",
			"- [ ] ship that thing @bob\n",
			markdown.Meta{Assignees: []string{"bob"}},
			"",
		},
		{
			"labels of both", "- [ ] ship #a\n", label("log"), "- [x] ship #a #file\n",
			"- [x] ship #a #file #log\n",
			markdown.Meta{Labels: []string{"a", "file", "log"}},
			"",
		},
		{
			"a day in the file, an owner in the log alone", "- [ ] ship\n", assign("bob"), "- [ ] ship due:2026-12-24\n",
			"- [ ] ship due:2026-12-24\n",
			markdown.Meta{Assignees: []string{"bob"}, Due: "2026-12-24"},
			"",
		},
		{
			"a day in the log, and in another way in the file", "- [ ] ship due:2026-12-01\n", due("2026-12-24"), "- [ ] ship due:2026-12-01 #a\n",
			"- [ ] ship due:2026-12-24 #a\n",
			markdown.Meta{Due: "2026-12-24", Labels: []string{"a"}},
			"",
		},
		{
			"the same day", "- [ ] ship\n", due("2026-12-24"), "- [ ] ship due:2026-12-24\n",
			"- [ ] ship due:2026-12-24\n",
			markdown.Meta{Due: "2026-12-24"},
			"",
		},
		{
			"two days", "- [ ] ship due:2026-12-01\n", due("2026-12-24"), "- [ ] ship due:2026-12-31\n",
			"- [ ] ship due:2026-12-31\n",
			markdown.Meta{Due: "2026-12-31"},
			markdown.DueField,
		},
		{
			"two days, one of them in the log alone", "- [ ] ship\n", due("2026-12-24"), "- [ ] ship due:2026-12-31\n",
			"- [ ] ship due:2026-12-31\n",
			markdown.Meta{Due: "2026-12-31"},
			markdown.DueField,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			base, now := imported(t, test.base), imported(t, test.base)
			decided, err := commands.Decide(now, test.log)
			if err != nil {
				t.Fatal(err)
			}
			now = evolved(t, now, decided)
			delta, err := markdown.Diff(base, now, []byte(test.file), markdown.DiffOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var fields []markdown.Field
			for _, c := range delta.Conflicts {
				fields = append(fields, c.Field)
			}
			if got := fmt.Sprint(fields); got != strings.Replace(fmt.Sprintf("[%s]", test.conflict), "[ ]", "[]", 1) {
				t.Errorf("conflicts: got %s, want %q", got, test.conflict)
			}
			now = evolved(t, now, delta.Events)
			if got := string(now.Document()); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if got := markdown.MetaOf(now.Task(1).Task); !got.Equal(test.values) {
				t.Errorf("got %+v, want %+v", got, test.values)
			}
		})
	}
}

// What was taken out comes back with its keys, also where the file kept a line of
// prose, or was gone.
func TestDiffRestores(t *testing.T) {
	t.Parallel()
	const doc = "# T\n\nprose\n\n- [ ] before all\n\n## A\n- [ ] a\n  - [x] b\n\n## B\n- [ ] c\n"
	for _, between := range []string{"", "# T\n\nprose\n", "something else\n"} {
		for _, again := range []string{doc, strings.Replace(doc, "[ ] a", "[x] a", 1), "## B\n- [ ] c\n\n## A\n- [ ] a\n"} {
			st, _ := taken(t, doc, between)
			delta, err := markdown.Diff(st, st, []byte(again), markdown.DiffOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range delta.Events {
				if k := e.Kind(); k == events.KindTaskAdded || k == events.KindSectionAdded {
					t.Errorf("%q, then %q: %s", between, again, k)
				}
			}
			if st = evolved(t, st, delta.Events); !st.Is([]byte(again)) {
				t.Errorf("got\n%s\nwant\n%s", st.Document(), again)
			}
		}
	}
}

// What both sides changed: different fields survive together; the same field,
// changed differently, is a conflict, which a preferred side settles.
func TestDiffThreeWays(t *testing.T) {
	t.Parallel()
	const base = "## A\n- [ ] one of them\n- [ ] two of them\n\n## B\n- [ ] three of them\n"
	change := func(old, now string) string { return strings.Replace(base, old, now, 1) }
	for _, test := range []struct {
		name, log, file string
		// both is the document of both, or with the side preferred.
		both, byFile, byLog string
		conflicts           []string
	}{
		{name: "the state here, the text there", log: change("[ ] one", "[x] one"), file: change("one of them", "one of those"), both: change("[ ] one of them", "[x] one of those")},
		{name: "the same change", log: change("[ ] one", "[x] one"), file: change("[ ] one", "[x] one"), both: change("[ ] one", "[x] one")},
		{
			name: "two states", log: change("[ ] one", "[x] one"), file: change("[ ] one", "[-] one"),
			byFile: change("[ ] one", "[-] one"), byLog: change("[ ] one", "[x] one"), conflicts: []string{"task/1 state"},
		},
		{
			name: "two texts", log: change("one of them", "one of mine"), file: change("one of them", "one of yours"),
			byFile: change("one of them", "one of yours"), byLog: change("one of them", "one of mine"), conflicts: []string{"task/1 text"},
		},
		{
			name: "two titles", log: change("## A", "## Aa"), file: change("## A", "## Ab"),
			byFile: change("## A", "## Ab"), byLog: change("## A", "## Aa"), conflicts: []string{"section/1 title"},
		},
		{
			name: "removed here, done there", log: change("[ ] two", "[x] two"), file: change("- [ ] two of them\n", ""),
			byFile: change("- [ ] two of them\n", ""), byLog: change("[ ] two", "[x] two"), conflicts: []string{"task/2 removed"},
		},
		{
			name: "done here, removed there", log: change("- [ ] two of them\n", ""), file: change("[ ] two", "[x] two"),
			byFile: change("[ ] two", "[x] two"), byLog: change("- [ ] two of them\n", ""), conflicts: []string{"task/2 removed"},
		},
		{
			name: "a link here, a tick there", log: change("one of them", "one of them ([#7](https://github.com/o/r/issues/7))"), file: change("[ ] one", "[x] one"),
			both: change("[ ] one of them", "[x] one of them ([#7](https://github.com/o/r/issues/7))"),
		},
		{
			name: "moved here, done there", log: "## A\n- [ ] two of them\n\n## B\n- [ ] three of them\n- [ ] one of them\n", file: change("[ ] one", "[x] one"),
			both: "## A\n- [ ] two of them\n\n## B\n- [ ] three of them\n- [x] one of them\n",
		},
		{
			name: "another task here and there", log: change("- [ ] three", "- [ ] of the log\n- [ ] three"), file: change("- [ ] two", "- [ ] of the file\n- [ ] two"),
			both: "## A\n- [ ] one of them\n- [ ] of the file\n- [ ] two of them\n\n## B\n- [ ] of the log\n- [ ] three of them\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			was := imported(t, base)
			try := func(prefer markdown.Side) (string, []string) {
				now, _ := taken(t, base, test.log)
				delta, err := markdown.Diff(was, now, []byte(test.file), markdown.DiffOptions{Prefer: prefer})
				if err != nil {
					t.Fatal(err)
				}
				var conflicts []string
				for _, c := range delta.Conflicts {
					conflicts = append(conflicts, c.Ref.String()+" "+string(c.Field))
				}
				return string(evolved(t, now, delta.Events).Document()), conflicts
			}
			got, conflicts := try(markdown.NoSide)
			if !slices.Equal(conflicts, test.conflicts) {
				t.Errorf("conflicts %q, want %q", conflicts, test.conflicts)
			}
			if test.both != "" && got != test.both {
				t.Errorf("got\n%s\nwant\n%s", got, test.both)
			}
			for side, want := range map[markdown.Side]string{markdown.FileSide: test.byFile, markdown.LogSide: test.byLog} {
				if want == "" {
					continue
				}
				if got, conflicts := try(side); got != want || conflicts != nil {
					t.Errorf("%s: got %q and\n%s\nwant\n%s", side, conflicts, got, want)
				}
			}
		})
	}
}

// Where only a part of the file is read, it is read as in the whole: the file
// again is no edit.
func TestDiffOfAPart(t *testing.T) {
	t.Parallel()
	const was = "# T\n\n## A\n- [ ] a\n\n## B\n- [ ] b\n- [ ] bb\n\n## C\n- [ ] c\n"
	for name, now := range map[string]string{
		"a tick":              strings.Replace(was, "[ ] bb", "[x] bb", 1),
		"one deeper":          strings.Replace(was, "## B", "### B", 1),
		"one deeper, renamed": strings.Replace(was, "## B", "### Bee", 1),
		"one higher":          strings.Replace(was, "## B", "# B", 1),
		"no heading":          strings.Replace(was, "## B\n", "", 1),
		"an open fence":       strings.Replace(was, "- [ ] bb", "```\n- [ ] bb", 1),
		"an open comment":     strings.Replace(was, "- [ ] bb", "<!--\n- [ ] bb", 1),
		"details":             strings.Replace(was, "- [ ] bb\n", "\n<details><summary>more</summary>\n\n- [ ] bb\n\n", 1),
		"an underline":        strings.Replace(was, "- [ ] bb\n", "words\n===\n", 1),
		"a legend":            strings.Replace(was, "- [ ] bb\n", "\n[ ] = To do, [o] = Done\n\n- [o] bb\n", 1),
		"at the end":          was + "- [ ] cc\n\n### D\n- [ ] d\n",
		"at the beginning":    "- [ ] before\n" + was,
	} {
		st, _ := taken(t, was, now)
		if !st.Is([]byte(now)) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, st.Document(), now)
		}
		if again, err := markdown.Diff(st, st, []byte(now), markdown.DiffOptions{Whole: true}); err != nil || len(again.Events) > 0 {
			t.Errorf("%s: again: %v, %q", name, err, kinds(again))
		}
	}
}
