package members_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections/members"
)

var began = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// fold gives each event an envelope of its own: @1 at began, each a second later.
func fold(t interface{ Fatalf(string, ...any) }, data ...events.Event) *members.State {
	st := members.New()
	for i, d := range data {
		env := eventstest.Envelope("", uint64(i)+1, d)
		env.Seq = events.Seq(i) + 1
		var err error
		if st, err = members.Evolve(st, env); err != nil {
			t.Fatalf("@%d: %v", i+1, err)
		}
	}
	return st
}

func added(user, role string, checklists ...string) events.Event {
	return &events.UserAdded{User: user, Role: role, Checklists: checklists}
}

func token(id, user string) events.Event {
	return &events.TokenCreated{Token: id, User: user, Hash: "hash-" + id}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	st := fold(t, &events.LogOpened{Origin: "cairn/x", Key: "k1"}, added("bob", "editor", "plan"), added("ada", "admin"), added("eve", "viewer"),
		&events.UserChanged{User: "bob", Role: "viewer"}, &events.UserRemoved{User: "eve"}, &events.UserChanged{User: "eve", Role: "admin"},
		&events.UserChanged{User: "nobody", Role: "admin"}, &events.UserRemoved{User: "nobody"})
	var got []string
	for _, u := range st.Users() {
		got = append(got, fmt.Sprintf("%s %s %v @%d @%d", u.Name, u.Role, u.Checklists, u.Added.Seq, u.Changed.Seq))
	}
	if diff := cmp.Diff([]string{"ada admin [] @3 @3", "bob viewer [] @2 @5"}, got); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	if admins := st.Admins(); len(admins) != 1 || admins[0] != "ada" {
		t.Errorf("got admins %v, want ada", admins)
	}
	if st.User("eve") != nil || st.User("nobody") != nil || !st.Closed() || st.Revision != 9 || st.Seq() != 9 || st.Origin != "cairn/x" {
		t.Errorf("got %+v", st)
	}
	if fold(t, added("ada", "admin"), &events.UserRemoved{User: "ada"}).Closed() || members.New().Closed() {
		t.Error("a log without users is closed")
	}
}

// TestAuthenticate: the audit learns why a token opens nothing.
func TestAuthenticate(t *testing.T) {
	t.Parallel()
	expires := began.Add(time.Hour)
	withEnd := &events.TokenCreated{Token: "t1", User: "ada", Hash: "hash-t1", Expires: expires}
	for _, test := range []struct {
		name  string
		given []events.Event
		now   time.Time
		want  error
	}{
		{"a token opens", []events.Event{added("ada", "admin"), token("t1", "ada")}, began, nil},
		{"before its end", []events.Event{added("ada", "admin"), withEnd}, expires.Add(-1), nil},
		{"at its end", []events.Event{added("ada", "admin"), withEnd}, expires, members.ErrExpired},
		{"of nobody's", []events.Event{added("ada", "admin"), token("t2", "ada")}, began, members.ErrUnknownToken},
		{"revoked", []events.Event{added("ada", "admin"), token("t1", "ada"), &events.TokenRevoked{Token: "t1"}}, began, members.ErrRevoked},
		{"another one revoked", []events.Event{added("ada", "admin"), token("t1", "ada"), token("t2", "ada"), &events.TokenRevoked{Token: "t2"}}, began, nil},
		{"a removed user", []events.Event{added("ada", "admin"), token("t1", "ada"), &events.UserRemoved{User: "ada"}}, began, members.ErrUserRemoved},
		{"a user added again", []events.Event{added("ada", "admin"), token("t1", "ada"), &events.UserRemoved{User: "ada"}, added("ada", "admin")}, began, members.ErrUserRemoved},
		{"added twice without going", []events.Event{added("ada", "admin"), token("t1", "ada"), added("ada", "admin")}, began, nil},
		{"of a user who comes later", []events.Event{token("t1", "ada"), added("ada", "admin")}, began, members.ErrUserRemoved},
		{"revoked and created again under its id", []events.Event{added("ada", "admin"), token("t1", "ada"), &events.TokenRevoked{Token: "t1"}, token("t1", "ada")}, began, members.ErrRevoked},
		{"revoked, and its hash taken by another", []events.Event{
			added("ada", "admin"), token("t1", "ada"), &events.TokenRevoked{Token: "t1"},
			&events.TokenCreated{Token: "t9", User: "ada", Hash: "hash-t1"},
		}, began, members.ErrRevoked},
	} {
		st := fold(t, test.given...)
		id, err := st.Authenticate("hash-t1", test.now)
		if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
		if err != nil && !errors.Is(err, members.ErrUnauthenticated) {
			t.Errorf("%s: %v is no ErrUnauthenticated", test.name, err)
		}
		want := members.Identity{}
		if test.want == nil {
			want = members.Identity{User: "ada", Role: members.Admin, Token: "t1", Auth: events.AuthenticatedUser}
		}
		if diff := cmp.Diff(want, id); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	if id, err := members.New().Authenticate("", began); err == nil {
		t.Errorf("no token opens an empty log: %+v", id)
	}
}

// What an identity holds is its own: changing it changes no user.
func TestIdentityIsACopy(t *testing.T) {
	t.Parallel()
	st := fold(t, added("ada", "editor", "plan"), token("t1", "ada"))
	id, err := st.Authenticate("hash-t1", began)
	if err != nil {
		t.Fatal(err)
	}
	id.Checklists[0] = "other"
	if again, _ := st.Authenticate("hash-t1", began); again.May(members.See, "other") {
		t.Error("the limit changed from outside")
	}
}

// An unknown kind is passed over, and its command is known; an unreadable event
// stops.
func TestNewerAndUnreadableEvents(t *testing.T) {
	t.Parallel()
	st := fold(t, added("ada", "admin"), &events.Unknown{Type: "cairn.user.blessed.v1"})
	if st.Revision != 2 || st.User("ada") == nil {
		t.Errorf("got %+v", st)
	}
	if c, ok := st.Command("command--2"); !ok || c.First != 2 || c.Hash != "00" {
		t.Errorf("got %+v, %t", c, ok)
	}
	if _, err := members.Evolve(st, events.Envelope{Seq: 3, Data: &events.Unreadable{Err: errors.New("torn")}}); err == nil {
		t.Error("an unreadable event is no error")
	}
}

func TestSignersAndRefusals(t *testing.T) {
	t.Parallel()
	st := fold(t, &events.LogOpened{Origin: "cairn/x", Key: "k1"}, &events.SignerAdded{Key: "k2", Server: "srv-2"}, &events.SignerRemoved{Key: "k1"},
		&events.AccessRefused{Count: 3}, &events.AccessRefused{Count: 1}, &events.PublicationBegun{Checklist: "plan", From: "cairn/y"})
	if st.Arriving("plan") != "cairn/y" || st.Arriving("other") != "" {
		t.Errorf("arriving: got %q, %q", st.Arriving("plan"), st.Arriving("other"))
	}
	if n := st.Refusals.Attempts; n != 4 || st.Refusals.Last.Seq != 5 {
		t.Errorf("got %+v", st.Refusals)
	}
	if len(st.Signers) != 2 || st.Signers[0].Removed.Seq != 3 || st.Signers[1].Removed.Seq != 0 || st.Signers[1].Server != "srv-2" {
		t.Errorf("got %+v", st.Signers)
	}
}

// TestTokensLaw: a token opens exactly if its user was there when it was made and
// nothing took either away since.
func TestTokensLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"ada", "bob"})
		id := rapid.SampledFrom([]string{"t1", "t2", "t3"})
		var all []events.Event
		owner, open := map[string]string{}, map[string]bool{}
		there := map[string]bool{}
		for range rapid.IntRange(0, 30).Draw(t, "events") {
			switch user, tok := name.Draw(t, "user"), id.Draw(t, "token"); rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				all = append(all, added(user, "editor"))
				there[user] = true
			case 1:
				all = append(all, &events.UserRemoved{User: user})
				there[user] = false
				for k, of := range owner {
					open[k] = open[k] && of != user
				}
			case 2:
				if _, taken := owner[tok]; !taken {
					owner[tok], open[tok] = user, there[user]
				}
				all = append(all, token(tok, user))
			case 3:
				all = append(all, &events.TokenRevoked{Token: tok})
				open[tok] = false
			}
		}
		st := fold(t, all...)
		for k := range owner {
			got, err := st.Authenticate("hash-"+k, began)
			if (err == nil) != open[k] || err == nil && got.User != owner[k] {
				t.Fatalf("%s: got %+v, %v; want open %t of %s", k, got, err, open[k], owner[k])
			}
		}
	})
}
