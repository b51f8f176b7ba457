package commands_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections/members"
	"cairn/server/commands"
)

// joined folds events, each in an envelope of its own, a second after the other.
func joined(t failer, data ...events.Event) *members.State {
	t.Helper()
	st := members.New()
	for i, d := range data {
		env := eventstest.Envelope("", uint64(i)+1, d)
		env.Seq = events.Seq(i) + 1
		var err error
		if st, err = members.Evolve(st, env); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return st
}

// hashOf is a hash that begins with s.
func hashOf(s string) string { return s + strings.Repeat("0", 64-len(s)) }

func TestDecideSystem(t *testing.T) {
	t.Parallel()
	ada := &events.UserAdded{User: "ada", Role: "admin"}
	bob := &events.UserAdded{User: "bob", Role: "editor", Checklists: []string{"plan"}}
	eve := &events.UserAdded{User: "eve", Role: "admin"}
	laptop := &events.TokenCreated{Token: "aaaaaaaa", User: "ada", Hash: hashOf("aaaaaaaa")}
	gone := &events.UserRemoved{User: "bob"}
	for _, row := range []struct {
		name    string
		given   []events.Event
		when    commands.SystemCommand
		then    []events.Event
		refused string
	}{
		{"the first admin", nil, commands.AddUser{User: "ada", Role: "admin"}, []events.Event{ada}, ""},
		{"an e-mail address is a name", nil, commands.AddUser{User: "ada.l+x@mail.example.com", Role: "admin"}, []events.Event{&events.UserAdded{User: "ada.l+x@mail.example.com", Role: "admin"}}, ""},
		{"the first user is an admin", nil, commands.AddUser{User: "bob", Role: "editor"}, nil, "refused: the log has no admin yet; bob would be editor"},
		{"a limited editor", []events.Event{ada}, commands.AddUser{User: "bob", Role: "editor", Checklists: []string{"plan", "plan"}}, []events.Event{bob}, ""},
		{"a limit is sorted", []events.Event{ada}, commands.AddUser{User: "bob", Role: "viewer", Checklists: []string{"z", "a", "z"}}, []events.Event{&events.UserAdded{User: "bob", Role: "viewer", Checklists: []string{"a", "z"}}}, ""},
		{"a limited admin", []events.Event{ada}, commands.AddUser{User: "bob", Role: "admin", Checklists: []string{"plan"}}, nil, "refused: an admin cannot be limited to checklists: he could lift the limit himself"},
		{"adding again what is there", []events.Event{ada, bob}, commands.AddUser{User: "bob", Role: "editor", Checklists: []string{"plan"}}, nil, ""},
		{"adding again with another role", []events.Event{ada, bob}, commands.AddUser{User: "bob", Role: "viewer"}, nil, "refused: bob is a user already: editor of plan"},
		{"adding who was removed", []events.Event{ada, bob, gone}, commands.AddUser{User: "bob", Role: "viewer"}, []events.Event{&events.UserAdded{User: "bob", Role: "viewer"}}, ""},
		{"capitals", nil, commands.AddUser{User: "Ada", Role: "admin"}, nil, `usage: "Ada" is no name of a user: want small letters, digits and . _ + -, such as ada, or an e-mail address`},
		{"no name", nil, commands.AddUser{Role: "admin"}, nil, `usage: "" is no name of a user: want small letters, digits and . _ + -, such as ada, or an e-mail address`},
		{"an address that ends in a dot", nil, commands.AddUser{User: "ada@example.", Role: "admin"}, nil, `usage: "ada@example." is no name of a user: want small letters, digits and . _ + -, such as ada, or an e-mail address`},
		{"no role", nil, commands.AddUser{User: "ada", Role: "owner"}, nil, `usage: "owner" is no role: want viewer (looks), editor (changes checklists) or admin (also users and keys)`},
		{"a limit to no checklist", []events.Event{ada}, commands.AddUser{User: "bob", Role: "viewer", Checklists: []string{""}}, nil, `usage: "" is no name of a checklist: want small letters, digits and -, 63 at most`},

		{"another role", []events.Event{ada, bob}, commands.ChangeUser{User: "bob", Role: "viewer"}, []events.Event{&events.UserChanged{User: "bob", Role: "viewer", Checklists: []string{"plan"}}}, ""},
		{"another limit", []events.Event{ada, bob}, commands.ChangeUser{User: "bob", Checklists: &[]string{"b", "a"}}, []events.Event{&events.UserChanged{User: "bob", Role: "editor", Checklists: []string{"a", "b"}}}, ""},
		{"no limit any more", []events.Event{ada, bob}, commands.ChangeUser{User: "bob", Checklists: &[]string{}}, []events.Event{&events.UserChanged{User: "bob", Role: "editor"}}, ""},
		{"the same", []events.Event{ada, bob}, commands.ChangeUser{User: "bob", Role: "editor", Checklists: &[]string{"plan"}}, nil, ""},
		{"a limited one becomes admin", []events.Event{ada, bob}, commands.ChangeUser{User: "bob", Role: "admin"}, nil, "refused: bob is limited to plan, and an admin is not"},
		{"and without the limit", []events.Event{ada, bob}, commands.ChangeUser{User: "bob", Role: "admin", Checklists: &[]string{}}, []events.Event{&events.UserChanged{User: "bob", Role: "admin"}}, ""},
		{"nobody", []events.Event{ada}, commands.ChangeUser{User: "bob", Role: "viewer"}, nil, "user_not_found: there is no user bob"},
		{"who is gone", []events.Event{ada, bob, gone}, commands.ChangeUser{User: "bob", Role: "viewer"}, nil, "user_not_found: bob is no user any more"},
		{"the only admin is demoted", []events.Event{ada, bob}, commands.ChangeUser{User: "ada", Role: "editor"}, nil, "refused: ada is the only admin and cannot become editor: nobody could say who may come in"},
		{"the only admin is limited", []events.Event{ada, bob}, commands.ChangeUser{User: "ada", Checklists: &[]string{"plan"}}, nil, "refused: ada is the only admin and cannot become admin of plan: nobody could say who may come in"},
		{"one of two admins is demoted", []events.Event{ada, eve}, commands.ChangeUser{User: "ada", Role: "editor"}, []events.Event{&events.UserChanged{User: "ada", Role: "editor"}}, ""},
		{"one of two admins is limited", []events.Event{ada, eve}, commands.ChangeUser{User: "ada", Checklists: &[]string{"plan"}}, nil, "refused: an admin cannot be limited to checklists: he could lift the limit himself"},

		{"removing", []events.Event{ada, bob}, commands.RemoveUser{User: "bob"}, []events.Event{gone}, ""},
		{"removing again", []events.Event{ada, bob, gone}, commands.RemoveUser{User: "bob"}, nil, ""},
		{"removing nobody", []events.Event{ada}, commands.RemoveUser{User: "bob"}, nil, "user_not_found: there is no user bob"},
		{"removing the only admin", []events.Event{ada, bob}, commands.RemoveUser{User: "ada"}, nil, "refused: ada is the only admin and cannot go: nobody could say who may come in"},
		{"removing one of two admins", []events.Event{ada, eve}, commands.RemoveUser{User: "ada"}, []events.Event{&events.UserRemoved{User: "ada"}}, ""},

		{"a token", []events.Event{ada}, commands.CreateToken{User: "ada", Hash: hashOf("aaaaaaaa")}, []events.Event{laptop}, ""},
		{"whose beginning is taken", []events.Event{ada, laptop}, commands.CreateToken{User: "ada", Hash: hashOf("aaaaaaaab")}, []events.Event{&events.TokenCreated{Token: "aaaaaaaab", User: "ada", Hash: hashOf("aaaaaaaab")}}, ""},
		{"under an id", []events.Event{ada}, commands.CreateToken{ID: "ci", User: "ada", Hash: hashOf("b"), Label: "CI", Expires: now.Add(time.Hour)}, []events.Event{&events.TokenCreated{Token: "ci", User: "ada", Hash: hashOf("b"), Label: "CI", Expires: now.Add(time.Hour)}}, ""},
		{"under an id that is taken", []events.Event{ada, laptop}, commands.CreateToken{ID: "aaaaaaaa", User: "ada", Hash: hashOf("b")}, nil, "refused: there is a token aaaaaaaa already"},
		{"that is there already", []events.Event{ada, laptop}, commands.CreateToken{User: "ada", Hash: hashOf("aaaaaaaa")}, nil, "refused: this token is in the log already"},
		{"that is over already", []events.Event{ada}, commands.CreateToken{User: "ada", Hash: hashOf("b"), Expires: now}, nil, "usage: a token that expires at 2026-11-23T10:00:00Z opens nothing"},
		{"for nobody", nil, commands.CreateToken{User: "ada", Hash: hashOf("b")}, nil, "user_not_found: there is no user ada"},
		{"for who is gone", []events.Event{ada, bob, gone}, commands.CreateToken{User: "bob", Hash: hashOf("b")}, nil, "user_not_found: bob is no user any more"},
		{"in clear", []events.Event{ada}, commands.CreateToken{User: "ada", Hash: "crn_secret"}, nil, "usage: the hash of a token is 64 digits of lower-case hex"},
		{"in capitals", []events.Event{ada}, commands.CreateToken{User: "ada", Hash: hashOf("A")}, nil, "usage: the hash of a token is 64 digits of lower-case hex"},
		{"with a label of two lines", []events.Event{ada}, commands.CreateToken{User: "ada", Hash: hashOf("b"), Label: "a\nb"}, nil, "usage: a label is one line of at most 200 characters"},
		{"revoking", []events.Event{ada, laptop}, commands.RevokeToken{Token: "aaaaaaaa"}, []events.Event{&events.TokenRevoked{Token: "aaaaaaaa"}}, ""},
		{"revoking again", []events.Event{ada, laptop, &events.TokenRevoked{Token: "aaaaaaaa"}}, commands.RevokeToken{Token: "aaaaaaaa"}, nil, ""},
		{"revoking none", []events.Event{ada}, commands.RevokeToken{Token: "aaaaaaaa"}, nil, "token_not_found: there is no token aaaaaaaa"},
		{"revoking by the secret", []events.Event{ada}, commands.RevokeToken{Token: "crn_secret"}, nil, "usage: that is a token, not the id of one"},

		{
			"refusals", nil,
			commands.RecordRefusals{Refusals: []commands.Refusal{{Door: "http", Action: "GET /a\nb\xff", Remote: "192.0.2.1", Why: "no token", Count: 3}, {Count: 1}}},
			[]events.Event{&events.AccessRefused{Door: "http", Action: "GET /a b\ufffd", Remote: "192.0.2.1", Why: "no token", Count: 3}, &events.AccessRefused{Count: 1}},
			"",
		},
		{"no refusals", nil, commands.RecordRefusals{}, nil, ""},
		{"a refusal of nothing", nil, commands.RecordRefusals{Refusals: []commands.Refusal{{}}}, nil, "usage: a refusal of 0 attempts"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := commands.DecideSystem(joined(t, row.given...), row.when, now)
			if refused := refusal(err); refused != row.refused {
				t.Fatalf("got %q, want %q", refused, row.refused)
			}
			if err != nil && strings.Contains(fmt.Sprintf("%+v", err), "crn_secret") {
				t.Errorf("the error repeats the secret: %+v", err)
			}
			if diff := cmp.Diff(row.then, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			for i, e := range got {
				stored(t, eventstest.Envelope("", uint64(i)+2, e))
			}
		})
	}
}

// What a stranger sends does not make a large event.
func TestRefusalsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é\x00", 1<<20)
	got, err := commands.DecideSystem(members.New(), commands.RecordRefusals{Refusals: []commands.Refusal{{Action: long, Remote: long, Count: 1}}}, now)
	if err != nil {
		t.Fatal(err)
	}
	if e := got[0].(*events.AccessRefused); len([]rune(e.Action)) != 200 || strings.ContainsRune(e.Action, 0) {
		t.Errorf("got %d characters", len([]rune(e.Action)))
	}
}

func administer(t *testing.T, h *commands.Handler, m commands.Meta, cmd commands.SystemCommand) commands.Result {
	t.Helper()
	result, err := h.Administer(t.Context(), m, cmd)
	if err != nil {
		t.Fatalf("%s: %v", cmd.Name(), err)
	}
	return result
}

// TestAdministerAgain: the same id gives the same answer, also with another
// handler and after the state would refuse it; other content is an error.
func TestAdministerAgain(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	h := commands.NewHandler(log, commands.Config{Now: func() time.Time { return now }})
	m := meta(newID(t))
	m.Reason = "she builds it"
	first := administer(t, h, m, commands.AddUser{User: "ada", Role: "admin"})
	if len(first.Events) != 1 || first.Seq != 2 || first.Repeated {
		t.Fatalf("got %+v", first)
	}
	env := first.Events[0]
	if env.Checklist != "" || env.Revision != 2 || env.Reason != m.Reason || env.CommandID != m.ID || env.CommandName != "AddUser" || env.CommandHash == "" || env.Actor != m.Actor {
		t.Errorf("got %+v", env)
	}
	administer(t, h, meta(""), commands.ChangeUser{User: "ada", Role: "admin"}) // so already
	administer(t, h, meta(""), commands.AddUser{User: "eve", Role: "admin"})
	administer(t, h, meta(""), commands.RemoveUser{User: "ada"})
	end := log.End()
	for _, h := range []*commands.Handler{h, commands.NewHandler(log, commands.Config{})} {
		again := administer(t, h, m, commands.AddUser{User: "ada", Role: "admin"})
		if !again.Repeated || again.Seq != first.Seq || len(again.Events) != 1 || string(again.Events[0].Body) != string(env.Body) {
			t.Errorf("got %+v, want the first answer", again)
		}
		_, err := h.Administer(t.Context(), m, commands.AddUser{User: "ada", Role: "viewer"})
		if !strings.HasPrefix(refusal(err), "command_id_reused") {
			t.Errorf("got %v, want that the id was used", err)
		}
		if _, err := h.Administer(t.Context(), meta("nine"), commands.RemoveUser{User: "ada"}); !strings.HasPrefix(refusal(err), "usage") {
			t.Errorf("got %v, want no UUID", err)
		}
	}
	if log.End() != end {
		t.Errorf("the log grew to @%d, want @%d", log.End(), end)
	}
}

// TestAdministerLostAck: an append that was stored, but whose answer was lost, is
// found by its id and not done again.
func TestAdministerLostAck(t *testing.T) {
	t.Parallel()
	memory, lost := eventstest.NewLog(), 0
	log := &faulty{memory, func(_ context.Context, _ []events.Append, do func() (events.Seq, error)) (events.Seq, error) {
		seq, err := do()
		if lost++; lost == 1 && err == nil {
			return 0, errTimeout
		}
		return seq, err
	}}
	result := administer(t, commands.NewHandler(log, commands.Config{}), meta(""), commands.AddUser{User: "ada", Role: "admin"})
	if !result.Repeated || result.Seq != 2 || memory.End() != 2 {
		t.Errorf("got %+v with the log at @%d", result, memory.End())
	}
}

// TestTwoHandlersAdminister: two servers over one log never let both of two
// admins go, whoever is quicker.
func TestTwoHandlersAdminister(t *testing.T) {
	t.Parallel()
	for range 50 {
		log := eventstest.NewLog()
		a, b := commands.NewHandler(log, commands.Config{}), commands.NewHandler(log, commands.Config{})
		for _, user := range []string{"ada", "eve"} {
			administer(t, a, meta(""), commands.AddUser{User: user, Role: "admin"})
		}
		if err := b.Members(t.Context(), func(*members.State) error { return nil }); err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		errs := make([]error, 2)
		for i, step := range []struct {
			h    *commands.Handler
			user string
		}{{a, "ada"}, {b, "eve"}} {
			wait.Go(func() { _, errs[i] = step.h.Administer(t.Context(), meta(""), commands.RemoveUser{User: step.user}) })
		}
		wait.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("got %v and %v, want one refusal", errs[0], errs[1])
		}
		var refused *commands.Error
		if err := errors.Join(errs...); !errors.As(err, &refused) || refused.Code != commands.CodeRefused {
			t.Fatalf("got %v", err)
		}
		for _, h := range []*commands.Handler{a, b} {
			if err := h.Members(t.Context(), func(st *members.State) error {
				if n := len(st.Admins()); n != 1 {
					t.Errorf("got %d admins, want 1", n)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Users and checklists are written beside each other, also in one batch, and each
// counts its own revisions.
func TestAdministerBesideChecklists(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	h := imported(t, log, strings.Repeat("- [ ] a\n", 40), commands.Config{})
	administer(t, h, meta(""), commands.AddUser{User: "ada", Role: "admin"})
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() { execute(t, h, meta(""), do(commands.Done, fmt.Sprint(i+1))) })
		wait.Go(func() {
			administer(t, h, meta(""), commands.AddUser{User: fmt.Sprintf("user-%d", i), Role: "viewer"})
		})
	}
	wait.Wait()
	for _, f := range []events.Filter{{System: true}, {Checklist: "plan"}} {
		revision := uint64(0)
		for env, err := range log.Read(t.Context(), f) {
			if revision++; err != nil || env.Revision != revision {
				t.Fatalf("@%d: got revision %d (%v), want %d", env.Seq, env.Revision, err, revision)
			}
		}
		if f.System && revision != 22 {
			t.Errorf("got %d of the log's own events, want 22", revision)
		}
	}
}
