package natslog

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"cairn/events"
)

// The key file holds the note signer (PRIVATE+KEY+…) and its verifier, a line
// each. It is made before the log's first event, which announces the verifier.

// makeKey returns the verifier of the key in dir, which it makes where there is
// none yet, under the log's origin as name.
func makeKey(dir, origin string) (name, verifier string, err error) {
	_, verifier, err = readKey(dir)
	if err == nil {
		name, _, _ = strings.Cut(verifier, "+")
		return name, verifier, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	signer, verifier, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return "", "", fmt.Errorf("make a key: %w", err)
	}
	return origin, verifier, writeDurably(keyPath(dir), []byte(signer+"\n"+verifier+"\n"))
}

func readKey(dir string) (signer, verifier string, err error) {
	b, err := os.ReadFile(keyPath(dir))
	if err != nil {
		return "", "", fmt.Errorf("read the key: %w", err)
	}
	signer, rest, _ := strings.Cut(string(b), "\n")
	verifier = strings.TrimSpace(rest)
	if _, err := note.NewVerifier(verifier); err != nil {
		return "", "", damaged("%s is damaged", keyPath(dir))
	}
	return signer, verifier, nil
}

// Signer returns the key made with an embedded log, to sign checkpoints with.
// Over [Connect] there is none: each server has its own.
func (l *Log) Signer() (note.Signer, error) {
	if l.dir == "" {
		return nil, fmt.Errorf("%w: no key lies with %s", ErrNotFound, l.place)
	}
	signer, _, err := readKey(l.dir)
	if err != nil {
		return nil, err
	}
	s, err := note.NewSigner(signer)
	if err != nil {
		return nil, &Error{
			Err: events.ErrIntegrity, Cause: err, Hint: hintDoctor,
			Message: fmt.Sprintf("%s is damaged", keyPath(l.dir)),
		}
	}
	return s, nil
}
