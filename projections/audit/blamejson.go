package audit

import (
	"io"
	"strconv"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// BlameDocument is the JSON form of blame: the tasks in the order of the document.
// Fields are added, never changed; every field is always there.
type BlameDocument struct {
	checklist.Head
	Tasks []JSONBlamed `json:"tasks"`
}

// JSONBlamed is a task and the event that gave it its state. By is null where that
// was an import, which names nobody; Was is the event that made it done, where it
// is no longer.
type JSONBlamed struct {
	Key          int                  `json:"key"`
	Text         string               `json:"text"`
	State        events.State         `json:"state"`
	Marker       string               `json:"marker"`
	Section      int                  `json:"section"`
	SectionTitle *string              `json:"section_title"`
	Seq          events.Seq           `json:"seq"`
	At           time.Time            `json:"at"`
	ClaimedAt    time.Time            `json:"claimed_at"`
	By           *checklist.JSONActor `json:"by"`
	OnBehalfOf   *string              `json:"on_behalf_of"`
	Reason       *string              `json:"reason"`
	Commit       *string              `json:"commit"`
	Import       bool                 `json:"import"`
	AddedLater   bool                 `json:"added_later"`
	Was          *JSONWas             `json:"was_done"`
}

// JSONWas is when a task was done that is no longer.
type JSONWas struct {
	Seq events.Seq `json:"seq"`
	At  time.Time  `json:"at"`
}

// BlameJSON returns the JSON form of lines, which [Blame] returned of st.
func BlameJSON(st *checklist.State, lines []Blamed, of checklist.Moment) BlameDocument {
	doc := BlameDocument{Head: st.JSONHead("blame", of), Tasks: []JSONBlamed{}}
	for _, l := range lines {
		if l.Heading != "" {
			continue
		}
		task := JSONBlamed{
			Key: l.Key, Text: l.Text, State: l.State, Marker: string(rune(l.Mark)), Section: l.Section.Key, SectionTitle: optional(l.SectionTitle),
			Seq: l.By.Seq, At: l.By.At.UTC(), ClaimedAt: l.By.Claimed.UTC(), OnBehalfOf: optional(l.By.OnBehalfOf), Reason: optional(l.By.Reason),
			Import: l.Import, AddedLater: l.Added,
		}
		if !l.Import {
			actor := checklist.ActorJSON(l.By.By)
			task.By = &actor
		}
		if l.By.Via == viaGit {
			task.Commit = optional(l.By.Cause)
		}
		if l.Was.Seq != 0 {
			task.Was = &JSONWas{l.Was.Seq, l.Was.At.UTC()}
		}
		doc.Tasks = append(doc.Tasks, task)
	}
	return doc
}

// BlameCSV writes a header and one record for each task, as [CSV] does.
func BlameCSV(w io.Writer, lines []Blamed) error {
	out := newTable(w)
	out.record("seq", "time", "claimed_time", "actor", "actor_id", "auth_type", "task", "state", "text", "section", "section_title",
		"import", "added_later", "was_done_seq", "was_done_time", "commit", "reason")
	for _, l := range lines {
		if l.Heading != "" {
			continue
		}
		commit := ""
		if l.By.Via == viaGit {
			commit = l.By.Cause
		}
		actor := l.By.By
		if l.Import {
			actor = events.Actor{}
		}
		out.record(num(l.By.Seq), stamp(l.By.At), stamp(l.By.Claimed), l.Who(), actor.ID, actor.Auth, num(l.Key), string(l.State), l.Text,
			l.Section.String(), l.SectionTitle, strconv.FormatBool(l.Import), strconv.FormatBool(l.Added), num(l.Was.Seq), stamp(l.Was.At), commit, l.By.Reason)
	}
	return out.flush()
}
