package checklist_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections"
	"cairn/projections/checklist"
)

// failer is what testing.T and rapid.T share.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// folding is a history under way.
type folding struct {
	t  failer
	st *checklist.State
}

func folded(t failer, data ...events.Event) *folding {
	f := &folding{t, checklist.New()}
	f.then(data...)
	return f
}

// then evolves by events, each a command of its own, a second after the last.
func (f *folding) then(data ...events.Event) *folding {
	f.t.Helper()
	for _, e := range data {
		env := eventstest.Envelope("plan", f.st.Revision+1, e)
		env.Seq = events.Seq(f.st.Revision + 11) // others stand before them
		var err error
		if f.st, err = checklist.Evolve(f.st, env); err != nil {
			f.t.Fatalf("%s: %v", e.Kind(), err)
		}
	}
	return f
}

// outline makes the events of a document: "# " begins a section, "- [c] " a
// task, two more spaces a task in it; every other line is text.
func outline(lines ...string) []events.Event {
	states := map[byte]events.State{' ': events.Todo, '~': events.InProgress, '!': events.OnHold, 'x': events.Done, '-': events.Dropped}
	var (
		list    []events.Event
		keys    [events.TextNoun + 1]int
		last    = make(map[events.Ref]events.Ref)
		section events.Ref
		tasks   []events.Ref // by depth
	)
	put := func(noun events.Noun, in events.Ref) (int, events.Place) {
		keys[noun]++
		place := events.Place{In: in, After: last[in]}
		last[in] = events.Ref{Noun: noun, Key: keys[noun]}
		return keys[noun], place
	}
	for _, line := range lines {
		rest := strings.TrimLeft(line, " ")
		depth := (len(line) - len(rest)) / 2
		switch {
		case strings.HasPrefix(line, "# "):
			key, place := put(events.SectionNoun, events.Ref{})
			section, tasks = events.SectionRef(key), nil
			list = append(list, &events.SectionAdded{Key: key, Place: place, Level: 1, Title: line[2:], Raw: line + "\n"})
		case strings.HasPrefix(rest, "- ["):
			in := section
			if depth > 0 {
				in = tasks[depth-1]
			}
			key, place := put(events.TaskNoun, in)
			tasks = append(tasks[:depth], events.TaskRef(key))
			list = append(list, &events.TaskAdded{Key: key, Place: place, Text: rest[6:], State: states[rest[3]], Raw: line + "\n", Box: 2*depth + 3})
		default:
			in := section
			if depth > 0 {
				in = tasks[depth-1]
			}
			key, place := put(events.TextNoun, in)
			list = append(list, &events.TextAdded{Key: key, Place: place, Raw: line + "\n"})
		}
	}
	return list
}

// three is a document with one of each noun.
func three() []events.Event {
	return outline("Words.", "# One", "- [ ] a", "  - [x] a1", "    its body", "- [~] b", "# Two", "- [!] c")
}

const threeRaw = "Words.\n# One\n- [ ] a\n  - [x] a1\n    its body\n- [~] b\n# Two\n- [!] c\n"

// The document after events, and where they lead.
func TestEvolveDocument(t *testing.T) {
	t.Parallel()
	var (
		task    = events.TaskRef
		section = events.SectionRef
		text    = events.TextRef
		top     events.Ref
	)
	line := func(ref events.Ref, raw string) []events.Line { return []events.Line{{Ref: ref, Raw: raw}} }
	for _, test := range []struct {
		name string
		when []events.Event
		want string
	}{
		{"nothing", nil, threeRaw},
		{"text edited", []events.Event{&events.TextEdited{Key: 1, Edits: []events.Edit{{At: 0, Cut: 1, Put: "S"}, {At: 5, Put: "!"}}}}, "Sords!." + threeRaw[6:]},
		{"text edited outside of it", []events.Event{&events.TextEdited{Key: 1, Edits: []events.Edit{{At: 5, Cut: 99, Put: "!"}, {At: 2, Cut: -1, Put: "?"}}}}, "Words!?" + threeRaw[7:]},
		{"text removed", []events.Event{&events.TextRemoved{Key: 1}}, threeRaw[7:]},
		{"text restored elsewhere", []events.Event{&events.TextRemoved{Key: 1}, &events.TextRestored{Key: 1, Place: events.Place{After: section(2)}}}, threeRaw[7:] + "Words.\n"},
		{"first in the document", []events.Event{&events.TextAdded{Key: 3, Raw: "x\n"}}, "x\n" + threeRaw},
		{"first in a section", []events.Event{&events.TextAdded{Key: 3, Place: events.Place{In: section(2)}, Raw: "x\n"}}, strings.Replace(threeRaw, "Two\n", "Two\nx\n", 1)},
		{"behind a task with all that stands in it", []events.Event{&events.TextAdded{Key: 3, Place: events.Place{In: section(1), After: task(1)}, Raw: "x\n"}}, strings.Replace(threeRaw, "- [~]", "x\n- [~]", 1)},
		{"behind what is not there: last", []events.Event{&events.TextAdded{Key: 3, Place: events.Place{In: section(1), After: task(4)}, Raw: "x\n"}}, strings.Replace(threeRaw, "# Two", "x\n# Two", 1)},
		{"in what never was: in the document", []events.Event{&events.TextAdded{Key: 3, Place: events.Place{In: task(99), After: section(2)}, Raw: "x\n"}}, threeRaw + "x\n"},
		{"section retitled", []events.Event{&events.SectionRetitled{Key: 1, Title: "New", Raw: "# New\n"}}, strings.Replace(threeRaw, "One", "New", 1)},
		{"section moved", []events.Event{&events.SectionMoved{Key: 2, Place: events.Place{After: text(1)}}}, "Words.\n# Two\n- [!] c\n# One\n- [ ] a\n  - [x] a1\n    its body\n- [~] b\n"},
		{"section moved with its heading and those in it", []events.Event{&events.SectionMoved{Key: 2, Place: events.Place{In: section(1), After: task(3)}, Level: 2, Raw: "## Two\n", Doc: line(task(4), "* [!] c\n")}}, strings.Replace(threeRaw, "# Two\n- ", "## Two\n* ", 1)},
		{"section removed", []events.Event{&events.SectionRemoved{Key: 1}}, "Words.\n# Two\n- [!] c\n"},
		{"section restored", []events.Event{&events.SectionRemoved{Key: 1}, &events.SectionRestored{Key: 1, Place: events.Place{After: text(1)}}}, threeRaw},
		{"section restored around its lines", []events.Event{
			&events.SectionRemoved{Key: 1, Kept: events.Set(events.Place{After: text(1)})}, &events.SectionRestored{Key: 1, Place: events.Place{After: text(1)}, First: task(1), Last: task(3)},
		}, threeRaw},
		{"task moved with new lines", []events.Event{&events.TaskMoved{Key: 2, Place: events.Place{In: section(2)}, Raw: "- [x] a1\n", Box: 3, Doc: line(text(2), "  its body\n")}}, "Words.\n# One\n- [ ] a\n- [~] b\n# Two\n- [x] a1\n  its body\n- [!] c\n"},
		{"task moved without", []events.Event{&events.TaskMoved{Key: 3, Place: events.Place{In: section(1)}}}, "Words.\n# One\n- [~] b\n- [ ] a\n  - [x] a1\n    its body\n# Two\n- [!] c\n"},
		{"task removed with what stands in it", []events.Event{&events.TaskRemoved{Key: 1}}, "Words.\n# One\n- [~] b\n# Two\n- [!] c\n"},
		{"task restored", []events.Event{&events.TaskRemoved{Key: 1}, &events.TaskRestored{Key: 1, Place: events.Place{In: section(1)}}}, threeRaw},
		{"task restored that is there", []events.Event{&events.TaskRestored{Key: 1, Place: events.Place{In: top}}}, threeRaw},
		{"what is removed does not move", []events.Event{&events.TaskRemoved{Key: 1}, &events.TaskMoved{Key: 1, Place: events.Place{In: section(2)}}}, "Words.\n# One\n- [~] b\n# Two\n- [!] c\n"},
		{"task reworded", []events.Event{&events.TaskReworded{Key: 3, Text: "new", Raw: "* [~] new\n", Box: 3}}, strings.Replace(threeRaw, "- [~] b", "* [~] new", 1)},
		{"task started", []events.Event{&events.TaskStarted{Key: 1, Mark: '~'}}, strings.Replace(threeRaw, "[ ]", "[~]", 1)},
		{"task done without a marker of its own", []events.Event{&events.TaskCompleted{Key: 1}}, threeRaw},
		{"an occurrence done", []events.Event{&events.TaskCompleted{Key: 1, Mark: 'x', Occurrence: "2026-11-23"}}, threeRaw},
		{"the marker behind new lines", []events.Event{&events.TaskReworded{Key: 1, Text: "a", Raw: "10. [ ] a\n", Box: 5}, &events.TaskStarted{Key: 1, Mark: '~'}}, strings.Replace(threeRaw, "- [ ] a", "10. [~] a", 1)},
		{"the marker behind lines that another event rewrote", []events.Event{&events.DocumentReformatted{Doc: line(task(1), "  * [ ] a\n")}, &events.TaskStarted{Key: 1, Mark: '~'}}, strings.Replace(threeRaw, "- [ ] a", "  * [~] a", 1)},
		{"a legend with the state", []events.Event{&events.TaskHeld{Key: 1, Mark: '!', Doc: line(text(1), "Legend\n")}}, strings.Replace(strings.Replace(threeRaw, "[ ]", "[!]", 1), "Words.", "Legend", 1)},
		{"the Owner line with the owner", []events.Event{&events.ChecklistDescribed{Owner: events.Set("ada"), Doc: line(text(1), "Owner: ada\n")}}, strings.Replace(threeRaw, "Words.", "Owner: ada", 1)},
		{"lines of what never was", []events.Event{&events.DocumentReformatted{Doc: line(text(99), "x\n")}, &events.DocumentReformatted{Doc: line(top, "x\n")}}, threeRaw},
		{"a link written", []events.Event{&events.TaskLinked{Key: 1, URL: "u", Raw: "- [ ] a (u)\n", Box: 3}}, strings.Replace(threeRaw, "] a\n", "] a (u)\n", 1)},
		{"a task that never was", []events.Event{
			&events.TaskStarted{Key: 99, Mark: '~'}, &events.TaskMoved{Key: 99}, &events.TaskRemoved{Key: 99}, &events.TaskRestored{Key: 99}, &events.TaskReworded{Key: 99, Raw: "x"},
			&events.SectionRetitled{Key: 99}, &events.SectionMoved{Key: 99}, &events.SectionRemoved{Key: 99}, &events.TextEdited{Key: 99}, &events.TextRemoved{Key: 99}, &events.TaskCompleted{},
		}, threeRaw},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := folded(t, three()...).then(test.when...)
			if diff := cmp.Diff(test.want, string(f.st.Document())); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			sound(t, f.st)
		})
	}
}

// sound checks what holds for every tree: children know their parents, each
// block is found by its Ref, once, and removed blocks are not in the tree.
func sound(t failer, st *checklist.State) {
	t.Helper()
	seen := make(map[events.Ref]bool)
	for b := range st.Root().All() {
		if seen[b.Ref] || st.Block(b.Ref) != b || b.Removed || !slices.Contains(b.Parent.Children, b) || !b.Within(st.Root()) {
			t.Fatalf("%s: seen %t, removed %t, parent %v", b.Ref, seen[b.Ref], b.Removed, b.Parent.Ref)
		}
		seen[b.Ref] = true
		if b.Task != nil && (st.Task(b.Task.Key) != b || b.Mark() == ']') {
			t.Fatalf("task %d: got marker %c", b.Task.Key, b.Mark())
		}
	}
	for _, noun := range []events.Noun{events.SectionNoun, events.TaskNoun, events.TextNoun} {
		for key := 1; key < st.Next(noun); key++ {
			b := st.Block(events.Ref{Noun: noun, Key: key})
			if b != nil && b.Removed == seen[b.Ref] {
				t.Fatalf("%s: removed %t, in the document %t", b.Ref, b.Removed, seen[b.Ref])
			}
		}
	}
}

// What is known about a task after events about it.
func TestEvolveTask(t *testing.T) {
	t.Parallel()
	day := func(s string) events.Optional[events.Day] { return events.Set(events.Day(s)) }
	for _, test := range []struct {
		name string
		when []events.Event
		// want is what the task is then, apart from the changes.
		want checklist.Task
	}{
		{"assigned", []events.Event{&events.TaskAssigned{Key: 1, Assignees: []string{"ada"}}}, checklist.Task{Assignees: []string{"ada"}}},
		{"assigned to nobody", []events.Event{&events.TaskAssigned{Key: 1, Assignees: []string{"ada"}}, &events.TaskAssigned{Key: 1}}, checklist.Task{}},
		{"scheduled", []events.Event{&events.TaskScheduled{Key: 1, Start: day("2026-11-01"), Due: day("2026-12-01"), Every: events.Set("week")}}, checklist.Task{Start: "2026-11-01", Due: "2026-12-01", Every: "week"}},
		{"what a schedule leaves out stays", []events.Event{&events.TaskScheduled{Key: 1, Start: day("2026-11-01"), Due: day("2026-12-01"), Every: events.Set("week")}, &events.TaskScheduled{Key: 1, Due: day("")}}, checklist.Task{Start: "2026-11-01", Every: "week"}},
		{"estimated", []events.Event{&events.TaskEstimated{Key: 1, Estimate: "3d"}}, checklist.Task{Estimate: "3d"}},
		{"labeled", []events.Event{&events.TaskLabeled{Key: 1, Labels: []string{"x"}}}, checklist.Task{Labels: []string{"x"}}},
		{"linked and unlinked", []events.Event{&events.TaskLinked{Key: 1, URL: "a"}, &events.TaskLinked{Key: 1, URL: "b"}, &events.TaskUnlinked{Key: 1, URL: "a"}}, checklist.Task{Links: []string{"b"}}},
		{"blocked and unblocked", []events.Event{&events.TaskBlocked{Key: 1, By: []int{4, 3}}, &events.TaskBlocked{Key: 1, By: []int{2}}, &events.TaskUnblocked{Key: 1, By: []int{3}}}, checklist.Task{BlockedBy: []int{4, 2}}},
		{"on hold until", []events.Event{&events.TaskHeld{Key: 1, Mark: '!', Until: "2026-12-01"}}, checklist.Task{State: events.OnHold, Until: "2026-12-01", Before: events.Todo}},
		{"on hold until another day", []events.Event{&events.TaskHeld{Key: 1, Until: "2026-12-01"}, &events.TaskHeld{Key: 1, Until: "2026-12-02"}}, checklist.Task{State: events.OnHold, Until: "2026-12-02", Before: events.Todo}},
		{"going on clears the day to look again", []events.Event{&events.TaskHeld{Key: 1, Until: "2026-12-01"}, &events.TaskStarted{Key: 1}}, checklist.Task{State: events.InProgress, Before: events.OnHold}},
		{"the state before is the last other one", []events.Event{&events.TaskStarted{Key: 1}, &events.TaskCompleted{Key: 1}, &events.TaskCompleted{Key: 1}}, checklist.Task{State: events.Done, Before: events.InProgress}},
		{"dropped", []events.Event{&events.TaskDropped{Key: 1}}, checklist.Task{State: events.Dropped, Before: events.Todo}},
		{"reopened", []events.Event{&events.TaskDropped{Key: 1}, &events.TaskReopened{Key: 1}}, checklist.Task{State: events.Todo, Before: events.Dropped}},
		{"occurrences", []events.Event{&events.TaskCompleted{Key: 1, Occurrence: "2026-11-20"}, &events.TaskCompleted{Key: 1, Occurrence: "2026-11-27"}}, checklist.Task{Occurrences: []events.Day{"2026-11-20", "2026-11-27"}}},
		{"an occurrence not done after all", []events.Event{
			&events.TaskCompleted{Key: 1, Occurrence: "2026-11-20"}, &events.TaskCompleted{Key: 1, Occurrence: "2026-11-27"}, &events.TaskReopened{Key: 1, Occurrence: "2026-11-27"},
		}, checklist.Task{Occurrences: []events.Day{"2026-11-20"}}},
		{"reworded", []events.Event{&events.TaskReworded{Key: 1, Text: "new", Raw: "- [ ] new\n", Box: 3}}, checklist.Task{Text: "new"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := folded(t, three()...).then(test.when...)
			want := test.want
			want.Key, want.Box = 1, 3
			if want.Text == "" {
				want.Text = "a"
			}
			if want.State == "" {
				want.State = events.Todo
			}
			got := *f.st.Task(1).Task
			if seq := f.st.Seq(); got.Changed.Seq != seq || got.Added.Seq != 13 {
				t.Errorf("got added @%d, changed @%d, want @13 and @%d", got.Added.Seq, got.Changed.Seq, seq)
			}
			got.Added, got.Changed, got.StateChanged, got.Completed = checklist.Change{}, checklist.Change{}, checklist.Change{}, checklist.Change{}
			if len(got.Links) == 0 {
				got.Links = nil
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(checklist.Task{})); diff != "" {
				t.Errorf("task (-want +got):\n%s", diff)
			}
		})
	}
}

// Only a change of the state is one; what an event brings along changes nobody.
func TestChanges(t *testing.T) {
	t.Parallel()
	f := folded(t, three()...)
	f.then(&events.TaskStarted{Key: 1, Mark: '~'})
	started := f.st.Seq()
	f.then(&events.TaskHeld{Key: 3, Mark: '!', Doc: []events.Line{{Ref: events.TaskRef(1), Raw: "- [~] a\n"}}}, &events.TaskReworded{Key: 1, Text: "n", Raw: "- [~] n\n", Box: 3})
	a := f.st.Task(1).Task
	if a.StateChanged.Seq != started || a.Changed.Seq != started+2 {
		t.Errorf("got state changed @%d, changed @%d, want @%d and @%d", a.StateChanged.Seq, a.Changed.Seq, started, started+2)
	}
	env := eventstest.Envelope("plan", f.st.Revision+1, &events.TaskCompleted{Key: 1})
	env.Seq, env.Reason, env.Time = 99, "so", env.Time.Add(-time.Hour)
	st, err := checklist.Evolve(f.st, env)
	if err != nil {
		t.Fatal(err)
	}
	want := checklist.Change{Seq: 99, At: env.EffectiveTime, Claimed: env.Time, By: env.Actor, Reason: "so", Via: env.Via}
	for _, got := range []checklist.Change{st.Task(1).Task.StateChanged, st.Task(1).Task.Changed, st.Changed} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("change (-want +got):\n%s", diff)
		}
	}
}

func TestComments(t *testing.T) {
	t.Parallel()
	f := folded(t, three()...).then(&events.TaskCommented{Key: 1, Text: "one"}, &events.TaskCommented{Key: 1, Text: "two"})
	all := slices.Clone(f.st.Task(1).Task.Comments)
	if len(all) != 2 || all[0].Text != "one" || all[1].Change.Seq != f.st.Seq() {
		t.Fatalf("got %+v, want two", all)
	}
	f.then(&events.TaskUncommented{Key: 1, Comment: all[0].ID}, &events.TaskUncommented{Key: 1, Comment: "none"})
	if got := f.st.Task(1).Task.Comments; len(got) != 1 || got[0].Text != "two" {
		t.Errorf("got %+v, want the second", got)
	}
	f.then(&events.TaskCommented{Key: 1, Text: "one", Again: all[0].ID})
	if got := f.st.Task(1).Task.Comments; len(got) != 2 || got[0] != all[0] {
		t.Errorf("got %+v, want the first in its place, as it was said", got)
	}
}

func TestEvolveChecklist(t *testing.T) {
	t.Parallel()
	f := folded(t, &events.ChecklistCreated{Title: "Plan", Source: "plan.md"})
	f.then(&events.ChecklistDescribed{
		Owner: events.Set("ada"), Start: events.Set(events.Day("2026-12-01")), Finish: events.Set(events.Day("2027-03-31")),
		Timezone: events.Set("Europe/Berlin"), WorkingDays: events.Set("mon,tue"), Holidays: events.Set("2026-12-25"), Markers: events.Set("o=done"),
	}, &events.ChecklistDescribed{Title: events.Set("New"), Owner: events.Set("")})
	f.then(three()...).then(
		&events.SectionAssigned{Key: 1, Assignees: []string{"ada"}},
		&events.SectionScheduled{Key: 1, Start: events.Set(events.Day("2026-12-01")), Due: events.Set(events.Day("2026-12-24"))},
		&events.SectionRetitled{Key: 1, Title: "New", Raw: "## New\n", Level: 2},
	)
	st := f.st
	got := []string{st.Name, st.Title, st.Source, st.Owner, string(st.Start), string(st.Finish), st.Zone().String(), st.WorkingDays, st.Holidays, st.Markers}
	want := []string{"plan", "New", "plan.md", "", "2026-12-01", "2027-03-31", "Europe/Berlin", "mon,tue", "2026-12-25", "o=done"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("described (-want +got):\n%s", diff)
	}
	section := *st.Section(1).Section
	if section.Changed.Seq != st.Seq() {
		t.Errorf("got section changed @%d, want @%d", section.Changed.Seq, st.Seq())
	}
	section.Changed = checklist.Change{}
	if diff := cmp.Diff(checklist.Section{Key: 1, Title: "New", Level: 2, Assignees: []string{"ada"}, Start: "2026-12-01", Due: "2026-12-24"}, section); diff != "" {
		t.Errorf("section (-want +got):\n%s", diff)
	}
	if f.then(&events.ChecklistArchived{}); !f.st.Archived {
		t.Error("got it open, want it archived")
	}
	if f.then(&events.ChecklistReactivated{}); f.st.Archived {
		t.Error("got it archived, want it open")
	}
	synced := &events.DocumentSynced{Path: "plan.md", SHA256: "ab"}
	if f.then(synced, &events.ChecklistPublished{To: "https://cairn.example"}); f.st.Synced != synced || f.st.PublishedTo != "https://cairn.example" {
		t.Errorf("got synced %+v, published to %q", f.st.Synced, f.st.PublishedTo)
	}
	f.then(&events.ChecklistDescribed{Timezone: events.Set("Nowhere/No")})
	if got := f.st.Zone(); got != time.UTC {
		t.Errorf("got zone %s, want UTC", got)
	}
}

// A kind of a newer version leaves the view incomplete from there, if it is
// about what the view shows; an unreadable event stops it.
func TestUnknownAndUnreadable(t *testing.T) {
	t.Parallel()
	f := folded(t, three()...)
	unknown := func(kind, subject string) events.Event {
		body := fmt.Sprintf(`{"specversion":"1.0","id":"x","source":"/checklists/plan","type":%q,"subject":%q,"time":"2026-11-23T10:00:00Z",`+
			`"recordedtime":"2026-11-23T10:00:00Z","revision":1,"authtype":"unauthenticated","authid":"ada","datacontenttype":"application/json","data":{}}`, kind, subject)
		env, err := events.Unmarshal([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return env.Data
	}
	if f.then(unknown("cairn.forecast.made.v1", "forecast")); f.st.Incomplete.Seq != 0 {
		t.Errorf("another noun: got incomplete @%d", f.st.Incomplete.Seq)
	}
	f.then(unknown("cairn.task.folded.v1", "task/1"))
	want := checklist.Gap{Seq: f.st.Seq(), Kind: "cairn.task.folded.v1"}
	if f.then(unknown("cairn.task.completed.v2", "task/1")); f.st.Incomplete != want {
		t.Errorf("got %+v, want the first: %+v", f.st.Incomplete, want)
	}
	errBody := errors.New("no JSON")
	revision := f.st.Revision
	st, err := checklist.Evolve(f.st, events.Envelope{Seq: 99, Revision: 99, Data: &events.Unreadable{Err: errBody}})
	if !errors.Is(err, errBody) || st.Revision != revision || string(st.Document()) != threeRaw {
		t.Errorf("got %v at revision %d, want %v and the state as it was", err, st.Revision, errBody)
	}
}

// The fold knows where the events of a command lie.
func TestCommandIndex(t *testing.T) {
	t.Parallel()
	st := checklist.New()
	for i, id := range []string{"a", "a", "b", "a", ""} {
		env := eventstest.Envelope("plan", uint64(i+1), &events.TaskStarted{Key: 1})
		env.Seq, env.CommandID, env.CommandHash = events.Seq(10+i), id, "hash-"+id
		var err error
		if st, err = checklist.Evolve(st, env); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]checklist.Command{
		"a": {First: 10, Last: 13, Count: 3, Hash: "hash-a"},
		"b": {First: 12, Last: 12, Count: 1, Hash: "hash-b"},
	} {
		if got, ok := st.Command(id); !ok || got != want {
			t.Errorf("%s: got %+v, %t, want %+v", id, got, ok, want)
		}
	}
	for _, id := range []string{"", "c"} {
		if got, ok := st.Command(id); ok {
			t.Errorf("%q: got %+v, want none", id, got)
		}
	}
}

// The effective time of the whole is the latest, whatever order a log has.
func TestEffective(t *testing.T) {
	t.Parallel()
	st := checklist.New()
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for i, offset := range []time.Duration{0, time.Hour, time.Minute} {
		env := eventstest.Envelope("plan", uint64(i+1), &events.TaskStarted{Key: 1})
		env.EffectiveTime = at.Add(offset)
		var err error
		if st, err = checklist.Evolve(st, env); err != nil {
			t.Fatal(err)
		}
	}
	if want := at.Add(time.Hour); !st.Effective.Equal(want) {
		t.Errorf("got %s, want %s", st.Effective, want)
	}
}

// Texts that may be the legend are known, as they come, change and go.
func TestBracketed(t *testing.T) {
	t.Parallel()
	keys := func(st *checklist.State) (list []int) {
		for _, b := range st.Bracketed() {
			list = append(list, b.Ref.Key)
		}
		return list
	}
	f := folded(t, outline("[ ] = Todo", "[ ] todo [x] done", "words", "[a] [b]")...)
	for _, step := range []struct {
		when events.Event
		want []int
	}{
		{&events.ChecklistReactivated{}, []int{2, 4}},
		{&events.TextEdited{Key: 1, Edits: []events.Edit{{At: 10, Put: " [x] = Done"}}}, []int{1, 2, 4}},
		{&events.TextRemoved{Key: 2}, []int{1, 4}},
		{&events.DocumentReformatted{Doc: []events.Line{{Ref: events.TextRef(4), Raw: "gone\n"}}}, []int{1}},
		{&events.TextRestored{Key: 2}, []int{1, 2}},
	} {
		if got := keys(f.then(step.when).st); !slices.Equal(got, step.want) {
			t.Errorf("after %s: got %v, want %v", step.when.Kind(), got, step.want)
		}
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	every := func(key int) events.Event { return &events.TaskScheduled{Key: key, Every: events.Set("week")} }
	for _, test := range []struct {
		name  string
		given []events.Event
		want  checklist.Tally
	}{
		{"nothing", outline("words", "# One"), checklist.Tally{}},
		{"one of each state", outline("- [ ] a", "- [~] b", "- [!] c", "- [x] d", "- [-] e"), checklist.Tally{
			Counts:   checklist.Counts{Tasks: 5, Todo: 1, InProgress: 1, OnHold: 1, Done: 1, Dropped: 1},
			Progress: checklist.Progress{Work: 4, Todo: 1, InProgress: 1, OnHold: 1, Done: 1, Dropped: 1},
		}},
		{"a parent is no work, its leaves are", outline("- [x] a", "  - [ ] b", "    - [~] c", "  - [x] d"), checklist.Tally{
			Counts:   checklist.Counts{Tasks: 4, Todo: 1, InProgress: 1, Done: 2},
			Progress: checklist.Progress{Work: 2, InProgress: 1, Done: 1},
		}},
		{"what stands under a dropped task is dropped", outline("- [-] a", "  - [ ] b", "  - [x] c"), checklist.Tally{
			Counts:   checklist.Counts{Tasks: 3, Todo: 1, Done: 1, Dropped: 1},
			Progress: checklist.Progress{Dropped: 2},
		}},
		{"risks stand beside the work", outline("# Risks & mitigations", "- [ ] a", "- [x] b", "- [-] c", "- [!] d", "  - [ ] d1", "# Brisk", "- [ ] e"), checklist.Tally{
			Counts:   checklist.Counts{Tasks: 6, Todo: 3, OnHold: 1, Done: 1, Dropped: 1},
			Progress: checklist.Progress{Work: 1, Todo: 1},
			Risks:    checklist.Risks{Open: 2, Closed: 2},
		}},
		{"repeating tasks stand beside the work", append(outline("- [ ] a", "- [ ] b", "  - [ ] b1", "- [x] c"), every(1), every(2), every(4)), checklist.Tally{
			Counts:    checklist.Counts{Tasks: 4, Todo: 3, Done: 1},
			Progress:  checklist.Progress{Work: 1, Todo: 1},
			Repeating: 3,
		}},
		{"a text between hides nothing", append(outline("- [ ] a", "words"), &events.TaskAdded{Key: 2, Place: events.Place{In: events.TextRef(1)}, State: events.Done}), checklist.Tally{
			Counts:   checklist.Counts{Tasks: 2, Todo: 1, Done: 1},
			Progress: checklist.Progress{Work: 2, Todo: 1, Done: 1},
		}},
		{"what was removed does not count", append(outline("- [ ] a", "  - [ ] b", "- [x] c"), &events.TaskRemoved{Key: 1}), checklist.Tally{
			Counts:   checklist.Counts{Tasks: 1, Done: 1},
			Progress: checklist.Progress{Work: 1, Done: 1},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, folded(t, test.given...).st.Root().Tally()); diff != "" {
				t.Errorf("tally (-want +got):\n%s", diff)
			}
		})
	}
}

// Counted from a block below, what stands above matters all the same.
func TestTallyOfABlock(t *testing.T) {
	t.Parallel()
	st := folded(t, outline("# Risk", "- [ ] a", "  - [ ] a1", "# One", "- [-] b", "  - [ ] b1", "    - [ ] b2")...).st
	if got := st.Task(1).Tally(); got.Risks.Open != 1 || got.Progress.Work != 0 {
		t.Errorf("under a risk: got %+v, want one open risk", got)
	}
	if got := st.Task(4).Tally(); got.Progress.Dropped != 1 || got.Progress.Work != 0 {
		t.Errorf("under a dropped task: got %+v, want one dropped", got)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	st := folded(t, append(outline(
		"- [ ] first", "- [ ] waits", "- [ ] waits for done", "- [x] done", "- [!] held", "- [~] started", "- [ ] parent", "  - [ ] child",
		"- [-] dropped", "  - [ ] under it", "- [ ] waiting parent", "  - [ ] waiting child", "# Risks", "- [ ] a risk", "- [ ] another",
	), &events.TaskBlocked{Key: 2, By: []int{1}}, &events.TaskBlocked{Key: 3, By: []int{4}}, &events.TaskBlocked{Key: 11, By: []int{1, 99}},
		&events.TaskBlocked{Key: 13, By: []int{1}})...).st
	var ready []int
	for b := range st.Root().Tasks() {
		if st.Ready(b, "2026-11-23") {
			ready = append(ready, b.Task.Key)
		}
	}
	if want := []int{1, 3, 6, 8}; !slices.Equal(ready, want) {
		t.Errorf("got %v, want %v", ready, want)
	}
	for key, want := range map[int][]int{1: nil, 2: {1}, 3: nil, 11: {1}, 12: nil, 13: nil} {
		if got := st.Waits(st.Task(key)); !slices.Equal(got, want) {
			t.Errorf("%d waits for %v, want %v", key, got, want)
		}
	}
}

// A task that repeats can be worked on from its due day on, and is late from the
// day after.
func TestRepeatingIsDue(t *testing.T) {
	t.Parallel()
	st := folded(t, append(outline("- [ ] review"), &events.TaskScheduled{Key: 1, Due: events.Set(events.Day("2026-11-27")), Every: events.Set("week")})...).st
	for _, row := range []struct {
		today events.Day
		ready bool
		late  int
	}{
		{"2026-11-26", false, 0}, {"2026-11-27", true, 0}, {"2026-11-30", true, 3},
	} {
		b := st.Task(1)
		if ready, late := st.Ready(b, row.today), b.Late(row.today); ready != row.ready || late != row.late {
			t.Errorf("%s: got ready %v, late %d, want %v, %d", row.today, ready, late, row.ready, row.late)
		}
		if got := len(st.NextTasks(row.today)); (got == 1) != row.ready {
			t.Errorf("%s: got %d next, want it there: %v", row.today, got, row.ready)
		}
	}
}

// Whatever comes in whatever order: the tree stays sound, the counts add up, and
// folding in two parts is folding at once.
func TestEvolveNeverRefuses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var list []events.Event
		keys := map[events.Noun]int{events.SectionNoun: 2, events.TaskNoun: 4, events.TextNoun: 2}
		ref := func() events.Ref {
			noun := rapid.SampledFrom([]events.Noun{events.NoNoun, events.SectionNoun, events.TaskNoun, events.TextNoun}).Draw(t, "noun")
			if noun == events.NoNoun {
				return events.Ref{}
			}
			return events.Ref{Noun: noun, Key: rapid.IntRange(1, keys[noun]+1).Draw(t, "key")}
		}
		key := func(noun events.Noun) int { return rapid.IntRange(1, keys[noun]+1).Draw(t, "key") }
		place := func() events.Place { return events.Place{In: ref(), After: ref()} }
		// into keeps a block out of itself and of what is not there, as deciding does.
		var st *checklist.State
		into := func(r events.Ref) events.Place {
			at := place()
			in := st.Block(at.In)
			if at.In == r || in != nil && (in.Removed || st.Block(r) != nil && in.Within(st.Block(r))) {
				at.In = events.Ref{}
			}
			return at
		}
		f := folded(t, three()...)
		for range rapid.IntRange(0, 25).Draw(t, "events") {
			st = f.st
			task, section, text := key(events.TaskNoun), key(events.SectionNoun), key(events.TextNoun)
			var e events.Event
			switch rapid.IntRange(0, 12).Draw(t, "kind") {
			case 0:
				keys[events.TaskNoun]++
				e = &events.TaskAdded{Key: keys[events.TaskNoun], Place: into(events.TaskRef(keys[events.TaskNoun])), State: events.Todo, Raw: "- [ ] t\n", Box: 3}
			case 1:
				keys[events.TextNoun]++
				e = &events.TextAdded{Key: keys[events.TextNoun], Place: into(events.TextRef(keys[events.TextNoun])), Raw: "[t] [u]\n"}
			case 2:
				e = &events.TaskMoved{Key: task, Place: into(events.TaskRef(task))}
			case 3:
				e = &events.TaskRemoved{Key: task}
			case 4:
				e = &events.TaskRestored{Key: task, Place: into(events.TaskRef(task))}
			case 5:
				e = &events.SectionMoved{Key: section, Place: into(events.SectionRef(section))}
			case 6:
				e = &events.SectionRemoved{Key: section}
			case 7:
				e = &events.TextRemoved{Key: text}
			case 8:
				e = &events.TaskDropped{Key: task, Mark: '-'}
			case 9:
				e = &events.TaskCompleted{Key: task, Mark: 'x'}
			case 10:
				e = &events.TextRestored{Key: text, Place: into(events.TextRef(text))}
			case 11:
				e = &events.TaskScheduled{Key: task, Every: events.Set("day")}
			case 12:
				e = &events.TaskHeld{Key: task, Mark: '!', Doc: []events.Line{{Ref: ref(), Raw: "  * [ ] re [x]\n"}}}
			}
			if r, ok := restored(e); ok && st.Block(r) != nil && st.Block(r).Parent != nil {
				continue // it went with what it stands in, and comes back with it
			}
			list = append(list, e)
			f.then(e)
			sound(t, f.st)
			tally := f.st.Root().Tally()
			c, p := tally.Counts, tally.Progress
			if c.Todo+c.InProgress+c.OnHold+c.Done+c.Dropped != c.Tasks || p.Todo+p.InProgress+p.OnHold+p.Done != p.Work || p.Remaining() != p.Work-p.Done ||
				p.Work+p.Dropped+tally.Risks.Open+tally.Risks.Closed+tally.Repeating > c.Tasks {
				t.Fatalf("%+v does not add up", tally)
			}
		}
		cut := rapid.IntRange(0, len(list)).Draw(t, "cut")
		parts := folded(t, three()...).then(list[:cut]...)
		seq := func(yield func(events.Envelope, error) bool) {
			for i, e := range list[cut:] {
				env := eventstest.Envelope("plan", parts.st.Revision+1, e)
				env.Seq = events.Seq(len(three()) + cut + i + 11)
				if !yield(env, nil) {
					return
				}
			}
		}
		st, err := projections.Continue(checklist.Projection, parts.st, seq, nil)
		if err != nil || string(st.Document()) != string(f.st.Document()) || st.Root().Tally() != f.st.Root().Tally() {
			t.Fatalf("cut at %d: got %q, %v, want %q", cut, st.Document(), err, f.st.Document())
		}
	})
}

func restored(e events.Event) (events.Ref, bool) {
	switch e := e.(type) {
	case *events.TaskRestored:
		return events.TaskRef(e.Key), true
	case *events.TextRestored:
		return events.TextRef(e.Key), true
	}
	return events.Ref{}, false
}
