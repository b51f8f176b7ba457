package trust

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/events/natslog"
)

// Log is what whoever reaches a log may ask of it, so that it need not be
// believed: in this process it is [Own], through a server api/client. It is safe
// for concurrent use.
type Log interface {
	// Key returns the note verifier line of the key that signs.
	Key(ctx context.Context) (string, error)
	// Checkpoint returns a signed checkpoint of the log as it is now.
	Checkpoint(ctx context.Context) ([]byte, error)
	// Prove returns the proof that an event stands in the log; see [Prove].
	Prove(ctx context.Context, seq events.Seq) (*merkle.Proof, error)
	// Consistency returns the proof that the first to events go on from the first
	// from: what [merkle.CheckConsistency] takes.
	Consistency(ctx context.Context, from, to uint64) ([]merkle.Hash, error)
	// Backup writes a backup to w; see [Backup].
	Backup(ctx context.Context, w io.Writer, progress func(done events.Seq)) (*merkle.Checkpoint, error)
	// Verify reads all events and checks them as [VerifyBackup] does.
	Verify(ctx context.Context, o Options) (*Report, error)
	// RotateKey makes a new key; see [RotateKey]. Where the log is reached through a
	// server, who asks and when is for the server to say.
	RotateKey(ctx context.Context, s Stamp) (verifier string, seq events.Seq, err error)
}

// Own is the Log that this process has open. Over [natslog.Connect] it signs with
// the key of this process.
type Own struct {
	log *natslog.Log

	rotating sync.Mutex // held while the key changes: it has one next key
}

var _ Log = (*Own)(nil)

// NewOwn returns the Log over log, which stays the caller's to close.
func NewOwn(log *natslog.Log) *Own { return &Own{log: log} }

// Key returns the note verifier line of the key that signs.
func (o *Own) Key(context.Context) (string, error) { return o.log.Verifier() }

// Checkpoint returns a signed checkpoint of the log as it is now.
func (o *Own) Checkpoint(ctx context.Context) ([]byte, error) {
	head, err := o.log.Latest(ctx)
	if err != nil {
		return nil, err
	}
	return sign(o.log, head)
}

// Prove returns the proof that an event stands in the log.
func (o *Own) Prove(ctx context.Context, seq events.Seq) (*merkle.Proof, error) {
	if _, err := o.log.Latest(ctx); err != nil {
		return nil, err
	}
	return Prove(ctx, o.log, seq)
}

// Consistency returns the proof that the first to events go on from the first
// from. It returns ErrNoEvent where the log does not reach so far.
func (o *Own) Consistency(ctx context.Context, from, to uint64) ([]merkle.Hash, error) {
	head, err := o.log.Latest(ctx)
	if err != nil {
		return nil, err
	}
	return consistency(ctx, o.log, head, from, to)
}

func consistency(ctx context.Context, log *natslog.Log, head natslog.Head, from, to uint64) (hashes []merkle.Hash, err error) {
	switch {
	case to > uint64(head.N):
		return nil, noEvent(events.Seq(to), head.N)
	case from > to:
		return nil, noEvent(events.Seq(from), events.Seq(to))
	case from == 0 || from == to:
		return nil, nil
	}
	err = withTiles(ctx, log, head, func(r tlog.HashReader) (err error) {
		hashes, err = merkle.Consistency(r, to, from)
		return err
	})
	return hashes, err
}

// Greeting is what a log says to a client that may have seen it before.
type Greeting struct {
	// Tree is the log as this process knows it, Signed the same as a checkpoint; nil
	// where there is no key that can be read.
	Tree   merkle.Checkpoint
	Signed []byte
	// Proofs are those that the log goes on from each of the sizes that were seen;
	// nil where it does not reach so far.
	Proofs [][]merkle.Hash
}

// How long a process that is behind waits until it has what a client saw.
const (
	behindWait  = 2 * time.Second
	behindAgain = 50 * time.Millisecond
)

// Greeting greets a client that saw the log at these sizes.
func (o *Own) Greeting(ctx context.Context, seen []uint64) (Greeting, error) {
	head := o.log.Head()
	var most uint64
	for _, n := range seen {
		most = max(most, n)
	}
	for until := time.Now().Add(behindWait); uint64(head.N) < most; {
		var err error
		if head, err = o.log.Latest(ctx); err != nil {
			return Greeting{}, err
		}
		if o.log.Dir() != "" || uint64(head.N) >= most || time.Now().After(until) {
			break // of a log elsewhere, a replica that is behind may have answered
		}
		select {
		case <-time.After(behindAgain):
		case <-ctx.Done():
			return Greeting{}, ctx.Err()
		}
	}
	g := Greeting{Tree: merkle.Checkpoint{Origin: o.log.Origin(), N: uint64(head.N), Root: head.Root}}
	g.Signed, _ = sign(o.log, head) // doctor says what is wrong with the key
	for _, n := range seen {
		hashes, err := consistency(ctx, o.log, head, n, g.Tree.N)
		if err != nil && !errors.Is(err, ErrNoEvent) {
			return Greeting{}, err
		}
		g.Proofs = append(g.Proofs, hashes)
	}
	return g, nil
}

// Tree returns how far this process knows the log to reach, unsigned.
func (o *Own) Tree() merkle.Checkpoint {
	head := o.log.Head()
	return merkle.Checkpoint{Origin: o.log.Origin(), N: uint64(head.N), Root: head.Root}
}

// Backup writes a backup to w.
func (o *Own) Backup(ctx context.Context, w io.Writer, progress func(done events.Seq)) (*merkle.Checkpoint, error) {
	if _, err := o.log.Latest(ctx); err != nil {
		return nil, err
	}
	return Backup(ctx, o.log, w, progress)
}

// Verify reads all events and checks them as [VerifyBackup] does. What the
// directory says besides is for [Verify].
func (o *Own) Verify(ctx context.Context, opts Options) (*Report, error) {
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		_, err := o.Backup(ctx, w, nil)
		w.CloseWithError(err)
		written <- err
	}()
	report, err := VerifyBackup(r, opts)
	r.Close()
	if writeErr := <-written; writeErr != nil && !errors.Is(writeErr, io.ErrClosedPipe) {
		return nil, writeErr
	}
	return report, err
}

// RotateKey makes a new key.
func (o *Own) RotateKey(ctx context.Context, s Stamp) (verifier string, seq events.Seq, err error) {
	o.rotating.Lock()
	defer o.rotating.Unlock()
	return RotateKey(ctx, o.log, s)
}
