package burndown

import (
	"maps"
	"slices"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// settle takes in what the last command did to the shape, and notes what that
// changed in the scope.
func (s *Series) settle() {
	for _, l := range s.ledgers() {
		l.settle(s.st, s.shape)
	}
	s.shape = false
}

func (l *ledger) settle(st *checklist.State, shape bool) {
	if shape || l.stale {
		l.reshape(st)
		l.stale = false
	}
	p := l.pending
	l.pending = ScopeChange{}
	if p.Added == 0 && p.Removed == 0 && p.Regrouped == 0 {
		return
	}
	slices.Sort(p.Tasks)
	p.Tasks = slices.Compact(p.Tasks)
	l.changes = append(l.changes, p)
}

// closeUpto ends the current day, and those behind it up to today.
func (l *ledger) closeUpto(st *checklist.State, today events.Day) {
	for l.cur.Date < today {
		l.cur.Sections = l.sections(st)
		l.days = append(l.days, l.cur)
		clear(l.flow)
		next := l.cur.carried()
		for ; next.Date < today; next.Date = after(next.Date) {
			l.days = append(l.days, next)
		}
		l.cur = next
	}
}

// carried is the next day if nothing happens on it.
func (d *Day) carried() Day {
	next := Day{Date: after(d.Date), Seq: d.Seq, Work: d.Work, All: d.All, Measure: d.Measure, Sections: slices.Clone(d.Sections)}
	next.turned = false
	for i := range next.Sections {
		next.Sections[i].Completed, next.Sections[i].Reopened, next.Sections[i].closed = 0, 0, 0
	}
	return next
}

// after returns the day behind d.
func after(d events.Day) events.Day { return events.DayOf(d.In(time.UTC).AddDate(0, 0, 1)) }

// sections counts the work in the sections of the top level.
func (l *ledger) sections(st *checklist.State) []SectionCount {
	list := []SectionCount{{}}
	at := make(map[int32]int)
	for _, b := range st.Root().Children {
		if b.Section != nil {
			at[int32(b.Section.Key)] = len(list)
			list = append(list, SectionCount{Key: b.Section.Key, Title: b.Section.Title})
		}
	}
	for key := range l.tasks {
		if p := &l.tasks[key]; p.class != absent {
			list[at[p.section]].Work.add(p.class, p.weight)
		}
	}
	for section, flow := range l.flow {
		if i, ok := at[section]; ok || section == 0 {
			list[i].Completed, list[i].Reopened, list[i].closed = flow.Completed, flow.Reopened, flow.closed
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
	return s.upto(s.st, today)
}

// upto returns the days up to today, as Days says.
func (l *ledger) upto(st *checklist.State, today events.Day) []Day {
	days := append(slices.Clone(l.days), l.cur)
	last := &days[len(days)-1]
	last.Sections = l.sections(st)
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
