package markdown

import (
	"slices"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
)

// node is a block with a key, in a tree that a comparison may change.
type node struct {
	ref      events.Ref
	parent   *node
	children []*node
	raw      string

	title string // of a section
	level int

	text  string // of a task
	state events.State
	box   int
	known Meta     // in the log, where that differs from what the line says
	links []string // in the file, or in the log

	role Role         // of a text of the file
	line int          // in the file, from 1
	how  events.Match // by which rule it was found in the file
}

// tree is a document as nodes, known by their refs.
type tree struct {
	root *node
	by   map[events.Ref]*node
}

func newTree() *tree {
	root := &node{}
	return &tree{root: root, by: map[events.Ref]*node{{}: root}}
}

// treeOf returns the document of a state.
func treeOf(st *checklist.State) *tree {
	t := newTree()
	t.hang(st.Root(), t.root)
	return t
}

// attic adds what was taken out of a document in which no task is left, as if it
// were there, and returns it.
func (t *tree) attic(st *checklist.State) (away []*node) {
	for n := range t.root.all {
		if n.ref.Noun != events.TextNoun {
			return nil
		}
	}
	there := len(t.root.children)
	t.hang(&checklist.Block{Children: st.LastRemoved()}, t.root)
	return slices.Clone(t.root.children[there:])
}

// hang puts the blocks under b into the tree, under to.
func (t *tree) hang(b *checklist.Block, to *node) {
	to.children = slices.Grow(to.children, len(b.Children))
	for _, child := range b.Children {
		n := nodeOf(child)
		n.parent = to
		to.children = append(to.children, n)
		t.by[n.ref] = n
		t.hang(child, n)
	}
}

// nodeOf is a block by itself.
func nodeOf(b *checklist.Block) *node {
	n := &node{ref: b.Ref, raw: b.Raw}
	switch {
	case b.Section != nil:
		n.title, n.level = b.Section.Title, b.Section.Level
	case b.Task != nil:
		n.text, n.state, n.box = b.Task.Text, b.Task.State, b.Task.Box
		n.known, n.links = MetaOf(b.Task), b.Task.Links
	}
	return n
}

// blocks returns the tree as Match wants it, and the nodes in the same order.
func (t *tree) blocks() ([]Block, []*node) {
	blocks, nodes := make([]Block, 0, len(t.by)), make([]*node, 0, len(t.by))
	var walk func(n *node, at int)
	walk = func(n *node, at int) {
		for _, c := range n.children {
			blocks = append(blocks, Block{Noun: c.ref.Noun, Parent: at, Raw: c.raw, Title: c.title, Level: c.level, Text: c.text, State: c.state})
			nodes = append(nodes, c)
			walk(c, len(blocks)-1)
		}
	}
	walk(t.root, -1)
	return blocks, nodes
}

// mark is the marker of a task.
func (n *node) mark() byte {
	if n.box < len(n.raw) {
		return n.raw[n.box]
	}
	return 0
}

// put hangs n into parent, directly behind after; first where that is nil.
func (t *tree) put(n, parent, after *node) {
	i := 0
	if after != nil {
		i = slices.Index(parent.children, after) + 1
	}
	n.parent = parent
	parent.children = slices.Insert(parent.children, i, n)
	t.by[n.ref] = n
}

// take takes n out of its parent; it stays known.
func (t *tree) take(n *node) {
	i := slices.Index(n.parent.children, n)
	n.parent.children = slices.Delete(n.parent.children, i, i+1)
	n.parent = nil
}

// forget takes n out with all that stands in it.
func (t *tree) forget(n *node) {
	t.take(n)
	var walk func(n *node)
	walk = func(n *node) {
		delete(t.by, n.ref)
		for _, c := range n.children {
			walk(c)
		}
	}
	walk(n)
}

// within reports whether n is other or stands in it.
func (n *node) within(other *node) bool {
	for at := n; at != nil; at = at.parent {
		if at == other {
			return true
		}
	}
	return false
}

// all yields the nodes under n in document order.
func (n *node) all(yield func(*node) bool) {
	n.walk(yield)
}

func (n *node) walk(yield func(*node) bool) bool {
	for _, c := range n.children {
		if !yield(c) || !c.walk(yield) {
			return false
		}
	}
	return true
}

// document returns the bytes of the tree.
func (t *tree) document() string {
	var b strings.Builder
	size := 0
	for n := range t.root.all {
		size += len(n.raw)
	}
	b.Grow(size)
	for n := range t.root.all {
		b.WriteString(n.raw)
	}
	return b.String()
}

// before is the sibling in front of n; nil if it is the first.
func (n *node) before() *node {
	i := slices.Index(n.parent.children, n)
	if i <= 0 {
		return nil
	}
	return n.parent.children[i-1]
}

// place is where n stands.
func (n *node) place() events.Place {
	p := events.Place{In: n.parent.ref}
	if b := n.before(); b != nil {
		p.After = b.ref
	}
	return p
}
