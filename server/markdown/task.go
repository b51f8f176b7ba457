package markdown

import (
	"slices"
	"strings"
)

// ReadTask reads the lines of a task.
//
// box is the offset of the marker. text is what follows the box: lines trimmed
// and joined with a space, inline markup as written, without the links that
// [AddLink] writes at the end of the first line, and the [Meta] there. links are
// the URLs of those, and of the GitHub issues and pull requests named anywhere, by
// URL or as "owner/repo#12", each once, in the order they are written.
func ReadTask(raw string) (text string, box int, links []string) {
	p := cutTask(raw)
	rest := p.joinRest()
	text = strings.Trim(p.body, space)
	if rest != "" {
		text = strings.TrimLeft(text+" "+rest, " ")
	}
	links = appendGitHub(nil, p.body)
	for _, l := range p.links {
		if _, url, n := splitLink(l); n > 0 {
			links = appendNew(links, url)
		}
	}
	return text, p.box, appendGitHub(links, rest)
}

const space = " \t\v\f\r\n"

// parts are the pieces of a task's lines; put together they are the lines.
type parts struct {
	head  string   // up to and with the box and the space behind it
	body  string   // text on the line of the box
	links []string // what AddLink wrote behind it, and other words about the task
	tail  string   // space and line end
	rest  string   // further lines
	box   int      // offset of the marker
}

// cutTask takes the lines of a task apart. Without a box all is head.
func cutTask(raw string) parts {
	open := strings.IndexByte(raw, '[')
	if open < 0 || open+3 > len(raw) {
		return parts{head: raw}
	}
	end := open + lineLen(raw[open:])
	at := min(open+3, end)
	line := raw[at:end]
	body := strings.TrimRight(line, space)
	p := parts{rest: raw[end:], box: open + 1, tail: line[len(body):]}
	cut, ends := trailing(body)
	for from := cut; len(ends) > 0; ends = ends[1:] {
		p.links = append(p.links, body[from:ends[0]])
		from = ends[0]
	}
	body = body[:cut]
	p.body = strings.TrimLeft(body, " \t")
	p.head = raw[:at+len(body)-len(p.body)]
	return p
}

func (p parts) String() string {
	return p.head + p.body + strings.Join(p.links, "") + p.tail + p.rest
}

// joinRest returns the text of the further lines, without the quote markers
// that the line of the box has too.
func (p parts) joinRest() string {
	if p.rest == "" {
		return ""
	}
	quotes := strings.Count(p.head[lastLine(p.head):], ">")
	l := splitLines(p.rest)
	texts := make([]string, 0, l.len())
	for i := range l.len() {
		t := strings.TrimLeft(chomp(l.raw(i, i)), " \t")
		for range quotes {
			if u, ok := strings.CutPrefix(t, ">"); ok {
				t = strings.TrimLeft(u, " \t")
			}
		}
		if t = strings.Trim(t, space); t != "" {
			texts = append(texts, t)
		}
	}
	return strings.Join(texts, " ")
}

// lastLine returns where the last line of s begins.
func lastLine(s string) int { return strings.LastIndexAny(s, "\r\n") + 1 }

// CleanText returns a task's text as a person typed it as one line: white space
// folded to single spaces, none at the ends. It returns [ErrEmpty] if nothing
// is left.
func CleanText(s string) (string, error) {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029'
	}), " ")
	if s == "" {
		return "", ErrEmpty
	}
	return s, nil
}

// SetMark returns raw with another marker. box is its offset.
func SetMark(raw string, box int, mark byte) string {
	if box < 0 || box >= len(raw) {
		return raw
	}
	return raw[:box] + string([]byte{mark}) + raw[box+1:]
}

// Reword returns the lines of a task with another text, which is one line as
// [CleanText] makes it. Bullet, box, what is no text at the end of the first line,
// trailing space and line end stay; further lines go, and a day for which the text
// names another.
func Reword(raw, text string) string {
	p := cutTask(raw)
	if p.box == 0 {
		return raw
	}
	if p.rest != "" {
		p.tail = lineEnd(p.rest)
		p.rest = ""
	}
	if c := p.head[len(p.head)-1]; c == ']' {
		p.head += " "
		p.tail = strings.TrimLeft(p.tail, " \t")
	}
	p.body = text
	for _, t := range tokensOf("- [ ] " + text) {
		p.without(t.field)
	}
	return p.String()
}

// without takes out the day or estimate behind the text for which it has one.
func (p *parts) without(f field) {
	if f < dueField || f > estimateField {
		return
	}
	p.links = slices.DeleteFunc(p.links, func(s string) bool {
		for _, t := range lex(s, mask(s)) {
			return t.field == f
		}
		return false
	})
}

// lineEnd returns the line end that s ends with, "" if it has none.
func lineEnd(s string) string { return s[len(chomp(s)):] }
