package trust

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/events/natslog"
)

// Backup writes a backup of a log to w: everything but its private key.
// It is NDJSON, a line for each event in the order of the log, byte for byte as
// it is stored, and a last line with the signed checkpoint over them:
//
//	{"specversion":"1.0","id":"0199…","source":"/log","type":"cairn.log.opened.v1",…}
//	{"specversion":"1.0","id":"0199…","source":"/checklists/migration",…}
//	{"checkpoint":"cairn/0199…\n412\nCsUY…=\n\n— cairn/0199… Az3g…\n"}
//
// So a backup that lost its end has no checkpoint, and one in which anything was
// changed does not lead to its root. Lines end with one line feed. The last
// line has this one form; more members may stand in it one day, behind this one.
//
// It returns what was signed, and [*Damage] where the log is not what its head
// says: then what was written is of no use.
func Backup(ctx context.Context, log *natslog.Log, w io.Writer, progress func(done events.Seq)) (*merkle.Checkpoint, error) {
	head := log.Head()
	signed, err := sign(log, head)
	if err != nil {
		return nil, err
	}
	out := bufio.NewWriterSize(w, 1<<20)
	var check Check
	for env, err := range log.Read(ctx, events.Filter{Upto: head.N}) {
		if err != nil {
			return nil, err
		}
		leaf, err := merkle.LeafOf(&env)
		if err != nil {
			return nil, damage(Unreadable, env.Seq, "@%d cannot be read: %v", env.Seq, err)
		}
		if d := check.Next(&env, leaf); d != nil {
			return nil, d
		}
		_, _ = out.Write(env.Body) // the first error stays, until Flush
		_ = out.WriteByte('\n')
		if progress != nil && check.N%1000 == 0 {
			progress(check.N)
		}
	}
	c := merkle.Checkpoint{Origin: log.Origin(), N: uint64(head.N), Root: head.Root}
	if check.Frontier.Root() != head.Root {
		return nil, damage(Altered, 1, "the log is not the one it was: its first %d events do not lead to its root", head.N)
	}
	if _, err := open(signed, check.Origin, check.Keys); err != nil {
		return nil, err // nobody would believe it
	}
	_, _ = out.Write(lastLine(signed))
	return &c, out.Flush()
}

// lastLine is the last line of a backup.
func lastLine(signed []byte) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(struct {
		Checkpoint string `json:"checkpoint"`
	}{string(signed)}); err != nil {
		panic(err) // a string is always encoded
	}
	return b.Bytes()
}

// lastPrefix begins the last line, and no event: the order of their members is
// part of their form.
const lastPrefix = `{"checkpoint":`

// parseLast returns the signed checkpoint of a last line.
func parseLast(line []byte) ([]byte, error) {
	var last struct {
		Checkpoint string `json:"checkpoint"`
	}
	if err := json.Unmarshal(line, &last); err != nil || !bytes.Equal(lastLine([]byte(last.Checkpoint)), line) {
		return nil, damage(Malformed, 0, "the last line of the backup is no checkpoint")
	}
	return []byte(last.Checkpoint), nil
}

// VerifyBackup checks a backup without any log: all that [Verify] does, the root
// against the checkpoint of the backup, and that against the keys that the events
// announce. It returns [*Damage], or an error of r.
func VerifyBackup(r io.Reader, o Options) (*Report, error) {
	check := &Check{}
	var signed []byte
	var claim *merkle.Checkpoint
	roots := make(map[uint64]merkle.Hash) // at the claim and at what was seen
	if o.Checkpoint != nil {
		c, err := merkle.ParseCheckpoint(o.Checkpoint)
		if err != nil {
			return nil, damage(Malformed, 0, "the checkpoint cannot be read: %v", err)
		}
		claim = &c
	}
	for line, err := range backupLines(r) {
		switch {
		case err != nil:
			return nil, err
		case signed != nil:
			return nil, damage(Malformed, check.N+1, "the backup goes on behind its checkpoint at @%d", check.N)
		case bytes.HasPrefix(line, []byte(lastPrefix)):
			if signed, err = parseLast(line); err != nil {
				return nil, err
			}
			continue
		}
		env, leaf := decodeLine(check.N+1, bytes.Clone(line[:len(line)-1]))
		if d := check.Next(&env, leaf); d != nil {
			return nil, d
		}
		if n := uint64(check.N); claim != nil && n == claim.N || o.Seen != nil && n == o.Seen.N {
			roots[n] = check.Frontier.Root()
		}
		if o.Progress != nil && check.N%1000 == 0 {
			o.Progress(check.N)
		}
	}
	if signed == nil {
		return nil, damage(Missing, check.N+1, "the backup was cut off: it ends at @%d, without its checkpoint", check.N)
	}
	keys := check.Keys
	if o.Key != "" {
		if keys = keys.From(o.Key); keys == nil {
			return nil, damage(Signature, 0, "%s has no such key", check.Origin)
		}
	}
	c, err := open(signed, check.Origin, keys)
	if err != nil {
		return nil, err
	}
	root := check.Frontier.Root()
	switch {
	case events.Seq(c.N) > check.N:
		return nil, damage(Missing, check.N+1, "the backup lacks events: it ends at @%d, its checkpoint at @%d", check.N, c.N)
	case events.Seq(c.N) < check.N:
		return nil, damage(Altered, events.Seq(c.N)+1, "the backup has more events than were backed up: %d, its checkpoint ends at @%d", check.N, c.N)
	case c.Root != root:
		return nil, damage(Altered, 1, "the backup is not what was backed up: its %d events do not lead to its root", check.N)
	}
	if claim != nil {
		if _, err := open(o.Checkpoint, check.Origin, keys); err != nil {
			return nil, err
		}
		switch {
		case claim.N > c.N:
			return nil, damage(Shorter, check.N+1, "the backup is older: it ends at @%d, the checkpoint at @%d", check.N, claim.N)
		case claim.N > 0 && roots[claim.N] != claim.Root:
			return nil, damage(Fork, 0, "the backup is of a log whose first %d events are not those of the checkpoint", claim.N)
		}
	}
	if d := continues(check, roots, o.Seen); d != nil {
		return nil, d
	}
	return &Report{Check: check, Root: root, Seen: o.Seen, Continues: claim}, nil
}

// continues checks a backup against what this client saw of the log.
func continues(c *Check, roots map[uint64]merkle.Hash, seen *merkle.Checkpoint) *Damage {
	switch {
	case seen == nil:
		return nil
	case seen.Origin != c.Origin:
		return damage(Origin, 1, "it is another log (%s) than the one seen there (%s)", c.Origin, seen.Origin)
	case uint64(c.N) < seen.N:
		return damage(Shorter, c.N+1, "the log is shorter than it was: it ends at @%d, we saw @%d", c.N, seen.N)
	case roots[seen.N] != seen.Root:
		return damage(Fork, 1, "the log is not the one it was: its first %d events differ from what we saw", seen.N)
	}
	return nil
}

// decodeLine reads an event of a backup.
func decodeLine(seq events.Seq, body []byte) (events.Envelope, merkle.Hash) {
	env, err := events.Unmarshal(body)
	if err != nil {
		env.Data, env.Body = &events.Unreadable{Err: err}, body
	}
	env.Seq = seq
	leaf, err := merkle.LeafOf(&env)
	if err != nil {
		env.Data = &events.Unreadable{Err: err}
	}
	return env, leaf
}

// backupLines yields the lines of a backup with their line feeds. A line is only
// valid until the next one.
func backupLines(r io.Reader) func(yield func([]byte, error) bool) {
	return func(yield func([]byte, error) bool) {
		in := bufio.NewReaderSize(r, events.MaxEvent+1)
		for n := events.Seq(1); ; n++ {
			line, err := in.ReadSlice('\n')
			switch {
			case errors.Is(err, io.EOF) && len(line) == 0:
				return
			case errors.Is(err, io.EOF):
				err = damage(Missing, n, "the backup was cut off within @%d", n)
			case errors.Is(err, bufio.ErrBufferFull):
				err = damage(Malformed, n, "line %d of the backup is longer than an event can be", n)
			case err != nil:
				err = fmt.Errorf("read the backup: %w", err)
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}
