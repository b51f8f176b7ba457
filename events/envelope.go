package events

import "time"

// Envelope is an event together with who, when and why: one message of the
// log. In stored form it is a CloudEvent 1.0; see [Marshal].
type Envelope struct {
	// Seq is the position in the log. It is known on reading only.
	Seq Seq

	// ID identifies the event for ever, also in another log: a UUIDv7.
	ID string
	// Checklist is the name; empty for the log's own events.
	Checklist string
	// Revision is the position within the checklist (or within the log's own
	// events), from 1, without holes.
	Revision uint64

	// Time is the actor's claim of when it happened. It is never altered.
	Time time.Time
	// RecordedTime is when it was stored.
	RecordedTime time.Time
	// EffectiveTime never runs backwards within a checklist; "as of T" is the
	// longest prefix of the checklist with EffectiveTime <= T.
	EffectiveTime time.Time

	// Actor is who did it, Via the door it came through ("cli").
	Actor Actor
	Via   string

	// CommandID groups the events of one command; CommandHash is the SHA-256
	// of the canonical JSON of the command as sent, in hex.
	CommandID, CommandName, CommandHash string
	// Part and Parts number the events of one command from 1.
	Part, Parts int

	// CausationID is the event or commit that caused this one, Undoes the
	// event taken back, OnBehalfOf whom an agent acts for.
	CausationID, Undoes, OnBehalfOf string
	// Traceparent is a W3C trace context.
	Traceparent string

	// Reason is why, in the actor's words. It is stored in data.
	Reason string
	// Data is the fact. It is *Unknown for a kind this version does not know,
	// and *Unreadable where the body cannot be decoded.
	Data Event

	// Body is the stored form: on reading, exactly the bytes of the log. It
	// must not be changed.
	Body []byte
}

// Actor is who did something.
type Actor struct {
	// ID is the stable identity, such as an e-mail address.
	ID string
	// Auth says how the identity is known: Unauthenticated where it was only
	// declared, AuthenticatedUser or "service_account" where a server checked it.
	Auth string
	// Display is how the person is called, where that is known; optional.
	Display string
}

// How the identity of an Actor is known.
const (
	// Unauthenticated marks an Actor that was declared, not checked.
	Unauthenticated = "unauthenticated"
	// AuthenticatedUser marks an Actor who showed a token of that user.
	AuthenticatedUser = "user"
)

// Verified reports whether the identity was checked.
func (a Actor) Verified() bool {
	return a.Auth != "" && a.Auth != Unauthenticated && a.Auth != "unknown"
}

// Name returns how the actor is called: Display, else the ID up to an @.
func (a Actor) Name() string {
	if a.Display != "" {
		return a.Display
	}
	for i := 1; i < len(a.ID); i++ {
		if a.ID[i] == '@' {
			return a.ID[:i]
		}
	}
	return a.ID
}
