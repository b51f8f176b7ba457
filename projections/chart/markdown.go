package chart

import (
	"fmt"
	"io"
	"strings"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
)

// page is a piece of Markdown to be pasted into an issue: what comes from the
// checklist is escaped, so that it formats nothing, calls nobody and breaks no
// table.
type page struct{ strings.Builder }

// newPage begins a page with a heading and what it is of.
func newPage(s *burndown.Summary, title string) *page {
	p := &page{}
	if s.Title != "" {
		title += ": " + s.Title
	}
	fmt.Fprintf(p, "### %s\n\n`%s@%d`\n", audit.Escape(title), checklist.Clean(s.Name), s.Seq)
	return p
}

// fence writes lines as they are.
func (p *page) fence(text string) {
	mark := "```"
	for strings.Contains(text, mark) {
		mark += "`"
	}
	fmt.Fprintf(p, "\n%stext\n%s\n%s\n", mark, strings.TrimRight(text, "\n"), mark)
}

// table writes rows, the first of which is its head; the columns named in right
// are aligned there.
func (p *page) table(right string, rows ...[]string) {
	fmt.Fprintln(p)
	for i, row := range rows {
		for j := range row {
			row[j] = strings.ReplaceAll(row[j], "\n", " ")
		}
		fmt.Fprintf(p, "| %s |\n", strings.Join(row, " | "))
		if i > 0 {
			continue
		}
		for j := range row {
			if right[j] == 'r' {
				p.WriteString("|--:")
			} else {
				p.WriteString("|---")
			}
		}
		p.WriteString("|\n")
	}
}

// list writes a line each.
func (p *page) list(lines []string) {
	if len(lines) > 0 {
		fmt.Fprintln(p)
	}
	for _, line := range lines {
		fmt.Fprintf(p, "- %s\n", audit.Escape(line))
	}
}

func (p *page) to(w io.Writer) error {
	_, err := io.WriteString(w, p.String())
	return err
}

// MarkdownForecast is Forecast as Markdown: a table, and sentences.
func MarkdownForecast(w io.Writer, s *burndown.Summary) error {
	p := newPage(s, "Forecast"+inUnit(s.Unit))
	day := func(d events.Day) string {
		if d == "" {
			return "not in sight"
		}
		return string(d)
	}
	if f := s.Forecast; f != nil {
		rows := [][]string{
			{"", "left", "50 %", "85 %", "95 %", "chance"},
			{"as it goes now", s.Unit.Number(s.Now.Left), day(f.P50), day(f.P85), day(f.P95), chanceBy(f)},
			{"if nothing more comes in", "", day(f.Steady.P50), day(f.Steady.P85), day(f.Steady.P95), ""},
		}
		for _, section := range s.Sections {
			if f := section.Forecast; f != nil {
				rows = append(rows, []string{
					audit.Escape(sectionTitle(section)), s.Unit.Number(section.Work.Remaining()), day(f.P50), day(f.P85), day(f.P95), chanceBy(f),
				})
			}
		}
		p.table("lrlllr", rows...)
	}
	lines := withoutSteady(s, "")
	if line := without(s); line != "" && s.Forecast != nil {
		lines = append(lines, line)
	}
	p.list(lines)
	return p.to(w)
}

// chanceBy is the chance of a forecast, and by when.
func chanceBy(f *burndown.Forecast) string {
	if f.By == "" {
		return ""
	}
	return audit.Escape(Percent(f.Chance)) + " by " + string(f.By)
}

// MarkdownScope is Scope as Markdown: a table.
func MarkdownScope(w io.Writer, s *burndown.Summary, changes []burndown.ScopeChange, text func(key int) string) error {
	p := newPage(s, "Changes of the scope"+inUnit(s.Unit))
	rows := [][]string{{"at", "day", "who", "change", "what", "why"}}
	for i := len(changes) - 1; i >= 0; i-- {
		c := changes[i]
		rows = append(rows, []string{
			fmt.Sprintf("`@%d`", c.Seq), string(c.Day), audit.Escape(c.By.Name()), audit.Escape(changed(c, s.Unit)), audit.Escape(subject(c, text)), audit.Escape(c.Reason),
		})
	}
	p.table("rllrll", rows...)
	if line := countedIn(s); line != "" {
		p.list([]string{line})
	}
	return p.to(w)
}

// MarkdownStats is Stats as Markdown: a table, and lists.
func MarkdownStats(w io.Writer, s *burndown.Summary, v burndown.Stats, people bool) error {
	p := newPage(s, "Work"+inUnit(s.Unit)+" week by week")
	rows := [][]string{{"from Monday", "closed", "re-opened", "scope", "remaining", "under way"}}
	for i, week := range v.Weeks {
		monday := string(week.Monday)
		if s.Open && i == len(v.Weeks)-1 {
			monday += ", not over"
		}
		rows = append(rows, []string{
			monday, s.Unit.Number(week.Completed), some(s.Unit, week.Reopened), audit.Escape(weekScope(s.Unit, week)),
			s.Unit.Number(week.Remaining), s.Unit.Number(week.InProgress + week.Held),
		})
	}
	p.table("lrrlrr", rows...)
	p.list(figures(s, v))
	if len(v.Ageing) > 0 {
		fmt.Fprintf(p, "\n**In progress, oldest first**\n")
		var lines []string
		for _, a := range v.Ageing {
			line := fmt.Sprintf("%s: %d %s", took(a.Days), a.Task.Task.Key, a.Task.Task.Text)
			if who := strings.Join(a.Task.Task.Assignees, ", "); who != "" {
				line += " (" + who + ")"
			}
			lines = append(lines, line)
		}
		p.list(lines)
	}
	if people && len(v.People) > 0 {
		fmt.Fprintf(p, "\n**Who closed what in these weeks, by name**\n")
		var lines []string
		for _, who := range v.People {
			lines = append(lines, who.Name+": "+strings.Trim(fmt.Sprint(who.Tasks), "[]"))
		}
		p.list(lines)
	}
	return p.to(w)
}
