package commands_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/server/commands"
)

func TestMatchIssues(t *testing.T) {
	t.Parallel()
	const url = "https://github.com/o/r/issues/"
	for _, test := range []struct {
		name     string
		document string
		linked   []commands.Command
		titles   []string
		// want has a word for each match, the tasks that have no issue last.
		want string
	}{
		{
			name:     "the same text, whatever its case and markup",
			document: "- [ ] Write the **backfill** job\n- [x] Seed scripts\n",
			titles:   []string{"seed scripts", "Write the backfill job!"},
			want:     "1=#2 2=#1",
		},
		{
			name:     "the only one that is alike",
			document: "- [ ] Initial backfill job written and tested\n- [ ] Seed scripts\n",
			titles:   []string{"Initial backfill job, written + tested (SQL)"},
			want:     "1=#1 -2",
		},
		{
			name:     "two that are alike are for a person, the best first",
			document: "- [ ] Initial backfill job written and tested\n- [ ] Initial backfill jobs written and tested\n",
			titles:   []string{"Initial backfill job was written and tested"},
			want:     "?1=#1(0.95) -2",
		},
		{
			name:     "a task that has its issue leaves the other to the next",
			document: "- [ ] Initial backfill job written and tested\n- [ ] Initial backfill jobs written and tested\n",
			titles:   []string{"Initial backfill job was written and tested", "Initial backfill jobs written and tested"},
			want:     "1=#1 2=#2",
		},
		{
			name:     "one text that stands twice is for a person; what is open comes first",
			document: "- [x] Tests pass\n- [ ] Tests pass\n",
			titles:   []string{"tests pass"},
			want:     "?2=#1(1.00) -1",
		},
		{
			name:     "one title that stands twice is for a person",
			document: "- [ ] Tests pass\n",
			titles:   []string{"tests pass", "Tests pass."},
			want:     "?1=#1(1.00)",
		},
		{
			name:     "other numbers are never accepted",
			document: "- [ ] Phase 1 of the cutover\n- [ ] Phase 2 of the cutover\n",
			titles:   []string{"Phase 1 of a cutover", "Phase 4 of the cutover"},
			want:     "1=#1 ?2=#2(0.90)!",
		},
		{
			name:     "what is a bit alike",
			document: "- [ ] Seed scripts and sample data\n- [ ] Metrics\n",
			titles:   []string{"Seed scripts and fixtures"},
			want:     "?1=#1(0.63) -2",
		},
		{
			name:     "what is linked is linked already, also with a slash at the end",
			document: "- [ ] Seed scripts\n- [ ] Metrics\n- [ ] Seed scripts\n",
			linked:   []commands.Command{commands.LinkTask{Task: "2", URL: url + "1/"}},
			titles:   []string{"Seed scripts", "Metrics"},
			want:     "=2 -1 -3",
		},
		{name: "no issues", document: "- [ ] a\n", want: "-1"},
		{name: "no title", document: "- [ ] a\n", titles: []string{""}, want: "-1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			st := given(t, on(test.document, test.linked...)...)
			var issues []commands.Issue
			for i, title := range test.titles {
				issue := commands.Issue{Number: i + 1, Title: title, URL: fmt.Sprint(url, i+1)}
				issues = append(issues, issue, issue) // the second changes nothing
			}
			m := commands.MatchIssues(st, issues)
			var got []string
			for _, x := range m.Already {
				got = append(got, fmt.Sprintf("=%d", x.Task.Task.Key))
			}
			for _, x := range m.Certain {
				got = append(got, fmt.Sprintf("%d=#%d", x.Task.Task.Key, x.Issue.Number))
			}
			for _, x := range m.Uncertain {
				s := fmt.Sprintf("?%d=#%d(%.2f)", x.Task.Task.Key, x.Issue.Number, x.Score)
				if x.Conflict {
					s += "!"
				}
				got = append(got, s)
			}
			for _, b := range m.Without {
				got = append(got, fmt.Sprintf("-%d", b.Task.Key))
			}
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, x := range m.Accept(0).Certain {
				if x.Conflict {
					t.Errorf("task %d was accepted", x.Task.Task.Key)
				}
			}
		})
	}
}
