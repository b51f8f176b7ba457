package events

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The scanner of the codec: strict RFC 8259, on a string whose UTF-8 has been
// checked. Strings without escapes are returned as parts of the body, without
// a copy.

// maxDepth bounds nested values in members that we skip.
const maxDepth = 1000

func at(s string, pos int) byte {
	if pos < len(s) {
		return s[pos]
	}
	return 0
}

func skipSpace(s string, pos int) int {
	for pos < len(s) && (s[pos] == ' ' || s[pos] == '\n' || s[pos] == '\t' || s[pos] == '\r') {
		pos++
	}
	return pos
}

func scanString(s string, pos int) (string, int, error) {
	if at(s, pos) != '"' {
		return "", pos, fmt.Errorf("%w: want a string", errSyntax)
	}
	pos++
	for i := pos; i < len(s); i++ {
		switch b := s[i]; {
		case b == '"':
			return s[pos:i], i + 1, nil
		case b == '\\':
			return scanEscaped(s, pos, i)
		case b < ' ':
			return "", i, fmt.Errorf("%w: control character in a string", errSyntax)
		}
	}
	return "", pos, fmt.Errorf("%w: a string without end", errSyntax)
}

// scanEscaped reads the string that starts at pos and has its first escape at i.
func scanEscaped(s string, pos, i int) (string, int, error) {
	buf := make([]byte, 0, i-pos+64)
	buf = append(buf, s[pos:i]...)
	for i < len(s) {
		b := s[i]
		switch {
		case b == '"':
			return string(buf), i + 1, nil
		case b < ' ':
			return "", i, fmt.Errorf("%w: control character in a string", errSyntax)
		case b != '\\':
			buf = append(buf, b)
			i++
			continue
		}
		i++
		switch at(s, i) {
		case '"', '\\', '/':
			buf = append(buf, s[i])
		case 'b':
			buf = append(buf, '\b')
		case 'f':
			buf = append(buf, '\f')
		case 'n':
			buf = append(buf, '\n')
		case 'r':
			buf = append(buf, '\r')
		case 't':
			buf = append(buf, '\t')
		case 'u':
			r, ok := hex4(s, i+1)
			if !ok {
				return "", i, fmt.Errorf("%w: escape", errSyntax)
			}
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if at(s, i+1) == '\\' && at(s, i+2) == 'u' {
					low, _ = hex4(s, i+3)
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			buf = utf8.AppendRune(buf, r)
		default:
			return "", i, fmt.Errorf("%w: escape", errSyntax)
		}
		i++
	}
	return "", i, fmt.Errorf("%w: a string without end", errSyntax)
}

func hex4(s string, pos int) (rune, bool) {
	if pos+4 > len(s) {
		return 0, false
	}
	var r rune
	for _, b := range []byte(s[pos : pos+4]) {
		r <<= 4
		switch {
		case '0' <= b && b <= '9':
			r |= rune(b - '0')
		case 'a' <= b && b <= 'f':
			r |= rune(b - 'a' + 10)
		case 'A' <= b && b <= 'F':
			r |= rune(b - 'A' + 10)
		default:
			return 0, false
		}
	}
	return r, true
}

// scanNumber returns where the number at pos ends.
func scanNumber(s string, pos int) (int, error) {
	i := pos
	if at(s, i) == '-' {
		i++
	}
	digits := func() bool {
		from := i
		for '0' <= at(s, i) && at(s, i) <= '9' {
			i++
		}
		return i > from
	}
	zero := at(s, i) == '0'
	from := i
	if !digits() || zero && i > from+1 {
		return pos, fmt.Errorf("%w: number", errSyntax)
	}
	if at(s, i) == '.' {
		i++
		if !digits() {
			return pos, fmt.Errorf("%w: number", errSyntax)
		}
	}
	if at(s, i) == 'e' || at(s, i) == 'E' {
		i++
		if at(s, i) == '+' || at(s, i) == '-' {
			i++
		}
		if !digits() {
			return pos, fmt.Errorf("%w: number", errSyntax)
		}
	}
	return i, nil
}

func scanInt(s string, pos int) (int64, int, error) {
	end, err := scanNumber(s, pos)
	if err != nil {
		return 0, pos, err
	}
	n, err := strconv.ParseInt(s[pos:end], 10, 64)
	if err != nil {
		return 0, pos, fmt.Errorf("want an integer, not %s", s[pos:end])
	}
	return n, end, nil
}

// skipValue returns where the value at pos ends.
func skipValue(s string, pos, depth int) (int, error) {
	if depth > maxDepth {
		return pos, fmt.Errorf("%w: nested too deeply", errSyntax)
	}
	switch b := at(s, pos); {
	case b == '"':
		_, end, err := scanString(s, pos)
		return end, err
	case b == '{' || b == '[':
		return skipNested(s, pos, depth)
	case b == '-' || '0' <= b && b <= '9':
		return scanNumber(s, pos)
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(s[min(pos, len(s)):], word) {
			return pos + len(word), nil
		}
	}
	return pos, fmt.Errorf("%w: want a value", errSyntax)
}

func skipNested(s string, pos, depth int) (int, error) {
	object := s[pos] == '{'
	closing := byte(']')
	if object {
		closing = '}'
	}
	pos = skipSpace(s, pos+1)
	if at(s, pos) == closing {
		return pos + 1, nil
	}
	for {
		var err error
		if object {
			if _, pos, err = scanString(s, pos); err != nil {
				return pos, err
			}
			pos = skipSpace(s, pos)
			if at(s, pos) != ':' {
				return pos, fmt.Errorf("%w: want a colon", errSyntax)
			}
			pos = skipSpace(s, pos+1)
		}
		if pos, err = skipValue(s, pos, depth+1); err != nil {
			return pos, err
		}
		pos = skipSpace(s, pos)
		switch at(s, pos) {
		case ',':
			pos = skipSpace(s, pos+1)
		case closing:
			return pos + 1, nil
		default:
			return pos, fmt.Errorf("%w: want a comma", errSyntax)
		}
	}
}

// appendString writes s as JSON with the shortest escapes and no HTML ones.
// What is not UTF-8 becomes U+FFFD; bytes that must survive go through raw.
func appendString(buf []byte, s string) []byte {
	const hex = "0123456789abcdef"
	buf = append(buf, '"')
	from := 0
	for i := 0; i < len(s); {
		b := s[i]
		if b >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				buf = append(append(buf, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += size
			continue
		}
		if b >= ' ' && b != '"' && b != '\\' {
			i++
			continue
		}
		buf = append(buf, s[from:i]...)
		switch b {
		case '"', '\\':
			buf = append(buf, '\\', b)
		case '\n':
			buf = append(buf, '\\', 'n')
		case '\r':
			buf = append(buf, '\\', 'r')
		case '\t':
			buf = append(buf, '\\', 't')
		default:
			buf = append(buf, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		}
		i++
		from = i
	}
	buf = append(buf, s[from:]...)
	return append(buf, '"')
}

func sortLines(lines []Line) {
	slices.SortFunc(lines, func(a, b Line) int {
		if a.Ref.Noun != b.Ref.Noun {
			return int(a.Ref.Noun) - int(b.Ref.Noun)
		}
		return a.Ref.Key - b.Ref.Key
	})
}
