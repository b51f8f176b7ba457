package commandstest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// Tasks is how many tasks a checklist of a campaign has.
const Tasks = 4

const document = "# Plan\n\n- [ ] one\n- [ ] two\n- [ ] three\n- [ ] four\n"

// Marks are the markers of a checklist's tasks: ' ', '~' or 'x' each.
type Marks [Tasks]byte

func (m Marks) String() string { return fmt.Sprintf("%q", m[:]) }

// Asked is a command, or a fresh read where Verb is "".
type Asked struct {
	Checklist string
	Verb      commands.Verb
	Task      int // from 0; -1 for the command that makes the list
	ID        string
}

// Answered is what came back.
type Answered struct {
	// Seq is the last event of a command, or of the checklist.
	Seq     events.Seq
	Changed bool
	Refused bool
	Marks   Marks // of a read
}

// Shown returns what a checklist shows of itself.
func Shown(st *checklist.State) (out Answered) {
	out.Seq = st.Seq()
	for b := range st.Root().Tasks() {
		if b.Task.Key <= Tasks {
			out.Marks[b.Task.Key-1] = b.Raw[b.Task.Box]
		}
	}
	return out
}

// The history of one checklist, as its clients saw it, must be that of a list on
// which one thing happens after the other: each command and each fresh read at a
// moment between its call and its answer.

type listState struct {
	seq   events.Seq
	marks Marks
}

// step is the rule of the table of verbs, for three states.
func step(st listState, in Asked) (after byte, refused bool) {
	now := st.marks[in.Task]
	switch in.Verb {
	case commands.Start:
		if now == 'x' {
			return now, true
		}
		return '~', false
	case commands.Done:
		return 'x', false
	case commands.Reopen:
		if now == 'x' {
			return ' ', false
		}
	}
	return now, false
}

var listModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		lists := make(map[string][]porcupine.Operation)
		for _, op := range history {
			name := op.Input.(Asked).Checklist
			lists[name] = append(lists[name], op)
		}
		var parts [][]porcupine.Operation
		for _, ops := range lists {
			parts = append(parts, ops)
		}
		return parts
	},
	Init: func() any { return listState{} },
	Step: func(state, input, output any) (bool, any) {
		st, in, out := state.(listState), input.(Asked), output.(Answered)
		if in.Task < 0 { // the first, which makes the list
			return st.seq == 0, listState{seq: out.Seq, marks: Marks{' ', ' ', ' ', ' '}}
		}
		if in.Verb == "" {
			return out.Seq == st.seq && out.Marks == st.marks, st
		}
		after, refused := step(st, in)
		switch {
		case st.seq == 0 || refused != out.Refused:
			return false, st
		case refused:
			return true, st
		case after == st.marks[in.Task]:
			return !out.Changed && out.Seq == st.seq, st
		}
		ok := out.Changed && out.Seq > st.seq
		st.seq, st.marks[in.Task] = out.Seq, after
		return ok, st
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}

// told tells the last of some operations, in the order of their answers.
func told(ops []porcupine.Operation) string {
	slices.SortFunc(ops, func(a, b porcupine.Operation) int { return cmp.Compare(a.Return, b.Return) })
	var b strings.Builder
	for _, op := range ops[max(0, len(ops)-20):] {
		fmt.Fprintf(&b, "%v to %v, client %d: %+v -> %+v\n", time.Duration(op.Call), time.Duration(op.Return), op.ClientId, op.Input, op.Output)
	}
	return b.String()
}

// Linearizable returns an error if no order explains the history, whose inputs are
// Asked and outputs Answered.
func Linearizable(history []porcupine.Operation) error {
	switch porcupine.CheckOperationsTimeout(listModel, history, 5*time.Minute) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return fmt.Errorf("no answer within five minutes for %d operations", len(history))
	}
	for _, one := range listModel.Partition(history) {
		if porcupine.CheckOperations(listModel, one) {
			continue
		}
		name := one[0].Input.(Asked).Checklist
		// The first prefix that has no order tells where to look.
		for end := int64(0); ; {
			next := int64(math.MaxInt64)
			for _, op := range one {
				if op.Return > end {
					next = min(next, op.Return)
				}
			}
			if next == math.MaxInt64 {
				break
			}
			end = next
			var part []porcupine.Operation
			var last porcupine.Operation
			for _, op := range one {
				if op.Return == end {
					last = op
				}
				// An operation whose answer came later may have happened already: it is not needed.
				if op.Return <= end || op.Call < end {
					part = append(part, op)
				}
			}
			if !porcupine.CheckOperations(listModel, part) {
				return fmt.Errorf("%s: nothing explains %+v -> %+v after\n%s", name, last.Input, last.Output, told(part))
			}
		}
		return fmt.Errorf("%s: nothing explains its history", name)
	}
	return fmt.Errorf("nothing explains the history")
}
