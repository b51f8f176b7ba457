package markdown

import (
	"cmp"
	"errors"
	"slices"

	"cairn/events"
	"cairn/projections/checklist"
)

// errDiffers is a bug of ours: the events would not make the document.
var errDiffers = errors.New("the changes of the file could not be told as events; please report this with the file")

// differ turns one tree into another by events. cur is what the events so far
// made of the old one.
type differ struct {
	cur, target *tree
	keys        *keys
	// front is the block in front of the first, where the trees are a part of
	// the document.
	front  events.Ref
	events []events.Event
	lines  []int // of each event
	line   int   // that the next events come from
	// away are blocks of cur that were taken out: those that are needed come
	// back before all else.
	away []*node
	// reformatted are blocks whose bytes change and whose meaning does not.
	reformatted []events.Line
	// described gathers what the title and the Owner line say anew.
	described *events.ChecklistDescribed
	// exact, if set, is the checklist of cur, and both trees are states of it:
	// what their nodes know counts, and not what their lines say, and what was
	// taken out comes back under its ref.
	exact *checklist.State
}

// place is the place behind before, in parent.
func (d *differ) place(parent, before *node) events.Place {
	p := events.Place{In: parent.ref}
	switch {
	case before != nil:
		p.After = before.ref
	case parent == d.cur.root:
		p.After = d.front
	}
	return p
}

func (d *differ) add(list ...events.Event) {
	for _, e := range list {
		d.events = append(d.events, e)
		d.lines = append(d.lines, d.line)
	}
}

// run finds the events. cur is used up.
func (d *differ) run() error {
	d.restore()
	d.keepOrphans()
	d.visit(d.target.root)
	d.line = 0
	d.remove(d.cur.root)
	d.finish()
	if d.cur.document() != d.target.document() {
		return errDiffers
	}
	return nil
}

// survives reports whether a block of cur is in the target.
func (d *differ) survives(n *node) bool { return d.target.by[n.ref] != nil }

// restore brings back what was taken out and stands in the target again, keys
// and all.
func (d *differ) restore() {
	for _, n := range d.away {
		needed := d.survives(n)
		for c := range n.all {
			needed = needed || d.survives(c)
		}
		if !needed {
			d.cur.forget(n)
			continue
		}
		place := n.place()
		switch n.ref.Noun {
		case events.SectionNoun:
			d.add(&events.SectionRestored{Key: n.ref.Key, Place: place})
		case events.TaskNoun:
			d.add(&events.TaskRestored{Key: n.ref.Key, Place: place})
		default:
			d.add(&events.TextRestored{Key: n.ref.Key, Place: place})
		}
	}
}

// keepOrphans takes out the headings that are gone but whose content stayed:
// that is one event, and not one for each task.
func (d *differ) keepOrphans() {
	var gone []*node
	for n := range d.cur.root.all {
		if n.ref.Noun == events.SectionNoun && !d.survives(n) {
			gone = append(gone, n)
		}
	}
	for _, n := range gone {
		var to, after *node
		for _, c := range n.children {
			if t := d.target.by[c.ref]; t != nil && t.parent != nil {
				to, after = d.cur.by[t.parent.ref], t
				break
			}
		}
		if to == nil || to.within(n) {
			continue
		}
		var behind *node // the nearest sibling before it in the target that is there
		siblings := after.parent.children
		for i := slices.Index(siblings, after) - 1; i >= 0 && behind == nil; i-- {
			if s := d.cur.by[siblings[i].ref]; s != nil && s.parent == to && s != n {
				behind = s
			}
		}
		d.add(&events.SectionRemoved{Key: n.ref.Key, Kept: events.Set(d.place(to, behind))})
		for _, c := range slices.Clone(n.children) {
			d.cur.take(c)
			d.cur.put(c, to, behind)
			behind = c
		}
		d.cur.forget(n)
	}
}

// visit makes the children of p what they are in the target, and then what
// stands in them.
func (d *differ) visit(p *node) {
	cur := d.cur.by[p.ref]
	fixed := d.fixed(p, cur)
	var before *node // in cur
	for _, c := range slices.Clone(p.children) {
		n := d.cur.by[c.ref]
		d.line = c.line
		switch {
		case n == nil && d.gone(c) != nil:
			n = d.revive(c, cur, before)
		case n == nil:
			n = d.insert(c, cur, before)
		case !fixed[c.ref] && c.ref.Noun == events.TextNoun:
			// A text does not move: it goes, and comes as another.
			d.rename(c)
			n = d.insert(c, cur, before)
		case !fixed[c.ref]:
			d.move(c, n, cur, before)
			d.change(c, n)
		default:
			d.change(c, n)
		}
		before = n
		if c.ref.Noun != events.TextNoun {
			d.visit(c)
		}
	}
}

// rename gives a text of the target a new key.
func (d *differ) rename(c *node) {
	delete(d.target.by, c.ref)
	c.ref = d.keys.ref(events.TextNoun)
	d.target.by[c.ref] = c
}

// fixed returns which children of p stay where they are.
func (d *differ) fixed(p, cur *node) map[events.Ref]bool {
	at := make(map[events.Ref]int, len(cur.children))
	for i, c := range cur.children {
		at[c.ref] = i
	}
	var order []int
	var who []*node
	for _, c := range p.children {
		if i, ok := at[c.ref]; ok && c.ref.Noun != events.TextNoun {
			order, who = append(order, i), append(who, c)
		}
	}
	fixed := make(map[events.Ref]bool, len(p.children))
	for n, in := range rising(order) {
		if in {
			fixed[who[n].ref] = true
		}
	}
	// The texts between them that are in order.
	last := make([]int, len(p.children)) // where the fixed sibling before each stands
	behind := -1
	for n, c := range p.children {
		last[n] = behind
		if fixed[c.ref] {
			behind = at[c.ref]
		}
	}
	next := len(cur.children)
	for n, c := range slices.Backward(p.children) {
		i, ok := at[c.ref]
		switch {
		case fixed[c.ref]:
			next = i
		case ok && c.ref.Noun == events.TextNoun && last[n] < i && i < next:
			fixed[c.ref] = true
			next = i
		}
	}
	return fixed
}

// insert adds a new block behind before.
func (d *differ) insert(c, parent, before *node) *node {
	n := &node{ref: c.ref, raw: c.raw, title: c.title, level: c.level, text: c.text, state: c.state, box: c.box}
	place := d.place(parent, before)
	d.cur.put(n, parent, before)
	switch c.ref.Noun {
	case events.SectionNoun:
		e := &events.SectionAdded{Key: c.ref.Key, Place: place, Level: c.level, Title: c.title, Raw: c.raw}
		e.First, e.Last = d.takeRun(c, n)
		d.add(e)
	case events.TaskNoun:
		e := &events.TaskAdded{Key: c.ref.Key, Place: place, Text: c.text, State: c.state, Raw: c.raw, Box: c.box}
		e.Links, n.known = c.links, ReadMeta(c.raw)
		d.add(e)
		d.add(n.known.Fill(e)...)
	default:
		d.add(&events.TextAdded{Key: c.ref.Key, Place: place, Raw: c.raw})
	}
	d.describe(c, "")
	return n
}

// takeRun lets the new section n take the siblings that now stand in it.
func (d *differ) takeRun(c, n *node) (first, last events.Ref) {
	var from *node
	for _, t := range c.children {
		if from = d.cur.by[t.ref]; from != nil {
			break
		}
	}
	if from == nil || from.parent == nil || from.parent == n {
		return first, last
	}
	siblings := from.parent.children
	var taken []*node
	size := 0
	for _, s := range siblings[slices.Index(siblings, from):] {
		t := d.target.by[s.ref]
		if s == n || n.within(s) || (t != nil && t.parent != c) {
			break
		}
		taken = append(taken, s)
		if t != nil {
			size = len(taken)
		}
	}
	if size == 0 {
		return first, last
	}
	var before *node
	for _, s := range taken[:size] {
		d.cur.take(s)
		d.cur.put(s, n, before)
		before = s
	}
	return taken[0].ref, taken[size-1].ref
}

// move puts a section or task in another place.
func (d *differ) move(c, n, parent, before *node) {
	place := d.place(parent, before)
	d.cur.take(n)
	d.cur.put(n, parent, before)
	if c.ref.Noun == events.SectionNoun {
		e := &events.SectionMoved{Key: c.ref.Key, Place: place, Match: c.how}
		if c.title == n.title && c.raw != n.raw && c.level != n.level {
			e.Raw, e.Level = c.raw, c.level
			n.raw, n.level = c.raw, c.level
		}
		d.add(e)
		return
	}
	e := &events.TaskMoved{Key: c.ref.Key, Place: place, Match: c.how}
	if raw := SetMark(c.raw, c.box, n.mark()); c.text == n.text && raw != n.raw && sameLinks(raw, n.raw) {
		e.Raw, e.Box = raw, c.box
		n.raw, n.box = raw, c.box
	}
	d.add(e)
}

func sameLinks(a, b string) bool {
	_, _, x := ReadTask(a)
	_, _, y := ReadTask(b)
	return slices.Equal(x, y) && ReadMeta(a).Equal(ReadMeta(b))
}

// remove takes out what is not in the target.
func (d *differ) remove(p *node) {
	for _, c := range slices.Clone(p.children) {
		if d.survives(c) {
			d.remove(c)
			continue
		}
		switch c.ref.Noun {
		case events.SectionNoun:
			d.add(&events.SectionRemoved{Key: c.ref.Key})
		case events.TaskNoun:
			d.add(&events.TaskRemoved{Key: c.ref.Key})
		default:
			d.add(&events.TextRemoved{Key: c.ref.Key})
		}
		d.cur.forget(c)
	}
}

// maxReformatted bounds the bytes of one document.reformatted.
const maxReformatted = 256 << 10

// finish adds the events about the document as a whole.
func (d *differ) finish() {
	if d.described != nil {
		d.add(d.described)
	}
	for len(d.reformatted) > 0 {
		n, size := 0, 0
		for n < len(d.reformatted) && (n == 0 || size+storedSize(d.reformatted[n].Raw) < maxReformatted) {
			size += storedSize(d.reformatted[n].Raw)
			n++
		}
		doc := d.reformatted[:n:n]
		slices.SortFunc(doc, func(a, b events.Line) int { // as they are stored
			return cmp.Or(cmp.Compare(a.Ref.Noun, b.Ref.Noun), cmp.Compare(a.Ref.Key, b.Ref.Key))
		})
		d.add(&events.DocumentReformatted{Doc: doc})
		d.reformatted = d.reformatted[n:]
	}
}
