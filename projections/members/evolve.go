package members

import (
	"fmt"
	"slices"

	"cairn/events"
	"cairn/projections"
)

// Projection folds the log's own events.
var Projection = projections.Projection[*State]{
	Name: "members", Version: 1, Init: New, Evolve: Evolve,
}

// New returns the state before the first event.
func New() *State {
	return &State{
		users: make(map[string]*User), tokens: make(map[string]*Token), byHash: make(map[string]*Token),
		arriving: make(map[string]string), commands: make(projections.Commands),
	}
}

// Evolve returns the state after env, one of the log's own events; it changes
// st in place. It never refuses: it stores what the event says. What an event
// says about a user or a token that never was does nothing, and so does an
// event of an unknown kind.
//
// It returns an error for an unreadable event.
func Evolve(st *State, env events.Envelope) (*State, error) {
	if e, ok := env.Data.(*events.Unreadable); ok {
		return st, fmt.Errorf("unreadable event: %w", e.Err)
	}
	at := Event{Seq: env.Seq, At: env.EffectiveTime, By: env.Actor, Reason: env.Reason}
	st.last, st.Revision = env.Seq, env.Revision
	if env.EffectiveTime.After(st.Effective) {
		st.Effective = env.EffectiveTime
	}
	st.commands.Record(env)
	switch e := env.Data.(type) {
	case *events.LogOpened:
		st.Origin = e.Origin
		st.signer(e.Key, "", at)
	case *events.SignerAdded:
		st.signer(e.Key, e.Server, at)
	case *events.SignerRemoved:
		for i := range st.Signers {
			if s := &st.Signers[i]; s.Key == e.Key && s.Removed.Seq == 0 {
				s.Removed = at
			}
		}
	case *events.UserAdded:
		u := st.users[e.User]
		if u == nil || !u.there() {
			u = &User{Name: e.User, Added: at}
			st.users[e.User] = u
		}
		u.Role, u.Checklists, u.Changed = Role(e.Role), slices.Clone(e.Checklists), at
	case *events.UserChanged:
		if u := st.User(e.User); u != nil {
			u.Role, u.Checklists, u.Changed = Role(e.Role), slices.Clone(e.Checklists), at
		}
	case *events.UserRemoved:
		if u := st.User(e.User); u != nil {
			u.Removed = at
		}
	case *events.TokenCreated:
		st.token(&Token{ID: e.Token, User: e.User, Hash: e.Hash, Label: e.Label, Expires: e.Expires, Created: at})
	case *events.TokenRevoked:
		if t := st.tokens[e.Token]; t != nil && t.Revoked.Seq == 0 {
			t.Revoked = at
		}
	case *events.PublicationBegun:
		st.arriving[e.Checklist] = e.From
	case *events.AccessRefused:
		st.Refusals.Attempts += max(e.Count, 1)
		st.Refusals.Last = at
	}
	return st, nil
}

func (st *State) signer(key, server string, at Event) {
	st.Signers = append(st.Signers, Signer{Key: key, Server: server, Added: at})
}

// token takes in a token. An id or a hash that is taken stays whose it is: the
// later event cannot make a revoked one open again.
func (st *State) token(t *Token) {
	if st.tokens[t.ID] != nil || st.byHash[t.Hash] != nil {
		return
	}
	st.tokens[t.ID], st.byHash[t.Hash] = t, t
}
