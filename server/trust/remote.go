package trust

import (
	"context"
	"errors"
	"strings"

	"cairn/events"
	"cairn/events/natslog"
)

// InspectRemote is [Inspect] of a log in a JetStream elsewhere; see
// [natslog.InspectRemote].
func InspectRemote(ctx context.Context, server string, r natslog.Remote) (*natslog.Log, error) {
	log, err := natslog.InspectRemote(ctx, server, r)
	return log, asDamage(err)
}

// asDamage makes what is damaged at the opening of a log a [*Damage].
func asDamage(err error) error {
	var e *natslog.Error
	if !errors.As(err, &e) || !errors.Is(err, events.ErrIntegrity) {
		return err
	}
	d := &Damage{Kind: Head, Message: e.Message, Hint: e.Hint}
	if e.Seq > 0 {
		d.Kind, d.Seq = Missing, e.Seq
	}
	return d
}

// Join has a log elsewhere announce the key of this process, under the name of its
// machine. It returns the verifier line, and the sequence of the event that
// announces it; 0 where the log knows the key already.
//
// Whoever may append to the log may announce a key: nothing vouches for it. Who
// checks with another key of the log ([Options].Key) does not believe it.
func Join(ctx context.Context, log *natslog.Log, machine string, s Stamp) (verifier string, seq events.Seq, err error) {
	if verifier, err = log.Verifier(); err != nil {
		return "", 0, err
	}
	seq, err = AddSigner(ctx, log, verifier, machine, nil, s)
	return verifier, seq, err
}

// Joined returns [natslog.ErrNotFound] where a log elsewhere does not know the key
// of this process: nobody would believe what it signs.
func Joined(ctx context.Context, log *natslog.Log) error {
	verifier, err := log.Verifier()
	if err != nil {
		return err
	}
	keys, err := KeysOf(ctx, log)
	if err != nil || signsNow(keys, verifier) {
		return err
	}
	return &natslog.Error{
		Err: natslog.ErrNotFound, Message: "the log does not know the key of this client, in " + log.KeyDir(),
		Hint: "cairn key --nats URL announces it.",
	}
}

// DoctorRemote is [Doctor] of a log in a JetStream elsewhere, which looks at what
// can be seen from here, and at the key below r.State.
func DoctorRemote(ctx context.Context, server string, r natslog.Remote) []Finding {
	d := &doctor{}
	log, err := InspectRemote(ctx, server, r)
	if err != nil {
		d.bad("store", err, "Look whether NATS runs there, and whether this is its address.")
		return d.found
	}
	defer log.Close()
	d.ok("store", "%s, %s", log.Place(), log.Opened().Origin)
	d.replicas(ctx, log)
	d.stream(log)
	d.head(log)
	if log.KeyDir() == "" {
		d.ok("key", "none of this client's in %s; without one it verifies but signs nothing", r.State)
	} else {
		d.key(ctx, log)
	}
	d.memory(log)
	d.versions(log.Opened().Format)
	return d.found
}

// replicas looks whether each copy of the log is there and up to date.
func (d *doctor) replicas(ctx context.Context, log *natslog.Log) {
	copies, err := log.Copies(ctx)
	if err != nil {
		d.bad("copies", err, "Look at the nodes of the cluster.")
		return
	}
	var away []string
	for _, c := range copies {
		if c.Offline || !c.Current {
			away = append(away, c.Node)
		}
	}
	switch {
	case len(away) > 0:
		d.sick("copies", "Bring that node back: with one more away, nothing is written.", "%d of %d: %s is away or behind", len(copies)-len(away), len(copies), strings.Join(away, ", "))
	case len(copies) < 3:
		d.ok("copies", "one; what its node loses is lost but for the backups")
	default:
		d.ok("copies", "%d, all up to date; the leader is %s", len(copies), copies[0].Node)
	}
}
