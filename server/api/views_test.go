package api_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
	"cairn/projections/report"
	"cairn/server/api"
	"cairn/server/app"
	"cairn/server/commands"
)

// history is a door whose checklist has some history, of three days.
func history(t *testing.T) *door {
	d := open(t, api.Config{})
	d.do("PlanChecklist", `{"start":"2026-11-02","finish":"2026-12-18"}`)
	d.now = began.AddDate(0, 0, 1)
	d.do("CompleteTask", `{"tasks":["writer"],"reason":"PR #9"}`)
	d.do("HoldTask", `{"tasks":["oban"]}`, "Cairn-Actor: bob")
	d.now = began.AddDate(0, 0, 2)
	d.do("ReopenTask", `{"tasks":["writer"],"reason":"it was not"}`)
	d.do("AddTask", `{"text":"backfill","section":"s:1"}`)
	return d
}

// TestViewsAreThoseOfTheFold: what a view answers is the JSON of the command line
// over the same state, now and as of a moment.
func TestViewsAreThoseOfTheFold(t *testing.T) {
	t.Parallel()
	d := history(t)
	for _, asOf := range []string{"", "2026-11-03", "@17", "import"} {
		query := ""
		if asOf != "" {
			query = "?as_of=" + asOf
		}
		m, err := app.Moments{App: d.app, Name: "migration", Now: d.now}.Find(t.Context(), checklist.Moment{AsOf: asOf})
		if err != nil {
			t.Fatal(err)
		}
		want := make(map[string]string)
		if err := d.app.Checklist(t.Context(), "migration", m.At, func(st *checklist.State) error {
			today := m.Today(st)
			want[""] = encoded(t, st.JSON(m.Of, today))
			want["/tasks"] = encoded(t, st.ListJSON(st.Select(checklist.Filter{}, today), m.Of, today))
			next := st.ListJSON(st.NextTasks(today), m.Of, today)
			next.Kind = "next"
			want["/next"] = encoded(t, next)
			want["/tasks/2"] = encoded(t, st.BlockJSON(st.Task(2), m.Of, today))
			want["/sections/2"] = encoded(t, st.BlockJSON(st.Block(events.SectionRef(2)), m.Of, today))
			want["/risks"] = encoded(t, st.RisksJSON(m.Of, today))
			want["/blame"] = encoded(t, audit.BlameJSON(st, audit.Blame(st, st.Root()), m.Of))
			want["/document"] = string(st.Document())
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := d.app.Burndown(t.Context(), "migration", m.At, func(s *burndown.Series) error {
			for _, kind := range []string{"burndown", "burnup", "flow", "forecast", "stats"} {
				v := s.Summarise("migration", m.Today(s.State()), !m.Over(s.State(), d.now), burndown.Options{})
				want["/"+kind] = encoded(t, v.JSON(s.State().JSONHead(kind, m.Of)))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for path, body := range want {
			r := d.get(list+path+query).want(t, http.StatusOK)
			if diff := cmp.Diff(body, string(r.body)); diff != "" {
				t.Errorf("%s%s (-want +got):\n%s", path, query, diff)
			}
			if r.Header.Get("Cairn-Seq") == "" || r.Header.Get("ETag") == "" {
				t.Errorf("%s%s: no Cairn-Seq or ETag in %v", path, query, r.Header)
			}
			d.get(list+path+query, "If-None-Match: "+r.Header.Get("ETag")).want(t, http.StatusNotModified)
		}
	}
}

// TestReportAndDiffOverHTTP: as the folds say.
func TestReportAndDiffOverHTTP(t *testing.T) {
	t.Parallel()
	d := history(t)
	from, err := app.Moments{App: d.app, Name: "migration", Now: d.now}.When(t.Context(), "2026-11-02")
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	if err := d.app.Between(t.Context(), "migration", from, nil, func(before, after *checklist.State, rows []audit.Row) error {
		want = encoded(t, audit.DiffJSON(after, audit.Diff(before, after, rows), "2026-11-02", ""))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(d.get(list+"/diff?from=2026-11-02").want(t, 200).body)); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}
	for query, of := range map[string]checklist.Moment{
		"": {}, "?as_of=2026-11-03": {AsOf: "2026-11-03"}, "?as_known_at=2026-11-03": {KnownAt: "2026-11-03"}, "?as_of=@26": {AsOf: "@26"}, "?since=2026-11-02T12:00": {}, "?since=2026-11-02T12:00&as_of=2026-11-04T08:00": {AsOf: "2026-11-04T08:00"},
	} {
		m := app.Moments{App: d.app, Name: "migration", Now: d.now}
		upto, err := m.Find(t.Context(), of)
		if err != nil {
			t.Fatal(err)
		}
		var since *commands.When
		if strings.Contains(query, "since") {
			if since, err = m.When(t.Context(), "2026-11-02T12:00"); err != nil {
				t.Fatal(err)
			}
		}
		var page bytes.Buffer
		if err := app.Review(t.Context(), d.app, "migration", upto, since, d.now, func(r *report.Report) error {
			want = encoded(t, report.JSON(r, of))
			return report.HTML(&page, r)
		}); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if diff := cmp.Diff(want, string(d.get(list+"/report"+query).want(t, 200).body)); diff != "" {
			t.Errorf("report%s (-want +got):\n%s", query, diff)
		}
		r := d.get(list+"/report"+query, "Accept: text/html,*/*;q=0.1").want(t, 200)
		if diff := cmp.Diff(page.String(), string(r.body)); diff != "" || r.Header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.HasPrefix(r.Header.Get("Content-Security-Policy"), "default-src 'none'; style-src") {
			t.Errorf("report%s as a page, %v (-want +got):\n%.500s", query, r.Header, diff)
		}
	}
	// A review is what it was, by its own name or as of it.
	d.do("RecordReview", `{"status":"on-track","note":"well"}`)
	d.do("AddTask", `{"text":"one more"}`)
	recorded := string(d.get(list+"/report?review=review").want(t, 200).body)
	if asOf := string(d.get(list+"/report?as_of=review").want(t, 200).body); asOf != recorded || !strings.Contains(recorded, `"status":"on-track"`) {
		t.Errorf("review=review and as_of=review (-want +got):\n%s", cmp.Diff(recorded, asOf))
	}
	for _, query := range []string{"?review=review&as_of=fri", "?review=review&since=fri", "?review=2026-11-02"} {
		if r := d.get(list+"/report"+query).want(t, http.StatusBadRequest); r.code(t) != "usage" {
			t.Errorf("%s: %s", query, r.body)
		}
	}
	if r := d.get(list + "/report?review=review~1"); r.code(t) != "moment_not_found" {
		t.Errorf("a review that nobody recorded: %s", r.body)
	}
}

// TestForms: format= comes before Accept, and each form is what it says.
func TestForms(t *testing.T) {
	t.Parallel()
	d := history(t)
	for _, c := range []struct{ path, accept, kind string }{
		{"/burndown", "", "application/json"},
		{"/burndown", "*/*", "application/json"},
		{"/burndown", "image/svg+xml", "image/svg+xml"},
		{"/burndown", "text/html, image/*;q=0.8, */*;q=0.1", "image/svg+xml"},
		{"/burndown?format=png&dark=true&by=week", "image/svg+xml", "image/png"},
		{"/burnup?format=svg", "", "image/svg+xml"},
		{"/flow?format=csv", "", "text/csv; charset=utf-8"},
		{"/stats?format=text&weeks=2&people=true", "", "text/plain; charset=utf-8"},
		{"/forecast", "text/plain", "text/plain; charset=utf-8"},
		{"/report", "text/markdown", "text/markdown; charset=utf-8"},
		{"/blame", "text/csv", "text/csv; charset=utf-8"},
		{"/log?format=csv", "", "text/csv; charset=utf-8"},
		{"/log?format=text", "", "text/plain; charset=utf-8"},
		{"/document", "*/*", "text/markdown; charset=utf-8"},
	} {
		var h []string
		if c.accept != "" {
			h = append(h, "Accept: "+c.accept)
		}
		r := d.get(list+c.path, h...).want(t, http.StatusOK)
		if got := r.Header.Get("Content-Type"); got != c.kind {
			t.Errorf("%s, Accept %q: got %s, want %s", c.path, c.accept, got, c.kind)
		}
		var err error
		switch c.kind {
		case "image/svg+xml":
			err = xml.Unmarshal(r.body, new(struct{}))
		case "image/png":
			_, err = png.Decode(strings.NewReader(string(r.body)))
		case "text/csv; charset=utf-8":
			_, err = csv.NewReader(strings.NewReader(string(r.body))).ReadAll()
		}
		if err != nil || len(r.body) == 0 {
			t.Errorf("%s: %d bytes, %v", c.path, len(r.body), err)
		}
	}
	if r := d.get(list+"/burndown", "Accept: video/mp4").want(t, http.StatusNotAcceptable); r.code(t) != "not_acceptable" {
		t.Errorf("video: %s", r.body)
	}
	if r := d.get(list+"/forecast?format=svg").want(t, http.StatusBadRequest); r.code(t) != "usage" {
		t.Errorf("a picture of a forecast: %s", r.body)
	}
}

type logPage struct {
	Total int
	Next  *string
	Rows  []audit.JSONRow
}

// TestLogPages: the pages of the log are all rows, each once, whatever their size
// and order.
func TestLogPages(t *testing.T) {
	t.Parallel()
	d := history(t)
	rows, err := d.app.History(t.Context(), "migration")
	if err != nil {
		t.Fatal(err)
	}
	var want []events.Seq
	for _, r := range rows {
		want = append(want, r.Seq)
	}
	for _, order := range []string{"newest", "oldest"} {
		for _, limit := range []string{"1", "3", "1000"} {
			var got []events.Seq
			path := list + "/log?limit=" + limit + "&order=" + order
			for path != "" {
				var p logPage
				r := d.get(path).want(t, http.StatusOK)
				r.json(t, &p)
				path = ""
				if p.Next != nil {
					path = *p.Next
					if link := r.Header.Get("Link"); link != "<"+path+`>; rel="next"` {
						t.Errorf("Link is %s, next %s", link, path)
					}
				}
				if p.Total != len(rows) {
					t.Errorf("total is %d of %d", p.Total, len(rows))
				}
				for _, r := range p.Rows {
					if order == "newest" {
						got = append([]events.Seq{r.Seq}, got...)
					} else {
						got = append(got, r.Seq)
					}
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s by %s (-want +got):\n%s", order, limit, diff)
			}
		}
	}
	for query, n := range map[string]int{
		"kind=done": 1, "kind=REOPEN&kind=done": 2, "actor=bob": 1, "task=writer": 3, "section=2": 5, "since=2026-11-04": 2,
		"until=2026-11-02&kind=added": 9, "text=it+was+not": 1, "after=9999": 0, "as_of=2026-11-03&kind=REOPEN": 0,
	} {
		var p logPage
		d.get(list+"/log?"+query).want(t, http.StatusOK).json(t, &p)
		if len(p.Rows) != n {
			t.Errorf("%s: %d rows, want %d", query, len(p.Rows), n)
		}
	}
}

// TestFilterWords: those of cairn ls, in one parameter or several.
func TestFilterWords(t *testing.T) {
	t.Parallel()
	d := history(t)
	d.now = time.Date(2026, 12, 12, 9, 0, 0, 0, time.UTC)
	for query, want := range map[string]string{
		"filter=open&filter=@ada": "core_events schema", "filter=open+@ada": "core_events schema",
		"filter=late": "dry run", "filter=hold": "oban queue", "filter=risk": "two writers → one writer at a time",
		"filter=mine+done": "umbrella project", "filter=read&section=Ground": "reader", "filter=late&as_of=2026-11-30": "",
	} {
		var got struct{ Tasks []struct{ Text string } }
		d.get(list+"/tasks?"+query, "Cairn-Actor: ada").want(t, http.StatusOK).json(t, &got)
		text := ""
		for _, task := range got.Tasks {
			text += task.Text
		}
		if text != want {
			t.Errorf("%s: got %q, want %q", query, text, want)
		}
	}
}

// TestAnETagSaysWhichAnswer: that of a section is another as soon as a task in it is.
func TestAnETagSaysWhichAnswer(t *testing.T) {
	t.Parallel()
	d := history(t)
	r := d.get(list+"/sections/1").want(t, http.StatusOK)
	d.do("CompleteTask", `{"tasks":["reader"]}`)
	again := d.get(list+"/sections/1", "If-None-Match: "+r.Header.Get("ETag")).want(t, http.StatusOK)
	tag, _, _ := strings.Cut(r.Header.Get("ETag"), "-")
	if is, _, _ := strings.Cut(again.Header.Get("ETag"), "-"); is != tag {
		t.Errorf("the heading did not change: %s became %s", r.Header.Get("ETag"), again.Header.Get("ETag"))
	}
	d.get(list+"/sections/1", "If-None-Match: W/"+again.Header.Get("ETag")+`, "x"`).want(t, http.StatusNotModified)
}
