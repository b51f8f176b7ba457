package commands_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
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
		// want has a word for each match, then the tasks that have another issue
		// or none, then the issues that have no task.
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
			want:     "?1=#1(1.00) #2",
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
			want:     "=2 -1 -3 #2",
		},
		{
			name:     "a task with another issue has one, and can still be matched",
			document: "- [ ] Seed scripts\n- [ ] Metrics\n- [ ] Docs\n",
			linked: []commands.Command{
				commands.LinkTask{Task: "1", URL: url + "70"}, commands.LinkTask{Task: "2", URL: url + "71"}, commands.LinkTask{Task: "3", URL: "https://example.com/a"},
			},
			titles: []string{"Seed scripts"},
			want:   "1=#1 o2 -3",
		},
		{name: "no issues", document: "- [ ] a\n", want: "-1"},
		{name: "no title", document: "- [ ] a\n", titles: []string{""}, want: "-1 #1"},
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
			for _, b := range m.Others {
				got = append(got, fmt.Sprintf("o%d", b.Task.Key))
			}
			for _, b := range m.Without {
				got = append(got, fmt.Sprintf("-%d", b.Task.Key))
			}
			for _, issue := range m.Unmatched {
				got = append(got, fmt.Sprintf("#%d", issue.Number))
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

func TestLinkIssues(t *testing.T) {
	t.Parallel()
	const url = "https://github.com/o/r/issues/"
	link := func(accept *float64, titles ...string) commands.LinkIssues {
		c := commands.LinkIssues{Accept: accept}
		for i, title := range titles {
			c.Issues = append(c.Issues, commands.Issue{Number: i + 1, Title: title, URL: fmt.Sprint(url, i+1)})
		}
		return c
	}
	half, most := 0.5, 0.9
	document := "- [ ] Seed scripts and sample data\n- [x] Metrics\n"
	linked := "- [ ] Seed scripts and sample data\n- [x] Metrics ([#2](" + url + "2))\n"
	run(t, []decided{
		{name: "what is certain", given: on(document), when: link(nil, "Seed scripts and fixtures", "metrics"), document: linked},
		{name: "what scores too little", given: on(document), when: link(&most, "Seed scripts and fixtures", "metrics"), document: linked},
		{
			name:  "what scores enough, in the order of keys",
			given: on(document), when: link(&half, "Seed scripts and fixtures", "metrics"),
			then: []events.Event{
				&events.TaskLinked{Key: 1, URL: url + "1", Raw: "- [ ] Seed scripts and sample data ([#1](" + url + "1))\n", Box: 3},
				&events.TaskLinked{Key: 2, URL: url + "2", Raw: "- [x] Metrics ([#2](" + url + "2))\n", Box: 3},
			},
		},
		{name: "what is linked already", given: on(document, link(nil, "", "metrics")), when: link(nil, "", "metrics")},
		{name: "what is like no task", given: on(document), when: link(nil, "The logo is ugly")},
		{name: "no issue", given: on(document), when: link(nil)},
		{
			name:  "what is no URL",
			given: on(document), when: commands.LinkIssues{Issues: []commands.Issue{{Title: "metrics", URL: "#2"}}},
			refused: `usage: link "#2": want a URL such as https://github.com/OWNER/REPO/issues/12`,
		},
	})
}
