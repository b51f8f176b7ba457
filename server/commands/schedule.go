package commands

import (
	"strconv"
	"strings"

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
			d.add(e)
		}
	}
	return nil
}

func endsFirst(what string, start, end events.Day) *Error {
	return refuse("Nothing was written.", "%s would end on %s, before it starts on %s", what, end, start)
}
