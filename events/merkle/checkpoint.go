package merkle

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Checkpoint is what a log says of itself: its first N events have this root.
// Signed, it is a note:
//
//	cairn/0199c0de-0000-7000-8000-000000000001
//	412
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//	— cairn/0199c0de-0000-7000-8000-000000000001 Az3grlgtzPICa5OS8…
//
// The lines are the origin, which log.opened gave the log; N, in decimal without
// leading zeros; the root, in base64; an empty line; and a signature a line,
// Ed25519, by a key whose name is the origin. Every line ends with a line feed.
//
// The form is C2SP tlog-checkpoint over C2SP signed-note; it never changes. More
// lines may one day stand between the root and the empty line: they are signed,
// and readers ignore them.
type Checkpoint struct {
	Origin string
	N      uint64
	Root   Hash
}

// String returns the text that is signed.
func (c Checkpoint) String() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.N, c.Root)
}

// Sign returns the signed note. It costs about 30 µs a signer.
func (c Checkpoint) Sign(signers ...note.Signer) ([]byte, error) {
	if c.Origin == "" || strings.ContainsAny(c.Origin, "\r\n") {
		return nil, fmt.Errorf("sign a checkpoint: %w origin %q", ErrMalformed, c.Origin)
	}
	signed, err := note.Sign(&note.Note{Text: c.String()}, signers...)
	if err != nil {
		return nil, fmt.Errorf("sign the checkpoint of %s at %d: %w", c.Origin, c.N, err)
	}
	return signed, nil
}

// ParseCheckpoint reads a signed checkpoint without looking at its signatures:
// it says what is claimed, for instance to find out whose key to ask for. It
// returns ErrMalformed for everything that Sign would not write.
func ParseCheckpoint(signed []byte) (Checkpoint, error) {
	text, _, err := splitNote(signed)
	if err != nil {
		return Checkpoint{}, err
	}
	return parseText(text)
}

// OpenCheckpoint reads a signed checkpoint and returns which of the keys signed
// it, the first if several did. It returns ErrSignature where none did, or where
// one of their signatures is wrong, and ErrMalformed as ParseCheckpoint does.
// Signatures by other keys are ignored, as the note format demands: they may be
// those of witnesses.
func OpenCheckpoint(signed []byte, keys ...note.Verifier) (Checkpoint, note.Verifier, error) {
	c, err := ParseCheckpoint(signed)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	by, err := openNote(signed, keys)
	if err != nil {
		return Checkpoint{}, nil, fmt.Errorf("checkpoint of %s at %d: %w", c.Origin, c.N, err)
	}
	return c, by, nil
}

// openNote returns the first of the keys that signed a note.
func openNote(signed []byte, keys []note.Verifier) (note.Verifier, error) {
	n, err := note.Open(signed, note.VerifierList(keys...))
	if err != nil {
		var unsigned *note.UnverifiedNoteError
		if errors.As(err, &unsigned) {
			return nil, fmt.Errorf("%w: it is signed by %s", ErrSignature, signers(unsigned.Note))
		}
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	for _, key := range keys {
		if key.Name() == n.Sigs[0].Name && key.KeyHash() == n.Sigs[0].Hash {
			return key, nil
		}
	}
	return nil, ErrSignature // not reached: Open knows only these keys
}

// signers names who signed a note, for messages.
func signers(n *note.Note) string {
	var ids []string
	for _, s := range n.UnverifiedSigs {
		ids = append(ids, fmt.Sprintf("key %08x of %s", s.Hash, s.Name))
	}
	return strings.Join(ids, ", ")
}

// splitNote returns the text of a signed note and its signature lines. It is
// stricter than the note package, which reads base64 with stray bits and lines
// that are there twice: no byte of what is shown may be changed and still count.
func splitNote(signed []byte) (text string, lines []string, err error) {
	split := bytes.LastIndex(signed, []byte("\n\n"))
	if split < 0 || signed[len(signed)-1] != '\n' {
		return "", nil, fmt.Errorf("%w note: no signature", ErrMalformed)
	}
	seen := make(map[string]bool)
	for line := range strings.Lines(string(signed[split+2:])) {
		who, sig, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(line, "— "), "\n"), " ")
		b, err := base64.StdEncoding.DecodeString(sig)
		if !ok || err != nil || len(b) < 5 || line != "— "+who+" "+base64.StdEncoding.EncodeToString(b)+"\n" {
			return "", nil, fmt.Errorf("%w note: signature line", ErrMalformed)
		}
		by := who + " " + string(b[:4])
		if seen[by] {
			return "", nil, fmt.Errorf("%w note: two signatures of one key", ErrMalformed)
		}
		seen[by] = true
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return "", nil, fmt.Errorf("%w note: no signature", ErrMalformed)
	}
	return string(signed[:split+1]), lines, nil
}

// parseText reads what String wrote, and ignores further lines.
func parseText(text string) (c Checkpoint, err error) {
	line := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(line) < 3 || line[0] == "" {
		return c, fmt.Errorf("%w checkpoint: want origin, number and root", ErrMalformed)
	}
	for _, more := range line[3:] {
		if more == "" {
			return c, fmt.Errorf("%w checkpoint: an empty line", ErrMalformed)
		}
	}
	c.Origin = line[0]
	if c.N, err = parseCount(line[1]); err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	if c.Root, err = parseHash(line[2]); err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	return c, nil
}

// parseCount reads a number of leaves or an index, in its one canonical form.
func parseCount(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > math.MaxInt64 || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("%w number", ErrMalformed)
	}
	return n, nil
}

// Fingerprint returns what people compare keys by: "SHA256:" and the base64 of
// the SHA-256 of the public key, as ssh does. It returns ErrMalformed for a line
// that is no note verifier of an Ed25519 key.
func Fingerprint(verifier string) (string, error) {
	if _, err := note.NewVerifier(verifier); err != nil {
		return "", fmt.Errorf("%w key: %w", ErrMalformed, err)
	}
	_, rest, _ := strings.Cut(verifier, "+")
	_, key, _ := strings.Cut(rest, "+")
	b, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(b) < 2 {
		return "", fmt.Errorf("%w key", ErrMalformed)
	}
	sum := sha256.Sum256(b[1:])
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]), nil
}
