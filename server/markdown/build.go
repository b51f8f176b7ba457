package markdown

import (
	"cairn/events"
)

// builder turns spans into blocks, line by line.
type builder struct {
	src      lines
	doc      *Document
	found    *scanned
	sections []openSection
	details  []int // for each open <details>, its section in doc.Blocks or -1
	tasks    []openTask
	titled   bool
	content  []int // the last line at or before each line that is not blank

	// The text under way: lines [textFrom, textTo) and what they take in an event.
	textFrom, textTo, textParent, textSize int
}

type openSection struct {
	block, level int
	fold         bool // the summary of a <details>: it holds deeper headings
}

type openTask struct{ block, last int }

// build makes the document. It returns an error for a block that no event can
// hold.
func build(src lines, found *scanned) (*Document, error) {
	b := &builder{
		src:   src,
		found: found,
		doc:   &Document{Header: found.header, Legend: found.legend},

		titled: found.inside,
	}
	b.contentLines()
	spans := found.spans
	for i := 0; i < src.len(); {
		b.closeTasks(i)
		here := 0
		for here < len(spans) && spans[here].first <= i {
			here++
		}
		own := -1
		for j, sp := range spans[:here] {
			if sp.op != opDetails && sp.op != opEnd {
				own = j
				break
			}
		}
		next := i + 1
		if own >= 0 {
			b.fold(spans[:own])
			if err := b.flush(); err != nil {
				return nil, err
			}
			if err := b.span(spans[own]); err != nil {
				return nil, err
			}
			next = spans[own].last + 1
			for here < len(spans) && spans[here].first < next {
				here++ // tags in the lines of a summary
			}
		} else if err := b.text(i); err != nil {
			return nil, err
		}
		b.fold(spans[own+1 : here])
		spans = spans[here:]
		i = next
	}
	if err := b.flush(); err != nil {
		return nil, err
	}
	b.doc.numbered()
	return b.doc, nil
}

func (b *builder) contentLines() {
	b.content = make([]int, b.src.len())
	last := -1
	for i := range b.content {
		if !blank(b.src.line(i)) {
			last = i
		}
		b.content[i] = last
	}
}

// closeTasks forgets the tasks that end before line.
func (b *builder) closeTasks(line int) {
	for n := len(b.tasks); n > 0 && b.tasks[n-1].last < line; n-- {
		b.tasks = b.tasks[:n-1]
	}
}

// parent returns the block that a line is in.
func (b *builder) parent() int {
	if n := len(b.tasks); n > 0 {
		return b.tasks[n-1].block
	}
	if n := len(b.sections); n > 0 {
		return b.sections[n-1].block
	}
	return -1
}

// text adds line to the text under way, or begins another.
func (b *builder) text(line int) error {
	parent, size := b.parent(), storedSize(b.src.raw(line, line))
	if b.textTo > b.textFrom {
		if parent != b.textParent || b.textSize+size > maxText {
			if err := b.flush(); err != nil {
				return err
			}
		}
	}
	if b.textTo == b.textFrom {
		b.textFrom, b.textParent, b.textSize = line, parent, 0
	}
	b.textTo = line + 1
	b.textSize += size
	return nil
}

// flush ends the text under way.
func (b *builder) flush() error {
	if b.textTo == b.textFrom {
		return nil
	}
	from, to := b.textFrom, b.textTo
	b.textFrom, b.textTo = 0, 0
	raw := b.src.raw(from, to-1)
	if b.textSize > maxRaw {
		return limitLine(from, len(raw))
	}
	b.doc.Blocks = append(b.doc.Blocks, Block{Noun: events.TextNoun, Parent: b.textParent, Line: from + 1, Raw: raw})
	return nil
}

// fold applies the <details> and </details> of one line.
func (b *builder) fold(spans []span) {
	for _, sp := range spans {
		switch n := len(b.details); {
		case sp.op == opDetails:
			b.details = append(b.details, -1)
		case sp.op == opEnd && n > 0:
			block := b.details[n-1]
			b.details = b.details[:n-1]
			for i := len(b.sections) - 1; i >= 0 && block >= 0 && b.sections[i].block >= block; i-- {
				if b.sections[i].block == block {
					b.sections = b.sections[:i]
				}
			}
		}
	}
}

// span adds the block of sp.
func (b *builder) span(sp span) error {
	raw := b.src.raw(sp.first, sp.last)
	block := Block{Noun: events.TextNoun, Line: sp.first + 1, Raw: raw}
	at, limit := len(b.doc.Blocks), maxTwice
	switch sp.op {
	case opHeading:
		b.closeSections(sp.level)
		if sp.level == 1 && !b.titled {
			b.titled = true
			block.Role = TitleRole
			b.doc.Title = sp.title
			break
		}
		block.Noun, block.Level, block.Title = events.SectionNoun, sp.level, sp.title
	case opSummary:
		block.Noun, block.Level, block.Title = events.SectionNoun, b.level()+1, sp.title
	case opTask:
		block.Noun = events.TaskNoun
		block.Text, block.Box, block.Links = ReadTask(raw)
		block.Meta = ReadMeta(raw)
		block.Mark = raw[block.Box]
		block.State, _ = StateOf(block.Mark, b.found.legend, b.found.markers)
	case opLegend:
		block.Role, limit = LegendRole, maxRaw
		b.doc.Legend.block = at
	case opHeader:
		block.Role, limit = HeaderRole, maxRaw
	}
	if storedSize(raw) > limit {
		return limitLine(sp.first, len(raw))
	}
	block.Parent = b.parent()
	b.doc.Blocks = append(b.doc.Blocks, block)
	switch {
	case sp.op == opTask:
		it := b.found.items[sp.task]
		end := b.content[b.found.starts[it.next]-1]
		b.tasks = append(b.tasks, openTask{at, max(end, it.last)})
	case block.Noun == events.SectionNoun:
		sec := openSection{block: at, level: block.Level}
		if n := len(b.details); sp.op == opSummary && n > 0 && b.details[n-1] < 0 {
			b.details[n-1] = at
			sec.fold = true
		}
		b.sections = append(b.sections, sec)
	}
	return nil
}

// level returns the level of the innermost section.
func (b *builder) level() int {
	if n := len(b.sections); n > 0 {
		return b.sections[n-1].level
	}
	if b.titled {
		return 1
	}
	return 0
}

// closeSections ends the sections that a heading of that level ends. A folded
// section holds every heading deeper than the section around it.
func (b *builder) closeSections(level int) {
	for n := len(b.sections); n > 0; n-- {
		sec := b.sections[n-1]
		if sec.level < level || sec.fold && sec.level-1 < level {
			return
		}
		b.sections = b.sections[:n-1]
	}
}
