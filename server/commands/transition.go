package commands

import (
	"fmt"
	"slices"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
)

// Verb is what a person does to the state of a task.
type Verb string

// The verbs.
const (
	Start  Verb = "start"
	Stop   Verb = "stop"
	Hold   Verb = "hold"
	Done   Verb = "done"
	Drop   Verb = "drop"
	Reopen Verb = "reopen"
)

// rule is one row of the verb table.
type rule struct {
	name    string
	to      events.State
	acts    []events.State
	already []events.State
	refused []events.State
}

func (v Verb) rule() rule {
	switch v {
	case Start:
		return rule{"StartTask", events.InProgress, states(events.Todo, events.OnHold), states(events.InProgress), states(events.Done, events.Dropped)}
	case Stop:
		return rule{"StopTask", events.Todo, states(events.InProgress, events.OnHold), states(events.Todo), states(events.Done, events.Dropped)}
	case Hold:
		return rule{"HoldTask", events.OnHold, states(events.Todo, events.InProgress), states(events.OnHold), states(events.Done, events.Dropped)}
	case Done:
		return rule{"CompleteTask", events.Done, states(events.Todo, events.InProgress, events.OnHold), states(events.Done), states(events.Dropped)}
	case Drop:
		return rule{"DropTask", events.Dropped, states(events.Todo, events.InProgress, events.OnHold), states(events.Dropped), states(events.Done)}
	case Reopen:
		return rule{"ReopenTask", events.Todo, states(events.Done, events.Dropped), states(events.Todo, events.InProgress, events.OnHold), nil}
	}
	return rule{}
}

func states(s ...events.State) []events.State { return s }

// Acts reports whether the verb does something to a task in that state.
func (v Verb) Acts(s events.State) bool { return slices.Contains(v.rule().acts, s) }

// Target returns the state that the verb leads to.
func (v Verb) Target() events.State { return v.rule().to }

// Transition brings tasks into another state.
type Transition struct {
	Verb  Verb     `json:"verb"`
	Tasks []string `json:"tasks"`
	// All closes also what is still open under a task (done only).
	All bool `json:"all,omitempty"`
	// Until is the day to look again (hold only): a day word, or "none".
	Until string `json:"until,omitempty"`
	// Today is the day on which it is carried out. It is not what somebody wishes.
	Today events.Day `json:"-"`
}

// Name returns the stored name, by verb.
func (c Transition) Name() string { return c.Verb.rule().name }

func (c Transition) resolve(r *resolver) (Command, error) {
	rule := c.Verb.rule()
	if rule.name == "" {
		return nil, usage("%q is no verb", c.Verb)
	}
	var err error
	if c.Tasks, err = r.tasks(c.Tasks, inStates(rule.acts...), inStates(rule.already...), inStates(rule.refused...)); err != nil {
		return nil, err
	}
	if c.Until != "" && c.Until != none {
		day, err := r.future(c.Until)
		if err != nil {
			return nil, err
		}
		c.Until = string(day)
	}
	c.Today = r.today()
	return c, nil
}

func (c Transition) decide(d *decision) error {
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	if c.Verb == Done {
		if blocks, err = c.closing(blocks); err != nil {
			return err
		}
	}
	rule := c.Verb.rule()
	var opened []*checklist.Block // by this command
	if c.Verb == Reopen {
		opened = blocks
	}
	for _, b := range blocks {
		state := b.Task.State
		if slices.Contains(rule.refused, state) {
			return refused(c.Verb, b)
		}
		again := c.Verb == Hold && state == events.OnHold && c.Until != "" && b.Task.Until != c.until()
		if slices.Contains(rule.already, state) && !again {
			continue
		}
		if above := droppedAbove(b, opened...); above != nil && c.Verb != Drop && c.Verb != Stop {
			return refuse(fmt.Sprintf("It is out of the scope with it. First: cairn reopen %d", above.Task.Key),
				"%s stands under %s, which is dropped", name(b), name(above))
		}
		if err := c.apply(d, b); err != nil {
			return err
		}
	}
	return nil
}

// until is the resolved day; none is no day.
func (c Transition) until() events.Day { return events.Day(strings.TrimSuffix(c.Until, none)) }

func (c Transition) apply(d *decision, b *checklist.Block) error {
	key := b.Task.Key
	if c.Verb == Done && b.Task.Every != "" {
		due := b.Task.Due
		d.add(&events.TaskCompleted{Key: key, Occurrence: due})
		d.reschedule(b, &events.TaskScheduled{Key: key, Due: events.Set(nextOccurrence(due, c.Today, b.Task.Every, b.Task.Occurrences))})
		return nil
	}
	var mark byte // a marker that says so already stays
	var doc []events.Line
	if b.Task.State != c.Verb.rule().to {
		var err error
		if mark, doc, err = d.mark(c.Verb.rule().to); err != nil {
			return err
		}
	}
	if b.Mark() == mark {
		mark = 0
	}
	switch c.Verb {
	case Start:
		d.add(&events.TaskStarted{Key: key, Mark: mark, Doc: doc})
	case Stop, Reopen:
		d.add(&events.TaskReopened{Key: key, Mark: mark, Doc: doc})
	case Hold:
		d.add(&events.TaskHeld{Key: key, Mark: mark, Until: c.until(), Doc: doc})
	case Done:
		d.add(&events.TaskCompleted{Key: key, Mark: mark, Doc: doc})
	case Drop:
		d.add(&events.TaskDropped{Key: key, Mark: mark, Doc: doc})
	}
	return nil
}

// closing returns the tasks that done closes: those named and, with All, what
// is open under them. Without All a parent with open leaves is refused.
func (c Transition) closing(blocks []*checklist.Block) ([]*checklist.Block, error) {
	named := make(map[*checklist.Block]bool)
	for _, b := range blocks {
		named[b] = true
	}
	var all []*checklist.Block
	for _, b := range blocks {
		all = append(all, b)
		if b.Task.State == events.Dropped {
			continue
		}
		var open []*checklist.Block
		collectOpen(b, c.All, &open)
		open = slices.DeleteFunc(open, func(o *checklist.Block) bool { return named[o] })
		if len(open) == 0 {
			continue
		}
		if !c.All {
			if b.Task.State == events.Done {
				continue // already so
			}
			noun := "tasks"
			if len(open) == 1 {
				noun = "task"
			}
			return nil, &Error{
				Code: CodeRefused, Message: fmt.Sprintf("%s has %d open %s under it", name(b), len(open), noun),
				Candidates: candidates(open), Hint: fmt.Sprintf("Close them first, or all at once: cairn done %d --all", b.Task.Key),
			}
		}
		for _, o := range open {
			named[o] = true
		}
		all = append(all, open...)
	}
	return all, nil
}

// collectOpen adds the open leaves under b, with parents also the open tasks
// between, in document order. What stands under a dropped task is left out.
func collectOpen(b *checklist.Block, parents bool, open *[]*checklist.Block) {
	for _, child := range b.Children {
		if child.Task == nil {
			collectOpen(child, parents, open)
			continue
		}
		if child.Task.State == events.Dropped {
			continue
		}
		if child.Task.State.Open() && (parents || child.Leaf()) {
			*open = append(*open, child)
		}
		collectOpen(child, parents, open)
	}
}

func refused(v Verb, b *checklist.Block) *Error {
	word := string(b.Task.State)
	hint := fmt.Sprintf("To go on with it: cairn reopen %d", b.Task.Key)
	return refuse(hint, "%s is %s; %s does not apply", name(b), strings.ReplaceAll(word, "_", " "), v)
}
