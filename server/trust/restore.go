package trust

import (
	"bytes"
	"context"
	"fmt"
	"io"

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
	report, err := VerifyBackup(backup, o)
	if err != nil {
		return nil, err
	}
	if _, err := backup.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read the backup again: %w", err)
	}
	r := &Restored{Report: report}
	if seen := natslog.Recall(c.Memory, report.Origin); c.Memory != "" && seen != nil && seen.N > uint64(report.N) {
		r.Later = seen
	}
	head, err := natslog.Restore(ctx, c, report.Origin, again(backup, report), func(verifier string) (*events.Envelope, error) {
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
