package chart

import (
	"image/color"
	"math"
)

// scene is a picture that is laid out: shapes in pixels from the upper left, in
// the order in which they are drawn. Both writers draw nothing else.
type scene struct {
	width, height int
	theme         theme
	faces         *typefaces
	// title and desc say in words what there is to see.
	title, desc string
	// back lies under everything, plates under what is not to be hidden by
	// them, and text over everything.
	back, plates, front []shape
	text                []label
}

// shape is a line or an area.
type shape interface{ shape() }

type point struct{ x, y float64 }

// line is drawn along its points, without closing it.
type line struct {
	points []point
	color  color.NRGBA
	width  float64
	// dash is how long it is drawn and not drawn, in turns; empty is always. A
	// length of 0 is a round dot.
	dash []float64
	name string // what it is, for those who read the SVG
}

// area is filled within its points.
type area struct {
	points []point
	color  color.NRGBA
	hatch  *hatch
	name   string
}

// hatch is stripes on an area, from lower left to upper right if rising.
type hatch struct {
	name         string
	rising       bool
	color        color.NRGBA
	every, width float64
}

func (*line) shape() {}
func (*area) shape() {}

// label is a line of text.
type label struct {
	at    point // on the base line
	text  string
	size  float64
	color color.NRGBA
	bold  bool
	// anchor is where at is: its start, its middle or its end.
	anchor anchor
}

type anchor string

const (
	start  anchor = "start"
	middle anchor = "middle"
	end    anchor = "end"
)

// box is a rectangle, y downwards.
type box struct{ left, top, right, bottom float64 }

func (b box) width() float64  { return b.right - b.left }
func (b box) height() float64 { return b.bottom - b.top }

func (b box) grown(by float64) box {
	return box{b.left - by, b.top - by, b.right + by, b.bottom + by}
}

// common returns the area that two boxes have in common.
func (b box) common(o box) float64 {
	w, h := min(b.right, o.right)-max(b.left, o.left), min(b.bottom, o.bottom)-max(b.top, o.top)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h
}

func (b box) corners() []point {
	return []point{{b.left, b.top}, {b.right, b.top}, {b.right, b.bottom}, {b.left, b.bottom}}
}

// disc is a circle, as near as it can be seen.
func disc(at point, radius float64) []point {
	const corners = 24
	list := make([]point, corners)
	for i := range list {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		list[i] = point{at.x + radius*cos, at.y + radius*sin}
	}
	return list
}

// round2 rounds to hundredths: what is written does not depend on the last bits
// of a machine's arithmetic.
func round2(v float64) float64 { return math.Round(v*100) / 100 }

// shapes returns all of them, in the order in which they are drawn.
func (s *scene) shapes(yield func(shape) bool) {
	for _, list := range [][]shape{s.back, s.plates, s.front} {
		for _, one := range list {
			if !yield(one) {
				return
			}
		}
	}
}
