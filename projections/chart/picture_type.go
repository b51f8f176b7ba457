package chart

import (
	"fmt"
	"sort"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"cairn/projections/checklist"
)

// typefaces are the letters of a PNG; for an SVG, whose reader has other ones,
// they say about how wide a text is.
type typefaces struct {
	regular, bold *sfnt.Font
	buffer        sfnt.Buffer
}

// spare is how much wider than ours a reader's font may be.
const spare = 1.1

func newTypefaces() (*typefaces, error) {
	regular, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("read the regular font: %w", err)
	}
	bold, err := sfnt.Parse(gobold.TTF)
	if err != nil {
		return nil, fmt.Errorf("read the bold font: %w", err)
	}
	return &typefaces{regular: regular, bold: bold}, nil
}

func (t *typefaces) of(bold bool) *sfnt.Font {
	if bold {
		return t.bold
	}
	return t.regular
}

// has reports whether the typeface has a sign for r.
func (t *typefaces) has(r rune) bool {
	i, err := t.regular.GlyphIndex(&t.buffer, r)
	return err == nil && i != 0
}

// exact returns how wide text is in our letters.
func (t *typefaces) exact(text string, size float64, bold bool) float64 {
	f := t.of(bold)
	units := fixed.I(int(f.UnitsPerEm()))
	sum := fixed.Int26_6(0)
	for _, r := range text {
		i, err := f.GlyphIndex(&t.buffer, r)
		if err != nil || i == 0 && noWidth(r) {
			continue
		}
		if advance, err := f.GlyphAdvance(&t.buffer, i, units, font.HintingNone); err == nil {
			sum += advance
		}
	}
	return float64(sum) / float64(units) * size
}

// noWidth reports whether r stands on the character before it.
func noWidth(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) }

// width returns how much room to leave for text in any letters.
func (t *typefaces) width(text string, size float64, bold bool) float64 {
	wide := checklist.Width(text)
	return max(t.exact(text, size, bold)*spare, float64(wide)*size*0.5)
}

// cut returns text in at most width, with … for what is left out.
func (t *typefaces) cut(text string, size float64, bold bool, width float64) string {
	if t.width(text, size, bold) <= width {
		return text
	}
	columns := sort.Search(checklist.Width(text), func(n int) bool {
		return t.width(checklist.Cut(text, n+1), size, bold) > width
	})
	return checklist.Cut(text, columns)
}

// wrapped returns text in lines of at most width, and at most so many lines.
func (t *typefaces) wrapped(text string, size, width float64, lines int) []string {
	var list []string
	rest := ""
	for _, word := range splitWords(text) {
		switch {
		case rest == "":
			rest = word
		case t.width(rest+" "+word, size, false) <= width || len(list) == lines-1:
			rest += " " + word
		default:
			list, rest = append(list, rest), word
		}
	}
	if rest != "" {
		list = append(list, t.cut(rest, size, false, width))
	}
	return list
}
