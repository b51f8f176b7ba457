package trust

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/events/natslog"
)

// Restored is what Restore made.
type Restored struct {
	*Report
	// Verifier is the note verifier line of the log's new key, Seq the event that
	// announces it: the last one.
	Verifier string
	Seq      events.Seq
	// Later is what this client remembers of the log, where that is more than the
	// backup holds; nil if it is not.
	Later *natslog.Memory
}

// Restore makes a log in c.Dir of a backup: the same events at the same
// sequences, so every checkpoint and proof of the log stays valid. The log gets a
// new key, announced by one more event. The backup is checked as [VerifyBackup]
// does before anything is made, and read a second time to be stored.
//
// c.Dir must not exist or be empty, else it is [natslog.ErrExists]. After an error
// nothing is left; after a crash the same call begins anew; see [natslog.Restore].
func Restore(ctx context.Context, backup io.ReadSeeker, c natslog.Config, s Stamp, o Options) (*Restored, error) {
	return restore(backup, c.Memory, s, o, func(origin string, bodies bodies, last announce) (natslog.Head, error) {
		return natslog.Restore(ctx, c, origin, bodies, last)
	})
}

// RestoreRemote is [Restore] into the JetStream at server, where no log may be:
// that is [natslog.ErrExists]. The log's new key lies below r.State. What was cut
// off, the same call completes; see [natslog.RestoreRemote].
func RestoreRemote(ctx context.Context, backup io.ReadSeeker, server string, r natslog.Remote, s Stamp, o Options) (*Restored, error) {
	return restore(backup, r.Memory, s, o, func(origin string, bodies bodies, last announce) (natslog.Head, error) {
		return natslog.RestoreRemote(ctx, server, r, origin, bodies, last)
	})
}

type (
	bodies   = iter.Seq2[[]byte, error]
	announce = func(verifier string) (*events.Envelope, error)
)

func restore(backup io.ReadSeeker, memory string, s Stamp, o Options, store func(string, bodies, announce) (natslog.Head, error)) (*Restored, error) {
	report, err := VerifyBackup(backup, o)
	if err != nil {
		return nil, err
	}
	if _, err := backup.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read the backup again: %w", err)
	}
	r := &Restored{Report: report}
	if seen := natslog.Recall(memory, report.Origin); memory != "" && seen != nil && seen.N > uint64(report.N) {
		r.Later = seen
	}
	head, err := store(report.Origin, again(backup, report), func(verifier string) (*events.Envelope, error) {
		r.Verifier = verifier
		return &s.envelopes("RestoreLog", *report.lists[""], &events.SignerAdded{Key: verifier})[0], nil
	})
	r.Seq = head.N
	return r, err
}

// again yields the bodies of a backup that was checked, and an error in the end
// if they are not the same any more.
func again(backup io.Reader, report *Report) func(yield func([]byte, error) bool) {
	return func(yield func([]byte, error) bool) {
		var f merkle.Frontier
		for line, err := range backupLines(backup) {
			if err != nil {
				yield(nil, err)
				return
			}
			if bytes.HasPrefix(line, []byte(lastPrefix)) {
				break
			}
			body := bytes.Clone(line[:len(line)-1])
			_, leaf := decodeLine(0, body)
			f.Append(leaf)
			if !yield(body, nil) {
				return
			}
		}
		if f.Root() != report.Root {
			yield(nil, damage(Altered, 1, "the backup changed while it was read"))
		}
	}
}
