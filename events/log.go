package events

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// Log is the append-only sequence of everything that happened.
//
// Implementations are safe for concurrent use, and each passes
// eventstest.RunLogTests.
type Log interface {
	// Append stores the events of all appends, in order and contiguously, or
	// none of them. It returns the sequence of the last event stored once it
	// is durable.
	//
	// It returns ErrConflict if a checklist does not end at the expected
	// sequence; then nothing was stored. After any other error, a time-out
	// among them, the events may or may not have been stored: read to find out.
	Append(ctx context.Context, appends []Append) (Seq, error)

	// Read yields the events that the filter selects, in order, up to the last
	// one the log held when the iteration began. An error is yielded once,
	// last. Breaking out frees everything.
	//
	// Without Kinds, a reader verifies that nothing is missing: sequences of
	// the whole log, revisions of one checklist. A hole is ErrIntegrity.
	Read(ctx context.Context, f Filter) iter.Seq2[Envelope, error]

	// Follow is Read that does not end: at the end of the log it waits for
	// what comes. It ends with ctx's error.
	Follow(ctx context.Context, f Filter) iter.Seq2[Envelope, error]
}

// Append is one command's events for one checklist.
type Append struct {
	// Checklist is the name; empty for the log's own events (cairn.sys).
	Checklist string
	// Expect is the sequence of the checklist's last event, 0 if it has none.
	Expect Seq
	// Events are stored as they are: as their Body where one is set, else as
	// Marshal makes it. Seq is ignored.
	Events []Envelope
}

// Filter selects events. The zero Filter selects the whole log.
type Filter struct {
	// Checklist selects one checklist's events; System the log's own.
	Checklist string
	System    bool
	// After selects sequences greater than it; Upto those up to it (0: all).
	After, Upto Seq
	// Kinds, if not empty, selects those kinds. Readers with Kinds cannot
	// notice a hole.
	Kinds []Kind
}

// The ways a log fails. Errors of a Log wrap one of them or a context's error.
var (
	// ErrConflict: the checklist has other events than the append expected.
	ErrConflict = errors.New("the checklist changed meanwhile")
	// ErrIntegrity: the log is not what it was: shorter, different or with a hole.
	ErrIntegrity = errors.New("the log is damaged")
	// ErrUnavailable: the log cannot be reached or is in use.
	ErrUnavailable = errors.New("the log cannot be reached")
	// ErrAway is an ErrUnavailable: there has been no connection to the log for a
	// while, and nothing was sent to it.
	ErrAway = fmt.Errorf("%w: there is no connection", ErrUnavailable)
	// ErrStorage: the disk is full, read-only or unreadable.
	ErrStorage = errors.New("the log cannot be written")
)

// MaxEvent is the largest event in bytes that a log stores; MaxBatch is the
// largest number of events that one Append stores.
const (
	MaxEvent = 900 << 10
	MaxBatch = 100_000
)
