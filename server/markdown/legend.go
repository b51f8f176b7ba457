package markdown

import (
	"strings"

	"cairn/events"
)

// maxLegend is the longest text that is tried as a legend.
const maxLegend = 4 << 10

// words is what the words of a legend mean, in lower case.
var words = map[string]events.State{
	"todo": events.Todo, "to do": events.Todo, "to-do": events.Todo, "open": events.Todo,
	"not started": events.Todo, "not yet started": events.Todo, "pending": events.Todo, "planned": events.Todo,
	"in progress": events.InProgress, "in-progress": events.InProgress, "progress": events.InProgress,
	"doing": events.InProgress, "wip": events.InProgress, "work in progress": events.InProgress,
	"started": events.InProgress, "active": events.InProgress, "ongoing": events.InProgress, "partial": events.InProgress,
	"partially done": events.InProgress, "partially complete": events.InProgress, "half done": events.InProgress,
	"done": events.Done, "complete": events.Done, "completed": events.Done, "finished": events.Done, "closed": events.Done,
	"dropped": events.Dropped, "cancelled": events.Dropped, "canceled": events.Dropped, "won't do": events.Dropped,
	"won’t do": events.Dropped, "wont do": events.Dropped, "wontfix": events.Dropped, "skipped": events.Dropped,
	"abandoned": events.Dropped, "rejected": events.Dropped, "not applicable": events.Dropped, "n/a": events.Dropped,
	"on hold": events.OnHold, "on-hold": events.OnHold, "hold": events.OnHold, "blocked": events.OnHold,
	"waiting": events.OnHold, "paused": events.OnHold, "deferred": events.OnHold, "postponed": events.OnHold,
}

// StateNamed returns the state that a person calls so: "in progress",
// "In-Progress", "in_progress", "wip".
func StateNamed(name string) (events.State, bool) {
	name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "_", " ")
	s, ok := words[name]
	return s, ok
}

// Legend is what a document says its markers mean: a paragraph, list or fence
// with at least two pairs "[c] = word" or "[c] word" whose words Cairn knows.
// The zero Legend is none.
type Legend struct {
	pairs   []pair // those whose word is known, in order
	unknown int
	block   int
}

// pair is one "[c] = word" and where it stands in the legend.
type pair struct {
	mark     byte
	state    events.State
	from, to int // from the bracket, or the quotes around it, to the end of what is said
	open     int // the bracket
	word     int // the word
	wordEnd  int
}

// State returns what mark means.
func (l Legend) State(mark byte) (events.State, bool) {
	for _, p := range l.pairs {
		if p.mark == mark {
			return p.state, true
		}
	}
	return "", false
}

// Mark returns the first marker that means s.
func (l Legend) Mark(s events.State) (byte, bool) {
	for _, p := range l.pairs {
		if p.state == s {
			return p.mark, true
		}
	}
	return 0, false
}

// Present reports whether there is a legend.
func (l Legend) Present() bool { return len(l.pairs) >= 2 }

// Block returns the index of the legend in [Document.Blocks]; -1 if there is
// none. It has no meaning for the result of [ParseLegend].
func (l Legend) Block() int {
	if !l.Present() {
		return -1
	}
	return l.block
}

// ParseLegend reads raw, the bytes of a legend's block. The result is not
// Present if raw has fewer than two pairs with known words, or gives one marker
// twice.
func ParseLegend(raw string) Legend {
	var l Legend
	for open := nextBox(raw, 0); open >= 0; {
		next := nextBox(raw, open+3)
		end := next
		if next < 0 {
			end = len(raw)
		}
		p, ok := readPair(raw, open, end)
		switch _, twice := l.State(p.mark); {
		case ok && twice:
			return Legend{}
		case ok:
			l.pairs = append(l.pairs, p)
		default:
			l.unknown++
		}
		open = next
	}
	if !l.Present() {
		return Legend{}
	}
	return l
}

// nextBox returns the first "[c]" at or after at; -1 if there is none.
func nextBox(raw string, at int) int {
	for at < len(raw) {
		i := strings.IndexByte(raw[at:], '[')
		if i < 0 {
			return -1
		}
		at += i
		if at+2 < len(raw) && raw[at+2] == ']' && raw[at+1] >= ' ' && raw[at+1] < 0x7f {
			return at
		}
		at++
	}
	return -1
}

// readPair reads the pair whose box is at open and that ends before end.
func readPair(raw string, open, end int) (pair, bool) {
	p := pair{mark: raw[open+1], from: open, open: open}
	at := open + 3
	for p.from > 0 && at < end && raw[p.from-1] == raw[at] && (raw[at] == '`' || raw[at] == '*') {
		p.from--
		at++
	}
	if n := strings.IndexAny(raw[at:end], "\r\n"); n >= 0 {
		end = at + n
	}
	said := strings.TrimLeft(raw[at:end], " \t")
	equals := false
	for _, sign := range []string{"=", ":", "->", "→", "–", "—", "-", "means "} {
		if rest, ok := strings.CutPrefix(said, sign); ok {
			said, equals = rest, true
			break
		}
	}
	said = strings.TrimLeft(said, " \t*_`\"")
	p.word = end - len(said)
	n := wordLen(said)
	if n == 0 {
		return p, false
	}
	p.state = words[strings.ToLower(said[:n])]
	p.wordEnd = p.word + n
	p.to = p.wordEnd + tailLen(said[n:], equals)
	rest := strings.TrimLeft(said[p.to-p.word:], " \t")
	if !equals && rest != "" && strings.IndexAny(rest, ",;|/·•.`*") != 0 {
		return p, false // "[ ] Open the door"
	}
	return p, true
}

// wordLen returns the length of the longest known word that s begins with.
func wordLen(s string) int {
	n := 0
	for w := range words {
		if len(w) > n && len(s) >= len(w) && strings.EqualFold(s[:len(w)], w) && (len(s) == len(w) || !letter(s[len(w)])) {
			n = len(w)
		}
	}
	return n
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80 || c == '-' || c == '\''
}

// tailLen returns how much of s, what follows a word, belongs to the pair:
// quotes that close, and a remark in parentheses. With prose, words up to the
// next separator are a remark too.
func tailLen(s string, prose bool) int {
	n := len(s) - len(strings.TrimLeft(s, "*_`\""))
	t := strings.TrimLeft(s[n:], " \t")
	switch {
	case t == "":
	case t[0] == '(':
		if i := strings.IndexByte(t, ')'); i >= 0 {
			return len(s) - len(t) + i + 1
		}
	case prose && len(t) < len(s[n:]) && letter(t[0]):
		if i := strings.IndexAny(t, ",;|.()"); i >= 0 {
			t = t[:i]
		}
		at := strings.Index(s[n:], t)
		t = strings.TrimRight(t, " \t*`/")
		t = strings.TrimSuffix(strings.TrimSuffix(t, " and"), " or")
		if t == "and" || t == "or" {
			return n
		}
		return n + at + len(t)
	}
	return n
}
