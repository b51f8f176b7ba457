package chart

import (
	"fmt"
	"io"
	"strings"

	"cairn/projections/burndown"
	"cairn/projections/checklist"
)

// drawFlow draws how much work stood in which state: done at the bottom, then what is
// in progress, on hold and to do, up to the scope. A band that gets wider is where
// work piles up.
func drawFlow(w io.Writer, s *burndown.Summary, o TextOptions) error {
	c := newCanvas(s, o, s.Days[len(s.Days)-1].Date)
	for column := 0; column <= c.today; column++ {
		d, _ := c.at(column)
		from := 0
		sum := 0
		for _, band := range []struct {
			n    int
			fill rune
		}{{d.Work.Done, '█'}, {d.Work.InProgress, '▓'}, {d.Work.OnHold, '▒'}, {d.Work.Todo, '·'}} {
			sum += band.n
			upto := c.row(sum)
			if band.n > 0 && upto == from && from < rows {
				upto++ // what is there can be seen
			}
			for row := from; row < upto; row++ {
				c.grid.put(row, column, band.fill)
			}
			from = max(from, upto)
		}
	}
	last := s.Days[len(s.Days)-1].Work
	c.grid.text(max(c.row(last.Done)-1, 0), c.today+1, fmt.Sprintf(" %s done ", s.Unit.Number(last.Done)))
	c.grid.text(max(c.row(last.Scope())-1, 1), c.today+1, fmt.Sprintf(" %s in all ", s.Unit.Number(last.Scope())))
	return c.write(w, "Work by state", fmt.Sprintf("█ done %s   ▓ in progress %s   ▒ on hold %s   · to do %s",
		s.Unit.Number(last.Done), s.Unit.Number(last.InProgress), s.Unit.Number(last.OnHold), s.Unit.Number(last.Todo)))
}

// Scope lists the commands that changed the scope, newest first: who, and why.
func Scope(w io.Writer, s *burndown.Summary, changes []burndown.ScopeChange, text func(key int) string, o TextOptions) error {
	style := checklist.Style{Width: max(o.Width, 0), Color: !o.Plain}
	id := fmt.Sprintf("%s@%d", s.Name, s.Seq)
	var b strings.Builder
	if style.Piped() {
		fmt.Fprintln(&b, "Changes of the scope  "+id)
	} else {
		fmt.Fprintf(&b, "%s\n\n", style.Bold(checklist.Pad("Changes of the scope"+inUnit(s.Unit)+", newest first", max(style.Edge()-len(id)-2, 8))+"  "+id))
	}
	for i := len(changes) - 1; i >= 0; i-- {
		line := scopeLine(changes[i], s.Unit, text)
		if !style.Piped() {
			line = checklist.Cut(line, style.Edge())
		}
		fmt.Fprintln(&b, line)
	}
	if len(changes) == 0 {
		fmt.Fprintln(&b, "There is no work in the checklist.")
	}
	if line := countedIn(s); line != "" {
		edge := 78
		if !style.Piped() {
			edge = style.Edge()
		}
		fmt.Fprintln(&b)
		for _, part := range wrap(line, edge) {
			fmt.Fprintln(&b, part)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// estimating is the command that says how much work tasks are.
const estimating = "EstimateTask"

// scopeLine is one change: "@410  2027-06-03  ada  +1  69 Rehearse the cutover  asked by audit".
func scopeLine(c burndown.ScopeChange, u burndown.Unit, text func(key int) string) string {
	line := fmt.Sprintf("%6s  %s  %-8s %5s  %s", fmt.Sprintf("@%d", c.Seq), c.Day, checklist.Clean(c.By.Name()), changed(c, u), checklist.Clean(subject(c, text)))
	if c.Reason != "" {
		line += "  “" + checklist.Clean(c.Reason) + "”"
	}
	return line
}

// changed says by how much a command changed the scope: "+2 −1 ~+1".
func changed(c burndown.ScopeChange, u burndown.Unit) string {
	var parts []string
	if c.Added > 0 {
		parts = append(parts, signed(u, c.Added))
	}
	if c.Removed > 0 {
		parts = append(parts, signed(u, -c.Removed))
	}
	change := strings.Join(parts, " ")
	if c.Regrouped != 0 {
		change = strings.TrimSpace(change + " ~" + signed(u, c.Regrouped))
	}
	return change
}

// subject says which tasks a change of the scope is about.
func subject(c burndown.ScopeChange, text func(key int) string) string {
	what := fmt.Sprintf("%d tasks", len(c.Tasks))
	switch {
	case c.Import:
		what = "import: " + what
	case len(c.Tasks) == 1:
		what = fmt.Sprintf("%d %s", c.Tasks[0], text(c.Tasks[0]))
		if c.Command == estimating {
			what += ": estimated"
		}
	case c.Command == estimating && len(c.Tasks) > 1:
		what = fmt.Sprintf("%d tasks estimated", len(c.Tasks))
	case c.Regrouped != 0 && len(c.Tasks) > 0:
		what = fmt.Sprintf("%d %s: regrouped", c.Tasks[0], text(c.Tasks[0]))
	}
	return what
}
