package burndown

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"cairn/events"
)

// A forecast is drawn from so much of the past at least: closed tasks, and working
// days.
const (
	LeastCompletions = 10
	LeastDays        = 10
)

// The window that a forecast is drawn from has so many working days, or as many
// more as it takes to hold so many closed tasks.
const (
	windowDays = 30
	windowWork = 20
)

// Runs is how many times a forecast plays the future.
const Runs = 10_000

// Forecast is when the work will be done, if it goes on as in the window of days
// that it was drawn from. It is a Monte Carlo simulation: each run draws days of
// the window at random, with what was closed and what came in, until nothing is
// left. Days on which nothing happened are drawn too.
type Forecast struct {
	// From and To are the first and last day of the window, Days its working
	// days and Completed how many tasks were closed in it, less what was opened
	// again; Amount is what they weighed, the same where tasks are counted.
	From, To                events.Day
	Days, Completed, Amount int
	// Weekly says that whole weeks were drawn, since most is closed on one day
	// of the week.
	Weekly bool
	Seed   uint64
	// P50, P85 and P95 are the days by which so many of a hundred runs were
	// done; empty where that is more than three years away.
	P50, P85, P95 events.Day
	// Steady are the same without growth: if nothing more came in.
	Steady struct{ P50, P85, P95 events.Day }
	// By is the target, Chance the share of runs that were done by then; By is
	// empty where there is no target.
	By     events.Day
	Chance float64
}

// Error says why there is no forecast.
type Error struct {
	// Message is one line for people; Hint says when there will be one.
	Message, Hint string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// flow is what happened on a working day, and on the days off before it.
type flow struct {
	day    events.Day
	closed int // less what was opened again
	grown  int // what came in, less what left
	tasks  int // how many were closed, less what was opened again
}

// NewForecast plays the future of days, all of which must be over, after the last
// of them; by is the target, and may be empty. The same days, calendar and seed
// give the same forecast on any machine.
//
// It returns *Error where there is too little to draw from, or nothing left.
func NewForecast(days []Day, c Calendar, by events.Day, seed uint64) (Forecast, error) {
	return forecast(days, c, by, seed, true)
}

// forecast is NewForecast; the runs without growth are played if steady.
func forecast(days []Day, c Calendar, by events.Day, seed uint64, steady bool) (Forecast, error) {
	f := Forecast{Seed: seed, By: by}
	if len(days) == 0 {
		return f, &Error{Message: "there is no forecast yet: the first day is not over"}
	}
	last := days[len(days)-1]
	left := last.Work.Remaining()
	if left == 0 {
		return f, &Error{Message: "nothing is left to forecast"}
	}
	flows := flowsOf(days, c)
	window, err := windowOf(flows, c, last.Date)
	if err != nil {
		return f, err
	}
	f.From, f.To, f.Days = window[0].day, window[len(window)-1].day, len(window)
	for _, w := range window {
		f.Completed, f.Amount = f.Completed+w.tasks, f.Amount+w.closed
	}
	units, ahead := window, workingDays(c, last.Date)
	if day, ok := oneWeekday(window); ok {
		f.Weekly, units = true, weeks(window)
		ahead = slices.DeleteFunc(ahead, func(d events.Day) bool { return weekday(d) != day })
	}
	grown := play(units, left, len(ahead), true, seed)
	at := func(runs []int, percent int) events.Day {
		n := runs[(len(runs)*percent+99)/100-1]
		if n > len(ahead) {
			return ""
		}
		return ahead[n-1]
	}
	f.P50, f.P85, f.P95 = at(grown, 50), at(grown, 85), at(grown, 95)
	if steady {
		runs := play(units, left, len(ahead), false, seed)
		f.Steady.P50, f.Steady.P85, f.Steady.P95 = at(runs, 50), at(runs, 85), at(runs, 95)
	}
	if by != "" {
		until, _ := slices.BinarySearch(ahead, after(by)) // draws up to by
		done, _ := slices.BinarySearch(grown, until+1)
		f.Chance = float64(done) / Runs
	}
	return f, nil
}

// flowsOf tells what happened on each working day; what happened on days off
// counts for the next working day.
func flowsOf(days []Day, c Calendar) []flow {
	var flows []flow
	var rest flow
	before := days[0].Work.Remaining() + days[0].Completed - days[0].Reopened
	for i := range days {
		d := &days[i]
		closed := d.Completed - d.Reopened
		rest.closed += closed
		rest.tasks += d.closedTasks()
		rest.grown += d.Work.Remaining() - before + closed
		before = d.Work.Remaining()
		if c.Works(d.Date) {
			rest.day = d.Date
			flows = append(flows, rest)
			rest = flow{}
		}
	}
	return flows
}

// closedTasks is how many tasks were closed that day, less what was opened again,
// whatever they weigh.
func (d *Day) closedTasks() int {
	if d.in == unmeasured {
		return d.Completed - d.Reopened
	}
	return d.closed
}

// windowOf returns the end of flows that a forecast is drawn from.
func windowOf(flows []flow, c Calendar, last events.Day) ([]flow, error) {
	completed := 0
	for _, f := range flows {
		completed += f.tasks
	}
	var short []string
	if n := LeastDays - len(flows); n > 0 {
		ahead := workingDays(c, last)
		hint := ""
		if len(ahead) >= n {
			hint = string(after(ahead[n-1]))
		}
		short = append(short, fmt.Sprintf("%d of %d working days are over", len(flows), LeastDays))
		if completed >= LeastCompletions {
			return nil, &Error{Message: "there is no forecast yet: " + short[0], Hint: "There is one from " + hint + "."}
		}
		return nil, &Error{
			Message: fmt.Sprintf("there is no forecast yet: %s, and %d of %d tasks are closed", short[0], max(completed, 0), LeastCompletions),
			Hint:    fmt.Sprintf("There is one from %s at the earliest, once %d are closed.", hint, LeastCompletions),
		}
	}
	if completed < LeastCompletions {
		return nil, &Error{
			Message: fmt.Sprintf("there is no forecast yet: %d of %d tasks are closed", max(completed, 0), LeastCompletions),
			Hint:    fmt.Sprintf("There is one once %d are closed; what was closed at the import does not count.", LeastCompletions),
		}
	}
	from := max(len(flows)-windowDays, 0)
	got := 0
	for _, f := range flows[from:] {
		got += max(f.tasks, 0)
	}
	for from > 0 && got < windowWork {
		from--
		got += max(flows[from].tasks, 0)
	}
	return flows[from:], nil
}

// oneWeekday returns the day of the week on which more than half of what was
// closed was closed, if there is one, as where somebody closes tasks in a meeting.
func oneWeekday(window []flow) (time.Weekday, bool) {
	var on [7]int
	sum := 0
	for _, f := range window {
		if f.tasks > 0 {
			on[weekday(f.day)] += f.tasks
			sum += f.tasks
		}
	}
	most := slices.Max(on[:])
	return time.Weekday(slices.Index(on[:], most)), len(window) >= 3*5 && most*2 > sum
}

// weeks puts each five working days together, from the end; what is left over at
// the beginning goes.
func weeks(window []flow) []flow {
	var list []flow
	for end := len(window); end >= 5; end -= 5 {
		var week flow
		for _, f := range window[end-5 : end] {
			week.closed += f.closed
			week.grown += f.grown
		}
		list = append(list, week)
	}
	return list
}

// workingDays returns the working days behind a day, as far as anybody looks.
func workingDays(c Calendar, d events.Day) []events.Day {
	var list []events.Day
	at := d.In(time.UTC)
	for n := 1; n <= horizon; n++ {
		if day := events.DayOf(at.AddDate(0, 0, n)); c.Works(day) {
			list = append(list, day)
		}
	}
	return list
}

// play returns after how many draws each run was done, sorted; most+1 where it was
// not in most.
func play(units []flow, left, most int, grow bool, seed uint64) []int {
	net := make([]int, len(units)) // what a draw takes off
	for i, u := range units {
		if net[i] = u.closed; grow {
			net[i] -= u.grown
		}
	}
	r := rand.New(rand.NewPCG(seed, 0x6361_6972_6e)) // "cairn"
	n := uint32(len(net))
	runs := make([]int, Runs)
	for i := range runs {
		rest, day := left, 0
		for rest > 0 && day < most {
			rest -= net[r.Uint32N(n)]
			day++
		}
		if rest > 0 {
			day = most + 1
		}
		runs[i] = day
	}
	slices.Sort(runs)
	return runs
}
