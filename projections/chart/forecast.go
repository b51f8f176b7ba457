package chart

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
)

// Forecast says by when the work will be done, and what that is drawn from.
func Forecast(w io.Writer, s *burndown.Summary, o TextOptions) error {
	style := checklist.Style{Width: max(o.Width, 0), Color: !o.Plain}
	if o.Width == 0 {
		style.Width = 80
	}
	id := fmt.Sprintf("%s@%d", s.Name, s.Seq)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", style.Bold(checklist.Pad("Forecast"+inUnit(s.Unit), max(style.Edge()-len(id)-2, 8))+"  "+id))
	if f := s.Forecast; f != nil {
		day := func(d interface{ Valid() bool }) string {
			if !d.Valid() {
				return "not in sight"
			}
			return fmt.Sprint(d)
		}
		fmt.Fprintf(&b, "                  50 %%           85 %%           95 %%\n")
		fmt.Fprintf(&b, "as it goes now    %-14s %-14s %s\n", day(f.P50), day(f.P85), day(f.P95))
		fmt.Fprintf(&b, "without more      %-14s %-14s %s\n\n", day(f.Steady.P50), day(f.Steady.P85), day(f.Steady.P95))
	}
	sectionTable(&b, s, style)
	for _, line := range withoutSteady(s, o.More) {
		for _, part := range wrap(line, style.Edge()) {
			fmt.Fprintln(&b, part)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// withoutSteady are the Words but for what stands in the table.
func withoutSteady(s *burndown.Summary, more string) []string {
	return slices.DeleteFunc(Words(s, more), func(line string) bool { return line == steady(s) })
}

// sectionTable writes a line for each section of which there is a forecast, and
// names the others.
func sectionTable(b *strings.Builder, s *burndown.Summary, style checklist.Style) {
	if s.Forecast == nil {
		return
	}
	last := 5 // columns of the chance, with the section's own day if there is one
	rows, unseen := 0, false
	for _, f := range s.Sections {
		if f.Forecast == nil {
			continue
		}
		rows++
		if f.Own {
			last = 16
		}
		unseen = unseen || f.Forecast.P95 == ""
	}
	day := func(d events.Day) string {
		if d == "" {
			return "–"
		}
		return checklist.ShortDay(d, s.Today)
	}
	wide := max(style.Edge()-44-last, 10)
	row := func(title, left, p50, p85, p95, chance string) {
		title = checklist.Pad(checklist.Cut(title, wide), wide)
		line := fmt.Sprintf("%s  %4s  %-10s  %-10s  %-10s  %s", title, left, p50, p85, p95, chance)
		fmt.Fprintln(b, strings.TrimRight(line, " "))
	}
	if rows > 0 {
		row("By section", "left", "50 %", "85 %", "95 %", "by target")
	}
	for _, f := range s.Sections {
		if f.Forecast == nil {
			continue
		}
		chance := ""
		if f.By != "" {
			chance = fmt.Sprintf("%5s", Percent(f.Forecast.Chance))
		}
		if f.Own {
			chance += " " + checklist.ShortDay(f.By, s.Today)
		}
		row(sectionTitle(f), s.Unit.Number(f.Work.Remaining()), day(f.Forecast.P50), day(f.Forecast.P85), day(f.Forecast.P95), chance)
	}
	if unseen {
		fmt.Fprintln(b, "–: not in sight")
	}
	if line := without(s); line != "" {
		for _, part := range wrap(line, style.Edge()) {
			fmt.Fprintln(b, part)
		}
	}
	if len(s.Sections) > 0 {
		fmt.Fprintln(b)
	}
}

// without names the sections of which there is no forecast yet, with how much they
// closed.
func without(s *burndown.Summary) string {
	var list []string
	none := 0
	for _, f := range s.Sections {
		switch {
		case f.Forecast != nil:
		case f.Completed <= 0:
			none++
		default:
			list = append(list, fmt.Sprintf("%s %d", checklist.Cut(sectionTitle(f), 30), f.Completed))
		}
	}
	switch {
	case none == 0 && len(list) == 0:
		return ""
	case len(list) == 0:
		list = append(list, fmt.Sprintf("%d with none", none))
	case none > 0:
		list = append(list, fmt.Sprintf("%d more with none", none))
	}
	return fmt.Sprintf("Not yet, for want of %d closed on %d working days: %s.", burndown.LeastCompletions, burndown.LeastDays, strings.Join(list, " · "))
}

func sectionTitle(f burndown.SectionForecast) string {
	if f.Key == 0 {
		return "before the first section"
	}
	return checklist.Clean(f.Title)
}

// ForecastCSV writes the forecast of the whole checklist, then those of its
// sections: a header, and a row each. What is not known is empty, as is a day that
// is not in sight.
func ForecastCSV(w io.Writer, s *burndown.Summary) error {
	out := csv.NewWriter(w)
	rows := [][]string{{
		"section", "title", "scope", "done", "remaining", "p50", "p85", "p95", "p50_without_growth", "p85_without_growth", "p95_without_growth",
		"target", "chance", "window_from", "window_to", "window_working_days", "window_completed", "by_week", "runs", "seed", "no_forecast",
	}}
	row := func(key, title string, work burndown.Counts, f *burndown.Forecast, none *burndown.Error) {
		cells := []string{key, audit.Guard(title)}
		for _, n := range []int{work.Scope(), work.Done, work.Remaining()} {
			cells = append(cells, strconv.FormatFloat(s.Unit.Of(n), 'f', -1, 64))
		}
		if f == nil {
			reason := ""
			if none != nil {
				reason = none.Message
			}
			rows = append(rows, append(append(cells, make([]string, 15)...), reason))
			return
		}
		for _, d := range []events.Day{f.P50, f.P85, f.P95, f.Steady.P50, f.Steady.P85, f.Steady.P95, f.By} {
			cells = append(cells, string(d))
		}
		chance := ""
		if f.By != "" {
			chance = strconv.FormatFloat(f.Chance, 'f', -1, 64)
		}
		rows = append(rows, append(cells, chance, string(f.From), string(f.To), strconv.Itoa(f.Days), strconv.Itoa(f.Completed),
			strconv.FormatBool(f.Weekly), strconv.Itoa(burndown.Runs), strconv.FormatUint(f.Seed, 10), ""))
	}
	var work burndown.Counts
	if n := len(s.Days); n > 0 {
		work = s.Days[n-1].Work
	}
	row("", s.Title, work, s.Forecast, s.NoForecast)
	for _, f := range s.Sections {
		row(strconv.Itoa(f.Key), f.Title, f.Work, f.Forecast, f.None)
	}
	return out.WriteAll(rows)
}
