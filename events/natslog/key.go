package natslog

import (
	"context"
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

func readKey(dir string) (signer, verifier string, err error) { return readKeyAt(keyPath(dir)) }

func readKeyAt(path string) (signer, verifier string, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", "", fmt.Errorf("read the key: %w", err)
	}
	signer, rest, _ := strings.Cut(string(b), "\n")
	verifier = strings.TrimSpace(rest)
	if _, err := note.NewVerifier(verifier); err != nil {
		return "", "", damaged("%s is damaged", path)
	}
	return signer, verifier, nil
}

// KeyDir returns the directory of the key with which this process signs, and of
// the tiles; empty where there is none.
func (l *Log) KeyDir() string { return l.keys() }

func (l *Log) keys() string {
	if l.dir != "" {
		return l.dir
	}
	return l.home
}

// Signer returns the key that lies with an embedded log, to sign checkpoints
// with; over [Connect], the one below Remote.State.
func (l *Log) Signer() (note.Signer, error) {
	s, _, err := l.key()
	return s, err
}

// Verifier returns the note verifier line of the key that Signer returns.
func (l *Log) Verifier() (string, error) {
	_, verifier, err := l.key()
	return verifier, err
}

func (l *Log) key() (note.Signer, string, error) {
	if l.keys() == "" {
		return nil, "", fmt.Errorf("%w: no key lies with %s", ErrNotFound, l.place)
	}
	signer, verifier, err := readKey(l.keys())
	var bad *Error
	if errors.As(err, &bad) {
		return nil, "", err
	}
	if err != nil {
		return nil, "", &Error{Err: events.ErrStorage, Cause: err, Message: fmt.Sprintf("%s cannot be read", keyPath(l.keys())), Hint: hintKey}
	}
	s, err := note.NewSigner(signer)
	if err != nil {
		return nil, "", &Error{Err: events.ErrIntegrity, Cause: err, Message: fmt.Sprintf("%s is damaged", keyPath(l.keys())), Hint: hintKey}
	}
	if id := fmt.Sprintf("%s+%08x+", s.Name(), s.KeyHash()); !strings.HasPrefix(verifier, id) {
		return nil, "", &Error{Err: events.ErrIntegrity, Message: fmt.Sprintf("%s holds two halves of different keys", keyPath(l.keys())), Hint: hintKey}
	}
	return s, verifier, nil
}

const hintKey = "The events are not concerned, but nothing can be signed. cairn key rotate makes a new key."

// NextKey makes a key that is to take the place of the log's own, and returns
// its verifier line. It signs nothing before [Log.SettleKey] finds it announced.
func (l *Log) NextKey() (verifier string, err error) {
	if l.keys() == "" {
		return "", fmt.Errorf("%w: no key lies with %s", ErrNotFound, l.place)
	}
	signer, verifier, err := note.GenerateKey(rand.Reader, l.origin)
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	return verifier, writeDurably(nextPath(l.keys()), []byte(signer+"\n"+verifier+"\n"))
}

// SettleKey decides about a key that is to take the place of the log's own: the
// log does. If a signer.added announces it, it is the key from now on; otherwise
// it is removed. A process that died between the two leaves one of these cases,
// which the next to open the log settles.
func (l *Log) SettleKey(ctx context.Context) error {
	if l.keys() == "" {
		return nil
	}
	_, verifier, err := readKeyAt(nextPath(l.keys()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return nil //nolint:nilerr // it signs nothing; the log is not to be lost for it
	}
	announced := false
	for env, err := range l.Read(ctx, events.Filter{System: true}) {
		if err != nil {
			return err
		}
		if added, ok := env.Data.(*events.SignerAdded); ok && added.Key == verifier {
			announced = true
		}
	}
	if !announced {
		err = os.Remove(nextPath(l.keys()))
	} else {
		err = os.Rename(nextPath(l.keys()), keyPath(l.keys()))
	}
	if err != nil {
		return unwritable(keyPath(l.keys()), err)
	}
	return syncDir(l.keys())
}
