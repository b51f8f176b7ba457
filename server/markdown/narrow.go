package markdown

import (
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
)

// narrowed is the part of a document in which all edits lie: some neighbouring
// blocks of the top level, from one heading up to the next that stayed.
type narrowed struct {
	// before is the block in front of the part.
	before events.Ref
	// old are the blocks of the part, doc is the part of the file, read alone.
	old []*checklist.Block
	doc *Document
	// line is how many lines of the file stand before the part.
	line int
}

// narrow finds the part of the document that differs from st, or nil where only
// the whole tells: a part is read as it is in the whole if it begins with a
// heading of the top level, ends before one, and leaves nothing open. What the
// document has once (title, legend, Owner line) must stand before it.
func narrow(st *checklist.State, document string, o Options) *narrowed {
	top := st.Root().Children
	starts := make([]int, len(top)+1) // offsets in the document as it was
	for i, b := range top {
		if b.Section != nil && b.Section.Level == 1 {
			return nil // whether one is the title is a matter of the whole
		}
		starts[i+1] = starts[i] + len(b.Raw) + sizeOf(b)
	}
	head := 0 // top[:head] are unchanged
	for head < len(top) && startsWith(document[min(starts[head], len(document)):], top[head]) {
		head++
	}
	tail := 0 // so are the last tail
	for tail < len(top)-head && endsWith(document, starts[len(top)]-starts[len(top)-tail-1], starts[len(top)]-starts[len(top)-tail], top[len(top)-tail-1], starts[head]) {
		tail++
	}
	for head > 0 && (head == len(top) || !isHeading(top[head])) {
		head--
	}
	for tail > 0 && !isHeading(top[len(top)-tail]) {
		tail--
	}
	if head == 0 || head+tail > len(top) || !isHeading(top[head]) {
		return nil
	}
	from, end := starts[head], len(document)-(starts[len(top)]-starts[len(top)-tail])
	if end < from {
		return nil
	}
	part := strings.Clone(document[from:end])
	if tail > 0 { // the heading behind the part shows that it ends as it should
		part += top[len(top)-tail].Raw
	}
	doc, err := parse(part, o, legendIn(st, top[:head]))
	if err != nil {
		return nil
	}
	n := len(doc.Blocks)
	if tail > 0 {
		next := top[len(top)-tail]
		n--
		if n < 0 || !stands(&doc.Blocks[n], next.Section.Level) || doc.Blocks[n].Raw != next.Raw {
			return nil
		}
	}
	for _, b := range doc.Blocks {
		if b.Role != PlainRole || b.Noun == events.SectionNoun && b.Level == 1 {
			return nil
		}
	}
	// What comes first ends what is before it.
	level := 6
	switch before := top[head-1]; {
	case before.Section != nil && !isHeading(before):
		return nil
	case before.Section != nil:
		level = before.Section.Level
	}
	if n > 0 && (doc.Blocks[0].Level > level || !stands(&doc.Blocks[0], doc.Blocks[0].Level) || !strings.HasPrefix(doc.Blocks[0].Raw, "#")) {
		return nil
	}
	doc.Blocks = doc.Blocks[:n]
	return &narrowed{before: top[head-1].Ref, old: top[head : len(top)-tail], doc: doc, line: strings.Count(document[:from], "\n")}
}

// stands reports whether b is a section of the top level.
func stands(b *Block, level int) bool {
	return b.Noun == events.SectionNoun && b.Parent == -1 && b.Level == level
}

// isHeading reports whether a block is a section that begins with #: nothing in
// front of it can take it in.
func isHeading(b *checklist.Block) bool {
	return b.Section != nil && strings.HasPrefix(b.Raw, "#")
}

// legendIn is the legend, if it stands among some blocks.
func legendIn(st *checklist.State, blocks []*checklist.Block) Legend {
	for _, b := range st.Bracketed() {
		if l := ParseLegend(b.Raw); l.Present() {
			for _, top := range blocks {
				if b.Within(top) {
					return l
				}
			}
		}
	}
	return Legend{block: -1}
}

func sizeOf(b *checklist.Block) int {
	n := 0
	for c := range b.All() {
		n += len(c.Raw)
	}
	return n
}

// startsWith reports whether s begins with the bytes of b.
func startsWith(s string, b *checklist.Block) bool {
	rest, ok := strings.CutPrefix(s, b.Raw)
	if !ok {
		return false
	}
	for c := range b.All() {
		if rest, ok = strings.CutPrefix(rest, c.Raw); !ok {
			return false
		}
	}
	return true
}

// endsWith reports whether b stands from `from` to `to` bytes before the end of
// s, behind the first least bytes.
func endsWith(s string, from, to int, b *checklist.Block, least int) bool {
	if len(s)-from < least {
		return false
	}
	return startsWith(s[len(s)-from:len(s)-to], b)
}
