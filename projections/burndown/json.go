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
	Provisional bool `json:"provisional"`
	// Unit is what the work is counted in: "tasks", or "hours", "days" (of eight
	// hours) or "points" where it is counted in estimates. Weight is null for tasks.
	Unit     string        `json:"unit"`
	Weight   *JSONWeight   `json:"weight"`
	Days     []JSONDay     `json:"days"`
	Ideal    *JSONIdeal    `json:"ideal"`
	Forecast *JSONForecast `json:"forecast"`
	// NoForecast says why there is none.
	NoForecast *string `json:"no_forecast"`
	// Sections are the forecasts of sections; null but for kind forecast.
	Sections []JSONSectionForecast `json:"section_forecasts"`
	Now      *JSONStanding         `json:"now"`
	Before   *JSONStanding         `json:"before"`
}

// JSONWeight says how the work is counted in estimates.
type JSONWeight struct {
	// Estimated of so many tasks of the scope have an estimate, Each is what each of
	// the others counts as.
	Tasks     int     `json:"tasks"`
	Estimated int     `json:"estimated"`
	Each      float64 `json:"each_other"`
	// Since is the first day, where earlier ones are left out.
	Since *events.Day `json:"since"`
}

// JSONDay is a day.
type JSONDay struct {
	Date       events.Day    `json:"date"`
	Seq        events.Seq    `json:"seq"`
	Scope      float64       `json:"scope"`
	Todo       float64       `json:"todo"`
	InProgress float64       `json:"in_progress"`
	OnHold     float64       `json:"on_hold"`
	Done       float64       `json:"done"`
	Dropped    float64       `json:"dropped"`
	Remaining  float64       `json:"remaining"`
	Ideal      *float64      `json:"ideal"`
	Completed  float64       `json:"completed"`
	Reopened   float64       `json:"reopened"`
	Added      float64       `json:"added"`
	Removed    float64       `json:"removed"`
	Regrouped  float64       `json:"regrouped"`
	Sections   []JSONSection `json:"sections"`
}

// JSONSection is the work in a section of the top level; a null key is what
// stands before the first.
type JSONSection struct {
	Key       *int    `json:"key"`
	Title     string  `json:"title"`
	Scope     float64 `json:"scope"`
	Done      float64 `json:"done"`
	Remaining float64 `json:"remaining"`
	Completed float64 `json:"completed"`
	Reopened  float64 `json:"reopened"`
}

// JSONIdeal is the ideal line.
type JSONIdeal struct {
	Start    events.Day `json:"start"`
	Finish   events.Day `json:"finish"`
	From     float64    `json:"from"`
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
	Amount float64     `json:"window_amount"`
	Weekly bool        `json:"by_week"`
	Runs   int         `json:"runs"`
	Seed   uint64      `json:"seed"`
}

// JSONSectionForecast is the forecast of a section; a null key is what stands
// before the first.
type JSONSectionForecast struct {
	Key       *int    `json:"key"`
	Title     string  `json:"title"`
	Scope     float64 `json:"scope"`
	Done      float64 `json:"done"`
	Remaining float64 `json:"remaining"`
	// Completed is what was closed since the import, less what was opened again.
	Completed int           `json:"completed"`
	Forecast  *JSONForecast `json:"forecast"`
	// NoForecast says why there is none.
	NoForecast *string `json:"no_forecast"`
}

// JSONStanding is how it stands beside the plan.
type JSONStanding struct {
	Day       events.Day `json:"day"`
	Remaining float64    `json:"remaining"`
	Over      *float64   `json:"over_ideal"`
	Behind    *float64   `json:"behind_working_days"`
	Chance    *float64   `json:"chance"`
}

// JSON returns the JSON form behind head, which says of what it is.
func (s *Summary) JSON(head checklist.Head) JSON {
	j := JSON{
		Head: head, Today: s.Today, Provisional: s.Open, Unit: "tasks", Days: []JSONDay{}, Now: s.standingJSON(&s.Now), Before: s.standingJSON(s.Before),
	}
	if n := len(s.Days); n > 0 && !s.Unit.Tasks() {
		m := s.Days[n-1].Measure
		j.Unit = s.Unit.Name
		j.Weight = &JSONWeight{Tasks: m.Tasks, Estimated: m.Estimated, Each: s.of(m.Each), Since: some(s.Since)}
	}
	for i := range s.Days {
		j.Days = append(j.Days, s.dayJSON(&s.Days[i]))
	}
	if l := s.Ideal; l != nil {
		j.Ideal = &JSONIdeal{Start: l.Start, Finish: l.Finish, From: s.of(l.From), Baseline: some(l.Baseline)}
	}
	if s.NoForecast != nil {
		j.NoForecast = &s.NoForecast.Message
	}
	if f := s.Forecast; f != nil {
		j.Forecast = s.forecastJSON(f)
	}
	if s.Sections != nil {
		j.Sections = []JSONSectionForecast{}
	}
	for i := range s.Sections {
		j.Sections = append(j.Sections, s.sectionJSON(&s.Sections[i]))
	}
	return j
}

func (s *Summary) sectionJSON(f *SectionForecast) JSONSectionForecast {
	j := JSONSectionForecast{
		Key: some(f.Key), Title: f.Title, Scope: s.of(f.Work.Scope()), Done: s.of(f.Work.Done), Remaining: s.of(f.Work.Remaining()), Completed: f.Completed,
	}
	if f.None != nil {
		j.NoForecast = &f.None.Message
	}
	if f.Forecast != nil {
		j.Forecast = s.forecastJSON(f.Forecast)
	}
	return j
}

func (s *Summary) dayJSON(d *Day) JSONDay {
	day := JSONDay{
		Date: d.Date, Seq: d.Seq, Scope: s.of(d.Work.Scope()), Todo: s.of(d.Work.Todo), InProgress: s.of(d.Work.InProgress), OnHold: s.of(d.Work.OnHold),
		Done: s.of(d.Work.Done), Dropped: s.of(d.Work.Dropped), Remaining: s.of(d.Work.Remaining()), Completed: s.of(d.Completed), Reopened: s.of(d.Reopened),
		Added: s.of(d.Added), Removed: s.of(d.Removed), Regrouped: s.of(d.Regrouped), Sections: []JSONSection{},
	}
	if s.Ideal != nil {
		v := round(s.Ideal.At(d.Date) * s.Unit.Of(1))
		day.Ideal = &v
	}
	for _, c := range d.Sections {
		day.Sections = append(day.Sections, JSONSection{
			Key: some(c.Key), Title: c.Title, Scope: s.of(c.Work.Scope()), Done: s.of(c.Work.Done), Remaining: s.of(c.Work.Remaining()),
			Completed: s.of(c.Completed), Reopened: s.of(c.Reopened),
		})
	}
	return day
}

func (s *Summary) forecastJSON(f *Forecast) *JSONForecast {
	j := &JSONForecast{
		P50: some(f.P50), P85: some(f.P85), P95: some(f.P95), Target: some(f.By), From: f.From, To: f.To, Days: f.Days,
		Closed: f.Completed, Amount: s.of(f.Amount), Weekly: f.Weekly, Runs: Runs, Seed: f.Seed,
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
	j := &JSONStanding{Day: at.Day, Remaining: s.of(at.Left)}
	if s.Ideal != nil {
		over, behind := round(at.Over*s.Unit.Of(1)), round(at.Behind)
		j.Over, j.Behind = &over, &behind
	}
	if !math.IsNaN(at.Chance) {
		j.Chance = &at.Chance
	}
	return j
}

// of returns n in the unit, to four digits.
func (s *Summary) of(n int) float64 { return math.Round(s.Unit.Of(n)*1e4) / 1e4 }

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
		for _, n := range []float64{d.Scope, d.Todo, d.InProgress, d.OnHold, d.Done, d.Dropped, d.Remaining} {
			row = append(row, strconv.FormatFloat(n, 'f', -1, 64))
		}
		row = append(row, ideal)
		for _, n := range []float64{d.Completed, d.Reopened, d.Added, d.Removed, d.Regrouped} {
			row = append(row, strconv.FormatFloat(n, 'f', -1, 64))
		}
		rows = append(rows, append(row, strconv.FormatBool(s.Open && i == len(s.Days)-1)))
	}
	return out.WriteAll(rows)
}
