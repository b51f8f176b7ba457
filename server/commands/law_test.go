package commands_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/commands"
	"cairn/server/markdown"
)

// outline is a document as people read it: its sections and tasks, in order.
type outline struct {
	Sections, Tasks []entry
}

// entry is a heading or a task, and what it stands in.
type entry struct {
	Text    string
	Level   int          // of a section
	State   events.State // of a task
	Links   []string     // of a task, sorted
	Says    string       // of a task, its metadata
	Section string       // the nearest heading
	Parent  string       // the nearest task
}

// folded is the outline that the fold believes in.
func folded(st *checklist.State) outline {
	var o outline
	for b := range st.Root().All() {
		e := entry{}
		if h := b.Heading(); h != nil {
			e.Section = h.Section.Title
		}
		switch {
		case b.Section != nil:
			e.Text, e.Level = b.Section.Title, b.Section.Level
			o.Sections = append(o.Sections, e)
		case b.Task != nil:
			if parent := b.ParentTask(); parent != nil {
				e.Parent = parent.Task.Text
			}
			e.Text, e.State, e.Links = b.Task.Text, b.Task.State, sorted(b.Task.Links)
			e.Says = says(markdown.MetaOf(b.Task), b.Raw)
			o.Tasks = append(o.Tasks, e)
		}
	}
	return o
}

// parsed is the outline that the bytes have.
func parsed(doc *markdown.Document) outline {
	var o outline
	for _, b := range doc.Blocks {
		e := entry{}
		for i := b.Parent; i >= 0; i = doc.Blocks[i].Parent {
			switch at := doc.Blocks[i]; {
			case at.Noun == events.SectionNoun && e.Section == "":
				e.Section = at.Title
			case at.Noun == events.TaskNoun && e.Parent == "":
				e.Parent = at.Text
			}
		}
		switch b.Noun {
		case events.SectionNoun:
			e.Text, e.Level = b.Title, b.Level
			o.Sections = append(o.Sections, e)
		case events.TaskNoun:
			e.Text, e.State, e.Links = b.Text, b.State, sorted(b.Links)
			e.Says = says(b.Meta, b.Raw)
			o.Tasks = append(o.Tasks, e)
		}
	}
	return o
}

// says is what of m the line of the task says; what it does not may be in the log
// alone, as what cannot be written: people in the words, and what stands in further
// lines. A task that was imported as done does not repeat.
func says(m markdown.Meta, raw string) string {
	line := markdown.ReadMeta(raw)
	text, _, _ := markdown.ReadTask(raw)
	if strings.Contains(strings.TrimRight(raw, "\r\n"), "\n") {
		return ""
	}
	among := func(list, line []string, sign string) []string {
		if strings.Contains(text, sign) {
			return nil
		}
		return sorted(slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !slices.Contains(line, s) }))
	}
	m.Assignees, m.Labels = among(m.Assignees, line.Assignees, "@"), among(m.Labels, line.Labels, "#")
	if line.Start == "" {
		m.Start = ""
	}
	if line.Due == "" {
		m.Due = ""
	}
	if line.Estimate == "" {
		m.Estimate = ""
	}
	m.Every = ""
	return fmt.Sprintf("%+v", m)
}

func sorted(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	sort.Strings(list)
	return list
}

// verify checks what holds at every moment; see check.
func verify(t failer, st *checklist.State) {
	t.Helper()
	if err := check(st); err != nil {
		t.Fatalf("%v", err)
	}
}

// check returns an error unless the document, read again, is what the fold
// says it is, and imports to the same bytes.
func check(st *checklist.State) error {
	document := st.Document()
	doc, err := markdown.Parse(document, markdown.Options{Markers: commands.ParseMarkers(st.Markers)})
	if err != nil {
		return err
	}
	if diff := cmp.Diff(folded(st), parsed(doc)); diff != "" {
		return fmt.Errorf("the document is not what the fold says (-fold +document):\n%s\n%s", diff, document)
	}
	for b := range st.Root().Tasks() {
		if b.Task.Box < 1 || b.Task.Box >= len(b.Raw) || b.Raw[b.Task.Box-1] != '[' {
			return fmt.Errorf("the marker of %d is at %d of %q", b.Task.Key, b.Task.Box, b.Raw)
		}
	}
	if err := sameAlone(st); err != nil {
		return err
	}
	if again := doc.Bytes(); !bytes.Equal(again, document) {
		return fmt.Errorf("imported again: got %q, want %q", again, document)
	}
	return nil
}

// sameAlone returns an error unless each task is told alone as it is among all.
func sameAlone(st *checklist.State) error {
	all := make(map[int]checklist.JSONTask)
	var add func(tasks []checklist.JSONTask)
	add = func(tasks []checklist.JSONTask) {
		for _, task := range tasks {
			all[task.Key] = task
			add(task.Tasks)
		}
	}
	var in func(sections []checklist.JSONSection)
	in = func(sections []checklist.JSONSection) {
		for _, section := range sections {
			add(section.Tasks)
			in(section.Sections)
		}
	}
	in(st.JSON(checklist.Moment{}, "2026-11-23").Sections)
	for b := range st.Root().Tasks() {
		if diff := cmp.Diff([]checklist.JSONTask{all[b.Task.Key]}, st.TaskJSON("2026-11-23", b.Task.Key)); diff != "" {
			return fmt.Errorf("task %d (-among all +alone):\n%s", b.Task.Key, diff)
		}
	}
	return nil
}

// generated draws a document with all that people write.
func generated(t *rapid.T) string {
	eol := rapid.SampledFrom([]string{"\n", "\n", "\r\n"}).Draw(t, "eol")
	if rapid.IntRange(0, 19).Draw(t, "empty") == 0 {
		return ""
	}
	var b strings.Builder
	line := func(s string) { b.WriteString(s + eol) }
	if rapid.Bool().Draw(t, "title") {
		line("# Plan")
		line("")
	}
	switch rapid.IntRange(0, 5).Draw(t, "legend") {
	case 0:
		line("Legend: [ ] = Todo, [x] = Done")
		line("")
	case 1:
		line("[ ] open | [/] doing | [x] finished")
		line("")
	case 2:
		line("Owner: ______  |  Target start: ______  |  Target finish: ______")
		line("")
	}
	texts := 0
	text := func() string {
		texts++
		return rapid.StringMatching(`[a-z][a-z *_(]{0,6}[a-z]`).Draw(t, "text") + strconv.Itoa(texts) + rapid.SampledFrom([]string{
			"", "", "", "", " @eli", " #y", " +y @ada", " due:2026-12-01", " 🔁 every week 📅 2026-12-01", " est:5", " due:2026-12-01 at last",
		}).Draw(t, "meta")
	}
	bullet := rapid.SampledFrom([]string{"- ", "- ", "* ", "1. ", "2) ", "-   "}).Draw(t, "bullet")
	quote := ""
	depth, level := 0, 1
	for range rapid.IntRange(0, 14).Draw(t, "lines") {
		indent := quote + strings.Repeat(" ", depth*len(bullet))
		mark := rapid.SampledFrom([]string{" ", " ", " ", "x", "-", "~", "!", "X"}).Draw(t, "mark")
		switch rapid.IntRange(0, 14).Draw(t, "kind") {
		case 0, 1:
			quote = ""
			level = min(6, rapid.IntRange(2, level+1).Draw(t, "level"))
			if rapid.Bool().Draw(t, "blank") {
				line("")
			}
			line(strings.Repeat("#", level) + " " + text())
			if rapid.Bool().Draw(t, "blank") {
				line("")
			}
			depth = 0
			bullet = rapid.SampledFrom([]string{"- ", "- ", "* ", "1. ", "2) "}).Draw(t, "bullet")
		case 2:
			line(quote)
		case 3:
			line("")
			line(quote + "Words about " + text() + ".")
			depth = 0
			if rapid.Bool().Draw(t, "blank") {
				line("")
			}
		case 4:
			if depth > 0 {
				line(indent + "further " + text())
			}
		case 5:
			if depth > 0 {
				line("")
				line(indent + "a body of " + text())
			}
		case 6:
			line("")
			line("```")
			line("- [ ] no task " + text())
			line("```")
			depth = 0
		case 7:
			line(indent + bullet + "[" + mark + "] " + text() + " ([#7](https://github.com/o/r/issues/7))")
			depth++
		case 8:
			if depth == 0 && quote == "" {
				line("")
				quote = "> "
			} else if quote != "" {
				quote, depth = "", 0
				line("")
			}
		case 9, 10, 11:
			line(indent + bullet + "[" + mark + "] " + text())
			depth++
		default:
			depth = rapid.IntRange(0, depth).Draw(t, "depth")
			line(quote + strings.Repeat(" ", depth*len(bullet)) + bullet + "[" + mark + "] " + text())
			depth++
		}
	}
	s := b.String()
	if rapid.IntRange(0, 4).Draw(t, "end") == 0 {
		s = strings.TrimRight(s, "\r\n")
	}
	return s
}

// anyCommand draws a command about what is there.
func anyCommand(t *rapid.T, st *checklist.State) commands.Command {
	var keys, sections []string
	for b := range st.Root().All() {
		switch {
		case b.Task != nil:
			keys = append(keys, strconv.Itoa(b.Task.Key))
		case b.Section != nil:
			sections = append(sections, "s:"+strconv.Itoa(b.Section.Key))
		}
	}
	task := func() string {
		if len(keys) == 0 {
			return "1"
		}
		return rapid.SampledFrom(keys).Draw(t, "task")
	}
	tasks := func() []string {
		list := []string{task()}
		for rapid.IntRange(0, 3).Draw(t, "more") == 0 {
			list = append(list, task())
		}
		return list
	}
	section := func() string {
		if len(sections) == 0 {
			return "s:1"
		}
		return rapid.SampledFrom(sections).Draw(t, "section")
	}
	words := func() string {
		return rapid.StringMatching(`[A-Z][a-z #*_]{0,8}[a-z]`).Draw(t, "words") + strconv.FormatUint(st.Revision, 10) +
			rapid.SampledFrom([]string{"", "", "", " @kim", " due:2026-12-03", " #lab", " due:2026-12-04 for @kim"}).Draw(t, "meta")
	}
	place := func(also bool) (under, before, after, in string) {
		switch n := rapid.IntRange(0, 4).Draw(t, "place"); {
		case n == 0:
			return task(), "", "", ""
		case n == 1:
			return "", task(), "", ""
		case n == 2:
			return "", "", task(), ""
		case n == 3 || !also:
			return "", "", "", section()
		}
		return "", "", "", ""
	}
	switch rapid.IntRange(0, 22).Draw(t, "command") {
	case 0, 1, 2:
		verb := rapid.SampledFrom([]commands.Verb{commands.Start, commands.Stop, commands.Hold, commands.Done, commands.Drop, commands.Reopen}).Draw(t, "verb")
		return commands.Transition{Verb: verb, Tasks: tasks(), All: rapid.Bool().Draw(t, "all")}
	case 3, 4, 5:
		return commands.AddTask{Text: words()}.At(place(true))
	case 6, 7, 8:
		return commands.MoveTasks{Tasks: tasks()}.To(place(false))
	case 9:
		return commands.RemoveTasks{Tasks: tasks()}
	case 10:
		return commands.SplitTask{Task: task(), Texts: []string{words() + "a", words() + "b"}}
	case 11:
		return commands.EditTask{Task: task(), Text: words()}
	case 12:
		links := make([]commands.LinkTask, rapid.IntRange(1, 3).Draw(t, "links"))
		for i := range links {
			links[i] = commands.LinkTask{Task: task(), URL: rapid.SampledFrom([]string{
				"https://github.com/o/r/issues/12", "https://github.com/o/r/issues/7", "https://example.com/a_(b)",
			}).Draw(t, "url")}
		}
		if len(links) > 1 {
			return commands.LinkTasks{Links: links}
		}
		return links[0]
	case 13:
		b := st.Task(atoi(task()))
		if b == nil || len(b.Task.Links) == 0 {
			return commands.UnlinkTask{Task: task()}
		}
		return commands.UnlinkTask{Task: strconv.Itoa(b.Task.Key), URL: rapid.SampledFrom(b.Task.Links).Draw(t, "url")}
	case 14, 15:
		cmd := commands.AddSection{Title: words()}
		switch rapid.IntRange(0, 3).Draw(t, "place") {
		case 0:
			cmd.Before = section()
		case 1:
			cmd.After = section()
		case 2:
			cmd.Under = section()
		}
		return cmd
	case 16, 17:
		cmd := commands.MoveSection{Section: section()}
		if rapid.Bool().Draw(t, "before") {
			cmd.Before = section()
		} else {
			cmd.After = section()
		}
		return cmd
	case 18:
		return commands.EditSection{Section: section(), Title: words()}
	case 19:
		return commands.RemoveSection{Section: section(), WithTasks: true}
	case 20:
		return commands.Plan{Title: p(words()), Owner: p(rapid.SampledFrom([]string{"none", "ada"}).Draw(t, "owner")), Start: p("fri"), Finish: p("none")}
	}
	return otherCommand(t, task, tasks, section)
}

// otherCommand draws a command that leaves the document as it is.
func otherCommand(t *rapid.T, task func() string, tasks func() []string, section func() string) commands.Command {
	switch rapid.IntRange(0, 10).Draw(t, "other") {
	case 9:
		return commands.Plan{Markers: p(rapid.SampledFrom([]string{"none", "~=done,!=in progress", "~=on hold", "x=dropped,o=done,X=todo", "-=todo,/=dropped"}).Draw(t, "markers"))}
	case 0:
		return commands.Assign{Tasks: tasks(), Assignees: []string{"ada", "chen"}}
	case 1:
		return commands.Assign{Section: section(), Assignees: []string{rapid.SampledFrom([]string{"none", "eli"}).Draw(t, "who")}}
	case 2:
		return commands.Schedule{Tasks: tasks(), Due: "fri", Every: rapid.SampledFrom([]string{"", "week", "none"}).Draw(t, "every")}
	case 3:
		return commands.Schedule{Section: section(), Due: "none"}
	case 4:
		return commands.Estimate{Tasks: tasks(), Estimate: rapid.SampledFrom([]string{"3d", "none"}).Draw(t, "estimate")}
	case 5:
		return commands.Label{Tasks: tasks(), Add: []string{"x"}, Remove: []string{"y"}}
	case 6:
		return commands.BlockTask{Tasks: tasks(), By: tasks()}
	case 7:
		return commands.UnblockTask{Tasks: tasks()}
	case 8:
		return commands.CommentTask{Task: task(), Text: "so it is"}
	}
	return commands.UncommentTask{Task: task()}
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// Whatever is done to whatever document: the document stays what the fold says
// it is, every refusal is one that people can read, and every event is stored
// as it was decided.
func TestDocumentAndFoldStayOne(t *testing.T) {
	t.Parallel()
	whole := sample(t)
	rapid.Check(t, func(t *rapid.T) {
		document := whole
		if rapid.IntRange(0, 9).Draw(t, "sample") > 0 {
			document = generated(t)
		}
		st := given(t, on(document)...)
		verify(t, st)
		for range rapid.IntRange(1, 12).Draw(t, "commands") {
			before := string(st.Document())
			cmd := anyCommand(t, st)
			decided, err := decide(st, cmd)
			var refused *commands.Error
			if err != nil && !errors.As(err, &refused) {
				t.Fatalf("%s: got %v, want a refusal", cmd.Name(), err)
			}
			for _, e := range decided {
				stored(t, envelope(st, e))
			}
			st = evolve(t, st, decided...)
			if _, ok := cmd.(commands.Transition); ok {
				oneByteEach(t, before, string(st.Document()), decided)
			}
			if err := check(st); err != nil {
				t.Fatalf("%s %+v: %v\nbefore:\n%s\nevents:\n%s", cmd.Name(), cmd, err, before, told(decided))
			}
		}
	})
}

func told(decided []events.Event) string {
	var b strings.Builder
	for _, e := range decided {
		fmt.Fprintf(&b, "%s %+v\n", e.Kind(), e)
	}
	return b.String()
}

// stored checks that an event is read as it was written.
func stored(t failer, env events.Envelope) {
	t.Helper()
	body, err := events.Marshal(&env)
	if err != nil {
		t.Fatalf("marshal %#v: %v", env.Data, err)
	}
	got, err := events.Unmarshal(body)
	if err != nil {
		t.Fatalf("unmarshal %s: %v", body, err)
	}
	if diff := cmp.Diff(env.Data, got.Data); diff != "" {
		t.Fatalf("%s is not read as it was written (-want +got):\n%s", body, diff)
	}
}

// oneByteEach checks that every change of a state changed one byte at most,
// apart from the legend's line and those of tasks that come again another day.
func oneByteEach(t failer, before, after string, decided []events.Event) {
	t.Helper()
	a, b := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	if len(a) != len(b) {
		t.Fatalf("got %d lines, want %d", len(b), len(a))
	}
	bytesChanged, others := 0, 0
	for i := range a {
		switch n := differ(a[i], b[i]); {
		case n == 1:
			bytesChanged++
		case n > 1:
			others++
		}
	}
	learned, rescheduled := 0, 0
	for _, e := range decided {
		learned += len(legendOf(e))
		if _, ok := e.(*events.TaskScheduled); ok {
			rescheduled++
		}
	}
	if bytesChanged > len(decided) || learned > 1 || others < learned || others > learned+rescheduled {
		t.Fatalf("%d events changed %d bytes and %d lines, for %d legends and %d dates\n%s→\n%s", len(decided), bytesChanged, others, learned, rescheduled, before, after)
	}
}

// differ returns how many bytes of two lines differ; of lines that differ in
// length, all.
func differ(a, b string) int {
	if len(a) != len(b) {
		return max(len(a), len(b))
	}
	n := 0
	for i := range len(a) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

func legendOf(e events.Event) []events.Line {
	switch e := e.(type) {
	case *events.TaskStarted:
		return e.Doc
	case *events.TaskHeld:
		return e.Doc
	case *events.TaskCompleted:
		return e.Doc
	case *events.TaskDropped:
		return e.Doc
	case *events.TaskReopened:
		return e.Doc
	}
	return nil
}
