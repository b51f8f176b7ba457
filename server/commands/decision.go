package commands

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// decision collects the events of one command. The state does not change while
// it is made.
type decision struct {
	draft
	st   *checklist.State
	next [events.TextNoun + 1]int
	// legend is the legend's text if an event of this command rewrote it.
	legend  string
	markers map[byte]events.State
	spacing spacing
	written *markdown.Forms // nil until asked for
}

// draft is what was decided: the events of one command, before they are stamped.
type draft struct {
	events []events.Event
	// lines are, for each of the first events, the line of the document that it
	// comes from; 0 for none.
	lines []int
	// undoes are, for each of the first events, the id of the event that it
	// takes back; "" for none.
	undoes []string
}

func (d *draft) add(e events.Event) { d.events = append(d.events, e) }

func newDecision(st *checklist.State) *decision {
	d := &decision{st: st, markers: ParseMarkers(st.Markers)}
	for noun := range d.next {
		d.next[noun] = st.Next(events.Noun(noun))
	}
	return d
}

// key takes the next free key of a noun.
func (d *decision) key(noun events.Noun) int {
	key := d.next[noun]
	d.next[noun]++
	return key
}

// tasks returns the blocks of resolved TASKs.
func (d *decision) tasks(keys []string) ([]*checklist.Block, error) {
	var found []*checklist.Block
	for _, s := range keys {
		b, err := d.task(s)
		if err != nil {
			return nil, err
		}
		found = append(found, b)
	}
	return found, nil
}

func (d *decision) task(s string) (*checklist.Block, error) {
	key, err := strconv.Atoi(s)
	if err != nil {
		return nil, usage("%q is no key", s)
	}
	b := d.st.Task(key)
	if b == nil {
		return nil, &Error{Code: CodeNoTask, Message: fmt.Sprintf("no task has the key %d", key)}
	}
	return b, nil
}

func (d *decision) section(s string) (*checklist.Block, error) {
	key, err := strconv.Atoi(strings.TrimPrefix(s, "s:"))
	if err != nil {
		return nil, usage("%q is no section", s)
	}
	b := d.st.Section(key)
	if b == nil {
		return nil, &Error{Code: CodeNoSection, Message: fmt.Sprintf("no section has the key %d", key)}
	}
	return b, nil
}

// legendOf returns the text that is the document's legend; nil if it has none.
func legendOf(st *checklist.State) *checklist.Block {
	for _, b := range st.Bracketed() {
		if markdown.ParseLegend(b.Raw).Present() {
			return b
		}
	}
	return nil
}

// name is how a message names a task.
func name(b *checklist.Block) string {
	return fmt.Sprintf("%d %s", b.Task.Key, short(b.Task.Text))
}

func candidates(blocks []*checklist.Block) []Candidate {
	var list []Candidate
	for _, b := range blocks {
		if b.Task != nil {
			list = append(list, Candidate{b.Task.Key, b.Task.Text})
		}
	}
	return list
}

// droppedAbove returns the nearest dropped task that b stands in, or nil; those
// in except do not count.
func droppedAbove(b *checklist.Block, except ...*checklist.Block) *checklist.Block {
	for at := b.ParentTask(); at != nil; at = at.ParentTask() {
		if at.Task.State == events.Dropped && !slices.Contains(except, at) {
			return at
		}
	}
	return nil
}
