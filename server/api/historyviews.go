package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"cairn/projections/audit"
	"cairn/projections/burndown"
	"cairn/projections/chart"
	"cairn/projections/checklist"
	"cairn/projections/report"
	"cairn/server/app"
)

// Counted is what all views over the work may be asked. It is exported as the
// fields of an embedded struct are not read otherwise.
type Counted struct {
	Count string `query:"count" enum:"work,all" default:"work" doc:"Count work, or all boxes"`
	Seed  uint64 `query:"seed" default:"1" doc:"Draw the forecast by another number"`
}

// chartInput is what one asks of a chart.
type chartInput struct {
	ViewInput
	Counted
	By     string `query:"by" enum:"day,week" doc:"Draw by day or week; else what fits"`
	Dark   bool   `query:"dark" doc:"A picture for a dark page"`
	Width  int    `query:"width" minimum:"320" maximum:"4096" default:"1200" doc:"Of a picture, in pixels"`
	Height int    `query:"height" minimum:"180" maximum:"4096" default:"675" doc:"Of a picture, in pixels"`
}

type forecastInput struct {
	ViewInput
	Counted
}

type statsInput struct {
	ViewInput
	Counted
	Weeks  int  `query:"weeks" minimum:"1" maximum:"520" default:"8" doc:"How many weeks, as text"`
	People bool `query:"people" doc:"Who closed what, by name, as text"`
}

type diffInput struct {
	ViewInput
	From    string `query:"from" required:"true" maxLength:"200" doc:"The earlier moment; a day means its end" example:"fri"`
	To      string `query:"to" maxLength:"200" doc:"The later moment; else now"`
	Through bool   `query:"through" doc:"Also what went there and back in between, of text and Markdown; the JSON always has it"`
}

type reportInput struct {
	ViewInput
	Since  string `query:"since" maxLength:"200" doc:"What moved since this moment; else since the last review, else in a week"`
	Review string `query:"review" maxLength:"20" doc:"A review that was recorded, as it was then: review, review~1" example:"review"`
}

// historyViews registers the views over a checklist's history.
func (d *door) historyViews(api huma.API) {
	view := func(kind, summary string, forms ...form) viewKind {
		return viewKind{
			id: kind, path: "/" + kind, summary: summary, of: burndown.JSON{}, forms: append([]form{formJSON, formText, formCSV}, forms...), heavy: true,
			description: "Days in the checklist's time zone. A day that is over never changes.",
		}
	}
	for _, c := range []struct {
		kind    chart.Kind
		summary string
	}{
		{"burndown", "How the remaining work goes down, and by when it is done"},
		{"burnup", "How the work that is done goes up to the scope"},
		{"flow", "How much work is in which state, day by day"},
	} {
		addView(d, api, view(string(c.kind), c.summary, formSVG, formPNG), func(ctx context.Context, in *chartInput, p *page) error {
			return d.work(ctx, in.Counted, p, string(c.kind), func(v *burndown.Summary, _ *burndown.Series) error {
				picture := chart.Options{By: in.By, Dark: in.Dark, Width: in.Width, Height: in.Height}
				switch p.form {
				case formSVG:
					return chart.SVG(p, *v, c.kind, picture)
				case formPNG:
					return chart.PNG(p, *v, c.kind, picture)
				}
				return chart.Text(p, v, c.kind, chart.TextOptions{By: in.By, Width: 80, Plain: true})
			})
		})
	}
	addView(d, api, view("forecast", "By when the work will be done, and how likely that is"), func(ctx context.Context, in *forecastInput, p *page) error {
		return d.work(ctx, in.Counted, p, "forecast", func(v *burndown.Summary, _ *burndown.Series) error {
			return chart.Forecast(p, v, chart.TextOptions{Width: 80, Plain: true})
		})
	})
	addView(d, api, view("stats", "What was closed each week, how long it took, what grows old"), func(ctx context.Context, in *statsInput, p *page) error {
		return d.work(ctx, in.Counted, p, "stats", func(v *burndown.Summary, s *burndown.Series) error {
			stats := s.Stats(v.Days, in.Weeks, p.Time(s.State()))
			return chart.Stats(p, v, stats, in.People, chart.TextOptions{Width: 80, Plain: true})
		})
	})
	addView(d, api, viewKind{
		id: "diff", path: "/diff", summary: "What became of the checklist between two moments", of: audit.DiffDocument{},
		forms: []form{formJSON, formText, formMarkdown}, heavy: true,
	}, d.diff)
	addView(d, api, viewKind{
		id: "report", path: "/report", summary: "The weekly review: what moved, waits, is late, comes next", of: report.Document{},
		forms: []form{formJSON, formText, formMarkdown, formChangelog, formHTML}, heavy: true,
		description: "Up to now, or with as_of up to that moment; as a page, it stands alone and runs nothing.",
	}, d.report)
}

// work writes a view over the work: JSON and CSV are the same for all, the other
// forms are what draw makes.
func (d *door) work(ctx context.Context, in Counted, p *page, kind string, draw func(*burndown.Summary, *burndown.Series) error) error {
	return d.app.Burndown(ctx, p.name, p.At, func(s *burndown.Series) error {
		st := s.State()
		p.seq = st.Seq()
		v := s.Summarise(p.name, p.Today(st), !p.Over(st, p.now), burndown.Options{All: in.Count == "all", Seed: in.Seed})
		switch p.form {
		case formCSV:
			return v.CSV(p)
		case formJSON:
			return p.json(v.JSON(st.JSONHead(kind, p.Of)))
		}
		return draw(&v, s)
	})
}

func (d *door) diff(ctx context.Context, in *diffInput, p *page) error {
	if in.AsOf != "" || in.KnownAt != "" {
		return refuse("", "as_of= and as_known_at=: a difference takes from= and to=")
	}
	m := d.moments(p)
	from, err := m.When(ctx, in.From)
	if err != nil {
		return err
	}
	if from == nil {
		return refuse("", "from=: want the earlier moment")
	}
	to, err := m.When(ctx, in.To)
	if err != nil {
		return err
	}
	return d.app.Between(ctx, p.name, from, to, func(before, after *checklist.State, rows []audit.Row) error {
		p.seq = after.Seq()
		difference := audit.Diff(before, after, rows)
		about := audit.About{Name: after.Name, Seq: after.Seq(), Zone: after.Zone()}
		switch p.form {
		case formText:
			return audit.DiffText(p, difference, in.Through, about, p.style())
		case formMarkdown:
			return audit.DiffMarkdown(p, difference, in.Through, about)
		}
		return p.json(audit.DiffJSON(after, difference, in.From, in.To))
	})
}

func (d *door) report(ctx context.Context, in *reportInput, p *page) error {
	switch {
	case in.Review != "" && (in.AsOf != "" || in.KnownAt != ""):
		return refuse("", "review= and as_of=: a review that was recorded is as it was")
	case in.Since != "" && in.Review != "":
		return refuse("", "since= and review=: a review that was recorded has its own beginning")
	}
	write := func(of checklist.Moment) func(*report.Report) error {
		return func(r *report.Report) error {
			p.seq = r.Seq
			switch p.form {
			case formText:
				return report.Text(p, r, "", p.style())
			case formMarkdown:
				return report.Markdown(p, r)
			case formChangelog:
				return report.Changelog(p, r)
			case formHTML:
				return report.HTML(p, r)
			}
			return p.json(report.JSON(r, of))
		}
	}
	at, err := d.moments(p).When(ctx, in.Since+in.Review)
	if err != nil {
		return err
	}
	if in.Review != "" {
		return app.PastReview(ctx, d.app, p.name, at, write(checklist.Moment{AsOf: in.Review}))
	}
	return app.Review(ctx, d.app, p.name, p.Moment, at, p.now, write(p.Of))
}
