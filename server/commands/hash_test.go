package commands_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"testing"

	"cairn/server/commands"
)

// The hash of a command with a document is that of its canonical JSON, as of any
// other: it is stored, and compared for ever.
func TestHashOfADocument(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"", "a", "- [ ] a <b>\n\xff", "(the document)"} {
		got, err := commands.Hash("plan", commands.ImportDocument{Source: "\"document\":\"(the document)", Follow: true, Document: []byte(document)})
		if err != nil {
			t.Fatal(err)
		}
		canonical := fmt.Sprintf(`{"checklist":"plan","command":"ImportDocument","document":%q,"follow":true,"source":"\"document\":\"(the document)"}`,
			base64.StdEncoding.EncodeToString([]byte(document)))
		sum := sha256.Sum256([]byte(canonical))
		if want := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%q: got %s, want %s", document, got, want)
		}
	}
}
