package commands

import (
	"fmt"
	"slices"
	"strings"

	"cairn/events"
	"cairn/server/markdown"
)

// CleanMarkers reads a map of markers as people write it, and returns it as it
// is stored: "o=done,~=in_progress", in the order of the markers. A pair is
// "~=in progress" or "[~] In-progress"; commas part several. "none" and "" are
// the empty map.
//
// It refuses a map under which nothing could be written for one of the states.
func CleanMarkers(s string) (string, error) {
	if s = strings.TrimSpace(s); s == "" || s == none {
		return "", nil
	}
	markers := make(map[byte]events.State)
	for given := range strings.SplitSeq(s, ",") {
		mark, state, ok := markerPair(strings.TrimSpace(given))
		if !ok {
			return "", usage("marker %q: want a character and a state, such as ~=in_progress; states are todo, in_progress, on_hold, done, dropped", given)
		}
		if was, twice := markers[mark]; twice && was != state {
			return "", usage("marker %q means %s already", string(mark), was)
		}
		markers[mark] = state
	}
	for _, state := range states(events.Todo, events.InProgress, events.OnHold, events.Done, events.Dropped) {
		if _, ok := markdown.MarkOf(state, markdown.Legend{}, markers); !ok {
			return "", usage("with these markers none would mean %s: give one for it too", state)
		}
	}
	pairs := make([]string, 0, len(markers))
	for mark, state := range markers {
		pairs = append(pairs, string(mark)+"="+string(state))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ","), nil
}

// markerPair reads "~=in_progress", "~ in progress" or "[~] = In progress".
func markerPair(s string) (mark byte, state events.State, ok bool) {
	if len(s) > 3 && s[0] == '[' && s[2] == ']' {
		mark, s = s[1], s[3:]
	} else if len(s) > 2 && strings.IndexByte(" =:", s[1]) >= 0 {
		mark, s = s[0], s[1:]
	}
	if mark <= ' ' || mark >= 0x7f || strings.IndexByte("[],\\`", mark) >= 0 {
		return 0, "", false // " " is todo everywhere
	}
	state, ok = markdown.StateNamed(strings.TrimLeft(s, " =:"))
	return mark, state, ok
}

// ParseMarkers reads a checklist's map of markers: "~=in_progress,o=done".
// What it cannot read it leaves out.
func ParseMarkers(s string) map[byte]events.State {
	markers := make(map[byte]events.State)
	for pair := range strings.SplitSeq(s, ",") {
		if len(pair) > 2 && pair[1] == '=' && events.State(pair[2:]).Valid() {
			markers[pair[0]] = events.State(pair[2:])
		}
	}
	return markers
}

// remark gives the tasks whose marker means something else under another map
// their new state; their lines stay as they are. An item that is a task only
// now comes in, one that is none any more goes.
func (d *decision) remark(markers string) error {
	delta, err := markdown.Diff(d.st, d.st, d.st.Document(), markdown.DiffOptions{Markers: ParseMarkers(markers), Whole: true})
	if err != nil {
		return err
	}
	d.events = append(d.events, delta.Events...)
	return nil
}

// mark returns the marker to write for a state, and the legend's line if it has
// to learn that state. It refuses a state that the legend and the map of markers
// together leave without one.
func (d *decision) mark(to events.State) (byte, []events.Line, error) {
	block := legendOf(d.st)
	if block == nil {
		mark, ok := markdown.MarkOf(to, markdown.Legend{}, d.markers)
		return mark, nil, d.unmarked(to, markdown.Legend{}, ok)
	}
	raw := block.Raw
	if d.legend != "" {
		raw = d.legend
	}
	legend := markdown.ParseLegend(raw)
	mark, ok := markdown.MarkOf(to, legend, d.markers)
	if _, said := legend.State(mark); ok && said {
		return mark, nil, nil
	}
	if _, mine := d.markers[mark]; ok && (mine || to == events.Todo || to == events.Done) {
		return mark, nil, nil
	}
	with := markdown.LegendWith(raw, to)
	learned, can := markdown.ParseLegend(with).Mark(to)
	if _, taken := d.markers[learned]; !can || taken {
		// The legend cannot say it, or not without changing what the map says.
		return mark, nil, d.unmarked(to, legend, ok)
	}
	d.legend = with
	return learned, []events.Line{{Ref: block.Ref, Raw: with}}, nil
}

// unmarked refuses a state that no marker means; nil if one does.
func (d *decision) unmarked(s events.State, legend markdown.Legend, ok bool) error {
	if ok {
		return nil
	}
	word := strings.ReplaceAll(string(s), "_", " ")
	free := strings.TrimLeftFunc("+^&%#*=", func(c rune) bool {
		_, known := markdown.StateOf(byte(c), legend, d.markers)
		return known
	})
	pairs := strings.TrimLeft(fmt.Sprintf("%s,%.1s=%s", d.st.Markers, free, s), ",")
	return refuse(fmt.Sprintf("Give it one: cairn plan --marker '%s'", pairs),
		"no marker means %s here: the legend and the map of markers leave none", word)
}
