package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
)

// Config says what to simulate.
type Config struct {
	// Dir is the log's directory, which is made.
	Dir string
	// Document is the checklist.
	Document    []byte
	Seed        uint64
	From, Until events.Day
}

// Name is the simulated checklist's.
const Name = "elixir-migration"

// Simulate makes a log and lets a team work on its checklist: on each working day,
// each of five people may start, close or hold something, and now and then
// something comes in, is opened again, dropped or split. It returns how many
// events that makes.
func Simulate(ctx context.Context, c Config) (events.Seq, error) {
	if natslog.Exists(c.Dir) {
		return 0, fmt.Errorf("there is a log in %s already", c.Dir)
	}
	s := &simulation{Config: c, r: rand.New(rand.NewPCG(c.Seed, 0x73696d)), now: c.From.In(time.UTC).Add(9 * time.Hour)}
	clock := func() time.Time { return s.now }
	log, err := natslog.Open(ctx, natslog.Config{Dir: c.Dir, Create: true, Now: clock})
	if err != nil {
		return 0, err
	}
	s.app = app.NewLocal(log, commands.Config{Now: clock, NewID: s.id, Exclusive: true})
	err = s.run(ctx)
	end := log.End()
	return end, errors.Join(err, log.Close())
}

type simulation struct {
	Config
	r   *rand.Rand
	now time.Time
	app *app.Local
}

// id makes the ids of events and commands, of the simulated time.
func (s *simulation) id() (string, error) {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(s.now.UnixMilli())<<16)
	binary.BigEndian.PutUint64(b[8:], s.r.Uint64())
	binary.BigEndian.PutUint16(b[6:], uint16(s.r.Uint32())&0x0fff|0x7000)
	b[8] = b[8]&0x3f | 0x80
	return uuid.UUID(b).String(), nil
}

func (s *simulation) run(ctx context.Context) error {
	text := func(v string) *string { return &v }
	finish := events.DayOf(s.From.In(time.UTC).AddDate(0, 10, 0))
	err := s.do(ctx, "ada", "", commands.ImportDocument{Document: s.Document, Source: "examples/elixir-migration.md"})
	if err == nil {
		err = s.do(ctx, "ada", "", commands.Plan{Owner: text("ada"), Start: text(string(s.From)), Finish: text(string(finish))})
	}
	people := []string{"ada", "bob", "chen", "dana", "eli"}
	for ; err == nil && events.DayOf(s.now) <= s.Until; s.now = s.now.AddDate(0, 0, 1) {
		if d := s.now.Weekday(); d == time.Saturday || d == time.Sunday || s.off() {
			continue
		}
		morning := s.now
		for i, who := range people {
			s.now = morning.Add(time.Duration(i)*97*time.Minute + time.Duration(s.r.IntN(60))*time.Minute)
			if err = s.work(ctx, who); err != nil {
				break
			}
		}
		s.now = morning
	}
	return err
}

// off is the time between the years.
func (s *simulation) off() bool {
	day := string(events.DayOf(s.now))[5:]
	return day >= "12-24" || day == "01-01"
}

// do carries out a command; what the checklist refuses does not happen.
func (s *simulation) do(ctx context.Context, who, why string, cmd commands.Command) error {
	meta := commands.Meta{Checklist: Name, Actor: events.Actor{ID: who + "@example.com", Auth: events.Unauthenticated}, Via: "sim", Reason: why}
	_, err := s.app.Execute(ctx, meta, cmd)
	var refused *commands.Error
	if errors.As(err, &refused) {
		return nil
	}
	return err
}

// work is what somebody does on a day, if anything.
func (s *simulation) work(ctx context.Context, who string) error {
	var mine, open, held, closed []string
	if err := s.app.Checklist(ctx, Name, nil, func(st *checklist.State) error {
		for b := range st.Root().Tasks() {
			if !b.Leaf() || b.Risk() || b.Task.Every != "" {
				continue
			}
			key := strconv.Itoa(b.Task.Key)
			switch {
			case b.Task.State == events.Done:
				closed = append(closed, key)
			case b.Task.State == events.OnHold:
				held = append(held, key)
			case b.Task.State == events.InProgress && slices.Contains(b.Task.Assignees, who):
				mine = append(mine, key)
			case b.Task.State == events.Todo && len(open) < 9: // in the order of the document
				open = append(open, key)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	pick := func(list []string) string { return list[s.r.IntN(len(list))] }
	one := func(v commands.Verb, key string) commands.Command {
		return commands.Transition{Verb: v, Tasks: []string{key}}
	}
	switch n := s.r.IntN(1000); {
	case len(mine) > 0 && n < 58+28*len(mine):
		return s.do(ctx, who, s.pull(), one(commands.Done, mine[0]))
	case len(mine) < 2 && len(open) > 0 && n < 170:
		key := pick(open)
		if err := s.do(ctx, who, "", commands.Assign{Tasks: []string{key}, Assignees: []string{who}}); err != nil {
			return err
		}
		return s.do(ctx, who, "", one(commands.Start, key))
	case len(held) > 0 && n < 200:
		return s.do(ctx, who, "", one(commands.Start, pick(held)))
	case len(mine) > 0 && n >= 990:
		day := events.DayOf(s.now.AddDate(0, 0, 7))
		return s.do(ctx, who, "waits for the other team", commands.Transition{Verb: commands.Hold, Tasks: mine[:1], Until: string(day)})
	case len(closed) > 0 && n >= 984:
		return s.do(ctx, who, "the check failed", one(commands.Reopen, pick(closed)))
	case n >= 978:
		return s.do(ctx, who, "found on the way", commands.AddTask{Text: s.found()})
	case len(open) > 0 && n >= 975:
		return s.do(ctx, who, "not needed after all", one(commands.Drop, pick(open)))
	case len(open) > 0 && n >= 972:
		return s.do(ctx, who, "", commands.SplitTask{Task: pick(open), Texts: []string{"the reading half", "the writing half"}})
	case len(mine) > 0 && n >= 965:
		return s.do(ctx, who, "", commands.CommentTask{Task: mine[0], Text: "half way through"})
	}
	return nil
}

func (s *simulation) pull() string { return fmt.Sprintf("PR #%d", 200+s.r.IntN(200)) }

// found is a task that nobody had thought of.
func (s *simulation) found() string {
	what := []string{"Rehearse", "Document", "Measure", "Clean up", "Alert on"}
	of := []string{"the cutover", "the retry policy", "the migration of attachments", "the dead letters", "the nightly jobs", "the old dashboards"}
	return what[s.r.IntN(len(what))] + " " + of[s.r.IntN(len(of))]
}
