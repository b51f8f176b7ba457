package app

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// SectionRef returns what people write of a section where only a section can be
// meant: 4 is s:4.
func SectionRef(s string) string {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return "s:" + s
	}
	return s
}

// Find returns the task or the section that ref names.
func Find(st *checklist.State, ref string) (*checklist.Block, error) {
	if strings.HasPrefix(ref, "s:") {
		return commands.FindSection(st, ref)
	}
	b, err := commands.FindTask(st, ref)
	if err == nil || strings.Trim(ref, "0123456789-") == "" {
		return b, err // a key is no text of a title, nor is - for stdin
	}
	if section, sectionErr := commands.FindSection(st, ref); sectionErr == nil {
		return section, nil
	}
	return nil, err
}

// FindEver is Find, which also finds by its key what was removed since.
func FindEver(st *checklist.State, ref string) (*checklist.Block, error) {
	b, err := Find(st, ref)
	if err == nil {
		return b, nil
	}
	noun := events.TaskNoun
	num, isSection := strings.CutPrefix(ref, "s:")
	if isSection {
		noun = events.SectionNoun
	}
	if key, convErr := strconv.Atoi(num); convErr == nil && key > 0 {
		if b := st.Block(events.Ref{Noun: noun, Key: key}); b != nil {
			return b, nil
		}
	}
	return nil, err
}

// Within returns what a view is about, as people write it: a task or a section,
// only a section, or all.
func Within(st *checklist.State, ref, section string) (*checklist.Block, error) {
	switch {
	case ref != "" && section != "":
		return nil, &commands.Error{Code: commands.CodeUsage, Message: "a TASK or SECTION and --section: name one of them"}
	case ref != "":
		return Find(st, ref)
	case section != "":
		return commands.FindSection(st, SectionRef(section))
	}
	return st.Root(), nil
}

// Chosen says which rows of a history are wanted, as people write it. The zero
// value wants all.
type Chosen struct {
	// About is a task or a section, also one that is gone; Section where it stands.
	About, Section string
	Actors, Kinds  []string
	Text           string
	// Since and Until are the moments between which it happened; nil is any.
	Since, Until *commands.When
	// Option returns how an option is written, such as kind; nil is --kind.
	Option func(name string) string
}

// Filter returns the filter for a checklist whose rows are all.
func (c Chosen) Filter(st *checklist.State, all []audit.Row) (audit.Filter, error) {
	f := audit.Filter{Actors: c.Actors, Kinds: c.Kinds, Text: c.Text}
	option := Moments{Option: c.Option}.option
	var err error
	if c.About != "" {
		if f.About, err = FindEver(st, c.About); err != nil {
			return f, err
		}
	}
	if c.Section != "" {
		if f.Section, err = commands.FindSection(st, SectionRef(c.Section)); err != nil {
			return f, err
		}
	}
	for _, given := range []struct {
		name   string
		values []string
	}{{"actor", c.Actors}, {"kind", c.Kinds}} {
		if slices.Contains(given.values, "") {
			return f, &commands.Error{Code: commands.CodeUsage, Message: option(given.name) + " is empty; see cairn log --help"}
		}
	}
	for _, kind := range c.Kinds {
		if err := audit.CheckKind(kind, all); err != nil {
			return f, &commands.Error{Code: commands.CodeUsage, Message: option("kind") + " " + err.Error(), Hint: "Or a kind of event, such as task.completed."}
		}
	}
	return f, nil
}

// Select returns those rows of all that f wants and that lie between the moments.
// The rows of all are not changed.
func (c Chosen) Select(f audit.Filter, all []audit.Row) ([]audit.Row, error) {
	end := all[len(all)-1].Seq
	for _, when := range []*commands.When{c.Since, c.Until} {
		if when != nil && when.Seq > end {
			return nil, &commands.Error{Code: commands.CodeNoMoment, Message: fmt.Sprintf("%s is not in the checklist yet: it ends at @%d", when.Text, end)}
		}
	}
	imported := all[0].Seq
	for _, r := range all {
		if r.Imported() {
			imported = r.Seq
			break
		}
	}
	return slices.DeleteFunc(f.Select(all), func(r audit.Row) bool {
		env := events.Envelope{Seq: r.Seq, EffectiveTime: r.Effective}
		switch {
		case c.Since == nil:
		case c.Since.Import && r.Seq <= imported, !c.Since.Import && !c.Since.Since(env):
			return true
		}
		switch {
		case c.Until == nil:
			return false
		case c.Until.Import:
			return r.Seq > imported
		}
		return !c.Until.Holds(env)
	}), nil
}
