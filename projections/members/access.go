package members

import (
	"slices"

	"cairn/events"
)

// Role is what a user may do, in one word.
type Role string

// The roles. Each may all that the one before it may.
const (
	// Viewer may look.
	Viewer Role = "viewer"
	// Editor may change checklists and, without a limit, make new ones.
	Editor Role = "editor"
	// Admin may also say who may do what.
	Admin Role = "admin"
)

// Roles returns the roles, the least first.
func Roles() []Role { return []Role{Viewer, Editor, Admin} }

// Valid reports whether this version knows r. A role that it does not know may
// nothing.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// Right is what a door asks for before it does something.
type Right string

// The rights. The zero Right is held by nobody.
const (
	// See: the views and the events of a checklist.
	See Right = "see"
	// Change: a command on a checklist.
	Change Right = "change"
	// Create: a checklist that is not there yet.
	Create Right = "create"
	// Trust: proofs and checkpoints, which tell the hash of everything and the
	// content of nothing.
	Trust Right = "trust"
	// Administer: users, tokens and keys, the log's own events in any form, the
	// log as a whole.
	Administer Right = "administer"
)

// Rights returns all rights.
func Rights() []Right { return []Right{See, Change, Create, Trust, Administer} }

// Identity is who asks, as far as a door found out, and what that allows.
type Identity struct {
	// User is the user's name; without users, the actor as declared.
	User string
	Role Role
	// Checklists limits the role to these; none is no limit.
	Checklists []string
	// Token is the id of the token that was shown, "" where none was.
	Token string
	// Auth says how User is known, as events.Actor does.
	Auth string
}

// Actor returns the identity as the actor of an event.
func (id Identity) Actor() events.Actor { return events.Actor{ID: id.User, Auth: id.Auth} }

// Limited reports whether the identity may act on some checklists only.
func (id Identity) Limited() bool { return len(id.Checklists) > 0 }

// May reports whether the identity has a right on a checklist. The checklist ""
// is all of them together, which somebody with a limit never has.
//
//	                viewer  editor  admin
//	See               x       x       x     within the limit
//	Change                    x       x     within the limit
//	Create                    x       x     without a limit
//	Trust             x       x       x     always
//	Administer                        x     without a limit
func (id Identity) May(right Right, checklist string) bool {
	if !id.Role.Valid() {
		return false
	}
	within := !id.Limited() || checklist != "" && slices.Contains(id.Checklists, checklist)
	switch right {
	case See:
		return within
	case Change:
		return id.Role != Viewer && within
	case Create:
		return id.Role != Viewer && !id.Limited()
	case Trust:
		return true
	case Administer:
		return id.Role == Admin && !id.Limited()
	}
	return false
}
