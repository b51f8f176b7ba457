package markdown

import (
	"strings"
	"unicode/utf8"
)

const bom = "\uFEFF"

// lines is a text cut into lines. A line ends with \n, \r\n or a lone \r.
type lines struct {
	text   string
	starts []int // one more than there are lines: the last is len(text)
}

func splitLines(s string) lines {
	l := lines{text: s, starts: make([]int, 1, 1+strings.Count(s, "\n"))}
	for at := 0; at < len(s); {
		at += lineLen(s[at:])
		l.starts = append(l.starts, at)
	}
	return l
}

// lineLen returns the length of the first line of s, with its line end.
func lineLen(s string) int {
	i := strings.IndexAny(s, "\r\n")
	switch {
	case i < 0:
		return len(s)
	case strings.HasPrefix(s[i:], "\r\n"):
		return i + 2
	default:
		return i + 1
	}
}

func (l lines) len() int { return len(l.starts) - 1 }

// raw returns lines [from, to] with their line ends.
func (l lines) raw(from, to int) string { return l.text[l.starts[from]:l.starts[to+1]] }

// line returns line i without its line end and without a BOM.
func (l lines) line(i int) string {
	s := chomp(l.raw(i, i))
	if i == 0 {
		s = strings.TrimPrefix(s, bom)
	}
	return s
}

// chomp returns s without the line end at its end.
func chomp(s string) string {
	s = strings.TrimSuffix(s, "\n")
	return strings.TrimSuffix(s, "\r")
}

// blank reports whether a line holds nothing but space and quote markers.
func blank(line string) bool { return strings.Trim(line, " \t\v\f\r\n>") == "" }

// invalidLine returns the first line that is not UTF-8, -1 if there is none.
func invalidLine(src lines) int {
	if utf8.ValidString(src.text) {
		return -1
	}
	for i := range src.len() {
		if !utf8.ValidString(src.raw(i, i)) {
			return i
		}
	}
	return 0
}
