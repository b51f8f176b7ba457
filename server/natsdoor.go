package server

import (
	"context"
	"sync/atomic"
	"time"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/projections/members"
	"cairn/server/access"
	"cairn/server/app"
)

// natsDoor is where NATS clients subscribe to the changes. It is closed until the
// gate stands.
type natsDoor struct {
	gate atomic.Pointer[access.Gate]
	life context.Context
}

// recheckEvery is how often the door looks whose token ran out.
const recheckEvery = 30 * time.Second

// authenticate says whose changes a client may see; see [natslog.Listen].
func (d *natsDoor) authenticate(c natslog.Client) (checklists []string, ok bool) {
	gate := d.gate.Load()
	if gate == nil {
		return nil, false
	}
	id, err := gate.Listen(d.life, access.Listener{Door: "nats", User: c.User, Token: c.Secret, From: c.From, Inside: c.Inside})
	switch {
	case err != nil, !id.Limited() && !id.May(members.See, ""):
		return nil, false
	case id.Limited():
		return id.Checklists, true
	}
	return nil, true
}

// watch ends the connections of those who lost their rights, as soon as the log
// says so or their token runs out, until ctx is done.
func (d *natsDoor) watch(ctx context.Context, log *natslog.Log, feed *app.Feed) {
	at := feed.Subscribe(feed.Position())
	defer at.Close()
	every := time.NewTicker(recheckEvery)
	defer every.Stop()
	log.Recheck()
	membership := func(env *events.Envelope) (bool, error) { return env.Checklist == "", nil }
	for ctx.Err() == nil {
		entries, more, err := at.Next(ctx, membership)
		if len(entries) > 0 {
			log.Recheck()
		}
		if err == nil && more == nil {
			continue
		}
		select { // a feed that failed: who is let in is asked for now and then
		case <-more:
		case <-every.C:
			log.Recheck()
		case <-ctx.Done():
		}
	}
}
