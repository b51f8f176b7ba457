package merkle

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that an event stands in a log, to somebody who has only the log's
// key. It is a file of its own:
//
//	c2sp.org/tlog-proof@v1
//	extra eyJzcGVjdmVyc2lvbiI6IjEuMCIsImlkIjoiMDE5OWM1YTAt…
//	index 407
//	gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//	B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
//
//	cairn/0199c0de-0000-7000-8000-000000000001
//	412
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//	— cairn/0199c0de-0000-7000-8000-000000000001 Az3grlgtzPICa5OS8…
//
// The lines are: extra, the stored bytes of the event in base64; index, its
// sequence minus one; the inclusion proof of RFC 6962, section 2.1.1, from the
// leaf's sibling up, a hash a line; an empty line; and a signed [Checkpoint],
// byte for byte. There is no line extra for who may not see the event: whoever has
// its bytes checks the rest with them.
//
// The form is C2SP tlog-proof, in which extra is the application's and not
// covered by a signature. Here it is: the leaf is the hash of its bytes. This
// form never changes; another one has another first line.
type Proof struct {
	// Index is where the event stands: its sequence minus one.
	Index uint64
	// Body is the event's stored form; empty in a proof of hashes only.
	Body []byte
	// Hashes is the inclusion proof in the tree of the checkpoint.
	Hashes []Hash
	// Checkpoint is the signed note.
	Checkpoint []byte
}

const proofMagic = "c2sp.org/tlog-proof@v1\n"

// maxProofHashes is the depth of the largest tree.
const maxProofHashes = 64

// Marshal returns the proof as a file.
func (p *Proof) Marshal() []byte {
	b := []byte(proofMagic)
	if len(p.Body) > 0 {
		b = append(b, "extra "...)
		b = base64.StdEncoding.AppendEncode(b, p.Body)
		b = append(b, '\n')
	}
	b = append(b, "index "...)
	b = strconv.AppendUint(b, p.Index, 10)
	b = append(b, '\n')
	for i := range p.Hashes {
		b = base64.StdEncoding.AppendEncode(b, p.Hashes[i][:])
		b = append(b, '\n')
	}
	b = append(b, '\n')
	return append(b, p.Checkpoint...)
}

// ParseProof reads what Marshal wrote, and nothing else: it returns ErrMalformed
// for any other bytes. It says nothing about whether the proof holds.
func ParseProof(b []byte) (*Proof, error) {
	wrong := func(what string) (*Proof, error) {
		return nil, fmt.Errorf("%w proof: %s", ErrMalformed, what)
	}
	rest, ok := strings.CutPrefix(string(b), proofMagic)
	if !ok {
		return wrong("it does not begin with " + strings.TrimSpace(proofMagic))
	}
	head, signed, ok := strings.Cut(rest, "\n\n")
	if !ok {
		return wrong("no checkpoint")
	}
	lines := strings.Split(head, "\n")
	p := &Proof{Checkpoint: []byte(signed)}
	var err error
	if extra, ok := strings.CutPrefix(lines[0], "extra "); ok {
		if p.Body, err = base64.StdEncoding.DecodeString(extra); err != nil {
			return wrong("extra is not base64")
		}
		lines = lines[1:]
	}
	if len(lines) < 1 || len(lines) > 1+maxProofHashes {
		return wrong("want index and up to 64 hashes")
	}
	index, ok := strings.CutPrefix(lines[0], "index ")
	if !ok {
		return wrong("want index")
	}
	if p.Index, err = parseCount(index); err != nil {
		return wrong("index")
	}
	for _, line := range lines[1:] {
		h, err := parseHash(line)
		if err != nil {
			return wrong("hash")
		}
		p.Hashes = append(p.Hashes, h)
	}
	if _, err := ParseCheckpoint(p.Checkpoint); err != nil {
		return nil, err
	}
	if !bytes.Equal(p.Marshal(), b) {
		return wrong("not in its canonical form")
	}
	return p, nil
}

// Check returns the checkpoint that the proof leads to and which of the keys
// signed it. It returns ErrSignature or ErrProof where the event is not proved
// to be in a log with one of these keys. A proof of hashes only proves nothing
// until Body is set.
func (p *Proof) Check(keys ...note.Verifier) (Checkpoint, note.Verifier, error) {
	c, by, err := OpenCheckpoint(p.Checkpoint, keys...)
	if err != nil {
		return c, nil, err
	}
	if len(p.Body) == 0 {
		return c, nil, fmt.Errorf("%w: it holds hashes only, not the event", ErrProof)
	}
	if p.Index >= c.N {
		return c, nil, fmt.Errorf("%w: the checkpoint ends at @%d, before @%d", ErrProof, c.N, p.Index+1)
	}
	if tlog.CheckRecord(p.Hashes, int64(c.N), c.Root, int64(p.Index), Leaf(p.Body)) != nil {
		return c, nil, fmt.Errorf("%w: it does not lead to the root at @%d", ErrProof, c.N)
	}
	return c, by, nil
}

// Inclusion returns the inclusion proof of leaf index in the tree of the first n
// leaves; r reads the nodes of that tree or of a longer one.
func Inclusion(r tlog.HashReader, n, index uint64) ([]Hash, error) {
	p, err := tlog.ProveRecord(int64(n), int64(index), r)
	if err != nil {
		return nil, fmt.Errorf("prove leaf %d of %d: %w", index, n, err)
	}
	return p, nil
}

// Consistency returns the consistency proof (RFC 6962, section 2.1.2) between
// the trees of the first old and the first n leaves, 0 < old <= n.
func Consistency(r tlog.HashReader, n, old uint64) ([]Hash, error) {
	p, err := tlog.ProveTree(int64(n), int64(old), r)
	if err != nil {
		return nil, fmt.Errorf("prove that %d leaves go on as %d: %w", old, n, err)
	}
	return p, nil
}

// CheckConsistency returns ErrProof unless hashes prove that the log of c is
// the continuation of the one of old: the same origin, and the same events up
// to old.
func CheckConsistency(hashes []Hash, c, old Checkpoint) error {
	if c.Origin != old.Origin {
		return fmt.Errorf("%w: %s and %s are two logs", ErrProof, old.Origin, c.Origin)
	}
	if old.N > c.N {
		return fmt.Errorf("%w: the log ends at @%d, before @%d", ErrProof, c.N, old.N)
	}
	if old.N == 0 {
		var nothing Frontier
		if len(hashes) > 0 || old.Root != nothing.Root() {
			return fmt.Errorf("%w: that is not the root of nothing", ErrProof)
		}
		return nil
	}
	if tlog.CheckTree(hashes, int64(c.N), c.Root, int64(old.N), old.Root) != nil {
		return fmt.Errorf("%w: the log at @%d does not continue the one at @%d", ErrProof, c.N, old.N)
	}
	return nil
}
