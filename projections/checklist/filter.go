package checklist

import (
	"fmt"
	"slices"
	"strings"

	"cairn/events"
)

// Filter selects tasks; everything in it must hold. The zero Filter selects all.
type Filter struct {
	// States, if not empty, are the states to have one of.
	States []events.State
	// Late, Mine, Blocked and Risk ask for tasks that are late, belong to Me,
	// wait for others and are risks.
	Late, Mine, Blocked, Risk bool
	// Me is who "mine" is about.
	Me string
	// Owners and Labels must all be the task's; Texts must all stand in its text.
	Owners, Labels, Texts []string
	// In, if set, is the section or task that it must stand in; [State.Above]
	// for what stands before the first heading.
	In *Block
}

// ParseFilter reads the words of a filter: open done hold dropped late mine
// blocked risk, @owner, +label; every other word is text to look for. Me is the
// id of the actor. Two words for states select either.
func ParseFilter(words []string, me string) (Filter, error) {
	f := Filter{Me: me}
	for _, word := range words {
		switch word {
		case "open":
			f.States = append(f.States, events.Todo, events.InProgress, events.OnHold)
		case "done":
			f.States = append(f.States, events.Done)
		case "hold":
			f.States = append(f.States, events.OnHold)
		case "dropped":
			f.States = append(f.States, events.Dropped)
		case "late":
			f.Late = true
		case "blocked":
			f.Blocked = true
		case "risk":
			f.Risk = true
		case "mine":
			if me == "" {
				return Filter{}, fmt.Errorf("filter mine: who you are is not known; say it with --as")
			}
			f.Mine = true
		case "":
		default:
			if err := f.name(word); err != nil {
				return Filter{}, err
			}
		}
	}
	return f, nil
}

func (f *Filter) name(word string) error {
	switch rest := word[1:]; {
	case word[0] != '@' && word[0] != '+':
		f.Texts = append(f.Texts, strings.ToLower(word))
	case rest == "":
		return fmt.Errorf("filter %q: a name must follow, as in @ada or +db", word)
	case word[0] == '@':
		f.Owners = append(f.Owners, rest)
	default:
		f.Labels = append(f.Labels, rest)
	}
	return nil
}

// Match reports whether the filter selects task b on today.
func (f Filter) Match(st *State, b *Block, today events.Day) bool {
	t := b.Task
	switch {
	case len(f.States) > 0 && !slices.Contains(f.States, t.State),
		f.Late && b.Late(today) == 0,
		f.Mine && !Owns(f.Me, t.Assignees),
		f.Blocked && !(t.State.Open() && st.blocked(b)),
		f.Risk && !b.Risk(),
		f.In != nil && !inside(b, f.In):
		return false
	}
	for _, owner := range f.Owners {
		if !Owns(owner, t.Assignees) {
			return false
		}
	}
	for _, label := range f.Labels {
		if !slices.ContainsFunc(t.Labels, func(l string) bool { return strings.EqualFold(strings.TrimPrefix(l, "+"), label) }) {
			return false
		}
	}
	if len(f.Texts) == 0 {
		return true
	}
	text := strings.ToLower(t.Text)
	return !slices.ContainsFunc(f.Texts, func(want string) bool { return !strings.Contains(text, want) })
}

func inside(b, in *Block) bool {
	if in.Section != nil && in.Section.Key == 0 {
		return b.Heading() == nil
	}
	return b != in && b.Within(in)
}

// Owns reports whether somebody called who is among assignees. An address and
// its short name are the same person; case does not matter.
func Owns(who string, assignees []string) bool {
	short := func(name string) string {
		name = strings.TrimPrefix(name, "@")
		if i := strings.IndexByte(name, '@'); i > 0 {
			name = name[:i]
		}
		return strings.ToLower(name)
	}
	return who != "" && slices.ContainsFunc(assignees, func(a string) bool { return short(a) == short(who) })
}

// blocked reports whether b, or a task that it stands in, waits for another.
func (st *State) blocked(b *Block) bool {
	for at := b; at != nil; at = at.ParentTask() {
		if len(st.Waits(at)) > 0 {
			return true
		}
	}
	return false
}

// Select returns the tasks that f selects on today, in document order.
func (st *State) Select(f Filter, today events.Day) []*Block {
	var tasks []*Block
	for b := range st.root.Tasks() {
		if f.Match(st, b, today) {
			tasks = append(tasks, b)
		}
	}
	return tasks
}
