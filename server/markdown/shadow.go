package markdown

import (
	"sort"
	"strings"
)

// maxNest is how many list and quote markers of one line are read; what stands
// behind them is text. It keeps hostile input linear.
const maxNest = 64

// maxIndent is the deepest indent that is told apart from deeper ones.
const maxIndent = 400

// shadow is the text that goldmark reads in place of the document: the same
// structure in a plainer spelling.
//
//   - Every line ends with \n; no BOM; no NUL.
//   - Tabs before the text of a line are spaces. (goldmark 1.8 reads a dedent by
//     space and tab as text.)
//   - A run of blank lines is one; front matter is blank.
//   - Nesting beyond maxNest and maxIndent is flat.
type shadow struct {
	text   []byte
	starts []int // of each line of text
	source []int // the line of the document
	front  int   // how many lines the front matter has
	flat   int   // the first line nested beyond maxNest, from 1; 0 if none
}

func newShadow(src lines) *shadow {
	sh := &shadow{text: make([]byte, 0, len(src.text)+len(src.text)/8+1), front: frontMatter(src)}
	wasBlank := true
	for i := range src.len() {
		line := src.line(i)
		isBlank := i < sh.front || strings.Trim(line, " \t") == ""
		if isBlank && wasBlank {
			continue
		}
		wasBlank = isBlank
		sh.starts = append(sh.starts, len(sh.text))
		sh.source = append(sh.source, i)
		if !isBlank {
			sh.add(line, i)
		}
		sh.text = append(sh.text, '\n')
	}
	return sh
}

// lineAt returns the line of the document that offset at of the shadow is in.
func (sh *shadow) lineAt(at int) int {
	i := sort.SearchInts(sh.starts, at+1) - 1
	return sh.source[max(i, 0)]
}

// add appends line, the n-th of the document, with the tabs of its prefix
// expanded.
func (sh *shadow) add(line string, n int) {
	from, col, nest, i := len(sh.text), 0, 0, 0
	for i < len(line) {
		if c := line[i]; c == ' ' || c == '\t' {
			w := 1
			if c == '\t' {
				w = 4 - col%4
			}
			col += w
			for ; w > 0 && len(sh.text)-from < maxIndent; w-- {
				sh.text = append(sh.text, ' ')
			}
			i++
			continue
		}
		w := markerLen(line[i:])
		if w == 0 {
			break
		}
		if nest++; nest > maxNest {
			sh.text = append(sh.text, 'x')
			if sh.flat == 0 {
				sh.flat = n + 1
			}
			return
		}
		sh.text = append(sh.text, line[i:i+w]...)
		i += w
		col += w
	}
	at := len(sh.text)
	sh.text = append(sh.text, line[i:]...)
	for j, c := range sh.text[at:] {
		if c == 0 {
			sh.text[at+j] = 'x'
		}
	}
}

// markerLen returns the length of the quote or list marker that s begins with,
// 0 if there is none.
func markerLen(s string) int {
	if s == "" {
		return 0
	}
	n := 0
	switch c := s[0]; {
	case c == '>':
		return 1
	case c == '-' || c == '*' || c == '+':
		n = 1
	case c >= '0' && c <= '9':
		for n < len(s) && n < 10 && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n > 9 || n == len(s) || s[n] != '.' && s[n] != ')' {
			return 0
		}
		n++
	default:
		return 0
	}
	if n < len(s) && !strings.ContainsRune(" \t\r\n", rune(s[n])) {
		return 0
	}
	return n
}

// frontMatter returns how many lines at the top are YAML between "---" or TOML
// between "+++". A thematic break at the top is not front matter: every line up
// to the closing one has to look like YAML or TOML, and the next is not blank.
func frontMatter(src lines) int {
	if src.len() < 3 {
		return 0
	}
	fence := strings.TrimRight(src.line(0), " \t")
	if fence != "---" && fence != "+++" {
		return 0
	}
	sep := map[string]string{"---": ":", "+++": "="}[fence]
	keys := 0
	for i := 1; i < src.len() && i < 1000; i++ {
		line := strings.TrimRight(src.line(i), " \t")
		switch {
		case line == fence || fence == "---" && line == "...":
			if keys == 0 {
				return 0
			}
			return i + 1
		case line == "" && i == 1:
			return 0
		case line == "" || strings.ContainsRune(" \t#-[]{}", rune(line[0])):
		default:
			key, _, ok := strings.Cut(line, sep)
			if !ok || strings.ContainsAny(key, "[]`*") {
				return 0
			}
			keys++
		}
	}
	return 0
}
