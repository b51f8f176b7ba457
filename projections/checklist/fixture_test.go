package checklist

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/events"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with the golden file name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// script writes a history: each do is one command of one or more events.
type script struct {
	t     *testing.T
	name  string
	now   time.Time
	actor events.Actor
	envs  []events.Envelope
	keys  [4]int
	last  map[events.Ref]events.Ref // the last child of a parent
}

func newScript(t *testing.T, name string) *script {
	return &script{t: t, name: name, last: make(map[events.Ref]events.Ref)}
}

// at sets who acts, and when: "2027-06-04 10:12".
func (s *script) at(when, who string) *script {
	now, err := time.Parse("2006-01-02 15:04", when)
	if err != nil {
		s.t.Fatal(err)
	}
	s.now, s.actor = now, events.Actor{ID: who, Auth: events.Unauthenticated}
	return s
}

func (s *script) do(command, reason string, data ...events.Event) {
	first := len(s.envs) + 1
	for i, e := range data {
		n := len(s.envs) + 1
		env := events.Envelope{
			ID: fmt.Sprintf("01890000-0000-7000-8000-%012d", n), Checklist: s.name, Revision: uint64(n),
			Time: s.now, RecordedTime: s.now, EffectiveTime: s.now, Actor: s.actor, Via: "cli",
			CommandID: fmt.Sprintf("01890000-0000-7000-9000-%012d", first), CommandName: command, CommandHash: "00",
			Part: i + 1, Parts: len(data), Reason: reason, Data: e,
		}
		body, err := events.Marshal(&env)
		if err != nil {
			s.t.Fatal(err)
		}
		s.envs = append(s.envs, events.Decode(events.Seq(n), s.name, body))
	}
}

func (s *script) place(in events.Ref, ref events.Ref) events.Place {
	place := events.Place{In: in, After: s.last[in]}
	s.last[in] = ref
	return place
}

// document makes the events that a document is: "## " begins a section, "- " a
// task, two more spaces a task in it; every other line is text.
func (s *script) document(lines ...string) []events.Event {
	var list []events.Event
	next := func(noun events.Noun) int { s.keys[noun]++; return s.keys[noun] }
	section := make(map[int]events.Ref) // by level
	var tasks []events.Ref              // by depth
	within := events.Ref{}
	for _, line := range lines {
		rest := strings.TrimLeft(line, " ")
		depth := (len(line) - len(rest)) / 2
		switch {
		case strings.HasPrefix(line, "##"):
			level := strings.IndexByte(line, ' ')
			ref := events.SectionRef(next(events.SectionNoun))
			list = append(list, &events.SectionAdded{Key: ref.Key, Place: s.place(section[level-1], ref), Level: level, Title: line[level+1:], Raw: line + "\n"})
			section[level], within, tasks = ref, ref, nil
		case strings.HasPrefix(rest, "- "):
			in := within
			if depth > 0 {
				in = tasks[depth-1]
			}
			ref := events.TaskRef(next(events.TaskNoun))
			list = append(list, &events.TaskAdded{
				Key: ref.Key, Place: s.place(in, ref), Text: rest[2:], State: events.Todo,
				Raw: line[:len(line)-len(rest)] + "- [ ] " + rest[2:] + "\n", Box: depth*2 + 3,
			})
			tasks = append(tasks[:depth], ref)
		default:
			ref := events.TextRef(next(events.TextNoun))
			list = append(list, &events.TextAdded{Key: ref.Key, Place: s.place(within, ref), Raw: line + "\n"})
		}
	}
	return list
}

// state folds the history so far.
func (s *script) state() *State {
	st := New()
	for _, env := range s.envs {
		var err error
		if st, err = Evolve(st, env); err != nil {
			s.t.Fatal(err)
		}
	}
	return st
}

// now is when the views of the fixture are looked at.
var now = time.Date(2027, 6, 4, 12, 12, 0, 0, time.UTC)

// migration is a small checklist half-way through, with one of everything.
func migration(t *testing.T) *script {
	s := newScript(t, "elixir-migration").at("2026-11-23 10:12", "ada@example.com")
	s.do("ImportDocument", "", append(append([]events.Event{
		&events.ChecklistCreated{Title: "Migration to Elixir/BEAM – Execution Checklist", Source: "plans/elixir-migration.md"},
	}, s.document(
		"# Migration to Elixir/BEAM – Execution Checklist", "Legend: [ ] = Todo, [~] = In progress, [x] = Done",
		"## 1) Foundations (Phoenix + Ash + Core deps)",
		"- Phoenix umbrella scaffold created with apps:", "  - core_events", "  - core_users", // 1 2 3
		"- Oban configured (queues, pruning) and migrations generated", // 4
		"## 2) Minimal Ash resources (per bounded context)",
		"- Events: resources modeled and grouped under an Ash API",                  // 5
		"- Seed scripts and sample data for smoke tests",                            // 6
		"- Ash.Policy authorization baseline for Users/Tickets and everything else", // 7
		"## 3) Data migration (SQL Server -> Postgres)",                             //
		"- Decide ETL/CDC approach (e.g., Debezium, periodic ETL, custom sync)",     // 8
		"- Data parity validation (row counts, key invariants, spot checks)",        // 9
		"- New Elixir writes go to Postgres (feature-flagged)",                      // 10
		"- Gradual read cutover to Postgres after validation",                       // 11
		"- Decommission SQL Server after full parity period",                        // 12
		"## 4) Messaging", //
		"- Ash after_action hooks enqueue domain events in the same transaction as writes", // 13
		"- Publisher emits messages to RabbitMQ with stable JSON schemas",                  // 14
		"- Contract tests for message formats; headers and versions",                       // 15
		"- Build container images for umbrella apps where applicable",                      // 16
		"### Consumers", //
		"- Billing consumes events from the topic",                    // 17
		"## 5) Incremental cutover",                                   //
		"- Switch Users to Elixir",                                    // 18
		"## Risks & mitigations",                                      //
		"- Contract drift → shared schemas + contract tests enforced", // 19
		"- SQL Server driver maturity → migrate to Postgres early",    // 20
		"## 6) Governance / tracking",                                 //
		"- Weekly progress review and status update",                  // 21
		"- Owners named for every phase",                              // 22
		"## Notes", "Prose, without a task.",
	)...), &events.DocumentSynced{Path: "plans/elixir-migration.md", SHA256: "ab12", AtRevision: 34})...)
	done := func(key int) events.Event { return &events.TaskCompleted{Key: key, Mark: 'x'} }
	issue := func(key, n int) events.Event {
		return &events.TaskLinked{Key: key, URL: fmt.Sprintf("https://github.com/acme/beam/issues/%d", n)}
	}
	s.at("2026-11-24 09:00", "ada@example.com")
	s.do("PlanChecklist", "", &events.ChecklistDescribed{
		Owner: events.Set("Ada"), Start: events.Set(events.Day("2026-12-01")), Finish: events.Set(events.Day("2027-09-30")),
		Timezone: events.Set("Europe/Berlin"),
	})
	s.do("LinkTask", "", issue(7, 227), issue(9, 230), issue(10, 231), issue(11, 232), issue(14, 243))
	s.do("AssignTask", "", &events.TaskAssigned{Key: 7, Assignees: []string{"ada"}}, &events.TaskAssigned{Key: 9, Assignees: []string{"chen"}},
		&events.TaskAssigned{Key: 10, Assignees: []string{"chen"}}, &events.TaskAssigned{Key: 14, Assignees: []string{"dana", "eli"}})
	s.do("ScheduleTask", "", &events.TaskScheduled{Key: 7, Due: events.Set(events.Day("2027-05-28"))}, &events.TaskScheduled{Key: 9, Due: events.Set(events.Day("2027-06-18"))})
	s.do("ScheduleTask", "", &events.TaskScheduled{Key: 21, Due: events.Set(events.Day("2027-06-04")), Every: events.Set("week")})
	s.do("BlockTask", "", &events.TaskBlocked{Key: 11, By: []int{9}})
	s.do("BlockTask", "", &events.TaskBlocked{Key: 12, By: []int{11}})
	s.do("BlockTask", "", &events.TaskBlocked{Key: 15, By: []int{14, 13}})
	s.at("2026-12-07 14:00", "chen@example.com")
	s.do("StartTask", "", &events.TaskStarted{Key: 2, Mark: '~'}, &events.TaskStarted{Key: 3, Mark: '~'})
	s.do("CompleteTask", "mix new, compiles in CI", done(1), done(2), done(3))
	s.do("CompleteTask", "", done(4))
	s.do("CompleteTask", "", done(5))
	s.do("CompleteTask", "", done(8))
	s.do("CompleteTask", "", done(9))
	s.do("CompleteTask", "decided in ADR 7", done(20))
	s.do("CompleteTask", "", done(22))
	s.do("CompleteTask", "", &events.TaskCompleted{Key: 21, Occurrence: "2027-05-28"})
	s.at("2027-05-20 08:30", "ada@example.com").do("StartTask", "", &events.TaskStarted{Key: 7, Mark: '~'})
	s.at("2027-06-01 10:05", "dana@example.com")
	s.do("HoldTask", "waiting for contract sign-off by Billing, who have not answered since Tuesday", &events.TaskHeld{
		Key: 14, Mark: '!', Until: "2027-06-11",
		Doc: []events.Line{{Ref: events.TextRef(2), Raw: "Legend: [ ] = Todo, [~] = In progress, [x] = Done, [!] = On hold\n"}},
	})
	s.at("2027-06-02 11:30", "eli@example.com")
	s.do("SplitTask", "", &events.TaskAdded{Key: 23, Place: events.Place{In: events.TaskRef(18)}, Text: "reads", State: events.Todo, Raw: "  - [ ] reads\n", Box: 5},
		&events.TaskAdded{Key: 24, Place: events.Place{In: events.TaskRef(18), After: events.TaskRef(23)}, Text: "writes", State: events.Todo, Raw: "  - [ ] writes\n", Box: 5})
	s.at("2027-06-02 16:20", "ada@example.com").do("DropTask", "one base image serves all", &events.TaskDropped{Key: 16, Mark: '-'})
	s.at("2027-06-03 09:02", "chen@example.com").do("ReopenTask", "tickets_archive differs", &events.TaskReopened{Key: 9, Mark: ' '})
	s.do("StartTask", "", &events.TaskStarted{Key: 9, Mark: '~'})
	s.at("2027-06-03 15:45", "ada@example.com")
	s.do("AddTask", "asked by audit", &events.TaskAdded{
		Key: 25, Place: events.Place{In: events.SectionRef(3), After: events.TaskRef(12)}, Text: "Rehearse the cutover on a copy of production data",
		State: events.Todo, Raw: "- [ ] Rehearse the cutover on a copy of production data\n", Box: 3,
	})
	s.at("2027-06-04 08:55", "chen@example.com").do("CompleteTask", "PR #318", done(6))
	s.at("2027-06-04 10:12", "eli@example.com").do("CommentTask", "", &events.TaskCommented{Key: 18, Text: "diff log is clean for /events"})
	return s
}

// hostile is a checklist of texts that break columns, or worse.
func hostile(t *testing.T) *script {
	s := newScript(t, "texts").at("2027-06-01 09:00", "mallory@example.com")
	list := s.document("## 部署 🚀 计划", "- x")
	add := func(text string) {
		key := len(list)
		list = append(list, &events.TaskAdded{
			Key: key, Place: events.Place{In: events.SectionRef(1), After: events.TaskRef(key - 1)},
			Text: text, State: events.Todo, Raw: "- [ ] " + text + "\n", Box: 3, Assignees: []string{"李雷"},
		})
	}
	add("数据库迁移到新的集群并且验证所有的行数和校验和以及索引是否完全一致之后再切换流量")
	add("Ship 👩‍👩‍👧‍👦 family flags 🇩🇪🇫🇷 and ❤️ hearts 👍🏽 to every customer before the end of the quarter")
	add("ESC \x1b[31mred\x1b[0m \x1b]0;title\x07 bell, \u202eright to left override and \u009b31m C1")
	add("two\nlines\tand a tab")
	add("عربي: ترحيل قاعدة البيانات إلى الخادم الجديد قبل نهاية الشهر القادم مع التحقق من كل الصفوف")
	add("Zu\u0308rich cafe\u0301 combining accents take no column of their own, not even at the cut here")
	s.do("ImportDocument", "", append([]events.Event{&events.ChecklistCreated{Title: "Texts \x1b[2J"}}, list...)...)
	s.do("LinkTask", "", &events.TaskLinked{Key: 3, URL: "https://example.com/\x1b[2J"}, &events.TaskScheduled{Key: 3, Due: events.Set(events.Day("\x1b[2J"))},
		&events.TaskLabeled{Key: 3, Labels: []string{"\x1b[2J"}})
	s.do("HoldTask", "because\x1b[2J of \r\n this", &events.TaskHeld{Key: 2, Mark: '!'})
	return s
}
