package markdown

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"cairn/events"
)

// field is what a word of a task's line is about.
type field uint8

const (
	plainField    field = iota
	ownerField          // @ada, (@ada)
	labelField          // #db, +db
	dueField            // due:2026-12-01, 📅 2026-12-01
	startField          // start:2026-12-01, 🛫 2026-12-01
	everyField          // 🔁 every week
	estimateField       // est:3d, estimate:3d
	otherField          // what Cairn does not use: ✅ 2026-12-01, ⏫, ^id
	linkField           // what AddLink writes
	fields
)

// token is a word of a task's line, or several that belong together.
type token struct {
	field    field
	from, to int
	// value stands in [at, end); what is around it is the form in which it is
	// written.
	at, end int
	value   string
	// loose says that punctuation of the sentence hangs on the word: it is read
	// and never rewritten.
	loose bool
}

// The signs of Obsidian's plugin Tasks, each with a day behind it.
var dated = []struct {
	sign  string
	field field
}{
	{"📅", dueField},
	{"📆", dueField},
	{"🗓", dueField},
	{"🛫", startField},
	{"⏳", otherField}, // scheduled
	{"⌛", otherField},
	{"➕", otherField}, // created
	{"✅", otherField}, // done
	{"❌", otherField}, // cancelled
}

const (
	recurs     = "🔁"
	selector   = "\ufe0f"
	priorities = "🔺⏫🔼🔽⏬"
)

// named are its signs with a word behind them.
var named = []string{"🆔", "⛔", "🏁"}

var (
	ownerForm    = compiled(`^@([\pL\pN_](?:[\pL\pN_.-]*[\pL\pN_])?)$`)
	tagForm      = compiled(`^#([\pL\pN_](?:[\pL\pN_/-]*[\pL\pN_])?)$`)
	plusForm     = compiled(`^\+(\pL(?:[\pL\pN_/-]*[\pL\pN_])?)$`)
	blockForm    = compiled(`^\^[A-Za-z0-9-]+$`)
	estimateForm = compiled(`^[0-9]{1,6}(?:\.[0-9]{1,3})?[dhw]?$`)
	// identForm is what a #word is besides a tag: a number, or an identifier.
	identForm = compiled(`^(?:\pL{0,2}|\p{Lu}+-)\pN+$`)
	everyForm = compiled(`^every (day|week|month|([0-9]{1,3}) (?:days|weeks|months))(?: when done)?$`)
)

func compiled(form string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(form) })
}

// lexed reports whether s may have a token at all.
func lexed(s string) bool {
	return strings.ContainsAny(s, "@#+:^") || strings.ContainsAny(s, priorities+recurs+"📅📆🗓🛫⏳⌛➕✅❌🆔⛔🏁")
}

// lex returns the words of s, which is one line; masked is s without what is
// code or belongs to a link.
func lex(s, masked string) []token {
	var words [][2]int
	for i := 0; i < len(s); {
		if strings.IndexByte(space, masked[i]) >= 0 {
			i++
			continue
		}
		from := i
		for i < len(s) && strings.IndexByte(space, masked[i]) < 0 {
			i++
		}
		words = append(words, [2]int{from, i})
	}
	l := lexer{s: s, masked: masked, words: words}
	var tokens []token
	for i := 0; i < len(words); {
		t, n := l.token(i)
		tokens = append(tokens, t)
		i += n
	}
	return tokens
}

type lexer struct {
	s, masked string
	words     [][2]int
}

// word returns word i, "" behind the last.
func (l *lexer) word(i int) string {
	if i >= len(l.words) {
		return ""
	}
	return l.masked[l.words[i][0]:l.words[i][1]]
}

// token returns the token at word i, and how many words it has.
func (l *lexer) token(i int) (token, int) {
	from, to := l.words[i][0], l.words[i][1]
	t := token{from: from, to: to, at: from, end: to}
	if l.s[from] == '(' {
		if _, _, n := splitLink(" " + l.s[from:to]); n == to-from+1 {
			t.field = linkField
			return t, 1
		}
	}
	if n := l.sign(i, &t); n > 0 {
		return t, n
	}
	word := l.word(i)
	core := strings.TrimRight(strings.TrimPrefix(word, "("), ".,;:!?)")
	at := from + strings.Index(word, core)
	if !l.said(core, at, &t) {
		if i == len(l.words)-1 && blockForm().MatchString(word) {
			t.field = otherField
		}
		return t, 1
	}
	t.loose = word != core && word != "("+core+")"
	return t, 1
}

// said reads a word that says what it is about by itself.
func (l *lexer) said(core string, at int, t *token) bool {
	set := func(f field, value string) bool {
		t.field, t.value = f, value
		t.at = at + len(core) - len(value)
		t.end = t.at + len(value)
		return true
	}
	if core == "" {
		return false
	}
	switch core[0] {
	case '@':
		if m := ownerForm().FindStringSubmatch(core); m != nil {
			return set(ownerField, m[1])
		}
	case '#':
		if m := tagForm().FindStringSubmatch(core); m != nil && !identForm().MatchString(m[1]) {
			return set(labelField, m[1])
		}
	case '+':
		if m := plusForm().FindStringSubmatch(core); m != nil {
			return set(labelField, m[1])
		}
	}
	key, value, _ := strings.Cut(core, ":")
	switch key = strings.ToLower(key); {
	case key == "due" && events.Day(value).Valid():
		return set(dueField, value)
	case key == "start" && events.Day(value).Valid():
		return set(startField, value)
	case (key == "est" || key == "estimate") && estimateForm().MatchString(value):
		return set(estimateField, value)
	}
	return false
}

// sign reads the words that begin with a sign of Tasks; it returns 0 if word i
// does not.
func (l *lexer) sign(i int, t *token) int {
	word := strings.TrimSuffix(l.word(i), selector)
	if word == "" || word[0] < 0x80 {
		return 0
	}
	last := func(n int) int { // the token ends with word i+n-1
		t.to = l.words[i+n-1][1]
		return n
	}
	for _, d := range dated {
		rest, ok := strings.CutPrefix(l.word(i), d.sign)
		if !ok {
			continue
		}
		n := 1
		if rest = strings.TrimPrefix(rest, selector); rest == "" {
			rest, n = l.word(i+1), 2
		}
		if !events.Day(rest).Valid() {
			return 0
		}
		last(n)
		t.field, t.value, t.at, t.end = d.field, rest, t.to-len(rest), t.to
		return n
	}
	for _, sign := range named {
		if word == sign && l.word(i+1) != "" {
			t.field = otherField
			return last(2)
		}
	}
	if utf8.ValidString(word) && strings.Contains(priorities, word) {
		t.field = otherField
		return last(1)
	}
	if word != recurs || l.word(i+1) != "every" {
		return 0
	}
	n := 2
	for ; i+n < len(l.words); n++ {
		if next, _ := l.token(i + n); next.field != plainField {
			break
		}
	}
	last(n)
	t.field = otherField
	from := l.words[i+1][0]
	if m := everyForm().FindStringSubmatchIndex(l.masked[from:t.to]); m != nil {
		t.field, t.at, t.end = everyField, from+m[2], from+m[3]
		t.value = l.masked[t.at:t.end]
		if m[4] >= 0 {
			switch n, _ := strconv.Atoi(l.masked[from+m[4] : from+m[5]]); {
			case n < 1 || n > 365:
				t.field = otherField
			case n == 1:
				t.value = strings.TrimSuffix(strings.TrimPrefix(t.value, "1 "), "s")
			}
		}
	}
	return n
}

// mask returns s with all replaced that is no words: code, URLs, links, tags. The
// result is as long as s.
func mask(s string) string {
	b := []byte(s)
	hide := func(from, to int) {
		for i := from; i < to; i++ {
			b[i] = 1
		}
	}
	for i := 0; i < len(s); i++ {
		if b[i] == 1 {
			continue
		}
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
		case c == '`':
			n := len(s[i:]) - len(strings.TrimLeft(s[i:], "`"))
			if end := closingTicks(s, i+n, n); end > 0 {
				hide(i, end)
				i = end - 1
			} else {
				i += n - 1
			}
		case c == '<':
			if end := tagEnd(s[i:]); end > 0 {
				hide(i, i+end)
				i += end - 1
			}
		case c == '[':
			if end := linkEnd(s, i); end > 0 {
				hide(i, end)
				i = end - 1
			}
		case c == ':' && strings.HasPrefix(s[i:], "://"):
			from := i
			for from > 0 && letter(s[from-1]) && s[from-1] < 0x80 {
				from--
			}
			to := i + strings.IndexAny(s[i:]+" ", space)
			hide(from, to)
			i = to - 1
		}
	}
	return string(b)
}

// tagEnd returns the length of the HTML tag or comment at the beginning of s; 0
// if there is none. A tag does not go on in the next line: a > there can be that
// of a quote.
func tagEnd(s string) int {
	if strings.HasPrefix(s, "<!--") {
		if end := strings.Index(s, "-->"); end > 0 {
			return end + len("-->")
		}
		return 0
	}
	line, _, _ := strings.Cut(s, "\n")
	name := strings.TrimPrefix(line[1:], "/")
	if name == "" || (name[0]|0x20 < 'a' || name[0]|0x20 > 'z') && name[0] != '!' {
		return 0
	}
	return strings.IndexByte(line, '>') + 1
}

// closingTicks returns the end of a code span whose n backticks end at from, 0 if
// it is not closed.
func closingTicks(s string, from, n int) int {
	for i := from; i < len(s); {
		at := strings.IndexByte(s[i:], '`')
		if at < 0 {
			return 0
		}
		i += at
		run := len(s[i:]) - len(strings.TrimLeft(s[i:], "`"))
		if i += run; run == n {
			return i
		}
	}
	return 0
}

// linkEnd returns the end of the link "[label](target)" or "[[page]]" at from; 0
// if there is none.
func linkEnd(s string, from int) int {
	depth := 0
	for i := from; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			depth++
		case ']':
			if depth--; depth > 0 {
				continue
			}
			if strings.HasPrefix(s[from:], "[[") {
				return i + 1
			}
			if !strings.HasPrefix(s[i:], "](") {
				return 0
			}
			if n := targetLen(s[i+2:]); n > 0 {
				return i + 2 + n
			}
			return 0
		}
	}
	return 0
}

// targetLen returns the length of what follows "](" in a link, up to and with
// the closing parenthesis: an address without space, and perhaps a title. 0 if it
// is no link.
func targetLen(s string) int {
	i, depth := len(s)-len(strings.TrimLeft(s, " \t")), 0
	for ; i < len(s) && strings.IndexByte(space, s[i]) < 0; i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth == 0 {
				return i + 1
			}
			depth--
		}
	}
	if depth > 0 || i >= len(s) {
		return 0
	}
	i += len(s[i:]) - len(strings.TrimLeft(s[i:], " \t"))
	if i >= len(s) {
		return 0
	}
	quote := s[i]
	if quote == ')' {
		return i + 1
	}
	if end := strings.IndexByte(s[i+1:], quote); (quote == '"' || quote == '\'') && end >= 0 {
		if i += end + 2; strings.HasPrefix(strings.TrimLeft(s[i:], " \t"), ")") {
			return i + strings.IndexByte(s[i:], ')') + 1
		}
	}
	return 0
}
