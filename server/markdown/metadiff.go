package markdown

import (
	"slices"

	"cairn/events"
	"cairn/projections/checklist"
)

// MetaOf returns what the log knows of a task.
func MetaOf(t *checklist.Task) Meta {
	return Meta{Assignees: t.Assignees, Start: t.Start, Due: t.Due, Every: t.Every, Labels: t.Labels, Estimate: t.Estimate}
}

// Follow returns m after a line that said had says now: what it says otherwise
// goes into m, and what only m knows stays.
func (m Meta) Follow(had, now Meta) Meta {
	m.Assignees = followList(m.Assignees, had.Assignees, now.Assignees)
	m.Labels = followList(m.Labels, had.Labels, now.Labels)
	follow(&m.Start, had.Start, now.Start)
	follow(&m.Due, had.Due, now.Due)
	follow(&m.Every, had.Every, now.Every)
	follow(&m.Estimate, had.Estimate, now.Estimate)
	if m.Due == "" {
		m.Every = ""
	}
	return m
}

func follow[T comparable](to *T, had, now T) {
	if had != now {
		*to = now
	}
}

func followList(list, had, now []string) []string {
	if slices.Equal(had, now) {
		return list
	}
	if slices.Equal(list, had) {
		return now
	}
	var after []string
	for _, name := range list {
		if !slices.Contains(had, name) || slices.Contains(now, name) {
			after = append(after, name)
		}
	}
	for _, name := range now {
		if !slices.Contains(had, name) {
			after = appendNew(after, name)
		}
	}
	return after
}

// Events returns what makes m of a task whose metadata are have. Each gets what
// raw returns, which are the lines after, or nothing if another event has them.
func (m Meta) Events(key int, have Meta, raw func() string, box int) []events.Event {
	var list []events.Event
	if !slices.Equal(m.Assignees, have.Assignees) {
		list = append(list, &events.TaskAssigned{Key: key, Assignees: m.Assignees, Raw: raw(), Box: box})
	}
	e := &events.TaskScheduled{Key: key, Box: box}
	set(&e.Start, have.Start, m.Start)
	set(&e.Due, have.Due, m.Due)
	set(&e.Every, have.Every, m.Every)
	if e.Start.Present || e.Due.Present || e.Every.Present {
		e.Raw = raw()
		list = append(list, e)
	}
	if m.Estimate != have.Estimate {
		list = append(list, &events.TaskEstimated{Key: key, Estimate: m.Estimate, Raw: raw(), Box: box})
	}
	if !slices.Equal(m.Labels, have.Labels) {
		list = append(list, &events.TaskLabeled{Key: key, Labels: m.Labels, Raw: raw(), Box: box})
	}
	return list
}

func set[T comparable](to *events.Optional[T], have, want T) {
	if have != want {
		*to = events.Set(want)
	}
}

// changeMeta tells what the line of c says of metadata that that of n does not.
func (d *differ) changeMeta(c, n *node, raw func() string) {
	now := n.known.Follow(ReadMeta(n.raw), ReadMeta(c.raw))
	if d.exact != nil {
		now = c.known
	}
	d.add(now.Events(c.ref.Key, n.known, raw, c.box)...)
	n.known = now
}

// meta writes into raw, the lines that the file's n is to have, what both sides
// say. Names are put together; a value that both changed differently is a
// conflict.
func (m *merger) meta(n, b, l *node, raw string) string {
	base, log, want := ReadMeta(b.raw), ReadMeta(l.raw), ReadMeta(n.raw)
	want.Assignees = followList(want.Assignees, base.Assignees, log.Assignees)
	want.Labels = followList(want.Labels, base.Labels, log.Labels)
	merged(m, n, StartField, &want.Start, base.Start, log.Start, b.known.Start, l.known.Start)
	merged(m, n, DueField, &want.Due, base.Due, log.Due, b.known.Due, l.known.Due)
	merged(m, n, EveryField, &want.Every, base.Every, log.Every, b.known.Every, l.known.Every)
	merged(m, n, EstimateField, &want.Estimate, base.Estimate, log.Estimate, b.known.Estimate, l.known.Estimate)
	if want.Due == "" {
		want.Every = ""
	}
	var forms Forms
	forms.Learn(n.raw)
	forms.Learn(l.raw)
	forms.Learn(b.raw)
	raw, _ = WriteMeta(raw, want, forms)
	return raw
}

// merged makes of file, the value that the line of the file says, what both sides
// say: base and log are what the other two lines say, before and after what the
// log knew and knows.
func merged[T ~string](m *merger, n *node, field Field, file *T, base, log, before, after T) {
	if before == after && base == log || *file != base && *file == after {
		return
	}
	if *file != base && !m.conflict(Conflict{Ref: n.ref, Field: field, Base: string(before), File: string(*file), Log: string(after)}) {
		return
	}
	*file = log
}
