package merkle

import (
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Endorse returns the line by which one key of a log vouches for another, for
// signer.added: the signature line of a note with the text
//
//	signer.added
//	cairn/0199c0de-0000-7000-8000-000000000001     the origin
//	cairn/0199…+6f2a0c11+AWx…                      the new key, a note verifier
//
// Who trusts the key that signs may trust the new one. The text is no
// checkpoint of any log: its second line is no number. This form never changes.
func Endorse(origin, verifier string, by note.Signer) (string, error) {
	if _, err := note.NewVerifier(verifier); err != nil {
		return "", fmt.Errorf("endorse a key: %w: %w", ErrMalformed, err)
	}
	text := endorsement(origin, verifier)
	signed, err := note.Sign(&note.Note{Text: text}, by)
	if err != nil {
		return "", fmt.Errorf("endorse a key: %w", err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(signed), text+"\n"), "\n"), nil
}

// Endorsed returns which of the keys vouches for verifier by line. It returns
// ErrMalformed or ErrSignature where none does.
func Endorsed(origin, verifier, line string, keys ...note.Verifier) (note.Verifier, error) {
	signed := []byte(endorsement(origin, verifier) + "\n" + line + "\n")
	if _, _, err := splitNote(signed); err != nil {
		return nil, err
	}
	return openNote(signed, keys)
}

func endorsement(origin, verifier string) string {
	return "signer.added\n" + origin + "\n" + verifier + "\n"
}
