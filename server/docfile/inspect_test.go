package docfile_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/projections/checklist"
	"cairn/server/commands"
	"cairn/server/docfile"
)

func TestInspectSample(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../markdown/testdata/elixir-migration.md")
	if err != nil {
		t.Fatal(err)
	}
	got, err := docfile.Inspect(b, "")
	want := docfile.Report{
		Sections: 11, Parents: 2, Repeats: 66,
		Tally: checklist.Tally{
			Counts:   checklist.Counts{Tasks: 66, Todo: 66},
			Progress: checklist.Progress{Work: 61, Todo: 61},
			Risks:    checklist.Risks{Open: 3},
		},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("got %v (-want +got):\n%s", err, diff)
	}
	if got, want := got.Apart(), "3 risks, 2 parents apart; 66 seems to repeat: cairn due -h"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestInspectWarnings(t *testing.T) {
	t.Parallel()
	const noTask = `no task in it (a task is a line like "- [ ] text"); it is taken as it is`
	many := ""
	for _, c := range "aeiuywv" {
		many += "- [" + string(c) + "] text\n"
	}
	for _, test := range []struct {
		name, document string
		want           []string
	}{
		{"a good document", "- [ ] a\n", nil},
		{"an empty file", "", []string{"the file is empty; it is taken as it is"}},
		{"a file of blank lines", " \n\r\n\t", []string{"the file is empty; it is taken as it is"}},
		{"prose", "# Plan\n", []string{noTask}},
		{"invalid UTF-8", "- [ ] a\xff\n- [ ] b\xfe\n", []string{"not all of it is UTF-8; its bytes are kept as they are"}},
		{"prose that is not UTF-8", "\xff", []string{noTask, "not all of it is UTF-8; its bytes are kept as they are"}},
		{"a marker without a meaning", "- [ ] a\n\n- [@] b\n- [@] c\n", []string{"line 3: marker [@] has no meaning here: 2 read as todo"}},
		{"a marker of the legend", "Legend: [ ] = Todo, [@] = Done\n\n- [@] b\n", nil},
		{"many markers without a meaning", "- [ ] a\n" + many, []string{
			"line 2: marker [a] has no meaning here: 1 read as todo", "line 3: marker [e] has no meaning here: 1 read as todo",
			"line 4: marker [i] has no meaning here: 1 read as todo", "line 5: marker [u] has no meaning here: 1 read as todo",
			"line 6: marker [y] has no meaning here: 1 read as todo", "and 2 more such lines",
		}},
	} {
		got, err := docfile.Inspect([]byte(test.document), "")
		if err != nil || !slices.Equal(got.Warnings, test.want) {
			t.Errorf("%s: got %q, %v, want %q", test.name, got.Warnings, err, test.want)
		}
	}
}

func TestInspectRefusesWhatAnImportWould(t *testing.T) {
	t.Parallel()
	for _, document := range []string{strings.Repeat("x", docfile.MaxFile+1), "- [ ] " + strings.Repeat("x", 1<<20)} {
		_, err := docfile.Inspect([]byte(document), "")
		var e *commands.Error
		if !errors.As(err, &e) || e.Code != commands.CodeOverLimit {
			t.Errorf("%d bytes: got %v, want %s", len(document), err, commands.CodeOverLimit)
		}
	}
}

func TestApart(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		"- [ ] a\n":                                "",
		"- [ ] a\n  - [-] b\n## Risk\n- [x] c\n":   "1 risk, 1 parent, 1 dropped apart",
		"- [ ] a\n- [ ] Weekly: look at it\n":      "2 seems to repeat: cairn due -h",
		"- [ ] a weekly parent\n  - [ ] b\n":       "1 parent apart",
		"- [ ] a\n- [ ] biweekly\n- [ ] (daily)\n": "2 seems to repeat: cairn due -h",
	} {
		got, err := docfile.Inspect([]byte(document), "")
		if err != nil || got.Apart() != want {
			t.Errorf("%q: got %q, %v, want %q", document, got.Apart(), err, want)
		}
	}
}
