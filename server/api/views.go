package api

import (
	"context"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
)

type listInput struct {
	ViewInput
	Filter  []string `query:"filter,explode" maxItems:"50" doc:"Words as those of cairn ls: open done hold dropped late mine blocked risk, @owner, +label, else text; all must hold. One a parameter, or several with spaces between" example:"[\"open\",\"@ada\"]"`
	Section string   `query:"section" maxLength:"500" doc:"Only in this section: its key, or a part of its title"`
	Actor   string   `header:"Cairn-Actor" maxLength:"500" doc:"Who mine is about, on a server without users"`
}

type nextInput struct {
	ViewInput
	Mine  bool   `query:"mine" doc:"Only tasks of who asks"`
	Actor string `header:"Cairn-Actor" maxLength:"500" doc:"Who mine is about, on a server without users"`
}

type blockInput struct {
	ViewInput
	Task string `path:"task" maxLength:"500" doc:"The task's key, or what else names it: a link such as gh:12, a part of its text" example:"12"`
}

type sectionInput struct {
	ViewInput
	Section string `path:"section" maxLength:"500" doc:"The section's key, or a part of its title" example:"4"`
}

type blameInput struct {
	ViewInput
	Task    string `query:"task" maxLength:"500" doc:"Only this task, with what is under it"`
	Section string `query:"section" maxLength:"500" doc:"Only in this section"`
}

// views registers what shows a checklist as it is or was.
func (d *door) views(api huma.API) {
	addView(d, api, viewKind{
		id: "checklist", path: "", summary: "A checklist, whole", of: checklist.Document{}, forms: []form{formJSON, formText},
		description: "The JSON of cairn show --json: sections in sections, tasks in tasks, and figures over each.",
	}, func(ctx context.Context, _ *ViewInput, p *page) error {
		return d.app.Checklist(ctx, p.name, p.At, func(st *checklist.State) error {
			p.seq = st.Seq()
			if p.form == formText {
				return checklist.Text(p, st, p.style())
			}
			return p.json(st.JSON(p.Of, p.Today(st)))
		})
	})
	addView(d, api, viewKind{
		id: "tasks", path: "/tasks", summary: "Tasks, chosen by words", of: checklist.TaskList{},
	}, func(ctx context.Context, in *listInput, p *page) error {
		f, err := checklist.ParseFilter(wordsOf(in.Filter), in.Actor)
		if err != nil {
			return refuse("Words are open done hold dropped late mine blocked risk, @owner, +label, else text.", "filter=: %v", err)
		}
		return d.app.Checklist(ctx, p.name, p.At, func(st *checklist.State) error {
			if in.Section != "" {
				if f.In, err = commands.FindSection(st, app.SectionRef(in.Section)); err != nil {
					return err
				}
			}
			p.seq = st.Seq()
			return p.json(st.ListJSON(st.Select(f, p.Today(st)), p.Of, p.Today(st)))
		})
	})
	addView(d, api, viewKind{
		id: "next", path: "/next", summary: "What can be worked on now", of: checklist.TaskList{},
		description: "Late or due first, then what is in progress, then as it stands in the document. What waits for others or is on hold is left out.",
	}, func(ctx context.Context, in *nextInput, p *page) error {
		if in.Mine && in.Actor == "" {
			return refuse("Send Cairn-Actor.", "mine=true: who you are is not known")
		}
		f := checklist.Filter{Mine: in.Mine, Me: in.Actor}
		return d.app.Checklist(ctx, p.name, p.At, func(st *checklist.State) error {
			var tasks []*checklist.Block
			for _, b := range st.NextTasks(p.Today(st)) {
				if f.Match(st, b, p.Today(st)) {
					tasks = append(tasks, b)
				}
			}
			p.seq = st.Seq()
			doc := st.ListJSON(tasks, p.Of, p.Today(st))
			doc.Kind = "next"
			return p.json(doc)
		})
	})
	const about = "Its ETag can be given to a command as If-Match: it is refused if the %s changed since."
	addView(d, api, viewKind{
		id: "task", path: "/tasks/{task}", summary: "All that is known of a task", of: checklist.OneTask{},
		description: strings.ReplaceAll(about, "%s", "task"),
	}, func(ctx context.Context, in *blockInput, p *page) error {
		return d.app.Checklist(ctx, p.name, p.At, func(st *checklist.State) error {
			b, err := commands.FindTask(st, in.Task)
			if err != nil {
				return err
			}
			return p.block(st, b)
		})
	})
	addView(d, api, viewKind{
		id: "section", path: "/sections/{section}", summary: "A section, with its tasks and the sections in it", of: checklist.OneSection{},
		description: strings.ReplaceAll(about, "%s", "section's heading"),
	}, func(ctx context.Context, in *sectionInput, p *page) error {
		return d.app.Checklist(ctx, p.name, p.At, func(st *checklist.State) error {
			b, err := commands.FindSection(st, app.SectionRef(in.Section))
			if err != nil {
				return err
			}
			return p.block(st, b)
		})
	})
	addView(d, api, viewKind{
		id: "risks", path: "/risks", summary: "The risks, what is done about them, and who has them", of: checklist.JSONRisks{},
		forms: []form{formJSON, formText},
	}, func(ctx context.Context, _ *ViewInput, p *page) error {
		return d.app.Checklist(ctx, p.name, p.At, func(st *checklist.State) error {
			p.seq = st.Seq()
			if p.form == formText {
				return checklist.WriteRisks(p, st, p.style())
			}
			return p.json(st.RisksJSON(p.Of, p.Today(st)))
		})
	})
	addView(d, api, viewKind{
		id: "blame", path: "/blame", summary: "Who last changed the state of each task", of: audit.BlameDocument{},
		forms: []form{formJSON, formCSV, formText},
	}, func(ctx context.Context, in *blameInput, p *page) error {
		if in.Task != "" && in.Section != "" {
			return refuse("", "task= and section=: give one of them")
		}
		return d.app.Checklist(ctx, p.name, p.At, func(st *checklist.State) error {
			b, err := app.Within(st, in.Task, in.Section)
			if err != nil {
				return err
			}
			p.seq = st.Seq()
			lines := audit.Blame(st, b)
			switch p.form {
			case formCSV:
				return audit.BlameCSV(p, lines)
			case formText:
				return audit.BlameText(p, lines, audit.About{Name: st.Name, Seq: st.Seq(), Zone: st.Zone()}, p.style())
			}
			return p.json(audit.BlameJSON(st, lines, p.Of))
		})
	})
	addView(d, api, viewKind{
		id: "document", path: "/document", summary: "The document, byte for byte", of: "", forms: []form{formMarkdown},
	}, func(ctx context.Context, _ *ViewInput, p *page) error {
		return d.app.Checklist(ctx, p.name, p.At, func(st *checklist.State) error {
			p.seq = st.Seq()
			_, err := p.Write(st.Document())
			return err
		})
	})
}

// block writes a task or a section.
func (p *page) block(st *checklist.State, b *checklist.Block) error {
	p.seq = st.Seq()
	p.tag = strings.Trim(etag(st, b.Ref), `"`)
	return p.json(st.BlockJSON(b, p.Of, p.Today(st)))
}

// wordsOf parts the words of a filter.
func wordsOf(params []string) (words []string) {
	for _, p := range params {
		words = append(words, strings.Fields(p)...)
	}
	return words
}
