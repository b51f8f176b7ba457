package checklist

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"cairn/events"
)

// risky is a checklist with risks of all kinds.
func risky(t *testing.T) *script {
	s := newScript(t, "plan").at("2026-11-23 10:00", "ada@example.com")
	s.do("ImportDocument", "", append([]events.Event{&events.ChecklistCreated{Title: "Plan"}}, s.document(
		"## Work", "- shared schemas", "- contract tests", "- headers", "- dashboards", // 1 2 3 4
		"## Risks & mitigations",
		"- Contract drift → shared schemas + contract tests enforced", // 5
		"- Trace gaps -> standardize headers; validate in dashboards", // 6
		"- SQL Server driver maturity → migrate to Postgres early",    // 7
		"- Somebody leaves", // 8
		"- The vendor raises its prices before the contract is signed by both sides, which none of us has thought of → ask now", // 9
		"- Weekly look at the risks", // 10
		"- Dropped in time",          // 11
	)...)...)
	s.do("ScheduleTask", "", &events.TaskScheduled{Key: 10, Due: events.Set(events.Day("2026-11-27")), Every: events.Set("week")})
	s.at("2026-12-01 10:00", "bob@example.com")
	s.do("AssignTask", "", &events.TaskAssigned{Key: 6, Assignees: []string{"bob"}}, &events.TaskAssigned{Key: 9, Assignees: []string{"a very long name of a person", "eli"}})
	s.do("BlockTask", "", &events.TaskBlocked{Key: 5, By: []int{1, 2, 4}}, &events.TaskBlocked{Key: 2, By: []int{1}}, &events.TaskBlocked{Key: 6, By: []int{3}})
	s.do("StartTask", "", &events.TaskStarted{Key: 3, Mark: '~'})
	s.do("CompleteTask", "decided in ADR 7", &events.TaskCompleted{Key: 7, Mark: 'x'})
	s.at("2026-12-02 10:00", "bob@example.com").do("RemoveTask", "", &events.TaskRemoved{Key: 4})
	s.do("DropTask", "", &events.TaskDropped{Key: 11, Mark: '-'})
	return s
}

// Open risks that nobody has come first, then by age; closed ones last. They are
// those that the tally counts, and no work.
func TestRisks(t *testing.T) {
	t.Parallel()
	st := risky(t).state()
	var got []string
	for _, r := range st.Risks("2026-12-05") {
		got = append(got, fmt.Sprint(r.Task.Key, " ", r.Threat, " ", r.Days))
	}
	want := "5 Contract drift 12\n8 Somebody leaves 12\n6 Trace gaps 12\n9 The vendor raises its prices before the contract is signed by both sides, which none of us has thought of 12\n" +
		"11 Dropped in time 9\n7 SQL Server driver maturity 8"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if tally := st.Root().Tally(); tally.Risks.Open+tally.Risks.Closed != len(got) || tally.Progress.Work != 3 {
		t.Errorf("got %d, and %+v", len(got), tally)
	}
}

func TestRisksText(t *testing.T) {
	t.Parallel()
	st := risky(t).state()
	for _, width := range []int{80, 0, 40} {
		var buf bytes.Buffer
		if err := WriteRisks(&buf, st, Style{Width: width, Now: now}); err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("risks.%d.txt", width), buf.Bytes())
		for line := range strings.Lines(buf.String()) {
			if got := Width(strings.TrimSuffix(line, "\n")); width > 0 && got > width {
				t.Errorf("got a line of %d columns: %s", got, line)
			}
		}
	}
	body, err := json.MarshalIndent(st.RisksJSON(Moment{}, "2026-12-05"), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "risks.json", append(body, '\n'))
}
