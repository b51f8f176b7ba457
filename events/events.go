// Package events is the language of Cairn's log: what can happen to a
// checklist, and the exact form in which it is stored.
//
// For most uses, read envelopes from a [Log] and switch on their Data:
//
//	for env, err := range log.Read(ctx, events.Filter{Checklist: "migration"}) {
//		switch e := env.Data.(type) {
//		case *events.TaskCompleted: …
//		}
//	}
//
// Every event is a fact in the past tense. The set of events is closed: see
// [Kind]. Events are immutable once made; they may be shared between
// goroutines.
package events

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Event is one fact. The set of implementations is sealed to this package.
type Event interface {
	// Kind returns the stored type, such as "cairn.task.completed.v1".
	Kind() Kind
	// Subject returns what the event is about, such as "task/12".
	Subject() string

	event()
	fields(*codec)
}

// Seq is the position of an event in the log, from 1, without holes.
// The zero Seq is the position before the first event.
type Seq uint64

// State is the state of a task.
type State string

// The states a task can be in.
const (
	Todo       State = "todo"
	InProgress State = "in_progress"
	OnHold     State = "on_hold"
	Done       State = "done"
	Dropped    State = "dropped"
)

// Open reports whether work on the task is still to come: todo, in progress
// or on hold.
func (s State) Open() bool { return s == Todo || s == InProgress || s == OnHold }

// Valid reports whether s is one of the five states.
func (s State) Valid() bool { return s.Open() || s == Done || s == Dropped }

// Day is a calendar day, YYYY-MM-DD; the empty Day is no day. Days compare as
// strings. A Day has no zone: it means that day in its checklist's zone.
type Day string

// DayOf returns the calendar day of t in t's location.
func DayOf(t time.Time) Day { return Day(t.Format(time.DateOnly)) }

// Valid reports whether d is a day that exists.
func (d Day) Valid() bool {
	_, err := time.Parse(time.DateOnly, string(d))
	return err == nil
}

// In returns the first instant of d in zone. It returns the zero time for an
// invalid day.
func (d Day) In(zone *time.Location) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(d), zone)
	if err != nil {
		return time.Time{}
	}
	return t
}

// Noun says which kind of block a [Ref] names.
type Noun uint8

// The nouns a Ref can have. NoNoun is the document itself.
const (
	NoNoun Noun = iota
	SectionNoun
	TaskNoun
	TextNoun
)

// Ref names a block of a checklist: "section/3", "task/12", "text/5". Keys are
// unique within their noun. The zero Ref is the document (as a parent) or
// nothing (as a predecessor); it is stored as an absent member.
type Ref struct {
	Noun Noun
	Key  int
}

// SectionRef, TaskRef and TextRef return the Ref of the block with that key.
func SectionRef(key int) Ref { return Ref{SectionNoun, key} }

// TaskRef returns the Ref of task key.
func TaskRef(key int) Ref { return Ref{TaskNoun, key} }

// TextRef returns the Ref of text key.
func TextRef(key int) Ref { return Ref{TextNoun, key} }

// String returns the stored form, or "" for the zero Ref.
func (r Ref) String() string {
	switch r.Noun {
	case SectionNoun:
		return "section/" + strconv.Itoa(r.Key)
	case TaskNoun:
		return "task/" + strconv.Itoa(r.Key)
	case TextNoun:
		return "text/" + strconv.Itoa(r.Key)
	default:
		return ""
	}
}

// ParseRef reads the stored form of a Ref; "" is the zero Ref.
func ParseRef(s string) (Ref, error) {
	if s == "" {
		return Ref{}, nil
	}
	noun, num, _ := strings.Cut(s, "/")
	key, err := strconv.Atoi(num)
	if err != nil || key < 1 || num[0] == '+' || num[0] == '0' {
		return Ref{}, fmt.Errorf("ref %q: want noun/key", s)
	}
	switch noun {
	case "section":
		return Ref{SectionNoun, key}, nil
	case "task":
		return Ref{TaskNoun, key}, nil
	case "text":
		return Ref{TextNoun, key}, nil
	}
	return Ref{}, fmt.Errorf("ref %q: unknown noun", s)
}

// Line is the bytes of one block, rewritten by an event about another.
type Line struct {
	Ref Ref
	Raw string
}

// Place is a position in the document tree: directly inside In, directly
// behind the sibling After. A zero In is the top of the document; a zero
// After is the first place in In.
type Place struct {
	In, After Ref
}

// Optional is a member with three states: absent (unchanged), null (cleared)
// and a value. The zero Optional is absent. A cleared member has the zero Value.
type Optional[T comparable] struct {
	Present bool
	Value   T
}

// Set returns a member with value v; the zero value of T clears.
func Set[T comparable](v T) Optional[T] { return Optional[T]{Present: true, Value: v} }
