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
)

// Stamp is who changes the keys of a log, and when. All of it is required but
// Reason.
type Stamp struct {
	Actor  events.Actor
	Via    string
	Reason string
	Now    func() time.Time
	NewID  func() string
}

// envelopes stamps the events of one command behind the position that the log's
// own events have reached.
func (s *Stamp) envelopes(command string, at position, data ...events.Event) []events.Envelope {
	now, id := s.Now().UTC(), s.NewID()
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

// system reads the log's own events: how far they have come, and its keys.
func system(ctx context.Context, log events.Log) (Keys, position, error) {
	var keys Keys
	var at position
	origin := ""
	for env, err := range log.Read(ctx, events.Filter{System: true}) {
		if err != nil {
			return nil, at, err
		}
		if opened, ok := env.Data.(*events.LogOpened); ok {
			origin = opened.Origin
		}
		if d := keys.evolve(origin, &env); d != nil {
			return nil, at, d
		}
		at = position{env.Seq, env.Revision, env.EffectiveTime}
	}
	return keys, at, nil
}

// KeysOf returns the keys that a log announces.
func KeysOf(ctx context.Context, log events.Log) (Keys, error) {
	keys, _, err := system(ctx, log)
	return keys, err
}

// conflicts is how often another process may be quicker.
const conflicts = 10

// appendSystem appends the events of one command, which decide makes of the keys.
func appendSystem(ctx context.Context, log events.Log, s *Stamp, command string, decide func(Keys) ([]events.Event, error)) (events.Seq, error) {
	for try := 1; ; try++ {
		keys, at, err := system(ctx, log)
		if err != nil {
			return 0, err
		}
		data, err := decide(keys)
		if err != nil || len(data) == 0 {
			return 0, err
		}
		seq, err := log.Append(ctx, []events.Append{{Expect: at.seq, Events: s.envelopes(command, at, data...)}})
		if err == nil || !errors.Is(err, events.ErrConflict) || try == conflicts {
			return seq, err
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
// Checkpoints that the old key signed stay valid.
func RotateKey(ctx context.Context, log *natslog.Log, s Stamp) (verifier string, seq events.Seq, err error) {
	if err := log.SettleKey(ctx); err != nil {
		return "", 0, err
	}
	old, oldErr := log.Signer()
	oldLine, _ := log.Verifier()
	if verifier, err = log.NextKey(); err != nil {
		return "", 0, err
	}
	both := events.Seq(0)
	seq, err = appendSystem(ctx, log, &s, "RotateKey", func(keys Keys) ([]events.Event, error) {
		both = 0
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
	return appendSystem(ctx, log, &s, "AddSigner", func(keys Keys) ([]events.Event, error) {
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
}

// RemoveSigner says that a key signs no more from here on. It returns 0 where it
// may not sign anyway.
func RemoveSigner(ctx context.Context, log *natslog.Log, verifier string, s Stamp) (events.Seq, error) {
	return appendSystem(ctx, log, &s, "RemoveSigner", func(keys Keys) ([]events.Event, error) {
		if !signsNow(keys, verifier) {
			return nil, nil
		}
		return []events.Event{&events.SignerRemoved{Key: verifier}}, nil
	})
}
