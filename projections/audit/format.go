package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"text/template"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// Line is what a template of [Format] sees: one line of the log. Fields are
// added, never changed; texts are one line, empty where there is nothing.
type Line struct {
	// Seq and Last are the first and the last position, At is as printed, "@405+",
	// Events how many there are.
	Seq, Last events.Seq
	At        string
	Events    int
	// Time is when it took effect, Claimed when it happened by the actor's word,
	// Recorded when it was stored, all in the checklist's zone.
	Time, Claimed, Recorded Stamp
	// Who is the actor as the log shows it, Actor its id.
	Who, Actor string
	Via        string
	// Action is one word, Kind that of the first event.
	Action string
	Kind   events.Kind
	// Key is "36", "s:3" or empty, Text what it is about, Section where.
	Key, Text, Section string
	// Change tells what changed; Before and After are states.
	Change        string
	Before, After events.State
	Reason        string
	// Command and CommandID are the command's name and id, ID the first event's,
	// Cause the event or commit that caused it.
	Command, CommandID, ID, Cause string
	Checklist                     string
}

// Stamp is a time that prints as RFC 3339.
type Stamp struct{ time.Time }

// String returns the time as RFC 3339.
func (s Stamp) String() string { return s.Format(time.RFC3339) }

// Day returns the day, as 2026-11-23.
func (s Stamp) Day() string { return s.Format(time.DateOnly) }

func newLine(e Entry, about About) Line {
	r := e.First()
	before, after, _ := r.State()
	return Line{
		Seq: r.Seq, Last: e.Last().Seq, At: e.At(), Events: len(e.Rows),
		Time: Stamp{about.in(r.Effective)}, Claimed: Stamp{about.in(r.Time)}, Recorded: Stamp{about.in(r.Recorded)},
		Who: r.Who(), Actor: checklist.Clean(r.Actor.ID), Via: checklist.Clean(r.Via), Action: e.Action, Kind: r.Kind,
		Key: e.Key, Text: e.Text, Section: checklist.Clean(r.SectionTitle), Change: e.Detail(""), Before: before, After: after, Reason: e.Reason(),
		Command: r.CommandName, CommandID: r.CommandID, ID: r.ID, Cause: checklist.Clean(r.Cause), Checklist: checklist.Clean(about.Name),
	}
}

// Format is a template for the lines of the log.
type Format struct{ template *template.Template }

// ParseFormat reads a template of text/template over [Line]. Outside of {{ }},
// \n and \t are a line end and a tab, \\ is a backslash. Besides the functions of
// text/template there are json, upper, lower, cut N TEXT and pad N TEXT.
//
// It returns an error of one line for what is no such template, or names no field.
func ParseFormat(text string) (Format, error) {
	t, err := template.New("").Funcs(template.FuncMap{
		"json": func(v any) (string, error) {
			var buf bytes.Buffer
			enc := json.NewEncoder(&buf)
			enc.SetEscapeHTML(false)
			err := enc.Encode(v)
			return strings.TrimSuffix(buf.String(), "\n"), err
		},
		"upper": strings.ToUpper, "lower": strings.ToLower,
		"cut": func(n int, v any) string { return checklist.Cut(fmt.Sprint(v), n) },
		"pad": func(n int, v any) string { return checklist.Pad(fmt.Sprint(v), min(n, 1000)) },
	}).Parse(escapes(text))
	if err != nil {
		return Format{}, told(err)
	}
	if !strings.Contains(text, "{{") {
		return Format{}, errors.New("it names no field, such as {{.Text}}")
	}
	f := Format{t}
	// What is wrong for every line is said before the first, and without one.
	return f, f.write(io.Discard, Line{Kind: events.KindTaskCompleted})
}

// Write writes each entry, in the order given, by the template. It returns an
// error of one line, and has then written nothing, where the template cannot be
// applied to an entry.
func (f Format) Write(w io.Writer, entries []Entry, about About) error {
	var buf bytes.Buffer
	for _, e := range entries {
		if err := f.write(&buf, newLine(e, about)); err != nil {
			return err
		}
	}
	_, err := w.Write(buf.Bytes())
	return err
}

func (f Format) write(w io.Writer, line Line) error {
	if err := f.template.Execute(w, line); err != nil {
		return told(err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

var templatePlace = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^template: :\d+(:\d+)?: (executing "" at )?`)
})

// told is an error of text/template without its place in our template.
func told(err error) error {
	text := templatePlace().ReplaceAllString(err.Error(), "")
	return errors.New(checklist.Clean(strings.ReplaceAll(text, " in type audit.Line", "")))
}

// escapes replaces \n, \t and \\ outside of {{ }}.
func escapes(text string) string {
	plain := strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\\`, `\`)
	var b strings.Builder
	for text != "" {
		out, action, found := strings.Cut(text, "{{")
		b.WriteString(plain.Replace(out))
		if !found {
			break
		}
		end := strings.Index(action, "}}")
		if end < 0 {
			end = len(action)
		} else {
			end += len("}}")
		}
		b.WriteString("{{" + action[:end])
		text = action[end:]
	}
	return b.String()
}
