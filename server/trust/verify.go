package trust

import (
	"context"
	"fmt"
	"slices"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/events/natslog"
)

// Options say what else a log must fit to. The zero Options are none of it.
type Options struct {
	// Checkpoint is a signed checkpoint that the log must continue.
	Checkpoint []byte
	// Seen is what this client remembers, which a backup must continue; [Verify]
	// knows it by itself.
	Seen *merkle.Checkpoint
	// Key is a note verifier line that must be one of the log's.
	Key string
	// Progress is called now and then with how many events were read.
	Progress func(done events.Seq)
}

// Report is what a log, or a backup, was found to be.
type Report struct {
	*Check
	Root merkle.Hash
	// Seen is the checkpoint that this client remembered; nil if it did not.
	Seen *merkle.Checkpoint
	// Continues is the checkpoint that the log was to continue; nil for none.
	Continues *merkle.Checkpoint
	// Behind counts the events behind the head: their writer died before it
	// could report them.
	Behind events.Seq
}

// Verify reads the whole log, which [natslog.Inspect] opened, and computes all of
// it anew: the leaf of each event, the root, and what [Check] does. The root must
// be that of the head, of the client's memory and of o.Checkpoint, as far as they
// reach. Nothing is written, but the tiles where they are missing.
//
// It returns a [*Damage] that names the first event that is not as it was, or
// the error that kept it from reading. Where an event was altered, the tiles
// say which; without them it is the first of the largest part of the tree that
// can be told apart.
func Verify(ctx context.Context, log *natslog.Log, o Options) (*Report, error) {
	v := &verification{log: log, o: o, found: log.Found(), roots: make(map[uint64]merkle.Hash)}
	r, err := v.run(ctx)
	if err != nil {
		return nil, v.refuse(err)
	}
	return r, nil
}

// Inspect opens a log to verify it; see [natslog.Inspect]. Where the log cannot
// even be opened for its damage, that is [*Damage], too.
func Inspect(ctx context.Context, c natslog.Config) (*natslog.Log, error) {
	log, err := natslog.Inspect(ctx, c)
	return log, asDamage(err)
}

// verification is one run of Verify.
type verification struct {
	log   *natslog.Log
	o     Options
	found *natslog.Found
	seen  *natslog.Memory
	claim *merkle.Checkpoint

	check Check
	roots map[uint64]merkle.Hash // at the sizes that something is said about
}

func (v *verification) run(ctx context.Context) (*Report, error) {
	v.seen = v.log.Remembered()
	if v.o.Checkpoint != nil {
		c, err := merkle.ParseCheckpoint(v.o.Checkpoint)
		if err != nil {
			return nil, damage(Malformed, 0, "the checkpoint cannot be read: %v", err)
		}
		v.claim = &c
	}
	wanted := []uint64{uint64(v.found.Head.N)}
	if v.seen != nil {
		wanted = append(wanted, v.seen.N)
	}
	if v.claim != nil {
		wanted = append(wanted, v.claim.N)
	}
	d, err := v.read(ctx, wanted)
	if err != nil {
		return nil, err
	}
	if d == nil {
		d = v.compare()
	}
	if d != nil {
		if err := v.locate(ctx, d); err != nil {
			return nil, err
		}
		return nil, d
	}
	if err := v.claims(); err != nil {
		return nil, err
	}
	if err := v.refresh(ctx); err != nil {
		return nil, err
	}
	r := &Report{Check: &v.check, Root: v.check.Frontier.Root(), Continues: v.claim}
	if v.log.Dir() != "" { // elsewhere the head is always a little late
		r.Behind = v.check.N - v.found.Head.N
	}
	if v.seen != nil {
		r.Seen = &v.seen.Checkpoint
	}
	return r, nil
}

// read checks all events and keeps the roots at the wanted sizes.
func (v *verification) read(ctx context.Context, wanted []uint64) (*Damage, error) {
	var d *Damage
	for e, err := range decoded(ctx, v.log) {
		if err != nil {
			return nil, err
		}
		if d = v.check.Next(&e.env, e.leaf); d != nil {
			break
		}
		if n := uint64(v.check.N); slices.Contains(wanted, n) {
			v.roots[n] = v.check.Frontier.Root()
		}
		if v.o.Progress != nil && v.check.N%1000 == 0 {
			v.o.Progress(v.check.N)
		}
	}
	if d == nil && v.check.N < v.found.Last {
		d = damage(Missing, v.check.N+1, "@%d is missing: what follows @%d cannot be read", v.check.N+1, v.check.N)
	}
	return d, nil
}

// compare checks the end of the log against what was seen of it.
func (v *verification) compare() *Damage {
	head, c := v.found.Head, &v.check
	switch {
	case v.found.Settings != nil:
		return damage(Head, 0, "%v", v.found.Settings)
	case v.found.HeadErr != nil:
		return damage(Head, 0, "%v", v.found.HeadErr)
	case v.found.Origin == "":
		return damage(Head, 0, "%s holds a log but not its marker", v.log.Place())
	case v.found.Origin != c.Origin:
		return damage(Origin, 1, "the log in %s is %s, but %s was set up there", v.log.Place(), c.Origin, v.found.Origin)
	case c.N < head.N:
		return damage(Shorter, c.N+1, "the log is shorter than it was: it ends at @%d, we saw @%d", c.N, head.N)
	case v.roots[uint64(head.N)] != head.Root:
		return damage(Altered, 1, "the log is not the one it was: its first %d events do not lead to its root", head.N)
	case v.seen == nil:
		return nil
	case v.seen.Origin != c.Origin:
		return damage(Origin, 1, "the log in %s is another one (%s) than the one seen there (%s)", v.log.Place(), c.Origin, v.seen.Origin)
	case uint64(c.N) < v.seen.N:
		return damage(Shorter, c.N+1, "the log is shorter than it was: it ends at @%d, we saw @%d", c.N, v.seen.N)
	case v.roots[v.seen.N] != v.seen.Root:
		return damage(Fork, 1, "the log is not the one it was: its first %d events differ from what we saw", v.seen.N)
	}
	return nil
}

// claims checks what others say of the log.
func (v *verification) claims() error {
	c := &v.check
	keys := c.Keys
	if v.o.Key != "" {
		if keys = keys.From(v.o.Key); keys == nil {
			return damage(Signature, 0, "%s has no such key", c.Origin)
		}
	}
	if v.claim == nil {
		return nil
	}
	if _, err := open(v.o.Checkpoint, c.Origin, keys); err != nil {
		return err
	}
	switch n := events.Seq(v.claim.N); {
	case c.N < n:
		return damage(Shorter, c.N+1, "the log is shorter than it was: it ends at @%d, the checkpoint at @%d", c.N, n)
	case n > 0 && v.roots[v.claim.N] != v.claim.Root:
		return damage(Fork, 0, "the log is not the one it was: its first %d events are not those of the checkpoint", n)
	}
	return nil
}

// refuse adds to err what was found beside what was seen.
func (v *verification) refuse(err error) error {
	d, ok := err.(*Damage) //nolint:errorlint // made here, never wrapped
	if !ok {
		return err
	}
	say := func(what string, c merkle.Checkpoint) {
		d.Hint += fmt.Sprintf("  %-10s  @%d %s  %s\n", what, c.N, c.Root, c.Origin)
	}
	switch d.Kind {
	case Origin, Shorter, Fork, Altered:
		if v.seen != nil {
			say("remembered", v.seen.Checkpoint)
		}
		if v.claim != nil {
			say("checkpoint", *v.claim)
		}
		if h := v.found.Head; h.N > 0 {
			say("head", merkle.Checkpoint{Origin: v.found.Origin, N: uint64(h.N), Root: h.Root})
		}
		say("there", merkle.Checkpoint{Origin: v.check.Origin, N: uint64(v.check.N), Root: v.check.Frontier.Root()})
	}
	d.Hint += "Nothing was written. Keep the directory as it is; cairn restore makes a log of a backup."
	if h := v.found.Head; v.seen != nil && h.N > 0 && v.roots[uint64(h.N)] == h.Root {
		// The log is what it says of itself: it may be another copy.
		d.Hint += fmt.Sprintf("\nThis client saw it in %s. If that was a copy, remove %s.", v.seen.Place, v.seen.File)
	}
	return d
}
