package natslog

import (
	"fmt"
	"strings"
	"unicode"

	"cairn/events"
)

// Where events lie: cairn.log.<checklist>.<noun>.<verb>, and cairn.sys for the
// log's own. The keys of tasks are not part of it, so the number of subjects
// stays small: an expectation costs time in proportion to the subjects it
// matches.
const (
	logPrefix      = "cairn.log."
	systemSubject  = "cairn.sys"
	everyChecklist = logPrefix + ">"
	changes        = "cairn.changes.>"
)

// filterOf returns the subjects of one checklist, or of the log's own events
// for "". It is the only place that builds this string: JetStream compares
// expectations by their text, and two spellings of one filter are both
// accepted at once in a cluster.
func filterOf(checklist string) string {
	if checklist == "" {
		return systemSubject
	}
	return logPrefix + checklist + ".>"
}

// subjectOf returns where an event of that kind lies.
func subjectOf(checklist string, kind events.Kind) (string, error) {
	if checklist == "" {
		return systemSubject, nil
	}
	if !token(checklist) {
		return "", fmt.Errorf("checklist %q: not a name", checklist)
	}
	part := strings.Split(string(kind), ".")
	if len(part) != 4 || part[0] != "cairn" || !token(part[1]) || !token(part[2]) {
		return "", fmt.Errorf("kind %q: want cairn.noun.verb.vN", kind)
	}
	return logPrefix + checklist + "." + part[1] + "." + part[2], nil
}

// checklistOf returns the checklist whose event lies at subject; "" for the
// log's own. It reports false for a subject that is none of ours.
func checklistOf(subject string) (string, bool) {
	if subject == systemSubject {
		return "", true
	}
	rest, ok := strings.CutPrefix(subject, logPrefix)
	if !ok {
		return "", false
	}
	name, _, ok := strings.Cut(rest, ".")
	return name, ok && name != ""
}

// token reports whether s can stand between two dots of a subject.
func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r == '.' || r == '*' || r == '>' || unicode.IsSpace(r) || unicode.IsControl(r)
	})
}

// filtersOf returns the subjects that f selects; none selects all.
func filtersOf(f events.Filter) ([]string, error) {
	if f.Checklist != "" && !token(f.Checklist) {
		return nil, fmt.Errorf("checklist %q: not a name", f.Checklist)
	}
	switch {
	case f.System:
		return []string{systemSubject}, nil
	case len(f.Kinds) == 0 && f.Checklist == "":
		return nil, nil
	case len(f.Kinds) == 0:
		return []string{filterOf(f.Checklist)}, nil
	}
	var subjects []string
	seen := make(map[string]bool)
	add := func(s string) {
		if !seen[s] {
			seen[s] = true
			subjects = append(subjects, s)
		}
	}
	checklist := f.Checklist
	if checklist == "" {
		// Kinds of the log's own events may be among them.
		add(systemSubject)
		checklist = "*"
	}
	for _, kind := range f.Kinds {
		part := strings.Split(string(kind), ".")
		if len(part) != 4 || !token(part[1]) || !token(part[2]) {
			return nil, fmt.Errorf("kind %q: want cairn.noun.verb.vN", kind)
		}
		add(logPrefix + checklist + "." + part[1] + "." + part[2])
	}
	return subjects, nil
}
