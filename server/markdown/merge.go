package markdown

import (
	"slices"

	"cairn/events"
)

// Field is what of a block changed.
type Field string

// The fields that can be in conflict.
const (
	StateField Field = "state"
	TextField  Field = "text"
	TitleField Field = "title"
	PlaceField Field = "place"
	StartField Field = "start"
	DueField   Field = "due"
	EveryField Field = "every"
	// EstimateField is how much work it is.
	EstimateField Field = "estimate"
	// ExistField: one side removed it, the other changed it.
	ExistField Field = "removed"
)

// Conflict is a field that the file and the log changed differently.
type Conflict struct {
	Ref   events.Ref
	Field Field
	// Base, File and Log are the values; "" for ExistField on the side that
	// removed the block.
	Base, File, Log string
}

// merger puts what the log changed since base into the tree of the file.
type merger struct {
	base, log, file *tree
	keys            *keys
	prefer          Side
	conflicts       []Conflict
	// exact says that the three are states of one checklist, base behind file:
	// what the log did since base goes on top of taking back what lies between.
	exact bool
}

func (m *merger) merge() {
	m.twins()
	m.places()
	m.additions()
	m.removals()
	for n := range m.file.root.all {
		b, l := m.base.by[n.ref], m.log.by[n.ref]
		switch {
		case b != nil && l != nil:
			m.fields(n, b, l)
		case l != nil && m.exact:
			n.copyFrom(l)
			n.known, n.links = l.known, l.links
		}
	}
}

// twins takes what both sides added in the same block for one, as the log has
// it: what Cairn wrote comes back by a commit, or two copies of one edit.
func (m *merger) twins() {
	used := make(map[events.Ref]bool)
	for p := range m.file.nodes {
		l := m.log.by[p.ref]
		if l == nil {
			continue
		}
		for _, c := range p.children {
			if m.base.by[c.ref] != nil {
				continue
			}
			for _, twin := range l.children {
				if m.base.by[twin.ref] == nil && !used[twin.ref] && twin.like(c) {
					used[twin.ref] = true
					delete(m.file.by, c.ref)
					c.ref = twin.ref
					m.file.by[c.ref] = c
					c.copyFrom(twin)
					break
				}
			}
		}
	}
}

// like reports whether two blocks say the same.
func (n *node) like(c *node) bool {
	if n.ref.Noun != c.ref.Noun {
		return false
	}
	if n.ref.Noun == events.TextNoun {
		return n.raw == c.raw
	}
	return n.text == c.text && n.title == c.title
}

// conflict notes one, and reports whether the log's value is to be taken.
func (m *merger) conflict(c Conflict) (log bool) {
	if m.prefer == NoSide {
		m.conflicts = append(m.conflicts, c)
	}
	return m.prefer == LogSide
}

// strays returns the blocks of both trees that stand elsewhere in b than in a.
func strays(a, b *tree) map[events.Ref]bool {
	list := make(map[events.Ref]bool)
	for p := range a.nodes {
		q := b.by[p.ref]
		if q == nil {
			continue
		}
		at := make(map[events.Ref]int, len(q.children))
		for i, c := range q.children {
			at[c.ref] = i
		}
		var order []int
		var who []events.Ref
		for _, c := range p.children {
			if i, ok := at[c.ref]; ok {
				order, who = append(order, i), append(who, c.ref)
			} else if b.by[c.ref] != nil {
				list[c.ref] = true
			}
		}
		for i, in := range rising(order) {
			if !in {
				list[who[i]] = true
			}
		}
	}
	return list
}

// nodes yields the root and all nodes under it.
func (t *tree) nodes(yield func(*node) bool) {
	if yield(t.root) {
		t.root.walk(yield)
	}
}

// places moves what the log moved since base, and the file did not, to where
// the log has it.
func (m *merger) places() {
	byLog, byFile := strays(m.base, m.log), strays(m.base, m.file)
	for n := range m.log.root.all { // in the order in which they stand there
		c := m.file.by[n.ref]
		back := m.exact && m.base.by[n.ref] == nil // somebody brought it back
		if !byLog[n.ref] && !back || c == nil || n.ref.Noun == events.TextNoun {
			continue
		}
		if byFile[n.ref] {
			if same(n, c) {
				continue
			}
			if !m.conflict(Conflict{Ref: n.ref, Field: PlaceField, Base: where(m.base.by[n.ref]), File: where(c), Log: where(n)}) {
				continue
			}
		}
		m.follow(n, c)
	}
}

// same reports whether two nodes stand in the same block.
func same(a, b *node) bool { return a.parent.ref == b.parent.ref }

func where(n *node) string {
	if n == nil || n.parent == nil {
		return ""
	}
	if s := n.before(); s != nil {
		return n.parent.ref.String() + " " + s.ref.String()
	}
	return n.parent.ref.String()
}

// follow puts c of the file's tree where n stands in the log's.
func (m *merger) follow(n, c *node) {
	parent := m.file.by[n.parent.ref]
	if parent == nil && m.exact {
		m.conflict(Conflict{Ref: n.parent.ref, Field: ExistField, Log: "moved into"})
	}
	if parent == nil || parent.within(c) {
		return
	}
	m.file.take(c)
	m.file.put(c, parent, m.anchorIn(n, parent))
}

// anchorIn returns the nearest sibling before n that stands in parent.
func (m *merger) anchorIn(n, parent *node) *node {
	siblings := n.parent.children
	for i := slices.Index(siblings, n) - 1; i >= 0; i-- {
		if s := m.file.by[siblings[i].ref]; s != nil && s.parent == parent {
			return s
		}
	}
	return nil
}

// additions takes over what the log added since base.
func (m *merger) additions() {
	for n := range m.log.root.all {
		if m.base.by[n.ref] != nil || m.file.by[n.ref] != nil {
			continue
		}
		parent := m.file.by[n.parent.ref]
		if parent == nil { // the file removed the block it was put into
			if !m.conflict(Conflict{Ref: n.parent.ref, Field: ExistField, Log: "added to"}) {
				continue
			}
			if parent = m.bringBack(n.parent); parent == nil {
				continue
			}
		}
		c := &node{ref: n.ref, raw: n.raw, title: n.title, level: n.level, text: n.text, state: n.state, box: n.box, known: n.known, links: n.links}
		m.file.put(c, parent, m.anchorIn(n, parent))
	}
}

// bringBack puts a block that the file removed into the file's tree again.
func (m *merger) bringBack(n *node) *node {
	if c := m.file.by[n.ref]; c != nil || n.parent == nil {
		return c
	}
	parent := m.file.by[n.parent.ref]
	if parent == nil {
		if parent = m.bringBack(n.parent); parent == nil {
			return nil
		}
	}
	c := &node{ref: n.ref, raw: n.raw, title: n.title, level: n.level, text: n.text, state: n.state, box: n.box, known: n.known, links: n.links}
	m.file.put(c, parent, m.anchorIn(n, parent))
	return c
}

// removals lets go of what the log removed, and sees to what the file removed.
func (m *merger) removals() {
	for b := range m.base.root.all {
		l, c := m.log.by[b.ref], m.file.by[b.ref]
		switch {
		case l == nil && c != nil && c.parent != nil:
			if m.changed(c, b) && !m.conflict(Conflict{Ref: b.ref, Field: ExistField, Base: b.value(), File: c.value()}) && m.prefer == FileSide {
				delete(m.file.by, c.ref)
				c.ref, c.how = m.keys.ref(c.ref.Noun), events.Match{}
				m.file.by[c.ref] = c
				continue
			}
			m.dropNode(c)
		case l != nil && c == nil && m.changed(l, b):
			if m.conflict(Conflict{Ref: b.ref, Field: ExistField, Base: b.value(), Log: l.value()}) {
				m.bringBack(l)
			}
		}
	}
}

// dropNode takes c out of the file's tree; what the file put into it stays in
// the block around it.
func (m *merger) dropNode(c *node) {
	before, parent := c, c.parent
	for _, child := range slices.Clone(c.children) {
		if m.base.by[child.ref] != nil {
			continue // it went with the block
		}
		m.file.take(child)
		m.file.put(child, parent, before)
		before = child
	}
	m.file.forget(c)
}

func (m *merger) changed(n, b *node) bool {
	return n.changedFrom(b) || m.exact && !n.knows(b)
}

// changedFrom reports whether n says something else than it did as b.
func (n *node) changedFrom(b *node) bool {
	if n.ref.Noun == events.TextNoun {
		return n.raw != b.raw
	}
	return n.state != b.state || n.text != b.text || n.title != b.title
}

func (n *node) value() string {
	switch n.ref.Noun {
	case events.TaskNoun:
		return string(n.state) + " " + n.text
	case events.SectionNoun:
		return n.title
	}
	return n.raw
}

// fields gives n of the file's tree what the log changed since base.
func (m *merger) fields(n, b, l *node) {
	if l.raw == b.raw && l.state == b.state && l.text == b.text && l.level == b.level && l.knows(b) {
		return
	}
	if n.raw == b.raw && n.state == b.state && n.level == b.level && (!m.exact || n.knows(b)) {
		n.copyFrom(l)
		n.known, n.links = l.known, l.links
		return
	}
	switch n.ref.Noun {
	case events.TaskNoun:
		m.task(n, b, l)
	case events.SectionNoun:
		if n.title == l.title && n.level == l.level {
			return
		}
		if l.title != b.title || l.level != b.level {
			if n.title == b.title && n.level == b.level || m.conflict(Conflict{Ref: n.ref, Field: TitleField, Base: b.title, File: n.title, Log: l.title}) {
				n.copyFrom(l)
			}
		}
	default:
		if l.raw != b.raw && n.raw != l.raw && m.conflict(Conflict{Ref: n.ref, Field: TextField, Base: b.raw, File: n.raw, Log: l.raw}) {
			n.copyFrom(l)
		}
	}
}

func (n *node) copyFrom(l *node) {
	n.raw, n.title, n.level, n.text, n.state, n.box = l.raw, l.title, l.level, l.text, l.state, l.box
	n.how = events.Match{}
}

// task merges the state, the text, the links and the form of a task's lines.
func (m *merger) task(n, b, l *node) {
	state, mark := n.state, n.mark()
	if l.state != b.state && n.state != l.state {
		if n.state == b.state || m.conflict(Conflict{Ref: n.ref, Field: StateField, Base: string(b.state), File: string(n.state), Log: string(l.state)}) {
			state, mark = l.state, l.mark()
		}
	} else if n.state == b.state && n.mark() == b.mark() {
		mark = l.mark()
	}
	raw, text, other := n.raw, n.text, l // whose lines these are not
	switch {
	case l.text == b.text || n.text == l.text:
	case n.text == b.text || m.conflict(Conflict{Ref: n.ref, Field: TextField, Base: b.text, File: n.text, Log: l.text}):
		text = l.text
		if raw = Reword(n.raw, text); cutTask(n.raw).rest != "" || cutTask(l.raw).rest != "" {
			raw, other = l.raw, n // several lines: as the log has them
		}
		n.how = events.Match{}
	}
	_, _, had := ReadTask(b.raw)
	_, _, links := ReadTask(other.raw)
	for _, url := range links {
		if !slices.Contains(had, url) {
			raw = AddLink(raw, url)
		}
	}
	for _, url := range had {
		if !slices.Contains(links, url) {
			raw = RemoveLink(raw, url)
		}
	}
	raw = m.meta(n, b, l, raw)
	_, box, _ := ReadTask(raw)
	n.raw, n.box, n.text, n.state = SetMark(raw, box, mark), box, text, state
	n.text, _, _ = ReadTask(n.raw)
	if m.exact {
		m.values(n, b, l)
	}
}
