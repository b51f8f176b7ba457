// Package merkle keeps the Merkle tree of a log as the few hashes of its right
// edge.
//
// For most uses, append the leaf of each event to a [Frontier] and compare
// roots:
//
//	var f merkle.Frontier
//	f.Append(merkle.Leaf(body))
//	root := f.Root()
//
// The tree is that of RFC 6962 (Certificate Transparency): the leaf of an
// event is the hash of its stored bytes, and the root over n leaves is the one
// that [golang.org/x/mod/sumdb/tlog.TreeHash] computes.
package merkle

import "golang.org/x/mod/sumdb/tlog"

// Hash is a node of the tree: a SHA-256.
type Hash = tlog.Hash

// Leaf returns the leaf hash of an event's stored bytes:
// SHA-256(0x00 || body), RFC 6962 section 2.1.
func Leaf(body []byte) Hash { return tlog.RecordHash(body) }
