package markdown

import (
	"slices"

	"cairn/events"
	"cairn/projections/checklist"
)

// Revert returns the events that take back, from now, what lies between two
// earlier states of a checklist: before and after. What came after that stays.
// after and now may be the same state. Revert is pure and changes none of them.
//
// It is a merge of three states: what was done since after goes on top of
// before. Where both changed the same field differently, or the one removed what
// the other changed, that is a Conflict, whose Base is the value after, File the
// one before and Log the one now; then there are no events.
//
// Blocks keep their keys: what was taken out comes back, and what was added goes
// again. What is known of a task in the log alone is taken back as far as a line
// can say it; the rest is for the caller.
func Revert(before, after, now *checklist.State, markers map[byte]events.State) (Delta, error) {
	k := freeKeys(now)
	was, is := treeOf(after), treeOf(before)
	cur := was
	if after != now {
		cur = treeOf(now)
	}
	legends := setAside(is, was)
	m := merger{base: was, log: cur, file: is, keys: k, exact: true}
	m.merge()
	if len(m.conflicts) > 0 {
		return Delta{Conflicts: distinct(m.conflicts)}, nil
	}
	for _, l := range legends {
		l.settle(is)
	}
	d := differ{cur: cur, target: is, keys: k, exact: now}
	if err := d.run(); err != nil {
		return Delta{}, err
	}
	delta := Delta{Events: d.events, Lines: d.lines}
	if after != now {
		// Put together, the lines may read otherwise than apart.
		doc, err := Parse([]byte(cur.document()), Options{Markers: markers})
		if err != nil {
			return Delta{}, err
		}
		d = differ{cur: cur, target: target(cur, doc, k), keys: k}
		if err := d.run(); err != nil {
			return Delta{}, err
		}
		delta.Events, delta.Lines = append(delta.Events, d.events...), append(delta.Lines, d.lines...)
	}
	delta.Events = legendsAlong(delta.Events, legends, cur)
	clear(delta.Lines) // of no document
	delta.Lines = delta.Lines[:len(delta.Events)]
	return delta, nil
}

func freeKeys(st *checklist.State) *keys {
	k := &keys{}
	for noun := range k.next {
		k.next[noun] = st.Next(events.Noun(noun))
	}
	return k
}

// distinct returns each conflict once.
func distinct(list []Conflict) []Conflict {
	var out []Conflict
	for _, c := range list {
		if !slices.ContainsFunc(out, func(o Conflict) bool { return o.Ref == c.Ref && o.Field == c.Field }) {
			out = append(out, c)
		}
	}
	return out
}

// gone returns the block of c that was taken out of the checklist, if there is
// one.
func (d *differ) gone(c *node) *checklist.Block {
	if d.exact == nil {
		return nil
	}
	if b := d.exact.Block(c.ref); b != nil && b.Removed {
		return b
	}
	return nil
}

// revive brings back a block with what stood in it when it was taken out, and
// makes it what c is.
func (d *differ) revive(c, parent, before *node) *node {
	place := d.place(parent, before)
	n := nodeOf(d.gone(c))
	d.cur.put(n, parent, before)
	d.hangGone(d.gone(c), n)
	switch c.ref.Noun {
	case events.SectionNoun:
		e := &events.SectionRestored{Key: c.ref.Key, Place: place}
		e.First, e.Last = d.takeRun(c, n)
		d.add(e)
	case events.TaskNoun:
		d.add(&events.TaskRestored{Key: c.ref.Key, Place: place})
	default:
		d.add(&events.TextRestored{Key: c.ref.Key, Place: place})
	}
	d.change(c, n)
	return n
}

// hangGone puts what hangs in a block that was taken out under its node, but for
// what came back by itself.
func (d *differ) hangGone(b *checklist.Block, to *node) {
	for _, child := range b.Children {
		if d.cur.by[child.Ref] != nil {
			continue
		}
		n := nodeOf(child)
		n.parent = to
		to.children = append(to.children, n)
		d.cur.by[n.ref] = n
		d.hangGone(child, n)
	}
}

// values gives the file's n what is known of the task in the log alone: what was
// changed since, and what taking back changes.
func (m *merger) values(n, b, l *node) {
	was, file, log := b.known, n.known, l.known
	n.known.Assignees = followList(log.Assignees, was.Assignees, file.Assignees)
	n.known.Labels = followList(log.Labels, was.Labels, file.Labels)
	n.links = followList(l.links, b.links, n.links)
	value(m, n, StartField, &n.known.Start, was.Start, log.Start)
	value(m, n, DueField, &n.known.Due, was.Due, log.Due)
	value(m, n, EveryField, &n.known.Every, was.Every, log.Every)
	value(m, n, EstimateField, &n.known.Estimate, was.Estimate, log.Estimate)
}

// value makes of file, a value before, what it is to be, given the one after and
// the one now.
func value[T ~string](m *merger, n *node, field Field, file *T, after, now T) {
	switch {
	case *file == after:
		*file = now
	case now != after && now != *file:
		m.conflict(Conflict{Ref: n.ref, Field: field, Base: string(after), File: string(*file), Log: string(now)})
	}
}
