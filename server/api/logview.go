package api

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/app"
)

// Rows of a page of the log: the most, and how many where nobody says.
const (
	mostRows  = 1000
	usualRows = 100
)

type logInput struct {
	ViewInput
	Task    string     `query:"task" maxLength:"500" doc:"Only about this task, also one that is gone: its key, or a part of its text"`
	Section string     `query:"section" maxLength:"500" doc:"Only in this section: its key, or a part of its title"`
	Actors  []string   `query:"actor,explode" maxItems:"50" doc:"Only by this name, or a part of it; one of several"`
	Kinds   []string   `query:"kind,explode" maxItems:"50" doc:"Only this kind of change: a word as done or REOPEN, or a kind of event as task.completed; one of several" example:"[\"done\"]"`
	Since   string     `query:"since" maxLength:"200" doc:"Only what came after this moment"`
	Until   string     `query:"until" maxLength:"200" doc:"Only what came up to this moment"`
	Text    string     `query:"text" maxLength:"500" doc:"Only with this in the task's text, the reason or a value"`
	After   events.Seq `query:"after" doc:"Only rows behind this position, the oldest of them first"`
	Before  events.Seq `query:"before" doc:"Only rows before this position"`
	Limit   int        `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"So many rows at most"`
	Order   string     `query:"order" enum:"newest,oldest" doc:"Which rows come first: the newest, or with after the oldest"`
}

// rowsDocument is a page of the log.
type rowsDocument struct {
	checklist.Head
	// Total counts the rows that were chosen, on all pages.
	Total int             `json:"total" doc:"How many rows were chosen, on all pages"`
	Next  *string         `json:"next" doc:"Where the next page is; null on the last"`
	Rows  []audit.JSONRow `json:"rows" doc:"A row an event, as those of cairn log --json"`
}

// logView registers the log of a checklist, told for people.
func (d *door) logView(api huma.API) {
	addView(d, api, viewKind{
		id: "log", path: "/log", summary: "Who changed what, when and why: a row an event", of: rowsDocument{}, forms: []form{formJSON, formCSV, formText}, heavy: true,
		description: "Newest first, a page at a time: Link rel=\"next\", and next in the JSON, name the next page. With after, oldest first, so that whoever has read up to a position reads on. All that is given must hold; of several actors or kinds, one.",
	}, func(ctx context.Context, in *logInput, p *page) error {
		chosen := app.Chosen{About: in.Task, Section: in.Section, Actors: in.Actors, Kinds: in.Kinds, Text: in.Text, Option: option}
		var err error
		m := d.moments(p)
		if chosen.Since, err = m.When(ctx, in.Since); err != nil {
			return err
		}
		if chosen.Until, err = m.When(ctx, in.Until); err != nil {
			return err
		}
		return d.app.Audit(ctx, p.name, p.At, func(st *checklist.State, all []audit.Row) error {
			f, err := chosen.Filter(st, all)
			if err != nil {
				return err
			}
			rows, err := chosen.Select(f, all)
			if err != nil {
				return err
			}
			p.seq = st.Seq()
			return p.rows(in, st, rows)
		})
	})
}

// rows writes the page of rows that in asks for.
func (p *page) rows(in *logInput, st *checklist.State, rows []audit.Row) error {
	from, to := 0, len(rows)
	for from < to && rows[from].Seq <= in.After {
		from++
	}
	for to > from && in.Before > 0 && rows[to-1].Seq >= in.Before {
		to--
	}
	total := len(rows)
	rows = rows[from:to]
	oldest := in.Order == "oldest" || in.Order == "" && in.After > 0
	more, limit := len(rows) > in.Limit, in.Limit
	if more && oldest {
		rows = rows[:limit]
	} else if more {
		rows = rows[len(rows)-limit:]
	}
	doc := rowsDocument{Head: st.JSONHead("log", p.Of), Total: total, Rows: []audit.JSONRow{}}
	if more {
		next := in.next(oldest, rows)
		doc.Next = &next
		p.link = fmt.Sprintf(`<%s>; rel="next"`, next)
	}
	about := audit.About{Name: st.Name, Seq: st.Seq(), Zone: st.Zone(), OldestFirst: oldest}
	switch p.form {
	case formCSV:
		return audit.CSV(p, rows, about)
	case formText:
		entries := audit.Commands(rows)
		if !oldest {
			for i, j := 0, len(entries)-1; i < j; i, j = i+1, j-1 {
				entries[i], entries[j] = entries[j], entries[i]
			}
		}
		return audit.LogText(p, entries, about, p.style())
	}
	for i := range rows {
		r := rows[i]
		if !oldest {
			r = rows[len(rows)-1-i]
		}
		doc.Rows = append(doc.Rows, r.JSON(st.Name))
	}
	return p.json(doc)
}

// next is where the page behind rows is.
func (in *logInput) next(oldest bool, rows []audit.Row) string {
	q := make(url.Values)
	set := func(name string, values ...string) {
		for _, v := range values {
			if v != "" {
				q.Add(name, v)
			}
		}
	}
	set("as_of", in.AsOf)
	set("as_known_at", in.KnownAt)
	set("format", in.Format)
	set("task", in.Task)
	set("section", in.Section)
	set("actor", in.Actors...)
	set("kind", in.Kinds...)
	set("since", in.Since)
	set("until", in.Until)
	set("text", in.Text)
	if in.Limit != usualRows {
		set("limit", strconv.Itoa(in.Limit))
	}
	after, before := in.After, in.Before
	if oldest {
		after = rows[len(rows)-1].Seq
		set("order", "oldest")
	} else {
		before = rows[0].Seq
		set("order", in.Order)
	}
	if after > 0 {
		set("after", itoa(after))
		if !oldest {
			q.Set("order", "newest")
		}
	}
	if before > 0 {
		set("before", itoa(before))
	}
	return "/api/v1/checklists/" + url.PathEscape(in.Checklist) + "/log?" + q.Encode()
}
