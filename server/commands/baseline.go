package commands

import (
	"cairn/events"
)

// SetBaseline says that the plan as it stands is what charts compare with: the
// ideal line starts anew from the work that is left.
type SetBaseline struct {
	// Label is a name for it; optional.
	Label string `json:"name,omitempty"`
	// Start and Finish are day words. Without Start the line begins on the day of
	// the baseline; without Finish it ends with the checklist's target finish, as
	// it is now.
	Start  string `json:"start,omitempty"`
	Finish string `json:"finish,omitempty"`
}

// Name returns the stored name.
func (SetBaseline) Name() string { return "SetBaseline" }

func (c SetBaseline) resolve(r *resolver) (Command, error) {
	var err error
	if c.Label != "" {
		if c.Label, err = cleanText(c.Label); err != nil {
			return nil, err
		}
	}
	for _, day := range []*string{&c.Start, &c.Finish} {
		if *day == "" {
			continue
		}
		d, err := r.future(*day)
		if err != nil {
			return nil, err
		}
		*day = string(d)
	}
	finish := events.Day(c.Finish)
	if finish == "" {
		finish = r.st.Finish
	}
	if today := events.DayOf(r.now.In(r.st.Zone())); c.Start == "" && finish != "" && finish < today {
		return nil, refuse("Another: cairn baseline --finish DAY", "the plan would end on %s, which is over", finish)
	}
	return c, nil
}

func (c SetBaseline) decide(d *decision) error {
	e := events.ChecklistBaselined{Name: c.Label, Start: events.Day(c.Start), Finish: events.Day(c.Finish)}
	if e.Finish == "" {
		e.Finish = d.st.Finish
	}
	if e.Start != "" && e.Finish != "" && e.Finish < e.Start {
		return endsFirst("the plan", e.Start, e.Finish)
	}
	if last := d.st.Baseline; last.Seq != 0 && last.ChecklistBaselined == e && d.st.Worked < last.Revision {
		return nil // that plan, and nothing was done since
	}
	d.add(&e)
	return nil
}
