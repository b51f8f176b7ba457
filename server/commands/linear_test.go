package commands_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"cairn/events"
	"cairn/server/commands"
)

// The history of one checklist, as its clients saw it, must be that of a list on
// which one thing happens after the other: each command and each fresh read at a
// moment between its call and its answer.

const listTasks = 4

// listState is a checklist of a few tasks: ' ', '~' or 'x' each.
type listState struct {
	seq   events.Seq
	marks [listTasks]byte
}

// asked is a command, or a fresh read where verb is "".
type asked struct {
	checklist string
	verb      commands.Verb
	task      int // from 0
	id        string
}

// answered is what came back.
type answered struct {
	seq     events.Seq
	changed bool
	refused bool
	marks   [listTasks]byte // of a read
}

// step is the rule of the table of verbs, for three states.
func step(st listState, in asked) (after byte, refused bool) {
	now := st.marks[in.task]
	switch in.verb {
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
			name := op.Input.(asked).checklist
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
		st, in, out := state.(listState), input.(asked), output.(answered)
		if in.task < 0 { // the first, which makes the list
			return st.seq == 0, listState{seq: out.seq, marks: [listTasks]byte{' ', ' ', ' ', ' '}}
		}
		if in.verb == "" {
			return out.seq == st.seq && out.marks == st.marks, st
		}
		after, refused := step(st, in)
		switch {
		case st.seq == 0 || refused != out.refused:
			return false, st
		case refused:
			return true, st
		case after == st.marks[in.task]:
			return !out.changed && out.seq == st.seq, st
		}
		ok := out.changed && out.seq > st.seq
		st.seq, st.marks[in.task] = out.seq, after
		return ok, st
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}

// linearizable returns an error if no order explains the history.
func linearizable(history []porcupine.Operation) error {
	switch porcupine.CheckOperationsTimeout(listModel, history, time.Minute) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return fmt.Errorf("no answer within a minute for %d operations", len(history))
	}
	lists := make(map[string]bool)
	for _, op := range history {
		lists[op.Input.(asked).checklist] = true
	}
	for name := range lists {
		var one []porcupine.Operation
		for _, op := range history {
			if op.Input.(asked).checklist == name {
				one = append(one, op)
			}
		}
		if porcupine.CheckOperations(listModel, one) {
			continue
		}
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
				return fmt.Errorf("%s: nothing explains %+v -> %+v", name, last.Input, last.Output)
			}
		}
		return fmt.Errorf("%s: nothing explains its history", name)
	}
	return fmt.Errorf("nothing explains the history")
}

// The checker of histories sees what must never be.
func TestLinearizable(t *testing.T) {
	t.Parallel()
	marks := func(s string) (m [listTasks]byte) { copy(m[:], s); return m }
	at := int64(0)
	op := func(in asked, out answered) porcupine.Operation {
		in.checklist = "plan"
		at += 10
		return porcupine.Operation{Input: in, Output: out, Call: at, Return: at + 5}
	}
	made := op(asked{task: -1}, answered{seq: 5})
	done := op(asked{verb: commands.Done}, answered{seq: 7, changed: true})
	read := op(asked{}, answered{seq: 7, marks: marks("x   ")})
	for _, row := range []struct {
		name    string
		history []porcupine.Operation
		broken  bool
	}{
		{"one after the other", []porcupine.Operation{made, done, read, op(asked{verb: commands.Start}, answered{refused: true})}, false},
		{"done already", []porcupine.Operation{made, done, op(asked{verb: commands.Done}, answered{seq: 7})}, false},
		{"an acknowledged change is lost", []porcupine.Operation{made, done, op(asked{}, answered{seq: 5, marks: marks("    ")})}, true},
		{"it happened twice", []porcupine.Operation{made, done, op(asked{}, answered{seq: 8, marks: marks("x   ")})}, true},
		{"a fresh read is old", []porcupine.Operation{made, done, read, op(asked{}, answered{seq: 5, marks: marks("    ")})}, true},
		{"done already, of an old state", []porcupine.Operation{
			made, done, op(asked{verb: commands.Reopen}, answered{seq: 9, changed: true}),
			op(asked{verb: commands.Done}, answered{seq: 7}),
		}, true},
		{"refused by an old state", []porcupine.Operation{
			made, done, op(asked{verb: commands.Reopen}, answered{seq: 9, changed: true}),
			op(asked{verb: commands.Start}, answered{refused: true}),
		}, true},
		{"two win", []porcupine.Operation{made, done, op(asked{verb: commands.Done}, answered{seq: 8, changed: true})}, true},
	} {
		if err := linearizable(row.history); (err != nil) != row.broken {
			t.Errorf("%s: got %v, want an error: %t", row.name, err, row.broken)
		}
	}
}
