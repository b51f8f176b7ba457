package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/checklist"
)

// Markdown writes the report to be pasted into an issue: texts of the checklist are
// escaped, so that they format nothing and call nobody; links of tasks are links.
func Markdown(w io.Writer, r *Report) error {
	buf := bufio.NewWriter(w)
	fmt.Fprintf(buf, "### %s\n\n`%s@%d`\n\n%s\n", audit.Escape(r.head()), checklist.Clean(r.Name), r.Seq, r.Sentence())
	for _, line := range r.Outlook() {
		fmt.Fprintln(buf, audit.Escape(line))
	}
	for _, p := range r.parts() {
		fmt.Fprintf(buf, "\n**%s**\n\n", p.title)
		for _, line := range p.prose {
			fmt.Fprintf(buf, "- %s\n", audit.Escape(line))
		}
		for _, l := range p.lines {
			fmt.Fprintln(buf, l.markdown())
		}
	}
	return buf.Flush()
}

func (l line) markdown() string {
	text := "- "
	for _, part := range []string{l.mark, l.key, l.text} {
		if part != "" {
			text += audit.Escape(part) + " "
		}
	}
	var ends []string
	for _, part := range []string{l.owner, l.right} {
		if part != "" {
			ends = append(ends, audit.Escape(part))
		}
	}
	for _, url := range l.links {
		ends = append(ends, link(url))
	}
	for _, part := range l.below {
		ends = append(ends, audit.Escape(part))
	}
	text = strings.TrimRight(text, " ")
	if len(ends) > 0 {
		text += " (" + strings.Join(ends, ", ") + ")"
	}
	return text
}

// link is a link to a page of the web; anything else is only named.
func link(url string) string {
	name := audit.Escape(checklist.LinkName(url))
	if !followed(url) {
		return name
	}
	return "[" + name + "](" + url + ")"
}

// followed reports whether a link is one to a page of the web, and harmless wherever
// it is written.
func followed(url string) bool {
	return (strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://")) &&
		!strings.ContainsAny(url, " <>()[]\\\"'`\n\t") && checklist.Clean(url) == url
}

// Changelog writes what was finished, by section, as Markdown.
func Changelog(w io.Writer, r *Report) error {
	buf := bufio.NewWriter(w)
	fmt.Fprintf(buf, "## %s, %s to %s\n", audit.Escape(r.Name), r.From.Day, r.To.Day)
	written := 0
	section := func(key int, title string) {
		begun := false
		for _, i := range r.Done {
			if i.Section != key || i.State != events.Done {
				continue
			}
			if !begun && title != "" {
				fmt.Fprintf(buf, "\n### %s\n", audit.Escape(title))
			}
			if !begun {
				fmt.Fprintln(buf)
			}
			begun = true
			written++
			text := "- " + audit.Escape(i.Text)
			var links []string
			for _, url := range i.Links {
				links = append(links, link(url))
			}
			if len(links) > 0 {
				text += " (" + strings.Join(links, ", ") + ")"
			}
			fmt.Fprintln(buf, text)
		}
	}
	section(0, "")
	for b := range r.st.Root().All() {
		if b.Section != nil {
			section(b.Section.Key, b.Section.Title)
		}
	}
	if written == 0 {
		fmt.Fprintln(buf, "\nNothing was finished.")
	}
	return buf.Flush()
}
