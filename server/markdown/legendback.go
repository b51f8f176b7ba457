package markdown

import (
	"slices"

	"cairn/events"
)

// A legend that Cairn extended is no text that somebody wrote: taking back goes
// by the states that the tasks have then.

// extension is a legend that names some states more on one side than on the
// other.
type extension struct {
	ref    events.Ref
	states []events.State
	// was and is are its bytes after and before.
	was, is string
	added   bool // between before and after
	// had are the states of the tasks before.
	had map[events.Ref]events.State
}

// setAside returns the legends that Cairn extended between is, before, and was,
// after, or the other way about. In is they become what they are in was, so that
// no merge sees them.
func setAside(is, was *tree) []extension {
	var list []extension
	had := make(map[events.Ref]events.State)
	for n := range is.root.all {
		if n.ref.Noun == events.TaskNoun {
			had[n.ref] = n.state
		}
	}
	for n := range is.root.all {
		b := was.by[n.ref]
		if n.ref.Noun != events.TextNoun || b == nil || b.raw == n.raw {
			continue
		}
		x := extension{ref: n.ref, was: b.raw, is: n.raw, had: had}
		if x.states, x.added = extended(n.raw, b.raw); !x.added {
			x.states, _ = extended(b.raw, n.raw)
		}
		if len(x.states) > 0 {
			list = append(list, x)
			n.raw = b.raw
		}
	}
	return list
}

// extended returns the states that [LegendWith] added to short to make long.
func extended(short, long string) (states []events.State, ok bool) {
	had := ParseLegend(short)
	if !had.Present() || len(short) >= len(long) {
		return nil, false
	}
	for _, p := range ParseLegend(long).pairs {
		if _, known := had.Mark(p.state); !known {
			states = append(states, p.state)
			short = LegendWith(short, p.state)
		}
	}
	return states, short == long && len(states) > 0
}

// settle writes the legend of a tree: without the states that were added, unless
// a task came to one since; or with those that a task has again.
func (x extension) settle(t *tree) {
	n := t.by[x.ref]
	if n == nil {
		return
	}
	used := func(s events.State) bool {
		for n := range t.root.all {
			if n.ref.Noun == events.TaskNoun && n.state == s && (!x.added || x.had[n.ref] != s) {
				return true
			}
		}
		return false
	}
	for _, s := range slices.Backward(x.states) {
		if x.added && !used(s) {
			n.raw = legendLess(n.raw, s)
		}
	}
	if !x.added && n.raw == x.was {
		n.raw = x.is // nobody touched it since
	}
	for _, s := range x.states {
		if !x.added && used(s) {
			n.raw = LegendWith(n.raw, s)
		}
	}
}

// legendLess takes the pair of s out of a legend; raw unchanged where what is
// left would not be read as before.
func legendLess(raw string, s events.State) string {
	l := ParseLegend(raw)
	i := slices.IndexFunc(l.pairs, func(p pair) bool { return p.state == s })
	if i < 2 {
		return raw
	}
	short := raw[:l.pairs[i-1].to] + raw[l.pairs[i].to:]
	left := ParseLegend(short)
	for j, p := range slices.Delete(slices.Clone(l.pairs), i, i+1) {
		if j >= len(left.pairs) || left.pairs[j].state != p.state || left.pairs[j].mark != p.mark {
			return raw
		}
	}
	return short
}

// legendsAlong lets the legends ride with the first change of a task's state, as
// they do where somebody starts or holds one.
func legendsAlong(list []events.Event, legends []extension, cur *tree) []events.Event {
	for _, x := range legends {
		i := slices.IndexFunc(list, func(e events.Event) bool {
			edit, ok := e.(*events.TextEdited)
			return ok && edit.Key == x.ref.Key
		})
		if i < 0 {
			continue
		}
		line := events.Line{Ref: x.ref, Raw: cur.by[x.ref].raw}
		for _, e := range list {
			if doc := docOf(e); doc != nil {
				*doc = append(*doc, line)
				list = slices.Delete(list, i, i+1)
				break
			}
		}
	}
	return list
}

// docOf returns where a change of a task's state keeps other lines; nil for
// other events.
func docOf(e events.Event) *[]events.Line {
	switch e := e.(type) {
	case *events.TaskStarted:
		return &e.Doc
	case *events.TaskHeld:
		return &e.Doc
	case *events.TaskCompleted:
		return &e.Doc
	case *events.TaskDropped:
		return &e.Doc
	case *events.TaskReopened:
		return &e.Doc
	}
	return nil
}
