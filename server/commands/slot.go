package commands

import (
	"slices"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// slot is where a task goes into the document.
type slot struct {
	place events.Place
	// like is the sibling to copy indent and bullet from; under is the task to
	// become the first child of; with neither the task begins a list.
	like, under string
	// count says that a number in like's bullet counts one on.
	count bool
	// before and behind say that a blank line is wanted there.
	before, behind bool
}

// target is a place as people name it: at most one of them.
type target struct {
	Under   string `json:"under,omitempty"`
	Before  string `json:"before,omitempty"`
	After   string `json:"after,omitempty"`
	Section string `json:"section,omitempty"`
}

func (t target) resolve(r *resolver) (target, error) {
	given := 0
	for _, s := range []string{t.Under, t.Before, t.After, t.Section} {
		if s != "" {
			given++
		}
	}
	if given > 1 {
		return t, usage("one place only: --under, --before, --after or --section")
	}
	var err error
	for _, at := range []*string{&t.Under, &t.Before, &t.After} {
		if *at, err = r.optTask(*at); err != nil {
			return t, err
		}
	}
	if isTop(t.Section) {
		return t, nil
	}
	t.Section, err = r.section(t.Section)
	return t, err
}

// slot finds the place of a target. moving is the task that goes there; nil for
// a new one.
func (d *decision) slot(t target, moving *checklist.Block) (slot, error) {
	switch {
	case t.Under != "":
		b, err := d.task(t.Under)
		if err != nil {
			return slot{}, err
		}
		return under(b, moving), nil
	case t.After != "":
		b, err := d.task(t.After)
		if err != nil {
			return slot{}, err
		}
		return slot{place: events.Place{In: b.Parent.Ref, After: b.Ref}, like: b.Raw, count: true}, nil
	case t.Before != "":
		b, err := d.task(t.Before)
		if err != nil {
			return slot{}, err
		}
		place := events.Place{In: b.Parent.Ref}
		siblings := without(b.Parent.Children, moving)
		if i := slices.Index(siblings, b); i > 0 {
			place.After = siblings[i-1].Ref
		}
		return slot{place: place, like: b.Raw}, nil
	case isTop(t.Section):
		return d.in(d.st.Root(), moving), nil
	case t.Section != "":
		b, err := d.section(t.Section)
		if err != nil {
			return slot{}, err
		}
		return d.in(b, moving), nil
	}
	return d.in(d.lastHome(), moving), nil
}

// without returns list without some of its elements; nil where none is left, as
// an empty list is stored.
func without[T comparable](list []T, some ...T) []T {
	var rest []T
	for _, v := range list {
		if !slices.Contains(some, v) {
			rest = append(rest, v)
		}
	}
	return rest
}

// under is the place behind the last task in b.
func under(b, moving *checklist.Block) slot {
	children := without(b.Children, moving)
	for _, child := range slices.Backward(children) {
		if child.Task != nil {
			return slot{place: events.Place{In: b.Ref, After: child.Ref}, like: child.Raw, count: true}
		}
	}
	s := slot{place: events.Place{In: b.Ref}, under: b.Raw}
	if n := len(children); n > 0 {
		s.place.After = children[n-1].Ref
	}
	return s
}

// in is the place behind the last task that stands directly in a section (or
// the document); where there is none, behind its text and before its sections.
func (d *decision) in(section, moving *checklist.Block) slot {
	children := without(section.Children, moving)
	for _, child := range slices.Backward(children) {
		if child.Task != nil {
			return slot{place: events.Place{In: section.Ref, After: child.Ref}, like: child.Raw, count: true}
		}
	}
	s := slot{place: events.Place{In: section.Ref}}
	last := section
	for _, child := range children {
		if child.Section != nil {
			break
		}
		s.place.After, last = child.Ref, child
	}
	s.before = last != d.st.Root() && (last.Section != nil || !endsBlank(last.Raw))
	s.behind = follows(d.st, last)
	return s
}

// lastHome is where a task goes that names no place: with the last task of the
// document that is no risk, else in the last section, else at the end.
func (d *decision) lastHome() *checklist.Block {
	home := d.st.Root()
	found := false
	for b := range d.st.Root().All() {
		switch {
		case b.Section != nil && !found:
			home = b
		case b.Task != nil && b.Task.Every == "" && !b.Risk():
			if home, found = b.Heading(), true; home == nil {
				home = d.st.Root()
			}
		}
	}
	return home
}

// endsBlank reports whether text ends with a blank line (or is only one).
func endsBlank(raw string) bool {
	raw, ended := strings.CutSuffix(raw, "\n")
	if !ended {
		return false
	}
	return strings.TrimRight(raw[strings.LastIndexByte(raw, '\n')+1:], " \t\r") == ""
}

// follows reports whether anything stands behind b in the document, leaving out
// what stands in it.
func follows(st *checklist.State, b *checklist.Block) bool {
	if b.Section != nil && len(b.Children) > 0 {
		return true
	}
	for at := b; at.Parent != nil; at = at.Parent {
		siblings := at.Parent.Children
		if siblings[len(siblings)-1] != at {
			return true
		}
	}
	return b == st.Root() && len(b.Children) > 0
}

// deepest is the last block in b, b itself where nothing stands in it.
func deepest(b *checklist.Block) *checklist.Block {
	for len(b.Children) > 0 {
		b = b.Children[len(b.Children)-1]
	}
	return b
}

// ahead is the block whose bytes stand directly before place; nil at the top.
func (d *decision) ahead(place events.Place) *checklist.Block {
	if place.After != (events.Ref{}) {
		if b := d.st.Block(place.After); b != nil {
			return deepest(b)
		}
		return nil
	}
	if b := d.st.Block(place.In); b != d.st.Root() {
		return b
	}
	return nil
}

// endLine makes sure that what stands before place ends its line.
func (d *decision) endLine(place events.Place) {
	b := d.ahead(place)
	if b == nil || b.Raw == "" || strings.HasSuffix(b.Raw, "\n") {
		return
	}
	d.add(&events.DocumentReformatted{Doc: []events.Line{{Ref: b.Ref, Raw: d.line(b.Raw)}}})
}

// line is raw with its line ended as the document ends them.
func (d *decision) line(raw string) string {
	if raw == "" || strings.HasSuffix(raw, "\n") {
		return raw
	}
	return raw + d.eol()
}

// eol is how the document ends its lines.
func (d *decision) eol() string {
	for b := range d.st.Root().All() {
		if strings.HasSuffix(b.Raw, "\n") {
			return markdown.EOL(b.Raw)
		}
	}
	return "\n"
}

// blank adds an empty line as a text and returns its ref.
func (d *decision) blank(place events.Place) events.Ref {
	key := d.key(events.TextNoun)
	d.add(&events.TextAdded{Key: key, Place: place, Raw: d.eol()})
	return events.TextRef(key)
}

// open makes room at s: what stands before ends its line, and a blank line is
// there where one is wanted.
func (d *decision) open(s *slot) {
	d.endLine(s.place)
	if s.before || d.spacing.before {
		s.place.After = d.blank(s.place)
	}
}

// close ends the room: last is the block that was put there.
func (d *decision) close(s slot, last events.Ref) {
	if s.behind || d.spacing.behind {
		d.blank(events.Place{In: s.place.In, After: last})
	}
}

// raw is the line of a new task in s.
func (d *decision) raw(s slot, mark byte, text string) string {
	switch {
	case s.like != "" && !s.count:
		return d.instead(s.like, mark, text)
	case s.like != "":
		return markdown.TaskLike(d.line(s.like), mark, text)
	case s.under != "":
		return markdown.TaskUnder(d.line(s.under), mark, text)
	}
	return markdown.NewTask(d.eol(), mark, text)
}

// instead is the line of a task that takes the place of like, which comes behind
// it: with the same bullet, a number too.
func (d *decision) instead(like string, mark byte, text string) string {
	_, box, links := markdown.ReadTask(like)
	for _, url := range links {
		like = markdown.RemoveLink(like, url)
	}
	return d.line(markdown.SetMark(markdown.Reword(like, text), box, mark))
}
