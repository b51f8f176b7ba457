package audit

import (
	"reflect"

	"cairn/events"
	"cairn/projections/checklist"
)

// task compares a task with what it was; its Action is empty where it is the same.
func (d *differ) task(b *checklist.Block) Item {
	t := b.Task
	item := Item{Target: b.Ref, Key: t.Key, Text: checklist.Clean(t.Text), After: b.Mark()}
	old, ok := d.was[t.Key]
	if !ok {
		if d.parts[t.Key] {
			return Item{} // told with what was split
		}
		item.Action = "added"
		item.Changes = []Change{{fieldState, nil, str(t.State)}}
		return item
	}
	was := d.before.Task(old)
	item.Before = was.Mark()
	list := changes{}
	list.add(fieldState, str(was.Task.State), str(t.State))
	if old != t.Key {
		list.add("key", old, t.Key)
	}
	list.add(fieldText, was.Task.Text, t.Text)
	if d.moves(was, b) {
		list = append(list, d.place(was, b))
	}
	list.addList("assignees", was.Task.Assignees, t.Assignees)
	list.add("start", str(was.Task.Start), str(t.Start))
	list.add("due", str(was.Task.Due), str(t.Due))
	list.add("every", str(was.Task.Every), str(t.Every))
	list.add("until", str(was.Task.Until), str(t.Until))
	list.add("estimate", str(was.Task.Estimate), str(t.Estimate))
	list.addList("labels", was.Task.Labels, t.Labels)
	list.addList("links", was.Task.Links, t.Links)
	if !reflect.DeepEqual(without(was.Task.BlockedBy), without(t.BlockedBy)) {
		list = append(list, Change{"blocked_by", without(was.Task.BlockedBy), without(t.BlockedBy)})
	}
	if n, m := len(was.Task.Occurrences), len(t.Occurrences); m > n {
		list = append(list, Change{"occurrence", nil, string(t.Occurrences[m-1])})
	}
	item.Changes, item.Action = list, list.action()
	for _, part := range d.split[t.Key] {
		item.Into = append(item.Into, Part{part, checklist.Clean(d.after.Task(part).Task.Text)})
	}
	if len(item.Into) > 0 && was.Task.State == t.State {
		item.Action = "split"
	}
	return item
}

// moves reports whether a task stands elsewhere because somebody moved it: not
// because its section went elsewhere, or a heading came or went over it.
func (d *differ) moves(was, b *checklist.Block) bool {
	from, to := parentKey(was), parentKey(b)
	if key, ok := d.is[from]; ok {
		from = key
	}
	if from != to {
		return true
	}
	if heading(was) != heading(b) {
		there := func(st *checklist.State, ref events.Ref) bool {
			return ref == events.Ref{} || st.Section(ref.Key) != nil
		}
		return d.moved[b.Ref] || there(d.after, heading(was)) && there(d.before, heading(b))
	}
	return d.moved[b.Ref] && d.previous(d.before, d.after, was) != d.previous(d.after, d.before, b)
}

func parentKey(b *checklist.Block) int {
	if parent := b.ParentTask(); parent != nil {
		return parent.Task.Key
	}
	return 0
}

// previous is what stands before b beside it in st, of what stands beside it in the
// other state, too.
func (d *differ) previous(st, other *checklist.State, b *checklist.Block) events.Ref {
	last := events.Ref{}
	for _, c := range b.Parent.Children {
		if c == b {
			break
		}
		there := other.Block(c.Ref)
		if c.Ref.Noun == b.Ref.Noun && there != nil && !there.Removed && heading(there) == heading(c) && parentKey(there) == parentKey(c) {
			last = c.Ref
		}
	}
	return last
}

// place tells from where to where a block went.
func (d *differ) place(was, b *checklist.Block) Change {
	in := func(b *checklist.Block) string {
		where := Row{Parent: parentKey(b)}
		if h := b.Heading(); h != nil {
			where.SectionTitle = h.Section.Title
		}
		return where.where()
	}
	if heading(was) != heading(b) || parentKey(was) != parentKey(b) {
		return Change{"in", in(was), in(b)}
	}
	return Change{"after", behindName(d.previous(d.before, d.after, was)), behindName(d.previous(d.after, d.before, b))}
}

// behindName is a place among siblings.
func behindName(ref events.Ref) string {
	switch ref.Noun {
	case events.TaskNoun:
		return "after " + key(ref.Key)
	case events.SectionNoun:
		return "after s:" + key(ref.Key)
	}
	return "first"
}

// changes collects the fields that differ.
type changes []Change

func (c *changes) add(field string, before, after any) {
	if before != after {
		*c = append(*c, Change{field, before, after})
	}
}

func (c *changes) addList(field string, before, after []string) {
	if !reflect.DeepEqual(strs(before), strs(after)) {
		*c = append(*c, Change{field, strs(before), strs(after)})
	}
}

// fieldActions are the words for what changed beside the state.
var fieldActions = map[string]string{
	"key": "corrected", "title": "retitled", "level": "level", fieldText: "reworded", "in": "moved", "after": "moved", "assignees": "assign",
	"start": "from", "due": "due", "every": "due", "until": "hold", "estimate": "estimate", "labels": "label", "links": "link",
	"blocked_by": "block", "occurrence": "occurred",
}

// action is the word for the first of them: that of a state counts most.
func (c changes) action() string {
	if len(c) == 0 {
		return ""
	}
	if c[0].Field != fieldState {
		return fieldActions[c[0].Field]
	}
	before, _ := c[0].Before.(string)
	after, _ := c[0].After.(string)
	return stateAction(events.State(before), events.State(after))
}

// stateAction is what a change of state is called and counted as.
func stateAction(before, after events.State) string {
	switch {
	case after == events.Done:
		return "done"
	case after == events.Dropped:
		return "dropped"
	case !before.Open():
		return "re-opened"
	case after == events.InProgress:
		return "started"
	case after == events.OnHold:
		return "held"
	}
	return "stopped"
}

// through returns the tasks that went there and back, in the order in which they
// began to; items are those that differ in the end.
func (d *differ) through(items map[events.Ref][]Item) []Item {
	net := make(map[int]bool)
	for _, list := range items {
		for _, item := range list {
			net[item.Key] = true
		}
	}
	steps := make(map[int][]Row)
	turns := make(map[int]int) // changes of state of what was there
	var order []int
	for _, r := range d.rows {
		if r.Key == 0 || r.Kind == events.KindTaskCommented || r.Kind == events.KindTaskUncommented {
			continue
		}
		k := r.Key
		if now, ok := d.is[k]; ok {
			k = now
		}
		if _, seen := steps[k]; !seen {
			order = append(order, k)
		}
		steps[k] = append(steps[k], r)
		if before, _, ok := r.State(); ok && before != "" {
			turns[k]++
		}
	}
	var list []Item
	for _, k := range order {
		if turns[k] < 2 && (net[k] || d.parts[k]) {
			continue // the difference tells all of it
		}
		last := steps[k][len(steps[k])-1]
		list = append(list, Item{Target: events.TaskRef(k), Key: k, Text: checklist.Clean(last.Text), Action: "back", Steps: steps[k]})
	}
	return list
}
