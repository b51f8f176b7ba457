package members

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"cairn/events"
)

// ErrUnauthenticated is all that an outsider may learn of why a token opens
// nothing. The errors of [State.Authenticate] wrap it.
var ErrUnauthenticated = errors.New("this token opens nothing")

// Why a token opens nothing: for the audit alone.
var (
	ErrUnknownToken = fmt.Errorf("%w: unknown token", ErrUnauthenticated)
	ErrExpired      = fmt.Errorf("%w: expired token", ErrUnauthenticated)
	ErrRevoked      = fmt.Errorf("%w: revoked token", ErrUnauthenticated)
	ErrUserRemoved  = fmt.Errorf("%w: token of a removed user", ErrUnauthenticated)
)

// Authenticate returns who shows the token whose SHA-256 is secretHash, in
// lower-case hex, at now. Its errors wrap [ErrUnauthenticated] and say why for
// the audit.
//
// The time that it takes tells nothing of use about a token: what is looked up
// is the hash of what was shown, of which nobody can choose the beginning, and
// what is found is compared in constant time.
func (st *State) Authenticate(secretHash string, now time.Time) (Identity, error) {
	t := st.byHash[secretHash]
	if t == nil || subtle.ConstantTimeCompare([]byte(t.Hash), []byte(secretHash)) != 1 {
		return Identity{}, ErrUnknownToken
	}
	if err := st.opens(t, now); err != nil {
		return Identity{}, fmt.Errorf("token %s of %s: %w", t.ID, t.User, err)
	}
	id := st.users[t.User].identity()
	id.Token, id.Auth = t.ID, events.AuthenticatedUser
	return id, nil
}

// opens returns why a token opens nothing; nil where it opens.
func (st *State) opens(t *Token, now time.Time) error {
	u := st.users[t.User]
	switch {
	case t.Revoked.Seq != 0:
		return ErrRevoked
	case u == nil || !u.there() || t.Created.Seq < u.Added.Seq: // who is added again starts anew
		return ErrUserRemoved
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return ErrExpired
	}
	return nil
}

// Status says how a token stands at a moment.
type Status string

// How a token can stand.
const (
	Active      Status = "active"
	Expired     Status = "expired"
	Revoked     Status = "revoked"
	UserRemoved Status = "user_removed"
)

// Status returns how token t stands at now.
func (st *State) Status(t *Token, now time.Time) Status {
	switch err := st.opens(t, now); {
	case errors.Is(err, ErrRevoked):
		return Revoked
	case errors.Is(err, ErrUserRemoved):
		return UserRemoved
	case errors.Is(err, ErrExpired):
		return Expired
	}
	return Active
}
