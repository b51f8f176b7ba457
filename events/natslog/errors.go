package natslog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"cairn/events"
)

// ErrNotFound is wrapped by the error of Open where no log was ever set up.
var ErrNotFound = errors.New("no log there")

// Error is a failure for a user's eyes: what and where in Message, what to do
// in Hint. It wraps Err, one of the sentinels of package events or
// [ErrNotFound], and Cause for operators.
type Error struct {
	Err           error
	Message, Hint string
	Cause         error
	// Seq is the first event that is damaged, where that is known; else 0.
	Seq events.Seq
}

// Error returns Message, and the cause where there is one.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

// Unwrap returns the sentinel and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Cause}
}

const (
	hintDoctor = "Nothing was written. Keep the directory as it is; cairn verify says what is damaged."
	hintDisk   = "Free space or permissions, then try again."
)

// damaged is an ErrIntegrity.
func damaged(format string, args ...any) *Error {
	return &Error{Err: events.ErrIntegrity, Message: fmt.Sprintf(format, args...), Hint: hintDoctor}
}

// unwritable is an ErrStorage about a path.
func unwritable(path string, cause error) *Error {
	var pe *os.PathError
	if errors.As(cause, &pe) {
		cause = pe.Err
	}
	return &Error{
		Err: events.ErrStorage, Cause: cause, Hint: hintDisk,
		Message: fmt.Sprintf("%s cannot be written", path),
	}
}

// The error codes by which JetStream refuses what was expected. It uses both
// for the same thing: 10071 names the sequence, 10164 does not (within a batch,
// and while another write of the subject is under way).
const (
	wrongLastSeq         jetstream.ErrorCode = 10071
	wrongLastSeqConstant jetstream.ErrorCode = 10164

	noSuitablePeers      jetstream.ErrorCode = 10005
	replicasNotSupported jetstream.ErrorCode = 10074

	insufficientResources jetstream.ErrorCode = 10023
	memoryExceeded        jetstream.ErrorCode = 10028
	storageExceeded       jetstream.ErrorCode = 10047
	storeFailed           jetstream.ErrorCode = 10077
	streamOffline         jetstream.ErrorCode = 10118
	batchIncomplete       jetstream.ErrorCode = 10176
)

// failed says what err, from JetStream or the connection, means for the user
// of the log. what is what was being done.
func (l *Log) failed(ctx context.Context, what string, err error) error {
	var api jetstream.JetStreamError
	var code jetstream.ErrorCode
	if errors.As(err, &api) && api.APIError() != nil {
		code = api.APIError().ErrorCode
	}
	switch code {
	case wrongLastSeq, wrongLastSeqConstant:
		return fmt.Errorf("%s: %w (%w)", what, events.ErrConflict, err)
	case insufficientResources, memoryExceeded, storageExceeded, storeFailed:
		return unwritable(l.place, fmt.Errorf("%s: %w", what, err))
	case noSuitablePeers, replicasNotSupported:
		return &Error{
			Err: events.ErrUnavailable, Cause: fmt.Errorf("%s: %w", what, err),
			Message: fmt.Sprintf("%s has too few servers for 3 replicas", l.place),
			Hint:    "Nothing was made. Look whether all servers of the cluster run.",
		}
	case streamOffline:
		return l.unreachable(what, err)
	case batchIncomplete:
		if l.server != nil { // nothing gets lost on the way: it could not be written
			return unwritable(l.place, fmt.Errorf("%s: %w", what, err))
		}
	}
	var known *Error
	switch {
	case errors.As(err, &known):
		return err
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), nats.ErrTimeout): // ours
		return ended(ctx, what)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EDQUOT):
		return unwritable(l.place, fmt.Errorf("%s: %w", what, err))
	case l.server != nil && l.server.disabled():
		// JetStream switches itself off when the disk is full.
		return unwritable(l.place, fmt.Errorf("%s: %w", what, errors.Join(err, l.server.complaint())))
	}
	return l.unreachable(what, err)
}

// ended says that what was being done ended with ctx.
func ended(ctx context.Context, what string) error {
	var closed *Error
	cause := context.Cause(ctx)
	switch {
	case errors.As(cause, &closed): // by Close
		return closed
	case errors.Is(cause, ctx.Err()):
		return fmt.Errorf("%s: %w", what, cause)
	}
	return fmt.Errorf("%s: %w (%w)", what, ctx.Err(), cause)
}

// unreachable is an ErrUnavailable.
func (l *Log) unreachable(what string, err error) error {
	switch {
	case errors.Is(err, nats.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		l.silent()
		err = fmt.Errorf("no answer: %w", err)
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrNoStreamResponse):
		l.silent()
		err = fmt.Errorf("no JetStream: %w", err)
	case errors.Is(err, jetstreamext.ErrBatchPublishNotEnabled), errors.Is(err, jetstreamext.ErrBatchPublishExceedsLimit):
		err = fmt.Errorf("raise jetstream.limits.batch.max_msgs: %w", err)
	}
	return &Error{
		Err: events.ErrUnavailable, Cause: fmt.Errorf("%s: %w", what, err),
		Message: fmt.Sprintf("cannot reach the log in %s", l.place),
		Hint:    "Look with cairn show whether the change was recorded, then try again.",
	}
}
