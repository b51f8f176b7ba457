package commands

import (
	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// forms are the ways in which the document writes metadata.
func (d *decision) forms() markdown.Forms {
	if d.written == nil {
		d.written = &markdown.Forms{}
		for b := range d.st.Root().Tasks() {
			d.written.Learn(b.Raw)
		}
	}
	return *d.written
}

// inLine makes each change to what the line of b says, one after the other, where
// it can be written: a name that is no word stays in the log. It returns the lines after and the offset of the marker;
// nothing where they stay as they are, and where it took an event of its own to
// bring them: one about the text, in whose middle a value stood.
func (d *decision) inLine(b *checklist.Block, changes ...func(*markdown.Meta)) (raw string, box int) {
	raw = b.Raw
	for _, change := range changes {
		m := markdown.ReadMeta(raw)
		change(&m)
		raw, _ = markdown.WriteMeta(raw, m.Writable(), d.forms())
	}
	if raw == b.Raw {
		return "", 0
	}
	text, box, _ := markdown.ReadTask(raw)
	if text != b.Task.Text {
		d.add(&events.TaskReworded{Key: b.Task.Key, Text: text, Raw: raw, Box: box})
		return "", 0
	}
	return raw, box
}

// reschedule adds e with the line that says so.
func (d *decision) reschedule(b *checklist.Block, e *events.TaskScheduled) {
	e.Raw, e.Box = d.inLine(b, func(m *markdown.Meta) {
		if e.Due.Present {
			m.Due = e.Due.Value
		}
		if m.Due == "" {
			m.Every = ""
		}
	}, func(m *markdown.Meta) {
		if e.Every.Present && m.Due != "" {
			m.Every = e.Every.Value
		}
	})
	d.add(e)
}
