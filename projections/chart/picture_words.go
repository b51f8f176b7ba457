package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
)

// heading says what a picture shows.
func heading(kind Kind, in burndown.Unit, weekly bool) string {
	text := "Remaining work"
	switch kind {
	case Burnup:
		text = "Work done"
	case Flow:
		text = "Work by state"
	}
	text += inUnit(in)
	if weekly {
		text += ", by week"
	}
	return text
}

// source says what a picture is drawn from.
func source(s burndown.Summary) string {
	return checklist.Clean(s.Name) + "@" + strconv.FormatUint(uint64(s.Seq), 10)
}

// story is the sentence that a picture shows: how much is left, how that compares
// with the plan, and by when it may be done.
func story(s burndown.Summary) string {
	if len(s.Days) == 0 {
		return "There is nothing yet."
	}
	work := s.Days[len(s.Days)-1].Work
	scope := work.Scope()
	switch {
	case scope == 0:
		return "There is no work in the checklist."
	case work.Remaining() == 0:
		return fmt.Sprintf("Everything is done: %s of %s.", count(work.Done), count(scope))
	}
	text := fmt.Sprintf("%s of %s remaining", count(work.Remaining()), count(scope))
	if s.Ideal != nil {
		text += ", " + againstIdeal(s.Now)
	}
	text += "."
	if f := s.Forecast; f != nil {
		if f.By != "" && !math.IsNaN(s.Now.Chance) {
			text += fmt.Sprintf(" %s by %s%s.", chance(s.Now.Chance), f.By, moved(s))
		}
		text += " " + strings.Join([]string{likely("50 %", f.P50), likely("85 %", f.P85), likely("95 %", f.P95)}, ", ") + "."
	}
	return text
}

// againstIdeal says how a day compares with the ideal line.
func againstIdeal(at burndown.Standing) string {
	tasks, days := int(math.Round(math.Abs(at.Over))), int(math.Round(math.Abs(at.Behind)))
	text := "as many as the ideal line has"
	switch {
	case tasks > 0 && at.Over > 0:
		text = count(tasks) + " more than the ideal line"
	case tasks > 0:
		text = count(tasks) + " fewer than the ideal line"
	}
	if days == 0 {
		return text
	}
	word := "behind"
	if at.Behind < 0 {
		word = "ahead"
	}
	noun := "working days"
	if days == 1 {
		noun = "working day"
	}
	return fmt.Sprintf("%s: %s %s %s", text, count(days), noun, word)
}

// moved says how the chance was before.
func moved(s burndown.Summary) string {
	if s.Before == nil || math.IsNaN(s.Before.Chance) {
		return ""
	}
	when := "a week ago"
	if s.Review {
		when = "at the last review"
	}
	return fmt.Sprintf(" (%s %s)", chance(s.Before.Chance), when)
}

// chance returns a share as people say it; what is drawn is never certain.
func chance(share float64) string {
	switch {
	case share < 0.01:
		return "<1 %"
	case share > 0.99:
		return ">99 %"
	}
	return strconv.Itoa(int(math.Round(share*100))) + " %"
}

func likely(share string, d events.Day) string {
	if d == "" {
		return share + " not in sight"
	}
	return share + " by " + string(d)
}

// basis says what the plan and the forecast are drawn from.
func basis(s burndown.Summary, kind Kind) string {
	var list []string
	if f := s.Forecast; f != nil && kind != Flow {
		unit := "days"
		if f.Weekly {
			unit = "days, drawn in weeks,"
		}
		list = append(list, fmt.Sprintf("Forecast from %d working %s with %d closed (%s to %s), seed %d.", f.Days, unit, f.Completed, f.From, f.To, f.Seed))
	} else if why := s.NoForecast; why != nil && kind != Flow {
		text := strings.TrimSuffix(why.Message, ".")
		if text != "" && len(s.Days) > 0 {
			list = append(list, strings.ToUpper(text[:1])+text[1:]+".")
		}
		if why.Hint != "" {
			list = append(list, why.Hint)
		}
	}
	if l := s.Ideal; l != nil && kind != Flow {
		from := l.Start
		if l.Baseline != "" {
			from += events.Day(" (" + checklist.Clean(l.Baseline) + ")")
		}
		list = append(list, fmt.Sprintf("Ideal from %s at %s, over working days.", count(l.From), from))
	}
	if len(s.Days) > 0 {
		list = append(list, "Past days never change.")
	}
	if line := countedIn(&s); line != "" {
		list = append(list, line)
	}
	return strings.Join(list, " ")
}

// count returns n with its thousands apart.
func count(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// splitWords splits text at its blanks, but not within "85 % by 2027-11-26".
func splitWords(text string) []string {
	var list []string
	for _, word := range strings.Fields(text) {
		if n := len(list); n > 0 && (word == "%" || strings.HasSuffix(list[n-1], " %") || strings.HasSuffix(list[n-1], " % by")) {
			list[n-1] += " " + word
			continue
		}
		list = append(list, word)
	}
	return list
}
