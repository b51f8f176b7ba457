package chart

import (
	"fmt"
	"io"
	"strings"

	"cairn/projections/burndown"
	"cairn/projections/checklist"
)

// Stats writes the figures of the last weeks: what was closed, how long work took,
// and what has been in progress for how long. People are listed by name, and only
// if people is set: it is no ranking.
func Stats(w io.Writer, s *burndown.Summary, v burndown.Stats, people bool, o TextOptions) error {
	style := checklist.Style{Width: max(o.Width, 0), Color: !o.Plain}
	edge := 78
	if !style.Piped() {
		edge = style.Edge()
	}
	id := fmt.Sprintf("%s@%d", s.Name, s.Seq)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", style.Bold(checklist.Pad("Work"+inUnit(s.Unit)+" week by week", max(edge-len(id)-2, 8))+"  "+id))
	head, row := "%-12s %7s  %9s  %-14s %9s  %9s\n", "%-12s %7s  %9s  %-14s %9s  %9s%s\n"
	names := []any{"from Monday", "closed", "re-opened", "scope", "remaining", "under way"}
	if edge < 78 {
		head, row = "%-10s %6s %7s  %-14s %5s %7s\n", "%-10s %6s %7s  %-14s %5s %7s%s\n"
		names = []any{"Monday", "closed", "re-open", "scope", "left", "started"}
	}
	fmt.Fprintf(&b, head, names...)
	for i, week := range v.Weeks {
		note := ""
		if s.Open && i == len(v.Weeks)-1 {
			note = "  not over"
			if edge < 78 {
				note = " …"
			}
		}
		fmt.Fprintf(&b, row, week.Monday, s.Unit.Number(week.Completed), some(s.Unit, week.Reopened),
			weekScope(s.Unit, week), s.Unit.Number(week.Remaining), s.Unit.Number(week.InProgress+week.Held), note)
	}
	fmt.Fprintln(&b)
	for _, line := range figures(s, v) {
		for _, part := range wrap(line, edge) {
			fmt.Fprintln(&b, part)
		}
	}
	if len(v.Ageing) > 0 {
		fmt.Fprintf(&b, "\nIn progress, oldest first\n")
		for _, a := range v.Ageing {
			who := checklist.Clean(strings.Join(a.Task.Task.Assignees, ", "))
			left := fmt.Sprintf("%9s  %4d  %s", took(a.Days), a.Task.Task.Key, checklist.Clean(a.Task.Task.Text))
			if !style.Piped() {
				left = checklist.Pad(checklist.Cut(left, edge-checklist.Width(who)-2), edge-checklist.Width(who)-2)
			}
			fmt.Fprintln(&b, strings.TrimRight(left+"  "+who, " "))
		}
	}
	if people && len(v.People) > 0 {
		fmt.Fprintf(&b, "\nWho closed what in these weeks, by name\n")
		for _, p := range v.People {
			fmt.Fprintf(&b, "  %-10s %s\n", checklist.Clean(p.Name), strings.Trim(fmt.Sprint(p.Tasks), "[]"))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// figures say how the weeks are counted, and how long work took.
func figures(s *burndown.Summary, v burndown.Stats) []string {
	var lines []string
	if line := countedIn(s); line != "" {
		lines = append(lines, line)
	}
	if v.Cycle.N > 0 {
		lines = append(lines, fmt.Sprintf("From start to end, of %d closed: half within %s, 85 %% within %s, 95 %% within %s.",
			v.Cycle.N, took(v.Cycle.P50), took(v.Cycle.P85), took(v.Cycle.P95)))
	}
	switch {
	case v.Unstarted > 0 && v.Cycle.N == 0:
		lines = append(lines, fmt.Sprintf("Of the %d that are closed nobody said when they were started.", v.Unstarted))
	case v.Unstarted > 0:
		lines = append(lines, fmt.Sprintf("Of %d more that are closed nobody said when they were started.", v.Unstarted))
	}
	return lines
}

// some is a number, empty for none.
func some(u burndown.Unit, n int) string {
	if n == 0 {
		return ""
	}
	return u.Number(n)
}

func weekScope(u burndown.Unit, w burndown.Week) string {
	var parts []string
	if w.Added > 0 {
		parts = append(parts, signed(u, w.Added))
	}
	if w.Removed > 0 {
		parts = append(parts, signed(u, -w.Removed))
	}
	if w.Regrouped != 0 {
		parts = append(parts, "regr. "+signed(u, w.Regrouped))
	}
	return strings.Join(parts, " ")
}

// took writes a duration in days: "3 days", under two days in hours.
func took(days float64) string {
	switch {
	case days < 1.0/24:
		return "under 1 h"
	case days < 2:
		return fmt.Sprintf("%.0f h", days*24)
	}
	return fmt.Sprintf("%.0f days", days)
}
