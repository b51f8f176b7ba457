// Package merkle is the Merkle tree over a log: its root as the log grows, what
// a log signs of itself, and what proves that an event is in it.
//
// For most uses, append the leaf of each event to a [Frontier] and sign its
// root as a [Checkpoint]:
//
//	var f merkle.Frontier
//	f.Append(merkle.Leaf(body))
//	signed, err := merkle.Checkpoint{Origin: origin, N: f.N(), Root: f.Root()}.Sign(signer)
//
// A [Proof] shows to somebody who has nothing but the log's key that one event
// stands in it. [Tiles] keep the nodes of the tree in files, so that a proof
// costs no reading of the log.
//
// The tree is that of RFC 6962 (Certificate Transparency): the leaf of an
// event is the hash of its stored bytes, and the root over n leaves is the one
// that [golang.org/x/mod/sumdb/tlog.TreeHash] computes. Checkpoints, proofs and
// tiles are the formats of C2SP (tlog-checkpoint, tlog-proof, tlog-tiles), so
// that other tools read them.
package merkle

import (
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"cairn/events"
)

// The ways in which what somebody shows is refused.
var (
	// ErrMalformed: the bytes are not of the form that they should have.
	ErrMalformed = errors.New("malformed")
	// ErrSignature: no known key signed it, or a signature is wrong.
	ErrSignature = errors.New("not signed by the key")
	// ErrProof: it does not lead to the signed root.
	ErrProof = errors.New("the proof does not hold")
)

// Hash is a node of the tree: a SHA-256.
type Hash = tlog.Hash

// Leaf returns the leaf hash of an event's stored bytes:
// SHA-256(0x00 || body), RFC 6962 section 2.1.
func Leaf(body []byte) Hash { return tlog.RecordHash(body) }

// LeafOf returns the leaf of an event where it lies in a log: that of its
// bytes, or, of an [events.EventErased], the one of the event whose place it
// has, so that erasing changes no root. It returns ErrMalformed if that does
// not name a leaf.
func LeafOf(env *events.Envelope) (Hash, error) {
	erased, ok := env.Data.(*events.EventErased)
	if !ok {
		return Leaf(env.Body), nil
	}
	h, err := parseHash(erased.LeafHash)
	if err != nil {
		return h, fmt.Errorf("leafhash of event %s: %w", env.ID, err)
	}
	return h, nil
}

// parseHash reads a hash in standard base64, in its one canonical form.
func parseHash(s string) (h Hash, err error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b) != tlog.HashSize || base64.StdEncoding.EncodeToString(b) != s {
		return h, fmt.Errorf("%w hash", ErrMalformed)
	}
	return Hash(b), nil
}
