package markdown

import (
	"slices"
	"strings"

	"cairn/events"
)

// change makes the bytes and values of n those of c, one event for each aspect.
func (d *differ) change(c, n *node) {
	if c.raw == n.raw && c.state == n.state && c.level == n.level && (d.exact == nil || c.knows(n)) {
		return
	}
	switch c.ref.Noun {
	case events.SectionNoun:
		d.changeSection(c, n)
	case events.TaskNoun:
		d.changeTask(c, n)
	default:
		d.changeText(c, n)
	}
	n.raw, n.text, n.state, n.box, n.title, n.level = c.raw, c.text, c.state, c.box, c.title, c.level
}

// knows reports whether n and o know the same beside their lines.
func (n *node) knows(o *node) bool {
	return n.known.Equal(o.known) && slices.Equal(n.links, o.links)
}

func (d *differ) changeSection(c, n *node) {
	if c.title == n.title && c.level == n.level {
		d.reformat(c)
		return
	}
	e := &events.SectionRetitled{Key: c.ref.Key, Title: c.title, Raw: c.raw, Match: c.how}
	if c.level != n.level {
		e.Level = c.level
	}
	d.add(e)
}

func (d *differ) reformat(c *node) {
	d.reformatted = append(d.reformatted, events.Line{Ref: c.ref, Raw: c.raw})
}

func (d *differ) changeTask(c, n *node) {
	mark := n.mark()
	raw := SetMark(c.raw, c.box, mark) // before the state changes
	var told bool
	if c.text != n.text {
		d.add(&events.TaskReworded{Key: c.ref.Key, Text: c.text, Raw: raw, Box: c.box, Match: c.how})
		told = true
	}
	_, _, links := ReadTask(c.raw)
	_, _, had := ReadTask(n.raw)
	if d.exact != nil {
		links, had = c.links, n.links
		told = told || raw == n.raw
	}
	for _, url := range had {
		if !slices.Contains(links, url) {
			d.add(&events.TaskUnlinked{Key: c.ref.Key, URL: url, Raw: once(&told, raw), Box: c.box})
		}
	}
	for _, url := range links {
		if !slices.Contains(had, url) {
			d.add(&events.TaskLinked{Key: c.ref.Key, URL: url, Raw: once(&told, raw), Box: c.box})
		}
	}
	d.changeMeta(c, n, func() string { return once(&told, raw) })
	if c.state != n.state {
		put := c.mark()
		if put == mark {
			put = 0 // the legend says otherwise now, or the checklist's map
		}
		d.add(transition(c.ref.Key, c.state, put))
		mark = c.mark()
	}
	// Another marker for the same state, another indent or bullet.
	if mark != c.mark() || (!told && raw != n.raw) {
		d.reformat(c)
	}
}

// once returns raw for the first event that tells of it.
func once(told *bool, raw string) string {
	if *told {
		return ""
	}
	*told = true
	return raw
}

// transition is the event by which a task gets to a state.
func transition(key int, to events.State, mark byte) events.Event {
	switch to {
	case events.InProgress:
		return &events.TaskStarted{Key: key, Mark: mark}
	case events.OnHold:
		return &events.TaskHeld{Key: key, Mark: mark}
	case events.Done:
		return &events.TaskCompleted{Key: key, Mark: mark}
	case events.Dropped:
		return &events.TaskDropped{Key: key, Mark: mark}
	default:
		return &events.TaskReopened{Key: key, Mark: mark}
	}
}

func (d *differ) changeText(c, n *node) {
	if d.describe(c, n.raw) {
		return
	}
	d.add(&events.TextEdited{Key: c.ref.Key, Edits: editsOf(n.raw, c.raw)})
}

// describe takes in what the title or the Owner line c says; was are its bytes
// before. It reports whether the event about the checklist brings the bytes.
func (d *differ) describe(c *node, was string) bool {
	var e events.ChecklistDescribed
	switch c.role {
	case TitleRole:
		_, now := readHeading(c.raw)
		old := ""
		if was != "" {
			_, old = readHeading(was)
		}
		if now != old {
			e.Title = events.Set(now)
		}
	case HeaderRole:
		now, _ := ParseHeader(c.raw)
		old, _ := ParseHeader(was)
		if now.Owner != old.Owner {
			e.Owner = events.Set(now.Owner)
		}
		if now.Start != old.Start {
			e.Start = events.Set(now.Start)
		}
		if now.Finish != old.Finish {
			e.Finish = events.Set(now.Finish)
		}
	}
	if e.Title == (events.Optional[string]{}) && e.Owner == (events.Optional[string]{}) && !e.Start.Present && !e.Finish.Present {
		return false
	}
	if d.described == nil {
		d.described = &events.ChecklistDescribed{}
	}
	if e.Title.Present {
		d.described.Title = e.Title
	}
	if e.Owner.Present {
		d.described.Owner = e.Owner
	}
	if e.Start.Present {
		d.described.Start = e.Start
	}
	if e.Finish.Present {
		d.described.Finish = e.Finish
	}
	if was != "" {
		d.described.Doc = append(d.described.Doc, events.Line{Ref: c.ref, Raw: c.raw})
	}
	return was != ""
}

// editsOf returns what makes b of a: lines that differ, cut at the bytes that do.
func editsOf(a, b string) []events.Edit {
	x, y := strings.SplitAfter(a, "\n"), strings.SplitAfter(b, "\n")
	var edits []events.Edit
	at, i, j := 0, 0, 0
	gap := func(upto, to int) {
		cut, put := strings.Join(x[i:upto], ""), strings.Join(y[j:to], "")
		i, j = upto, to
		size := len(cut)
		if cut != put {
			head := 0
			for head < len(cut) && head < len(put) && cut[head] == put[head] {
				head++
			}
			for head > 0 && (head < len(put) && !runeStart(put[head]) || head < len(cut) && !runeStart(cut[head])) {
				head--
			}
			tail := 0
			for tail < len(cut)-head && tail < len(put)-head && cut[len(cut)-1-tail] == put[len(put)-1-tail] {
				tail++
			}
			for tail > 0 && !runeStart(put[len(put)-tail]) {
				tail--
			}
			edits = append(edits, events.Edit{At: at + head, Cut: len(cut) - head - tail, Put: put[head : len(put)-tail]})
		}
		at += size
	}
	for _, p := range common(x, y) {
		gap(p.a, p.b)
		at += len(x[i])
		i, j = i+1, j+1
	}
	gap(len(x), len(y))
	return edits
}

// runeStart reports whether a rune may begin with b.
func runeStart(b byte) bool { return b&0xc0 != 0x80 }
