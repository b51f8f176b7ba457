package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cairn/events"
	"cairn/projections/checklist"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	h := NewHistory()
	rows := tell(t, h, more(t, migration(t)))
	st := h.State()
	for _, test := range []struct {
		name   string
		filter Filter
		want   []events.Seq
	}{
		{"an action in any case", Filter{Kinds: []string{"reopen"}}, []events.Seq{70, 78}},
		{"one of several kinds", Filter{Kinds: []string{"REOPEN", "drop"}}, []events.Seq{69, 70, 78}},
		{"a kind of event without its version", Filter{Kinds: []string{"task.reopened"}}, []events.Seq{70, 77, 78}},
		{"a kind of event in full", Filter{Kinds: []string{"cairn.task.reopened.v1"}}, []events.Seq{70, 77, 78}},
		{"what a command with several events is called", Filter{Kinds: []string{"split"}}, []events.Seq{67, 68}},
		{"a part of a name, case aside", Filter{Actors: []string{"DAN"}}, []events.Seq{66}},
		{"one of several actors", Filter{Actors: []string{"dana", "eli@"}, Kinds: []string{"hold", "start"}}, []events.Seq{66, 76}},
		{"whom an agent acts for", Filter{Actors: []string{"eli"}, Kinds: []string{"start"}}, []events.Seq{76}},
		{"the agent itself", Filter{Actors: []string{"claude"}}, []events.Seq{76}},
		{"a task", Filter{About: st.Task(9), Kinds: []string{"done", "reopen"}}, []events.Seq{61, 70, 75}},
		{"a task that was split, with its parts", Filter{About: st.Task(18), Kinds: []string{"split", "comment"}}, []events.Seq{67, 68, 74}},
		{"a section, with what was moved into it and out of it", Filter{Section: st.Section(3), Kinds: []string{"moved"}}, []events.Seq{86, 87}},
		{"text in the reason", Filter{Text: "TICKETS_archive"}, []events.Seq{70}},
		{"text before a change", Filter{Text: "feature-flagged", Kinds: []string{"reworded"}}, []events.Seq{85}},
		{"text in a list", Filter{Text: "auth", Kinds: []string{"label"}}, []events.Seq{81, 82}},
		{"a reference is no text", Filter{Text: "section/3"}, nil},
		{"all that is given must hold", Filter{Actors: []string{"chen"}, Kinds: []string{"done"}, Text: "ADR", Section: st.Section(6)}, nil},
	} {
		var got []events.Seq
		for _, r := range test.filter.Select(rows) {
			got = append(got, r.Seq)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
	if got := (Filter{}).Select(rows); len(got) != len(rows) {
		t.Errorf("no filter: got %d of %d rows", len(got), len(rows))
	}
}

func TestCheckKind(t *testing.T) {
	t.Parallel()
	newer := []Row{{Action: "task snoozed", Kind: "cairn.task.snoozed.v1"}}
	for word, ok := range map[string]bool{
		"done": true, "Reopen": true, "undo": true, "task.completed": true, "cairn.task.completed": true, "cairn.task.completed.v1": true,
		"Task.Completed": true, "task.snoozed": true, "task.finished": false, "completed": false, "": false, "updated": false,
	} {
		err := CheckKind(word, newer)
		if (err == nil) != ok {
			t.Errorf("%q: got %v, want accepted to be %t", word, err, ok)
		}
		if err != nil && !strings.Contains(err.Error(), "REOPEN") {
			t.Errorf("%q: got %v, want what there is", word, err)
		}
	}
}

// TestActions: every action that a view shows can be asked for.
func TestActions(t *testing.T) {
	t.Parallel()
	rows := tell(t, NewHistory(), more(t, migration(t)))
	for _, kind := range events.Kinds() {
		if noun := kind.Noun(); noun == "log" || noun == "signer" || noun == "user" || noun == "token" || noun == "access" || noun == "publication" {
			continue // of no checklist
		}
		body := `{"specversion":"1.0","id":"1","source":"/checklists/x","type":"` + string(kind) + `","time":"2027-01-01T00:00:00Z","data":{}}`
		rows = append(rows, Describe(checklist.New(), events.Decode(1, "x", []byte(body))))
	}
	for _, e := range append(Commands(rows), Each(rows)...) {
		if !slices.Contains(Actions(), e.Action) {
			t.Errorf("%s: the action %q is not among Actions", e.At(), e.Action)
		}
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"": "", "plain": "plain", "@412": "'@412", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "  =1": "'  =1", "\t=1": "' =1", "\tx": "' x",
		"\rx": "' x", "\u00a0@x": "'\u00a0@x", "\u200b=x": "'\u200b=x", "＝1": "'＝1", "a=b": "a=b", "[x]": "[x]", "– → 3d": "– → 3d", " x": " x",
		"two\nlines": "two lines", "\x1b[31m=x": "␛[31m=x", "\x00=x": "'␀=x",
	} {
		if got := Guard(cell); got != want {
			t.Errorf("%q: got %q, want %q", cell, got, want)
		}
	}
}

// TestCSVIsARecordAnEvent, whatever the texts are: a reader finds as many records
// as there are events, each on one line, none of them a formula.
func TestCSVIsARecordAnEvent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ \t\r\n",;=+@'-]{0,4}[a-z"]{0,3}`))
		rows := make([]Row, rapid.IntRange(0, 20).Draw(t, "rows"))
		for i := range rows {
			rows[i] = Row{
				Seq: events.Seq(i + 1), Action: "done", Text: text.Draw(t, "text"), Reason: text.Draw(t, "reason"), Actor: events.Actor{ID: text.Draw(t, "actor")},
				Target: events.TaskRef(1), Key: 1, Changes: []Change{{fieldText, text.Draw(t, "before"), nil}},
			}
		}
		var buf bytes.Buffer
		if err := CSV(&buf, rows, About{Name: "plan"}); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(bytes.NewReader(buf.Bytes())).ReadAll()
		if err != nil || len(records) != len(rows)+1 || strings.Count(buf.String(), "\n") != len(rows)+1 {
			t.Fatalf("got %d records on %d lines (%v), want %d", len(records), strings.Count(buf.String(), "\n"), err, len(rows)+1)
		}
		for _, record := range records {
			for _, cell := range record {
				if strings.ContainsAny(strings.TrimLeft(cell, " \u00a0")+" ", "=+-@") && strings.IndexAny(strings.TrimLeft(cell, " \u00a0"), "=+-@") == 0 {
					t.Fatalf("got the cell %q, a formula", cell)
				}
			}
		}
	})
}

func TestCSV(t *testing.T) {
	t.Parallel()
	h := NewHistory()
	rows := tell(t, h, more(t, migration(t)))
	var buf bytes.Buffer
	if err := CSV(&buf, rows[60:], about(t, h)); err != nil {
		t.Fatal(err)
	}
	golden(t, "log.csv", buf.Bytes())
}

func TestFormat(t *testing.T) {
	t.Parallel()
	h := NewHistory()
	rows := tell(t, h, more(t, migration(t)))
	entries := Commands(rows)
	i := slices.IndexFunc(entries, func(e Entry) bool { return e.Action == "hold" })
	for template, want := range map[string]string{
		`{{.At}}\t{{.Who}}\t{{.Action}} {{.Key}}`:             "@66\tdana*\thold 14\n",
		`{{.Time.Day}} {{.Time}}`:                             "2027-06-01 2027-06-01T12:05:00+02:00\n",
		`{{.Before}}→{{.After}} {{.Change}}`:                  "todo→on_hold [ ] → [!] until 2027-06-11\n",
		`{{json .Text}}\n{{.Events}}`:                         "\"Publisher emits messages to RabbitMQ with stable JSON schemas\"\n1\n",
		`{{.Text | cut 10}}|{{pad 6 .Key}}|{{upper .Action}}`: "Publisher…|14    |HOLD\n",
		`{{"a\tb"}}\\`: "a\tb\\\n",
		`{{if eq .Action "hold"}}{{.Section}}{{else}}no{{end}}`:  "4) Messaging\n",
		`{{.Actor}} {{.Kind}} {{.Command}} {{.Seq}}-{{.Last}}`:   "dana@example.com cairn.task.held.v1 HoldTask 66-66\n",
		`{{.Claimed.Day}} {{.Recorded.Day}} {{.Via}} {{.Cause}}`: "2027-06-01 2027-06-01 cli \n",
	} {
		f, err := ParseFormat(template)
		if err != nil {
			t.Errorf("%s: %v", template, err)
			continue
		}
		var buf bytes.Buffer
		if err := f.Write(&buf, entries[i:i+1], about(t, h)); err != nil || buf.String() != want {
			t.Errorf("%s: got %q (%v), want %q", template, buf.String(), err, want)
		}
	}
	for template, want := range map[string]string{
		`{{.Foo}}`: "can't evaluate field Foo", `{{.Text`: "unclosed action", `{{nope .Text}}`: `function "nope" not defined`,
		`json`: "names no field", ``: "names no field", `{{cut .Text}}`: "wrong number of args",
	} {
		_, err := ParseFormat(template)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "template:") {
			t.Errorf("%s: got %v, want one line with %q", template, err, want)
		}
	}
	// What fails on one line only has written none before it.
	f, err := ParseFormat(`{{if eq .Action "hold"}}{{.Foo}}{{end}}`)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := f.Write(&buf, entries, about(t, h)); err == nil || buf.Len() > 0 {
		t.Errorf("got %q and %v, want an error alone", buf.String(), err)
	}
}

// TestFormatKnowsNoMore: the fields that help lists are those that there are.
func TestFormatKnowsNoMore(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(newLine(Entry{Rows: []Row{{Effective: time.Unix(0, 0)}}}, About{}))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "line.json", body)
}

func TestLogHead(t *testing.T) {
	t.Parallel()
	h := NewHistory()
	rows := tell(t, h, more(t, migration(t)))
	entries := Commands(Filter{Actors: []string{"eli"}}.Select(rows))
	a := about(t, h)
	a.OldestFirst = true
	a.Only = []string{"by eli", "in 5) Incremental cutover", "since 2027-01-01", "until fri", `with "postgres and more"`}
	var buf bytes.Buffer
	if err := LogText(&buf, entries, a, checklist.Style{Width: 80, Now: now, Of: checklist.Moment{AsOf: "fri"}}); err != nil {
		t.Fatal(err)
	}
	golden(t, "filtered.80.txt", buf.Bytes())
	buf.Reset()
	if err := LogText(&buf, entries, a, checklist.Style{Width: 80, Wide: true, Now: now}); err != nil || strings.Contains(buf.String(), "…") {
		t.Errorf("wide: something is cut (%v):\n%s", err, buf.String())
	}
	buf.Reset()
	if err := LogText(&buf, nil, a, checklist.Style{Width: 80}); err != nil || buf.Len() > 0 {
		t.Errorf("no entries: got %q (%v), want nothing", buf.String(), err)
	}
}
