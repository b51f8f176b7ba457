package audit

import (
	"slices"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// Difference is what became of a checklist between two moments.
type Difference struct {
	From, To Position
	// Plan are the changes of the checklist as a whole: its title, owner, days.
	Plan []Change
	// Sections are those in which something differs, in the order of the document
	// after, then those that are gone. What stands before the first heading is in
	// one without a title.
	Sections []SectionDifference
	// Through are the tasks that went there and back in between, or on a longer way
	// than the difference shows.
	Through []Item
	// Before and After count the work of the whole checklist.
	Before, After checklist.Progress
}

// Position is one side of a difference.
type Position struct {
	Seq events.Seq
	// At is when the last event up to there took effect.
	At time.Time
}

// SectionDifference is what differs directly in a section. Its counts are over all
// that stands in it; nil where it is not there.
type SectionDifference struct {
	Ref           events.Ref
	Title         string
	Before, After *Share
	Items         []Item
}

// Share is what is done of the work, or of the risks where there is no work.
type Share struct {
	Done int `json:"done"`
	Of   int `json:"of"`
}

// Item is a task, a heading or a text that differs.
type Item struct {
	Target events.Ref
	Key    int
	// Text is the task's text or the section's title, after; before, where it is gone.
	Text string
	// Action is one word for the most that changed: done, re-opened, started, held,
	// dropped, stopped, added, removed, split, moved, reworded, or a field's.
	Action string
	// Before and After are the markers; 0 where it is not there.
	Before, After byte
	// Changes are the fields that differ, as those of a Row.
	Changes []Change
	// Into are the tasks that a split made, and left in the document.
	Into []Part
	// Steps are the changes in between, of what is in Through.
	Steps []Row
}

// Part is one of the tasks that another was split into.
type Part struct {
	Key  int    `json:"key"`
	Text string `json:"text"`
}

// Empty reports whether nothing differs; what went there and back does not.
func (d Difference) Empty() bool { return len(d.Plan) == 0 && len(d.Sections) == 0 }

// Diff returns what differs between two states of one checklist, of which before is
// the earlier. Rows are the events between them: they tell a split from added
// tasks, what was moved from what went along, and what went there and back. The
// states are not changed, and nothing of them is kept.
func Diff(before, after *checklist.State, rows []Row) Difference {
	d := differ{
		before: before, after: after, rows: rows, was: make(map[int]int), is: make(map[int]int),
		moved: make(map[events.Ref]bool), edited: make(map[events.Ref]bool), split: make(map[int][]int), parts: make(map[int]bool),
	}
	d.pair()
	diff := Difference{
		From: Position{before.Seq(), before.Effective}, To: Position{after.Seq(), after.Effective},
		Plan: plan(before, after), Before: before.Root().Tally().Progress, After: after.Root().Tally().Progress,
	}
	items := d.items()
	add := func(ref events.Ref, title string, was, is *checklist.Block) {
		if len(items[ref]) > 0 {
			diff.Sections = append(diff.Sections, SectionDifference{ref, title, share(was), share(is), items[ref]})
		}
	}
	add(events.Ref{}, "", before.Above(), after.Above())
	for b := range after.Root().All() {
		if b.Section != nil {
			add(b.Ref, checklist.Clean(b.Section.Title), before.Section(b.Ref.Key), b)
		}
	}
	for b := range before.Root().All() {
		if b.Section != nil && after.Section(b.Ref.Key) == nil {
			add(b.Ref, checklist.Clean(b.Section.Title), b, nil)
		}
	}
	diff.Through = d.through(items)
	return diff
}

func share(b *checklist.Block) *Share {
	if b == nil {
		return nil
	}
	done, of := b.Tally().Share()
	return &Share{done, of}
}

func plan(before, after *checklist.State) []Change {
	var changes []Change
	for _, f := range []struct {
		field         string
		before, after string
	}{
		{"title", before.Title, after.Title},
		{"owner", before.Owner, after.Owner},
		{"target_start", string(before.Start), string(after.Start)},
		{"target_finish", string(before.Finish), string(after.Finish)},
		{"timezone", before.Timezone, after.Timezone},
		{"working_days", before.WorkingDays, after.WorkingDays},
		{"holidays", before.Holidays, after.Holidays},
		{"markers", before.Markers, after.Markers},
	} {
		if f.before != f.after {
			changes = append(changes, Change{f.field, str(f.before), str(f.after)})
		}
	}
	if before.Archived != after.Archived {
		changes = append(changes, Change{"archived", before.Archived, after.Archived})
	}
	return changes
}

// differ compares two states.
type differ struct {
	before, after *checklist.State
	rows          []Row
	// was is the key before of a task after, is the other way round: another one
	// only where a line was separated or joined in between.
	was, is map[int]int
	// moved are the blocks that somebody moved, edited the texts that somebody
	// changed, and not another change along.
	moved, edited map[events.Ref]bool
	// split are the tasks that a split made of one and that are there after, in
	// their order; parts all of them.
	split map[int][]int
	parts map[int]bool
}

// pair finds which tasks are the same.
func (d *differ) pair() {
	next := make(map[int]int)
	for _, r := range d.rows {
		for _, field := range []string{"as", "into"} {
			if c, ok := r.Change(field); ok {
				next[r.Key], _ = c.After.(int)
			}
		}
		switch {
		case r.Kind == events.KindTaskMoved || r.Kind == events.KindSectionMoved:
			d.moved[r.Target] = true
		case r.Target.Noun == events.TextNoun:
			d.edited[r.Target] = true
		case r.Kind == events.KindTaskAdded && r.CommandName == splitTask && d.before.Task(r.Key) == nil && d.before.Task(r.Parent) != nil && d.after.Task(r.Parent) != nil:
			if d.after.Task(r.Key) != nil && !d.parts[r.Key] {
				d.split[r.Parent] = append(d.split[r.Parent], r.Key)
				d.parts[r.Key] = true
			}
		}
	}
	for b := range d.before.Root().Tasks() {
		key := b.Task.Key
		for range next { // never around in a circle
			if to, ok := next[key]; ok && d.after.Task(key) == nil {
				key = to
			}
		}
		t := d.after.Task(key)
		if t == nil || key != b.Task.Key && (d.before.Task(key) != nil || t.Task.Added.Seq > d.before.Seq()) {
			continue
		}
		d.is[b.Task.Key], d.was[key] = key, b.Task.Key
	}
}

// items returns what differs, by the section in which it stands.
func (d *differ) items() map[events.Ref][]Item {
	items := make(map[events.Ref][]Item)
	add := func(b *checklist.Block, item Item) {
		in := heading(b)
		if b.Section != nil {
			in = b.Ref
		}
		items[in] = append(items[in], item)
	}
	for b := range d.after.Root().All() {
		var item Item
		switch {
		case b.Section != nil:
			item = d.section(d.before.Section(b.Ref.Key), b)
		case b.Task != nil:
			item = d.task(b)
		case d.edited[b.Ref]:
			item = d.text(b)
		}
		if item.Action != "" {
			add(b, item)
		}
	}
	for b := range d.before.Root().All() {
		switch {
		case b.Section != nil && d.after.Section(b.Ref.Key) == nil:
			// The heading goes before its tasks.
			items[b.Ref] = slices.Insert(items[b.Ref], 0, Item{Target: b.Ref, Text: checklist.Clean(b.Section.Title), Action: "removed"})
		case b.Task != nil && d.is[b.Task.Key] == 0:
			add(b, Item{
				Target: b.Ref, Key: b.Task.Key, Text: checklist.Clean(b.Task.Text), Action: "removed", Before: b.Mark(),
				Changes: []Change{{fieldState, str(b.Task.State), nil}},
			})
		case d.edited[b.Ref] && d.after.Block(b.Ref).Removed && strings.TrimSpace(b.Raw) != "" && !d.elsewhere(d.after, b):
			add(b, Item{Target: b.Ref, Action: "text", Changes: []Change{{fieldText, b.Raw, nil}}})
		}
	}
	return items
}

// heading is the section that b stands in; zero before the first.
func heading(b *checklist.Block) events.Ref {
	if h := b.Heading(); h != nil {
		return h.Ref
	}
	return events.Ref{}
}

// text compares a text. Blank lines that came or went are no difference.
func (d *differ) text(b *checklist.Block) Item {
	was := d.before.Block(b.Ref)
	if was == nil || was.Removed {
		if strings.TrimSpace(b.Raw) == "" || d.elsewhere(d.before, b) {
			return Item{}
		}
		return Item{Target: b.Ref, Action: "text", Changes: []Change{{fieldText, nil, b.Raw}}}
	}
	if strings.TrimSpace(was.Raw) == strings.TrimSpace(b.Raw) {
		return Item{}
	}
	return Item{Target: b.Ref, Action: "text", Changes: []Change{{fieldText, was.Raw, b.Raw}}}
}

// elsewhere reports whether st has the same text in the same section.
func (d *differ) elsewhere(st *checklist.State, b *checklist.Block) bool {
	in := st.Block(heading(b))
	if in == nil || in.Removed {
		return false
	}
	for other := range in.All() {
		if other.Ref.Noun == events.TextNoun && strings.TrimSpace(other.Raw) == strings.TrimSpace(b.Raw) {
			return true
		}
	}
	return false
}

// section compares a heading; was is nil where it is new.
func (d *differ) section(was, b *checklist.Block) Item {
	item := Item{Target: b.Ref, Text: checklist.Clean(b.Section.Title)}
	if was == nil {
		item.Action = "added"
		return item
	}
	list := changes{}
	list.add("title", str(was.Section.Title), str(b.Section.Title))
	list.add("level", was.Section.Level, b.Section.Level)
	if d.moved[b.Ref] && (heading(was) != heading(b) || d.previous(d.before, d.after, was) != d.previous(d.after, d.before, b)) {
		list = append(list, d.place(was, b))
	}
	list.addList("assignees", was.Section.Assignees, b.Section.Assignees)
	list.add("start", str(was.Section.Start), str(b.Section.Start))
	list.add("due", str(was.Section.Due), str(b.Section.Due))
	item.Changes, item.Action = list, list.action()
	return item
}
