package commands

import (
	"slices"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// stateWords are what people call a state.
var stateWords = map[string]events.State{
	"todo": events.Todo, "to_do": events.Todo, "open": events.Todo,
	"in_progress": events.InProgress, "doing": events.InProgress, "started": events.InProgress,
	"on_hold": events.OnHold, "hold": events.OnHold, "held": events.OnHold, "waiting": events.OnHold,
	"done": events.Done, "completed": events.Done,
	"dropped": events.Dropped, "cancelled": events.Dropped, "canceled": events.Dropped,
}

// readMarkers reads a map of markers as people write it, "~=in-progress, o=done",
// and returns it as it is stored.
func readMarkers(s string) (string, error) {
	var pairs []string
	for _, pair := range strings.Split(s, ",") {
		mark, word, ok := strings.Cut(strings.TrimLeft(pair, " "), "=")
		state, known := stateWords[strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(strings.TrimSpace(word)))]
		switch {
		case !ok || len(mark) != 1:
			return "", usage("marker %q: want one character and a state, such as ~=in_progress", strings.TrimSpace(pair))
		case strings.ContainsAny(mark, " []\\`,0123456789") || mark[0] < ' ' || mark[0] > '~':
			return "", usage("marker %q: a box cannot have that character", mark)
		case !known:
			return "", usage("marker %s=%s: the states are todo, in_progress, on_hold, done and dropped", mark, strings.TrimSpace(word))
		case slices.ContainsFunc(pairs, func(p string) bool { return p[0] == mark[0] }):
			return "", usage("marker %s is given twice", mark)
		}
		pairs = append(pairs, mark+"="+string(state))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ","), nil
}

// remark gives the tasks whose marker means something else now the state that it
// means. Their lines stay as they are. A task whose state is not what its marker
// meant is left alone.
func (d *decision) remark(markers string) {
	var legend markdown.Legend
	if b := legendOf(d.st); b != nil {
		legend = markdown.ParseLegend(b.Raw)
	}
	now := ParseMarkers(markers)
	for b := range d.st.Root().Tasks() {
		was, _ := markdown.StateOf(b.Mark(), legend, d.markers)
		is, _ := markdown.StateOf(b.Mark(), legend, now)
		if was != is && b.Task.State == was {
			d.add(reached(b, is))
		}
	}
}

// reached is the event by which a task gets to a state with its line as it is.
func reached(b *checklist.Block, to events.State) events.Event {
	switch to {
	case events.InProgress:
		return &events.TaskStarted{Key: b.Task.Key}
	case events.OnHold:
		return &events.TaskHeld{Key: b.Task.Key}
	case events.Done:
		return &events.TaskCompleted{Key: b.Task.Key}
	case events.Dropped:
		return &events.TaskDropped{Key: b.Task.Key}
	default:
		return &events.TaskReopened{Key: b.Task.Key}
	}
}
