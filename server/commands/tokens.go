package commands

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/projections/members"
)

// CreateToken gives a user a further token, of which the log learns the hash.
type CreateToken struct {
	// ID is what the token is called. Empty: the beginning of Hash, 8 digits or
	// as many more as others do not have.
	ID   string `json:"id,omitempty"`
	User string `json:"user"`
	// Hash is the SHA-256 of the token, in lower-case hex.
	Hash string `json:"hash"`
	// Label is what its owner calls it, Expires when it stops working; both are
	// optional.
	Label   string    `json:"label,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

// Name returns the stored name.
func (CreateToken) Name() string { return "CreateToken" }

func (c CreateToken) decideSystem(st *members.State, now time.Time) ([]events.Event, error) {
	if _, err := userOf(st, c.User); err != nil {
		return nil, err
	}
	if sum, err := hex.DecodeString(c.Hash); err != nil || len(sum) != 32 || strings.ToLower(c.Hash) != c.Hash {
		return nil, usage("the hash of a token is 64 digits of lower-case hex")
	}
	if !utf8.ValidString(c.Label) || clip(c.Label) != c.Label {
		return nil, usage("a label is one line of at most 200 characters")
	}
	if !c.Expires.IsZero() && !c.Expires.After(now) {
		return nil, usage("a token that expires at %s opens nothing", c.Expires.UTC().Format(time.RFC3339))
	}
	if st.Opened(c.Hash) {
		return nil, refuse("Nothing was written. Make a new one.", "this token is in the log already")
	}
	id := c.ID
	for n := 8; c.ID == "" && (id == "" || st.Token(id) != nil); n++ {
		id = c.Hash[:min(n, len(c.Hash))]
	}
	if err := CheckToken(id); err != nil {
		return nil, err
	}
	if st.Token(id) != nil {
		return nil, refuse("Nothing was written. Another id, or none.", "there is a token %s already", id)
	}
	return []events.Event{&events.TokenCreated{
		Token: id, User: c.User, Hash: c.Hash, Label: c.Label, Expires: c.Expires.UTC().Truncate(time.Second),
	}}, nil
}

// RevokeToken takes a token's power away, for ever.
type RevokeToken struct {
	Token string `json:"token"`
}

// Name returns the stored name.
func (RevokeToken) Name() string { return "RevokeToken" }

func (c RevokeToken) decideSystem(st *members.State, _ time.Time) ([]events.Event, error) {
	if err := CheckToken(c.Token); err != nil {
		return nil, err
	}
	t := st.Token(c.Token)
	if t == nil {
		return nil, &Error{Code: CodeNoToken, Message: fmt.Sprintf("there is no token %s", c.Token), Hint: "cairn token ls lists those that are there."}
	}
	if t.Revoked.Seq != 0 {
		return nil, nil
	}
	return []events.Event{&events.TokenRevoked{Token: c.Token}}, nil
}

// TokenPrefix is how every token begins, so that people and scanners of leaked
// secrets know one when they see it.
const TokenPrefix = "crn_"

// CheckToken refuses what cannot be the id of a token; a token itself most of
// all, which must not be repeated by an error.
func CheckToken(id string) error {
	if strings.HasPrefix(id, TokenPrefix) {
		return &Error{Code: CodeUsage, Message: "that is a token, not the id of one", Hint: "Whoever read it here can use it: revoke it. Its id: cairn token ls"}
	}
	if id == "" || len(id) > 64 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return usage("%q is no id of a token: want one from cairn token ls", clip(id))
	}
	return nil
}

// ParseExpires reads when a token ends, seen from now: "30d" and "2w" from now on,
// a DAY at its end in UTC, "none" never (the zero time).
func ParseExpires(s string, now time.Time) (time.Time, error) {
	if m := agoForm().FindStringSubmatch(s); m != nil {
		return now.UTC().AddDate(0, 0, days(m)).Truncate(time.Second), nil
	}
	if s == none {
		return time.Time{}, nil
	}
	day, err := (&resolver{st: checklist.New(), now: now}).future(s)
	if err != nil {
		return time.Time{}, usage("--expires %q: want 30d, 2w, a day such as 2027-01-01, or none", s)
	}
	if day < events.DayOf(now.UTC()) {
		return time.Time{}, usage("--expires %s is over already", s)
	}
	return nextDay(day).In(time.UTC), nil
}
