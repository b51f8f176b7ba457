package audit

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// DiffText writes what differs, by section, and in the end what it adds up to.
// With through it lists what went there and back, too. For a pipe each item is on
// one line and nothing is cut.
func DiffText(w io.Writer, d Difference, through bool, about About, s checklist.Style) error {
	if s.Piped() {
		s.Wide = true
	}
	t := diffText{bufio.NewWriter(w), about, s, days{today: events.DayOf(about.in(d.To.At)), full: s.Piped()}, 2}
	for _, sec := range d.Sections {
		for _, item := range sec.Items {
			t.key = max(t.key, len(item.key()))
		}
	}
	fmt.Fprintf(t, "%s  %s  →  %s\n", checklist.Clean(about.Name), d.From.in(about), d.To.in(about))
	if len(d.Plan) > 0 {
		fmt.Fprintln(t)
		for _, c := range d.Plan {
			t.row("plan", "", planName(c.Field)+" "+show(c.Before, t.days)+" → "+show(c.After, t.days))
		}
	}
	if len(d.Sections) > 0 {
		fmt.Fprintln(t)
	}
	for _, sec := range d.Sections {
		t.section(sec)
	}
	if through && len(d.Through) > 0 {
		fmt.Fprintln(t, "\nThere and back in between:")
		for _, item := range d.Through {
			t.row("↺", item.key(), item.Text)
			for _, r := range item.Steps {
				t.below(item.step(r, about, t.days))
			}
		}
	}
	fmt.Fprintln(t)
	if d.Empty() {
		fmt.Fprintln(t, "Nothing differs.")
	}
	packed(t, 0, t.prose(), " ", phrases(d.Summary()))
	return t.Flush()
}

// phrases cuts a sentence where a line may end: not behind a number nor at an arrow.
func phrases(text string) []string {
	var list []string
	for _, word := range strings.Fields(text) {
		if n := len(list); n > 0 && (word == "→" || strings.HasSuffix(list[n-1], "→") || strings.Trim(list[n-1], "0123456789") == "") {
			list[n-1] += " " + word
			continue
		}
		list = append(list, word)
	}
	return list
}

func (p Position) in(about About) string {
	return fmt.Sprintf("@%d %s", p.Seq, about.in(p.At).Format("Mon 2006-01-02"))
}

func planName(field string) string {
	if name, ok := planNames[field]; ok {
		return name
	}
	return strings.ReplaceAll(field, "_", " ")
}

// diffText writes with the columns of one difference.
type diffText struct {
	*bufio.Writer
	about About
	style checklist.Style
	days  days
	key   int
}

// prose is the style of sentences, which are folded in any case.
func (t diffText) prose() checklist.Style {
	s := t.style
	s.Wide = false
	if s.Piped() {
		s.Width = 80
	}
	return s
}

func (t diffText) section(sec SectionDifference) {
	title := sec.Title
	if sec.Ref == (events.Ref{}) {
		title = "Before the first heading"
	}
	counts := sec.counts()
	if t.style.Wide {
		fmt.Fprintln(t, strings.Join(filled(title, counts), "  "))
	} else {
		title = checklist.Pad(title, max(t.style.Edge()-checklist.Width(counts)-2, 8))
		fmt.Fprintln(t, strings.TrimRight(t.style.Bold(title)+"  "+counts, " "))
	}
	for _, item := range sec.Items {
		var below []string
		text := item.Text
		switch {
		case item.Action == "text":
			text = textChange(Row{Changes: item.Changes})
		case item.Action == "split":
			text = t.into(item)
		default:
			if len(item.Into) > 0 {
				below = append(below, "split"+strings.TrimPrefix(t.into(item), item.Text))
			}
		}
		t.row(item.sign(), item.key(), text, append(item.details(t.days), below...)...)
	}
}

// counts is what is done of the section before and after; empty where nothing is
// counted.
func (sec SectionDifference) counts() string {
	if sec.Before == nil && sec.After == nil {
		return ""
	}
	return sec.Before.String() + " → " + sec.After.String()
}

// String returns how a share reads; – for what is not there.
func (s *Share) String() string {
	if s == nil {
		return "–"
	}
	return fmt.Sprintf("%d/%d", s.Done, s.Of)
}

func (t diffText) into(item Item) string {
	parts := make([]string, len(item.Into))
	for i, part := range item.Into {
		parts[i] = fmt.Sprintf("%d %s", part.Key, part.Text)
	}
	list := strings.Join(parts, ", ")
	text := item.Text
	if room := t.style.Edge() - t.indent() - checklist.Width(list) - 3; room >= 12 {
		text = checklist.Cut(text, room)
	} else {
		text = checklist.Cut(text, max(12, t.style.Edge()/3))
	}
	return text + " → " + list
}

func (t diffText) indent() int { return 2 + 9 + 2 + t.key + 2 }

// row writes an item: a sign in the middle of its column, the key, the text and
// what else changed.
func (t diffText) row(sign, key, text string, details ...string) {
	room := max(9-checklist.Width(sign), 0)
	head := "  " + strings.Repeat(" ", room/2) + sign + strings.Repeat(" ", room-room/2) + "  " + strings.Repeat(" ", t.key-len(key)) + key + "  "
	if t.style.Piped() {
		fmt.Fprintln(t, strings.Join(filled(append([]string{strings.TrimRight(head, " ") + "  " + text}, details...)...), "  "))
		return
	}
	fmt.Fprintln(t, strings.TrimRight(head+checklist.Cut(text, max(t.style.Edge()-checklist.Width(head), 20)), " "))
	if len(details) > 0 {
		t.below(details...)
	}
}

func (t diffText) below(parts ...string) {
	below(t, t.indent(), t.style, []string{strings.Join(parts, ", ")})
}

func (i Item) key() string {
	if i.Target.Noun == events.SectionNoun {
		return "s:" + strconv.Itoa(i.Target.Key)
	}
	return key(i.Key)
}

// sign is what stands in the first column.
func (i Item) sign() string {
	before, after, _ := Row{Changes: i.Changes}.State()
	switch i.Action {
	case "added", "removed":
		sign, state, mark := "+", after, i.After
		if i.Action == "removed" {
			sign, state, mark = "−", before, i.Before
		}
		if state != events.Todo && state != "" {
			sign += " " + checklist.Box(mark)
		}
		return sign
	}
	if before == after || i.Before == i.After {
		return i.Action
	}
	return checklist.Box(i.Before) + " → " + checklist.Box(i.After)
}

// details tell what else changed.
func (i Item) details(as days) []string {
	var list []string
	for _, c := range i.Changes {
		name := fieldActions[c.Field]
		if name == i.Action {
			name = "" // the first column has it
		}
		detail := ""
		switch c.Field {
		case fieldState:
			continue
		case fieldText:
			if i.Action == "text" {
				continue
			}
			detail, name = "was "+quote(show(c.Before, days{})), ""
		case "title":
			detail, name = "was "+quote(show(c.Before, days{})), ""
		case "key":
			detail = "the line was " + show(c.Before, days{})
		case "level":
			detail = show(c.Before, as) + " → " + show(c.After, as)
		case "in":
			detail = "was " + show(c.Before, days{}) // the section says where it is
			if i.Target.Noun == events.SectionNoun {
				detail = "now " + show(c.After, days{}) + ", " + detail
			}
		case "after":
			detail = show(c.Before, days{}) + " → " + show(c.After, days{})
		case "occurrence":
			detail = show(c.After, as)
		case "blocked_by":
			detail, name = "waits for "+show(c.After, as)+", was "+show(c.Before, as), ""
		case "start", "until", "every":
			name = strings.NewReplacer("start", "from", "until", "until", "every", "every").Replace(c.Field)
			detail = show(c.Before, as) + " → " + show(c.After, as)
		default:
			detail = c.detail(Row{}, as)
		}
		list = append(list, strings.Join(filled(name, detail), " "))
	}
	return list
}

// step tells one change in between.
func (i Item) step(r Row, about About, as days) string {
	what := r.Detail(as.today)
	if as.full {
		what = r.Detail("")
	}
	return strings.Join(filled(fmt.Sprintf("@%d", r.Seq), about.in(r.Effective).Format(time.DateOnly), r.Who(), r.Action, what), " ")
}
