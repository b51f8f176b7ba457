package chart

import (
	"bufio"
	"fmt"
	"image/color"
	"io"
	"strconv"
	"strings"
)

// family is the reader's own font.
const family = "system-ui, sans-serif"

// svg writes the scene. It stands alone: no scripts, styles, links or ids but
// those of its stripes, so that it can be put into a page as it is.
func (s *scene) svg(to io.Writer) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" font-family="%s">`+"\n",
		s.width, s.height, family)
	fmt.Fprintf(w, "<title>%s</title>\n<desc>%s</desc>\n", escaped(s.title), escaped(s.desc))
	s.stripes(w)
	fmt.Fprintf(w, `<rect width="%d" height="%d" fill="%s"/>`+"\n", s.width, s.height, hexOf(s.theme.page))
	for one := range s.shapes {
		switch one := one.(type) {
		case *line:
			fmt.Fprintf(w, `<path%s d="%s" fill="none"%s stroke-width="%s"`,
				class(one.name), path(one.points, false), paint("stroke", one.color), num(one.width))
			if len(one.dash) > 0 {
				fmt.Fprintf(w, ` stroke-dasharray="%s"`, dashes(one.dash))
				if one.dash[0] == 0 {
					w.WriteString(` stroke-linecap="round"`)
				}
			}
			w.WriteString("/>\n")
		case *area:
			fmt.Fprintf(w, `<path%s d="%s"%s/>`+"\n", class(one.name), path(one.points, true), paint("fill", one.color))
			if one.hatch != nil {
				fmt.Fprintf(w, `<path d="%s" fill="url(#%s)"/>`+"\n", path(one.points, true), s.stripeID(one.hatch))
			}
		}
	}
	for _, l := range s.text {
		fmt.Fprintf(w, `<text x="%s" y="%s" font-size="%s"%s`, num(l.at.x), num(l.at.y), num(l.size), paint("fill", l.color))
		if l.bold {
			w.WriteString(` font-weight="bold"`)
		}
		if l.anchor != start {
			fmt.Fprintf(w, ` text-anchor="%s"`, l.anchor)
		}
		fmt.Fprintf(w, ">%s</text>\n", escaped(l.text))
	}
	w.WriteString("</svg>\n")
	return w.Flush()
}

// stripes defines the hatches that the scene uses.
func (s *scene) stripes(w *bufio.Writer) {
	seen := make(map[string]bool)
	for one := range s.shapes {
		a, ok := one.(*area)
		if !ok || a.hatch == nil || seen[a.hatch.name] {
			continue
		}
		h := a.hatch
		seen[h.name] = true
		turn := -45
		if h.rising {
			turn = 45
		}
		fmt.Fprintf(w, `<defs><pattern id="%s" width="%s" height="%[2]s" patternUnits="userSpaceOnUse" patternTransform="rotate(%d)">`+
			`<rect width="%s" height="%[2]s"%[5]s/></pattern></defs>`+"\n",
			s.stripeID(h), num(h.every), turn, num(h.width), paint("fill", h.color))
	}
}

// stripeID names a hatch: where several pictures stand in one page, the same name
// is the same stripes.
func (s *scene) stripeID(h *hatch) string {
	return fmt.Sprintf("cairn-%s-%s-%d", s.theme.name, h.name, int(h.every*100))
}

// path returns the points as path data; steps are written as such.
func path(points []point, closed bool) string {
	var b strings.Builder
	for i, p := range points {
		switch {
		case i == 0:
			b.WriteString("M" + num(p.x) + " " + num(p.y))
		case num(p.y) == num(points[i-1].y):
			b.WriteString("H" + num(p.x))
		case num(p.x) == num(points[i-1].x):
			b.WriteString("V" + num(p.y))
		default:
			b.WriteString("L" + num(p.x) + " " + num(p.y))
		}
	}
	if closed {
		b.WriteString("Z")
	}
	return b.String()
}

func class(name string) string {
	if name == "" {
		return ""
	}
	return ` class="` + name + `"`
}

func paint(what string, c color.NRGBA) string {
	text := fmt.Sprintf(` %s="%s"`, what, hexOf(c))
	if c.A < 0xff {
		text += fmt.Sprintf(` %s-opacity="%s"`, what, num(float64(c.A)/0xff))
	}
	return text
}

func dashes(list []float64) string {
	text := make([]string, len(list))
	for i, n := range list {
		text[i] = num(n)
	}
	return strings.Join(text, " ")
}

// num returns v in hundredths, without zeros at the end.
func num(v float64) string {
	v = round2(v) + 0 // no -0
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// escaped returns text as the content of an element. What XML cannot hold is a
// visible sign.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '\'':
			b.WriteString("&#39;")
		case r < 0x20, r >= 0x7f && r < 0xa0, r == 0xfffe, r == 0xffff:
			b.WriteRune('\ufffd')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
