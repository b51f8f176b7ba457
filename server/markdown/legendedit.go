package markdown

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"cairn/events"
)

// spoken is how a legend that Cairn extends names a state.
var spoken = map[events.State]string{
	events.Todo: "Todo", events.InProgress: "In progress", events.Done: "Done",
	events.Dropped: "Dropped", events.OnHold: "On hold",
}

// spare is the markers that Cairn tries for a state, in order.
var spare = map[events.State]string{
	events.Todo: " o_", events.InProgress: "~/>+", events.Done: "xX*",
	events.Dropped: "-_^#", events.OnHold: "!?>&",
}

// LegendWith returns raw, the bytes of a legend's block, with a marker for s:
// ", [~] = In progress" in the legend's own separator and form, behind its last
// pair. It returns raw unchanged if that is no legend, knows s already, or is so
// odd that the new pair would not be read back.
func LegendWith(raw string, s events.State) string {
	l := ParseLegend(raw)
	if _, ok := l.Mark(s); ok || !l.Present() || !s.Valid() {
		return raw
	}
	n := len(l.pairs)
	before, last := l.pairs[n-2], l.pairs[n-1]
	mark, ok := freeMark(raw, s)
	if !ok {
		return raw
	}
	word := spoken[s]
	if c, _ := utf8.DecodeRuneInString(raw[last.word:]); unicode.IsLower(c) {
		word = strings.ToLower(word)
	}
	form := raw[last.from:last.open+1] + string([]byte{mark}) + raw[last.open+2:last.word] + word + closing(raw[last.wordEnd:last.to])
	for _, sep := range []string{separator(raw[before.to:last.from]), ", "} {
		with := raw[:last.to] + sep + form + raw[last.to:]
		if got := ParseLegend(with).pairs; len(got) == n+1 && got[n].state == s && got[n-1].to == last.to {
			return with
		}
	}
	return raw
}

// LegendWithout takes back what [LegendWith] added for s: it returns raw
// unchanged if the legend's last pair is not of that making.
func LegendWithout(raw string, s events.State) string {
	l := ParseLegend(raw)
	n := len(l.pairs)
	if n < 3 || l.pairs[n-1].state != s {
		return raw
	}
	short := raw[:l.pairs[n-2].to] + raw[l.pairs[n-1].to:]
	if LegendWith(short, s) != raw {
		return raw
	}
	return short
}

// freeMark returns a marker for s that stands nowhere in the legend.
func freeMark(raw string, s events.State) (byte, bool) {
	for _, c := range []byte(spare[s] + "+*#%&@$^;") {
		if !strings.Contains(raw, "["+string([]byte{c})+"]") {
			return c, true
		}
	}
	return 0, false
}

// closing returns the quotes that tail begins with, without a remark.
func closing(tail string) string {
	return tail[:len(tail)-len(strings.TrimLeft(tail, "*_`\""))]
}

// separator returns what stands between two pairs, or ", " if that is prose.
func separator(between string) string {
	if strings.ContainsFunc(between, unicode.IsLetter) {
		return ", "
	}
	return between
}
