// Package chart draws the history of a checklist's work: as text for a terminal,
// and as a picture for everything else.
//
// For most uses, hand a [burndown.Summary] to [Text], or for a picture to [SVG], or
// to [PNG] where SVG is not shown. These two draw the same scene: the picture is
// laid out once, from the summary alone, and the same summary makes the same bytes.
//
// What is drawn keeps to three rules. Past days are steps, never joined by
// slanted lines. The future holds the plan and the forecast, never data. And
// the axis begins at 0. Nothing is told by colour alone. See docs/adr/0017.
package chart

import (
	"errors"
	"fmt"
	"io"

	"cairn/projections/burndown"
)

// Kind is what a picture shows.
type Kind string

// The kinds of pictures.
const (
	// Burndown is the work that remains, with the scope and the ideal line.
	Burndown Kind = "burndown"
	// Burnup is the work that is done, on its way to the scope.
	Burnup Kind = "burnup"
	// Flow is the work by state, one on the other: done, in progress, on hold,
	// to do. It has no future.
	Flow Kind = "flow"
)

// Options say how a picture looks. The zero Options are usual.
type Options struct {
	// Width and Height are in pixels, from 320x180 to 8192x8192; 0 is 1200x675.
	// A smaller picture has smaller text, but not in proportion.
	Width, Height int
	// Dark is for a dark page.
	Dark bool
	// By is "day" or "week", what a step stands for; empty is what fits. A week
	// begins on Monday and shows how its last day ended.
	By string
}

// ErrOption says that a picture was asked for that there is none of.
var ErrOption = errors.New("no such picture")

// The least and the greatest picture.
const (
	leastWidth, leastHeight = 320, 180
	greatest                = 8192
)

// SVG writes s as an SVG image that stands alone. Its text stays text, in the
// reader's own font; a title and a description say the essential sentence to
// those who do not see it. Whatever stands in a checklist's title is safe in it.
//
// It returns ErrOption for an unknown kind, size or step.
func SVG(w io.Writer, s burndown.Summary, kind Kind, o Options) error {
	p, err := arrange(s, kind, o)
	if err != nil {
		return err
	}
	return p.svg(w)
}

// PNG writes s as a PNG image of exactly the size that is asked for, with a font
// of its own: Latin, Greek and Cyrillic letters. Other characters are boxes; see
// [SVG] for titles in other scripts.
//
// It returns ErrOption for an unknown kind, size or step.
func PNG(w io.Writer, s burndown.Summary, kind Kind, o Options) error {
	p, err := arrange(s, kind, o)
	if err != nil {
		return err
	}
	return p.png(w)
}

// arrange lays a picture out.
func arrange(s burndown.Summary, kind Kind, o Options) (*scene, error) {
	if o.Width == 0 {
		o.Width = 1200
	}
	if o.Height == 0 {
		o.Height = 675
	}
	switch {
	case kind != Burndown && kind != Burnup && kind != Flow:
		return nil, fmt.Errorf("draw %q: %w: there are burndown, burnup and flow", kind, ErrOption)
	case o.By != "" && o.By != "day" && o.By != "week":
		return nil, fmt.Errorf("draw by %q: %w: a step is a day or a week", o.By, ErrOption)
	case o.Width < leastWidth || o.Height < leastHeight || o.Width > greatest || o.Height > greatest:
		return nil, fmt.Errorf("draw %dx%d: %w: it is from %dx%d to %dx%[5]d", o.Width, o.Height, ErrOption, leastWidth, leastHeight, greatest)
	}
	faces, err := newTypefaces()
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", kind, err)
	}
	s = s.Whole() // a picture has no halves
	l := newLayout(s, kind, o, faces)
	l.head()
	l.foot()
	if len(s.Days) == 0 {
		l.nothing()
		return l.scene, nil
	}
	l.frame()
	if kind == Flow {
		l.flow()
	} else {
		l.lines()
	}
	return l.scene, nil
}
