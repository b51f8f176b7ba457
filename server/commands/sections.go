package commands

import (
	"fmt"
	"slices"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// AddSection adds a section: before, behind or in another; else at the end.
type AddSection struct {
	Title  string `json:"title"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	Under  string `json:"under,omitempty"`
}

// Name returns the stored name.
func (AddSection) Name() string { return "AddSection" }

func (c AddSection) resolve(r *resolver) (Command, error) {
	var err error
	if c.Title, err = cleanText(c.Title); err != nil {
		return nil, err
	}
	given := 0
	for _, at := range []*string{&c.Before, &c.After, &c.Under} {
		if *at != "" {
			given++
		}
		if *at, err = r.section(*at); err != nil {
			return nil, err
		}
	}
	if given > 1 {
		return nil, usage("one place only: --before, --after or --under")
	}
	return c, nil
}

func (c AddSection) decide(d *decision) error {
	place, level, err := d.sectionPlace(c.Before, c.After, c.Under, nil)
	if err != nil {
		return err
	}
	if level > 6 {
		return refuse("Nothing was written.", "a heading of level %d cannot be written", level)
	}
	behind := d.behind(place)
	place = d.gap(place, nil)
	key := d.key(events.SectionNoun)
	raw := markdown.NewSection(level, c.Title, d.eol())
	d.add(&events.SectionAdded{Key: key, Place: place, Level: level, Title: titleIn(raw, c.Title), Raw: raw})
	if behind {
		d.blank(events.Place{In: events.SectionRef(key)})
	}
	return nil
}

// sectionPlace finds a section's place and level. moving is the section that
// goes there; nil for a new one.
func (d *decision) sectionPlace(before, after, under string, moving *checklist.Block) (events.Place, int, error) {
	if under != "" {
		b, err := d.section(under)
		if err != nil {
			return events.Place{}, 0, err
		}
		place := events.Place{In: b.Ref}
		if children := without(b.Children, moving); len(children) > 0 {
			place.After = children[len(children)-1].Ref
		}
		return place, max(b.Section.Level, 1) + 1, nil
	}
	if before+after == "" {
		root := d.st.Root()
		place, level := events.Place{}, 2 // the first heading of level 1 is the title
		for _, child := range without(root.Children, moving) {
			place.After = child.Ref
			if child.Section != nil {
				level = child.Section.Level
			}
		}
		return place, level, nil
	}
	b, err := d.section(before + after)
	if err != nil {
		return events.Place{}, 0, err
	}
	if b == moving {
		return events.Place{}, 0, refuse("Nothing was written.", "a section cannot be moved next to itself")
	}
	place := events.Place{In: b.Parent.Ref, After: b.Ref}
	if before != "" {
		place.After = events.Ref{}
		siblings := without(b.Parent.Children, moving)
		if i := slices.Index(siblings, b); i > 0 {
			place.After = siblings[i-1].Ref
		}
	}
	return place, b.Section.Level, nil
}

// gap makes sure that a blank line stands before place, where a heading goes,
// and returns the place behind it. moving is what will not stand there any more.
func (d *decision) gap(place events.Place, moving *checklist.Block) events.Place {
	b := d.ahead(place)
	if b == nil || moving != nil && b.Within(moving) {
		return place
	}
	d.endLine(place)
	if endsBlank(b.Raw) {
		return place
	}
	// The blank line belongs to the section that b stands in, behind all of b.
	at := events.Place{}
	if b.Section != nil {
		at.In = b.Ref
	} else {
		for b.Parent.Section == nil && b.Parent != d.st.Root() {
			b = b.Parent
		}
		at = events.Place{In: b.Parent.Ref, After: b.Ref}
	}
	blank := d.blank(at)
	if at.In == place.In {
		place.After = blank
	}
	return place
}

// behind reports whether anything stands behind place.
func (d *decision) behind(place events.Place) bool {
	in := d.st.Block(place.In)
	if place.After == (events.Ref{}) {
		if len(in.Children) > 0 {
			return true
		}
		return in != d.st.Root() && follows(d.st, in)
	}
	b := d.st.Block(place.After)
	return b != nil && followsBlock(d.st, b)
}

// followsBlock is follows for a block with all that stands in it.
func followsBlock(st *checklist.State, b *checklist.Block) bool {
	for at := b; at != nil && at != st.Root(); at = at.Parent {
		siblings := at.Parent.Children
		if siblings[len(siblings)-1] != at {
			return true
		}
	}
	return false
}

// EditSection titles a section otherwise.
type EditSection struct {
	Section string `json:"section"`
	Title   string `json:"title"`
}

// Name returns the stored name.
func (EditSection) Name() string { return "EditSection" }

func (c EditSection) resolve(r *resolver) (Command, error) {
	var err error
	if c.Section == "" {
		return nil, usage("which section?")
	}
	if c.Section, err = r.section(c.Section); err != nil {
		return nil, err
	}
	c.Title, err = cleanText(c.Title)
	return c, err
}

func (c EditSection) decide(d *decision) error {
	b, err := d.section(c.Section)
	if err != nil {
		return err
	}
	if raw := markdown.Retitle(b.Raw, c.Title); raw != b.Raw && b.Section.Title != c.Title {
		d.add(&events.SectionRetitled{Key: b.Section.Key, Title: titleIn(raw, c.Title), Raw: raw})
	}
	return nil
}

// titleIn is the title that a heading is read with: "C \\#" where "C #" was
// asked for.
func titleIn(raw, title string) string {
	const first = "# \n\n" // the title of the document
	doc, err := markdown.Parse([]byte(first+raw), markdown.Options{})
	if err == nil && len(doc.Blocks) > 0 {
		if last := doc.Blocks[len(doc.Blocks)-1]; last.Noun == events.SectionNoun {
			return last.Title
		}
	}
	return title
}

// MoveSection puts a section, with what stands in it, before or behind another
// of the same level.
type MoveSection struct {
	Section string `json:"section"`
	Before  string `json:"before,omitempty"`
	After   string `json:"after,omitempty"`
}

// Name returns the stored name.
func (MoveSection) Name() string { return "MoveSection" }

func (c MoveSection) resolve(r *resolver) (Command, error) {
	if c.Section == "" {
		return nil, usage("which section?")
	}
	if (c.Before == "") == (c.After == "") {
		return nil, usage("move to where? --before or --after SECTION")
	}
	var err error
	for _, at := range []*string{&c.Section, &c.Before, &c.After} {
		if *at, err = r.section(*at); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c MoveSection) decide(d *decision) error {
	b, err := d.section(c.Section)
	if err != nil {
		return err
	}
	place, level, err := d.sectionPlace(c.Before, c.After, "", b)
	if err != nil {
		return err
	}
	if d.st.Block(place.In).Within(b) {
		return refuse("Nothing was written.", "a section cannot be moved into itself")
	}
	if level != b.Section.Level {
		return refuse("Only a section of the same level can be its neighbour.", "s:%d %s is a heading of level %d, the other of level %d",
			b.Section.Key, short(b.Section.Title), b.Section.Level, level)
	}
	if stands(b, place) {
		return nil
	}
	behind := d.behind(place)
	place = d.gap(place, b)
	last := deepest(b)
	if !strings.HasSuffix(last.Raw, "\n") {
		d.add(&events.DocumentReformatted{Doc: []events.Line{{Ref: last.Ref, Raw: d.line(last.Raw)}}})
	}
	d.add(&events.SectionMoved{Key: b.Section.Key, Place: place})
	if behind && !endsBlank(d.line(last.Raw)) {
		home := last
		for home.Section == nil {
			home = home.Parent
		}
		at := events.Place{In: home.Ref}
		if n := len(home.Children); n > 0 {
			at.After = home.Children[n-1].Ref
		}
		d.blank(at)
	}
	return nil
}

// RemoveSection takes a section, with what stands in it, out of the document.
type RemoveSection struct {
	Section string `json:"section"`
	// WithTasks is needed where tasks stand in it.
	WithTasks bool `json:"with_tasks,omitempty"`
}

// Name returns the stored name.
func (RemoveSection) Name() string { return "RemoveSection" }

func (c RemoveSection) resolve(r *resolver) (Command, error) {
	if c.Section == "" {
		return nil, usage("which section?")
	}
	var err error
	c.Section, err = r.section(c.Section)
	return c, err
}

func (c RemoveSection) decide(d *decision) error {
	b, err := d.section(c.Section)
	if err != nil {
		return err
	}
	if n := b.Tally().Counts.Tasks; n > 0 && !c.WithTasks {
		noun := "tasks"
		if n == 1 {
			noun = "task"
		}
		return &Error{
			Code: CodeConfirm, Message: fmt.Sprintf("s:%d %s has %d %s in it", b.Section.Key, short(b.Section.Title), n, noun),
			Hint: fmt.Sprintf("They go with it: cairn section rm s:%d --with-tasks", b.Section.Key),
		}
	}
	d.add(&events.SectionRemoved{Key: b.Section.Key})
	return nil
}
