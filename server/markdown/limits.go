package markdown

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// An event is at most 900 KiB. These leave room for its other members.
const (
	maxFile  = 16 << 20
	maxRaw   = 800 << 10 // stored size of a block
	maxTwice = 400 << 10 // stored size of a block whose text is stored too
	maxText  = 256 << 10 // a longer text is cut at a line end
)

// storedSize returns how many bytes raw takes in an event at most: as a JSON
// string, or as base64 if it is not UTF-8. That of
// a text is at most 4/3 of the sum of its lines'.
func storedSize(raw string) int {
	n, ascii := len(raw), true
	for i := range len(raw) {
		switch c := raw[i]; {
		case c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t':
			n++
		case c < 0x20:
			n += 5
		case c == 0xE2 && strings.HasPrefix(raw[i+1:], "\x80"):
			n += 3 // U+2028 and U+2029 are escaped
		case c >= 0x80:
			ascii = false
		}
	}
	if ascii || utf8.ValidString(raw) {
		return n
	}
	return max(n, base64.StdEncoding.EncodedLen(len(raw)))
}

func limitFile(n int) error {
	return fmt.Errorf("file has %d bytes, the most is %d: %w", n, maxFile, ErrLimit)
}

func limitLine(line, n int) error {
	return fmt.Errorf("line %d: %d bytes do not fit into one event: %w", line+1, n, ErrLimit)
}
