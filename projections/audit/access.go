package audit

import (
	"fmt"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/projections/members"
)

// Access is the fold that tells each of the log's own events: who may use it, and
// who was refused. It is not safe for concurrent use.
type Access struct{ state *members.State }

// NewAccess returns the history before the log's first event.
func NewAccess() *Access { return &Access{members.New()} }

// State returns who may use the log after the last event told. It must not be
// changed, and changes with the next.
func (a *Access) State() *members.State { return a.state }

// Next tells env, the next of the log's own events. It returns an error where the
// fold does; the row then still says which.
func (a *Access) Next(env events.Envelope) (Row, error) {
	row := DescribeAccess(a.state, env)
	st, err := members.Evolve(a.state, env)
	a.state = st
	return row, err
}

// DescribeAccess is [Describe] for one of the log's own events: before must be the
// state right before it, and is not changed.
//
//	added     user bob                 editor of plan
//	changed   user bob                 editor of plan → viewer of all
//	removed   user bob                 was viewer
//	created   token 9f3c2e1a of bob    laptop, until 2027-01-01 00:00 UTC
//	revoked   token 9f3c2e1a of bob
//	refused   POST /api/v1/checklists from 192.0.2.7    expired token, 3 times
//
// It shows neither a token nor its hash.
func DescribeAccess(before *members.State, env events.Envelope) Row {
	r := newRow(env)
	if env.Data == nil {
		r.Action = "unreadable"
		return r
	}
	r.Kind, r.Subject = env.Data.Kind(), env.Data.Subject()
	r.Action = checklist.Clean(r.Kind.Verb())
	change := func(field string, from, to any) { r.Changes = append(r.Changes, Change{field, from, to}) }
	user := func(name string, role, checklists any) {
		r.Text = "user " + name
		var wasRole, wasChecklists any
		if u := before.User(name); u != nil {
			wasRole, wasChecklists = str(u.Role), strs(u.Checklists)
		}
		change("role", wasRole, role)
		change("checklists", wasChecklists, checklists)
	}
	token := func(id, owner string) {
		r.Text = "token " + id
		if owner != "" {
			r.Text += " of " + owner
		}
	}
	switch e := env.Data.(type) {
	case *events.LogOpened:
		r.Text = "log " + e.Origin
		change("key", nil, str(e.Key))
	case *events.SignerAdded:
		r.Text = signer(e.Key, e.Server)
		change("key", nil, str(e.Key))
	case *events.SignerRemoved:
		r.Text = signer(e.Key, "")
		change("key", str(e.Key), nil)
	case *events.UserAdded:
		user(e.User, str(e.Role), strs(e.Checklists))
	case *events.UserChanged:
		user(e.User, str(e.Role), strs(e.Checklists))
	case *events.UserRemoved:
		user(e.User, nil, nil)
	case *events.TokenCreated:
		token(e.Token, e.User)
		change("label", nil, str(e.Label))
		var expires any
		if !e.Expires.IsZero() {
			expires = e.Expires.UTC().Format(time.RFC3339)
		}
		change("expires", nil, expires)
	case *events.TokenRevoked:
		owner := ""
		if t := before.Token(e.Token); t != nil {
			owner = t.User
		}
		token(e.Token, owner)
		change("revoked", false, true)
	case *events.PublicationBegun:
		r.Text = "checklist " + e.Checklist
		change("from", nil, str(e.From))
	case *events.AccessRefused:
		r.Text = strings.TrimSpace(e.Action + " from " + e.Remote)
		change("door", nil, str(e.Door))
		change("action", nil, str(e.Action))
		change("remote", nil, str(e.Remote))
		change("why", nil, str(e.Why))
		change("count", nil, e.Count)
	case *events.Unreadable:
		r.Action = "unreadable"
	case *events.Unknown:
		r.Subject = r.Kind.Noun()
		r.Action = checklist.Clean(r.Kind.Noun() + " " + r.Kind.Verb())
	}
	return r
}

// signer names a key by what stands before its bytes in a verifier line, "name+hash".
func signer(line, server string) string {
	name := "key " + line
	if i := strings.LastIndexByte(line, '+'); i > 0 {
		name = "key " + line[:i]
	}
	if server != "" {
		name += " of " + server
	}
	return name
}

// accessDetail tells what one of the log's own events changes, in one line.
func (r Row) accessDetail() string {
	get := func(field string) Change { c, _ := r.Change(field); return c }
	switch r.Kind {
	case events.KindUserAdded:
		return roleOf(get("role").After, get("checklists").After)
	case events.KindUserRemoved:
		if role := roleOf(get("role").Before, get("checklists").Before); role != "" {
			return "was " + role
		}
	case events.KindUserChanged:
		before, after := roleOf(get("role").Before, get("checklists").Before), roleOf(get("role").After, get("checklists").After)
		if was, is := len(elements(get("checklists").Before)), len(elements(get("checklists").After)); was > 0 && is == 0 {
			after += " of all"
		} else if was == 0 && is > 0 {
			before += " of all"
		}
		return before + " → " + after
	case events.KindTokenCreated:
		parts := filled(elementOf(get("label").After))
		if until, err := time.Parse(time.RFC3339, elementOf(get("expires").After)); err == nil {
			parts = append(parts, "until "+until.Format("2006-01-02 15:04 UTC"))
		}
		return strings.Join(parts, ", ")
	case events.KindPublicationBegun:
		return "from " + elementOf(get("from").After)
	case events.KindAccessRefused:
		why := elementOf(get("why").After)
		if n, _ := get("count").After.(int); n > 1 {
			return fmt.Sprintf("%s, %d times", why, n)
		}
		return why
	}
	return ""
}

// elementOf is a text for people, "" for nothing.
func elementOf(v any) string {
	s, _ := v.(string)
	return checklist.Clean(s)
}

// roleOf is "editor of plan, release"; "" for no role.
func roleOf(role, checklists any) string {
	s := elementOf(role)
	if list := elements(checklists); s != "" && len(list) > 0 {
		s += " of " + checklist.Clean(strings.Join(list, ", "))
	}
	return s
}
