package audit

import (
	"slices"

	"cairn/events"
	"cairn/projections/checklist"
)

// Describe tells env. Before must be the state right before env; it is not
// changed, and the row keeps nothing of it that changes later. The cost does
// not grow with the checklist.
func Describe(before *checklist.State, env events.Envelope) Row {
	d := &teller{st: before, row: newRow(env)}
	if env.Data == nil {
		d.row.Action = "unreadable"
		return d.row
	}
	d.row.Kind = env.Data.Kind()
	if ref, err := events.ParseRef(env.Data.Subject()); err == nil {
		d.target(ref)
	}
	switch env.Data.Kind().Noun() {
	case "task":
		d.task(env.Data)
	case "section":
		d.section(env.Data)
	default:
		d.rest(env.Data)
	}
	if d.row.Action == "" {
		d.row.Action = checklist.Clean(d.row.Kind.Noun() + " " + d.row.Kind.Verb())
	}
	return d.row
}

// newRow is what every event says of itself.
func newRow(env events.Envelope) Row {
	return Row{
		Seq: env.Seq, Revision: env.Revision, ID: env.ID,
		Time: env.Time, Effective: env.EffectiveTime, Recorded: env.RecordedTime,
		Actor: env.Actor, Via: env.Via, OnBehalfOf: env.OnBehalfOf, Reason: env.Reason,
		CommandID: env.CommandID, CommandName: env.CommandName, Part: env.Part, Parts: env.Parts,
		Cause: env.CausationID, Undoes: env.Undoes, Body: env.Body,
	}
}

// teller fills a row.
type teller struct {
	st    *checklist.State
	row   Row
	block *checklist.Block // the target as it was; nil if it is new
}

func (d *teller) target(ref events.Ref) {
	d.row.Target = ref
	if ref.Noun == events.TaskNoun {
		d.row.Key = ref.Key
	}
	if d.block = d.st.Block(ref); d.block == nil {
		return
	}
	switch {
	case d.block.Task != nil:
		d.row.Text = d.block.Task.Text
	case d.block.Section != nil:
		d.row.Text = d.block.Section.Title
	}
	d.stands(d.block)
}

// stands says in which section and task b is.
func (d *teller) stands(b *checklist.Block) {
	d.row.Section, d.row.SectionTitle = events.Ref{}, ""
	if heading := b.Heading(); heading != nil {
		d.row.Section, d.row.SectionTitle = heading.Ref, heading.Section.Title
	}
	d.row.Parent, d.row.ParentText = 0, ""
	if parent := b.ParentTask(); parent != nil {
		d.row.Parent, d.row.ParentText = parent.Task.Key, parent.Task.Text
	}
}

// placed says where the target is put.
func (d *teller) placed(place events.Place) {
	// A block that stands nowhere but in In, to ask what that is in.
	d.stands(&checklist.Block{Parent: d.st.Block(place.In)})
}

func (d *teller) change(field string, before, after any) {
	d.row.Changes = append(d.row.Changes, Change{field, before, after})
}

// str is a text, nil where empty.
func str[T ~string](v T) any {
	if v == "" {
		return nil
	}
	return string(v)
}

// strs is a list of its own, empty rather than nil.
func strs(v []string) any { return append([]string{}, v...) }

func set[T ~string](d *teller, field string, before T, o events.Optional[T]) {
	if o.Present {
		d.change(field, str(before), str(o.Value))
	}
}

// lines tells the other blocks that an event rewrites.
func (d *teller) lines(doc []events.Line) {
	for _, line := range doc {
		var before any
		if b := d.st.Block(line.Ref); b != nil {
			before = b.Raw
		}
		d.change(line.Ref.String(), before, line.Raw)
	}
}

func (d *teller) place(place events.Place) {
	var before any
	if d.block != nil && d.block.Parent != nil {
		before = str(d.block.Parent.Ref.String())
	}
	d.change("in", before, str(place.In.String()))
	d.placed(place)
}

func (d *teller) moved(place events.Place) {
	d.row.Action = "moved"
	d.place(place)
	var before events.Ref
	if d.block != nil && d.block.Parent != nil {
		siblings := d.block.Parent.Children
		if i := slices.Index(siblings, d.block); i > 0 {
			before = siblings[i-1].Ref
		}
	}
	d.change("after", str(before.String()), str(place.After.String()))
}

func (d *teller) section(data events.Event) {
	sec := &checklist.Section{}
	if d.block != nil && d.block.Section != nil {
		sec = d.block.Section
	}
	switch e := data.(type) {
	case *events.SectionAdded:
		d.row.Action, d.row.Text = "section", e.Title
		d.change("title", nil, e.Title)
		d.change("level", nil, e.Level)
		d.place(e.Place)
	case *events.SectionRetitled:
		d.row.Action, d.row.Text, d.row.Match = "retitled", e.Title, e.Match
		d.change("title", sec.Title, e.Title)
		if e.Level != 0 {
			d.change("level", sec.Level, e.Level)
		}
	case *events.SectionMoved:
		d.row.Match = e.Match
		d.moved(e.Place)
		if e.Level != 0 && e.Level != sec.Level {
			d.change("level", sec.Level, e.Level)
		}
		d.lines(e.Doc)
	case *events.SectionRemoved:
		d.row.Action = "removed"
		d.change("removed", false, true)
	case *events.SectionRestored:
		d.row.Action = "restored"
		d.change("removed", true, false)
		d.placed(e.Place)
	case *events.SectionAssigned:
		d.row.Action = "assign"
		d.change("assignees", strs(sec.Assignees), strs(e.Assignees))
	case *events.SectionScheduled:
		d.row.Action = "due"
		set(d, "start", sec.Start, e.Start)
		set(d, "due", sec.Due, e.Due)
	}
}

// rest tells what is about the checklist, its document, its texts or a review.
func (d *teller) rest(data events.Event) {
	st := d.st
	switch e := data.(type) {
	case *events.ChecklistCreated:
		d.row.Action, d.row.Text = "created", e.Title
		d.change("title", nil, str(e.Title))
		d.change("source", nil, str(e.Source))
	case *events.ChecklistDescribed:
		d.row.Action = "plan"
		set(d, "title", st.Title, e.Title)
		set(d, "owner", st.Owner, e.Owner)
		set(d, "target_start", st.Start, e.Start)
		set(d, "target_finish", st.Finish, e.Finish)
		set(d, "timezone", st.Timezone, e.Timezone)
		set(d, "working_days", st.WorkingDays, e.WorkingDays)
		set(d, "holidays", st.Holidays, e.Holidays)
		set(d, "markers", st.Markers, e.Markers)
		d.lines(e.Doc)
	case *events.ChecklistBaselined:
		d.row.Action = "baseline"
		d.change("name", nil, str(e.Name))
		d.change("target_start", nil, str(e.Start))
		d.change("target_finish", nil, str(e.Finish))
	case *events.ChecklistArchived:
		d.row.Action = "archive"
		d.change("archived", st.Archived, true)
	case *events.ChecklistReactivated:
		d.row.Action = "reactivate"
		d.change("archived", st.Archived, false)
	case *events.ChecklistPublished:
		d.row.Action = "published"
		if e.From != "" {
			d.row.Action = "arrived"
			d.change("published_from", str(st.PublishedFrom), str(e.From))
			return
		}
		d.change("published_to", str(st.PublishedTo), str(e.To))
	case *events.DocumentSynced:
		d.synced(e)
	case *events.DocumentReformatted:
		d.row.Action = "format"
		d.lines(e.Doc)
	case *events.TextAdded:
		d.row.Action = "text"
		d.change(fieldText, nil, e.Raw)
		d.place(e.Place)
	case *events.TextEdited:
		d.row.Action = "text"
		if d.block != nil {
			d.change(fieldText, d.block.Raw, checklist.Edited(d.block.Raw, e.Edits))
		}
	case *events.TextRemoved:
		d.row.Action = "text"
		if d.block != nil {
			d.change(fieldText, d.block.Raw, nil)
		}
	case *events.TextRestored:
		d.row.Action = "text"
		if d.block != nil {
			d.change(fieldText, nil, d.block.Raw)
		}
		d.placed(e.Place)
	case *events.ReviewRecorded:
		d.row.Action = "review"
		d.change("status", nil, str(e.Status))
		d.change("from", nil, e.From)
		d.change("upto", nil, e.Upto)
		d.change("note", nil, str(e.Note))
		d.change("asks", nil, strs(e.Asks))
	case *events.EventErased:
		d.row.Action = "erased"
	case *events.Unreadable:
		d.row.Action = "unreadable"
	}
}

func (d *teller) synced(e *events.DocumentSynced) {
	d.row.Action, d.row.More = "synced", e.More
	last := d.st.Synced
	if last == nil {
		last = &events.DocumentSynced{}
	}
	d.change("path", str(last.Path), str(e.Path))
	d.change("sha256", str(last.SHA256), str(e.SHA256))
	d.change("commit", str(last.Commit), str(e.Commit))
}
