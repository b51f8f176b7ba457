package markdown

import (
	"slices"
	"strings"

	"cairn/events"
)

// Meta is what the line of a task says about it in words that are none of its
// text.
//
//	@ada (@ada)                   whom it belongs to
//	+db #db                       a label; "#12" and "#T12" are none
//	due:2026-12-24 📅 2026-12-24  and "start:", "🛫": its days
//	🔁 every 2 weeks              repeats; it means nothing without a due day
//	est:3d estimate:3d            an estimate
//
// They may stand anywhere in the task's lines, but not in code, links or URLs.
// Those at the end of the first line are no part of the text ([ReadTask]), nor
// are the other signs of Obsidian's Tasks there, such as ✅, ➕ and ⏫.
type Meta struct {
	Assignees  []string
	Start, Due events.Day
	// Every is "day", "week", "month" or "2 weeks".
	Every    string
	Labels   []string
	Estimate string
}

// Equal reports whether both say the same, in the same order.
func (m Meta) Equal(o Meta) bool {
	return m.Start == o.Start && m.Due == o.Due && m.Every == o.Every && m.Estimate == o.Estimate &&
		slices.Equal(m.Assignees, o.Assignees) && slices.Equal(m.Labels, o.Labels)
}

// Writable returns m without the names that can stand in no line: owners and
// labels of several words, labels that would be read as numbers.
func (m Meta) Writable() Meta {
	m.Assignees = slices.DeleteFunc(slices.Clone(m.Assignees), func(s string) bool { return !ownerForm().MatchString("@" + s) })
	m.Labels = slices.DeleteFunc(slices.Clone(m.Labels), func(s string) bool { return !tagForm().MatchString("#"+s) || identForm().MatchString(s) })
	return m
}

// Fill gives a new task what its line says. It returns the event that says what
// [events.TaskAdded] has no room for, if there is such a thing: that it repeats.
func (m Meta) Fill(e *events.TaskAdded) []events.Event {
	e.Assignees, e.Labels = m.Assignees, m.Labels
	e.Start, e.Due, e.Estimate = m.Start, m.Due, m.Estimate
	if m.Every == "" || !e.State.Open() {
		return nil // what is closed does not come again
	}
	return []events.Event{&events.TaskScheduled{Key: e.Key, Every: events.Set(m.Every)}}
}

// ReadMeta reads the lines of a task.
func ReadMeta(raw string) Meta {
	var m Meta
	scalar := func(to *string, value string) {
		if *to == "" {
			*to = value
		}
	}
	for _, t := range tokensOf(raw) {
		switch t.field {
		case ownerField:
			m.Assignees = appendNew(m.Assignees, t.value)
		case labelField:
			m.Labels = appendNew(m.Labels, t.value)
		case dueField:
			scalar((*string)(&m.Due), t.value)
		case startField:
			scalar((*string)(&m.Start), t.value)
		case everyField:
			scalar(&m.Every, t.value)
		case estimateField:
			scalar(&m.Estimate, t.value)
		}
	}
	if m.Due == "" {
		m.Every = ""
	}
	return m
}

// tokensOf returns the tokens in the lines of a task, with offsets in raw.
func tokensOf(raw string) []token {
	p := cutTask(raw)
	if p.box == 0 || !lexed(raw[len(p.head):]) {
		return nil
	}
	from := len(p.head)
	first := from + len(p.body) + len(strings.Join(p.links, ""))
	tokens := lex(raw[from:first], mask(raw[from:first]))
	for i := range tokens {
		tokens[i].move(from)
	}
	rest := lex(raw[first:], mask(raw[first:]))
	for _, t := range rest {
		t.move(first)
		t.loose = true
		tokens = append(tokens, t)
	}
	return tokens
}

func (t *token) move(by int) {
	t.from += by
	t.to += by
	t.at += by
	t.end += by
}

// trailing returns where the words about a task begin that stand at the end of
// body, its first line. What is not a link leaves one word for the text. Code that
// goes on in the next line is none here: a link that was put behind it is one.
func trailing(body string) (at int, pieces []int) {
	if !lexed(body) {
		return plainTrailing(body)
	}
	tokens := lex(body, mask(body))
	n := len(tokens)
	for n > 0 && tokens[n-1].field != plainField && !tokens[n-1].loose {
		n--
	}
	if n == 0 && len(tokens) > 0 && tokens[0].field != linkField {
		n = 1
	}
	at = len(body)
	if n < len(tokens) {
		at = 0
		if n > 0 {
			at = tokens[n-1].to
		}
	}
	for _, t := range tokens[n:] {
		pieces = append(pieces, t.to)
	}
	return at, pieces
}

// plainTrailing is trailing for a line with nothing but links.
func plainTrailing(body string) (at int, pieces []int) {
	at = len(body)
	for {
		_, _, n := splitLink(body[:at])
		if n == 0 {
			return at, pieces
		}
		pieces = slices.Insert(pieces, 0, at)
		at -= n
	}
}

// form is what stands around a value.
type form struct{ before, after string }

// Forms are the ways in which a document writes metadata. The zero Forms has
// none.
type Forms struct{ of [fields]form }

// Learn takes in how the lines of a task write it.
func (f *Forms) Learn(raw string) {
	for _, t := range tokensOf(raw) {
		if have := &f.of[t.field]; *have == (form{}) && t.value != "" && !t.loose {
			*have = form{raw[t.from:t.at], raw[t.end:t.to]}
		}
	}
}

// form returns how to write a new value. Days go together: who writes 📅 writes
// 🛫 and 🔁 as well.
func (f *Forms) form(of field) (form, bool) {
	if known := f.of[of]; known != (form{}) {
		return known, true
	}
	for _, day := range []field{dueField, startField, everyField} {
		known := f.of[day]
		if known == (form{}) || of < dueField || of > everyField {
			continue
		}
		switch signs := known.before[0] >= 0x80; {
		case signs && of == dueField:
			return form{before: "📅 "}, true
		case signs && of == startField:
			return form{before: "🛫 "}, true
		case signs:
			return form{before: recurs + " every "}, true
		case of == dueField:
			return form{before: "due:"}, true
		case of == startField:
			return form{before: "start:"}, true
		}
	}
	return form{}, false
}

// WriteMeta returns the lines of a task saying m: each value in the form in which
// the line has it, a new one in that of the document. Nothing else of the lines
// changes. ok is false, and raw is returned, where that cannot be: the document
// has no form for it, a name is no word, or what should go stands in the middle
// of the text, where people are named who own nothing.
func WriteMeta(raw string, m Meta, f Forms) (string, bool) {
	have := ReadMeta(raw)
	if have.Equal(m) {
		return raw, true
	}
	w := writer{raw: raw, forms: f}
	w.list(ownerField, have.Assignees, m.Assignees)
	w.list(labelField, have.Labels, m.Labels)
	w.value(startField, string(have.Start), string(m.Start))
	w.value(dueField, string(have.Due), string(m.Due))
	w.value(everyField, have.Every, m.Every)
	w.value(estimateField, have.Estimate, m.Estimate)
	text, box, _ := ReadTask(w.raw)
	had, _, _ := ReadTask(raw)
	if at := cutTask(raw).box; !ReadMeta(w.raw).Equal(m) || box != at || text == "" && had != "" {
		return raw, false
	}
	return w.raw, true
}

// writer changes metadata in lines. What it cannot do it leaves undone.
type writer struct {
	raw   string
	forms Forms
}

func (w *writer) tokens(f field) []token {
	return slices.DeleteFunc(tokensOf(w.raw), func(t token) bool { return t.field != f })
}

// run returns where the words at the end of the first line begin.
func (w *writer) run() int {
	p := cutTask(w.raw)
	return len(p.head) + len(p.body)
}

func (w *writer) value(f field, have, want string) {
	if have == want {
		return
	}
	tokens := w.tokens(f)
	switch {
	case want == "":
		for _, t := range slices.Backward(tokens) {
			w.cut(t)
		}
	case len(tokens) > 0:
		w.put(tokens[0], want)
	default:
		w.add(f, want)
	}
}

// list makes the i-th name in the line the i-th of want. The names in the middle
// of the text stay.
func (w *writer) list(f field, have, want []string) {
	if slices.Equal(have, want) {
		return
	}
	for i, name := range want {
		tokens := w.tokens(f)
		switch {
		case i >= len(tokens):
			w.add(f, name)
		case tokens[i].value == name:
		case tokens[i].from >= w.run():
			w.put(tokens[i], name)
		default:
			return
		}
	}
	tokens := w.tokens(f)
	for i := len(tokens) - 1; i >= len(want); i-- {
		if tokens[i].from >= w.run() {
			w.cut(tokens[i])
		}
	}
}

func (w *writer) put(t token, value string) {
	if !t.loose {
		w.raw = w.raw[:t.at] + value + w.raw[t.end:]
	}
}

// cut takes a token out, with the space before it; at the beginning of the text
// with the space behind it.
func (w *writer) cut(t token) {
	if t.loose {
		return
	}
	from, to := t.from, t.to
	if head := len(cutTask(w.raw).head); from > head {
		from = head + len(strings.TrimRight(w.raw[head:from], " \t"))
	} else {
		to += len(w.raw[to:]) - len(strings.TrimLeft(w.raw[to:], " \t"))
	}
	w.raw = w.raw[:from] + w.raw[to:]
}

// add writes a new value behind what the first line has, before the name of the
// block, which must be last.
func (w *writer) add(f field, value string) {
	var own Forms // the line's way is before the document's
	own.Learn(w.raw)
	form, ok := own.form(f)
	if !ok {
		form, ok = w.forms.form(f)
	}
	if !ok {
		return
	}
	p := cutTask(w.raw)
	at := len(p.links)
	if at > 0 && blockForm().MatchString(strings.TrimLeft(p.links[at-1], space)) {
		at--
	}
	p.links = slices.Insert(p.links, at, " "+form.before+value+form.after)
	w.raw = p.String()
}
