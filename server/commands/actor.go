package commands

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxActor is how long the name of an actor is at most, in bytes.
const maxActor = 254

// IsActor reports whether s can be the name of an actor: one line of UTF-8 that can
// be read.
func IsActor(s string) bool {
	return s != "" && len(s) <= maxActor && utf8.ValidString(s) && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
