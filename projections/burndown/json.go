package burndown

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"

	"cairn/events"
	"cairn/projections/checklist"
)

// JSON is the JSON form of a Summary. Fields are added, never changed; every
// field is always there, null where there is nothing. Days are YYYY-MM-DD in the
// checklist's zone, shares 0 to 1.
type JSON struct {
	checklist.Head
	Today events.Day `json:"today"`
	// Provisional says that the last day is not over.
	Provisional bool          `json:"provisional"`
	Days        []JSONDay     `json:"days"`
	Ideal       *JSONIdeal    `json:"ideal"`
	Forecast    *JSONForecast `json:"forecast"`
	// NoForecast says why there is none.
	NoForecast *string `json:"no_forecast"`
	// Sections are the forecasts of sections; null but for kind forecast.
	Sections []JSONSectionForecast `json:"section_forecasts"`
	Now      *JSONStanding         `json:"now"`
	Before   *JSONStanding         `json:"before"`
}

// JSONDay is a day.
type JSONDay struct {
	Date       events.Day    `json:"date"`
	Seq        events.Seq    `json:"seq"`
	Scope      int           `json:"scope"`
	Todo       int           `json:"todo"`
	InProgress int           `json:"in_progress"`
	OnHold     int           `json:"on_hold"`
	Done       int           `json:"done"`
	Dropped    int           `json:"dropped"`
	Remaining  int           `json:"remaining"`
	Ideal      *float64      `json:"ideal"`
	Completed  int           `json:"completed"`
	Reopened   int           `json:"reopened"`
	Added      int           `json:"added"`
	Removed    int           `json:"removed"`
	Regrouped  int           `json:"regrouped"`
	Sections   []JSONSection `json:"sections"`
}

// JSONSection is the work in a section of the top level; a null key is what
// stands before the first.
type JSONSection struct {
	Key       *int   `json:"key"`
	Title     string `json:"title"`
	Scope     int    `json:"scope"`
	Done      int    `json:"done"`
	Remaining int    `json:"remaining"`
	Completed int    `json:"completed"`
	Reopened  int    `json:"reopened"`
}

// JSONIdeal is the ideal line.
type JSONIdeal struct {
	Start    events.Day `json:"start"`
	Finish   events.Day `json:"finish"`
	From     int        `json:"from"`
	Baseline *string    `json:"baseline"`
}

// JSONForecast is a forecast; a null day is not in sight.
type JSONForecast struct {
	P50    *events.Day `json:"p50"`
	P85    *events.Day `json:"p85"`
	P95    *events.Day `json:"p95"`
	Steady struct {
		P50 *events.Day `json:"p50"`
		P85 *events.Day `json:"p85"`
		P95 *events.Day `json:"p95"`
	} `json:"without_growth"`
	Target *events.Day `json:"target"`
	Chance *float64    `json:"chance"`
	From   events.Day  `json:"window_from"`
	To     events.Day  `json:"window_to"`
	Days   int         `json:"window_working_days"`
	Closed int         `json:"window_completed"`
	Weekly bool        `json:"by_week"`
	Runs   int         `json:"runs"`
	Seed   uint64      `json:"seed"`
}

// JSONSectionForecast is the forecast of a section; a null key is what stands
// before the first.
type JSONSectionForecast struct {
	Key       *int   `json:"key"`
	Title     string `json:"title"`
	Scope     int    `json:"scope"`
	Done      int    `json:"done"`
	Remaining int    `json:"remaining"`
	// Completed is what was closed since the import, less what was opened again.
	Completed int           `json:"completed"`
	Forecast  *JSONForecast `json:"forecast"`
	// NoForecast says why there is none.
	NoForecast *string `json:"no_forecast"`
}

// JSONStanding is how it stands beside the plan.
type JSONStanding struct {
	Day       events.Day `json:"day"`
	Remaining int        `json:"remaining"`
	Over      *float64   `json:"over_ideal"`
	Behind    *float64   `json:"behind_working_days"`
	Chance    *float64   `json:"chance"`
}

// JSON returns the JSON form behind head, which says of what it is.
func (s *Summary) JSON(head checklist.Head) JSON {
	j := JSON{
		Head: head, Today: s.Today, Provisional: s.Open, Days: []JSONDay{}, Now: s.standingJSON(&s.Now), Before: s.standingJSON(s.Before),
	}
	for i := range s.Days {
		j.Days = append(j.Days, s.dayJSON(&s.Days[i]))
	}
	if l := s.Ideal; l != nil {
		j.Ideal = &JSONIdeal{Start: l.Start, Finish: l.Finish, From: l.From, Baseline: some(l.Baseline)}
	}
	if s.NoForecast != nil {
		j.NoForecast = &s.NoForecast.Message
	}
	if f := s.Forecast; f != nil {
		j.Forecast = f.json()
	}
	if s.Sections != nil {
		j.Sections = []JSONSectionForecast{}
	}
	for i := range s.Sections {
		j.Sections = append(j.Sections, s.Sections[i].json())
	}
	return j
}

func (f *SectionForecast) json() JSONSectionForecast {
	j := JSONSectionForecast{
		Key: some(f.Key), Title: f.Title, Scope: f.Work.Scope(), Done: f.Work.Done, Remaining: f.Work.Remaining(), Completed: f.Completed,
	}
	if f.None != nil {
		j.NoForecast = &f.None.Message
	}
	if f.Forecast != nil {
		j.Forecast = f.Forecast.json()
	}
	return j
}

func (s *Summary) dayJSON(d *Day) JSONDay {
	day := JSONDay{
		Date: d.Date, Seq: d.Seq, Scope: d.Work.Scope(), Todo: d.Work.Todo, InProgress: d.Work.InProgress, OnHold: d.Work.OnHold,
		Done: d.Work.Done, Dropped: d.Work.Dropped, Remaining: d.Work.Remaining(), Completed: d.Completed, Reopened: d.Reopened,
		Added: d.Added, Removed: d.Removed, Regrouped: d.Regrouped, Sections: []JSONSection{},
	}
	if s.Ideal != nil {
		v := round(s.Ideal.At(d.Date))
		day.Ideal = &v
	}
	for _, c := range d.Sections {
		day.Sections = append(day.Sections, JSONSection{
			Key: some(c.Key), Title: c.Title, Scope: c.Work.Scope(), Done: c.Work.Done, Remaining: c.Work.Remaining(),
			Completed: c.Completed, Reopened: c.Reopened,
		})
	}
	return day
}

func (f *Forecast) json() *JSONForecast {
	j := &JSONForecast{
		P50: some(f.P50), P85: some(f.P85), P95: some(f.P95), Target: some(f.By), From: f.From, To: f.To, Days: f.Days,
		Closed: f.Completed, Weekly: f.Weekly, Runs: Runs, Seed: f.Seed,
	}
	j.Steady.P50, j.Steady.P85, j.Steady.P95 = some(f.Steady.P50), some(f.Steady.P85), some(f.Steady.P95)
	if f.By != "" {
		j.Chance = &f.Chance
	}
	return j
}

func (s *Summary) standingJSON(at *Standing) *JSONStanding {
	if at == nil || at.Day == "" {
		return nil
	}
	j := &JSONStanding{Day: at.Day, Remaining: at.Left}
	if s.Ideal != nil {
		over, behind := round(at.Over), round(at.Behind)
		j.Over, j.Behind = &over, &behind
	}
	if !math.IsNaN(at.Chance) {
		j.Chance = &at.Chance
	}
	return j
}

// round keeps two digits.
func round(v float64) float64 { return math.Round(v*100) / 100 }

// some returns nil for the zero value.
func some[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// CSV writes a row a day, with a header.
func (s *Summary) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{
		"date", "seq", "scope", "todo", "in_progress", "on_hold", "done", "dropped", "remaining", "ideal",
		"completed", "reopened", "added", "removed", "regrouped", "provisional",
	}}
	for i := range s.Days {
		d := s.dayJSON(&s.Days[i])
		ideal := ""
		if d.Ideal != nil {
			ideal = strconv.FormatFloat(*d.Ideal, 'f', -1, 64)
		}
		row := []string{string(d.Date), strconv.FormatUint(uint64(d.Seq), 10)}
		for _, n := range []int{d.Scope, d.Todo, d.InProgress, d.OnHold, d.Done, d.Dropped, d.Remaining} {
			row = append(row, strconv.Itoa(n))
		}
		row = append(row, ideal)
		for _, n := range []int{d.Completed, d.Reopened, d.Added, d.Removed, d.Regrouped} {
			row = append(row, strconv.Itoa(n))
		}
		rows = append(rows, append(row, strconv.FormatBool(s.Open && i == len(s.Days)-1)))
	}
	return out.WriteAll(rows)
}
