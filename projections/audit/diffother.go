package audit

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// DiffMarkdown writes a difference to be pasted into an issue or a pull request:
// texts of the checklist are escaped, so that they format nothing, link nothing and
// call nobody.
func DiffMarkdown(w io.Writer, d Difference, through bool, about About) error {
	buf := bufio.NewWriter(w)
	as := days{today: events.DayOf(about.in(d.To.At)), full: true}
	fmt.Fprintf(buf, "### %s `%s` → `%s`\n\n%s\n", escape(about.Name), d.From.in(about), d.To.in(about), escape(d.Summary()))
	if len(d.Plan) > 0 {
		fmt.Fprintln(buf)
		for _, c := range d.Plan {
			fmt.Fprintf(buf, "- plan: %s %s → %s\n", planName(c.Field), escape(show(c.Before, as)), escape(show(c.After, as)))
		}
	}
	for _, sec := range d.Sections {
		title := sec.Title
		if sec.Ref == (events.Ref{}) {
			title = "Before the first heading"
		}
		fmt.Fprintf(buf, "\n%s\n\n", strings.Join(filled("**"+escape(title)+"**", sec.counts()), " "))
		for _, item := range sec.Items {
			text := item.Text
			if item.Action == "text" {
				text = textChange(Row{Changes: item.Changes})
			}
			parts := filled(item.key(), text)
			for i := range parts {
				parts[i] = escape(parts[i])
			}
			details := item.details(as)
			for _, part := range item.Into {
				details = append(details, fmt.Sprintf("into %d %s", part.Key, part.Text))
			}
			line := "- `" + item.sign() + "` " + strings.Join(parts, " ")
			if len(details) > 0 {
				line += " (" + escape(strings.Join(details, ", ")) + ")"
			}
			fmt.Fprintln(buf, line)
		}
	}
	if through && len(d.Through) > 0 {
		fmt.Fprint(buf, "\n**There and back in between**\n\n")
		for _, item := range d.Through {
			fmt.Fprintf(buf, "- %s %s\n", item.key(), escape(item.Text))
			for _, r := range item.Steps {
				at, what, _ := strings.Cut(item.step(r, about, as), " ")
				fmt.Fprintf(buf, "  - `%s` %s\n", at, escape(what))
			}
		}
	}
	return buf.Flush()
}

var markdownSigns = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "|", `\|`, "~", `\~`,
	"#", `\#`, "&", `\&`, "@", "@<!-- -->", "://", ":<!-- -->//",
)

// Escape returns text that Markdown shows as it is; see escape.
func Escape(text string) string { return escape(text) }

// escape returns text that Markdown shows as it is. An @ calls nobody, a # and a
// URL link nothing: what is pasted is a report of the checklist.
func escape(text string) string { return markdownSigns.Replace(checklist.Clean(text)) }

// DiffDocument is the JSON form of a difference. Fields are added, never changed;
// every field is always there.
type DiffDocument struct {
	checklist.Head
	From     JSONPosition  `json:"from"`
	To       JSONPosition  `json:"to"`
	Plan     []Change      `json:"plan"`
	Sections []JSONSection `json:"sections"`
	Summary  JSONSummary   `json:"summary"`
	Through  []JSONItem    `json:"through"`
}

// JSONPosition is one side of a difference: the WHEN as it was written, null for
// now, and what it was.
type JSONPosition struct {
	When *string    `json:"when"`
	Seq  events.Seq `json:"seq"`
	At   time.Time  `json:"at"`
}

// JSONSection is a section in which something differs; its key is 0 for what
// stands before the first heading. A share is null where the section is not there.
type JSONSection struct {
	Key    int        `json:"key"`
	Title  string     `json:"title"`
	Before *Share     `json:"before"`
	After  *Share     `json:"after"`
	Items  []JSONItem `json:"items"`
}

// JSONItem is what differs of one task, heading or text. Steps, of what went there
// and back, are rows as those of `log --json`, without the stored event.
type JSONItem struct {
	Target  string    `json:"target"`
	Task    *int      `json:"task"`
	Text    string    `json:"text"`
	Action  string    `json:"action"`
	Changes []Change  `json:"changes"`
	Into    []Part    `json:"into"`
	Steps   []JSONRow `json:"steps"`
}

// JSONSummary is what a difference adds up to.
type JSONSummary struct {
	Tasks    int                `json:"tasks"`
	Sections int                `json:"sections"`
	Counts   []Count            `json:"counts"`
	Before   checklist.Progress `json:"before"`
	After    checklist.Progress `json:"after"`
	Text     string             `json:"text"`
}

// DiffJSON returns the JSON form of a difference up to the state after; from and to
// are the moments as they were written, to is empty for now.
func DiffJSON(after *checklist.State, d Difference, from, to string) DiffDocument {
	tasks, sections := d.Tasks()
	doc := DiffDocument{
		Head: after.JSONHead("diff", checklist.Moment{AsOf: to}),
		From: JSONPosition{optional(from), d.From.Seq, d.From.At.UTC()}, To: JSONPosition{optional(to), d.To.Seq, d.To.At.UTC()},
		Plan: append([]Change{}, d.Plan...), Sections: []JSONSection{}, Through: []JSONItem{},
		Summary: JSONSummary{tasks, sections, append([]Count{}, d.Counts()...), d.Before, d.After, d.Summary()},
	}
	for _, sec := range d.Sections {
		s := JSONSection{sec.Ref.Key, sec.Title, sec.Before, sec.After, []JSONItem{}}
		for _, item := range sec.Items {
			s.Items = append(s.Items, item.json(after.Name))
		}
		doc.Sections = append(doc.Sections, s)
	}
	for _, item := range d.Through {
		doc.Through = append(doc.Through, item.json(after.Name))
	}
	return doc
}

func (i Item) json(name string) JSONItem {
	item := JSONItem{
		Target: i.Target.String(), Task: optional(i.Key), Text: i.Text, Action: i.Action, Changes: append([]Change{}, i.Changes...),
		Into: append([]Part{}, i.Into...), Steps: []JSONRow{},
	}
	for _, r := range i.Steps {
		row := r.JSON(name)
		row.Event = nil
		item.Steps = append(item.Steps, row)
	}
	return item
}
