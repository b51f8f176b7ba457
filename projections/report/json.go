package report

import (
	"time"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
)

// Document is the JSON form of a report. Fields are added, never changed; every
// field is always there.
type Document struct {
	checklist.Head
	Number    int                  `json:"number"`
	From      JSONMoment           `json:"from"`
	To        JSONMoment           `json:"to"`
	Before    int                  `json:"remaining_before"`
	After     int                  `json:"remaining_after"`
	Moves     burndown.Moves       `json:"moves"`
	Scope     int                  `json:"scope"`
	Finished  int                  `json:"finished"`
	Sentence  string               `json:"sentence"`
	Outlook   []string             `json:"outlook"`
	Behind    *float64             `json:"behind_days"`
	WasBehind *float64             `json:"behind_days_before"`
	Chance    *float64             `json:"chance"`
	WasChance *float64             `json:"chance_before"`
	Done      []JSONItem           `json:"done"`
	Reopened  []JSONItem           `json:"reopened"`
	Started   []JSONItem           `json:"started"`
	Waiting   []JSONItem           `json:"waiting"`
	Late      []JSONItem           `json:"late"`
	Changes   []JSONScope          `json:"scope_changes"`
	Regrouped []JSONScope          `json:"regrouped"`
	Next      []JSONItem           `json:"next_week"`
	Risks     []checklist.JSONRisk `json:"risks"`
	People    []Person             `json:"people"`
	Hygiene   JSONHygiene          `json:"hygiene"`
	Recorded  *JSONRecord          `json:"recorded"`
}

// JSONMoment is one end of a report.
type JSONMoment struct {
	Seq      events.Seq `json:"seq"`
	Revision uint64     `json:"revision"`
	Day      events.Day `json:"day"`
}

// JSONItem is a task that a report names.
type JSONItem struct {
	Key       int          `json:"key"`
	Text      string       `json:"text"`
	State     events.State `json:"state"`
	Assignees []string     `json:"assignees"`
	Links     []string     `json:"links"`
	Reason    *string      `json:"reason"`
	Note      *string      `json:"note"`
	Days      *int         `json:"days"`
	Due       *events.Day  `json:"due"`
	HoldsUp   []int        `json:"holds_up"`
}

// JSONScope is a command that changed the scope.
type JSONScope struct {
	Seq    events.Seq `json:"seq"`
	By     int        `json:"by"`
	Tasks  []int      `json:"tasks"`
	Text   string     `json:"text"`
	Actor  string     `json:"actor"`
	Reason *string    `json:"reason"`
	Note   *string    `json:"note"`
}

// JSONHygiene is what is missing.
type JSONHygiene struct {
	NoOwner  []int        `json:"without_owner"`
	NoLink   []int        `json:"without_link"`
	NoReason []events.Seq `json:"without_reason"`
}

// JSONRecord is the review as it was recorded.
type JSONRecord struct {
	Seq    events.Seq          `json:"seq"`
	At     time.Time           `json:"at"`
	By     checklist.JSONActor `json:"by"`
	Status string              `json:"status"`
	Note   string              `json:"note"`
	Asks   []string            `json:"asks"`
}

// JSON returns the JSON form of the report; of is the moment as it was asked for.
func JSON(r *Report, of checklist.Moment) Document {
	d := Document{
		Head: r.st.JSONHead("report", of), Number: r.Number, From: r.From.json(), To: r.To.json(), Before: r.Before, After: r.After, Moves: r.Moves,
		Scope: r.Scope, Finished: r.Finished, Sentence: r.Sentence(), Outlook: r.Outlook(),
		Done: jsonItems(r.Done), Reopened: jsonItems(r.Reopened), Started: jsonItems(r.Started), Waiting: jsonItems(r.Waiting), Late: jsonItems(r.Late),
		Changes: jsonChanges(r.Changes), Regrouped: jsonChanges(r.Regrouped), Next: jsonItems(r.Next), Risks: []checklist.JSONRisk{},
		People: some(r.People), Hygiene: JSONHygiene{some(r.Hygiene.NoOwner), some(r.Hygiene.NoLink), some(r.Hygiene.NoReason)},
	}
	d.Behind, d.Chance = r.Is.figures()
	d.WasBehind, d.WasChance = r.Was.figures()
	for _, risk := range r.Risks {
		d.Risks = append(d.Risks, risk.JSON())
	}
	if v := r.Recorded; v != nil {
		d.Recorded = &JSONRecord{v.Seq, v.At.UTC(), checklist.ActorJSON(v.By), v.Status, v.Note, some(v.Asks)}
	}
	return d
}

func (o Outlook) figures() (behind, chance *float64) {
	if o.Planned {
		behind = &o.Behind
	}
	if o.Forecast != nil && o.Forecast.By != "" {
		chance = &o.Forecast.Chance
	}
	return behind, chance
}

func (m Moment) json() JSONMoment { return JSONMoment{m.Seq, m.Revision, m.Day} }

func jsonItems(list []Item) []JSONItem {
	items := []JSONItem{}
	for _, i := range list {
		items = append(items, JSONItem{
			Key: i.Key, Text: i.Text, State: i.State, Assignees: some(i.Owners), Links: some(i.Links), Reason: optional(i.Reason), Note: optional(i.Note),
			Days: optional(i.Days), Due: optional(i.Due), HoldsUp: some(i.HoldsUp),
		})
	}
	return items
}

func jsonChanges(list []Change) []JSONScope {
	changes := []JSONScope{}
	for _, c := range list {
		changes = append(changes, JSONScope{c.Seq, c.By, some(c.Keys), c.Text, c.Who, optional(c.Reason), optional(c.Note)})
	}
	return changes
}

// optional returns nil for the zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// some returns l, or an empty list that is not null.
func some[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
