package merkle_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"cairn/events/merkle"
)

const origin = "cairn/0199c0de-0000-7000-8000-000000000001"

// key is a key of a log, with its verifier line.
type key struct {
	note.Signer
	note.Verifier
	line string
}

func newKey(t testing.TB) key {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return key{s, v, public}
}

// body is the stored form of event i of the logs in these tests.
func body(i int) []byte { return fmt.Appendf(nil, `{"specversion":"1.0","id":"%d"}`, i) }

// grown returns the tree of n leaves and its leaves.
func grown(n int) (merkle.Frontier, []merkle.Hash) {
	var f merkle.Frontier
	var leaves []merkle.Hash
	for i := range n {
		leaves = append(leaves, merkle.Leaf(body(i)))
		f.Append(leaves[i])
	}
	return f, leaves
}

func signed(t testing.TB, n int, keys ...key) (merkle.Checkpoint, []byte) {
	t.Helper()
	f, _ := grown(n)
	c := merkle.Checkpoint{Origin: origin, N: f.N(), Root: f.Root()}
	var signers []note.Signer
	for _, k := range keys {
		signers = append(signers, k.Signer)
	}
	b, err := c.Sign(signers...)
	if err != nil {
		t.Fatal(err)
	}
	return c, b
}

func TestCheckpoint(t *testing.T) {
	t.Parallel()
	one, two, other := newKey(t), newKey(t), newKey(t)
	want, b := signed(t, 412, one, two)
	if got, err := merkle.ParseCheckpoint(b); err != nil || got != want {
		t.Errorf("parse: got %v, %v, want %v", got, err, want)
	}
	got, by, err := merkle.OpenCheckpoint(b, other.Verifier, two.Verifier)
	if err != nil || got != want || by.KeyHash() != two.Verifier.KeyHash() {
		t.Errorf("open: got %v by %v, %v, want %v by the second key", got, by, err, want)
	}
	if _, _, err := merkle.OpenCheckpoint(b, other.Verifier); !errors.Is(err, merkle.ErrSignature) {
		t.Errorf("another key: got %v, want ErrSignature", err)
	}
	if _, _, err := merkle.OpenCheckpoint(b); !errors.Is(err, merkle.ErrSignature) {
		t.Errorf("no key: got %v, want ErrSignature", err)
	}
	// The public note package, which knows nothing of Cairn, reads it as well.
	if _, err := note.Open(b, note.VerifierList(one.Verifier)); err != nil {
		t.Error(err)
	}
}

// A reader of today reads a checkpoint that says more than it knows.
func TestCheckpointWithMoreLines(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	c, _ := signed(t, 5)
	b, err := note.Sign(&note.Note{Text: c.String() + "something else\n"}, k.Signer)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := merkle.OpenCheckpoint(b, k.Verifier); err != nil || got != c {
		t.Errorf("got %v, %v, want %v", got, err, c)
	}
}

// No byte of a signed checkpoint can be changed, added or taken away.
func TestCheckpointEveryByte(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	_, b := signed(t, 412, k)
	eachChange(b, func(what string, changed []byte) {
		if c, _, err := merkle.OpenCheckpoint(changed, k.Verifier); err == nil {
			t.Errorf("%s: accepted as %v", what, c)
		}
	})
}

// eachChange calls try with b changed in every byte: to its neighbours, to what
// could pass for it, without it, and with one more.
func eachChange(b []byte, try func(what string, changed []byte)) {
	for i := range b {
		for _, to := range []byte{b[i] ^ 1, b[i] ^ 2, b[i] ^ 32, b[i] + 4, '\n', '\r', ' ', '0', 'A', '=', '+'} {
			if to == b[i] {
				continue
			}
			changed := append([]byte(nil), b...)
			changed[i] = to
			try(fmt.Sprintf("byte %d is %q", i, to), changed)
		}
		try(fmt.Sprintf("without byte %d", i), append(append([]byte(nil), b[:i]...), b[i+1:]...))
		try(fmt.Sprintf("cut at byte %d", i), b[:i])
		for _, more := range "\n 0=" {
			try(fmt.Sprintf("%q before byte %d", more, i), append(append(append([]byte(nil), b[:i]...), byte(more)), b[i:]...))
		}
	}
	try("one line more", append(append([]byte(nil), b...), '\n'))
}

func TestCheckpointRefuses(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	c, b := signed(t, 3, k)
	sig := strings.TrimPrefix(string(b), c.String()+"\n")
	root := c.Root.String()
	for _, text := range []string{
		"", "\n", c.String(), c.String() + "\n", "\n\n" + sig, origin + "\n3\n\n" + sig, origin + "\n3\n" + root + "\n" + sig,
		"\n3\n" + root + "\n\n" + sig, origin + "\n03\n" + root + "\n\n" + sig, origin + "\n+3\n" + root + "\n\n" + sig,
		origin + "\n-3\n" + root + "\n\n" + sig, origin + "\n9223372036854775808\n" + root + "\n\n" + sig,
		origin + "\n3\n" + root[:43] + "\n\n" + sig, string(b) + sig, string(b) + "— x\n",
	} {
		if got, err := merkle.ParseCheckpoint([]byte(text)); !errors.Is(err, merkle.ErrMalformed) {
			t.Errorf("%q: got %v, %v, want ErrMalformed", text, got, err)
		}
	}
	if _, err := (merkle.Checkpoint{Origin: "a\nb"}).Sign(k.Signer); !errors.Is(err, merkle.ErrMalformed) {
		t.Errorf("an origin of two lines: got %v, want ErrMalformed", err)
	}
}

func TestEndorse(t *testing.T) {
	t.Parallel()
	old, now, other := newKey(t), newKey(t), newKey(t)
	line, err := merkle.Endorse(origin, now.line, old.Signer)
	if err != nil {
		t.Fatal(err)
	}
	if by, err := merkle.Endorsed(origin, now.line, line, other.Verifier, old.Verifier); err != nil || by.KeyHash() != old.Verifier.KeyHash() {
		t.Errorf("got %v, %v, want the old key", by, err)
	}
	for what, err := range map[string]error{
		"another log":   second(merkle.Endorsed("cairn/other", now.line, line, old.Verifier)),
		"another key":   second(merkle.Endorsed(origin, other.line, line, old.Verifier)),
		"another voice": second(merkle.Endorsed(origin, now.line, line, other.Verifier)),
	} {
		if !errors.Is(err, merkle.ErrSignature) {
			t.Errorf("%s: got %v, want ErrSignature", what, err)
		}
	}
	eachChange([]byte(line), func(what string, changed []byte) {
		if _, err := merkle.Endorsed(origin, now.line, string(changed), old.Verifier); err == nil {
			t.Errorf("%s: accepted", what)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestFingerprint(t *testing.T) {
	t.Parallel()
	const line = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
	got, err := merkle.Fingerprint(line)
	if want := "SHA256:x6nVQfEWroKLaT7oyJSCu+PseG+qHfFZZ3vWUVA5Tw8"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := merkle.Fingerprint(line[:40]); !errors.Is(err, merkle.ErrMalformed) {
		t.Errorf("got %v, want ErrMalformed", err)
	}
}

func FuzzCheckpoint(f *testing.F) {
	k := newKey(f)
	c, b := signed(f, 412, k)
	f.Add(b)
	f.Add([]byte(c.String()))
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, err := merkle.ParseCheckpoint(in); err != nil && !errors.Is(err, merkle.ErrMalformed) {
			t.Errorf("got %v, want ErrMalformed", err)
		}
		if _, _, err := merkle.OpenCheckpoint(in, k.Verifier); err == nil && string(in) != string(b) && !strings.HasPrefix(string(in), string(b)) {
			t.Errorf("accepted %q", in)
		}
	})
}
