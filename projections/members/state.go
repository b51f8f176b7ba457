// Package members is who may use a log: the fold of the log's own events
// (cairn.sys) into users, tokens and signers, and what a role allows.
//
// For most uses, fold [Projection] over the log's own events, ask
// [State.Authenticate] who shows a token, and [Identity.May] what that allows.
package members

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"cairn/events"
	"cairn/projections"
)

// State is who may use the log at one moment. Only Evolve changes it.
type State struct {
	// Origin names the log.
	Origin string
	// Signers are the keys that were announced, in order.
	Signers []Signer
	// Refusals counts the attempts that were turned away.
	Refusals Refusals
	// Revision is the number of events, Effective the last effective time.
	Revision  uint64
	Effective time.Time

	last     events.Seq
	users    map[string]*User
	tokens   map[string]*Token // by id
	byHash   map[string]*Token
	arriving map[string]string // origins by checklists
	commands projections.Commands
}

// Event is one event, seen from what it changed. Its zero value is none.
type Event struct {
	Seq events.Seq
	// At is the effective time.
	At     time.Time
	By     events.Actor
	Reason string
}

// User is somebody who may use the log, or might once.
type User struct {
	Name string
	Role Role
	// Checklists limits the role to these, by their exact names; none is no limit.
	Checklists []string
	// Added is when he came, the last time if he was removed in between; Changed
	// the last change of what he may; Removed when he went, zero while he is there.
	Added, Changed, Removed Event
}

// Token is a secret that opens the log for a user. The secret itself is nowhere.
type Token struct {
	ID, User string
	// Hash is the SHA-256 of the secret, in hex.
	Hash string
	// Label is what its owner calls it; optional.
	Label string
	// Expires is when it stops working; zero is never.
	Expires time.Time
	// Created and Revoked are the events; Revoked is zero where it was not.
	Created, Revoked Event
}

// Signer is a key that may sign checkpoints. Which of them somebody may trust,
// package trust says.
type Signer struct {
	// Key is its note verifier line.
	Key, Server string
	// Added and Removed are the events; Removed is zero while it signs.
	Added, Removed Event
}

// Refusals counts what was turned away.
type Refusals struct {
	// Attempts is how many there were, Last the last event that counted some.
	Attempts int
	Last     Event
}

// Seq returns the sequence of the last of the log's own events, 0 before the first.
func (st *State) Seq() events.Seq { return st.last }

// Position returns how far the fold has come.
func (st *State) Position() projections.Position {
	return projections.Position{Seq: st.last, Revision: st.Revision, Effective: st.Effective}
}

// Command returns where the events of command id lie.
func (st *State) Command(id string) (projections.Command, bool) {
	c, ok := st.commands[id]
	return c, ok
}

// Arriving returns the origin of the log from which a checklist was last begun to
// be taken over; "" if it never was. Whether it arrived, the checklist says.
func (st *State) Arriving(checklist string) string { return st.arriving[checklist] }

// Closed reports whether the log has users: only they may use it then.
func (st *State) Closed() bool {
	for _, u := range st.users {
		if u.there() {
			return true
		}
	}
	return false
}

func (u *User) there() bool { return u.Removed.Seq == 0 }

// User returns the user of that name, nil where there is none now.
func (st *State) User(name string) *User {
	if u := st.users[name]; u != nil && u.there() {
		return u
	}
	return nil
}

// Former reports whether there was a user of that name, who is not there now.
func (st *State) Former(name string) bool { return st.users[name] != nil && st.User(name) == nil }

// Users returns the users by name.
func (st *State) Users() []*User {
	return slices.SortedFunc(func(yield func(*User) bool) {
		for _, u := range st.users {
			if u.there() && !yield(u) {
				return
			}
		}
	}, func(a, b *User) int { return cmp.Compare(a.Name, b.Name) })
}

// Admins returns the names of those who may administer the log, sorted.
func (st *State) Admins() []string {
	var names []string
	for _, u := range st.Users() {
		if u.identity().May(Administer, "") {
			names = append(names, u.Name)
		}
	}
	return names
}

// Token returns the token of that id, also one that opens nothing any more; nil
// where there never was one.
func (st *State) Token(id string) *Token { return st.tokens[id] }

// Opened reports whether there ever was a token with that hash.
func (st *State) Opened(hash string) bool { return st.byHash[hash] != nil }

// Tokens returns all tokens, also those that open nothing any more, oldest first.
func (st *State) Tokens() []*Token {
	return slices.SortedFunc(maps.Values(st.tokens), func(a, b *Token) int {
		return cmp.Or(cmp.Compare(a.Created.Seq, b.Created.Seq), cmp.Compare(a.ID, b.ID))
	})
}

func (u *User) identity() Identity {
	return Identity{User: u.Name, Role: u.Role, Checklists: slices.Clone(u.Checklists)}
}
