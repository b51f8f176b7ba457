package checklist

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode"

	"cairn/events"
)

// TestTexts holds every text view at both widths against its golden file, and
// what is true of all of them: no line is wider than the terminal, and nothing
// in it commands the terminal.
func TestTexts(t *testing.T) {
	t.Parallel()
	empty := newScript(t, "empty").at("2027-06-01 09:00", "ada@example.com")
	empty.do("ImportDocument", "", &events.ChecklistCreated{Title: ""})
	states := map[string]*State{"migration": migration(t).state(), "hostile": hostile(t).state(), "empty": empty.state()}
	fresh := newScript(t, "fresh").at("2027-06-04 09:00", "ada@example.com")
	fresh.do("ImportDocument", "", append([]events.Event{&events.ChecklistCreated{Title: "Release 4"}},
		fresh.document("- before any heading", "  - within it", "## Build", "- tag", "- sign", "### Deep", "- deeper")...)...)
	states["fresh"] = fresh.state()
	views := []struct {
		name  string
		write func(io.Writer, *State, Style) error
	}{
		{"show", Text},
		{"show-all", func(w io.Writer, st *State, s Style) error { s.All = true; return Text(w, st, s) }},
		{"status", func(w io.Writer, st *State, s Style) error { s.Me = "chen@example.com"; return Status(w, st, s) }},
		{"next", func(w io.Writer, st *State, s Style) error { return Next(w, st, Filter{}, s) }},
		{"ls", func(w io.Writer, st *State, s Style) error { return List(w, st, Filter{}, s) }},
		{"risks", WriteRisks},
		{"task", func(w io.Writer, st *State, s Style) error {
			for _, key := range []int{2, 3, 7, 11, 18, 14} {
				if b := st.Task(key); b != nil {
					if err := TextOf(w, st, b, s); err != nil {
						return err
					}
					_, _ = io.WriteString(w, "────\n")
				}
			}
			return nil
		}},
		{"section", func(w io.Writer, st *State, s Style) error {
			for _, key := range []int{1, 4} {
				if b := st.Section(key); b != nil {
					if err := TextOf(w, st, b, s); err != nil {
						return err
					}
					_, _ = io.WriteString(w, "────\n")
				}
			}
			return nil
		}},
	}
	for name, st := range states {
		for _, view := range views {
			for _, width := range []int{80, 0} {
				var buf bytes.Buffer
				if err := view.write(&buf, st, Style{Width: width, Now: now}); err != nil {
					t.Fatal(err)
				}
				file := name + "." + view.name + map[int]string{80: ".80.txt", 0: ".pipe.txt"}[width]
				golden(t, file, buf.Bytes())
				if i := strings.IndexFunc(buf.String(), func(r rune) bool { return unsafe(r) && r != '\n' && (r != '\t' || width > 0) }); i >= 0 {
					t.Errorf("%s: got the control character %q", file, buf.String()[i:i+1])
				}
				for line := range strings.Lines(buf.String()) {
					if got := Width(strings.TrimSuffix(line, "\n")); width > 0 && got > width {
						t.Errorf("%s: got a line of %d columns, want at most %d: %s", file, got, width, line)
					}
				}
			}
		}
	}
}

func TestTextInColor(t *testing.T) {
	t.Parallel()
	st := migration(t).state()
	for _, width := range []int{80, 0, 120, 40} {
		var plain, colored bytes.Buffer
		if err := Text(&plain, st, Style{Width: width, Now: now}); err != nil {
			t.Fatal(err)
		}
		if err := Text(&colored, st, Style{Width: width, Now: now, Color: true}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(colored.String(), "\x1b[31m") {
			t.Error("got no red, want what is late in red")
		}
		if got := stripped(colored.String()); got != plain.String() {
			t.Errorf("width %d: without its colours got\n%s\nwant\n%s", width, got, plain.String())
		}
	}
}

func TestShowKeepsOpenTasks(t *testing.T) {
	t.Parallel()
	st := migration(t).state()
	var buf bytes.Buffer
	if err := Text(&buf, st, Style{Width: 80, Now: now}); err != nil {
		t.Fatal(err)
	}
	for b := range st.Root().Tasks() {
		start := Cut(b.Task.Text, 20)
		start = strings.TrimSuffix(start, "…")
		if b.Task.State.Open() && !strings.Contains(buf.String(), start) {
			t.Errorf("the open task %d is not shown", b.Task.Key)
		}
	}
}

func TestWidth(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want int
	}{
		{"", 0},
		{"abc", 3},
		{"é", 1},
		{"e\u0301", 1},
		{"数据", 4},
		{"ｱ", 1},
		{"Ａ", 2},
		{"한국", 4},
		{"🚀", 2},
		{"👩‍👩‍👧‍👦", 2},
		{"🇩🇪🇫🇷", 4},
		{"👍🏽", 2},
		{"❤️", 2},
		{"❤", 1},
		{"–→…█", 4},
		{"\u200b", 0},
		{"עברית", 5},
		{"ก็", 1},
	} {
		if got := Width(test.text); got != test.want {
			t.Errorf("Width(%q): got %d, want %d", test.text, got, test.want)
		}
	}
}

func FuzzPad(f *testing.F) {
	for _, seed := range []string{"", "abc", "数据库", "👩‍👩‍👧‍👦x", "e\u0301\u0301", "🇩🇪🇫", "\xff\xfe", "\x1b[2J", "\u200d\u200d", "עברית"} {
		f.Add(seed, 5)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		width = min(max(width, 1), 200)
		clean := Clean(s)
		if i := strings.IndexFunc(clean, func(r rune) bool { return unsafe(r) || unicode.Is(unicode.Cc, r) }); i >= 0 {
			t.Errorf("Clean(%q): got a control character", s)
		}
		if got := Width(Pad(clean, width)); got != width {
			t.Errorf("Width(Pad(%q, %d)): got %d", clean, width, got)
		}
	})
}

func TestBar(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		part, whole int
		want        string
	}{
		{0, 0, "░░░░"}, {0, 3, "░░░░"}, {3, 3, "████"}, {1, 2, "██░░"}, {1, 32, "▏░░░"}, {31, 32, "███▉"}, {1, 1000, "░░░░"},
	} {
		if got := bar(test.part, test.whole, 4); got != test.want {
			t.Errorf("bar(%d, %d): got %s, want %s", test.part, test.whole, got, test.want)
		}
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	st := migration(t).state()
	for _, test := range []struct {
		words string
		want  string
	}{
		{"late", "7"},
		{"mine", "9 10"},
		{"@chen open", "9 10"},
		{"@Chen@elsewhere.org", "9 10"},
		{"hold", "14"},
		{"dropped", "16"},
		{"hold dropped", "14 16"},
		{"risk", "19 20"},
		{"risk done", "20"},
		{"blocked", "11 12 15"},
		{"POSTGRES cutover", "11"},
		{"+db", ""},
		{"done", "1 2 3 4 5 6 8 20 22"},
		{"no such text", ""},
	} {
		f, err := ParseFilter(strings.Fields(test.words), "chen@example.com")
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, b := range st.Select(f, "2027-06-04") {
			got = append(got, b.Task.Key)
		}
		if text := strings.ReplaceAll(keys(got, 99), ",", ""); text != test.want {
			t.Errorf("%s: got %s, want %s", test.words, text, test.want)
		}
	}
	for _, words := range [][]string{{"@"}, {"+"}, {"mine"}} {
		if _, err := ParseFilter(words, ""); err == nil {
			t.Errorf("%v: got no error", words)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	s := migration(t)
	st := s.state()
	body, err := json.MarshalIndent(st.JSON(Moment{AsOf: "@90"}, "2027-06-04"), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "migration.show.json", append(body, '\n'))
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	get := func(path string) any {
		var at any = doc
		for _, step := range strings.Split(path, ".") {
			if list, ok := at.([]any); ok {
				at = list[step[0]-'0']
				continue
			}
			object, ok := at.(map[string]any)
			if !ok {
				t.Fatalf("%s: no object at %s", path, step)
			}
			value, there := object[step]
			if !there {
				t.Fatalf("%s: no field %s", path, step)
			}
			at = value
		}
		return at
	}
	for _, test := range []struct {
		path string
		want any
	}{
		{"schema", 1.0},
		{"kind", "checklist"},
		{"checklist", "elixir-migration"},
		{"as_of", "@90"},
		{"seq", float64(len(s.envs))},
		{"timezone", "Europe/Berlin"},
		{"owner", "Ada"},
		{"target_start", "2026-12-01"},
		{"target_finish", "2027-09-30"},
		{"counts.tasks", 25.0},
		{"counts.done", 9.0},
		{"counts.on_hold", 1.0},
		{"counts.dropped", 1.0},
		{"counts.in_progress", 2.0},
		{"counts.todo", 12.0},
		{"progress.work", 19.0},
		{"progress.done", 7.0},
		{"progress.dropped", 1.0},
		{"risks.open", 1.0},
		{"risks.closed", 1.0},
		{"repeating", 1.0},
		{"sections.0.key", 1.0},
		{"sections.0.title", "1) Foundations (Phoenix + Ash + Core deps)"},
		{"sections.0.level", 2.0},
		{"sections.0.line", 3.0},
		{"sections.0.position", "1"},
		{"sections.0.progress.work", 3.0},
		{"sections.0.tasks.0.tasks.1.position", "1.1.2"},
		{"sections.0.tasks.0.tasks.1.parent", 1.0},
		{"sections.0.tasks.0.tasks.1.line", 6.0},
		{"sections.1.tasks.2.marker", "~"},
		{"sections.1.tasks.2.state", "in_progress"},
		{"sections.1.tasks.2.due", "2027-05-28"},
		{"sections.1.tasks.2.links.0.number", 227.0},
		{"sections.1.tasks.2.links.0.owner", "acme"},
		{"sections.1.tasks.2.links.0.repo", "beam"},
		{"sections.1.tasks.2.assignees.0", "ada"},
		{"sections.1.tasks.2.changed.by.name", "ada"},
		{"sections.1.tasks.2.changed.by.verified", false},
		{"sections.1.tasks.2.changed.at", "2027-05-20T08:30:00Z"},
		{"sections.2.tasks.3.blocked_by.0", 9.0},
		{"sections.2.tasks.3.ready", false},
		{"sections.3.tasks.1.until", "2027-06-11"},
		{"sections.3.sections.0.tasks.0.position", "4.5.1"},
		{"sections.3.sections.0.tasks.0.section", 5.0},
		{"sections.0.tasks.1.due", nil},
		{"sections.6.tasks.0.every", "week"},
		{"sections.6.tasks.0.occurrences.0", "2027-05-28"},
	} {
		if got := get(test.path); got != test.want {
			t.Errorf("%s: got %v, want %v", test.path, got, test.want)
		}
	}
	if strings.Contains(string(body), ": null,\n  \"labels\"") || strings.Contains(string(body), `"links": null`) {
		t.Error("got a null list, want an empty one")
	}
}

func TestListJSON(t *testing.T) {
	t.Parallel()
	st := migration(t).state()
	list := st.ListJSON(st.NextTasks("2027-06-04"), Moment{}, "2027-06-04")
	if list.Kind != "tasks" || len(list.Tasks) == 0 || list.Tasks[0].Key != 7 || list.Tasks[1].Key != 21 || !list.Tasks[1].Ready {
		t.Errorf("got %s %v, want tasks beginning with 7 and 21, which repeats and is due", list.Kind, list.Tasks)
	}
	one, ok := st.BlockJSON(st.Task(18), Moment{}, "2027-06-04").(OneTask)
	if !ok || one.Kind != "task" || len(one.Task.Tasks) != 2 || one.Task.Comments[0].Text != "diff log is clean for /events" {
		t.Errorf("got %+v, want task 18 with two tasks in it", one)
	}
	if got := st.TaskJSON("2027-06-04", 3, 99, 4); len(got) != 2 || got[1].Key != 4 {
		t.Errorf("got %v, want tasks 3 and 4", got)
	}
	if body, _ := json.Marshal(New().ListJSON(nil, Moment{}, "")); !strings.Contains(string(body), `"tasks":[]`) {
		t.Errorf("got %s, want an empty list", body)
	}
}

func TestLinkName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ url, want string }{
		{"https://github.com/o/r/issues/12", "#12"},
		{"https://github.com/o/r/pull/7#discussion", "#7"},
		{"https://example.com/docs", "example.com"},
		{"ADR 7", "link"},
		{"https://github.com/o/r/issues/new", "github.com"},
	} {
		if got := LinkName(test.url); got != test.want {
			t.Errorf("%s: got %s, want %s", test.url, got, test.want)
		}
	}
}

// TestHistoryFile keeps the events of the fixture where other packages read them.
func TestHistoryFile(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	for _, env := range migration(t).envs {
		buf.Write(env.Body)
		buf.WriteByte('\n')
	}
	golden(t, "migration.ndjson", buf.Bytes())
}
