package access

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"cairn/projections/members"
)

// Listener is who wants to hear of changes at another door than HTTP.
type Listener struct {
	// Door is the door's name in the log.
	Door string
	// User is who it says it is; "" leaves that to the token.
	User string
	// Token is what it shows.
	Token string
	// From is its address.
	From netip.Addr
	// Inside says that it was let in and is asked about again: nothing is noted.
	Inside bool
}

// Listen returns who a listener is: the user of its token, or, where the log has no
// users, anybody on this machine. It returns *Error for one that is turned away,
// and notes that; other errors are those of Config.Members.
func (g *Gate) Listen(ctx context.Context, l Listener) (members.Identity, error) {
	id, err := g.hear(ctx, l)
	var refusal *Error
	if err == nil || l.Inside || !errors.As(err, &refusal) {
		return id, err
	}
	now := g.config.Now()
	from := source{addr: l.From, direct: true, known: l.From.IsValid()}
	g.tally.note(now, tallyKey{l.Door, from.group(), refusal.why}, "CONNECT")
	if refusal.guess {
		if wait := g.failures.failed(now, from.network()); wait > 0 {
			return members.Identity{}, tooMany(wait)
		}
	}
	return members.Identity{}, err
}

func (g *Gate) hear(ctx context.Context, l Listener) (id members.Identity, err error) {
	var opens error
	closed := false
	if err := g.config.Members(ctx, func(st *members.State) error {
		if closed = st.Closed(); closed {
			id, opens = st.Authenticate(Hash(l.Token), g.config.Now())
		}
		return nil
	}); err != nil {
		return members.Identity{}, err
	}
	switch {
	case !closed && (g.config.BehindProxy || !l.From.IsLoopback()):
		return members.Identity{}, forbidden("no users", "this log has no users, and to others it is closed without them", addFirst)
	case !closed && l.Token != "":
		return members.Identity{}, needsToken("a secret, and the log has no users", true)
	case !closed:
		return members.Identity{Role: members.Viewer}, nil
	case l.Token == "":
		return members.Identity{}, needsToken("no token", false)
	case opens != nil:
		return members.Identity{}, needsToken(strings.Replace(opens.Error(), members.ErrUnauthenticated.Error()+": ", "", 1), true)
	case l.User != "" && l.User != id.User:
		return members.Identity{}, needsToken("the token of somebody else", true)
	}
	return id, nil
}
