package trust

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/events/natslog"
)

// ErrNoEvent is wrapped by the error about a sequence that the log does not hold.
var ErrNoEvent = errors.New("no such event")

func noEvent(seq, end events.Seq) error {
	return fmt.Errorf("%w: @%d; the log ends at @%d", ErrNoEvent, seq, end)
}

// Checkpoint returns a signed checkpoint of a log as it is now.
func Checkpoint(log *natslog.Log) ([]byte, error) {
	return sign(log, log.Head())
}

func sign(log *natslog.Log, head natslog.Head) ([]byte, error) {
	signer, err := log.Signer()
	if err != nil {
		return nil, err
	}
	return merkle.Checkpoint{Origin: log.Origin(), N: uint64(head.N), Root: head.Root}.Sign(signer)
}

// Prove returns the proof that an event stands in a log, which can be
// checked without the log. It reads that event and a few tiles; where these are
// missing or wrong, it makes them anew, which reads the whole log. It returns
// ErrNoEvent for a sequence behind the end.
func Prove(ctx context.Context, log *natslog.Log, seq events.Seq) (*merkle.Proof, error) {
	head := log.Head()
	if seq < 1 || seq > head.N {
		return nil, noEvent(seq, head.N)
	}
	env, err := log.Event(ctx, seq)
	if err != nil {
		return nil, err
	}
	if _, erased := env.Data.(*events.EventErased); erased {
		return nil, fmt.Errorf("%w: @%d was erased, only its hash is left", ErrNoEvent, seq)
	}
	var hashes []merkle.Hash
	err = withTiles(ctx, log, head, func(r tlog.HashReader) (err error) {
		hashes, err = merkle.Inclusion(r, uint64(head.N), uint64(seq)-1)
		return err
	})
	if err != nil {
		return nil, err
	}
	signed, err := sign(log, head)
	if err != nil {
		return nil, err
	}
	p := &merkle.Proof{Index: uint64(seq) - 1, Body: env.Body, Hashes: hashes, Checkpoint: signed}
	verifier, err := log.Verifier()
	if err != nil {
		return nil, err
	}
	key, err := note.NewVerifier(verifier)
	if err != nil {
		return nil, err
	}
	if _, _, err := p.Check(key); err != nil { // the event, too, may have been altered
		return nil, damage(Altered, seq, "@%d is another event than the one that was recorded", seq)
	}
	return p, nil
}

// ProveConsistency returns the consistency proof between an old checkpoint of a
// log and the log as it is now, and that checkpoint, signed. What it
// returns is what [merkle.CheckConsistency] takes.
func ProveConsistency(ctx context.Context, log *natslog.Log, old merkle.Checkpoint) ([]merkle.Hash, []byte, error) {
	head := log.Head()
	if old.Origin != log.Origin() {
		return nil, nil, damage(Origin, 0, "the checkpoint is of another log: of %s, not of %s", old.Origin, log.Origin())
	}
	if old.N > uint64(head.N) {
		return nil, nil, damage(Shorter, head.N+1, "the log is shorter than it was: it ends at @%d, the checkpoint at @%d", head.N, old.N)
	}
	var hashes []merkle.Hash
	if old.N > 0 {
		err := withTiles(ctx, log, head, func(r tlog.HashReader) (err error) {
			hashes, err = merkle.Consistency(r, uint64(head.N), old.N)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	now := merkle.Checkpoint{Origin: log.Origin(), N: uint64(head.N), Root: head.Root}
	if err := merkle.CheckConsistency(hashes, now, old); err != nil {
		return nil, nil, damage(Fork, 0, "the log is not the one it was: its first %d events are not those of the checkpoint", old.N)
	}
	signed, err := sign(log, head)
	return hashes, signed, err
}

// withTiles calls use with the nodes of the tree at head, and once more after
// making the tiles anew if the first time they were not to be used.
func withTiles(ctx context.Context, log *natslog.Log, head natslog.Head, use func(tlog.HashReader) error) error {
	if use(log.Tiles().Reader(uint64(head.N), head.Root)) == nil {
		return nil
	}
	if err := log.MakeTiles(ctx); err != nil {
		return err
	}
	return use(log.Tiles().Reader(uint64(head.N), head.Root))
}

// Shown is what a proof shows, once it was checked.
type Shown struct {
	Event      events.Envelope
	Checkpoint merkle.Checkpoint
	// By is the fingerprint of the key that signed.
	By string
}

// CheckProof checks the bytes of a proof against a key, a note verifier line,
// without any log. What does not hold is [*Damage].
func CheckProof(proof []byte, key string) (*Shown, error) {
	v, err := note.NewVerifier(key)
	if err != nil {
		return nil, fmt.Errorf("%w key: %w", merkle.ErrMalformed, err)
	}
	p, err := merkle.ParseProof(proof)
	if err != nil {
		return nil, damage(Malformed, 0, "the proof cannot be read: %v", err)
	}
	if len(p.Body) == 0 {
		return nil, damage(Malformed, events.Seq(p.Index)+1, "the proof of @%d holds hashes only, not the event: it is for who has that", p.Index+1)
	}
	if c, err := merkle.ParseCheckpoint(p.Checkpoint); err == nil && c.Origin != v.Name() {
		return nil, damage(Origin, 0, "the proof is of another log: of %s, not of %s", c.Origin, v.Name())
	}
	c, _, err := p.Check(v)
	switch {
	case errors.Is(err, merkle.ErrSignature):
		return nil, damage(Signature, 0, "the proof is not signed by that key: %v", err)
	case err != nil:
		return nil, damage(Altered, events.Seq(p.Index)+1, "the proof of @%d does not hold: %s", p.Index+1, strings.TrimPrefix(err.Error(), merkle.ErrProof.Error()+": "))
	}
	env, err := events.Unmarshal(p.Body)
	if err != nil {
		return nil, damage(Unreadable, events.Seq(p.Index)+1, "@%d cannot be read: %v", p.Index+1, err)
	}
	env.Seq = events.Seq(p.Index) + 1
	by, err := merkle.Fingerprint(key)
	return &Shown{Event: env, Checkpoint: c, By: by}, err
}
