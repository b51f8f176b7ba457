package audit

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
)

// Entry is a command as the log shows it: what its rows say together.
type Entry struct {
	// Rows are the command's events, in order; never empty.
	Rows []Row
	// Action is one word, Key "36", "s:3" or "" where it is about several.
	Action, Key string
	// Text says what it is about.
	Text string
}

// First returns the entry's first row.
func (e Entry) First() Row { return e.Rows[0] }

// Last returns the entry's last row.
func (e Entry) Last() Row { return e.Rows[len(e.Rows)-1] }

// At returns the position as printed: "@405", or "@405+" for several events.
func (e Entry) At() string {
	plus := ""
	if len(e.Rows) > 1 {
		plus = "+"
	}
	return fmt.Sprintf("@%d%s", e.First().Seq, plus)
}

// Commands groups rows by command, in the order of their first rows; those of a
// command need not stand together. A row without a command is alone.
func Commands(rows []Row) []Entry {
	var groups [][]Row
	index := make(map[string]int)
	for _, r := range rows {
		i, ok := index[r.CommandID]
		if !ok || r.CommandID == "" {
			index[r.CommandID] = len(groups)
			groups = append(groups, []Row{r})
			continue
		}
		groups[i] = append(groups[i], r)
	}
	entries := make([]Entry, len(groups))
	for i, group := range groups {
		entries[i] = newEntry(group)
	}
	return entries
}

// Each returns one entry for each row: every event by itself.
func Each(rows []Row) []Entry {
	entries := make([]Entry, len(rows))
	for i := range rows {
		entries[i] = single(rows[i])
	}
	return entries
}

// single is the entry of one row by itself.
func single(r Row) Entry {
	e := Entry{Rows: []Row{r}}
	e.one(r)
	return e
}

// newEntry says what rows, the events of one command, are together.
func newEntry(rows []Row) Entry {
	e := Entry{Rows: rows}
	first, name := rows[0], rows[0].CommandName
	shown := e.shown()
	switch {
	case (first.Kind == events.KindChecklistCreated || name == "ImportDocument") && len(rows) > 1:
		e.Action, e.Text = "import", imported(rows)
	case strings.HasPrefix(name, "Sync") && len(rows) > 1:
		e.Action, e.Text = "sync", synced(rows)
	case name == splitTask:
		e.Action, e.Key, e.Text = "split", key(first.Parent), checklist.Clean(first.ParentText)
	case rows[len(rows)-1].Kind == events.KindReviewRecorded:
		e.one(rows[len(rows)-1])
	case len(shown) == 1 || sameTarget(shown):
		e.one(shown[0])
	case sameAction(shown):
		e.Action, e.Text = shown[0].Action, several(shown)
	default:
		e.Action, e.Text = "edit", mixed(shown)
	}
	switch {
	case strings.HasPrefix(name, "Undo"):
		e.Action = "undo"
	case strings.HasPrefix(name, "Redo"):
		e.Action = "redo"
	}
	return e
}

// shown is the rows that matter: without the texts and bytes that change along.
func (e Entry) shown() []Row {
	along := func(r Row) bool { return r.Action == "text" || r.Action == "format" || r.Action == "synced" }
	if !slices.ContainsFunc(e.Rows, func(r Row) bool { return !along(r) }) {
		return e.Rows[:1]
	}
	return slices.DeleteFunc(slices.Clone(e.Rows), along)
}

func sameTarget(rows []Row) bool {
	return !slices.ContainsFunc(rows, func(r Row) bool { return r.Target != rows[0].Target })
}

func sameAction(rows []Row) bool {
	return !slices.ContainsFunc(rows, func(r Row) bool {
		return r.Action != rows[0].Action || r.Target.Noun != rows[0].Target.Noun
	})
}

// one makes the entry of what is about one block.
func (e *Entry) one(r Row) {
	e.Action, e.Text = r.Action, checklist.Clean(r.Text)
	switch r.Target.Noun {
	case events.TaskNoun:
		e.Key = key(r.Key)
	case events.SectionNoun:
		e.Key = "s:" + strconv.Itoa(r.Target.Key)
	case events.TextNoun:
		e.Text = textChange(r)
	case events.NoNoun:
		e.Text = aboutAll(r, days{})
	}
	if c, ok := r.Change("comment"); ok {
		e.Text = quote(show(cmp.Or(c.After, c.Before), days{}))
	}
}

func key(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// textChange shows the first line that differs.
func textChange(r Row) string {
	c, _ := r.Change(fieldText)
	before, _ := c.Before.(string)
	after, _ := c.After.(string)
	firstLine := func(s string) string {
		line, _, _ := strings.Cut(strings.TrimLeft(s, "\r\n"), "\n")
		return quote(line)
	}
	switch {
	case before == "":
		return "added " + firstLine(after)
	case after == "":
		return "removed " + firstLine(before)
	}
	old := strings.Split(before, "\n")
	for i, line := range strings.Split(after, "\n") {
		if i >= len(old) || old[i] != line {
			return "now " + quote(line)
		}
	}
	return "shortened " + firstLine(after)
}

// planNames are the fields of the plan as people call them.
var planNames = map[string]string{
	"target_start": "start", "target_finish": "finish", "working_days": "working days",
}

// aboutAll tells a change of the checklist as a whole.
func aboutAll(r Row, as days) string {
	get := func(field string) string {
		if c, ok := r.Change(field); ok && c.After != nil {
			return show(c.After, days{})
		}
		return ""
	}
	switch r.Kind {
	case events.KindChecklistDescribed:
	case events.KindDocumentSynced:
		return get("path") + commitOf(r)
	case events.KindChecklistBaselined:
		return baselineText(r, as)
	case events.KindReviewRecorded:
		return strings.Join(filled(get("status"), get("note")), ": ")
	case events.KindChecklistPublished:
		if from := get("published_from"); from != "" {
			return "from " + from
		}
		return "to " + get("published_to")
	default:
		return checklist.Clean(r.Text)
	}
	var parts []string
	for _, c := range r.Changes {
		if strings.Contains(c.Field, "/") {
			continue
		}
		name := c.Field
		if n, ok := planNames[name]; ok {
			name = n
		}
		part := name + " " + show(c.After, as)
		if c.Before != nil {
			part = name + " " + show(c.Before, days{}) + " → " + show(c.After, as)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// baselineText tells from when to when a baseline is: "v1, to 2026-12-04".
func baselineText(r Row, as days) string {
	var parts []string
	for _, f := range []struct{ field, word string }{{"name", ""}, {"target_start", "from "}, {"target_finish", "to "}} {
		if c, ok := r.Change(f.field); ok && c.After != nil {
			if f.word == "" {
				parts = append(parts, show(c.After, days{}))
				continue
			}
			parts = append(parts, f.word+show(c.After, as))
		}
	}
	return strings.Join(parts, ", ")
}

func imported(rows []Row) string {
	tasks, sections := count(rows, events.KindTaskAdded), count(rows, events.KindSectionAdded)
	text := number(tasks, "task") + " in " + number(sections, "section")
	if c, ok := rows[0].Change("source"); ok && c.After != nil {
		text += " from " + show(c.After, days{})
	}
	return text
}

func synced(rows []Row) string {
	n := len(rows)
	from := ""
	for _, r := range rows {
		if r.Kind != events.KindDocumentSynced {
			continue
		}
		n--
		if c, ok := r.Change("path"); ok && c.After != nil {
			from = " from " + path.Base(show(c.After, days{}))
		}
		from += commitOf(r)
	}
	return number(n, "edit") + from
}

// commitOf is " (9f3c2e1)" for what was taken from a commit.
func commitOf(r Row) string {
	c, ok := r.Change("commit")
	if !ok || c.After == nil {
		return ""
	}
	commit := show(c.After, days{})
	return " (" + commit[:min(len(commit), 7)] + ")"
}

func count(rows []Row, kind events.Kind) int {
	n := 0
	for _, r := range rows {
		if r.Kind == kind {
			n++
		}
	}
	return n
}

func number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// several names what one action did to: "6 tasks, 2-7: core_events, core_users, …".
func several(rows []Row) string {
	noun := "task"
	if rows[0].Target.Noun == events.SectionNoun {
		noun = "section"
	}
	var list []int
	var texts []string
	seen := make(map[int]bool)
	for _, r := range rows {
		if !seen[r.Target.Key] {
			seen[r.Target.Key] = true
			list = append(list, r.Target.Key)
			texts = append(texts, checklist.Clean(r.Text))
		}
	}
	return fmt.Sprintf("%s, %s: %s", number(len(list), noun), ranges(list), strings.Join(texts, ", "))
}

// ranges writes keys shortly: "2-7 9".
func ranges(list []int) string {
	var parts []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		part := strconv.Itoa(list[i])
		if j > i {
			part += "-" + strconv.Itoa(list[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, " ")
}

// mixed names what different actions did: "reworded 18 19, moved 20".
func mixed(rows []Row) string {
	var order []string
	keys := make(map[string][]int)
	for _, r := range rows {
		if r.Target.Key == 0 {
			continue
		}
		action := r.Action
		if r.Target.Noun == events.SectionNoun {
			action += " s:"
		}
		if keys[action] == nil {
			order = append(order, action)
		}
		keys[action] = append(keys[action], r.Target.Key)
	}
	parts := make([]string, len(order))
	for i, action := range order {
		parts[i] = strings.Replace(action+" "+ranges(keys[action]), "s: ", "s:", 1)
	}
	return strings.Join(parts, ", ")
}

// Detail tells what the entry changes, as [Row.Detail]; of an undo, also what it
// takes back.
func (e Entry) Detail(today events.Day) string {
	return strings.Join(filled(e.undoes(), e.detail(today)), "  ")
}

// undoes is "of @109", the command that an undo takes back.
func (e Entry) undoes() string {
	var first events.Seq
	for _, r := range e.Rows {
		if r.UndoesSeq != 0 && (first == 0 || r.UndoesSeq < first) {
			first = r.UndoesSeq
		}
	}
	if first == 0 {
		return ""
	}
	return fmt.Sprintf("of @%d", first)
}

func (e Entry) detail(today events.Day) string {
	switch e.Action {
	case "import":
		return ""
	case "sync":
		return mixed(e.shown())
	case "split":
		parts := make([]string, 0, len(e.Rows))
		for _, r := range e.Rows {
			parts = append(parts, strings.TrimSpace(key(r.Key)+" "+checklist.Clean(r.Text)))
		}
		return "into " + strings.Join(parts, ", ")
	}
	var details []string
	shown := e.shown()
	for _, r := range shown {
		if detail := r.Detail(today); detail != "" && !slices.Contains(details, detail) {
			details = append(details, detail)
		}
	}
	if len(details) > 1 && !sameTarget(shown) && shown[0].Marks() == "" {
		return "" // different for each; --events tells them apart
	}
	return strings.Join(details, ", ")
}

// Reason returns why, in the actor's words.
func (e Entry) Reason() string {
	for _, r := range e.Rows {
		if r.Reason != "" {
			return checklist.Clean(r.Reason)
		}
	}
	return ""
}
