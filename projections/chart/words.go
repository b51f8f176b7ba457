package chart

import (
	"fmt"
	"math"
	"strings"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
)

// Words says what a chart shows, in sentences: how it stands with the plan, by
// when it will be done, how the scope changed, and what all that is drawn from.
// Each is one line.
func Words(s *burndown.Summary, more string) []string {
	var lines []string
	for _, line := range []string{planned(s), Chance(s), steady(s), scope(s, more), drawnFrom(s), countedIn(s)} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// planned says how the work stands beside the ideal line.
func planned(s *burndown.Summary) string {
	text := s.Unit.Amount(s.Now.Left) + " remaining"
	switch {
	case len(s.Days) > 0 && s.Days[len(s.Days)-1].Work.Scope() == 0:
		return "There is no work in the checklist."
	case s.Now.Left == 0:
		return "Everything is done."
	case s.Ideal == nil:
		return text + "; no target finish: cairn plan --finish DAY."
	}
	over := int(math.Round(s.Now.Over))
	switch zero := s.Unit.Number(0); {
	case over > 0 && s.Unit.Number(over) != zero:
		text += fmt.Sprintf(", %s more than the ideal line", s.Unit.Amount(over))
	case over < 0 && s.Unit.Number(-over) != zero:
		text += fmt.Sprintf(", %s %s than the ideal line", s.Unit.Amount(-over), fewer(s.Unit))
	default:
		text += ", as the ideal line has it"
	}
	return text + ": " + Behind(s.Now.Behind) + movedFrom(s) + "."
}

func fewer(u burndown.Unit) string {
	if u.Tasks() {
		return "fewer"
	}
	return "less"
}

// countedIn says what the figures are in, where they are no tasks.
func countedIn(s *burndown.Summary) string {
	if s.Unit.Tasks() || len(s.Days) == 0 {
		return ""
	}
	text := "Counted in estimated " + s.Unit.Name
	if s.Unit.Name == "days" {
		text += " of eight hours"
	}
	if s.Since != "" {
		text += fmt.Sprintf(", from %s on, when enough had an estimate", s.Since)
	}
	m := s.Days[len(s.Days)-1].Measure
	if none := m.Tasks - m.Estimated; none > 0 {
		text += fmt.Sprintf("; %d of %d tasks have none, and count as the median, %s each", none, m.Tasks, s.Unit.Amount(m.Each))
	}
	return text + "."
}

// Behind says by how much something is behind the plan, or ahead of it.
func Behind(days float64) string {
	n := int(math.Round(days))
	unit := "working days"
	if n == 1 || n == -1 {
		unit = "working day"
	}
	switch {
	case n > 0:
		return fmt.Sprintf("%d %s behind", n, unit)
	case n < 0:
		return fmt.Sprintf("%d %s ahead", -n, unit)
	}
	return "on time"
}

// movedFrom says how far behind it was before.
func movedFrom(s *burndown.Summary) string {
	if s.Before == nil || Behind(s.Before.Behind) == Behind(s.Now.Behind) {
		return ""
	}
	n, now := int(math.Round(s.Before.Behind)), int(math.Round(s.Now.Behind))
	was := fmt.Sprint(max(n, -n))
	switch {
	case n == 0:
		was = "on time"
	case n > 0 && now <= 0:
		was += " behind"
	case n < 0 && now >= 0:
		was += " ahead"
	}
	return fmt.Sprintf(" (%s %s)", was, before(s))
}

func before(s *burndown.Summary) string {
	if s.Review {
		return "at the last review"
	}
	return "a week ago"
}

// Chance says by when it will be done, and how likely that is by the target; or
// why nobody can say.
func Chance(s *burndown.Summary) string {
	f := s.Forecast
	if f == nil {
		if s.NoForecast == nil || s.Now.Left == 0 {
			return ""
		}
		return strings.TrimSpace(capital(s.NoForecast.Message) + ". " + s.NoForecast.Hint)
	}
	text := ""
	if f.By != "" {
		text = fmt.Sprintf("%s by %s", Percent(f.Chance), f.By)
		if s.Before != nil && !math.IsNaN(s.Before.Chance) && Percent(s.Before.Chance) != Percent(f.Chance) {
			text += fmt.Sprintf(" (%s %s)", Percent(s.Before.Chance), before(s))
		}
		text += ". "
	}
	return text + quantiles(s, f.P50, f.P85, f.P95)
}

func quantiles(s *burndown.Summary, p50, p85, p95 events.Day) string {
	if p50 == "" {
		return "The end is not in sight"
	}
	day := func(d events.Day) string {
		if d == "" {
			return "not in sight"
		}
		return checklist.ShortDay(d, s.Today)
	}
	return fmt.Sprintf("50 %% %s · 85 %% %s · 95 %% %s", day(p50), day(p85), day(p95))
}

// steady says the same as if nothing more came in, where that is another day.
func steady(s *burndown.Summary) string {
	f := s.Forecast
	if f == nil || f.Steady.P50 == f.P50 && f.Steady.P85 == f.P85 {
		return ""
	}
	return "If nothing more comes in: " + quantiles(s, f.Steady.P50, f.Steady.P85, f.Steady.P95)
}

// Percent writes a share of all runs: never 0 and never 100, which nobody knows.
func Percent(share float64) string {
	switch p := math.Round(share * 100); {
	case p < 1:
		return "<1 %"
	case p > 99:
		return ">99 %"
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}

// scope says what came into the scope, and left it, since before.
func scope(s *burndown.Summary, more string) string {
	if len(s.Days) < 2 {
		return ""
	}
	since, when := add(s.Today, -7), "this week"
	if s.Before != nil && s.Review {
		since, when = s.Before.Day, "since the last review"
	}
	var added, removed, regrouped int
	for i, d := range s.Days {
		if d.Date > since && i > 0 {
			added, removed, regrouped = added+d.Added, removed+d.Removed, regrouped+d.Regrouped
		}
	}
	var parts []string
	if added > 0 {
		parts = append(parts, signed(s.Unit, added))
	}
	if removed > 0 {
		parts = append(parts, signed(s.Unit, -removed))
	}
	text := "Scope " + when + " "
	if len(parts) == 0 {
		text += "unchanged"
	}
	text += strings.Join(parts, " ")
	if regrouped != 0 {
		text += fmt.Sprintf(", regrouped %s", signed(s.Unit, regrouped))
	}
	if more != "" && (len(parts) > 0 || regrouped != 0) {
		text += " (" + more + ")"
	}
	return text + "."
}

// signed is a number with its sign, "−" for minus.
func signed(u burndown.Unit, n int) string {
	if n < 0 {
		return "−" + u.Number(-n)
	}
	return "+" + u.Number(n)
}

// drawnFrom says what the forecast was drawn from.
func drawnFrom(s *burndown.Summary) string {
	f := s.Forecast
	if f == nil {
		return "Past days never change."
	}
	unit := "working days"
	if f.Weekly {
		unit = "working days, by whole weeks,"
	}
	closed := fmt.Sprintf("%d closed", f.Completed)
	if !s.Unit.Tasks() {
		closed = fmt.Sprintf("%d tasks closed, %s", f.Completed, s.Unit.Amount(f.Amount))
	}
	return fmt.Sprintf("From %d %s with %s, seed %d. Past days never change.", f.Days, unit, closed, f.Seed)
}

// wrap breaks a line between words where it is longer than width.
func wrap(line string, width int) []string {
	var lines []string
	row := ""
	for _, word := range splitWords(line) {
		switch {
		case row == "":
			row = word
		case checklist.Width(row)+1+checklist.Width(word) > width:
			lines, row = append(lines, row), word
		default:
			row += " " + word
		}
	}
	return append(lines, row)
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
