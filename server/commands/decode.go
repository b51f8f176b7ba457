package commands

import (
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
	return c, Strictly(name, body, &c)
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
		return c, Strictly(zero.Name(), body, &c)
	}}
}

// verbForm is the form of one verb of Transition, which need not say it again.
func verbForm(v Verb) form {
	zero := Transition{Verb: v}
	return form{zero.Name(), zero, func(body []byte) (Command, error) {
		c := Transition{Verb: v}
		if err := Strictly(zero.Name(), body, &c); err != nil {
			return nil, err
		}
		if c.Verb != v {
			return nil, usage("%s is not the verb %q", zero.Name(), short(string(c.Verb)))
		}
		return c, nil
	}}
}
