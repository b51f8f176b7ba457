package chart

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"cairn/events"
	"cairn/projections/burndown"
)

// plan is a made-up history: work that is done and comes in by chance, on working
// days. It is not folded from events, so that years of it cost nothing.
type plan struct {
	title      string
	start, end events.Day // the first day, and the last
	scope      int        // on the first day
	a, b       int        // of b working days, work is closed on a
	most       int        // so much on such a day
	grown      int        // of 100 working days, work comes in on as many
	target     events.Day
	open       bool
}

func beam() plan {
	return plan{
		title: "Migration to Elixir/BEAM – Execution Checklist", start: "2026-12-01", end: "2027-06-04",
		scope: 60, a: 30, b: 100, most: 1, grown: 3, target: "2027-09-30", open: true,
	}
}

func nextDay(d events.Day) events.Day { return events.DayOf(d.In(time.UTC).AddDate(0, 0, 1)) }

// days plays the history; the same plan has the same.
func (p plan) days() []burndown.Day {
	r := rand.New(rand.NewPCG(7, 11))
	work := burndown.Counts{Todo: p.scope}
	var days []burndown.Day
	seq := events.Seq(1)
	for d := p.start; d <= p.end; d = nextDay(d) {
		day := burndown.Day{Date: d}
		if on := d.In(time.UTC).Weekday(); on != time.Saturday && on != time.Sunday {
			for range max(1, p.most/3) {
				if work.Todo > 0 && work.InProgress < 4*p.most && r.IntN(p.b) < p.a {
					work.Todo--
					work.InProgress++
				}
			}
			if r.IntN(p.b) < p.a {
				n := min(1+r.IntN(p.most), work.InProgress)
				work.InProgress -= n
				work.Done += n
				day.Completed = n
			}
			switch n := r.IntN(100); {
			case n < p.grown:
				work.Todo++
				day.Added = 1
			case n < p.grown+4 && work.InProgress > 0:
				work.InProgress--
				work.OnHold++
			case n < p.grown+9 && work.OnHold > 0:
				work.OnHold--
				work.InProgress++
			case n < p.grown+12 && work.Done > 0:
				work.Done--
				work.Todo++
				day.Reopened = 1
			}
		}
		seq += events.Seq(2 * day.Completed)
		day.Seq, day.Work = seq, work
		days = append(days, day)
	}
	return days
}

// summary is what a chart is drawn from, as Summarise makes it.
func (p plan) summary(t testing.TB) burndown.Summary {
	t.Helper()
	return p.of(t, p.days())
}

func (p plan) of(t testing.TB, days []burndown.Day) burndown.Summary {
	t.Helper()
	series := burndown.New()
	described := &events.ChecklistDescribed{Finish: events.Set(p.target)}
	if p.target != "" {
		var err error
		if series, err = burndown.Evolve(series, events.Envelope{Checklist: "plan", Seq: 1, Revision: 1, Data: described, EffectiveTime: p.start.In(time.UTC)}); err != nil {
			t.Fatalf("describe: %v", err)
		}
	}
	last := days[len(days)-1]
	s := burndown.Summary{Name: "elixir-migration", Title: p.title, Seq: last.Seq, Today: last.Date, Open: p.open, Days: days}
	over := days
	if p.open {
		over = days[:len(days)-1]
	}
	s.Now = burndown.Standing{Day: last.Date, Left: last.Work.Remaining()}
	if line, ok := series.Ideal(days); ok {
		s.Ideal = &line
		if len(over) > 0 {
			at := over[len(over)-1].Date
			s.Now.Over = float64(s.Now.Left) - line.At(at)
			s.Now.Behind = line.Behind(at, s.Now.Left)
		}
	}
	f, err := burndown.NewForecast(over, burndown.CalendarOf(series.State()), p.target, 1)
	if err != nil {
		if !errors.As(err, &s.NoForecast) {
			t.Fatal(err)
		}
	} else {
		s.Forecast = &f
		s.Now.Chance = f.Chance
	}
	return s
}

// summaries are histories of every shape.
func summaries(t testing.TB) map[string]burndown.Summary {
	t.Helper()
	with := func(change func(*plan)) burndown.Summary {
		p := beam()
		change(&p)
		return p.summary(t)
	}
	days := func(counts ...burndown.Counts) burndown.Summary {
		p := plan{title: "Release 4", target: "2026-12-11", open: true, end: "2026-11-23"}
		d := events.Day("2026-11-23")
		var list []burndown.Day
		for _, c := range counts {
			list = append(list, burndown.Day{Date: d, Seq: 12, Work: c})
			d = nextDay(d)
		}
		p.start = "2026-11-23"
		return p.of(t, list)
	}
	jump := beam().days()
	for i := range jump {
		if i >= len(jump)/2 { // a third comes in at once, half-way
			jump[i].Work.Todo += 30
		}
	}
	far := with(func(p *plan) { p.end, p.a = "2027-04-02", 11 })
	return map[string]burndown.Summary{
		"beam":        beam().summary(t),
		"jump":        beam().of(t, jump),
		"baseline":    baselined(t),
		"early":       with(func(p *plan) { p.end = "2026-12-09" }),
		"one-day":     days(burndown.Counts{Todo: 61}),
		"one-task":    days(burndown.Counts{Todo: 1}, burndown.Counts{InProgress: 1}, burndown.Counts{InProgress: 1}),
		"zero-tasks":  days(burndown.Counts{}, burndown.Counts{}),
		"all-done":    days(burndown.Counts{Todo: 5}, burndown.Counts{Todo: 2, Done: 3}, burndown.Counts{Done: 5}),
		"no-days":     {Name: "plan", Title: "Nothing", Seq: 1, Today: "2026-11-23", NoForecast: &burndown.Error{Message: "there is nothing yet"}},
		"no-target":   with(func(p *plan) { p.target = "" }),
		"no-forecast": with(func(p *plan) { p.end, p.a = "2027-01-20", 3 }),
		"far":         far,
		"late":        with(func(p *plan) { p.end = "2027-10-29"; p.a = 22 }),
		"near-target": with(func(p *plan) { p.end = "2027-09-28"; p.open = false }),
		"three-years": with(func(p *plan) {
			p.start, p.end, p.target, p.scope, p.a, p.most = "2024-06-03", "2027-05-28", "2027-12-23", 400, 35, 2
		}),
		"ten-thousand": with(func(p *plan) { p.scope, p.most, p.a, p.grown = 10_000, 200, 50, 10 }),
		"hostile": with(func(p *plan) {
			p.title = `<script>alert("1")</script> & 'x' ]]> 🚀👩‍👩‍👧 שלום עולם ` + "\u202e\x00\uffff\n" + ` 移行計画 a long title that goes on and on, about everything there is to be done in this one and in all the others that come after it, and then some more of it until nobody reads it any longer, which is the point of it: three hundred characters`
		}),
	}
}

// baselined is a history whose ideal line has a long name.
func baselined(t testing.TB) burndown.Summary {
	t.Helper()
	s := beam().summary(t)
	line := *s.Ideal
	line.Baseline = "agreed with Billing & <Audit> after the first half"
	s.Ideal = &line
	return s
}
