package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with the golden file name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

var now = time.Date(2027, 6, 4, 12, 12, 0, 0, time.UTC)

func about(t *testing.T, h *History) About {
	t.Helper()
	return About{Name: "elixir-migration", Seq: h.State().Seq(), Zone: h.State().Zone()}
}

// migration is the history of the checklist's fixture.
func migration(t *testing.T) []events.Envelope {
	t.Helper()
	f, err := os.Open("../checklist/testdata/migration.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var envs []events.Envelope
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		envs = append(envs, events.Decode(events.Seq(len(envs)+1), "elixir-migration", bytes.Clone(scan.Bytes())))
	}
	return envs
}

// tell folds envs and returns their rows.
func tell(t *testing.T, h *History, envs []events.Envelope) []Row {
	t.Helper()
	var rows []Row
	for _, env := range envs {
		row, err := h.Next(env)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// more adds one command of every kind to envs.
func more(t *testing.T, envs []events.Envelope) []events.Envelope {
	t.Helper()
	at := time.Date(2027, 6, 4, 10, 30, 0, 0, time.UTC)
	add := func(command, reason string, list ...events.Event) {
		first := len(envs)
		for i, data := range list {
			n := len(envs) + 1
			env := events.Envelope{
				ID: "id-" + string(rune('a'+n-first)) + command, Checklist: "elixir-migration", Revision: uint64(n),
				Time: at, EffectiveTime: at, RecordedTime: at, Actor: events.Actor{ID: "bob@example.com", Auth: "user"}, Via: "api",
				CommandID: "more-" + command, CommandName: command, Part: i + 1, Parts: len(list), Reason: reason, Data: data,
			}
			if command == "CompleteTaskOn" {
				env.Time = at.AddDate(0, 0, -1)
			}
			if command == "StartTaskFor" {
				env.Actor.ID, env.Actor.Auth, env.OnBehalfOf = "claude", "service_account", "eli@example.com"
			}
			body, err := events.Marshal(&env)
			if err != nil {
				t.Fatal(err)
			}
			envs = append(envs, events.Decode(events.Seq(n), "elixir-migration", body))
		}
	}
	add("CompleteTaskOn", "48 h without a difference", &events.TaskCompleted{Key: 9, Mark: 'x'})
	add("StartTaskFor", "", &events.TaskStarted{Key: 11, Mark: '~'})
	add("StopTask", "", &events.TaskReopened{Key: 11, Mark: ' '})
	add("ReopenTask", "spec fails", &events.TaskReopened{Key: 4, Mark: ' '})
	add("ScheduleTask", "", &events.TaskScheduled{Key: 7, Due: events.Set(events.Day("2027-06-09"))})
	add("EstimateTask", "", &events.TaskEstimated{Key: 7, Estimate: "3d"})
	add("LabelTask", "", &events.TaskLabeled{Key: 7, Labels: []string{"db", "auth"}})
	add("LabelTask2", "", &events.TaskLabeled{Key: 7, Labels: []string{"db"}})
	add("UnlinkTask", "", &events.TaskUnlinked{Key: 7, URL: "https://github.com/acme/beam/issues/227"})
	add("UnblockTask", "", &events.TaskUnblocked{Key: 15, By: []int{13}})
	add("EditTask", "", &events.TaskReworded{Key: 10, Text: "New writes go to Postgres", Raw: "- [ ] New writes go to Postgres\n", Box: 3, Match: events.Match{Stage: "similar", Score: 0.71}})
	add("MoveTask", "", &events.TaskMoved{Key: 25, Place: events.Place{In: events.SectionRef(6)}})
	add("MoveTask2", "", &events.TaskMoved{Key: 12, Place: events.Place{In: events.SectionRef(3), After: events.TaskRef(9)}})
	add("RemoveTask", "a duplicate", &events.TaskRemoved{Key: 17})
	add("HoldTask", "", &events.TaskHeld{Key: 14, Mark: '!', Until: "2027-06-18"})
	add("AddSection", "", &events.SectionAdded{Key: 20, Place: events.Place{After: events.SectionRef(9)}, Level: 2, Title: "7) After", Raw: "## 7) After\n"})
	add("EditSection", "", &events.SectionRetitled{Key: 20, Title: "7) Afterwards", Raw: "## 7) Afterwards\n"})
	add("AssignSection", "", &events.SectionAssigned{Key: 20, Assignees: []string{"eli"}})
	add("PlanChecklist", "steering moved it", &events.ChecklistDescribed{Finish: events.Set(events.Day("2027-10-29")), Owner: events.Set("")})
	add("SyncDocument", "", &events.TaskCompleted{Key: 23, Mark: 'x'}, &events.TaskReworded{Key: 24, Text: "all writes", Raw: "  - [ ] all writes\n", Box: 5},
		&events.DocumentSynced{Path: "plans/elixir-migration.md", SHA256: "cd", Commit: "9f3c2e1aaa"})
	add("CompleteTask", "", &events.TaskCompleted{Key: 24, Mark: 'x'})
	add("EditText", "", &events.TextEdited{Key: 2, Edits: []events.Edit{{At: 0, Cut: 6, Put: "Key"}}})
	add("RecordReview", "", &events.ReviewRecorded{From: 1, Upto: 90, Status: "at-risk", Note: "Docker closes Tuesday", Asks: []string{"Billing: sign"}})
	add("EditTask2", "", &events.TaskReworded{Key: 7, Text: "Ash.Policy", Raw: "- [~] Ash.Policy\n", Box: 3}, &events.TaskAssigned{Key: 13, Assignees: []string{"dana"}})
	add("ArchiveChecklist", "shipped", &events.ChecklistArchived{})
	return envs
}

func TestLog(t *testing.T) {
	t.Parallel()
	h := NewHistory()
	rows := tell(t, h, more(t, migration(t)))
	for _, test := range []struct {
		name    string
		entries []Entry
		width   int
	}{
		{"log.80.txt", Commands(rows), 80},
		{"log.pipe.txt", Commands(rows), 0},
		{"events.80.txt", Each(rows[40:]), 80},
	} {
		slices.Reverse(test.entries)
		var buf bytes.Buffer
		if err := LogText(&buf, test.entries, about(t, h), checklist.Style{Width: test.width, Now: now}); err != nil {
			t.Fatal(err)
		}
		golden(t, test.name, buf.Bytes())
		for line := range strings.Lines(buf.String()) {
			if n := checklist.Width(strings.TrimSuffix(line, "\n")); test.width > 0 && n > test.width {
				t.Errorf("%s: got a line of %d columns: %s", test.name, n, line)
			}
		}
	}
}

// TestChanges holds what a write prints and what `watch` prints, command by
// command as they come.
func TestChanges(t *testing.T) {
	t.Parallel()
	for _, width := range []int{80, 0} {
		h := NewHistory()
		s := checklist.Style{Width: width, Now: now}
		var changes, watch bytes.Buffer
		envs := more(t, migration(t))
		for len(envs) > 0 {
			n := 1
			for n < len(envs) && envs[n].CommandID == envs[0].CommandID {
				n++
			}
			rows := tell(t, h, envs[:n])
			envs = envs[n:]
			if n < 10 {
				for _, r := range rows {
					_, _ = io.WriteString(&changes, ChangeLine(r, h.State(), s)+"\n")
				}
				for _, line := range Consequences(h.State(), rows) {
					_, _ = io.WriteString(&changes, line+"\n")
				}
			}
			for _, e := range Commands(rows) {
				if err := EntryText(&watch, e, h.State(), about(t, h), s); err != nil {
					t.Fatal(err)
				}
			}
		}
		file := map[int]string{80: ".80.txt", 0: ".pipe.txt"}[width]
		golden(t, "changes"+file, changes.Bytes())
		golden(t, "watch"+file, watch.Bytes())
		for line := range strings.Lines(changes.String() + watch.String()) {
			if n := checklist.Width(strings.TrimSuffix(line, "\n")); width > 0 && n > width {
				t.Errorf("got a line of %d columns: %s", n, line)
			}
		}
	}
}

func TestRowJSON(t *testing.T) {
	t.Parallel()
	h := NewHistory()
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	rows := tell(t, h, more(t, migration(t)))
	for _, r := range rows {
		if err := enc.Encode(r.JSON("elixir-migration")); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "log.ndjson", buf.Bytes())
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Action == "REOPEN" && r.Key == 9 })
	line := strings.Split(buf.String(), "\n")[i]
	var row map[string]any
	if err := json.Unmarshal([]byte(line), &row); err != nil {
		t.Fatal(err)
	}
	change := row["changes"].([]any)[0].(map[string]any)
	event := row["event"].(map[string]any)
	for _, test := range []struct {
		name      string
		got, want any
	}{
		{"seq", row["seq"], float64(rows[i].Seq)},
		{"action", row["action"], "REOPEN"},
		{"task", row["task"], 9.0},
		{"reason", row["reason"], "tickets_archive differs"},
		{"field", change["field"], "state"},
		{"before", change["before"], "done"},
		{"after", change["after"], "todo"},
		{"actor", row["actor"].(map[string]any)["name"], "chen"},
		{"event type", event["type"], "cairn.task.reopened.v1"},
		{"on_behalf_of", row["on_behalf_of"], nil},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, test.got, test.want)
		}
	}
	if _, there := row["undoes"]; !there {
		t.Error("got no field undoes, want null")
	}
}

// TestDescribeChangesNothing: the state that a row was told from is the same
// before and after, and the row does not change with the state.
func TestDescribeChangesNothing(t *testing.T) {
	t.Parallel()
	st := checklist.New()
	var rows []Row
	var told []string
	for _, env := range more(t, migration(t)) {
		before, _ := json.Marshal(st.JSON(checklist.Moment{}, "2026-11-23"))
		row := Describe(st, env)
		after, _ := json.Marshal(st.JSON(checklist.Moment{}, "2026-11-23"))
		if !bytes.Equal(before, after) {
			t.Fatalf("@%d changed the state that it was told from", env.Seq)
		}
		text, _ := json.Marshal(row.JSON(""))
		rows, told = append(rows, row), append(told, string(text))
		var err error
		if st, err = checklist.Evolve(st, env); err != nil {
			t.Fatal(err)
		}
	}
	for i, row := range rows {
		if text, _ := json.Marshal(row.JSON("")); string(text) != told[i] {
			t.Errorf("@%d: got %s, want %s", row.Seq, text, told[i])
		}
	}
}

// TestEveryKindHasAnAction tells an empty event of each kind about nothing
// that is there.
func TestEveryKindHasAnAction(t *testing.T) {
	t.Parallel()
	for _, kind := range events.Kinds() {
		body := `{"specversion":"1.0","id":"1","source":"/checklists/x","type":"` + string(kind) + `","time":"2027-01-01T00:00:00Z","data":{}}`
		row := Describe(checklist.New(), events.Decode(1, "x", []byte(body)))
		if row.Action == "" || strings.Contains(row.Action, "updated") {
			t.Errorf("%s: got the action %q", kind, row.Action)
		}
		if kind.Noun() == "task" && strings.Contains(row.Action, " ") {
			t.Errorf("%s: got %q, want one word", kind, row.Action)
		}
		e := Each([]Row{row})[0]
		_ = e.Detail("2027-01-01") // must not panic
	}
	unknown := events.Decode(1, "x", []byte(`{"specversion":"1.0","id":"1","source":"/checklists/x","type":"cairn.task.snoozed.v1","time":"2027-01-01T00:00:00Z","data":{}}`))
	if got := Describe(checklist.New(), unknown).Action; got != "task snoozed" {
		t.Errorf("got %q, want task snoozed", got)
	}
	broken := events.Decode(7, "x", []byte("{"))
	if got := Describe(checklist.New(), broken); got.Action != "unreadable" || got.Seq != 7 {
		t.Errorf("got %q at @%d, want unreadable at @7", got.Action, got.Seq)
	}
}

func TestCommandsJoinsWhatIsApart(t *testing.T) {
	t.Parallel()
	rows := []Row{
		{Seq: 1, CommandID: "a", Action: "done", Key: 1, Target: events.TaskRef(1), Text: "one"},
		{Seq: 2, CommandID: "b", Action: "start", Key: 2, Target: events.TaskRef(2), Text: "two"},
		{Seq: 3, CommandID: "a", Action: "done", Key: 3, Target: events.TaskRef(3), Text: "three"},
		{Seq: 4},
		{Seq: 5},
	}
	got := Commands(rows)
	if len(got) != 4 || got[0].At() != "@1+" || got[0].Last().Seq != 3 || got[0].Text != "2 tasks, 1 3: one, three" {
		t.Errorf("got %d entries, the first %s %q", len(got), got[0].At(), got[0].Text)
	}
}

func TestShortTitle(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"1) Foundations (Phoenix + Ash + Core deps)": "Foundations", "11) Governance / tracking": "Governance",
		"2. API": "API", "2027": "2027", "": "", "Supercalifragilistic": "Supercalifragili…",
	} {
		if got := ShortTitle(title, 17); got != want {
			t.Errorf("%q: got %q, want %q", title, got, want)
		}
	}
}

func BenchmarkDescribe(b *testing.B) {
	st := checklist.New()
	for key := 1; key <= 10_000; key++ {
		env := events.Envelope{Seq: events.Seq(key), Data: &events.TaskAdded{Key: key, Place: events.Place{After: events.TaskRef(key - 1)}, Text: "task", State: events.Todo, Raw: "- [ ] task\n", Box: 3}}
		st, _ = checklist.Evolve(st, env)
	}
	env := events.Envelope{Seq: 10_001, Data: &events.TaskCompleted{Key: 5_000, Mark: 'x'}}
	for b.Loop() {
		Describe(st, env)
	}
}
