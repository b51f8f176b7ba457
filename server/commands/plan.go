package commands

import (
	"slices"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// Plan says what holds for the whole checklist. A nil member stays as it is,
// "none" clears.
type Plan struct {
	Title       *string `json:"title,omitempty"`
	Owner       *string `json:"owner,omitempty"`
	Start       *string `json:"start,omitempty"`
	Finish      *string `json:"finish,omitempty"`
	Timezone    *string `json:"timezone,omitempty"`
	WorkingDays *string `json:"working_days,omitempty"`
	Holidays    *string `json:"holidays,omitempty"`
	// Markers is the whole map of markers; see CleanMarkers.
	Markers *string `json:"markers,omitempty"`
}

// Name returns the stored name.
func (Plan) Name() string { return "PlanChecklist" }

func (c Plan) resolve(r *resolver) (Command, error) {
	if c == (Plan{}) {
		return nil, usage("plan what? --title --owner --start --finish --timezone --working-days --holidays --marker")
	}
	var err error
	for _, text := range []**string{&c.Title, &c.Owner} {
		if err = rewrite(text, cleanText); err != nil {
			return nil, err
		}
	}
	if c.Title != nil && *c.Title == "" {
		return nil, usage("a checklist keeps its title: --title none means nothing")
	}
	for _, day := range []**string{&c.Start, &c.Finish} {
		if err = rewrite(day, func(s string) (string, error) {
			d, err := r.future(s)
			return string(d), err
		}); err != nil {
			return nil, err
		}
	}
	if err = rewrite(&c.Timezone, zoneName); err != nil {
		return nil, err
	}
	if err = rewrite(&c.WorkingDays, workingDays); err != nil {
		return nil, err
	}
	if err = rewrite(&c.Markers, CleanMarkers); err != nil {
		return nil, err
	}
	err = rewrite(&c.Holidays, holidays)
	return c, err
}

// rewrite replaces a member that is there by what read makes of it; "none" and
// the empty text clear.
func rewrite(member **string, read func(string) (string, error)) error {
	if *member == nil {
		return nil
	}
	value := ""
	if s := strings.TrimSpace(**member); s != none && s != "" {
		var err error
		if value, err = read(s); err != nil {
			return err
		}
	}
	*member = &value
	return nil
}

func zoneName(s string) (string, error) {
	if _, err := time.LoadLocation(s); err != nil || s == "Local" {
		return "", usage("timezone %q: want an IANA name such as Europe/Berlin", s)
	}
	return s, nil
}

func workingDays(s string) (string, error) {
	var names []string
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		from, to, isRange := strings.Cut(word, "-")
		a, ok := weekday(from)
		b := a
		if isRange {
			var okTo bool
			b, okTo = weekday(to)
			ok = ok && okTo
		}
		if !ok {
			return "", usage("working day %q: want mon-fri, or names such as mon,tue,thu", word)
		}
		for d := a; ; d = (d + 1) % 7 {
			if n := strings.ToLower(d.String()[:3]); !slices.Contains(names, n) {
				names = append(names, n)
			}
			if d == b {
				break
			}
		}
	}
	if len(names) == 0 {
		return "", usage("no working day in %q", s)
	}
	return strings.Join(names, ","), nil
}

func holidays(s string) (string, error) {
	var list []string
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		from, to, isRange := strings.Cut(word, "..")
		if !isRange {
			to = from
		}
		if !events.Day(from).Valid() || !events.Day(to).Valid() {
			return "", usage("holiday %q: want 2026-12-25, or 2026-12-24..2027-01-01", word)
		}
		if from > to {
			return "", usage("holiday %q: runs backwards", word)
		}
		if !slices.Contains(list, word) {
			list = append(list, word)
		}
	}
	slices.Sort(list)
	return strings.Join(list, ","), nil
}

func (c Plan) decide(d *decision) error {
	st := d.st
	e := &events.ChecklistDescribed{}
	var header markdown.HeaderFields
	differs(&e.Title, c.Title, st.Title)
	if differs(&e.Owner, c.Owner, st.Owner) {
		header.Owner = &e.Owner.Value
	}
	if differs(&e.Start, c.Start, st.Start) {
		header.Start = &e.Start.Value
	}
	if differs(&e.Finish, c.Finish, st.Finish) {
		header.Finish = &e.Finish.Value
	}
	differs(&e.Timezone, c.Timezone, st.Timezone)
	differs(&e.WorkingDays, c.WorkingDays, st.WorkingDays)
	differs(&e.Holidays, c.Holidays, st.Holidays)
	differs(&e.Markers, c.Markers, st.Markers)
	start, finish := st.Start, st.Finish
	if e.Start.Present {
		start = e.Start.Value
	}
	if e.Finish.Present {
		finish = e.Finish.Value
	}
	if start != "" && finish != "" && finish < start {
		return endsFirst(st.Name, start, finish)
	}
	if err := d.describe(e, header); err != nil {
		return err
	}
	if e.Title.Present || e.Owner.Present || e.Start.Present || e.Finish.Present || e.Timezone.Present || e.WorkingDays.Present || e.Holidays.Present || e.Markers.Present {
		d.add(e)
	}
	if e.Markers.Present {
		return d.remark(e.Markers.Value)
	}
	return nil
}

// differs sets to where a value is given that is not what is there.
func differs[T ~string](to *events.Optional[T], given *string, have T) bool {
	if given == nil || T(*given) == have {
		return false
	}
	*to = events.Set(T(*given))
	return true
}

// describe writes title and Owner line back into the document, where it has
// them. An owner that the line cannot hold, such as "a | b", is refused: what is
// read from it again must be what was said.
func (d *decision) describe(e *events.ChecklistDescribed, header markdown.HeaderFields) error {
	if e.Title.Present {
		if b := titleOf(d.st); b != nil {
			if raw := markdown.Retitle(b.Raw, e.Title.Value); raw != b.Raw {
				e.Doc = append(e.Doc, events.Line{Ref: b.Ref, Raw: raw})
			}
		}
	}
	if header == (markdown.HeaderFields{}) {
		return nil
	}
	for b := range d.st.Root().All() {
		if b.Ref.Noun != events.TextNoun {
			continue
		}
		if _, ok := markdown.ParseHeader(b.Raw); !ok {
			continue
		}
		raw := markdown.HeaderWith(b.Raw, header)
		if owner := header.Owner; owner != nil && ownerIn(b.Raw, "x") == "x" && ownerIn(b.Raw, *owner) != *owner {
			return usage("owner %q: as the owner in the document it would be read as %q", *owner, ownerIn(b.Raw, *owner))
		}
		if raw != b.Raw {
			e.Doc = append(e.Doc, events.Line{Ref: b.Ref, Raw: raw})
		}
		return nil
	}
	return nil
}

// ownerIn is the owner that is read from an Owner line after owner was written
// into it.
func ownerIn(line, owner string) string {
	h, _ := markdown.ParseHeader(markdown.HeaderWith(line, markdown.HeaderFields{Owner: &owner}))
	return h.Owner
}

// titleOf returns the text that is the document's first H1; nil if it has none.
func titleOf(st *checklist.State) *checklist.Block {
	for b := range st.Root().All() {
		if b.Ref.Noun != events.TextNoun || b.ParentTask() != nil {
			continue
		}
		if doc, err := markdown.Parse([]byte(b.Raw), markdown.Options{}); err == nil && doc.Title != "" && doc.Title == st.Title {
			return b
		}
	}
	return nil
}

// Archive closes and hides a checklist.
type Archive struct{}

// Name returns the stored name.
func (Archive) Name() string { return "ArchiveChecklist" }

func (c Archive) resolve(*resolver) (Command, error) { return c, nil }

func (c Archive) decide(d *decision) error {
	if !d.st.Archived {
		d.add(&events.ChecklistArchived{})
	}
	return nil
}

// Reactivate opens an archived checklist again.
type Reactivate struct{}

// Name returns the stored name.
func (Reactivate) Name() string { return "ReactivateChecklist" }

func (c Reactivate) resolve(*resolver) (Command, error) { return c, nil }

func (c Reactivate) decide(d *decision) error {
	if d.st.Archived {
		d.add(&events.ChecklistReactivated{})
	}
	return nil
}
