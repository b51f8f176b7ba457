package commands_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"cairn/events"
	"cairn/server/commands"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestParseWhen(t *testing.T) {
	t.Parallel()
	// A Friday, an hour before midnight in Berlin.
	friday := time.Date(2026, 11, 27, 22, 0, 0, 0, time.UTC)
	const (
		utc     = "UTC"
		berlin  = "Europe/Berlin"
		newYork = "America/New_York"
	)
	for _, test := range []struct {
		when, zone string
		// from and end are the first instant and the first behind it.
		from, end string
	}{
		{"2026-11-01", utc, "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"},
		{"2026-11-01", berlin, "2026-10-31T23:00:00Z", "2026-11-01T23:00:00Z"},
		{"2026-11-01", newYork, "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"}, // 25 hours
		{"2026-03-29", berlin, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},  // 23 hours
		{"2026-11-01T14:00", berlin, "2026-11-01T13:00:00Z", "2026-11-01T13:00:00Z"},
		{"2026-11-01T14:00:05", utc, "2026-11-01T14:00:05Z", "2026-11-01T14:00:05Z"},
		{"2026-11-01T14:00:05.25+02:00", berlin, "2026-11-01T12:00:05.25Z", "2026-11-01T12:00:05.25Z"},
		{"now", utc, "2026-11-27T22:00:00Z", "2026-11-27T22:00:00Z"},
		{"today", berlin, "2026-11-26T23:00:00Z", "2026-11-27T23:00:00Z"},
		{"yesterday", utc, "2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z"},
		{"fri", utc, "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"}, // the last before today
		{"FRIDAY", utc, "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"},
		{"thu", utc, "2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z"},
		{"sat", utc, "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"},
		{"0d", utc, "2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z"},
		{"3d", utc, "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"},
		{"2w", utc, "2026-11-13T00:00:00Z", "2026-11-14T00:00:00Z"},
		{"fri", "Pacific/Auckland", "2026-11-26T11:00:00Z", "2026-11-27T11:00:00Z"}, // there it is Saturday
	} {
		t.Run(test.when+" in "+test.zone, func(t *testing.T) {
			t.Parallel()
			w, err := commands.ParseWhen(test.when, friday, zone(t, test.zone))
			if err != nil {
				t.Fatal(err)
			}
			if got := w.From.UTC().Format(time.RFC3339Nano); got != test.from {
				t.Errorf("got from %s, want %s", got, test.from)
			}
			if got := w.End.UTC().Format(time.RFC3339Nano); got != test.end {
				t.Errorf("got end %s, want %s", got, test.end)
			}
			if w.Text != test.when || w.Seq != 0 || w.Import {
				t.Errorf("got %+v, want a time", w)
			}
		})
	}
}

func TestParseWhenPositions(t *testing.T) {
	t.Parallel()
	w, err := commands.ParseWhen("@412", now, time.UTC)
	if want := (commands.When{Text: "@412", Seq: 412}); err != nil || w != want {
		t.Errorf("got %+v, %v, want %+v", w, err, want)
	}
	w, err = commands.ParseWhen("elixir-migration@90", now, time.UTC)
	if want := (commands.When{Text: "elixir-migration@90", Checklist: "elixir-migration", Seq: 90}); err != nil || w != want {
		t.Errorf("got %+v, %v, want %+v", w, err, want)
	}
	w, err = commands.ParseWhen("import", now, time.UTC)
	if want := (commands.When{Text: "import", Import: true}); err != nil || w != want {
		t.Errorf("got %+v, %v, want %+v", w, err, want)
	}
	for text, want := range map[string]commands.When{
		"baseline": {Text: "baseline", Baseline: true}, "review": {Text: "review", Review: 1}, "review~0": {Text: "review~0", Review: 1},
		"review~1": {Text: "review~1", Review: 2}, "review~12": {Text: "review~12", Review: 13},
	} {
		if w, err = commands.ParseWhen(text, now, time.UTC); err != nil || w != want {
			t.Errorf("got %+v, %v, want %+v", w, err, want)
		}
	}
	for _, test := range []struct{ when, want string }{
		{"review~", `usage: "review~" is no moment: write @412, 2026-11-01, 2026-11-01T14:00, yesterday, fri, 3d, import, baseline, review or a commit`},
		{"412", "usage: 412 could be many things: write @412 for the position in the log"},
		{"@0", "usage: @0: positions begin with @1"},
		{"", "usage: an empty WHEN names no moment"},
		{"2026-02-30", `usage: "2026-02-30" is no moment: write @412, 2026-11-01, 2026-11-01T14:00, yesterday, fri, 3d, import, baseline, review or a commit`},
		{"tomorrow", `usage: "tomorrow" is no moment: write @412, 2026-11-01, 2026-11-01T14:00, yesterday, fri, 3d, import, baseline, review or a commit`},
		{"Plan@4", `usage: "Plan@4" is no moment: write @412, 2026-11-01, 2026-11-01T14:00, yesterday, fri, 3d, import, baseline, review or a commit`},
	} {
		if _, err := commands.ParseWhen(test.when, now, time.UTC); refusal(err) != test.want {
			t.Errorf("%q: got %q, want %q", test.when, refusal(err), test.want)
		}
	}
}

// A day means its end for looking back, its beginning for since.
func TestWhenHolds(t *testing.T) {
	t.Parallel()
	at := func(s string) events.Envelope {
		effective, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return events.Envelope{Seq: 7, EffectiveTime: effective}
	}
	for _, test := range []struct {
		when, event  string
		holds, since bool
	}{
		{"2026-11-01", "2026-10-31T23:59:59Z", true, false},
		{"2026-11-01", "2026-11-01T00:00:00Z", true, true},
		{"2026-11-01", "2026-11-01T23:59:59Z", true, true},
		{"2026-11-01", "2026-11-02T00:00:00Z", false, true},
		{"2026-11-01T12:00", "2026-11-01T12:00:00Z", true, true},
		{"2026-11-01T12:00", "2026-11-01T12:00:01Z", false, true},
		{"2026-11-01T12:00", "2026-11-01T11:59:59Z", true, false},
		{"@6", "2026-11-01T00:00:00Z", false, true},
		{"@7", "2026-11-01T00:00:00Z", true, false},
		{"@8", "2026-11-01T00:00:00Z", true, false},
	} {
		w, err := commands.ParseWhen(test.when, now, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Holds(at(test.event)); got != test.holds {
			t.Errorf("%s holds %s: got %t, want %t", test.when, test.event, got, test.holds)
		}
		if got := w.Since(at(test.event)); got != test.since {
			t.Errorf("%s since %s: got %t, want %t", test.event, test.when, got, test.since)
		}
	}
}

func TestParseOn(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	for _, test := range []struct {
		on   string
		zone *time.Location
		want string
	}{
		{"today", time.UTC, "2026-11-23T10:00:00Z"}, // now
		{"2026-11-23", berlin, "2026-11-23T10:00:00Z"},
		{"yesterday", time.UTC, "2026-11-22T12:00:00Z"}, // noon
		{"yesterday", berlin, "2026-11-22T11:00:00Z"},
		{"mon", time.UTC, "2026-11-16T12:00:00Z"}, // not today
		{"fri", time.UTC, "2026-11-20T12:00:00Z"},
		{"2026-03-29", berlin, "2026-03-29T10:00:00Z"}, // noon, though the day begins an hour late
		{"2026-10-25", berlin, "2026-10-25T11:00:00Z"},
		{"3d", time.UTC, "2026-11-20T12:00:00Z"},
	} {
		got, err := commands.ParseOn(test.on, now, test.zone)
		if err != nil || got.UTC().Format(time.RFC3339) != test.want {
			t.Errorf("%s in %s: got %v, %v, want %s", test.on, test.zone, got.UTC(), err, test.want)
		}
	}
	for _, test := range []struct{ on, want string }{
		{"2026-11-24", "usage: --on 2026-11-24 is 2026-11-24, in the future"},
		{"tomorrow", `usage: "tomorrow" is no day: write 2026-11-01, today, yesterday, fri, 3d or 2w`},
		{"12", `usage: "12" is no day: write 2026-11-01, today, yesterday, fri, 3d or 2w`},
	} {
		if _, err := commands.ParseOn(test.on, now, time.UTC); refusal(err) != test.want {
			t.Errorf("%s: got %q, want %q", test.on, refusal(err), test.want)
		}
	}
}
