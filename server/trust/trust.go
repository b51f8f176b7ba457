// Package trust shows that a log is what it says it is, and that it is the one
// it was: to its owner, and to somebody who has nothing but its key.
//
// For most uses, [Verify] a log that [natslog.Inspect] opened, and [Prove] an
// event of one that [natslog.Open] did:
//
//	report, err := trust.Verify(ctx, log, trust.Options{})
//	proof, err := trust.Prove(ctx, log, 408)
//
// What is wrong is a [*Damage]: what, and the first event concerned. Checking
// is pure: [Check] takes the events of a log or of a [Backup] alike.
package trust

import (
	"fmt"

	"cairn/events"
)

// Kind says in what way a log, or what was shown of it, is damaged.
type Kind string

// The kinds of damage. They are part of the contract of --json.
const (
	// Missing: an event that should be there is not.
	Missing Kind = "missing"
	// Unreadable: an event is there, but it is no event of this log.
	Unreadable Kind = "unreadable"
	// Altered: an event is not the one that was recorded.
	Altered Kind = "altered"
	// Revision: an event does not follow the one before it in its checklist.
	Revision Kind = "revision"
	// Time: time runs backwards within a checklist.
	Time Kind = "time"
	// Opening: the log does not begin with log.opened, or begins twice.
	Opening Kind = "opening"
	// Origin: it is another log.
	Origin Kind = "origin"
	// Shorter: the log ends before what was seen of it.
	Shorter Kind = "shorter"
	// Fork: the log is not the continuation of what was seen of it.
	Fork Kind = "fork"
	// Signature: what is shown is not signed by a key of the log.
	Signature Kind = "signature"
	// Malformed: what is shown is not of the form that it should have.
	Malformed Kind = "malformed"
	// Head: the head, the marker or the stream's settings are damaged.
	Head Kind = "head"
)

// Damage is the first thing that is wrong. It wraps [events.ErrIntegrity].
type Damage struct {
	Kind Kind
	// Seq is the first event concerned; 0 where no event is.
	Seq events.Seq
	// Message and Hint are for people.
	Message, Hint string
}

// Error returns the message.
func (d *Damage) Error() string { return d.Message }

// Unwrap returns events.ErrIntegrity.
func (d *Damage) Unwrap() error { return events.ErrIntegrity }

func damage(kind Kind, seq events.Seq, format string, args ...any) *Damage {
	return &Damage{Kind: kind, Seq: seq, Message: fmt.Sprintf(format, args...)}
}
