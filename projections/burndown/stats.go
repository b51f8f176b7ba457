package burndown

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// Stats are figures about how work goes through a checklist.
type Stats struct {
	// Weeks are the last weeks, oldest first; the last may not be over.
	Weeks []Week
	// Cycle is how long work took from its start to its end.
	Cycle Durations
	// Unstarted counts the closed work of which nobody said that it was started.
	Unstarted int
	// Ageing is what is in progress, oldest first.
	Ageing []Ageing
	// People are who closed work, by name; never by number.
	People []Person
}

// Week is what happened from a Monday on.
type Week struct {
	Monday                      events.Day
	Completed, Reopened         int
	Added, Removed, Regrouped   int
	Remaining, InProgress, Held int // at its end
}

// Durations are percentiles of some durations, in days.
type Durations struct {
	N             int
	P50, P85, P95 float64
}

// Ageing is work in progress, and for how many days it has been.
type Ageing struct {
	Task *checklist.Block
	Days float64
}

// Person is who closed work, and which.
type Person struct {
	Name  string
	Tasks []int
}

// Stats returns the figures of the last weeks, as of a moment. days must be those
// of s.
func (s *Series) Stats(days []Day, weeks int, now time.Time) Stats {
	var v Stats
	for _, d := range days {
		monday := events.DayOf(d.Date.In(time.UTC).AddDate(0, 0, -(int(weekday(d.Date))+6)%7))
		if n := len(v.Weeks); n == 0 || v.Weeks[n-1].Monday != monday {
			v.Weeks = append(v.Weeks, Week{Monday: monday})
		}
		w := &v.Weeks[len(v.Weeks)-1]
		w.Completed, w.Reopened = w.Completed+d.Completed, w.Reopened+d.Reopened
		w.Added, w.Removed, w.Regrouped = w.Added+d.Added, w.Removed+d.Removed, w.Regrouped+d.Regrouped
		w.Remaining, w.InProgress, w.Held = d.Work.Remaining(), d.Work.InProgress, d.Work.OnHold
	}
	v.Weeks = v.Weeks[max(len(v.Weeks)-weeks, 0):]
	var took []float64
	people := make(map[string][]int)
	for _, c := range s.Closings() {
		if len(v.Weeks) > 0 && c.Day >= v.Weeks[0].Monday {
			people[c.By.Name()] = append(people[c.By.Name()], c.Key)
		}
		if c.Start.IsZero() || c.Done.Before(c.Start) {
			v.Unstarted++
			continue
		}
		took = append(took, c.Done.Sub(c.Start).Hours()/24)
	}
	v.Cycle = durationsOf(took)
	for name, tasks := range people {
		v.People = append(v.People, Person{name, tasks})
	}
	slices.SortFunc(v.People, func(a, b Person) int { return strings.Compare(a.Name, b.Name) })
	for b := range s.st.Root().Tasks() {
		if key := b.Task.Key; b.Task.State == events.InProgress && key < len(s.tasks) && s.tasks[key].class == inProgress {
			since := b.Task.StateChanged
			if since.Seq == 0 {
				since = b.Task.Added
			}
			v.Ageing = append(v.Ageing, Ageing{b, now.Sub(since.Claimed).Hours() / 24})
		}
	}
	slices.SortStableFunc(v.Ageing, func(a, b Ageing) int { return cmp.Compare(b.Days, a.Days) })
	return v
}

// durationsOf returns the percentiles of some durations: the smallest that at
// least so many of a hundred do not exceed.
func durationsOf(list []float64) Durations {
	if len(list) == 0 {
		return Durations{}
	}
	slices.Sort(list)
	at := func(percent int) float64 { return list[(len(list)*percent+99)/100-1] }
	return Durations{N: len(list), P50: at(50), P85: at(85), P95: at(95)}
}
