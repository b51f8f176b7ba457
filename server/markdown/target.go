package markdown

import (
	"strings"

	"cairn/events"
)

// keys gives new blocks their keys.
type keys struct{ next [events.TextNoun + 1]int }

func (k *keys) ref(noun events.Noun) events.Ref {
	ref := events.Ref{Noun: noun, Key: k.next[noun]}
	k.next[noun]++
	return ref
}

// target returns the document of a file as a tree in which everything that was
// in old has its ref.
func target(old *tree, doc *Document, k *keys) *tree {
	blocks, nodes := old.blocks()
	p := Match(blocks, doc.Blocks)
	t := newTree()
	made := make([]*node, len(doc.Blocks))
	under := func(i int) *node {
		if i < 0 {
			return t.root
		}
		return made[i]
	}
	for i := range doc.Blocks {
		b := &doc.Blocks[i]
		n := &node{
			parent: under(b.Parent), raw: b.Raw, title: b.Title, level: b.Level,
			text: b.Text, state: b.State, box: b.Box, role: b.Role, line: b.Line, how: p.How[i], links: b.Links,
		}
		switch a := p.Old[i]; {
		case b.Noun == events.TextNoun:
			n.ref.Noun = events.TextNoun // its key comes below
		case a >= 0:
			n.ref = nodes[a].ref
		default:
			n.ref = k.ref(b.Noun)
		}
		if a := p.Old[i]; a < 0 || nodes[a].raw != n.raw {
			n.own()
		}
		n.parent.children = append(n.parent.children, n)
		made[i] = n
		if n.ref.Key != 0 {
			t.by[n.ref] = n
		}
	}
	texts(t, t.root, old, k)
	return t
}

// own copies what n says out of the file, which else were kept as long as n.
func (n *node) own() {
	n.raw, n.text, n.title = strings.Clone(n.raw), strings.Clone(n.text), strings.Clone(n.title)
}

// texts gives the texts in n, and in what stands in it, their keys: those of the
// texts that stood in the same place. A text of the file can be several in the
// tree, which are kept apart as far as their bytes are the same.
func texts(t *tree, n *node, old *tree, k *keys) {
	var before []*node // the children as they were
	if was := old.by[n.ref]; was != nil {
		before = was.children
	}
	children := make([]*node, 0, len(n.children))
	i, j := 0, 0
	for _, at := range anchors(n.children, before) {
		children = append(children, segment(t, n.children[i:at.b], before[j:at.a], k)...)
		children = append(children, n.children[at.b])
		i, j = at.b+1, at.a+1
	}
	children = append(children, segment(t, n.children[i:], before[j:], k)...)
	n.children = children
	for _, c := range children {
		if c.ref.Noun != events.TextNoun {
			texts(t, c, old, k)
		}
	}
}

// anchors returns where the sections and tasks that stand in both lists of
// siblings in the same order stand in old (a) and now (b).
func anchors(now, old []*node) []both {
	at := make(map[events.Ref]int, len(old))
	for j, o := range old {
		if o.ref.Noun != events.TextNoun {
			at[o.ref] = j
		}
	}
	var stayed []both
	var order []int
	for i, n := range now {
		if j, ok := at[n.ref]; ok && n.ref.Key != 0 {
			stayed = append(stayed, both{j, i})
			order = append(order, j)
		}
	}
	kept := stayed[:0]
	for n, in := range rising(order) {
		if in {
			kept = append(kept, stayed[n])
		}
	}
	return kept
}

// segment gives keys to the texts among some siblings; old are those that stood
// between the same neighbours.
func segment(t *tree, now, old []*node, k *keys) []*node {
	var pieces []*node
	for _, o := range old {
		if o.ref.Noun == events.TextNoun {
			pieces = append(pieces, o)
		}
	}
	var out []*node
	var waiting []int // indexes in out of texts without a key
	settle := func(upto int) {
		for n, i := range waiting {
			if n < upto {
				out[i].ref = pieces[n].ref
			} else {
				out[i].ref = k.ref(events.TextNoun)
			}
			t.by[out[i].ref] = out[i]
		}
		waiting = nil
	}
	keep := func(n *node, piece *node) {
		c := &node{ref: piece.ref, parent: n.parent, raw: piece.raw, role: n.role, line: n.line}
		out = append(out, c)
		t.by[c.ref] = c
	}
	for _, n := range now {
		if n.ref.Noun != events.TextNoun {
			out = append(out, n)
			continue
		}
		if from, upto, ok := run(n.raw, pieces); ok { // unchanged
			settle(min(from, len(waiting)))
			for _, piece := range pieces[from:upto] {
				keep(n, piece)
			}
			pieces = pieces[upto:]
			continue
		}
		if len(waiting) == 0 {
			for len(pieces) > 1 && pieces[0].raw != "" && strings.HasPrefix(n.raw, pieces[0].raw) {
				keep(n, pieces[0])
				n.raw = n.raw[len(pieces[0].raw):]
				pieces = pieces[1:]
			}
		}
		waiting = append(waiting, len(out))
		out = append(out, n)
	}
	settle(min(len(pieces), len(waiting)))
	return out
}

// run finds the pieces that are raw together.
func run(raw string, pieces []*node) (from, upto int, ok bool) {
	for from := range pieces {
		rest := raw
		for upto := from; upto < len(pieces) && pieces[upto].raw != ""; upto++ {
			if rest, ok = strings.CutPrefix(rest, pieces[upto].raw); !ok {
				break
			}
			if rest == "" {
				return from, upto + 1, true
			}
		}
	}
	return 0, 0, false
}
