package commandstest_test

import (
	"testing"

	"github.com/anishathalye/porcupine"

	"cairn/server/commands"
	"cairn/server/commands/commandstest"
)

// The checker of histories sees what must never be.
func TestLinearizable(t *testing.T) {
	t.Parallel()
	marks := func(s string) (m commandstest.Marks) { copy(m[:], s); return m }
	at := int64(0)
	op := func(in commandstest.Asked, out commandstest.Answered) porcupine.Operation {
		in.Checklist = "plan"
		at += 10
		return porcupine.Operation{Input: in, Output: out, Call: at, Return: at + 5}
	}
	made := op(commandstest.Asked{Task: -1}, commandstest.Answered{Seq: 5})
	done := op(commandstest.Asked{Verb: commands.Done}, commandstest.Answered{Seq: 7, Changed: true})
	read := op(commandstest.Asked{}, commandstest.Answered{Seq: 7, Marks: marks("x   ")})
	for _, row := range []struct {
		name    string
		history []porcupine.Operation
		broken  bool
	}{
		{"one after the other", []porcupine.Operation{made, done, read, op(commandstest.Asked{Verb: commands.Start}, commandstest.Answered{Refused: true})}, false},
		{"done already", []porcupine.Operation{made, done, op(commandstest.Asked{Verb: commands.Done}, commandstest.Answered{Seq: 7})}, false},
		{"an acknowledged change is lost", []porcupine.Operation{made, done, op(commandstest.Asked{}, commandstest.Answered{Seq: 5, Marks: marks("    ")})}, true},
		{"it happened twice", []porcupine.Operation{made, done, op(commandstest.Asked{}, commandstest.Answered{Seq: 8, Marks: marks("x   ")})}, true},
		{"a fresh read is old", []porcupine.Operation{made, done, read, op(commandstest.Asked{}, commandstest.Answered{Seq: 5, Marks: marks("    ")})}, true},
		{"done already, of an old state", []porcupine.Operation{
			made, done, op(commandstest.Asked{Verb: commands.Reopen}, commandstest.Answered{Seq: 9, Changed: true}),
			op(commandstest.Asked{Verb: commands.Done}, commandstest.Answered{Seq: 7}),
		}, true},
		{"refused by an old state", []porcupine.Operation{
			made, done, op(commandstest.Asked{Verb: commands.Reopen}, commandstest.Answered{Seq: 9, Changed: true}),
			op(commandstest.Asked{Verb: commands.Start}, commandstest.Answered{Refused: true}),
		}, true},
		{"two win", []porcupine.Operation{made, done, op(commandstest.Asked{Verb: commands.Done}, commandstest.Answered{Seq: 8, Changed: true})}, true},
	} {
		if err := commandstest.Linearizable(row.history); (err != nil) != row.broken {
			t.Errorf("%s: got %v, want an error: %t", row.name, err, row.broken)
		}
	}
}
