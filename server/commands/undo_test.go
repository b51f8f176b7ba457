package commands_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

const abc = "# P\n\n- [ ] a\n- [ ] b\n- [ ] c\n"

// by is meta of somebody.
func by(who string) commands.Meta {
	m := meta("")
	m.Actor.ID = who
	return m
}

// Undo goes back through one's own commands, one at a time, and redo forth;
// nobody else's are touched.
func TestUndoMine(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	h := imported(t, log, abc, commands.Config{})
	execute(t, h, by("bob"), do(commands.Done, "a"))
	execute(t, h, by("ada@example.com"), do(commands.Start, "b"))
	execute(t, h, by("bob"), do(commands.Start, "c"))
	execute(t, h, by("ada@example.com"), do(commands.Done, "b"))
	step := func(who string, cmd commands.Command, want string) {
		t.Helper()
		_, err := h.Execute(t.Context(), by(who), cmd)
		got := refusal(err)
		if err == nil {
			got = document(t, log)
		}
		if got != want {
			t.Fatalf("%s by %s: got\n%s\nwant\n%s", cmd.Name(), who, got, want)
		}
	}
	doc := func(a, b, c string) string {
		return "# P\n\n- [" + a + "] a\n- [" + b + "] b\n- [" + c + "] c\n"
	}
	undo, redo := commands.Undo{}, commands.Redo{}
	const none, nothing = "refused: there is nothing to redo: your last command was no undo", "refused: nothing that you did here is left to undo"
	step("ada@example.com", redo, none)
	step("ada@example.com", undo, doc("x", "~", "~"))
	step("ada@example.com", undo, doc("x", " ", "~"))
	step("ada@example.com", redo, doc("x", "~", "~"))
	step("ada@example.com", redo, doc("x", "x", "~"))
	step("ada@example.com", redo, none)
	step("ada@example.com", undo, doc("x", "~", "~"))
	step("bob", undo, doc("x", "~", " "))
	step("bob", undo, doc(" ", "~", " "))
	step("bob", undo, nothing)
	step("cy", undo, nothing)
	step("ada@example.com", undo, doc(" ", " ", " "))
	step("ada@example.com", undo, "refused: @2 is the import; it is not taken back")
	step("ada@example.com", redo, doc(" ", "~", " "))
	execute(t, h, by("ada@example.com"), do(commands.Start, "a"))
	step("ada@example.com", redo, none)
	step("ada@example.com", undo, doc(" ", "~", " "))
	step("bob", redo, doc("x", "~", " "))
}

// The command of any event can be taken back, by anybody; its events say so.
func TestUndoAt(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	h := imported(t, log, abc, commands.Config{})
	done := execute(t, h, by("bob"), do(commands.Done, "a", "b"))
	for i := range 300 { // more than one reads at a time
		execute(t, h, by("cy"), commands.CommentTask{Task: "c", Text: strconv.Itoa(i)})
	}
	want := "# P\n\n- [ ] a\n- [ ] b\n- [ ] c\n"
	m := by("ada@example.com")
	m.Reason = "wrong ticket"
	first := execute(t, h, m, commands.Undo{Seq: done.Events[1].Seq})
	if got := document(t, log); got != want {
		t.Errorf("got\n%s", got)
	}
	for i, env := range first.Events {
		if env.Undoes != done.Events[i].ID || env.CommandName != "UndoCommand" || env.Reason != "wrong ticket" {
			t.Errorf("got %s undoes %s, want %s", env.CommandName, env.Undoes, done.Events[i].ID)
		}
	}
	if again := execute(t, h, by("cy"), commands.Undo{Seq: done.Seq}); len(again.Events) != 0 {
		t.Errorf("again: got %d events, want none", len(again.Events))
	}
	execute(t, h, by("bob"), do(commands.Drop, "b"))
	_, err := h.Execute(t.Context(), by("bob"), commands.Undo{Seq: first.Seq})
	if got := refusal(err); got != "refused: what @"+strconv.Itoa(int(first.Events[0].Seq))+" did was changed since" {
		t.Errorf("got %q", got)
	}
	if _, err = h.Execute(t.Context(), by("bob"), commands.Undo{Seq: 9999}); refusal(err) != fmt.Sprintf("moment_not_found: @9999 is not in the checklist yet: it ends at @%d", log.End()) {
		t.Errorf("got %q", refusal(err))
	}
	undone := execute(t, h, by("bob"), commands.Undo{})
	if got := document(t, log); len(undone.Events) != 1 || got != want {
		t.Errorf("got %d events and\n%s", len(undone.Events), got)
	}
}

// A retry of an undo is the same undo, also when there is nothing else to take
// back; a preview does nothing; and what is archived comes back only by the undo
// of that.
func TestUndoAgain(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	h := imported(t, log, abc, commands.Config{})
	execute(t, h, by("bob"), do(commands.Done, "a"))
	m := by("bob")
	m.ID = newID(t)
	if preview, err := h.DryRun(t.Context(), m, commands.Undo{}); err != nil || len(preview.Events) != 1 || document(t, log) == abc {
		t.Errorf("preview: got %d events, %v", len(preview.Events), err)
	}
	first := execute(t, h, m, commands.Undo{})
	for _, h := range []*commands.Handler{h, commands.NewHandler(log, commands.Config{})} {
		if again := execute(t, h, m, commands.Undo{}); !again.Repeated || again.Seq != first.Seq {
			t.Errorf("got %+v, want %+v again", again, first)
		}
	}
	if _, err := h.Execute(t.Context(), m, commands.Redo{}); refusal(err) == "" {
		t.Error("another command with the same id: no refusal")
	}
	execute(t, h, by("bob"), commands.Archive{})
	if _, err := h.Execute(t.Context(), by("bob"), commands.Undo{Seq: first.Seq}); refusal(err) != "refused: plan is archived" {
		t.Errorf("got %q", refusal(err))
	}
	execute(t, h, by("bob"), commands.Undo{})
	if err := h.View(t.Context(), "plan", func(st *checklist.State) error {
		if st.Archived {
			t.Error("still archived")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	empty := commands.NewHandler(eventstest.NewLog(), commands.Config{})
	if _, err := empty.Execute(t.Context(), by("bob"), commands.Undo{}); refusal(err) != "checklist_not_found: there is no such checklist" {
		t.Errorf("got %q", refusal(err))
	}
}

// What was noted, and what commits brought, is not one's last command.
func TestUndoPassesOver(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	h := imported(t, log, abc, commands.Config{})
	execute(t, h, by("bob"), do(commands.Done, "a"))
	doc := []byte("# P\n\n- [x] a\n- [x] b\n- [ ] c\n")
	st := given(t, on(string(doc))...)
	execute(t, h, by("bob"), commands.SyncDocument{Document: doc, Base: 8, Commit: "9f3c2e1"})
	execute(t, h, by("bob"), commands.RecordSync{SHA256: sumOf(st.Document())})
	result := execute(t, h, by("bob"), commands.Undo{})
	if got := document(t, log); got != "# P\n\n- [ ] a\n- [x] b\n- [ ] c\n" {
		t.Errorf("%d events: got\n%s", len(result.Events), got)
	}
	var sync events.Seq
	for _, env := range history(t, log) {
		if env.CommandName == "SyncDocument" {
			sync = env.Seq
		}
	}
	execute(t, h, by("bob"), commands.Undo{Seq: sync})
	if got := document(t, log); got != abc {
		t.Errorf("got\n%s", got)
	}
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// An edit of the file of 200 lines, taken back and done again, byte by byte and
// key by key.
func TestUndoSync(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var lines []string
	for s := range 10 {
		lines = append(lines, fmt.Sprintf("## Section %d\n", s), "\n")
		for n := range 40 {
			indent := strings.Repeat("  ", r.IntN(2))
			if n == 0 {
				indent = ""
			}
			lines = append(lines, fmt.Sprintf("%s- [ ] task %d of section %d to do\n", indent, n, s))
		}
		lines = append(lines, "\n", "Some words.\n", "\n")
	}
	before := strings.Join(lines, "")
	for n := range 200 {
		i := r.IntN(len(lines))
		switch line := lines[i]; {
		case !strings.Contains(line, "[ ]"):
		case n%5 == 0:
			lines[i] = strings.Replace(line, "[ ]", "[x]", 1)
		case n%5 == 1:
			lines[i] = strings.Replace(line, "to do", "to be done @ada", 1)
		case n%5 == 2:
			lines = slices.Delete(lines, i, i+1)
		case n%5 == 3:
			lines = slices.Insert(lines, i, fmt.Sprintf("- [ ] new task %d\n", n))
		default:
			lines = slices.Insert(slices.Delete(lines, i, i+1), r.IntN(len(lines)-1), line)
		}
	}
	after := strings.Join(lines, "")
	log := eventstest.NewLog()
	h := imported(t, log, before, commands.Config{})
	revision := uint64(len(history(t, log)))
	was := knownOf(stateOf(t, log))
	synced := execute(t, h, by("bob"), commands.SyncDocument{Document: []byte(after), Base: revision, AcceptReopens: true})
	if got := document(t, log); got != after || len(synced.Events) < 150 {
		t.Fatalf("sync: %d events, and another document", len(synced.Events))
	}
	is := knownOf(stateOf(t, log))
	for range 2 {
		execute(t, h, by("bob"), commands.Undo{})
		if diff := same(was, knownOf(stateOf(t, log))); diff != "" {
			t.Fatalf("undone (-before +undone):\n%s", diff)
		}
		execute(t, h, by("bob"), commands.Redo{})
		if diff := same(is, knownOf(stateOf(t, log))); diff != "" {
			t.Fatalf("done again (-after +again):\n%s", diff)
		}
	}
}

func stateOf(t *testing.T, log events.Log) *checklist.State {
	t.Helper()
	st, err := projections.Fold(checklist.Projection, log.Read(t.Context(), events.Filter{Checklist: "plan"}), nil)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// Where one's last command begins farther back than a read goes, it is read on;
// what came of a history is the import; and an undo that was taken back counts
// for nothing.
func TestUndoFindsTheCommand(t *testing.T) {
	t.Parallel()
	log := eventstest.NewLog()
	h := imported(t, log, abc, commands.Config{})
	revision := uint64(len(history(t, log)))
	execute(t, h, by("bob"), commands.SyncDocument{Document: []byte("# P\n\n- [x] a\n- [x] b\n- [ ] c\n"), Base: revision})
	for range 255 { // the first event of the sync is the one before the last 256
		execute(t, h, by("cy"), commands.CommentTask{Task: "c", Text: "so"})
	}
	undone := execute(t, h, by("bob"), commands.Undo{})
	if got := document(t, log); got != abc {
		t.Errorf("got\n%s", got)
	}
	if _, err := h.Execute(t.Context(), by("bob"), commands.Undo{}); refusal(err) == "" {
		t.Error("undone twice")
	}
	execute(t, h, by("cy"), commands.Undo{Seq: undone.Seq})
	execute(t, h, by("bob"), commands.Undo{}) // what bob did is there again
	if got := document(t, log); got != abc {
		t.Errorf("got\n%s", got)
	}

	log = eventstest.NewLog()
	h = imported(t, log, abc, commands.Config{})
	first := execute(t, h, by("bob"), commands.SyncDocument{Document: []byte("# P\n\n- [x] a\n- [ ] b\n- [ ] c\n"), Base: revision, Commit: "9f3c2e1", More: true})
	execute(t, h, by("bob"), commands.SyncDocument{Document: []byte("# P\n\n- [x] a\n- [x] b\n- [ ] c\n"), Base: uint64(len(history(t, log))), Commit: "9f3c2e2"})
	if _, err := h.Execute(t.Context(), by("bob"), commands.Undo{Seq: first.Seq}); refusal(err) != fmt.Sprintf("refused: @%d is of the import; it is not taken back", first.Events[0].Seq) {
		t.Errorf("got %q", refusal(err))
	}
}
