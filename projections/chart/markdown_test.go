package chart_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/projections/chart"
)

// hostile is a text that would be markup, wherever it got.
const hostile = "| a `b` <b>bold</b> <img src=x> ```\\| [x](http://y.example) @ada #12"

// What is pasted into an issue: each form, with texts that would break it.
func TestMarkdown(t *testing.T) {
	t.Parallel()
	const until = "2026-12-18"
	s := weighed(t, until)
	v := s.Summarise("elixir-migration", until, true, burndown.Options{Sections: true})
	v.Title, v.Sections[0].Title, v.Ideal.Baseline = hostile, hostile, hostile
	figures := s.Stats(v.Days, 8, time.Date(2026, 12, 18, 15, 0, 0, 0, time.UTC))
	figures.Ageing = []burndown.Ageing{{Task: s.State().Task(20), Days: 3}}
	figures.Ageing[0].Task.Task.Text, figures.Ageing[0].Task.Task.Assignees = hostile, []string{hostile}
	figures.People[0].Name = hostile
	changes := s.Changes()
	changes = append(changes, burndown.ScopeChange{Seq: 90, Day: until, Added: 2, Removed: 1, Regrouped: -1, Tasks: []int{20}, By: events.Actor{ID: hostile}, Reason: hostile})
	text := func(int) string { return hostile }
	o := chart.TextOptions{Markdown: true, Width: 132}
	for name, write := range map[string]func(w io.Writer) error{
		"burndown": func(w io.Writer) error { return chart.Text(w, &v, chart.Burndown, o) },
		"burnup":   func(w io.Writer) error { return chart.Text(w, &v, chart.Burnup, o) },
		"flow":     func(w io.Writer) error { return chart.Text(w, &v, chart.Flow, o) },
		"forecast": func(w io.Writer) error { return chart.MarkdownForecast(w, &v) },
		"scope":    func(w io.Writer) error { return chart.MarkdownScope(w, &v, changes, text) },
		"stats":    func(w io.Writer) error { return chart.MarkdownStats(w, &v, figures, true) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".md", b.Bytes())
			var page bytes.Buffer
			md := goldmark.New(goldmark.WithExtensions(extension.GFM))
			if err := md.Convert(b.Bytes(), &page); err != nil {
				t.Fatal(err)
			}
			html := page.String()
			for _, markup := range []string{"<b>", "<img", "<a ", "raw HTML omitted -->b"} {
				if strings.Contains(html, markup) {
					t.Errorf("a text became markup, %s:\n%s", markup, html)
				}
			}
			if got := strings.Count(html, "<pre>"); got > 1 || strings.Count(html, "<table>") > 1 {
				t.Errorf("got %d fences and %d tables", got, strings.Count(html, "<table>"))
			}
			// It reads as it was written: each pipe in its cell.
			plain := strings.ReplaceAll(strings.ReplaceAll(html, "<!-- raw HTML omitted -->", ""), "\\", "")
			want := strings.Count(b.String(), `\| a \`)
			if got := strings.Count(plain, "| a `b` &lt;b&gt;bold&lt;/b&gt; &lt;img src=x&gt; ```| [x](http://y.example)"); got != want || want == 0 {
				t.Errorf("got the text %d times, want %d:\n%s", got, want, html)
			}
		})
	}
}
