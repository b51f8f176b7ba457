package chart

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// png writes the scene as pixels.
func (s *scene) png(w io.Writer) error {
	img := image.NewRGBA(image.Rect(0, 0, s.width, s.height))
	draw.Draw(img, img.Bounds(), image.NewUniform(s.theme.page), image.Point{}, draw.Src)
	r := raster{img: img, z: vector.NewRasterizer(s.width, s.height)}
	for one := range s.shapes {
		switch one := one.(type) {
		case *line:
			r.line(one)
		case *area:
			r.area(one)
		}
	}
	if err := r.letters(s.text, s.faces); err != nil {
		return fmt.Errorf("draw the text of a picture: %w", err)
	}
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	return e.Encode(w, img)
}

// raster draws on img; z is empty between shapes.
type raster struct {
	img *image.RGBA
	z   *vector.Rasterizer
	// seen is what z holds of the image.
	seen box
}

// shape adds a closed shape to z.
func (r *raster) shape(points []point) {
	if len(points) < 3 {
		return
	}
	for i, p := range points {
		if r.seen == (box{}) {
			r.seen = box{p.x, p.y, p.x, p.y}
		}
		r.seen = box{min(r.seen.left, p.x), min(r.seen.top, p.y), max(r.seen.right, p.x), max(r.seen.bottom, p.y)}
		if i == 0 {
			r.z.MoveTo(float32(p.x), float32(p.y))
		} else {
			r.z.LineTo(float32(p.x), float32(p.y))
		}
	}
	r.z.ClosePath()
}

// fill paints what z holds.
func (r *raster) fill(src image.Image) {
	where := image.Rect(int(r.seen.left)-1, int(r.seen.top)-1, int(r.seen.right)+2, int(r.seen.bottom)+2).Intersect(r.img.Bounds())
	mask := image.NewAlpha(r.img.Bounds())
	r.z.DrawOp = draw.Src
	r.z.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	draw.DrawMask(r.img, where, src, where.Min, mask, where.Min, draw.Over)
	r.z.Reset(r.img.Rect.Dx(), r.img.Rect.Dy())
	r.seen = box{}
}

func (r *raster) area(a *area) {
	r.shape(a.points)
	r.fill(image.NewUniform(a.color))
	if a.hatch != nil {
		r.shape(a.points)
		r.fill(stripes{a.hatch})
	}
}

// line draws each piece of a line as a shape of its own. All turn the same way, so
// that where two lie on each other neither takes away from the other.
func (r *raster) line(l *line) {
	half := l.width / 2
	switch {
	case len(l.dash) == 0:
		r.bars(l.points, half)
	case l.dash[0] == 0:
		for _, piece := range pieces(l.points, l.dash) {
			r.shape(disc(piece[0], half))
		}
	default:
		for _, piece := range pieces(l.points, l.dash) {
			r.bars(piece, half)
		}
	}
	r.fill(image.NewUniform(l.color))
}

// bars draws the lines between points. Of steps, the level ones are longer by half
// their width and fill the corners, the upright ones stand between them: what is
// covered in part by both would show as a knot.
func (r *raster) bars(points []point, half float64) {
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		more := half
		if a.x == b.x {
			more = -half
		}
		before, behind := 0.0, 0.0
		if i > 1 {
			before = more
		}
		if i < len(points)-1 {
			behind = more
		}
		r.shape(bar(a, b, half, before, behind))
	}
}

// bar is a line between two points, longer by so much before a and behind b.
func bar(a, b point, half, before, behind float64) []point {
	dx, dy := b.x-a.x, b.y-a.y
	n := math.Hypot(dx, dy)
	if n == 0 || n+before+behind <= 0 {
		return nil
	}
	dx, dy = dx/n, dy/n
	a = point{a.x - dx*before, a.y - dy*before}
	b = point{b.x + dx*behind, b.y + dy*behind}
	dx, dy = dx*half, dy*half
	return []point{{a.x + dy, a.y - dx}, {b.x + dy, b.y - dx}, {b.x - dy, b.y + dx}, {a.x - dy, a.y + dx}}
}

// pieces returns what of a line is drawn, where it is drawn and not drawn in turns.
func pieces(points []point, dash []float64) [][]point {
	var list [][]point
	turn, left := 0, dash[0]
	drawn := []point{points[0]}
	if left == 0 {
		list, drawn, turn, left = append(list, drawn), nil, 1, dash[1]
	}
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		n, at := math.Hypot(b.x-a.x, b.y-a.y), 0.0
		for n-at >= left && n > 0 {
			at += left
			p := point{a.x + (b.x-a.x)*at/n, a.y + (b.y-a.y)*at/n}
			if turn%2 == 0 {
				list, drawn = append(list, append(drawn, p)), nil
			} else {
				drawn = []point{p}
			}
			turn++
			left = dash[turn%len(dash)]
		}
		left -= n - at
		if drawn != nil {
			drawn = append(drawn, b)
		}
	}
	if len(drawn) > 1 {
		list = append(list, drawn)
	}
	return list
}

// stripes is a hatch as an endless image.
type stripes struct{ *hatch }

func (stripes) ColorModel() color.Model { return color.NRGBAModel }
func (stripes) Bounds() image.Rectangle { return image.Rect(-1e9, -1e9, 1e9, 1e9) }
func (s stripes) At(x, y int) color.Color {
	v := float64(x - y)
	if s.rising {
		v = float64(x + y + 1)
	}
	v = math.Mod(v/math.Sqrt2, s.every)
	if v < 0 {
		v += s.every
	}
	// How far within the stripe the middle of the pixel lies.
	within := min(v, s.width-v)
	if v > s.every-0.5 {
		within = v - s.every
	}
	return faint(s.color, int(100*max(0, min(1, within+0.5))))
}

// letters draws the labels.
func (r *raster) letters(list []label, t *typefaces) error {
	type cut struct {
		size float64
		bold bool
	}
	faces := make(map[cut]font.Face)
	for _, l := range list {
		key := cut{l.size, l.bold}
		if faces[key] == nil {
			face, err := opentype.NewFace(t.of(l.bold), &opentype.FaceOptions{Size: l.size, DPI: 72, Hinting: font.HintingNone})
			if err != nil {
				return err
			}
			faces[key] = face
		}
		x := l.at.x
		switch wide := t.exact(l.text, l.size, l.bold); l.anchor {
		case middle:
			x -= wide / 2
		case end:
			x -= wide
		}
		d := font.Drawer{Dst: r.img, Src: image.NewUniform(l.color), Face: faces[key], Dot: fixed.Point26_6{X: sixtyFourths(x), Y: sixtyFourths(l.at.y)}}
		d.DrawString(t.drawable(l.text))
	}
	return nil
}

func sixtyFourths(v float64) fixed.Int26_6 { return fixed.Int26_6(math.Round(v * 64)) }

// drawable returns text without what stands on the character before it and has no
// sign of ours.
func (t *typefaces) drawable(text string) string {
	list := make([]rune, 0, len(text))
	for _, r := range text {
		if noWidth(r) && !t.has(r) {
			continue
		}
		list = append(list, r)
	}
	return string(list)
}
