package audit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// Detail tells what the row changes, from what to what, in one line: "[~] → [x]",
// "ada → bob", "in 4) Data migration". Days are short where today makes clear
// which year is meant. It is empty where the action and the text say it all.
func (r Row) Detail(today events.Day) string { return r.detail(days{today: today}) }

// days is how days are told: short where today is known, unless they are to be
// in full, else as they are stored; spelled out with the day of the week, "Fri
// 12-04".
type days struct {
	today         events.Day
	spelled, full bool
}

func (as days) tell(d events.Day) string {
	text := string(d)
	if as.today != "" && !as.full {
		text = checklist.ShortDay(d, as.today)
	}
	if as.spelled {
		text = d.In(time.UTC).Format("Mon ") + text
	}
	return text
}

func (r Row) detail(as days) string {
	var parts []string
	add := func(part string) {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if r.Match.Score > 0 && r.Match.Score < 1 {
		add(fmt.Sprintf("taken for the same task, %.2f;", r.Match.Score))
	}
	action := r.Action
	if r.Subject != "" {
		action = "" // the words of a checklist mean something else
		add(r.accessDetail())
	}
	switch action {
	case "":
	case "added":
		add(r.where())
		for _, c := range r.Changes {
			switch c.Field {
			case "due", "start", "estimate", "assignees", "labels":
				add(c.Field + " " + show(c.After, as))
			}
		}
	case "moved":
		add(r.moved())
	case "reworded", "retitled":
		for _, field := range []string{fieldText, "title"} {
			if c, ok := r.Change(field); ok {
				add("was " + quote(show(c.Before, days{})))
			}
		}
	case "section", "created", "comment", "text", "plan", "synced", "review", "baseline":
		// their text says it
	default:
		add(r.Marks())
		for _, c := range r.Changes {
			add(c.detail(r, as))
		}
	}
	if day := events.DayOf(r.Time); r.CommandName != "" && day != "" && !r.Time.IsZero() && r.Effective.Sub(r.Time).Hours() >= 12 {
		add("on " + as.tell(day))
	}
	if r.OnBehalfOf != "" {
		add("via " + checklist.Clean(r.Actor.Name()))
	}
	return strings.Join(parts, " ")
}

// Marks returns the marker before and after, "[~] → [x]"; the states where the
// line has no new marker; "" where the state is the same.
func (r Row) Marks() string {
	before, after, ok := r.State()
	marks, marked := r.Change(fieldMarker)
	switch {
	case r.Action == "added" || !ok && !marked:
		return ""
	case marked:
		return box(marks.Before) + " → " + box(marks.After)
	}
	return checklist.Words(before) + " → " + checklist.Words(after)
}

func box(mark any) string {
	if s, ok := mark.(string); ok && len(s) == 1 {
		return checklist.Box(s[0])
	}
	return "[ ]"
}

func (r Row) where() string {
	switch {
	case r.Parent != 0:
		return "under " + strconv.Itoa(r.Parent)
	case r.SectionTitle != "":
		return "in " + checklist.Clean(r.SectionTitle)
	}
	return "at the top"
}

func (r Row) moved() string {
	in, _ := r.Change("in")
	if in.Before != in.After {
		return "now " + r.where()
	}
	after, _ := r.Change("after")
	ref, err := events.ParseRef(fmt.Sprint(after.After))
	switch {
	case after.After == nil || err != nil:
		return "now first " + r.where()
	case ref.Noun == events.TaskNoun:
		return fmt.Sprintf("now after %d", ref.Key)
	case ref.Noun == events.SectionNoun:
		return fmt.Sprintf("now after s:%d", ref.Key)
	}
	return "within " + strings.TrimPrefix(r.where(), "in ")
}

// detail tells one field; "" for those that the row shows elsewhere.
func (c Change) detail(r Row, as days) string {
	was := as
	was.spelled = false // what is new is what matters
	arrow := show(c.Before, was) + " → " + show(c.After, as)
	switch c.Field {
	case fieldState, fieldMarker, fieldText, "title", "level", "in", "after", "removed", "archived",
		"comment", "published_to":
		return ""
	case "until":
		if c.Before != nil && c.After != nil {
			return "until " + arrow
		} else if c.After != nil {
			return "until " + show(c.After, as)
		}
		return ""
	case "labels":
		return difference(c, "+", "−")
	case "links":
		if as.today == "" {
			return difference(c, "", "")
		}
		return difference(Change{Before: linkNames(c.Before), After: linkNames(c.After)}, "", "")
	case "blocked_by":
		if r.Action == "unblock" {
			return "no longer waits for " + difference(Change{Before: c.After, After: c.Before}, "", "")
		}
		return "waits for " + difference(c, "", "")
	case "every":
		if c.After == nil {
			return "once"
		}
		return "every " + show(c.After, as)
	case "start":
		return "from " + arrow
	case "occurrence":
		if c.After == nil {
			return "no longer for " + show(c.Before, as)
		}
		return "for " + show(c.After, as)
	case "as":
		return "from then on another task, " + show(c.After, as)
	case "into":
		return "the same as " + show(c.After, as)
	case "name", "target_start", "target_finish":
		if c.After == nil {
			return ""
		}
		return show(c.After, as)
	}
	if strings.Contains(c.Field, "/") { // the bytes of another line
		return ""
	}
	return arrow
}

// difference lists what a change of a list adds and takes away.
func difference(c Change, added, gone string) string {
	before, after := elements(c.Before), elements(c.After)
	var parts []string
	for _, v := range after {
		if !slices.Contains(before, v) {
			parts = append(parts, added+checklist.Clean(v))
		}
	}
	for _, v := range before {
		if !slices.Contains(after, v) {
			parts = append(parts, gone+checklist.Clean(v))
		}
	}
	return strings.Join(parts, ", ")
}

func linkNames(v any) []string {
	var names []string
	for _, link := range elements(v) {
		names = append(names, checklist.LinkName(link))
	}
	return names
}

func elements(v any) []string {
	switch v := v.(type) {
	case []string:
		return v
	case []int:
		texts := make([]string, len(v))
		for i, n := range v {
			texts[i] = strconv.Itoa(n)
		}
		return texts
	}
	return nil
}

// show returns a value as people read it, – for nothing.
func show(v any, as days) string {
	switch v := v.(type) {
	case nil:
		return "–"
	case string:
		if day := events.Day(v); len(v) == 10 && day.Valid() {
			return as.tell(day)
		}
		return checklist.Clean(v)
	case []string, []int:
		if list := elements(v); len(list) > 0 {
			return checklist.Clean(strings.Join(list, ", "))
		}
		return "–"
	}
	return fmt.Sprint(v)
}

func quote(s string) string { return `"` + checklist.Clean(strings.TrimSpace(s)) + `"` }
