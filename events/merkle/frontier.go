package merkle

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Frontier is the tree over the first N leaves, as the roots of its maximal
// complete subtrees: one per set bit of N, the largest first. It is all that
// is needed to append and to compute roots; it takes at most 64 hashes.
//
// The zero Frontier is the tree without leaves. A Frontier is not safe for
// concurrent use.
type Frontier struct {
	n     uint64
	nodes []Hash
}

// N returns the number of leaves.
func (f *Frontier) N() uint64 { return f.n }

// Append adds one leaf on the right. It costs one hash on average.
func (f *Frontier) Append(leaf Hash) {
	for range bits.TrailingZeros64(^f.n) {
		last := len(f.nodes) - 1
		leaf = tlog.NodeHash(f.nodes[last], leaf)
		f.nodes = f.nodes[:last]
	}
	f.nodes = append(f.nodes, leaf)
	f.n++
}

// Root returns the root over all leaves; without leaves it is the hash of
// nothing, as RFC 6962 says.
func (f *Frontier) Root() Hash {
	if f.n == 0 {
		return sha256.Sum256(nil)
	}
	last := len(f.nodes) - 1
	root := f.nodes[last]
	for _, left := range slices.Backward(f.nodes[:last]) {
		root = tlog.NodeHash(left, root)
	}
	return root
}

// Peak is one of the maximal complete subtrees that make a tree.
type Peak struct {
	// First is its first leaf, N how many it has: a power of two.
	First, N uint64
	Root     Hash
}

// Peaks returns the subtrees from the left.
func (f *Frontier) Peaks() []Peak {
	peaks := make([]Peak, len(f.nodes))
	first, rest := uint64(0), f.n
	for i, h := range f.nodes {
		n := uint64(1) << (bits.Len64(rest) - 1)
		peaks[i] = Peak{first, n, h}
		first, rest = first+n, rest-n
	}
	return peaks
}

// Clone returns a copy that can be appended to independently.
func (f *Frontier) Clone() Frontier { return Frontier{f.n, slices.Clone(f.nodes)} }

// Marshal returns the stored form: N as 8 bytes, big endian, then the hashes,
// 32 bytes each, the largest subtree first. The number of hashes follows from
// N. This form never changes.
func (f *Frontier) Marshal() []byte {
	b := make([]byte, 0, 8+len(f.nodes)*tlog.HashSize)
	b = binary.BigEndian.AppendUint64(b, f.n)
	for i := range f.nodes {
		b = append(b, f.nodes[i][:]...)
	}
	return b
}

// Unmarshal reads what Marshal wrote. It returns ErrMalformed, and leaves f
// alone, if b has another length than its N demands.
func (f *Frontier) Unmarshal(b []byte) error {
	if len(b) < 8 {
		return fmt.Errorf("%w frontier: %d bytes", ErrMalformed, len(b))
	}
	n := binary.BigEndian.Uint64(b)
	b = b[8:]
	if want := bits.OnesCount64(n) * tlog.HashSize; len(b) != want {
		return fmt.Errorf("%w frontier: %d bytes of hashes for %d leaves, want %d", ErrMalformed, len(b), n, want)
	}
	nodes := make([]Hash, 0, len(b)/tlog.HashSize)
	for ; len(b) > 0; b = b[tlog.HashSize:] {
		nodes = append(nodes, Hash(b[:tlog.HashSize]))
	}
	f.n, f.nodes = n, nodes
	return nil
}
