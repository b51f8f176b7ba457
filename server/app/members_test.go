package app_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/projections/members"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/trust"
)

// TestMembers: over a real log, users come and go beside the keys of the log, and
// none of it is seen through a checklist.
func TestMembers(t *testing.T) {
	t.Parallel()
	log, err := natslog.Open(t.Context(), natslog.Config{Dir: t.TempDir(), Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	now := func() time.Time { return time.Now().UTC() }
	l := app.NewLocal(log, commands.Config{Now: now, Exclusive: true})
	meta := commands.Meta{Checklist: "plan", Actor: events.Actor{ID: "ada", Auth: events.Unauthenticated}, Via: "test"}
	administer := func(cmd commands.SystemCommand) {
		t.Helper()
		if _, err := l.Administer(t.Context(), meta, cmd); err != nil {
			t.Fatal(err)
		}
	}
	administer(commands.AddUser{User: "ada", Role: "admin"})
	if _, err := l.Execute(t.Context(), meta, commands.ImportDocument{Document: []byte("- [ ] a\n")}); err != nil {
		t.Fatal(err)
	}
	// The key changes beside the handler, which then is behind.
	id := 0
	stamp := trust.Stamp{Actor: meta.Actor, Via: "test", Now: now, NewID: func() string { id++; return "rotate-" + string(rune('a'+id)) }}
	if _, _, err := trust.RotateKey(t.Context(), log, stamp); err != nil {
		t.Fatal(err)
	}
	if err := l.Members(t.Context(), func(st *members.State) error {
		if len(st.Signers) != 2 || st.Signers[0].Removed.Seq == 0 || st.Revision != 4 {
			t.Errorf("got signers %+v at revision %d", st.Signers, st.Revision)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := trust.RotateKey(t.Context(), log, stamp); err != nil {
		t.Fatal(err)
	}
	administer(commands.RecordRefusals{Refusals: []commands.Refusal{{Door: "http", Action: "GET /", Why: "no token", Count: 2}}})

	kinds := func(f events.Filter) (all []events.Kind) {
		t.Helper()
		for env, err := range l.Events(t.Context(), f) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, env.Data.Kind())
		}
		return all
	}
	system := func(k events.Kind) bool {
		return slices.Contains([]string{"log", "signer", "user", "token", "access", "publication"}, k.Noun())
	}
	seen := kinds(events.Filter{Checklist: "plan"})
	if len(seen) == 0 || slices.ContainsFunc(seen, system) {
		t.Errorf("the events of a checklist are %v", seen)
	}
	if own := kinds(events.Filter{System: true}); len(own) != 7 || slices.ContainsFunc(own, func(k events.Kind) bool { return !system(k) }) {
		t.Errorf("the log's own events are %v", own)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	followed := 0
	for env, err := range l.Follow(ctx, events.Filter{Checklist: "plan"}) {
		if err != nil {
			break
		}
		if system(env.Data.Kind()) {
			t.Errorf("followed %s", env.Data.Kind())
		}
		if followed++; followed == len(seen) {
			administer(commands.AddUser{User: "bob", Role: "viewer"})
			if _, err := l.Execute(t.Context(), meta, commands.AddTask{Text: "more"}); err != nil {
				t.Fatal(err)
			}
		}
		if env.Data.Kind() == events.KindTaskAdded && followed > len(seen) {
			break
		}
	}
	rows, err := l.History(t.Context(), "plan")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if system(r.Kind) {
			t.Errorf("the history of a checklist has %s", r.Kind)
		}
	}
}
