package commands

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/events"
)

// Schedule gives tasks, or a section, a due day; Every makes tasks repeat.
type Schedule struct {
	Tasks   []string `json:"tasks,omitempty"`
	Section string   `json:"section,omitempty"`
	// Due is a day word, or "none".
	Due string `json:"due"`
	// Every is "day", "week", "month" or "2 weeks"; "none" ends it.
	Every string `json:"every,omitempty"`
}

// Name returns the stored name.
func (Schedule) Name() string { return "ScheduleTask" }

func (c Schedule) resolve(r *resolver) (Command, error) {
	var err error
	if c.Section, err = r.section(c.Section); err != nil {
		return nil, err
	}
	if c.Section == "" {
		if c.Tasks, err = r.tasks(c.Tasks, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
			return nil, err
		}
	} else if c.Every != "" {
		return nil, usage("a section does not repeat; --every takes a TASK")
	}
	if c.Due != none {
		day, err := r.future(c.Due)
		if err != nil {
			return nil, err
		}
		c.Due = string(day)
	}
	if c.Every != "" && c.Every != none {
		if _, _, ok := everyForm(c.Every); !ok {
			return nil, usage("--every %q: want day, week, month, or a number of them such as \"2 weeks\"", c.Every)
		}
		if c.Due == none {
			return nil, usage("what repeats needs a due day")
		}
	}
	return c, nil
}

func (c Schedule) decide(d *decision) error {
	due := events.Day(c.Due)
	if c.Due == none {
		due = ""
	}
	if c.Section != "" {
		b, err := d.section(c.Section)
		if err != nil {
			return err
		}
		if due != "" && b.Section.Start > due {
			return endsFirst("s:"+strconv.Itoa(b.Section.Key)+" "+short(b.Section.Title), b.Section.Start, due)
		}
		if b.Section.Due != due {
			d.add(&events.SectionScheduled{Key: b.Section.Key, Due: events.Set(due)})
		}
		return nil
	}
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		e := &events.TaskScheduled{Key: b.Task.Key}
		if due != "" && b.Task.Start > due {
			return endsFirst(name(b), b.Task.Start, due)
		}
		if b.Task.Due != due {
			e.Due = events.Set(due)
		}
		every := strings.TrimSuffix(c.Every, "none")
		if due == "" {
			every = ""
		}
		if (c.Every != "" || due == "") && b.Task.Every != every {
			e.Every = events.Set(every)
		}
		if e.Due.Present || e.Every.Present {
			d.reschedule(b, e)
		}
	}
	return nil
}

func endsFirst(what string, start, end events.Day) *Error {
	return refuse("Nothing was written.", "%s would end on %s, before it starts on %s", what, end, start)
}

// everyForm reads "day", "week", "2 weeks", "month".
func everyForm(s string) (n int, unit string, ok bool) {
	words := strings.Fields(strings.ToLower(s))
	n = 1
	if len(words) == 2 {
		var err error
		if n, err = strconv.Atoi(words[0]); err != nil || n < 1 || n > 365 {
			return 0, "", false
		}
		words = words[1:]
	}
	if len(words) != 1 {
		return 0, "", false
	}
	unit = strings.TrimSuffix(words[0], "s")
	return n, unit, unit == "day" || unit == "week" || unit == "month"
}

// nextOccurrence returns the due day after due, which is done today: the first
// that lies behind today, so that those that were left out are not late for ever.
// done are the due days done before it, oldest first. A month without such a day
// has it on its last; the months after it have the day again.
func nextOccurrence(due, today events.Day, every string, done []events.Day) events.Day {
	n, unit, ok := everyForm(every)
	if !ok || !due.Valid() {
		return due
	}
	if unit == "month" {
		day := dayOfMonth(due, n, done)
		for months := n; ; months += n {
			if next := addMonths(due, months, day); next > today {
				return next
			}
		}
	}
	if unit == "week" {
		n *= 7
	}
	skipped := 0
	if today.Valid() && today >= due {
		skipped = int(today.In(time.UTC).Sub(due.In(time.UTC))/(24*time.Hour)) / n
	}
	return addDays(due, (skipped+1)*n)
}

// addMonths returns the given day of the month that is n months on, its last
// where it has no such day.
func addMonths(from events.Day, n, day int) events.Day {
	t := from.In(time.UTC)
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return events.DayOf(first.AddDate(0, 0, min(day, last)-1))
}

// monthsBetween returns how many months one day's month is behind another's.
func monthsBetween(from, to events.Day) int {
	a, b := from.In(time.UTC), to.In(time.UTC)
	return (b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month())
}

// dayOfMonth returns the day that a task which repeats every n months is meant
// for: 31 where 28 February came from 31 January. The log holds due days only,
// so it is the largest day that explains due and those done before it, back to
// one that somebody chose otherwise.
func dayOfMonth(due events.Day, n int, done []events.Day) int {
	day := due.In(time.UTC).Day()
	chain := []events.Day{due}
	for _, before := range slices.Backward(done) {
		if !before.Valid() {
			break
		}
		meant := max(day, before.In(time.UTC).Day())
		unlike := func(d events.Day) bool { return addMonths(d, 0, meant) != d }
		// Some may have been left out in between.
		last := chain[len(chain)-1]
		months := monthsBetween(before, last)
		if unlike(before) || months <= 0 || months%n != 0 || addMonths(before, months, meant) != last || meant > day && slices.ContainsFunc(chain, unlike) {
			break
		}
		day, chain = meant, append(chain, before)
	}
	return day
}
