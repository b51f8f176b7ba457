package app

import (
	"encoding/json"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// About is what stands around a command on its way over HTTP, as members of its
// JSON object besides its own.
type About struct {
	Reason string    `json:"reason,omitempty" doc:"Why; shown in log, blame and report"`
	On     time.Time `json:"on,omitzero" doc:"When it happened, where that is not now"`
	Cause  string    `json:"cause,omitempty" doc:"The commit, or the id of the event, that it comes from"`
	Via    string    `json:"via,omitempty" maxLength:"20" doc:"The program that sends it, such as cli"`
	// What follows is of a document's history.
	Committed time.Time `json:"committed,omitzero" doc:"When the commit came into the history that a new checklist takes"`
	Derived   bool      `json:"derived,omitempty" doc:"The ids of the events follow from that of the command"`
	Author    *Author   `json:"author,omitempty" doc:"The author of the commit whose document it is"`
	Lines     []*Line   `json:"lines,omitempty" doc:"Who brought each line of the document, where that is somebody else; null where not"`
}

// AboutMembers are the names of About's members. No command has one of them.
var AboutMembers = []string{"reason", "on", "cause", "via", "committed", "derived", "author", "lines"}

// Author is an actor that was declared.
type Author struct {
	ID      string `json:"id"`
	Display string `json:"display,omitempty"`
}

// Line is who brought a line of a document.
type Line struct {
	Author Author    `json:"author"`
	Time   time.Time `json:"time,omitzero"`
	Cause  string    `json:"cause,omitempty"`
}

// AboutOf returns what of meta travels in the body.
func AboutOf(m commands.Meta) About {
	a := About{
		Reason: m.Reason, On: m.On, Cause: m.Cause, Via: m.Via, Committed: m.Committed, Derived: m.Derived,
		Author: &Author{m.Actor.ID, m.Actor.Display},
	}
	for _, o := range m.Lines {
		var l *Line
		if o != nil {
			l = &Line{Author{o.Actor.ID, o.Actor.Display}, o.Time, o.Cause}
		}
		a.Lines = append(a.Lines, l)
	}
	return a
}

// Meta adds a to meta, whose Actor it leaves as it is. Who brought a line is what
// the sender says, and marked so.
func (a About) Meta(m commands.Meta) commands.Meta {
	m.Reason, m.On, m.Cause, m.Via, m.Committed, m.Derived = a.Reason, a.On, a.Cause, a.Via, a.Committed, a.Derived
	for _, l := range a.Lines {
		var o *commands.Origin
		if l != nil {
			o = &commands.Origin{Actor: l.Author.Actor(), Time: l.Time, Cause: l.Cause}
		}
		m.Lines = append(m.Lines, o)
	}
	return m
}

// Actor returns the author as an actor whom nobody checked.
func (a Author) Actor() events.Actor {
	return events.Actor{ID: a.ID, Display: a.Display, Auth: events.Unauthenticated}
}

// JSONResult is what a command did, as it is printed and sent. Fields are added,
// never changed.
type JSONResult struct {
	Schema    int                  `json:"schema"`
	Kind      string               `json:"kind" example:"result"`
	Checklist string               `json:"checklist"`
	Changed   bool                 `json:"changed" doc:"Something was recorded now"`
	Repeated  bool                 `json:"repeated" doc:"The command was carried out before; this is what it did then"`
	DryRun    bool                 `json:"dry_run"`
	Command   *string              `json:"command" doc:"The id of the command"`
	Seq       events.Seq           `json:"seq" doc:"The last event of the command, or of the checklist where it recorded nothing"`
	Tasks     []checklist.JSONTask `json:"tasks" doc:"The tasks that it changed, as they are now"`
	Events    []json.RawMessage    `json:"events" doc:"What was recorded, as it is stored"`
}

// JSON returns the result of a command; st is the checklist after it.
func (o Outcome) JSON(st *checklist.State, today events.Day) JSONResult {
	r := JSONResult{
		Schema: 1, Kind: "result", Checklist: st.Name, Changed: len(o.Events) > 0 && !o.Repeated && o.After == nil,
		Repeated: o.Repeated, DryRun: o.After != nil, Seq: o.Seq, Events: []json.RawMessage{},
	}
	if o.ID != "" {
		r.Command = &o.ID
	}
	var keys []int
	seen := make(map[int]bool)
	for _, row := range o.Rows {
		if row.Key != 0 && !seen[row.Key] {
			seen[row.Key] = true
			keys = append(keys, row.Key)
		}
	}
	r.Tasks = st.TaskJSON(today, keys...)
	for _, env := range o.Events {
		r.Events = append(r.Events, env.Body)
	}
	return r
}

// SystemJSON returns the result of a command about the log itself.
func SystemJSON(result commands.Result) JSONResult {
	r := JSONResult{
		Schema: 1, Kind: "result", Changed: len(result.Events) > 0 && !result.Repeated, Repeated: result.Repeated, Seq: result.Seq,
		Tasks: []checklist.JSONTask{}, Events: []json.RawMessage{},
	}
	if result.ID != "" {
		r.Command = &result.ID
	}
	for _, env := range result.Events {
		r.Events = append(r.Events, env.Body)
	}
	return r
}

// JSONStep is one command of a history on its way over HTTP, one a line: the
// command's own members and those of About stand in Body.
type JSONStep struct {
	ID      string          `json:"id"`
	Command string          `json:"command"`
	Body    json.RawMessage `json:"body"`
}

// JSONSummary is a summary as it is printed and sent.
type JSONSummary struct {
	Checklist string             `json:"checklist"`
	Title     string             `json:"title"`
	Seq       events.Seq         `json:"seq" doc:"The position of its last event"`
	Archived  bool               `json:"archived"`
	File      *string            `json:"file" doc:"The file that follows it"`
	Progress  checklist.Progress `json:"progress"`
}

// JSON returns the JSON form of a summary.
func (s Summary) JSON() JSONSummary {
	j := JSONSummary{s.Name, s.Title, s.Seq, s.Archived, nil, s.Progress}
	if s.Path != "" {
		j.File = &s.Path
	}
	return j
}

// Summary returns the summary whose JSON form it is.
func (j JSONSummary) Summary() Summary {
	s := Summary{Name: j.Checklist, Title: j.Title, Seq: j.Seq, Progress: j.Progress, Archived: j.Archived}
	if j.File != nil {
		s.Path = *j.File
	}
	return s
}

// JSONSummaries is the list of all checklists.
type JSONSummaries struct {
	Schema     int           `json:"schema"`
	Kind       string        `json:"kind" example:"checklists"`
	Origin     string        `json:"origin" doc:"The name of the log"`
	Seq        events.Seq    `json:"seq" doc:"The position of the log's last event"`
	AsOf       *string       `json:"as_of"`
	KnownAt    *string       `json:"as_known_at"`
	Checklists []JSONSummary `json:"checklists"`
}

// SummariesJSON returns the JSON form of all checklists of a log that ends at seq.
func SummariesJSON(origin string, seq events.Seq, list []Summary, of checklist.Moment) JSONSummaries {
	doc := JSONSummaries{Schema: 1, Kind: "checklists", Origin: origin, Seq: seq, Checklists: []JSONSummary{}}
	if of.AsOf != "" {
		doc.AsOf = &of.AsOf
	}
	if of.KnownAt != "" {
		doc.KnownAt = &of.KnownAt
	}
	for _, s := range list {
		doc.Checklists = append(doc.Checklists, s.JSON())
	}
	return doc
}
