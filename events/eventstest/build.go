package eventstest

import (
	"fmt"
	"time"

	"cairn/events"
)

// began is when the events of builders begin: revision 1 is at Began, and each
// further one a second later.
var began = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// Envelope returns an event of checklist with that revision, complete and the
// same each time: ada@example.com did it, alone in its command, revision-1
// seconds after 2026-11-23 10:00 UTC.
func Envelope(checklist string, revision uint64, data events.Event) events.Envelope {
	now := began.Add(time.Duration(revision-1) * time.Second)
	id := fmt.Sprintf("%s-%d", checklist, revision)
	return events.Envelope{
		ID: id, Checklist: checklist, Revision: revision,
		Time: now, RecordedTime: now, EffectiveTime: now,
		Actor: events.Actor{ID: "ada@example.com", Auth: events.Unauthenticated}, Via: "test",
		CommandID: "command-" + id, CommandName: "Test", CommandHash: "00", Part: 1, Parts: 1,
		Data: data,
	}
}

// Batch returns an append of data to checklist, which must end at expect, with
// revisions from first.
func Batch(checklist string, expect events.Seq, first uint64, data ...events.Event) events.Append {
	a := events.Append{Checklist: checklist, Expect: expect}
	for i, d := range data {
		env := Envelope(checklist, first+uint64(i), d)
		env.Part, env.Parts = i+1, len(data)
		a.Events = append(a.Events, env)
	}
	return a
}

// Started returns n events for [Batch], about tasks 1 to n.
func Started(n int) []events.Event {
	data := make([]events.Event, n)
	for i := range data {
		data[i] = &events.TaskStarted{Key: i + 1}
	}
	return data
}
