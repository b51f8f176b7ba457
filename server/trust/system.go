package trust

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/events/natslog"
	"cairn/server/commands"
)

// Stamp is who changes the keys of a log, and when. All of it is required but ID
// and Reason.
type Stamp struct {
	// ID is that of the command, a UUID: the same again changes nothing. Empty is a
	// new one.
	ID     string
	Actor  events.Actor
	Via    string
	Reason string
	Now    func() time.Time
	NewID  func() string
}

// envelopes stamps the events of one command behind the position that the log's
// own events have reached.
func (s *Stamp) envelopes(command string, at position, data ...events.Event) []events.Envelope {
	now, id := s.Now().UTC(), s.ID
	if id == "" {
		id = s.NewID()
	}
	effective := now
	if effective.Before(at.effective) {
		effective = at.effective
	}
	var envs []events.Envelope
	for i, d := range data {
		envs = append(envs, events.Envelope{
			ID: s.NewID(), Revision: at.revision + uint64(i) + 1, Time: now, RecordedTime: now, EffectiveTime: effective,
			Actor: s.Actor, Via: s.Via, CommandID: id, CommandName: command, Part: i + 1, Parts: len(data),
			Reason: s.Reason, Data: d,
		})
	}
	return envs
}

// system reads the log's own events: how far they have come, its keys, and the
// events of the command with an id, which may be empty.
func system(ctx context.Context, log events.Log, id string) (keys Keys, at position, done []events.Envelope, err error) {
	origin := ""
	for env, err := range log.Read(ctx, events.Filter{System: true}) {
		if err != nil {
			return nil, at, nil, err
		}
		if opened, ok := env.Data.(*events.LogOpened); ok {
			origin = opened.Origin
		}
		if d := keys.evolve(origin, &env); d != nil {
			return nil, at, nil, d
		}
		if id != "" && env.CommandID == id {
			done = append(done, env)
		}
		at = position{env.Seq, env.Revision, env.EffectiveTime}
	}
	return keys, at, done, nil
}

// KeysOf returns the keys that a log announces.
func KeysOf(ctx context.Context, log events.Log) (Keys, error) {
	keys, _, _, err := system(ctx, log, "")
	return keys, err
}

// conflicts is how often another process may be quicker.
const conflicts = 10

// appendSystem appends the events of one command, which decide makes of the keys,
// and returns the last of them. What was done by a command of that id before is
// returned as it was: then nothing is appended.
func appendSystem(ctx context.Context, log events.Log, s *Stamp, command string, decide func(Keys) ([]events.Event, error)) (last events.Seq, before []events.Envelope, err error) {
	for try := 1; ; try++ {
		keys, at, done, err := system(ctx, log, s.ID)
		if err != nil {
			return 0, nil, err
		}
		if len(done) > 0 && done[0].CommandName != command {
			return 0, nil, &commands.Error{
				Code: commands.CodeCommandReused, Message: fmt.Sprintf("the command id %s was used for another command (@%d)", s.ID, done[0].Seq), Hint: "Nothing was written. A new command needs a new --id.",
			}
		}
		if len(done) > 0 {
			return done[len(done)-1].Seq, done, nil
		}
		data, err := decide(keys)
		if err != nil || len(data) == 0 {
			return 0, nil, err
		}
		seq, err := log.Append(ctx, []events.Append{{Expect: at.seq, Events: s.envelopes(command, at, data...)}})
		if err == nil || !errors.Is(err, events.ErrConflict) || try == conflicts {
			return seq, nil, err
		}
	}
}

// RotateKey makes a new key for a log and returns its verifier line and
// the sequence of the event that announces it: signer.added, with the voucher of
// the old key, and behind it signer.removed of that one, both or neither. The log decides which key
// counts, so a crash at any point leaves one that works: until the events are
// stored the old one, from then on the new one. Without a readable old key
// nothing vouches for the new one, and nothing is removed.
//
// Checkpoints that the old key signed stay valid. With the id of a command that
// did it before, it returns what that returned, and changes nothing.
func RotateKey(ctx context.Context, log *natslog.Log, s Stamp) (verifier string, seq events.Seq, err error) {
	if err := commands.CheckID(s.ID); err != nil {
		return "", 0, err
	}
	if err := log.SettleKey(ctx); err != nil {
		return "", 0, err
	}
	old, oldErr := log.Signer()
	oldLine, _ := log.Verifier()
	both := events.Seq(0)
	seq, before, err := appendSystem(ctx, log, &s, "RotateKey", func(keys Keys) (decided []events.Event, err error) {
		both = 0
		if verifier == "" {
			if verifier, err = log.NextKey(); err != nil {
				return nil, err
			}
		}
		added := &events.SignerAdded{Key: verifier}
		if oldErr != nil || !signsNow(keys, oldLine) {
			return []events.Event{added}, nil
		}
		if added.Signature, err = merkle.Endorse(log.Origin(), verifier, old); err != nil {
			return nil, err
		}
		if k := keys.Find(oldLine); k != nil {
			added.Server = k.Server
		}
		both = 1
		return []events.Event{added, &events.SignerRemoved{Key: oldLine}}, nil
	})
	if err != nil {
		return "", 0, fmt.Errorf("rotate the key: %w", err) // whether it is stored, the next to open the log finds out
	}
	for _, env := range before {
		if added, ok := env.Data.(*events.SignerAdded); ok {
			return added.Key, env.Seq, log.SettleKey(ctx)
		}
	}
	return verifier, seq - both, log.SettleKey(ctx)
}

// signsNow reports whether the key may sign what comes next.
func signsNow(keys Keys, line string) bool {
	k := keys.Find(line)
	return k != nil && k.Removed == 0
}

// AddSigner announces the key of a further server of a log. With by, a key that
// may sign already, that key vouches for it; nil where there is none at hand. It
// returns 0 where the key may sign already.
func AddSigner(ctx context.Context, log *natslog.Log, verifier, server string, by note.Signer, s Stamp) (events.Seq, error) {
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return 0, fmt.Errorf("add a signer: %w key: %w", merkle.ErrMalformed, err)
	}
	if v.Name() != log.Origin() {
		return 0, fmt.Errorf("add a signer: %w key: its name is %s, want %s", merkle.ErrMalformed, v.Name(), log.Origin())
	}
	seq, _, err := appendSystem(ctx, log, &s, "AddSigner", func(keys Keys) ([]events.Event, error) {
		if signsNow(keys, verifier) {
			return nil, nil
		}
		added := &events.SignerAdded{Key: verifier, Server: server}
		if by != nil {
			if added.Signature, err = merkle.Endorse(log.Origin(), verifier, by); err != nil {
				return nil, err
			}
		}
		return []events.Event{added}, nil
	})
	return seq, err
}

// RemoveSigner says that a key signs no more from here on. It returns 0 where it
// may not sign anyway.
func RemoveSigner(ctx context.Context, log *natslog.Log, verifier string, s Stamp) (events.Seq, error) {
	seq, _, err := appendSystem(ctx, log, &s, "RemoveSigner", func(keys Keys) ([]events.Event, error) {
		if !signsNow(keys, verifier) {
			return nil, nil
		}
		return []events.Event{&events.SignerRemoved{Key: verifier}}, nil
	})
	return seq, err
}
