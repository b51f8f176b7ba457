package burndown

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"cairn/events"
)

// JSONStats is the JSON form of the figures of weeks, behind that of the summary
// that they are of. Fields are added, never changed.
type JSONStats struct {
	JSON
	Weeks []JSONWeek `json:"weeks"`
	// Cycle is how long work took from its start to its end; null where nobody
	// said when any of it was started.
	Cycle *JSONDurations `json:"cycle"`
	// Unstarted counts the closed work of which nobody said so.
	Unstarted int          `json:"unstarted"`
	Ageing    []JSONAgeing `json:"in_progress"`
	// People are who closed what, by name; null unless they were asked for.
	People []JSONPerson `json:"people"`
}

// JSONWeek is what happened from a Monday on.
type JSONWeek struct {
	Monday     events.Day `json:"monday"`
	Completed  float64    `json:"completed"`
	Reopened   float64    `json:"reopened"`
	Added      float64    `json:"added"`
	Removed    float64    `json:"removed"`
	Regrouped  float64    `json:"regrouped"`
	Remaining  float64    `json:"remaining"`
	InProgress float64    `json:"in_progress"`
	OnHold     float64    `json:"on_hold"`
}

// JSONDurations are percentiles of durations.
type JSONDurations struct {
	Tasks int     `json:"tasks"`
	P50   float64 `json:"p50_days"`
	P85   float64 `json:"p85_days"`
	P95   float64 `json:"p95_days"`
}

// JSONAgeing is a task in progress, and for how long it has been.
type JSONAgeing struct {
	Key       int      `json:"key"`
	Text      string   `json:"text"`
	Assignees []string `json:"assignees"`
	Days      float64  `json:"age_days"`
}

// JSONPerson is who closed tasks, and which.
type JSONPerson struct {
	Name  string `json:"name"`
	Tasks []int  `json:"tasks"`
}

// JSON returns the JSON form behind that of s, which the figures are of; with who
// closed what if people.
func (v *Stats) JSON(s *Summary, j JSON, people bool) JSONStats {
	out := JSONStats{JSON: j, Weeks: []JSONWeek{}, Unstarted: v.Unstarted, Ageing: []JSONAgeing{}}
	for _, w := range v.Weeks {
		out.Weeks = append(out.Weeks, s.weekJSON(w))
	}
	if v.Cycle.N > 0 {
		out.Cycle = &JSONDurations{v.Cycle.N, round(v.Cycle.P50), round(v.Cycle.P85), round(v.Cycle.P95)}
	}
	for _, a := range v.Ageing {
		out.Ageing = append(out.Ageing, JSONAgeing{a.Task.Task.Key, a.Task.Task.Text, append([]string{}, a.Task.Task.Assignees...), round(a.Days)})
	}
	if people {
		out.People = []JSONPerson{}
		for _, p := range v.People {
			out.People = append(out.People, JSONPerson(p))
		}
	}
	return out
}

func (s *Summary) weekJSON(w Week) JSONWeek {
	return JSONWeek{
		Monday: w.Monday, Completed: s.of(w.Completed), Reopened: s.of(w.Reopened), Added: s.of(w.Added), Removed: s.of(w.Removed),
		Regrouped: s.of(w.Regrouped), Remaining: s.of(w.Remaining), InProgress: s.of(w.InProgress), OnHold: s.of(w.Held),
	}
}

// CSV writes a row a week, with a header, in the unit of s.
func (v *Stats) CSV(w io.Writer, s *Summary) error {
	rows := [][]string{strings.Split("monday,completed,reopened,added,removed,regrouped,remaining,in_progress,on_hold,provisional", ",")}
	for i, week := range v.Weeks {
		j := s.weekJSON(week)
		row := []string{string(j.Monday)}
		for _, n := range []float64{j.Completed, j.Reopened, j.Added, j.Removed, j.Regrouped, j.Remaining, j.InProgress, j.OnHold} {
			row = append(row, strconv.FormatFloat(n, 'f', -1, 64))
		}
		rows = append(rows, append(row, strconv.FormatBool(s.Open && i == len(v.Weeks)-1)))
	}
	return csv.NewWriter(w).WriteAll(rows)
}
