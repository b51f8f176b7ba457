package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"cairn/server/commands"
)

// NewToken returns a new token: crn_ and 256 bits of the system's randomness in
// base64url, 47 characters.
func NewToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never returns an error
	return commands.TokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// Hash returns what the log keeps of a token: its SHA-256, in lower-case hex. A
// token has 256 random bits, so no slow hash is needed: there is nothing to guess.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
