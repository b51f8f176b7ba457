package markdown

import (
	"strconv"
	"strings"
)

// NewTask returns the line of a task that has no neighbour to copy.
func NewTask(eol string, mark byte, text string) string {
	return "- [" + string([]byte{mark}) + "] " + text + eol
}

// TaskLike returns the line of a task that follows sibling, the lines of
// another: with its indent, quote prefix, bullet and line end. A number counts
// one on. The result has a line end even if sibling has none.
func TaskLike(sibling string, mark byte, text string) string {
	p := cutTask(sibling)
	if p.box == 0 {
		return NewTask(EOL(sibling), mark, text)
	}
	pre, bullet, pad := splitBullet(p)
	return hollow(pre) + countOn(bullet) + pad + newBox(p, mark) + text + endLike(sibling)
}

// TaskUnder returns the line of the first task under parent, the lines of
// another: its bullet stands where the parent's text begins, which CommonMark
// takes as a child. A number begins at 1.
func TaskUnder(parent string, mark byte, text string) string {
	p := cutTask(parent)
	if p.box == 0 {
		return NewTask(EOL(parent), mark, text)
	}
	pre, bullet, pad := splitBullet(p)
	indent := hollow(pre + bullet + pad)
	if i := lastLine(p.head[:p.box-1]); i > 0 {
		indent = p.head[i : p.box-1] // the box stands on a line below the bullet
		pad = " "
	}
	if n := len(bullet); n > 1 {
		bullet = "1" + bullet[n-1:]
	}
	return indent + bullet + pad + newBox(p, mark) + text + endLike(parent)
}

// splitBullet cuts what stands before the box: prefix, innermost bullet, space.
// A line break between bullet and box counts as one space.
func splitBullet(p parts) (pre, bullet, pad string) {
	before := strings.TrimPrefix(p.head[:p.box-1], bom)
	t := strings.TrimRight(before, " \t\r\n>")
	pad = before[len(t):]
	i := len(t)
	for i > 0 && strings.IndexByte(" \t>", t[i-1]) < 0 {
		i--
	}
	if strings.ContainsAny(pad, "\r\n") {
		pad = " "
	}
	return t[:i], t[i:], pad
}

// hollow returns s with a space for every byte that is not space or quote.
func hollow(s string) string {
	b := []byte(s)
	for i, c := range b {
		if strings.IndexByte(" \t>", c) < 0 {
			b[i] = ' '
		}
	}
	return string(b)
}

// countOn returns the bullet after bullet: "3." after "2.".
func countOn(bullet string) string {
	n := len(bullet) - 1
	if n < 1 {
		return bullet
	}
	num, err := strconv.Atoi(bullet[:n])
	if err != nil || num >= 999_999_999 {
		return bullet
	}
	next := strconv.Itoa(num + 1)
	if len(next) < n {
		next = strings.Repeat("0", n-len(next)) + next
	}
	return next + bullet[n:]
}

// newBox returns a box and as much space behind it as p has.
func newBox(p parts, mark byte) string {
	gap := p.head[p.box+2:]
	if gap == "" {
		gap = " "
	}
	return "[" + string([]byte{mark}) + "]" + gap
}

// endLike returns the line end of a line behind raw.
func endLike(raw string) string {
	if end := lineEnd(raw); end != "" {
		return end
	}
	return EOL(raw)
}

// Prefix returns the white space and quote markers that the first line of raw
// begins with.
func Prefix(raw string) string {
	line := raw[:lineLen(raw)]
	return line[:len(line)-len(strings.TrimLeft(line, " \t>"))]
}

// Reindent returns raw with prefix from replaced by to on each line, for blocks
// that move to another depth. Where a line spells from with other tabs or
// spaces, as many columns go. Blank lines, and lines that are not indented as
// deep as from, stay.
func Reindent(raw, from, to string) string {
	if from == to {
		return raw
	}
	var b strings.Builder
	for rest := raw; rest != ""; {
		n := lineLen(rest)
		line := rest[:n]
		rest = rest[n:]
		if after, ok := strings.CutPrefix(line, from); ok && !blank(after) {
			b.WriteString(to)
			b.WriteString(after)
		} else if after, ok := dropColumns(line, columns(from)); ok && !blank(line) && !strings.Contains(from, ">") {
			b.WriteString(to)
			b.WriteString(after)
		} else {
			b.WriteString(line)
		}
	}
	return b.String()
}

// columns returns how wide s is, with tab stops every four columns.
func columns(s string) int {
	col := 0
	for i := range len(s) {
		if s[i] == '\t' {
			col += 4 - col%4
		} else {
			col++
		}
	}
	return col
}

// dropColumns returns line without the first n columns, if they are blank. A
// tab that reaches further leaves spaces.
func dropColumns(line string, n int) (string, bool) {
	col := 0
	for i := range len(line) {
		switch {
		case col >= n:
			return strings.Repeat(" ", col-n) + line[i:], true
		case line[i] == ' ':
			col++
		case line[i] == '\t':
			col += 4 - col%4
		default:
			return line, false
		}
	}
	return line, false
}
