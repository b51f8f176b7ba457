package checklist

import (
	"slices"
	"strings"
	"unicode"

	"cairn/events"
)

// Counts counts boxes by state.
type Counts struct {
	Tasks      int `json:"tasks"`
	Todo       int `json:"todo"`
	InProgress int `json:"in_progress"`
	OnHold     int `json:"on_hold"`
	Done       int `json:"done"`
	Dropped    int `json:"dropped"`
}

// Progress counts work: every leaf task that is not a risk, does not repeat
// and is not dropped, nor under a dropped parent. Dropped stands beside Work,
// not in it.
type Progress struct {
	Work       int `json:"work"`
	Todo       int `json:"todo"`
	InProgress int `json:"in_progress"`
	OnHold     int `json:"on_hold"`
	Done       int `json:"done"`
	Dropped    int `json:"dropped"`
}

// Remaining is the work that is not done.
func (p Progress) Remaining() int { return p.Work - p.Done }

// Risks counts the tasks under a heading about risks.
type Risks struct {
	Open   int `json:"open"`
	Closed int `json:"closed"`
}

// Tally is everything that is counted under one block.
type Tally struct {
	Counts    Counts
	Progress  Progress
	Risks     Risks
	Repeating int
}

// Share returns what is done of the work; where there is no work but risks, what
// is closed of those.
func (t Tally) Share() (done, of int) {
	if t.Progress.Work > 0 {
		return t.Progress.Done, t.Progress.Work
	}
	return t.Risks.Closed, t.Risks.Open + t.Risks.Closed
}

// Tally counts what stands in b.
func (b *Block) Tally() Tally {
	var t Tally
	b.tally(&t, b.underRisk(), b.underDropped())
	return t
}

func (b *Block) tally(t *Tally, risk, dropped bool) (tasks int) {
	for _, child := range b.Children {
		if child.Section != nil {
			tasks += child.tally(t, risk || aboutRisk(child.Section.Title), dropped)
			continue
		}
		if child.Task == nil {
			tasks += child.tally(t, risk, dropped)
			continue
		}
		tasks++
		state := child.Task.State
		under := child.tally(t, risk, dropped || state == events.Dropped)
		tasks += under
		t.count(state)
		switch {
		case child.Task.Every != "":
			t.Repeating++
		case risk && under == 0 && state.Open():
			t.Risks.Open++
		case risk && under == 0:
			t.Risks.Closed++
		case risk:
		case under == 0:
			t.work(state, dropped)
		}
	}
	return tasks
}

func (t *Tally) count(state events.State) {
	t.Counts.Tasks++
	switch state {
	case events.Todo:
		t.Counts.Todo++
	case events.InProgress:
		t.Counts.InProgress++
	case events.OnHold:
		t.Counts.OnHold++
	case events.Done:
		t.Counts.Done++
	case events.Dropped:
		t.Counts.Dropped++
	}
}

func (t *Tally) work(state events.State, dropped bool) {
	if dropped || state == events.Dropped {
		t.Progress.Dropped++
		return
	}
	t.Progress.Work++
	switch state {
	case events.Todo:
		t.Progress.Todo++
	case events.InProgress:
		t.Progress.InProgress++
	case events.OnHold:
		t.Progress.OnHold++
	case events.Done:
		t.Progress.Done++
	}
}

// Risk reports whether the task is a risk: it stands under a heading with the
// word risk or risks.
func (b *Block) Risk() bool { return b.Task != nil && b.underRisk() }

func (b *Block) underRisk() bool {
	for at := b; at != nil; at = at.Parent {
		if at.Section != nil && aboutRisk(at.Section.Title) {
			return true
		}
	}
	return false
}

func (b *Block) underDropped() bool {
	for at := b; at != nil; at = at.Parent {
		if at.Task != nil && at.Task.State == events.Dropped {
			return true
		}
	}
	return false
}

// Risky reports whether the section is about risks: its title has the word.
func (s *Section) Risky() bool { return aboutRisk(s.Title) }

func aboutRisk(title string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(title, func(r rune) bool { return !unicode.IsLetter(r) }), func(word string) bool {
		return strings.EqualFold(word, "risk") || strings.EqualFold(word, "risks")
	})
}

// Waits returns the keys of the open tasks that the task waits for. A risk
// rests on others; it waits for none.
func (st *State) Waits(b *Block) []int {
	if b.Risk() {
		return nil
	}
	var keys []int
	for _, key := range b.Task.BlockedBy {
		if by := st.Task(key); by != nil && by.Task.State.Open() {
			keys = append(keys, key)
		}
	}
	return keys
}

// Ready reports whether the task can be worked on, on that day: it is open, no
// parent and no risk, not on hold, waits for nothing, and if it repeats, it is
// due. These are the tasks of [State.NextTasks].
func (st *State) Ready(b *Block, today events.Day) bool {
	t := b.Task
	if t.Every != "" && t.Due > today {
		return false
	}
	if t.State != events.Todo && t.State != events.InProgress || !b.Leaf() || b.Risk() || b.underDropped() {
		return false
	}
	for at := b; at != nil; at = at.ParentTask() {
		if len(st.Waits(at)) > 0 {
			return false
		}
	}
	return true
}
