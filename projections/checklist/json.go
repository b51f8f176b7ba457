package checklist

import (
	"strings"
	"time"

	"cairn/events"
)

// Document is the JSON form of a checklist, `show --json`. Fields are added,
// never changed; every field is always there, null where it is unknown. Times
// are RFC 3339 in UTC, days YYYY-MM-DD.
//
//	{"schema":1,"kind":"checklist","checklist":"migration","seq":90,"as_of":null,
//	 "as_known_at":null,"timezone":"UTC",
//	 "title":"…","owner":null,"target_start":null,"target_finish":null,
//	 "counts":{…},"progress":{…},"risks":{"open":3,"closed":0},"repeating":0,"sections":[…]}
//
// Counts are over every box, Progress over work. Tasks before the first heading
// stand in a section with key 0 and an empty title.
type Document struct {
	Head
	Title        string        `json:"title"`
	Owner        *string       `json:"owner"`
	TargetStart  *events.Day   `json:"target_start"`
	TargetFinish *events.Day   `json:"target_finish"`
	WorkingDays  []string      `json:"working_days"`
	Markers      []string      `json:"markers"`
	Holidays     []string      `json:"holidays"`
	Source       *string       `json:"source"`
	Archived     bool          `json:"archived"`
	PublishedTo  *string       `json:"published_to"`
	Incomplete   *events.Seq   `json:"incomplete_since"`
	Created      *JSONChange   `json:"created"`
	Changed      *JSONChange   `json:"changed"`
	Counts       Counts        `json:"counts"`
	Progress     Progress      `json:"progress"`
	Risks        Risks         `json:"risks"`
	Repeating    int           `json:"repeating"`
	Sections     []JSONSection `json:"sections"`
}

// Head is what every JSON document of a checklist begins with.
type Head struct {
	Schema    int        `json:"schema"`
	Kind      string     `json:"kind"`
	Checklist string     `json:"checklist"`
	Seq       events.Seq `json:"seq"`
	Revision  uint64     `json:"revision"`
	AsOf      *string    `json:"as_of"`
	KnownAt   *string    `json:"as_known_at"`
	Timezone  string     `json:"timezone"`
}

// TaskList is the JSON form of `ls` and `next`: tasks in the order of the text.
type TaskList struct {
	Head
	Tasks []JSONTask `json:"tasks"`
}

// OneTask and OneSection are the JSON form of `show TASK` and `show SECTION`.
type OneTask struct {
	Head
	Task JSONTask `json:"task"`
}

// OneSection is the JSON form of `show SECTION`.
type OneSection struct {
	Head
	Section JSONSection `json:"section"`
}

// JSONSection is a section with its own tasks and the sections in it. Its
// figures are over everything in it.
type JSONSection struct {
	Key       int           `json:"key"`
	Title     string        `json:"title"`
	Level     int           `json:"level"`
	Line      *int          `json:"line"`
	Position  string        `json:"position"`
	Assignees []string      `json:"assignees"`
	Start     *events.Day   `json:"start"`
	Due       *events.Day   `json:"due"`
	Changed   *JSONChange   `json:"changed"`
	Counts    Counts        `json:"counts"`
	Progress  Progress      `json:"progress"`
	Risks     Risks         `json:"risks"`
	Repeating int           `json:"repeating"`
	Tasks     []JSONTask    `json:"tasks"`
	Sections  []JSONSection `json:"sections"`
}

// JSONTask is a task, the same in every document. BlockedBy is every task it
// was said to wait for, WaitsFor those of them that are open. Reason is why it
// has its state.
type JSONTask struct {
	Key          int           `json:"key"`
	Text         string        `json:"text"`
	State        events.State  `json:"state"`
	Marker       string        `json:"marker"`
	Line         int           `json:"line"`
	Position     string        `json:"position"`
	Section      int           `json:"section"`
	Parent       *int          `json:"parent"`
	Risk         bool          `json:"risk"`
	Ready        bool          `json:"ready"`
	Assignees    []string      `json:"assignees"`
	Start        *events.Day   `json:"start"`
	Due          *events.Day   `json:"due"`
	Every        *string       `json:"every"`
	Occurrences  []events.Day  `json:"occurrences"`
	Until        *events.Day   `json:"until"`
	Estimate     *string       `json:"estimate"`
	Labels       []string      `json:"labels"`
	Links        []JSONLink    `json:"links"`
	BlockedBy    []int         `json:"blocked_by"`
	WaitsFor     []int         `json:"waits_for"`
	Reason       *string       `json:"reason"`
	Comments     []JSONComment `json:"comments"`
	Added        *JSONChange   `json:"added"`
	StateChanged *JSONChange   `json:"state_changed"`
	StateBefore  *events.State `json:"state_before"`
	Changed      *JSONChange   `json:"changed"`
	Tasks        []JSONTask    `json:"tasks"`
}

// JSONLink is a link; owner, repo and number are set where it is an issue or a
// pull request.
type JSONLink struct {
	URL    string  `json:"url"`
	Owner  *string `json:"owner"`
	Repo   *string `json:"repo"`
	Number *int    `json:"number"`
}

// JSONComment is a comment; ID is the id of its event.
type JSONComment struct {
	ID   string    `json:"id"`
	Text string    `json:"text"`
	Seq  uint64    `json:"seq"`
	At   time.Time `json:"at"`
	By   JSONActor `json:"by"`
}

// JSONChange is one event: At is when it took effect, ClaimedAt when it happened
// by its actor's word.
type JSONChange struct {
	Seq       events.Seq `json:"seq"`
	At        time.Time  `json:"at"`
	ClaimedAt time.Time  `json:"claimed_at"`
	By        JSONActor  `json:"by"`
	Reason    *string    `json:"reason"`
}

// JSONActor is who did something.
type JSONActor struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Verified bool   `json:"verified"`
}

// JSON returns the whole checklist. Of is the moment that was asked
// for. Today is the day on which tasks are ready.
func (st *State) JSON(of Moment, today events.Day) Document {
	o := st.outline(today)
	t := st.root.Tally()
	doc := Document{
		Head: st.JSONHead("checklist", of), Title: st.Title, Owner: optional(st.Owner),
		TargetStart: optional(st.Start), TargetFinish: optional(st.Finish),
		WorkingDays: list(st.WorkingDays), Markers: list(st.Markers), Holidays: list(st.Holidays), Source: optional(st.Source),
		Archived: st.Archived, PublishedTo: optional(st.PublishedTo), Incomplete: optional(st.Incomplete.Seq),
		Created: st.Created.json(), Changed: st.Changed.json(),
		Counts: t.Counts, Progress: t.Progress, Risks: t.Risks, Repeating: t.Repeating,
		Sections: []JSONSection{},
	}
	if above := st.Above(); above != nil {
		doc.Sections = append(doc.Sections, st.jsonSection(above, o))
	}
	_, sections := st.root.items()
	for _, b := range sections {
		doc.Sections = append(doc.Sections, st.jsonSection(b, o))
	}
	return doc
}

// ListJSON returns tasks in the order given, as [Select] and [State.NextTasks]
// return them.
func (st *State) ListJSON(tasks []*Block, of Moment, today events.Day) TaskList {
	doc := TaskList{Head: st.JSONHead("tasks", of), Tasks: []JSONTask{}}
	o := st.outline(today)
	for _, b := range tasks {
		doc.Tasks = append(doc.Tasks, st.jsonTask(b, o))
	}
	return doc
}

// BlockJSON returns one block, a [OneTask] or a [OneSection].
func (st *State) BlockJSON(b *Block, of Moment, today events.Day) any {
	o := st.outline(today)
	if b.Task != nil {
		return OneTask{st.JSONHead("task", of), st.jsonTask(b, o)}
	}
	return OneSection{st.JSONHead("section", of), st.jsonSection(b, o)}
}

// TaskJSON returns the tasks with these keys, those that are in the document.
func (st *State) TaskJSON(today events.Day, keys ...int) []JSONTask {
	var blocks []*Block
	for _, key := range keys {
		if b := st.Task(key); b != nil {
			blocks = append(blocks, b)
		}
	}
	o := st.outlineOf(today, blocks)
	tasks := make([]JSONTask, len(blocks))
	for i, b := range blocks {
		tasks[i] = st.jsonTask(b, o)
	}
	return tasks
}

// JSONHead returns what a document of that kind begins with.
func (st *State) JSONHead(kind string, of Moment) Head {
	zone := st.Timezone
	if zone == "" {
		zone = "UTC"
	}
	return Head{Schema: 1, Kind: kind, Checklist: st.Name, Seq: st.Seq(), Revision: st.Revision, AsOf: optional(of.AsOf), KnownAt: optional(of.KnownAt), Timezone: zone}
}

func (st *State) jsonSection(b *Block, o outline) JSONSection {
	t, s := b.Tally(), b.Section
	line := o.lines[b]
	section := JSONSection{
		Key: s.Key, Title: s.Title, Level: s.Level, Line: &line, Position: o.positions[b],
		Assignees: some(s.Assignees), Start: optional(s.Start), Due: optional(s.Due), Changed: s.Changed.json(),
		Counts: t.Counts, Progress: t.Progress, Risks: t.Risks, Repeating: t.Repeating,
		Tasks: []JSONTask{}, Sections: []JSONSection{},
	}
	if s.Key == 0 {
		section.Position, section.Line = "0", nil
	}
	tasks, sections := b.items()
	for _, task := range tasks {
		section.Tasks = append(section.Tasks, st.jsonTask(task, o))
	}
	for _, sub := range sections {
		section.Sections = append(section.Sections, st.jsonSection(sub, o))
	}
	return section
}

func (st *State) jsonTask(b *Block, o outline) JSONTask {
	t := b.Task
	task := JSONTask{
		Key: t.Key, Text: t.Text, State: t.State, Marker: string(rune(b.Mark())), Line: o.lines[b], Position: o.positions[b],
		Risk: b.Risk(), Ready: st.Ready(b, o.today), Assignees: some(t.Assignees), Start: optional(t.Start), Due: optional(t.Due),
		Every: optional(t.Every), Occurrences: some(t.Occurrences), Until: optional(t.Until), Estimate: optional(t.Estimate),
		Labels: some(t.Labels), Links: []JSONLink{}, BlockedBy: some(t.BlockedBy), WaitsFor: some(st.Waits(b)),
		Reason: optional(t.StateChanged.Reason), Comments: []JSONComment{}, Added: t.Added.json(),
		StateChanged: t.StateChanged.json(), StateBefore: optional(t.Before), Changed: t.Changed.json(), Tasks: []JSONTask{},
	}
	if heading := b.Heading(); heading != nil {
		task.Section = heading.Section.Key
	}
	if parent := b.ParentTask(); parent != nil {
		task.Parent = &parent.Task.Key
	}
	for _, link := range t.Links {
		task.Links = append(task.Links, jsonLink(link))
	}
	for _, c := range t.Comments {
		task.Comments = append(task.Comments, JSONComment{c.ID, c.Text, uint64(c.Change.Seq), c.Change.At.UTC(), ActorJSON(c.Change.By)})
	}
	tasks, _ := b.items()
	for _, sub := range tasks {
		task.Tasks = append(task.Tasks, st.jsonTask(sub, o))
	}
	return task
}

func (c Change) json() *JSONChange {
	if c.Seq == 0 {
		return nil
	}
	return &JSONChange{Seq: c.Seq, At: c.At.UTC(), ClaimedAt: c.Claimed.UTC(), By: ActorJSON(c.By), Reason: optional(c.Reason)}
}

// ActorJSON returns the JSON form of an actor.
func ActorJSON(a events.Actor) JSONActor { return JSONActor{a.ID, a.Name(), a.Verified()} }

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

func list(joined string) []string {
	if joined == "" {
		return []string{}
	}
	return strings.Split(joined, ",")
}

func jsonLink(url string) JSONLink {
	l := ParseLink(url)
	return JSONLink{URL: url, Owner: optional(l.Owner), Repo: optional(l.Repo), Number: optional(l.Number)}
}
