package checklist

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean returns s as one line that is safe to print: line ends and tabs are one
// space, and characters that would command a terminal or turn the direction
// of the text are replaced by a visible sign.
func Clean(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return unsafe(r) || r == utf8.RuneError }) < 0 {
		return s
	}
	var b strings.Builder
	space := false
	for _, r := range s {
		blank := r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029'
		switch {
		case space && (blank || r == ' '):
			continue
		case blank:
			b.WriteByte(' ')
		case r < 0x20:
			b.WriteRune(0x2400 + r) // ␛ and its like
		case r == 0x7f:
			b.WriteRune(0x2421)
		case unsafe(r):
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
		space = blank || r == ' '
	}
	return b.String()
}

func unsafe(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r == 0x2028, r == 0x2029, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}

// Width returns how many columns of a terminal s takes.
func Width(s string) int {
	total := 0
	for s != "" {
		n, width := cluster(s)
		total += width
		s = s[n:]
	}
	return total
}

// Cut returns s in at most width columns, with … for what is left out.
func Cut(s string, width int) string {
	if len(s) <= width || Width(s) <= width {
		return s
	}
	if width < 1 {
		return ""
	}
	taken, columns := 0, 0
	for taken < len(s) {
		n, w := cluster(s[taken:])
		if columns+w > width-1 {
			break
		}
		taken += n
		columns += w
	}
	return s[:taken] + "…"
}

// Pad returns s cut and filled up to exactly width columns. Text that runs from
// right to left is closed off, so that what follows stays in its column.
func Pad(s string, width int) string {
	s = Cut(s, width)
	fill := strings.Repeat(" ", max(width-Width(s), 0))
	if strings.IndexFunc(s, rightToLeft) >= 0 {
		fill = "\u200e" + fill
	}
	return s + fill
}

// left is Pad to the other side: s stands at the end of width columns.
func left(s string, width int) string {
	return strings.Repeat(" ", max(width-Width(s), 0)) + s
}

func rightToLeft(r rune) bool {
	return r >= 0x590 && unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko)
}

// cluster returns the length and the columns of the first character of s as a
// reader sees it: a rune with its accents, joiners, skin tone or second half
// of a flag.
func cluster(s string) (n, width int) {
	r, n := utf8.DecodeRuneInString(s)
	if r < 0x300 && n == len(s) || n < len(s) && r < 0x300 && s[n] < 0x80 {
		return n, runeWidth(r)
	}
	width = runeWidth(r)
	flag := r >= 0x1f1e6 && r <= 0x1f1ff
	if flag {
		width = 1
	}
	for n < len(s) {
		next, m := utf8.DecodeRuneInString(s[n:])
		switch {
		case next == 0x200d: // joins the next rune to this one
			n += m
			joined, m := utf8.DecodeRuneInString(s[n:])
			if width == 2 && (runeWidth(joined) == 2 || joined >= 0x2190 && joined <= 0x2bff) {
				n += m
			}
		case next == 0xfe0f:
			n, width = n+m, 2
		case next >= 0x1f3fb && next <= 0x1f3ff && width == 2:
			n += m
		case flag && next >= 0x1f1e6 && next <= 0x1f1ff:
			return n + m, 2
		case runeWidth(next) == 0:
			n += m
		default:
			return n, width
		}
	}
	return n, width
}

func runeWidth(r rune) int {
	switch {
	case r < 0x20 || r >= 0x7f && r < 0xa0:
		return 0
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) || r >= 0x1160 && r <= 0x11ff:
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// wide is what East Asian Width (Unicode 16, UAX 11) calls wide or fullwidth.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115f, 1},
		{0x231a, 0x231b, 1},
		{0x2329, 0x232a, 1},
		{0x23e9, 0x23ec, 1},
		{0x23f0, 0x23f0, 1},
		{0x23f3, 0x23f3, 1},
		{0x25fd, 0x25fe, 1},
		{0x2614, 0x2615, 1},
		{0x2630, 0x2637, 1},
		{0x2648, 0x2653, 1},
		{0x267f, 0x267f, 1},
		{0x268a, 0x268f, 1},
		{0x2693, 0x2693, 1},
		{0x26a1, 0x26a1, 1},
		{0x26aa, 0x26ab, 1},
		{0x26bd, 0x26be, 1},
		{0x26c4, 0x26c5, 1},
		{0x26ce, 0x26ce, 1},
		{0x26d4, 0x26d4, 1},
		{0x26ea, 0x26ea, 1},
		{0x26f2, 0x26f3, 1},
		{0x26f5, 0x26f5, 1},
		{0x26fa, 0x26fa, 1},
		{0x26fd, 0x26fd, 1},
		{0x2705, 0x2705, 1},
		{0x270a, 0x270b, 1},
		{0x2728, 0x2728, 1},
		{0x274c, 0x274c, 1},
		{0x274e, 0x274e, 1},
		{0x2753, 0x2755, 1},
		{0x2757, 0x2757, 1},
		{0x2795, 0x2797, 1},
		{0x27b0, 0x27b0, 1},
		{0x27bf, 0x27bf, 1},
		{0x2b1b, 0x2b1c, 1},
		{0x2b50, 0x2b50, 1},
		{0x2b55, 0x2b55, 1},
		{0x2e80, 0x303e, 1},
		{0x3041, 0x4dbf, 1},
		{0x4dc0, 0xa4cf, 1},
		{0xa960, 0xa97f, 1},
		{0xac00, 0xd7a3, 1},
		{0xf900, 0xfaff, 1},
		{0xfe10, 0xfe19, 1},
		{0xfe30, 0xfe6f, 1},
		{0xff01, 0xff60, 1},
		{0xffe0, 0xffe6, 1},
	},
	R32: []unicode.Range32{
		{0x16fe0, 0x18dff, 1},
		{0x1aff0, 0x1b2ff, 1},
		{0x1d300, 0x1d376, 1},
		{0x1f004, 0x1f004, 1},
		{0x1f0cf, 0x1f0cf, 1},
		{0x1f18e, 0x1f18e, 1},
		{0x1f191, 0x1f19a, 1},
		{0x1f200, 0x1f265, 1},
		{0x1f300, 0x1f320, 1},
		{0x1f32d, 0x1f335, 1},
		{0x1f337, 0x1f37c, 1},
		{0x1f37e, 0x1f393, 1},
		{0x1f3a0, 0x1f3ca, 1},
		{0x1f3cf, 0x1f3d3, 1},
		{0x1f3e0, 0x1f3f0, 1},
		{0x1f3f4, 0x1f3f4, 1},
		{0x1f3f8, 0x1f43e, 1},
		{0x1f440, 0x1f440, 1},
		{0x1f442, 0x1f4fc, 1},
		{0x1f4ff, 0x1f53d, 1},
		{0x1f54b, 0x1f54e, 1},
		{0x1f550, 0x1f567, 1},
		{0x1f57a, 0x1f57a, 1},
		{0x1f595, 0x1f596, 1},
		{0x1f5a4, 0x1f5a4, 1},
		{0x1f5fb, 0x1f64f, 1},
		{0x1f680, 0x1f6c5, 1},
		{0x1f6cc, 0x1f6cc, 1},
		{0x1f6d0, 0x1f6d2, 1},
		{0x1f6d5, 0x1f6d7, 1},
		{0x1f6dc, 0x1f6df, 1},
		{0x1f6eb, 0x1f6ec, 1},
		{0x1f6f4, 0x1f6fc, 1},
		{0x1f7e0, 0x1f7eb, 1},
		{0x1f7f0, 0x1f7f0, 1},
		{0x1f90c, 0x1f93a, 1},
		{0x1f93c, 0x1f945, 1},
		{0x1f947, 0x1f9ff, 1},
		{0x1fa70, 0x1faff, 1},
		{0x20000, 0x3fffd, 1},
	},
}
