package burndown

import (
	"maps"
	"slices"
	"time"

	"cairn/events"
)

// settle takes in what the last command did to the shape, and notes what that
// changed in the scope.
func (s *Series) settle() {
	if s.shape {
		s.reshape()
		s.shape = false
	}
	p := s.pending
	s.pending = ScopeChange{}
	if p.Added == 0 && p.Removed == 0 && p.Regrouped == 0 {
		return
	}
	slices.Sort(p.Tasks)
	p.Tasks = slices.Compact(p.Tasks)
	s.changes = append(s.changes, p)
}

// closeUpto ends the current day, and those behind it up to today.
func (s *Series) closeUpto(today events.Day) {
	for s.cur.Date < today {
		s.cur.Sections = s.sections()
		s.days = append(s.days, s.cur)
		clear(s.flow)
		next := s.cur.carried()
		for ; next.Date < today; next.Date = after(next.Date) {
			s.days = append(s.days, next)
		}
		s.cur = next
	}
}

// carried is the next day if nothing happens on it.
func (d *Day) carried() Day {
	next := Day{Date: after(d.Date), Seq: d.Seq, Work: d.Work, All: d.All, Sections: slices.Clone(d.Sections)}
	for i := range next.Sections {
		next.Sections[i].Completed, next.Sections[i].Reopened = 0, 0
	}
	return next
}

// after returns the day behind d.
func after(d events.Day) events.Day { return events.DayOf(d.In(time.UTC).AddDate(0, 0, 1)) }

// sections counts the work in the sections of the top level.
func (s *Series) sections() []SectionCount {
	list := []SectionCount{{}}
	at := make(map[int32]int)
	for _, b := range s.st.Root().Children {
		if b.Section != nil {
			at[int32(b.Section.Key)] = len(list)
			list = append(list, SectionCount{Key: b.Section.Key, Title: b.Section.Title})
		}
	}
	for key := range s.tasks {
		if p := &s.tasks[key]; p.class != absent {
			list[at[p.section]].Work.add(p.class, 1)
		}
	}
	for section, flow := range s.flow {
		if i, ok := at[section]; ok || section == 0 {
			list[i].Completed, list[i].Reopened = flow.Completed, flow.Reopened
		}
	}
	if list[0].Work == (Counts{}) && list[0].Completed == 0 {
		list = list[1:]
	}
	return list
}

// Days returns the days from the first event up to and with today, which may not
// be over. It returns none before the first event, and ends with the last event's
// day where that is later than today. Call it only between commands.
func (s *Series) Days(today events.Day) []Day {
	if !s.begun {
		return nil
	}
	s.settle()
	days := append(slices.Clone(s.days), s.cur)
	last := &days[len(days)-1]
	last.Sections = s.sections()
	for carried := last.carried(); carried.Date <= today; carried.Date = after(carried.Date) {
		days = append(days, carried)
	}
	return days
}

// Changes returns the commands that changed the scope, oldest first.
func (s *Series) Changes() []ScopeChange {
	s.settle()
	return slices.Clone(s.changes)
}

// Baselines returns the plans that were set, oldest first.
func (s *Series) Baselines() []Baseline { return slices.Clone(s.baselines) }

// Reviews returns the reviews that were recorded, oldest first.
func (s *Series) Reviews() []Review { return slices.Clone(s.reviews) }

// Closings returns the work that was closed since the import and is closed still,
// by key.
func (s *Series) Closings() []Closing {
	s.settle()
	var list []Closing
	for _, key := range slices.Sorted(maps.Keys(s.closings)) {
		if key < len(s.tasks) && s.tasks[key].class == done {
			list = append(list, s.closings[key])
		}
	}
	return list
}
