package commands_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// bodies are the stored forms of a checklist's events.
func bodies(t *testing.T, log events.Log, name string) [][]byte {
	t.Helper()
	var list [][]byte
	for env, err := range log.Read(t.Context(), events.Filter{Checklist: name}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, env.Body)
	}
	return list
}

// TestAdopt moves a checklist into a log that holds others: what is there then is
// byte for byte what was here, however often it was cut off.
func TestAdopt(t *testing.T) {
	t.Parallel()
	here, there := eventstest.NewLog(), eventstest.NewLog()
	from, to := commands.NewHandler(here, commands.Config{}), commands.NewHandler(there, commands.Config{})
	ada := events.Actor{ID: "ada@example.com", Auth: events.Unauthenticated}
	do := func(h *commands.Handler, name string, cmd commands.Command) {
		t.Helper()
		if _, err := h.Execute(t.Context(), commands.Meta{Checklist: name, Actor: ada}, cmd); err != nil {
			t.Fatal(err)
		}
	}
	do(to, "other", commands.ImportDocument{Document: []byte("- [ ] another\n")})
	do(from, "plan", commands.ImportDocument{Document: []byte("# Plan\n\n- [ ] a\n- [ ] b\n")})
	do(from, "plan", commands.Transition{Verb: commands.Done, Tasks: []string{"1"}})
	all := bodies(t, here, "plan")
	n := uint64(len(all))

	adopt := func(list [][]byte) (uint64, string) {
		t.Helper()
		before := there.End()
		revision, err := to.Adopt(t.Context(), commands.Meta{Checklist: "plan", Actor: ada, Via: "test"}, "cairn/here", list)
		if err == nil {
			return revision, ""
		}
		var refusal *commands.Error
		if !errors.As(err, &refusal) {
			t.Fatal(err)
		}
		if there.End() != before {
			t.Errorf("%s: the log grew all the same", refusal.Message)
		}
		return revision, string(refusal.Code)
	}
	altered := slices.Clone(all)
	altered[1] = bytes.Replace(all[1], []byte("Plan"), []byte("Plot"), 1)
	for _, test := range []struct {
		name     string
		list     [][]byte
		revision uint64
		code     string
	}{
		{"nothing, of a checklist that is not there", nil, 0, ""},
		{"not from the beginning", all[1:], 0, "conflict"},
		{"of another checklist", bodies(t, there, "other"), 0, "usage"},
		{"no event", [][]byte{[]byte("{}")}, 0, "usage"},
		{"two lines", [][]byte{append([]byte("\n"), all[0]...)}, 0, "usage"},
		{"the beginning", all[:2], 2, ""},
		{"the beginning again", all[:2], 2, ""},
		{"another beginning", altered, 0, "conflict"},
		{"with a gap", all[3:], 0, "conflict"},
		{"the rest, from what is there", all[1:], n, ""},
		{"all of it once more", all, n, ""},
		{"nothing", nil, n, ""},
	} {
		if revision, code := adopt(test.list); revision != test.revision || code != test.code {
			t.Errorf("%s: got %d, %q, want %d, %q", test.name, revision, code, test.revision, test.code)
		}
	}
	if got := bodies(t, there, "plan"); !slices.EqualFunc(got, all, bytes.Equal) {
		t.Errorf("got %d events, want the %d that were here, byte for byte", len(got), n)
	}

	// Who comes from elsewhere, or is here by itself, is not added to.
	for name, from := range map[string]string{"plan": "cairn/elsewhere", "other": "cairn/here"} {
		next := all[n-1]
		if name == "other" {
			next = bytes.Replace(next, []byte("/plan"), []byte("/other"), 1)
		} else {
			next = bytes.Replace(next, []byte(fmt.Sprintf(`"revision":%d`, n)), []byte(fmt.Sprintf(`"revision":%d`, n+1)), 1)
		}
		end := there.End()
		_, err := to.Adopt(t.Context(), commands.Meta{Checklist: name, Actor: ada}, from, [][]byte{next})
		var refusal *commands.Error
		if !errors.As(err, &refusal) || refusal.Code != commands.CodeConflict || there.End() != end {
			t.Errorf("%s from %s: got %v", name, from, err)
		}
	}
	if _, err := to.Arrive(t.Context(), commands.Meta{Checklist: "other", Actor: ada}, "https://cairn.example", "cairn/here"); err == nil {
		t.Error("what never left has arrived")
	}

	// Until it is all here nothing else is written to it, by any process, and the other
	// goes on.
	end := there.End()
	for name, h := range map[string]*commands.Handler{"who takes it": to, "another process": commands.NewHandler(there, commands.Config{})} {
		for what, write := range map[string]func() error{
			"a command": func() error {
				_, err := h.Execute(t.Context(), commands.Meta{Checklist: "plan", Actor: ada}, commands.Transition{Verb: commands.Done, Tasks: []string{"2"}})
				return err
			},
			"a dry run": func() error {
				_, err := h.DryRun(t.Context(), commands.Meta{Checklist: "plan", Actor: ada}, commands.Transition{Verb: commands.Done, Tasks: []string{"2"}})
				return err
			},
			"an undo": func() error {
				_, err := h.Execute(t.Context(), commands.Meta{Checklist: "plan", Actor: ada}, commands.Undo{})
				return err
			},
			"a history": func() error {
				steps := func(yield func(commands.Step, error) bool) {
					yield(commands.Step{Meta: commands.Meta{ID: uuid.NewString(), Checklist: "plan", Actor: ada}, Cmd: commands.Transition{Verb: commands.Done, Tasks: []string{"2"}}}, nil)
				}
				_, err := h.ExecuteAll(t.Context(), "plan", steps, func(int) {})
				return err
			},
		} {
			var refusal *commands.Error
			if err := write(); !errors.As(err, &refusal) || refusal.Code != commands.CodeRefused || !strings.Contains(refusal.Message, "is being published here") {
				t.Errorf("%s, %s: got %v", name, what, err)
			}
		}
	}
	if there.End() != end {
		t.Errorf("the log grew from @%d to @%d", end, there.End())
	}
	do(to, "other", commands.Transition{Verb: commands.Done, Tasks: []string{"1"}})

	// It is closed here, and goes on there.
	do(from, "plan", commands.Publish{To: "https://cairn.example"})
	var refusal *commands.Error
	if _, err := from.Execute(t.Context(), commands.Meta{Checklist: "plan", Actor: ada}, commands.Transition{Verb: commands.Done, Tasks: []string{"2"}}); !errors.As(err, &refusal) || refusal.Code != commands.CodeRefused {
		t.Errorf("here: got %v, want a refusal", err)
	}
	for range 2 {
		if _, err := to.Arrive(t.Context(), commands.Meta{Checklist: "plan", Actor: ada, Cause: "cairn/here 7 root"}, "https://cairn.example", "cairn/here"); err != nil {
			t.Fatal(err)
		}
	}
	do(to, "plan", commands.Transition{Verb: commands.Done, Tasks: []string{"2"}})
	begun := 0
	for env, err := range there.Read(t.Context(), events.Filter{System: true, Kinds: []events.Kind{events.KindPublicationBegun}}) {
		if e, ok := env.Data.(*events.PublicationBegun); err != nil || !ok || e.Checklist != "plan" || e.From != "cairn/here" || env.Actor != ada {
			t.Errorf("got %+v, %v", env, err)
		}
		begun++
	}
	if begun != 1 {
		t.Errorf("begun %d times", begun)
	}
	if err := to.View(t.Context(), "plan", func(st *checklist.State) error {
		if st.Revision != n+2 || st.PublishedFrom != "cairn/here" || st.PublishedTo != "" {
			t.Errorf("there: got revision %d, from %q, to %q", st.Revision, st.PublishedFrom, st.PublishedTo)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
