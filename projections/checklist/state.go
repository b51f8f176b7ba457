// Package checklist is the current checklist: the fold of one checklist's
// events into its document and everything known about its tasks.
//
// For most uses, fold [Projection] over a checklist's events and read the
// [State]: its tree of blocks, whose bytes in order are the document.
package checklist

import (
	"bytes"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections"
)

// State is a checklist at one moment. Only Evolve changes it.
type State struct {
	Name, Title, Source string

	Owner         string
	Start, Finish events.Day
	// Timezone is an IANA name; empty is UTC.
	Timezone string
	// WorkingDays, Holidays and Markers are comma-separated, as described.
	WorkingDays, Holidays, Markers string

	Archived bool
	// PublishedTo is the server on which it goes on, PublishedFrom the origin of
	// the log that it came from.
	PublishedTo, PublishedFrom string
	// Synced is the last document.synced; nil if the checklist has none.
	Synced *events.DocumentSynced

	// Baseline is the last baseline, Reviews are those that were recorded, oldest
	// first; a Seq of 0 is none.
	Baseline Baseline
	Reviews  []Review
	// Worked is the revision of the last event that changed something: not of one
	// that only notes what is there, as a sync, a baseline or a review does.
	Worked uint64

	// Created and Changed are the first and the last event.
	Created, Changed Change
	// Revision is the number of events, Effective the last effective time.
	Revision  uint64
	Effective time.Time
	// Incomplete is the first event of a kind about the checklist that this
	// version does not know; its Seq is 0 if there is none.
	Incomplete Gap

	importID string // the command that created the checklist
	root     Block
	sections []*Block // by key, as tasks and texts; index 0 is unused
	tasks    []*Block
	texts    []*Block
	// bracketed are the texts in which a legend could stand: with two brackets
	// or more, when they were last written.
	bracketed map[int]struct{}
	commands  projections.Commands
	// removals are the blocks that were taken out and not brought back, in
	// that order, with what stood in them.
	removals []removal
}

type removal struct {
	block    *Block
	revision uint64
}

// Gap is where a view stopped being complete.
type Gap struct {
	Seq  events.Seq
	Kind events.Kind
}

// Change is one event, seen from what it changed.
type Change struct {
	Seq events.Seq
	// At is the effective time, Claimed what the actor said.
	At, Claimed time.Time
	By          events.Actor
	Reason      string
	// Via is the door it came through, OnBehalfOf whom an agent acted for, Cause
	// the event or the commit that caused it.
	Via, OnBehalfOf, Cause string
}

// Who returns the short name of who did it, with * where that was only said.
// Where an agent acted for somebody, it is that somebody.
func (c Change) Who() string {
	name := c.By.Name()
	if c.OnBehalfOf != "" {
		name = events.Actor{ID: c.OnBehalfOf}.Name()
	}
	if !c.By.Verified() {
		name += "*"
	}
	return Clean(name)
}

// Command is where the events of a command lie.
type Command = projections.Command

// Block is a part of the document: a section's heading, a task's own lines or
// a stretch of text, with what stands in it.
type Block struct {
	Ref events.Ref
	// Raw is the exact bytes of the block's own lines.
	Raw      string
	Parent   *Block
	Children []*Block
	// Removed says that the block, or one that it stands in, was taken out.
	Removed bool

	// Section and Task are set for blocks of those nouns.
	Section *Section
	Task    *Task
}

// Section is what a heading says.
type Section struct {
	Key       int
	Title     string
	Level     int
	Assignees []string
	Start     events.Day
	Due       events.Day
	Changed   Change
}

// Task is what is known about a task. Its place and bytes are its Block's.
type Task struct {
	Key   int
	Text  string
	State events.State
	// Box is the offset of the marker in the block's Raw.
	Box int

	Assignees  []string
	Start, Due events.Day
	// Every is set on repeating tasks; Occurrences are the due days done.
	Every       string
	Occurrences []events.Day
	Estimate    string
	Labels      []string
	Links       []string
	// BlockedBy are the keys of the tasks it waits for, in order of naming.
	BlockedBy []int
	Comments  []Comment
	// uncommented are the comments that were taken back.
	uncommented []Comment
	// Until is the day to look again at a task on hold.
	Until events.Day

	// Added and Changed are the first and last event about the task, Moved the
	// last that changed its state.
	Added, Changed, StateChanged Change
	// Before is the state before StateChanged; empty if it never changed.
	Before events.State
	// Completed is the last event that made it done, also where it is no longer.
	Completed Change
	// Taken are the events that took another line for this task; see Taken.
	Taken []Taken
}

// Comment is something said about a task.
type Comment struct {
	// ID is the id of the event.
	ID, Text string
	Change   Change
}

// Mark returns the task's marker as it stands in the document.
func (b *Block) Mark() byte {
	if b.Task == nil || b.Task.Box >= len(b.Raw) {
		return ' '
	}
	return b.Raw[b.Task.Box]
}

// Seq returns the sequence of the checklist's last event, 0 before the first.
func (st *State) Seq() events.Seq { return st.Changed.Seq }

// Position returns how far the fold has come.
func (st *State) Position() projections.Position {
	return projections.Position{Seq: st.Seq(), Revision: st.Revision, Effective: st.Effective}
}

// Zone returns the checklist's time zone, UTC where none is set or known.
func (st *State) Zone() *time.Location {
	if st.Timezone == "" {
		return time.UTC
	}
	zone, err := time.LoadLocation(st.Timezone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Root returns the document: the block that all others stand in.
func (st *State) Root() *Block { return &st.root }

// Block returns the block that ref names, also a removed one; nil if there
// never was one. The zero Ref is the document.
func (st *State) Block(ref events.Ref) *Block {
	var blocks []*Block
	switch ref.Noun {
	case events.NoNoun:
		return &st.root
	case events.SectionNoun:
		blocks = st.sections
	case events.TaskNoun:
		blocks = st.tasks
	case events.TextNoun:
		blocks = st.texts
	}
	if ref.Key < 1 || ref.Key >= len(blocks) {
		return nil
	}
	return blocks[ref.Key]
}

// Task returns the block of task key, nil if there is none in the document.
func (st *State) Task(key int) *Block { return live(st.Block(events.TaskRef(key))) }

// Section returns the block of section key, nil if there is none in the document.
func (st *State) Section(key int) *Block { return live(st.Block(events.SectionRef(key))) }

func live(b *Block) *Block {
	if b == nil || b.Removed {
		return nil
	}
	return b
}

// Next returns the key that the next new block of that noun takes.
func (st *State) Next(noun events.Noun) int {
	switch noun {
	case events.SectionNoun:
		return max(len(st.sections), 1)
	case events.TaskNoun:
		return max(len(st.tasks), 1)
	default:
		return max(len(st.texts), 1)
	}
}

// Bracketed returns the texts of the document with two opening brackets or
// more, by key: where a legend is, it is among them.
func (st *State) Bracketed() []*Block {
	var blocks []*Block
	for _, key := range slices.Sorted(maps.Keys(st.bracketed)) {
		if b := live(st.texts[key]); b != nil {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// LastRemoved returns the blocks that were taken out last, one after the other,
// and are not back: what an emptied document held.
func (st *State) LastRemoved() []*Block {
	var blocks []*Block
	for i := len(st.removals) - 1; i >= 0; i-- {
		if n := len(st.removals); i < n-1 && st.removals[i].revision+1 != st.removals[i+1].revision {
			break
		}
		blocks = append(blocks, st.removals[i].block)
	}
	slices.Reverse(blocks)
	return blocks
}

// Imported returns the last position of the command that made the checklist: what
// came later was added after the start.
func (st *State) Imported() events.Seq { return max(st.commands[st.importID].Last, st.Created.Seq) }

// Command returns where the events of command id lie.
func (st *State) Command(id string) (Command, bool) {
	c, ok := st.commands[id]
	return c, ok
}

// All yields the blocks in document order, without the document itself.
func (b *Block) All() iter.Seq[*Block] {
	return func(yield func(*Block) bool) { b.walk(yield) }
}

func (b *Block) walk(yield func(*Block) bool) bool {
	for _, child := range b.Children {
		if !yield(child) || !child.walk(yield) {
			return false
		}
	}
	return true
}

// Tasks yields the tasks under b in document order.
func (b *Block) Tasks() iter.Seq[*Block] {
	return func(yield func(*Block) bool) {
		for block := range b.All() {
			if block.Task != nil && !yield(block) {
				return
			}
		}
	}
}

// Leaf reports whether no task stands in b.
func (b *Block) Leaf() bool {
	for range b.Tasks() {
		return false
	}
	return true
}

// Within reports whether b is other or stands in it.
func (b *Block) Within(other *Block) bool {
	for at := b; at != nil; at = at.Parent {
		if at == other {
			return true
		}
	}
	return false
}

// Heading returns the section that b stands in; nil if in none.
func (b *Block) Heading() *Block {
	for at := b.Parent; at != nil; at = at.Parent {
		if at.Section != nil {
			return at
		}
	}
	return nil
}

// ParentTask returns the task that b stands in; nil if in none.
func (b *Block) ParentTask() *Block {
	for at := b.Parent; at != nil; at = at.Parent {
		if at.Task != nil {
			return at
		}
	}
	return nil
}

// Removal returns the event that took b, or what it stood in, out of the
// document. It is zero for what is in the document or went with a text.
func (b *Block) Removal() Change {
	if !b.Removed {
		return Change{}
	}
	top := b
	for top.Parent != nil {
		top = top.Parent
	}
	switch {
	case top.Task != nil:
		return top.Task.Changed
	case top.Section != nil:
		return top.Section.Changed
	}
	return Change{}
}

// Document returns the bytes of the document.
func (st *State) Document() []byte {
	var buf bytes.Buffer
	for b := range st.root.All() {
		buf.WriteString(b.Raw)
	}
	return buf.Bytes()
}

// Is reports whether document is the document.
func (st *State) Is(document []byte) bool {
	for b := range st.root.All() {
		if len(document) < len(b.Raw) || string(document[:len(b.Raw)]) != b.Raw {
			return false
		}
		document = document[len(b.Raw):]
	}
	return len(document) == 0
}

// Line returns the number, from 1, of the line on which b begins.
func (st *State) Line(b *Block) int {
	line := 1
	for at := range st.root.All() {
		if at == b {
			return line
		}
		line += strings.Count(at.Raw, "\n")
	}
	return 0
}
