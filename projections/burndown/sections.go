package burndown

import (
	"errors"

	"cairn/events"
)

// SectionForecast is when the work of a section of the top level will be done, by
// the rules of [Forecast], drawn from what happened in the section alone.
type SectionForecast struct {
	// Key and Title are the section's; Key 0 is what stands before the first.
	Key   int
	Title string
	// Work is what there is now, Completed how many of its tasks were closed, less
	// what was opened again, on the days that are over.
	Work      Counts
	Completed int
	// By is the section's own due day, else the checklist's target; it may be empty.
	By events.Day
	// Own says that By is the section's own.
	Own bool
	// Forecast is nil where there is none, and None says why.
	Forecast *Forecast
	None     *Error
}

// sectionForecasts forecasts each section in which something is left, in the order
// of the document. over are the days that are over, now is the last day.
func (s *Series) sectionForecasts(over []Day, now Day, by events.Day, seed uint64) []SectionForecast {
	list := []SectionForecast{}
	c := CalendarOf(s.st)
	for _, section := range now.Sections {
		if section.Work.Remaining() == 0 {
			continue
		}
		f := SectionForecast{Key: section.Key, Title: section.Title, Work: section.Work, By: by}
		if b := s.st.Block(events.SectionRef(section.Key)); section.Key > 0 && b != nil && b.Section.Due != "" {
			f.By, f.Own = b.Section.Due, true
		}
		days := daysOf(section.Key, over)
		for i := range days {
			f.Completed += days[i].closedTasks()
		}
		if forecast, err := NewForecast(days, c, f.By, seed); !errors.As(err, &f.None) {
			f.Forecast = &forecast
		}
		list = append(list, f)
	}
	return list
}

// daysOf are the days of one section, from the first on which there was one.
func daysOf(key int, all []Day) []Day {
	var days []Day
	for i := range all {
		day := Day{Date: all[i].Date, Seq: all[i].Seq, Measure: all[i].Measure}
		found := false
		for _, c := range all[i].Sections {
			if c.Key == key {
				day.Work, day.Completed, day.Reopened, day.closed, found = c.Work, c.Completed, c.Reopened, c.closed, true
			}
		}
		if found || len(days) > 0 {
			days = append(days, day)
		}
	}
	return days
}
