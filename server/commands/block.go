package commands

import (
	"slices"
	"strconv"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
)

// BlockTask says that tasks wait for others; under a risk, what it rests on.
type BlockTask struct {
	Tasks []string `json:"tasks"`
	By    []string `json:"by"`
}

// Name returns the stored name.
func (BlockTask) Name() string { return "BlockTask" }

func (c BlockTask) resolve(r *resolver) (Command, error) {
	var err error
	if c.Tasks, err = r.tasks(c.Tasks, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
		return nil, err
	}
	if len(c.By) == 0 {
		return nil, usage("blocked by which task? --by TASK")
	}
	c.By, err = r.tasks(c.By, inStates(events.Todo, events.InProgress, events.OnHold), anyTask)
	return c, err
}

func (c BlockTask) decide(d *decision) error {
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	by, err := d.tasks(c.By)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		var keys []int
		for _, other := range by {
			if other == b {
				return refuse("Nothing was written.", "%s cannot wait for itself", name(b))
			}
			if other.Within(b) || b.Within(other) {
				return refuse("Nothing was written.", "%s cannot wait for %s: one stands under the other", name(b), name(other))
			}
			if path := waitsFor(d.st, other, b, nil); path != nil {
				return refuse("Take one away first: cairn unblock TASK --by TASK",
					"%s cannot wait for %s: that waits for it already (%s)", name(b), name(other), chain(path))
			}
			if !slices.Contains(b.Task.BlockedBy, other.Task.Key) && !slices.Contains(keys, other.Task.Key) {
				keys = append(keys, other.Task.Key)
			}
		}
		if len(keys) > 0 {
			d.add(&events.TaskBlocked{Key: b.Task.Key, By: keys})
		}
	}
	return nil
}

// waitsFor returns the way from one task to another, or to what stands in that:
// along what they wait for, what those above them wait for, and what has to be
// done in them first. It is nil if there is none.
func waitsFor(st *checklist.State, from, to *checklist.Block, seen map[int]bool) []int {
	key := from.Task.Key
	if from.Within(to) {
		return []int{key}
	}
	if seen == nil {
		seen = make(map[int]bool)
	}
	seen[key] = true
	var next []*checklist.Block
	for at := from; at != nil; at = at.ParentTask() {
		for _, by := range at.Task.BlockedBy {
			next = append(next, st.Task(by))
		}
	}
	for child := range from.Tasks() {
		next = append(next, child)
	}
	for _, b := range next {
		if b == nil || seen[b.Task.Key] {
			continue
		}
		if path := waitsFor(st, b, to, seen); path != nil {
			return append([]int{key}, path...)
		}
	}
	return nil
}

func chain(keys []int) string {
	words := make([]string, len(keys))
	for i, k := range keys {
		words[i] = strconv.Itoa(k)
	}
	return strings.Join(words, " → ")
}

// UnblockTask takes such waiting away: for the tasks named, else all of it.
type UnblockTask struct {
	Tasks []string `json:"tasks"`
	By    []string `json:"by,omitempty"`
}

// Name returns the stored name.
func (UnblockTask) Name() string { return "UnblockTask" }

func (c UnblockTask) resolve(r *resolver) (Command, error) {
	var err error
	if c.Tasks, err = r.tasks(c.Tasks); err != nil {
		return nil, err
	}
	if len(c.By) > 0 {
		c.By, err = r.tasks(c.By)
	}
	return c, err
}

func (c UnblockTask) decide(d *decision) error {
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	by, err := d.tasks(c.By)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		keys := slices.Clone(b.Task.BlockedBy)
		if len(by) > 0 {
			keys = slices.DeleteFunc(keys, func(k int) bool {
				return !slices.ContainsFunc(by, func(o *checklist.Block) bool { return o.Task.Key == k })
			})
		}
		if len(keys) > 0 {
			d.add(&events.TaskUnblocked{Key: b.Task.Key, By: keys})
		}
	}
	return nil
}
