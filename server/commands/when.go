package commands

import (
	"strconv"
	"strings"
	"time"

	"cairn/events"
)

// When is a moment as people write it: a position in the log, or a time.
// A day means its end for looking back and its beginning for Since.
type When struct {
	// Text is what was written.
	Text string
	// Checklist is the name in name@412; empty otherwise.
	Checklist string
	// Seq is the position, where one was written.
	Seq events.Seq
	// Import is the position at which the import ended.
	Import bool
	// Baseline is the position of the last baseline, Review that of the last review,
	// or, from 2 on, of one before it; the caller finds Seq, as for a commit.
	Baseline bool
	Review   int
	// Commit is the git revision, where one was written; the caller finds Seq.
	Commit string
	// From and End are the first instant of the moment and the first behind it;
	// for an exact time they are equal.
	From, End time.Time
}

var (
	seqForm    = pattern(`^([a-z0-9][a-z0-9-]{0,62})?@([0-9]{1,18})$`)
	reviewForm = pattern(`^review(?:~([0-9]{1,6}))?$`)
	agoForm    = pattern(`^([0-9]{1,5})([dw])$`)
	commitForm = pattern(`^(?:git:([0-9a-zA-Z._/~^-]{1,100})|([0-9a-f]{7,40}))$`)
	plusForm   = pattern(`^\+([0-9]{1,5})([dw])$`)
)

// ParseWhen reads a WHEN, seen from now in the checklist's zone.
func ParseWhen(s string, now time.Time, zone *time.Location) (When, error) {
	w := When{Text: s}
	now = now.In(zone)
	if m := seqForm().FindStringSubmatch(s); m != nil {
		n, _ := strconv.ParseUint(m[2], 10, 64)
		w.Checklist, w.Seq = m[1], events.Seq(n)
		if n == 0 {
			return w, usage("%s: positions begin with @1", s)
		}
		return w, nil
	}
	switch s {
	case "":
		return w, usage("an empty WHEN names no moment")
	case "import":
		w.Import = true
		return w, nil
	case "baseline":
		w.Baseline = true
		return w, nil
	case "now":
		w.From, w.End = now, now
		return w, nil
	}
	if m := reviewForm().FindStringSubmatch(s); m != nil {
		back, _ := strconv.Atoi(m[1])
		w.Review = 1 + back
		return w, nil
	}
	if m := commitForm().FindStringSubmatch(s); m != nil && (m[1] != "" || strings.ContainsAny(m[2], "abcdef")) {
		w.Commit = m[1] + m[2]
		return w, nil
	}
	if keyForm().MatchString(s) {
		return w, usage("%s could be many things: write @%s for the position in the log", s, s)
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(form, s, zone); err == nil {
			w.From, w.End = t, t
			return w, nil
		}
	}
	day, err := pastDay(s, now)
	if err != nil {
		return w, usage("%q is no moment: write @412, 2026-11-01, 2026-11-01T14:00, yesterday, fri, 3d, import, baseline, review or a commit", s)
	}
	w.From, w.End = day.In(zone), nextDay(day).In(zone)
	return w, nil
}

// Holds reports whether an event belongs to the prefix that is as of w. Import
// is told by the caller: it ends with the first document.synced.
func (w When) Holds(env events.Envelope) bool {
	switch {
	case w.Seq != 0:
		return env.Seq <= w.Seq
	case w.From.Equal(w.End):
		return !env.EffectiveTime.After(w.End)
	default:
		return env.EffectiveTime.Before(w.End)
	}
}

// Since reports whether an event came after w began: later than a position,
// not before a time.
func (w When) Since(env events.Envelope) bool {
	if w.Seq != 0 {
		return env.Seq > w.Seq
	}
	return !env.EffectiveTime.Before(w.From)
}

func nextDay(d events.Day) events.Day { return addDays(d, 1) }

func addDays(d events.Day, n int) events.Day {
	return events.DayOf(d.In(time.UTC).AddDate(0, 0, n))
}

// weekday reads fri or friday.
func weekday(s string) (time.Weekday, bool) {
	s = strings.ToLower(s)
	for d := time.Sunday; d <= time.Saturday; d++ {
		full := strings.ToLower(d.String())
		if s == full || s == full[:3] {
			return d, true
		}
	}
	return 0, false
}

// pastDay reads a day that lies behind: a date, today, yesterday, 3d, 2w, or
// the last such weekday before today. now's location is the zone.
func pastDay(s string, now time.Time) (events.Day, error) {
	today := events.DayOf(now)
	switch s {
	case "today":
		return today, nil
	case "yesterday":
		return addDays(today, -1), nil
	}
	if m := agoForm().FindStringSubmatch(s); m != nil {
		return addDays(today, -days(m)), nil
	}
	if d, ok := weekday(s); ok {
		back := (int(now.Weekday()) - int(d) + 7) % 7
		if back == 0 {
			back = 7
		}
		return addDays(today, -back), nil
	}
	if day := events.Day(s); day.Valid() {
		return day, nil
	}
	return "", usage("%q is no day: write 2026-11-01, today, yesterday, fri, 3d or 2w", s)
}

func days(m []string) int {
	n, _ := strconv.Atoi(m[1])
	if m[2] == "w" {
		n *= 7
	}
	return n
}

// today is the day of now in the checklist's zone.
func (r *resolver) today() events.Day { return events.DayOf(r.now.In(r.st.Zone())) }

// future reads a day that lies ahead: a date, today, tomorrow, +3d, +2w, or
// the next such weekday after today.
func (r *resolver) future(s string) (events.Day, error) {
	now := r.now.In(r.st.Zone())
	today := events.DayOf(now)
	switch s {
	case "today":
		return today, nil
	case "tomorrow":
		return addDays(today, 1), nil
	}
	if m := plusForm().FindStringSubmatch(s); m != nil {
		return addDays(today, days(m)), nil
	}
	if d, ok := weekday(s); ok {
		on := (int(d) - int(now.Weekday()) + 7) % 7
		if on == 0 {
			on = 7
		}
		return addDays(today, on), nil
	}
	if day := events.Day(s); day.Valid() {
		return day, nil
	}
	return "", usage("%q is no day: write 2026-12-04, today, tomorrow, fri, +3d, +2w or none", s)
}

// ParseOn reads the day on which something happened: noon of it in zone, now if
// it is today; never the future.
func ParseOn(s string, now time.Time, zone *time.Location) (time.Time, error) {
	now = now.In(zone)
	day, err := pastDay(s, now)
	if err != nil {
		return time.Time{}, err
	}
	switch today := events.DayOf(now); {
	case day == today:
		return now, nil
	case day > today:
		return time.Time{}, usage("--on %s is %s, in the future", s, day)
	}
	d := day.In(time.UTC)
	return time.Date(d.Year(), d.Month(), d.Day(), 12, 0, 0, 0, zone), nil
}
