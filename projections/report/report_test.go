package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections/audit"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
	"cairn/projections/report"
	"cairn/server/commands"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// world is a checklist called plan, whose clock stands until it is set.
type world struct {
	t   interface{ Fatalf(string, ...any) }
	now time.Time
	who string
	h   *commands.Handler
	log *eventstest.Log
}

func newWorld(t interface{ Fatalf(string, ...any) }, document string) *world {
	w := &world{t: t, log: eventstest.NewLog(), who: "ada@example.com", now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	w.h = commands.NewHandler(w.log, commands.Config{Now: func() time.Time { return w.now }})
	w.do("", commands.ImportDocument{Document: []byte(document)})
	return w
}

func (w *world) on(day, who string) *world {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	w.now, w.who = at.Add(10*time.Hour), who+"@example.com"
	return w
}

func (w *world) try(reason string, cmd commands.Command) error {
	_, err := w.h.Execute(context.Background(), commands.Meta{Checklist: "plan", Actor: events.Actor{ID: w.who, Auth: events.Unauthenticated}, Via: "test", Reason: reason}, cmd)
	return err
}

func (w *world) do(reason string, list ...commands.Command) *world {
	for _, cmd := range list {
		if err := w.try(reason, cmd); err != nil {
			w.t.Fatalf("%s: %v", cmd.Name(), err)
		}
	}
	return w
}

// report is that of what happened after a position, seen from a day.
func (w *world) report(after events.Seq, begin, end events.Day) report.Report {
	before, now := burndown.New(), burndown.New()
	var rows []audit.Row
	for env, err := range w.log.Read(context.Background(), events.Filter{Checklist: "plan"}) {
		if err != nil {
			w.t.Fatalf("%v", err)
		}
		if env.Seq > after {
			rows = append(rows, audit.Describe(now.State(), env))
		} else if before, err = burndown.Evolve(before, env); err != nil {
			w.t.Fatalf("%v", err)
		}
		if now, err = burndown.Evolve(now, env); err != nil {
			w.t.Fatalf("%v", err)
		}
	}
	return report.New(before, now, rows, report.Moment{Day: begin}, report.Moment{Day: end})
}

func verb(v commands.Verb, tasks ...string) commands.Command {
	return commands.Transition{Verb: v, Tasks: tasks}
}

const document = `# Plan

## Data

- [ ] Data parity validation (row counts, key invariants, spot checks) of all tables
- [ ] New writes go to Postgres
- [x] Decide how

## Messaging

- [ ] Outbox *table* created; publisher @worker
- [ ] Publisher emits messages
- [ ] Contract tests for message formats
- [ ] Build container images
- [ ] Switch Users

## Risks & mitigations

- [ ] Contract drift → shared schemas
- [ ] Old driver → leave it early

## Governance

- [ ] Weekly review
`

// sample is a week in which everything happens that a report tells.
func sample(t *testing.T) (w *world, week events.Seq) {
	w = newWorld(t, document)
	finish := "2027-01-29"
	w.do("", commands.Plan{Finish: &finish}, commands.Schedule{Tasks: []string{"11"}, Due: "fri", Every: "week"},
		commands.Assign{Tasks: []string{"1", "2"}, Assignees: []string{"chen"}}, commands.LinkTask{Task: "4", URL: "https://github.com/acme/beam/issues/241"},
		commands.BlockTask{Tasks: []string{"6"}, By: []string{"5"}}, commands.BlockTask{Tasks: []string{"9"}, By: []string{"6", "5"}})
	w.on("2026-11-25", "chen").do("", verb(commands.Done, "1"))
	w.on("2026-11-27", "dana").do("contract sign-off by Billing", commands.Transition{Verb: commands.Hold, Tasks: []string{"5"}, Until: "2026-12-11"})
	week = w.log.End()
	w.on("2026-11-30", "chen").do("PR #311", verb(commands.Done, "4"))
	w.on("2026-12-01", "chen").do("tickets_archive differs", verb(commands.Reopen, "1")).do("", verb(commands.Start, "1"), verb(commands.Start, "2"))
	w.on("2026-12-02", "ada").do("asked by audit", commands.AddTask{Text: "Rehearse the cutover"}.At("", "", "", "s:1"))
	w.do("one base image serves all", verb(commands.Drop, "7")).do("", commands.Schedule{Tasks: []string{"2"}, Due: "2026-12-02"})
	w.on("2026-12-03", "eli").do("", commands.SplitTask{Task: "8", Texts: []string{"reads", "writes"}}, verb(commands.Done, "10"), commands.RemoveTasks{Tasks: []string{"6"}})
	w.do("", commands.Schedule{Tasks: []string{"1"}, Due: "2026-12-08"})
	return w, week
}

// The week by hand: 7 are open at the import; 1 is closed in the week before: 6.
// In the week 1 closed (4), 1 re-opened (1), 1 added, 1 dropped (7), 1 removed (6),
// and 8 is two now: 6 - 1 + 1 + 1 - 1 - 1 + 1 is 6.
func TestSentence(t *testing.T) {
	t.Parallel()
	w, week := sample(t)
	r := w.report(week, "2026-11-27", "2026-12-04")
	want := "Remaining stayed at 6: one closed, one re-opened, one added, one dropped, one removed, one more by regrouping."
	if got := r.Sentence(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, test := range []struct {
		r    report.Report
		want string
	}{
		{report.Report{Before: 5, After: 5}, "Remaining stayed at 5: nothing was closed, and nothing came in."},
		{report.Report{Before: 20, After: 6, Moves: burndown.Moves{Closed: 13, Regrouped: -1}}, "Remaining went down from 20 to 6: 13 closed, one fewer by regrouping."},
		{report.Report{Before: 1, After: 3, Moves: burndown.Moves{Added: 2}}, "Remaining went up from 1 to 3: two added."},
	} {
		if got := test.r.Sentence(); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// Every form says the same; each is held against its golden file.
func TestForms(t *testing.T) {
	t.Parallel()
	w, week := sample(t)
	r := w.report(week, "2026-11-27", "2026-12-04")
	recorded := r
	recorded.Recorded = &checklist.Review{
		ReviewRecorded: events.ReviewRecorded{Status: "at-risk", Note: "Billing has not signed", Asks: []string{"Billing: sign by 12-11"}},
		Change:         checklist.Change{Seq: 40, At: w.now, By: events.Actor{ID: "ada@example.com"}},
	}
	for _, form := range []struct {
		name  string
		r     *report.Report
		write func(b *bytes.Buffer, r *report.Report) error
	}{
		{"week.80.txt", &r, func(b *bytes.Buffer, r *report.Report) error {
			return report.Text(b, r, "Not recorded yet", checklist.Style{Width: 80})
		}},
		{"week.50.txt", &r, func(b *bytes.Buffer, r *report.Report) error {
			return report.Text(b, r, "", checklist.Style{Width: 50})
		}},
		{"week.pipe.txt", &r, func(b *bytes.Buffer, r *report.Report) error { return report.Text(b, r, "", checklist.Style{}) }},
		{"recorded.80.txt", &recorded, func(b *bytes.Buffer, r *report.Report) error {
			return report.Text(b, r, "", checklist.Style{Width: 80})
		}},
		{"recorded.md", &recorded, func(b *bytes.Buffer, r *report.Report) error { return report.Markdown(b, r) }},
		{"recorded.html", &recorded, func(b *bytes.Buffer, r *report.Report) error { return report.HTML(b, r) }},
		{"changelog.md", &r, func(b *bytes.Buffer, r *report.Report) error { return report.Changelog(b, r) }},
		{"recorded.json", &recorded, func(b *bytes.Buffer, r *report.Report) error {
			enc := json.NewEncoder(b)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			return enc.Encode(report.JSON(r, checklist.Moment{}))
		}},
	} {
		var buf bytes.Buffer
		if err := form.write(&buf, form.r); err != nil {
			t.Fatal(err)
		}
		golden(t, form.name, buf.Bytes())
		_, after, _ := strings.Cut(form.name, ".")
		if width, err := strconv.Atoi(strings.TrimSuffix(after, ".txt")); err == nil {
			for line := range strings.Lines(buf.String()) {
				if got := checklist.Width(strings.TrimSuffix(line, "\n")); got > width {
					t.Errorf("%s: a line of %d columns: %s", form.name, got, line)
				}
			}
		}
	}
}

var counted = regexp.MustCompile(`(\w+) (closed|re-opened|added|dropped|removed|more by regrouping|fewer by regrouping)`)

// Whatever happened, the numbers of the sentence add up to what the checklist's
// tally says, and everything that was closed or opened again is named.
func TestSentenceAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, document)
		ends := []events.Seq{w.log.End()}
		for n := range rapid.IntRange(0, 20).Draw(t, "commands") {
			w.now = w.now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "hours")) * time.Hour)
			key := func() string { return fmt.Sprint(rapid.IntRange(1, 11+n).Draw(t, "task")) }
			var cmd commands.Command
			switch rapid.IntRange(0, 9).Draw(t, "command") {
			case 0:
				cmd = commands.AddTask{Text: fmt.Sprint("new ", n)}.At(key(), "", "", "")
			case 1:
				cmd = commands.RemoveTasks{Tasks: []string{key()}}
			case 2:
				cmd = commands.SplitTask{Task: key(), Texts: []string{fmt.Sprint("x", n), fmt.Sprint("y", n)}}
			case 3:
				cmd = commands.MoveTasks{Tasks: []string{key()}}.To("", "", "", "s:3")
			case 4:
				cmd = commands.Undo{}
			default:
				cmd = verb(rapid.SampledFrom([]commands.Verb{commands.Start, commands.Hold, commands.Done, commands.Drop, commands.Reopen}).Draw(t, "verb"), key())
			}
			if w.try("", cmd) == nil {
				ends = append(ends, w.log.End())
			}
		}
		after := rapid.SampledFrom(ends).Draw(t, "after")
		today := events.DayOf(w.now)
		r := w.report(after, "2026-11-23", today)
		sum := r.Before
		for _, m := range counted.FindAllStringSubmatch(r.Sentence(), -1) {
			if m[1] == "was" { // nothing was closed
				continue
			}
			n, err := strconv.Atoi(m[1])
			if err != nil {
				if n = map[string]int{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12}[m[1]]; n == 0 {
					t.Fatalf("%q is no number: %s", m[1], r.Sentence())
				}
			}
			switch m[2] {
			case "closed", "dropped", "removed", "fewer by regrouping":
				n = -n
			}
			sum += n
		}
		remaining := 0
		if err := w.h.View(t.Context(), "plan", func(st *checklist.State) error {
			remaining = st.Root().Tally().Progress.Remaining()
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if sum != remaining || r.After != remaining {
			t.Fatalf("%s\nfrom %d: the numbers make %d, the checklist has %d", r.Sentence(), r.Before, sum, remaining)
		}
	})
}

// What a chart says of the last review is what that review said.
func TestChartsRememberTheReview(t *testing.T) {
	t.Parallel()
	w, week := sample(t)
	then := w.report(week, "2026-11-27", "2026-12-04").Is
	w.on("2026-12-04", "ada").do("", commands.RecordReview{Status: "on-track", Note: "fine"})
	reviewed := w.log.End()
	w.do("later that day", verb(commands.Done, "1", "2", "12"))
	w.on("2026-12-09", "ada").do("", verb(commands.Done, "13"))
	if was := w.report(reviewed, "2026-12-04", "2026-12-10").Was; was.Behind != then.Behind {
		t.Errorf("the next report says %.2f, the review said %.2f", was.Behind, then.Behind)
	}
	s := burndown.New()
	for env, err := range w.log.Read(t.Context(), events.Filter{Checklist: "plan"}) {
		if err == nil {
			s, err = burndown.Evolve(s, env)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	v := s.Summarise("plan", "2026-12-10", true, burndown.Options{})
	if v.Before == nil || v.Before.Behind != then.Behind || v.Before.Left != 6 {
		t.Errorf("the chart says %+v, the review said %.2f behind", v.Before, then.Behind)
	}
}
