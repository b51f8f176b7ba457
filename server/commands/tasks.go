package commands

import (
	"cmp"
	"errors"
	"slices"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// AddTask adds a task: at one place, else behind the last of the document.
type AddTask struct {
	Text string `json:"text"`
	target
}

// At returns AddTask with a place; at most one of the four is not empty.
func (c AddTask) At(under, before, after, section string) AddTask {
	c.target = target{Under: under, Before: before, After: after, Section: section}
	return c
}

// Name returns the stored name.
func (AddTask) Name() string { return "AddTask" }

func (c AddTask) resolve(r *resolver) (Command, error) {
	var err error
	if c.Text, err = cleanText(c.Text); err != nil {
		return nil, err
	}
	c.target, err = c.target.resolve(r)
	return c, err
}

func (c AddTask) decide(d *decision) error {
	s, err := d.slot(c.target, nil)
	if err != nil {
		return err
	}
	if err := d.livePlace(s.place); err != nil {
		return err
	}
	d.open(&s)
	added, err := d.addTask(s, c.Text)
	if err != nil {
		return err
	}
	d.close(s, events.TaskRef(added.Key))
	return nil
}

// livePlace refuses a place in what was dropped.
func (d *decision) livePlace(place events.Place) error {
	in := d.st.Block(place.In)
	if in == nil || in.Task == nil {
		return nil
	}
	dropped := in
	if in.Task.State != events.Dropped {
		if dropped = droppedAbove(in); dropped == nil {
			return nil
		}
	}
	return refuse("It is out of the scope. To go on with it: cairn reopen KEY", "%s is dropped", name(dropped))
}

func (d *decision) addTask(s slot, text string) (*events.TaskAdded, error) {
	mark, learned, err := d.mark(events.Todo)
	if err == nil && len(learned) > 0 { // an added task cannot carry it
		err = d.unmarked(events.Todo, markdown.Legend{}, false)
	}
	if err != nil {
		return nil, err
	}
	raw := d.raw(s, mark, text)
	read, box, links := markdown.ReadTask(raw)
	e := &events.TaskAdded{Key: d.key(events.TaskNoun), Place: s.place, Text: read, State: events.Todo, Raw: raw, Box: box, Links: links}
	d.add(e)
	d.events = append(d.events, markdown.ReadMeta(raw).Fill(e)...)
	return e, nil
}

// EditTask words a task otherwise.
type EditTask struct {
	Task string `json:"task"`
	Text string `json:"text"`
}

// Name returns the stored name.
func (EditTask) Name() string { return "EditTask" }

func (c EditTask) resolve(r *resolver) (Command, error) {
	var err error
	if c.Task, err = r.task(c.Task, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
		return nil, err
	}
	c.Text, err = cleanText(c.Text)
	return c, err
}

func (c EditTask) decide(d *decision) error {
	b, err := d.task(c.Task)
	if err != nil {
		return err
	}
	if b.Task.Text == c.Text {
		return nil
	}
	raw := markdown.Reword(b.Raw, c.Text)
	text, box, links := markdown.ReadTask(raw)
	d.add(&events.TaskReworded{Key: b.Task.Key, Text: text, Raw: raw, Box: box})
	// A link that stood in the text goes with it, one in the new text comes.
	_, _, before := markdown.ReadTask(b.Raw)
	for _, url := range before {
		if slices.Contains(b.Task.Links, url) && !slices.Contains(links, url) {
			d.add(&events.TaskUnlinked{Key: b.Task.Key, URL: url})
		}
	}
	for _, url := range links {
		if !slices.Contains(b.Task.Links, url) {
			d.add(&events.TaskLinked{Key: b.Task.Key, URL: url})
		}
	}
	have := markdown.MetaOf(b.Task)
	after := have.Follow(markdown.ReadMeta(b.Raw), markdown.ReadMeta(raw))
	d.events = append(d.events, after.Events(b.Task.Key, have, func() string { return "" }, 0)...)
	return nil
}

// MoveTasks puts tasks, with what stands in them, at another place.
type MoveTasks struct {
	Tasks []string `json:"tasks"`
	target
}

// To returns MoveTasks with a place; one of the four is not empty.
func (c MoveTasks) To(under, before, after, section string) MoveTasks {
	c.target = target{Under: under, Before: before, After: after, Section: section}
	return c
}

// Name returns the stored name.
func (MoveTasks) Name() string { return "MoveTask" }

func (c MoveTasks) resolve(r *resolver) (Command, error) {
	var err error
	if c.target == (target{}) {
		return nil, usage("move to where? --under, --before, --after TASK or --section SECTION")
	}
	if c.Tasks, err = r.tasks(c.Tasks, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
		return nil, err
	}
	c.target, err = c.target.resolve(r)
	return c, err
}

func (c MoveTasks) decide(d *decision) error {
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	blocks = outermost(blocks)
	if c.Before != "" || c.After != "" {
		anchor, err := d.task(c.Before + c.After)
		if err != nil {
			return err
		}
		if slices.Contains(blocks, anchor) {
			if len(blocks) == 1 {
				return nil // already there
			}
			return refuse("Nothing was written.", "%s cannot be moved next to itself", name(anchor))
		}
	}
	last := events.Ref{}
	for _, b := range blocks {
		s, err := d.slot(c.target, b)
		if err != nil {
			return err
		}
		if in := d.st.Block(s.place.In); in.Within(b) {
			return refuse("Nothing was written.", "%s cannot be moved under itself", name(b))
		}
		if err := d.livePlace(s.place); err != nil {
			return err
		}
		if last != (events.Ref{}) {
			s.place.After, s.before, s.behind = last, false, false
		}
		if len(blocks) == 1 && stands(b, s.place) {
			return nil
		}
		d.moveTask(b, s)
		last = b.Ref
	}
	return nil
}

// outermost leaves out the tasks that stand in another of them.
func outermost(blocks []*checklist.Block) []*checklist.Block {
	return slices.DeleteFunc(slices.Clone(blocks), func(b *checklist.Block) bool {
		return slices.ContainsFunc(blocks, func(o *checklist.Block) bool { return o != b && b.Within(o) })
	})
}

// stands reports whether b is at place already.
func stands(b *checklist.Block, place events.Place) bool {
	if b.Parent.Ref != place.In {
		return false
	}
	i := slices.Index(b.Parent.Children, b)
	if i == 0 {
		return place.After == (events.Ref{})
	}
	return b.Parent.Children[i-1].Ref == place.After
}

func (d *decision) moveTask(b *checklist.Block, s slot) {
	d.open(&s)
	from := markdown.Prefix(b.Raw)
	to := markdown.Prefix(d.raw(s, ' ', "x"))
	e := &events.TaskMoved{Key: b.Task.Key, Place: s.place}
	if raw := d.line(markdown.Reindent(b.Raw, from, to)); raw != b.Raw {
		e.Raw = raw
		_, e.Box, _ = markdown.ReadTask(raw)
	}
	for child := range b.All() {
		if raw := d.line(markdown.Reindent(child.Raw, from, to)); raw != child.Raw {
			e.Doc = append(e.Doc, events.Line{Ref: child.Ref, Raw: raw})
		}
	}
	slices.SortFunc(e.Doc, func(a, b events.Line) int { // as it is stored
		return cmp.Or(cmp.Compare(a.Ref.Noun, b.Ref.Noun), cmp.Compare(a.Ref.Key, b.Ref.Key))
	})
	d.add(e)
	d.close(s, b.Ref)
}

// RemoveTasks takes tasks, with what stands in them, out of the document.
type RemoveTasks struct {
	Tasks []string `json:"tasks"`
}

// Name returns the stored name.
func (RemoveTasks) Name() string { return "RemoveTask" }

func (c RemoveTasks) resolve(r *resolver) (Command, error) {
	var err error
	c.Tasks, err = r.tasks(c.Tasks, inStates(events.Todo, events.InProgress, events.OnHold), anyTask)
	return c, err
}

func (c RemoveTasks) decide(d *decision) error {
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	for _, b := range outermost(blocks) {
		d.add(&events.TaskRemoved{Key: b.Task.Key})
	}
	return nil
}

// SplitTask divides a task: it stays, as the parent of two or more new ones.
type SplitTask struct {
	Task  string   `json:"task"`
	Texts []string `json:"texts"`
}

// Name returns the stored name.
func (SplitTask) Name() string { return "SplitTask" }

func (c SplitTask) resolve(r *resolver) (Command, error) {
	var err error
	if c.Task, err = r.task(c.Task, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
		return nil, err
	}
	if len(c.Texts) < 2 {
		return nil, usage("a split needs at least two texts")
	}
	texts := make([]string, len(c.Texts))
	for i, t := range c.Texts {
		if texts[i], err = cleanText(t); err != nil {
			return nil, err
		}
	}
	c.Texts = texts
	return c, nil
}

func (c SplitTask) decide(d *decision) error {
	b, err := d.task(c.Task)
	if err != nil {
		return err
	}
	if !b.Task.State.Open() {
		return refused("split", b)
	}
	if above := droppedAbove(b); above != nil {
		return d.livePlace(events.Place{In: b.Ref})
	}
	s := under(b, nil)
	d.open(&s)
	for _, text := range c.Texts {
		added, err := d.addTask(s, text)
		if err != nil {
			return err
		}
		s = slot{place: events.Place{In: b.Ref, After: events.TaskRef(added.Key)}, like: added.Raw, count: true}
	}
	return nil
}

// cleanText is the one line that a person's text becomes.
func cleanText(s string) (string, error) {
	text, err := markdown.CleanText(s)
	if errors.Is(err, markdown.ErrEmpty) {
		return "", usage("the text is empty")
	}
	if err != nil {
		return "", usage("%v", err)
	}
	return text, nil
}
