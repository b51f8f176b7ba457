// Package markdown reads a checklist without losing a byte, and edits it by
// changing spans of it.
//
// For most uses, call [Parse] and walk the blocks:
//
//	doc, err := markdown.Parse(b, markdown.Options{})
//	for _, block := range doc.Blocks {
//		switch block.Noun {
//		case events.TaskNoun: …
//		}
//	}
//
// A document is a tree of blocks. Each holds the exact bytes of its own lines,
// and the blocks in order are the file, for every input. The edits ([SetMark],
// [AddLink], [Reword] …) are pure functions on the bytes of one block; nothing
// is ever rendered from the tree.
//
// Structure is CommonMark's, as goldmark reads it; what a task is, see [Block].
package markdown

import (
	"errors"
	"strings"

	"cairn/events"
)

// ErrLimit is wrapped by the errors of [Parse]: the file, or one line of it, is
// larger than the log can hold.
var ErrLimit = errors.New("over the size limit")

// ErrEmpty is returned by [CleanText] for a text without a visible character.
var ErrEmpty = errors.New("the text is empty")

// Options say how to read a document. The zero value is fine.
type Options struct {
	// Markers is the checklist's own meaning of markers. It goes between the
	// document's legend and the defaults.
	Markers map[byte]events.State
}

// Document is a checklist as a tree of blocks.
type Document struct {
	Title    string // the text of the first H1; "" if there is none
	Header   Header // what the Owner line says
	Legend   Legend
	Blocks   []Block // pre-order; concatenating Raw gives the file
	Warnings []Warning
}

// Warning is something that a person may see differently: a box that
// CommonMark does not take as a task, a marker without a meaning.
type Warning struct {
	Line int // from 1
	Text string
}

// Role tells apart the texts that Cairn reads.
type Role uint8

// The roles of a text. All but PlainRole occur at most once in a document.
const (
	PlainRole  Role = iota
	TitleRole       // the first H1
	LegendRole      // what the markers mean
	HeaderRole      // the Owner line
)

// Block is a section heading, a task or a stretch of text.
//
// A section is a heading at the top level of the document, or a <summary>. A
// task is a list item whose first block is a paragraph that begins with a box,
// "[c]" and then a space, a tab or the end of the line; its own lines are that
// paragraph. All other lines are text.
type Block struct {
	Noun   events.Noun
	Parent int    // index in Blocks, -1 for the document
	Line   int    // the first line, from 1
	Raw    string // the exact bytes of its own lines, with line ends

	Role Role // of a text

	Level int    // of a section, from 1
	Title string // of a section, as written, without the #s

	Text  string       // of a task: see [ReadTask]
	Box   int          // of a task: byte offset of Mark in Raw
	Mark  byte         // of a task
	State events.State // of a task
	Meta  Meta         // of a task: what else its line says
	// Links are the URLs of a task in the order they are written, then the issues
	// named as "#12" where all links of the document are to one repository.
	Links []string
}

// Bytes returns the document as it was read.
func (d *Document) Bytes() []byte {
	n := 0
	for i := range d.Blocks {
		n += len(d.Blocks[i].Raw)
	}
	b := make([]byte, 0, n)
	for i := range d.Blocks {
		b = append(b, d.Blocks[i].Raw...)
	}
	return b
}

// Parse reads a document. It keeps no reference to b.
// It returns an error that wraps [ErrLimit] and names the line if the file is
// over 16 MiB, or one block that cannot be cut does not fit into an event.
func Parse(b []byte, o Options) (*Document, error) {
	if len(b) > maxFile {
		return nil, limitFile(len(b))
	}
	src := splitLines(string(b))
	sh := newShadow(src)
	found := scan(src, sh, begin{legend: Legend{block: -1}})
	found.pickTasks(o)
	doc, err := build(src, found)
	if err != nil {
		return nil, err
	}
	doc.warn(src, sh, found, o)
	return doc, nil
}

// begin is what a part of a document finds before it.
type begin struct {
	legend Legend
	inside bool // there is something before it: the title is taken
}

// parse reads a part of a document that has something, with that legend, before
// it. It does not warn.
func parse(part string, o Options, legend Legend) (*Document, error) {
	src := splitLines(part)
	found := scan(src, newShadow(src), begin{legend: legend, inside: true})
	found.pickTasks(o)
	return build(src, found)
}

// EOL returns the line end that s uses: that of its first line, "\n" if it has
// none.
func EOL(s string) string {
	i := strings.IndexAny(s, "\r\n")
	if i >= 0 && s[i] == '\r' {
		if strings.HasPrefix(s[i:], "\r\n") {
			return "\r\n"
		}
		if !strings.Contains(s, "\n") {
			return "\r"
		}
	}
	return "\n"
}
