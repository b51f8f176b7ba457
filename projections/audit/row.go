// Package audit tells the history of a checklist: who changed what, when, why,
// and from what to what.
//
// For most uses, give each event of one checklist to [History.Next], which
// returns its [Row], and group the rows by command with [Commands]. The events
// hold no value from before: the history folds the checklist to know it.
package audit

import (
	"encoding/json"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// Row is one event, told for people.
type Row struct {
	Seq      events.Seq
	Revision uint64
	ID       string
	Kind     events.Kind

	// Time is the actor's claim, Effective what views of the past go by,
	// Recorded when it was stored.
	Time, Effective, Recorded time.Time

	Actor      events.Actor
	Via        string
	OnBehalfOf string

	// Action is one word: "done", "hold", "REOPEN", "added", "due".
	Action string
	// Target is the block that the event is about; zero for the checklist
	// itself. Key is the task's key, 0 where it is about no task.
	Target events.Ref
	Key    int
	// Subject is what one of the log's own events is about, "user/ada"; see
	// [DescribeAccess].
	Subject string
	// Text is the task's text or the section's title, after the event.
	Text string
	// Section is where it stands, after the event; zero for the top.
	Section      events.Ref
	SectionTitle string
	// Parent is the key of the task that it stands in, 0 for none.
	Parent     int
	ParentText string

	// Changes are the fields that the event sets, in a fixed order.
	Changes []Change
	Reason  string

	CommandID, CommandName string
	Part, Parts            int
	// Cause is the event or commit that caused this one, Undoes the event
	// that it takes back.
	Cause, Undoes string
	// UndoesSeq is where that event stands, if the history has told it.
	UndoesSeq events.Seq
	// Match says how sure it is that two lines were the same task.
	Match events.Match

	// More says of a document.synced that more of the file's history follows.
	More bool

	// Body is the stored form. It must not be changed.
	Body []byte
}

// Imported reports whether the row ends an import: the document is in the log,
// with as much of its history as was taken.
func (r Row) Imported() bool { return r.Kind == events.KindDocumentSynced && !r.More }

// Change is one field before and after; nil is nothing. The values are as in
// the JSON form: strings, numbers, booleans and lists of them.
type Change struct {
	Field  string `json:"field"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// The fields that views show in a way of their own.
const (
	fieldState  = "state"
	fieldMarker = "marker"
	fieldText   = "text"
)

// Change returns the change of field, if the row has one.
func (r Row) Change(field string) (Change, bool) {
	for _, c := range r.Changes {
		if c.Field == field {
			return c, true
		}
	}
	return Change{}, false
}

// State returns the task's state before and after; ok is false if the row
// changes none.
func (r Row) State() (before, after events.State, ok bool) {
	c, ok := r.Change(fieldState)
	if !ok {
		return "", "", false
	}
	b, _ := c.Before.(string)
	a, _ := c.After.(string)
	return events.State(b), events.State(a), true
}

// History is the fold that tells each event. It is not safe for concurrent use.
type History struct {
	state *checklist.State
	told  map[string]events.Seq // where each event stands, by id
}

// NewHistory returns the history before the first event of a checklist.
func NewHistory() *History { return After(checklist.New()) }

// After returns the history that goes on from st, which it owns from now on.
func After(st *checklist.State) *History {
	return &History{state: st, told: make(map[string]events.Seq)}
}

// State returns the checklist after the last event told. It must not be
// changed, and changes with the next.
func (h *History) State() *checklist.State { return h.state }

// Next tells env, the next event of the checklist. It returns an error where
// the fold does, for an unreadable event; the row then still says which.
func (h *History) Next(env events.Envelope) (Row, error) {
	row := Describe(h.state, env)
	row.UndoesSeq = h.told[env.Undoes]
	h.told[env.ID] = env.Seq
	st, err := checklist.Evolve(h.state, env)
	h.state = st
	return row, err
}

// Skip is Next without telling the event.
func (h *History) Skip(env events.Envelope) error {
	h.told[env.ID] = env.Seq
	st, err := checklist.Evolve(h.state, env)
	h.state = st
	return err
}

// JSONRow is the JSON form of a row, one line of `log --json`. Fields are
// added, never changed; every field is always there, null where there is
// nothing. Task is the task's key, Event the event as it is stored.
type JSONRow struct {
	Seq           events.Seq          `json:"seq"`
	Action        string              `json:"action"`
	Task          *int                `json:"task"`
	Text          *string             `json:"text"`
	Target        *string             `json:"target"`
	Section       *string             `json:"section"`
	SectionTitle  *string             `json:"section_title"`
	Changes       []Change            `json:"changes"`
	Reason        *string             `json:"reason"`
	Actor         checklist.JSONActor `json:"actor"`
	AuthType      string              `json:"auth_type"`
	Via           *string             `json:"via"`
	OnBehalfOf    *string             `json:"on_behalf_of"`
	Time          time.Time           `json:"time"`
	EffectiveTime time.Time           `json:"effective_time"`
	RecordedTime  time.Time           `json:"recorded_time"`
	Checklist     string              `json:"checklist"`
	Revision      uint64              `json:"revision"`
	ID            string              `json:"id"`
	Kind          events.Kind         `json:"kind"`
	Command       *JSONCommand        `json:"command"`
	Cause         *string             `json:"cause"`
	Undoes        *string             `json:"undoes"`
	Match         *JSONMatch          `json:"match"`
	Event         json.RawMessage     `json:"event"`
}

// JSONCommand is the command that a row belongs to.
type JSONCommand struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Part  int    `json:"part"`
	Parts int    `json:"parts"`
}

// JSONMatch says how two lines were taken for the same; a null score is none.
type JSONMatch struct {
	Stage string   `json:"stage"`
	Score *float64 `json:"score"`
}

// JSON returns the JSON form of the row, an event of the checklist called name.
func (r Row) JSON(name string) JSONRow {
	row := JSONRow{
		Seq: r.Seq, Action: r.Action, Task: optional(r.Key), Target: optional(r.Target.String()),
		Section: optional(r.Section.String()), SectionTitle: optional(r.SectionTitle), Changes: r.Changes, Reason: optional(r.Reason),
		Actor: checklist.ActorJSON(r.Actor), AuthType: r.Actor.Auth, Via: optional(r.Via), OnBehalfOf: optional(r.OnBehalfOf),
		Time: r.Time.UTC(), EffectiveTime: r.Effective.UTC(), RecordedTime: r.Recorded.UTC(),
		Checklist: name, Revision: r.Revision, ID: r.ID, Kind: r.Kind, Cause: optional(r.Cause), Undoes: optional(r.Undoes),
	}
	if r.Target.Noun == events.TaskNoun || r.Target.Noun == events.SectionNoun {
		row.Text = &r.Text
	}
	if r.Subject != "" {
		row.Target, row.Text = &r.Subject, &r.Text
	}
	if row.Changes == nil {
		row.Changes = []Change{}
	}
	if r.CommandID != "" {
		row.Command = &JSONCommand{r.CommandID, r.CommandName, r.Part, r.Parts}
	}
	if r.Match.Stage != "" {
		row.Match = &JSONMatch{r.Match.Stage, optional(r.Match.Score)}
	}
	if json.Valid(r.Body) {
		row.Event = r.Body
	}
	return row
}

// optional returns nil for the zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
