package trust

import (
	"bytes"
	"fmt"
	"time"

	"cairn/events"
	"cairn/events/merkle"
)

// Check takes the events of a whole log, one by one, and finds the first that
// cannot be where it is. It is pure: it has no clock and no I/O. The zero Check
// is ready to use; it is not safe for concurrent use.
type Check struct {
	// N counts the events so far, Frontier is their tree.
	N        events.Seq
	Frontier merkle.Frontier
	// Origin is what log.opened named the log, Keys who may sign.
	Origin string
	Keys   Keys
	// Opened and Last are when the first and the last event were recorded.
	Opened, Last time.Time
	// Unknown counts the events of a kind that this version does not know,
	// Erased names those that were erased by law.
	Unknown int
	Erased  []events.Seq

	lists map[string]*position
}

// position is how far a checklist has come.
type position struct {
	seq       events.Seq
	revision  uint64
	effective time.Time
}

// Checklists returns how many checklists have events.
func (c *Check) Checklists() int {
	n := len(c.lists)
	if c.lists[""] != nil {
		n--
	}
	return n
}

// Next takes the next event, which was read with [events.Decode]; leaf is its
// [merkle.LeafOf]. After Damage the Check is of no further use.
//
// What is checked: the sequence has no hole; the body is one line and can be
// read; the log begins with log.opened, and only once; the revisions of each
// checklist have no hole; its effective time does not run backwards; who
// vouches for a key could sign.
func (c *Check) Next(env *events.Envelope, leaf merkle.Hash) *Damage {
	if env.Seq != c.N+1 {
		return damage(Missing, c.N+1, "@%d is missing", c.N+1)
	}
	if bad, ok := env.Data.(*events.Unreadable); ok {
		return damage(Unreadable, env.Seq, "@%d cannot be read: %v", env.Seq, bad.Err)
	}
	if bytes.IndexByte(env.Body, '\n') >= 0 {
		return damage(Unreadable, env.Seq, "@%d cannot be read: it is more than one line", env.Seq)
	}
	opened, opens := env.Data.(*events.LogOpened)
	switch {
	case c.N == 0 && (!opens || env.Checklist != "" || opened.Origin == ""):
		return damage(Opening, env.Seq, "the log does not begin with %s", events.KindLogOpened)
	case c.N > 0 && opens:
		return damage(Opening, env.Seq, "@%d is %s, which only the first event can be", env.Seq, events.KindLogOpened)
	case opens:
		c.Origin, c.Opened, c.lists = opened.Origin, env.RecordedTime, make(map[string]*position)
	}
	if d := c.follow(env); d != nil {
		return d
	}
	if env.Checklist == "" {
		if d := c.Keys.evolve(c.Origin, env); d != nil {
			return d
		}
	}
	switch env.Data.(type) {
	case *events.Unknown:
		c.Unknown++
	case *events.EventErased:
		c.Erased = append(c.Erased, env.Seq)
	}
	c.N, c.Last = env.Seq, env.RecordedTime
	c.Frontier.Append(leaf)
	return nil
}

// follow checks an event against the one before it in its checklist.
func (c *Check) follow(env *events.Envelope) *Damage {
	at := c.lists[env.Checklist]
	if at == nil {
		at = &position{}
		c.lists[env.Checklist] = at
	}
	if env.Revision != at.revision+1 {
		return damage(Revision, env.Seq, "@%d is revision %d of %s, want %d after @%d",
			env.Seq, env.Revision, named(env.Checklist), at.revision+1, at.seq)
	}
	if env.EffectiveTime.Before(at.effective) {
		return damage(Time, env.Seq, "@%d took effect at %s, before @%d of %s, which did at %s", env.Seq,
			env.EffectiveTime.Format(time.RFC3339), at.seq, named(env.Checklist), at.effective.Format(time.RFC3339))
	}
	at.seq, at.revision, at.effective = env.Seq, env.Revision, env.EffectiveTime
	return nil
}

// named is a checklist, or the log's own events, in a message.
func named(checklist string) string {
	if checklist == "" {
		return "the log's own events"
	}
	return checklist
}

// open returns the keys that may sign a checkpoint of the log, and checks that
// it is one of this log and that one of them signed it.
func open(signed []byte, origin string, keys Keys) (merkle.Checkpoint, error) {
	c, err := merkle.ParseCheckpoint(signed)
	if err != nil {
		return c, &Damage{Kind: Malformed, Message: fmt.Sprintf("the checkpoint cannot be read: %v", err)}
	}
	if c.Origin != origin {
		return c, damage(Origin, 0, "the checkpoint is of another log: of %s, not of %s", c.Origin, origin)
	}
	if _, _, err := merkle.OpenCheckpoint(signed, keys.At(events.Seq(c.N))...); err != nil {
		return c, damage(Signature, 0, "the checkpoint at @%d is not signed by a key of %s: %v", c.N, origin, err)
	}
	return c, nil
}
