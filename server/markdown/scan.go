package markdown

import (
	"strings"

	"cairn/events"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// op is what a stretch of lines does to the tree of blocks.
type op uint8

const (
	opHeading op = iota
	opTask
	opLegend
	opHeader
	opDetails // <details>: no lines of its own
	opSummary
	opEnd // </details>: no lines of its own
)

// span is lines [first, last] that are more than text, in document order.
type span struct {
	op          op
	first, last int
	level       int  // heading
	setext      bool // heading
	title       string
	task        int // index in scanned.items
}

// item is a list item that begins with a box.
type item struct {
	first, last int // its own lines
	mark        byte
	after       byte // the byte that the text begins with, 0 if there is none
	list        int  // items of one list share it
	next        int  // index in starts of the first block behind it
	isTask      bool
}

// scanned is what the structure of a document tells.
type scanned struct {
	src     lines
	sh      *shadow
	spans   []span
	items   []item
	starts  []int // the first line of every block
	lists   int
	legend  Legend
	header  Header
	headed  bool // there is a header
	begun   bool // a section or a box has been seen
	inside  bool // it is a part of a document: the title is taken
	markers map[byte]events.State
	opaque  [][2]int // lines of indented code and HTML
}

// scan finds the spans of a document.
func scan(src lines, sh *shadow, b begin) *scanned {
	s := &scanned{src: src, sh: sh, legend: b.legend, headed: b.inside, begun: b.inside, inside: b.inside}
	p := parser.NewParser(parser.WithBlockParsers(
		util.Prioritized(parser.NewSetextHeadingParser(), 100),
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(parser.NewListParser(), 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewCodeBlockParser(), 500),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(parser.NewBlockquoteParser(), 800),
		util.Prioritized(parser.NewHTMLBlockParser(), 900),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	))
	root := p.Parse(text.NewReader(sh.text))
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		s.block(n, true)
	}
	s.starts = append(s.starts, src.len())
	return s
}

// block reads node n and what is in it. legible says that n may be a legend:
// it is in no list.
func (s *scanned) block(n ast.Node, legible bool) {
	first, last := s.extent(n)
	s.starts = append(s.starts, first)
	top := n.Parent().Kind() == ast.KindDocument
	switch n := n.(type) {
	case *ast.Heading:
		if top {
			s.heading(n, first, last)
		}
	case *ast.HTMLBlock:
		s.opaque = append(s.opaque, [2]int{first, last})
		if top && n.HTMLBlockType == ast.HTMLBlockType6 {
			s.html(first, last)
		}
	case *ast.CodeBlock:
		s.opaque = append(s.opaque, [2]int{first, last})
	case *ast.FencedCodeBlock:
		if legible {
			s.legendAt(first, s.fenceEnd(first, last), false)
		}
	case *ast.Paragraph:
		if legible && s.legendAt(first, last, false) {
			return
		}
		if top && !s.begun {
			s.headerAt(first, last)
		}
	case *ast.List:
		if legible && s.listLegend(n, first) {
			return
		}
		s.lists++
		list := s.lists
		for li := n.FirstChild(); li != nil; li = li.NextSibling() {
			s.item(li, list)
		}
	default:
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			s.block(c, legible)
		}
	}
}

// item reads a list item; li is a child of list.
func (s *scanned) item(li ast.Node, list int) {
	start := s.sh.lineAt(li.Pos())
	s.starts = append(s.starts, start)
	i := -1
	if p := li.FirstChild(); p != nil && isParagraph(p) {
		seg := p.Lines().At(0)
		line := strings.TrimLeft(string(seg.Value(s.sh.text)), " ")
		if mark, after, ok := boxed(line); ok {
			_, last := s.extent(p)
			i = len(s.items)
			s.items = append(s.items, item{first: start, last: last, mark: mark, after: after, list: list})
			s.spans = append(s.spans, span{op: opTask, first: start, last: last, task: i})
			s.begun = true
		}
	}
	for c := li.FirstChild(); c != nil; c = c.NextSibling() {
		s.block(c, false)
	}
	if i >= 0 {
		s.items[i].next = len(s.starts)
	}
}

func isParagraph(n ast.Node) bool {
	return n.Kind() == ast.KindParagraph || n.Kind() == ast.KindTextBlock
}

// boxed reads "[c]" and then white space or the end at the beginning of line.
// after is the first byte of the text.
func boxed(line string) (mark, after byte, ok bool) {
	if len(line) < 3 || line[0] != '[' || line[2] != ']' {
		return 0, 0, false
	}
	rest := line[3:]
	if rest != "" && !strings.ContainsRune(" \t\r\n", rune(rest[0])) {
		return 0, 0, false
	}
	if rest = strings.TrimLeft(rest, " \t\r\n"); rest != "" {
		after = rest[0]
	}
	return line[1], after, true
}

// extent returns the lines that the content of n is in. Of a container it
// knows only the first.
func (s *scanned) extent(n ast.Node) (first, last int) {
	if n.Type() == ast.TypeBlock && n.Lines() != nil && n.Lines().Len() > 0 {
		l := n.Lines()
		first, last = s.sh.lineAt(l.At(0).Start), s.sh.lineAt(l.At(l.Len()-1).Start)
	} else if n.Pos() >= 0 {
		first = s.sh.lineAt(n.Pos())
		last = first
	} else if c := n.FirstChild(); c != nil {
		first, last = s.extent(c)
	} else if len(s.starts) > 0 {
		first = s.starts[len(s.starts)-1]
		last = first
	}
	if n.Kind() == ast.KindFencedCodeBlock && n.Pos() >= 0 {
		first = s.sh.lineAt(n.Pos())
	}
	if h, ok := n.(*ast.HTMLBlock); ok && h.HasClosure() {
		last = max(last, s.sh.lineAt(h.ClosureLine.Start))
	}
	return first, max(first, last)
}

// fenceEnd returns the line of the closing fence, if there is one.
func (s *scanned) fenceEnd(first, last int) int {
	open := strings.TrimLeft(s.src.line(first), " \t>")
	if last+1 < s.src.len() && len(open) >= 3 {
		next := strings.TrimLeft(s.src.line(last+1), " \t>")
		if strings.HasPrefix(next, open[:3]) && strings.Trim(next, open[:1]+" \t") == "" {
			return last + 1
		}
	}
	return last
}

func (s *scanned) heading(n *ast.Heading, first, last int) {
	sp := span{op: opHeading, first: first, last: last, level: n.Level}
	if !isATX(s.src.line(first)) {
		if strings.HasPrefix(s.src.line(first), "[") && strings.Contains(s.src.line(first), "]: ") {
			return // a link definition, and a line under it
		}
		sp.last++
		sp.setext = true
	}
	if sp.last >= s.src.len() {
		return
	}
	_, sp.title = readHeading(s.src.raw(sp.first, sp.last))
	s.spans = append(s.spans, sp)
	s.begun = s.begun || n.Level > 1
}

func (s *scanned) headerAt(first, last int) {
	if s.headed || last-first > 8 {
		return
	}
	h, ok := ParseHeader(s.src.raw(first, last))
	if !ok {
		return
	}
	s.headed = true
	s.header = h
	s.spans = append(s.spans, span{op: opHeader, first: first, last: last})
}

// legendAt takes lines [first, last] as the legend if they are one and there
// is none yet. all says that every pair has to be known.
func (s *scanned) legendAt(first, last int, all bool) bool {
	if s.legend.Present() || s.src.starts[last+1]-s.src.starts[first] > maxLegend {
		return false
	}
	l := ParseLegend(s.src.raw(first, last))
	if !l.Present() || all && l.unknown > 0 {
		return false
	}
	s.legend = l
	s.spans = append(s.spans, span{op: opLegend, first: first, last: last})
	return true
}

// listLegend takes a flat list as the legend if all its items are pairs.
func (s *scanned) listLegend(list *ast.List, first int) bool {
	last, n := first, 0
	for li := list.FirstChild(); li != nil; li = li.NextSibling() {
		p := li.FirstChild()
		if p == nil || !isParagraph(p) || p.NextSibling() != nil {
			return false
		}
		_, last = s.extent(p)
		if n++; n > 40 {
			return false
		}
	}
	l := splitLines(s.src.raw(first, last))
	for i := range l.len() {
		if !blank(l.line(i)) && !strings.Contains(l.line(i), "[") {
			return false
		}
	}
	return n == len(ParseLegend(s.src.raw(first, last)).pairs) && s.legendAt(first, last, true)
}
