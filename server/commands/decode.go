package commands

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Decode returns the command of a stored name from its JSON form, the one that it
// is sent in. What the command does not know is refused.
func Decode(name string, body []byte) (Command, error) {
	for _, f := range forms {
		if f.name == name {
			return f.read(body)
		}
	}
	return nil, usage("there is no command %s", short(name))
}

// Forms returns a zero command of each name, in the order of the command line: for
// a description of what can be sent. Those of the verbs have their Verb.
func Forms() []Command {
	list := make([]Command, len(forms))
	for i, f := range forms {
		list[i] = f.zero
	}
	return list
}

// SystemForms are Forms of the commands that others may send about the log itself.
func SystemForms() []SystemCommand {
	return []SystemCommand{AddUser{}, ChangeUser{}, RemoveUser{}, CreateToken{}, RevokeToken{}}
}

// DecodeSystem is Decode for those.
func DecodeSystem(name string, body []byte) (SystemCommand, error) {
	switch name {
	case "AddUser":
		return strict[AddUser](name, body)
	case "ChangeUser":
		return strict[ChangeUser](name, body)
	case "RemoveUser":
		return strict[RemoveUser](name, body)
	case "CreateToken":
		return strict[CreateToken](name, body)
	case "RevokeToken":
		return strict[RevokeToken](name, body)
	}
	return nil, usage("there is no command %s", short(name))
}

func strict[C SystemCommand](name string, body []byte) (SystemCommand, error) {
	var c C
	return c, strictly(name, body, &c)
}

type form struct {
	name string
	zero Command
	read func([]byte) (Command, error)
}

var forms = slices.Concat([]form{
	formOf[ImportDocument](), formOf[SyncDocument](), formOf[RecordSync](),
	formOf[AddTask](),
	verbForm(Start), verbForm(Stop), verbForm(Hold), verbForm(Done), verbForm(Drop), verbForm(Reopen),
	formOf[EditTask](), formOf[MoveTasks](), formOf[RemoveTasks](), formOf[SplitTask](),
	formOf[Assign](), formOf[Schedule](), formOf[Estimate](), formOf[Label](),
	formOf[LinkTask](), formOf[LinkTasks](), formOf[LinkIssues](), formOf[UnlinkTask](),
	formOf[BlockTask](), formOf[UnblockTask](), formOf[CommentTask](), formOf[UncommentTask](),
	formOf[AddSection](), formOf[EditSection](), formOf[MoveSection](), formOf[RemoveSection](),
	formOf[Plan](), formOf[SetBaseline](), formOf[SeparateTask](), formOf[JoinTasks](),
	formOf[Archive](), formOf[Reactivate](), formOf[Publish](), formOf[RecordReview](),
	formOf[Undo](), formOf[Redo](),
})

func formOf[C Command]() form {
	var zero C
	return form{zero.Name(), zero, func(body []byte) (Command, error) {
		var c C
		return c, strictly(zero.Name(), body, &c)
	}}
}

// verbForm is the form of one verb of Transition, which need not say it again.
func verbForm(v Verb) form {
	zero := Transition{Verb: v}
	return form{zero.Name(), zero, func(body []byte) (Command, error) {
		c := Transition{Verb: v}
		if err := strictly(zero.Name(), body, &c); err != nil {
			return nil, err
		}
		if c.Verb != v {
			return nil, usage("%s is not the verb %q", zero.Name(), short(string(c.Verb)))
		}
		return c, nil
	}}
}

// strictly reads one JSON object into c and refuses what c does not know.
func strictly(name string, body []byte, c any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err := dec.Decode(c)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one JSON value")
		}
	}
	if err == nil {
		return nil
	}
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		where := kind.Field
		if where == "" {
			where = "the command"
		}
		return usage("%s: %s is %s; want %s", name, where, article(kind.Value), words(kind.Type.String()))
	case errors.Is(err, io.EOF):
		return usage("%s: there is no JSON", name)
	}
	return usage("%s: %s", name, short(fmt.Sprint(err)))
}

// words tells a Go type as JSON has it.
func words(kind string) string {
	switch kind {
	case "string", "commands.Verb":
		return "a string"
	case "bool":
		return "true or false"
	case "[]string":
		return "a list of strings"
	case "[]uint8":
		return "a string in base64"
	case "events.Seq", "uint64", "int", "float64":
		return "a number"
	}
	return "an object"
}

func article(noun string) string {
	switch noun {
	case "array", "object":
		return "an " + noun
	case "bool":
		return "true or false"
	}
	return "a " + noun
}
