package markdown

import (
	"unsafe"

	"cairn/events"
	"cairn/projections/checklist"
)

// Delta is what the edits of a file are, as events.
type Delta struct {
	Events []events.Event
	// Lines are, for each event, the line of the document that it comes from,
	// from 1; 0 where it comes from none, such as a removal.
	Lines []int
	// Equal says that the checklist is the document after the events: nothing
	// of the log has to go into the file.
	Equal bool
	// Reopened, Removed and Reworded are the keys of the tasks to which the
	// file did that. Reopened are those that were done or dropped.
	Reopened, Removed, Reworded []int
	// Conflicts are what the file and the log changed differently.
	Conflicts []Conflict
}

// Diff returns the events by which a checklist takes the edits of its file:
// what document says against base, the checklist that the file was last equal
// to, put on top of now. base and now may be the same state. Diff is pure and
// changes neither.
//
// The events make exactly the document where nothing changed since base, and
// what both sides changed is in there once. Where they changed the same field
// differently, that is a Conflict, and its side in o decides.
func Diff(base, now *checklist.State, document []byte, o DiffOptions) (Delta, error) {
	k := freeKeys(now)
	if o.Base != nil && now.Is(o.Base) {
		base, o.Base = now, nil
	}
	if base == now && o.Base == nil && !o.Whole {
		if part := narrow(now, view(document), Options{Markers: o.Markers}); part != nil {
			return part.diff(k)
		}
	}
	doc, err := Parse(document, Options{Markers: o.Markers})
	if err != nil {
		return Delta{}, err
	}
	was := treeOf(base)
	var away []*node
	if o.Base != nil {
		if was, err = phantom(now, o); err != nil {
			return Delta{}, err
		}
		base = nil
	}
	if base == now {
		away = was.attic(now) // it may come back
	}
	is := target(was, doc, k)
	var delta Delta
	delta.summarise(was, is)
	cur := was
	if base != now {
		cur = treeOf(now)
		m := merger{base: was, log: cur, file: is, keys: k, prefer: o.Prefer}
		m.merge()
		delta.Conflicts = m.conflicts
	}
	d := differ{cur: cur, target: is, keys: k, away: away}
	if err := d.run(); err != nil {
		return Delta{}, err
	}
	delta.Events, delta.Lines, delta.Equal = d.events, d.lines, true
	if base == now {
		return delta, nil
	}
	// Put together, the lines of both sides may read otherwise than apart.
	if doc, err = Parse([]byte(cur.document()), Options{Markers: o.Markers}); err != nil {
		return Delta{}, err
	}
	is = target(cur, doc, k)
	d = differ{cur: cur, target: is, keys: k}
	if err := d.run(); err != nil {
		return Delta{}, err
	}
	delta.Events, delta.Lines = append(delta.Events, d.events...), append(delta.Lines, make([]int, len(d.events))...) // of neither side
	delta.Equal = cur.document() == string(document)
	return delta, nil
}

// view is b as a string that nobody may keep.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// diff is Diff for a part of the document.
func (p *narrowed) diff(k *keys) (Delta, error) {
	was := newTree()
	was.hang(&checklist.Block{Children: p.old}, was.root)
	is := target(was, p.doc, k)
	delta := Delta{Equal: true}
	delta.summarise(was, is)
	d := differ{cur: was, target: is, keys: k, front: p.before}
	if err := d.run(); err != nil {
		return Delta{}, err
	}
	delta.Events, delta.Lines = d.events, d.lines
	for i := range delta.Lines {
		if delta.Lines[i] > 0 {
			delta.Lines[i] += p.line
		}
	}
	return delta, nil
}

// phantom is the tree of o.Base, in which everything that is also in now has its
// ref; the rest has refs that nobody else has.
func phantom(now *checklist.State, o DiffOptions) (*tree, error) {
	doc, err := Parse(o.Base, Options{Markers: o.Markers})
	if err != nil {
		return nil, err
	}
	const nowhere = 1 << 40
	k := &keys{}
	for noun := range k.next {
		k.next[noun] = nowhere
	}
	return target(treeOf(now), doc, k), nil
}

// DiffOptions say how to compare. The zero value is fine.
type DiffOptions struct {
	// Base, if not nil, is the document that the file was last equal to, in
	// place of the base state: a version of it that the log never had.
	Base []byte
	// Markers is the checklist's own meaning of markers.
	Markers map[byte]events.State
	// Whole compares what is the same bytes too: Markers are others than before.
	Whole bool
	// Prefer decides conflicts.
	Prefer Side
}

// Side is one of the two that may have changed something.
type Side string

// The sides of a conflict.
const (
	NoSide   Side = ""
	FileSide Side = "file"
	LogSide  Side = "log"
)

func (d *Delta) summarise(was, is *tree) {
	for n := range was.root.all {
		if n.ref.Noun != events.TaskNoun {
			continue
		}
		c := is.by[n.ref]
		if c == nil {
			d.Removed = append(d.Removed, n.ref.Key)
			continue
		}
		if c.text != n.text {
			d.Reworded = append(d.Reworded, n.ref.Key)
		}
		if closed(n.state) && !closed(c.state) {
			d.Reopened = append(d.Reopened, n.ref.Key)
		}
	}
}

func closed(s events.State) bool { return s == events.Done || s == events.Dropped }
