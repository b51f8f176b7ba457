package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/google/uuid"

	"cairn/events"
	"cairn/events/natslog"
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

// Simulate makes a log and lets a team work on its checklist. It is planned for ten
// months and reviewed on Fridays; after four months the plan is compared with anew.
// On each working day, each of five people may start, close or hold something, and
// now and then something comes in, is opened again, dropped or split; slower in
// summer, faster when the target is near. It returns how many events that makes.
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
	if err := s.begin(ctx); err != nil {
		return err
	}
	people := []string{"ada", "bob", "chen", "dana", "eli"}
	baseline := events.DayOf(s.From.In(time.UTC).AddDate(0, 4, 2))
	for ; events.DayOf(s.now) <= s.Until; s.now = s.now.AddDate(0, 0, 1) {
		today := events.DayOf(s.now)
		if d := s.now.Weekday(); d == time.Saturday || d == time.Sunday || s.off() {
			continue
		}
		if baseline != "" && today >= baseline {
			baseline = ""
			if err := s.do(ctx, "ada", "re-planned after four months", commands.SetBaseline{Label: "spring"}); err != nil {
				return err
			}
		}
		morning := s.now
		for i, who := range people {
			s.now = morning.Add(time.Duration(i)*97*time.Minute + time.Duration(s.r.IntN(60))*time.Minute)
			if err := s.work(ctx, who); err != nil {
				return err
			}
		}
		if morning.Weekday() == time.Friday {
			s.now = morning.Add(8 * time.Hour)
			if err := s.review(ctx); err != nil {
				return err
			}
		}
		s.now = morning
	}
	return nil
}

// begin imports the checklist and plans it.
func (s *simulation) begin(ctx context.Context) error {
	text := func(v string) *string { return &v }
	start := s.From.In(time.UTC).AddDate(0, 0, 1)
	year := start.Year()
	links := commands.LinkTasks{}
	for key := 2; key <= 59; key++ {
		if key != 8 { // a parent, as 1 is
			links.Links = append(links.Links, commands.LinkTask{Task: strconv.Itoa(key), URL: "https://github.com/acme/beam/issues/" + strconv.Itoa(200+key)})
		}
	}
	for _, cmd := range []commands.Command{
		commands.ImportDocument{Document: s.Document, Source: "examples/elixir-migration.md"},
		commands.Plan{
			Owner: text("ada"), Start: text(string(events.DayOf(start))), Finish: text(string(events.DayOf(start.AddDate(0, 10, -1)))),
			Holidays: text(fmt.Sprintf("%d-12-24..%d-01-01,%d-12-24..%d-01-01", year, year+1, year+1, year+2)),
		},
		commands.Schedule{Tasks: []string{"66"}, Due: "fri", Every: "week"},
		links,
		commands.Assign{Tasks: []string{"60"}, Assignees: []string{"ada"}},
		commands.Assign{Tasks: []string{"62"}, Assignees: []string{"bob"}},
		commands.BlockTask{Tasks: []string{"61"}, By: []string{"37", "44", "52"}},
		commands.BlockTask{Tasks: []string{"62"}, By: []string{"46", "48"}},
	} {
		if err := s.do(ctx, "ada", "", cmd); err != nil {
			return err
		}
	}
	return nil
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
