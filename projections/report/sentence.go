package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/projections/chart"
	"cairn/projections/checklist"
)

// Sentence says why what remains is what it is. Its numbers add up: what remained,
// less what was closed, dropped and removed, and more by what was re-opened, added
// and regrouped, is what remains.
func (r *Report) Sentence() string {
	start := fmt.Sprintf("Remaining stayed at %d", r.After)
	switch {
	case r.After < r.Before:
		start = fmt.Sprintf("Remaining went down from %d to %d", r.Before, r.After)
	case r.After > r.Before:
		start = fmt.Sprintf("Remaining went up from %d to %d", r.Before, r.After)
	}
	m := r.Moves
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{
		{m.Closed, "closed"},
		{m.Reopened, "re-opened"},
		{m.Added, "added"},
		{m.Dropped, "dropped"},
		{m.Removed, "removed"},
		{max(m.Regrouped, 0), "more by regrouping"},
		{max(-m.Regrouped, 0), "fewer by regrouping"},
	} {
		if p.n != 0 {
			parts = append(parts, number(p.n)+" "+p.word)
		}
	}
	if len(parts) == 0 {
		return start + ": nothing was closed, and nothing came in."
	}
	return start + ": " + strings.Join(parts, ", ") + "."
}

// number writes small numbers as words.
func number(n int) string {
	words := []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
	if n >= 0 && n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}

// Outlook says how the work stands with the plan, by when it will be done, and how
// both moved; one sentence each.
func (r *Report) Outlook() []string {
	is, was := r.Is, r.Was
	var lines []string
	first := ""
	switch {
	case r.Scope == 0:
		return []string{"There is no work in the checklist."}
	case r.After == 0:
		return []string{"Everything is done."}
	case !is.Planned:
		first = "No target finish: cairn plan --finish DAY"
	default:
		first = ofPlan(is.Behind)
		if was.Planned && chart.Behind(was.Behind) != chart.Behind(is.Behind) {
			first += fmt.Sprintf(" (was %s)", short(was.Behind, is.Behind))
		}
	}
	if f := is.Forecast; f != nil && f.By != "" {
		first += fmt.Sprintf("; %s for %s", chart.Percent(f.Chance), f.By)
		if w := was.Forecast; w != nil && w.By != "" && (w.By != f.By || chart.Percent(w.Chance) != chart.Percent(f.Chance)) {
			first += fmt.Sprintf(" (was %s", chart.Percent(w.Chance))
			if w.By != f.By {
				first += fmt.Sprintf(" for %s", w.By)
			}
			first += ")"
		}
	}
	lines = append(lines, capital(first)+".")
	if f := is.Forecast; f != nil {
		return append(lines, r.quantiles(f)+".")
	}
	if is.None != nil {
		lines = append(lines, strings.TrimSpace(capital(is.None.Message)+". "+is.None.Hint))
	}
	return lines
}

// ofPlan says how the work stands with the plan.
func ofPlan(days float64) string {
	text := chart.Behind(days)
	if math.Round(days) == 0 {
		return text
	}
	return text + map[bool]string{true: " the plan", false: " of the plan"}[days > 0]
}

// short says the same of before, with only what differs.
func short(was, is float64) string {
	n, now := int(math.Round(was)), int(math.Round(is))
	text := strconv.Itoa(max(n, -n))
	switch {
	case n == 0:
		return "on time"
	case n > 0 && now <= 0:
		return text + " behind"
	case n < 0 && now >= 0:
		return text + " ahead"
	}
	return text
}

// quantiles says by when so many of a hundred runs were done, and by when they
// were before.
func (r *Report) quantiles(f *burndown.Forecast) string {
	if f.P50 == "" {
		return "The end is not in sight"
	}
	was := burndown.Forecast{}
	if r.Was.Forecast != nil {
		was = *r.Was.Forecast
	}
	var parts []string
	for _, q := range []struct {
		percent int
		is, was events.Day
	}{{50, f.P50, was.P50}, {85, f.P85, was.P85}, {95, f.P95, was.P95}} {
		text := fmt.Sprintf("%d %% %s", q.percent, r.day(q.is))
		if r.Was.Forecast != nil && q.was != q.is {
			text += fmt.Sprintf(" (was %s)", r.day(q.was))
		}
		parts = append(parts, text)
	}
	return "Done by " + strings.Join(parts, " · ")
}

// day writes a day of the forecast.
func (r *Report) day(d events.Day) string {
	if d == "" {
		return "not in sight"
	}
	return checklist.ShortDay(d, r.To.Day)
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
