package trust

import (
	"slices"

	"golang.org/x/mod/sumdb/note"

	"cairn/events"
	"cairn/events/merkle"
)

// Key is a key that may, or might once, sign checkpoints of a log.
type Key struct {
	note.Verifier
	// Line is its note verifier line.
	Line string
	// Server says whose it is, where that was said.
	Server string
	// Added is the event that announced it, Removed the one that took it away; 0
	// if none did.
	Added, Removed events.Seq
	// by is the key that vouched for it; -1 if none did.
	by int
}

// Fingerprint returns what people compare keys by.
func (k *Key) Fingerprint() string {
	f, err := merkle.Fingerprint(k.Line)
	if err != nil {
		return "" // not reached: Line made a Verifier
	}
	return f
}

// Keys are all keys that a log announces, in their order: a fold of log.opened,
// signer.added and signer.removed. The zero Keys are those of no event.
type Keys []Key

// evolve takes in an event. A key that cannot be read signs nothing and is left
// out; one whose voucher is forged is Damage.
func (ks *Keys) evolve(origin string, env *events.Envelope) *Damage {
	switch e := env.Data.(type) {
	case *events.LogOpened:
		ks.add(e.Key, "", env.Seq, -1)
	case *events.SignerAdded:
		by := -1
		if e.Signature != "" {
			voucher, err := merkle.Endorsed(origin, e.Key, e.Signature, ks.At(env.Seq-1)...)
			if err != nil {
				return damage(Signature, env.Seq, "@%d announces a key whose voucher is forged", env.Seq)
			}
			by = slices.IndexFunc(*ks, func(k Key) bool { return k.Verifier == voucher })
		}
		ks.add(e.Key, e.Server, env.Seq, by)
	case *events.SignerRemoved:
		for i := range *ks {
			if k := &(*ks)[i]; k.Line == e.Key && k.Removed == 0 {
				k.Removed = env.Seq
			}
		}
	}
	return nil
}

func (ks *Keys) add(line, server string, seq events.Seq, by int) {
	v, err := note.NewVerifier(line)
	if err != nil {
		return
	}
	for _, k := range *ks {
		if k.Removed == 0 && k.Name() == v.Name() && k.KeyHash() == v.KeyHash() {
			return // the same again
		}
	}
	*ks = append(*ks, Key{Verifier: v, Line: line, Server: server, Added: seq, by: by})
}

// At returns the keys that may sign a checkpoint of the first n events: those
// announced up to there and not removed by then. A checkpoint that was signed
// before a key was removed stays valid.
func (ks Keys) At(n events.Seq) []note.Verifier {
	var at []note.Verifier
	for _, k := range ks {
		if k.Added <= n && (k.Removed == 0 || n < k.Removed) {
			at = append(at, k.Verifier)
		}
	}
	return at
}

// From returns the keys that somebody may trust who trusts root, a note verifier
// line: root itself, and those for which it, or another of them, vouched. None
// if root is no key of the log.
func (ks Keys) From(root string) Keys {
	trusted := make([]bool, len(ks))
	var out Keys
	for i, k := range ks {
		trusted[i] = k.Line == root || k.by >= 0 && trusted[k.by]
		if trusted[i] {
			out = append(out, k)
		}
	}
	return out
}

// Find returns the key with that note verifier line; nil if there is none.
func (ks Keys) Find(line string) *Key {
	for i := len(ks) - 1; i >= 0; i-- {
		if ks[i].Line == line {
			return &ks[i]
		}
	}
	return nil
}
