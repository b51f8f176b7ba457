package members

import (
	"slices"
	"time"

	"cairn/events"
)

// UserJSON is the JSON form of a user. Fields are added, never changed; every
// field is always there, null where there is nothing.
type UserJSON struct {
	User string `json:"user"`
	Role Role   `json:"role"`
	// Checklists is null where there is no limit.
	Checklists []string  `json:"checklists"`
	Tokens     int       `json:"active_tokens"`
	Added      EventJSON `json:"added"`
	Changed    EventJSON `json:"changed"`
}

// TokenJSON is the JSON form of a token: neither the secret nor its hash.
type TokenJSON struct {
	Token   string     `json:"token"`
	User    string     `json:"user"`
	Label   *string    `json:"label"`
	Status  Status     `json:"status"`
	Expires *time.Time `json:"expires"`
	Created EventJSON  `json:"created"`
	Revoked *EventJSON `json:"revoked"`
}

// EventJSON says by which event something came about.
type EventJSON struct {
	Seq      events.Seq `json:"seq"`
	Time     time.Time  `json:"time"`
	Actor    string     `json:"actor"`
	AuthType string     `json:"auth_type"`
	Reason   *string    `json:"reason"`
}

func eventJSON(e Event) EventJSON {
	j := EventJSON{Seq: e.Seq, Time: e.At.UTC(), Actor: e.By.ID, AuthType: e.By.Auth}
	if e.Reason != "" {
		j.Reason = &e.Reason
	}
	return j
}

// UsersJSON returns the JSON forms of the users, by name, never nil.
func (st *State) UsersJSON(now time.Time) []UserJSON {
	list := []UserJSON{}
	for _, u := range st.Users() {
		j := UserJSON{User: u.Name, Role: u.Role, Tokens: len(st.Active(u.Name, now)), Added: eventJSON(u.Added), Changed: eventJSON(u.Changed)}
		if len(u.Checklists) > 0 {
			j.Checklists = slices.Clone(u.Checklists)
		}
		list = append(list, j)
	}
	return list
}

// TokensJSON returns the JSON forms of tokens, never nil.
func (st *State) TokensJSON(tokens []*Token, now time.Time) []TokenJSON {
	list := []TokenJSON{}
	for _, t := range tokens {
		j := TokenJSON{Token: t.ID, User: t.User, Status: st.Status(t, now), Created: eventJSON(t.Created)}
		if t.Label != "" {
			label := t.Label
			j.Label = &label
		}
		if !t.Expires.IsZero() {
			expires := t.Expires.UTC()
			j.Expires = &expires
		}
		if t.Revoked.Seq != 0 {
			revoked := eventJSON(t.Revoked)
			j.Revoked = &revoked
		}
		list = append(list, j)
	}
	return list
}

// Active returns the tokens of a user that open the log at now, oldest first.
func (st *State) Active(user string, now time.Time) []*Token {
	return slices.DeleteFunc(st.Tokens(), func(t *Token) bool {
		return t.User != user || st.Status(t, now) != Active
	})
}
