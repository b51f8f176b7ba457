package commands

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// ImportDocument makes a checklist of a Markdown document.
type ImportDocument struct {
	// Source is where the document lies, as a path below the repository or
	// directory that the log belongs to.
	Source string `json:"source,omitempty"`
	// Follow ties the file at Source to the checklist.
	Follow bool `json:"follow"`
	// Document is the exact bytes.
	Document []byte `json:"document"`
	// Commit is the git commit whose version of the file it is; More says that
	// further ones follow.
	Commit string `json:"commit,omitempty"`
	More   bool   `json:"more,omitempty"`
	// Markers is the checklist's map of markers; see CleanMarkers.
	Markers string `json:"markers,omitempty"`
}

// Name returns the stored name.
func (ImportDocument) Name() string { return "ImportDocument" }

func (c ImportDocument) resolve(*resolver) (Command, error) {
	var err error
	c.Markers, err = CleanMarkers(c.Markers)
	return c, err
}

func (c ImportDocument) withoutDocument() (Command, []byte) {
	document := c.Document
	c.Document = nil
	return c, document
}

var nameForm = pattern(`^[a-z0-9][a-z0-9-]{0,62}$`)

// CheckName refuses what is no name of a checklist.
func CheckName(name string) error {
	if !nameForm().MatchString(name) {
		return usage("%q is no name of a checklist: want small letters, digits and -, 63 at most", name)
	}
	return nil
}

func (c ImportDocument) decide(d *decision) error {
	if d.st.Revision > 0 {
		return &Error{Code: CodeNameTaken, Message: fmt.Sprintf("there is a checklist %s already", d.st.Name), Hint: "Nothing was written. Another name: cairn import FILE --name NAME"}
	}
	doc, err := markdown.Parse(c.Document, markdown.Options{Markers: ParseMarkers(c.Markers)})
	if errors.Is(err, markdown.ErrLimit) {
		return &Error{Code: CodeOverLimit, Message: err.Error(), Hint: "Nothing was written."}
	}
	if err != nil {
		return err
	}
	c.take(d, doc)
	return nil
}

// Imported returns the checklist that an import of a document, which was read
// already, would make.
func Imported(doc *markdown.Document, c ImportDocument) (*checklist.State, error) {
	st := checklist.New()
	d := newDecision(st)
	c.take(d, doc)
	for _, e := range d.events {
		var err error
		if st, err = checklist.Evolve(st, events.Envelope{Data: e}); err != nil {
			return nil, err
		}
	}
	return st, nil
}

// take adds the events of an import.
func (c ImportDocument) take(d *decision, doc *markdown.Document) {
	d.events = make([]events.Event, 0, len(doc.Blocks)+3)
	d.add(&events.ChecklistCreated{Title: doc.Title, Source: c.Source})
	if h := doc.Header; h != (markdown.Header{}) || c.Markers != "" {
		e := &events.ChecklistDescribed{}
		if c.Markers != "" {
			e.Markers = events.Set(c.Markers)
		}
		if h.Owner != "" {
			e.Owner = events.Set(h.Owner)
		}
		if h.Start != "" {
			e.Start = events.Set(h.Start)
		}
		if h.Finish != "" {
			e.Finish = events.Set(h.Finish)
		}
		d.add(e)
	}
	d.lines = make([]int, len(d.events), cap(d.events))
	for _, b := range doc.Blocks {
		d.lines = append(d.lines, b.Line)
	}
	d.blocks(doc)
	sum := sha256.Sum256(c.Document)
	path := ""
	if c.Follow && !c.More {
		path = c.Source
	}
	d.add(&events.DocumentSynced{Path: path, SHA256: hex.EncodeToString(sum[:]), AtRevision: len(d.events), Commit: c.Commit, More: c.More})
}

// blocks adds every block of a document.
func (d *decision) blocks(doc *markdown.Document) {
	refs := make([]events.Ref, len(doc.Blocks))
	last := make([]events.Ref, len(doc.Blocks)+1) // last child of each block; of the document at 0
	for i, b := range doc.Blocks {
		place := events.Place{After: last[b.Parent+1]}
		if b.Parent >= 0 {
			place.In = refs[b.Parent]
		}
		ref := events.Ref{Noun: b.Noun, Key: d.key(b.Noun)}
		refs[i], last[b.Parent+1] = ref, ref
		switch b.Noun {
		case events.SectionNoun:
			d.add(&events.SectionAdded{Key: ref.Key, Place: place, Level: b.Level, Title: b.Title, Raw: b.Raw})
		case events.TaskNoun:
			e := &events.TaskAdded{Key: ref.Key, Place: place, Text: b.Text, State: b.State, Raw: b.Raw, Box: b.Box, Links: b.Links}
			d.add(e)
			d.events = append(d.events, b.Meta.Fill(e)...)
		default:
			d.add(&events.TextAdded{Key: ref.Key, Place: place, Raw: b.Raw})
		}
	}
}
