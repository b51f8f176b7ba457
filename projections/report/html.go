package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/projections/chart"
	"cairn/projections/checklist"
)

// The page of a report. Its style is allowed by its hash; there is nothing else
// that a browser would run or load.
var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
)

// HTML writes the report as one page that stands alone: the charts are in it, and
// nothing is loaded and no script runs. It is for screens, light and dark, for
// phones and for paper. Texts of the checklist are shown as they are and cannot be
// markup; links are those to pages of the web.
//
// It says what [Text] and [Markdown] say.
func HTML(w io.Writer, r *Report) error {
	t, err := template.New("report").Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("read the page of a report: %w", err)
	}
	p, err := newPage(r)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return fmt.Errorf("write a report as HTML: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// page is a report as the template shows it.
type page struct {
	Policy                 string
	Style                  template.CSS
	Head, Title, Of, Basis string
	Number                 int
	From, To               events.Day
	FromText, ToText       string
	Review                 *pageReview
	Lead                   []string
	Figures                []pageFigure
	Burndown, Flow         []template.HTML
	Parts                  []pagePart
	Planned                bool
	Weeks                  []pageWeek
}

type pageReview struct {
	Status, Note, By string
	Asks             []string
}

// pageFigure is a number that is seen first.
type pageFigure struct{ Name, Value, Was string }

// pagePart is a part of the report: lines of a table, or prose.
type pagePart struct {
	ID, Title, Count string
	Prose            []string
	// What, Who and Side are what the columns are of; empty is a column less.
	What, Who, Side string
	Marked          bool
	Lines           []pageLine
}

type pageLine struct {
	Mark, Key, Text, Owner, Right string
	Links                         []pageLink
	Below                         []string
}

// pageLink has no URL where there is none to follow.
type pageLink struct{ Name, URL string }

type pageWeek struct {
	Day                                              events.Day
	Scope, Done, InProgress, OnHold, Todo, Remaining int
	Ideal                                            string
}

func newPage(r *Report) (*page, error) {
	sum := sha256.Sum256([]byte(pageCSS))
	p := &page{
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
		Style:  template.CSS(pageCSS),
		Head:   r.head(), Title: checklist.Clean(r.view.Title), Of: fmt.Sprintf("%s@%d", checklist.Clean(r.Name), r.Seq),
		Number: r.Number, From: r.From.Day, To: r.To.Day, FromText: weekday(r.From.Day), ToText: weekday(r.To.Day),
		Lead: append([]string{r.Sentence()}, r.Outlook()...), Figures: r.figures(), Weeks: weeks(r.view), Planned: r.view.Ideal != nil,
	}
	if f := r.Is.Forecast; f != nil {
		p.Basis = fmt.Sprintf("The forecast is drawn from %d working days with %d closed, %s to %s, seed %d.", f.Days, f.Completed, f.From, f.To, f.Seed)
	}
	if v := r.Recorded; v != nil {
		p.Review = &pageReview{Status: v.Status, Note: checklist.Clean(v.Note), By: fmt.Sprintf("%s, @%d", checklist.Clean(v.Who()), v.Seq)}
		for _, ask := range v.Asks {
			p.Review.Asks = append(p.Review.Asks, checklist.Clean(ask))
		}
	}
	for _, part := range r.parts() {
		if part.title == "Status" || part.title == "Ask" {
			continue // Review has them
		}
		p.Parts = append(p.Parts, part.page())
	}
	if len(r.view.Days) == 0 {
		return p, nil
	}
	var err error
	if p.Burndown, err = drawings(r.view, chart.Burndown); err == nil {
		p.Flow, err = drawings(r.view, chart.Flow)
	}
	return p, err
}

// drawings returns a chart as often as the page needs it: wide and narrow, light
// and dark. The style shows one of them.
func drawings(v burndown.Summary, kind chart.Kind) ([]template.HTML, error) {
	var list []template.HTML
	for _, d := range []struct {
		class string
		o     chart.Options
	}{
		{"wide light", chart.Options{Width: 1000, Height: 560}},
		{"wide dark", chart.Options{Width: 1000, Height: 560, Dark: true}},
		{"narrow light", chart.Options{Width: 360, Height: 480}},
		{"narrow dark", chart.Options{Width: 360, Height: 480, Dark: true}},
	} {
		var b strings.Builder
		if err := chart.SVG(&b, v, kind, d.o); err != nil {
			return nil, err
		}
		// SVG escapes what comes from the checklist.
		list = append(list, template.HTML(strings.TrimSpace(strings.Replace(b.String(), "<svg ", `<svg class="`+d.class+`" `, 1))))
	}
	return list, nil
}

// figures are the numbers that are seen first; the sentences say them too.
func (r *Report) figures() []pageFigure {
	remaining := pageFigure{Name: "Remaining", Value: strconv.Itoa(r.After)}
	if r.Before != r.After {
		remaining.Was = fmt.Sprintf("was %d", r.Before)
	}
	list := []pageFigure{remaining, {Name: "Done", Value: fmt.Sprintf("%d of %d", r.Finished, r.Scope)}}
	if r.Scope == 0 || r.After == 0 {
		return list
	}
	if r.Is.Planned {
		f := pageFigure{Name: "Against the plan", Value: capital(chart.Behind(r.Is.Behind))}
		if r.Was.Planned && chart.Behind(r.Was.Behind) != chart.Behind(r.Is.Behind) {
			f.Was = "was " + short(r.Was.Behind, r.Is.Behind)
		}
		list = append(list, f)
	}
	if f := r.Is.Forecast; f != nil && f.By != "" {
		one := pageFigure{Name: "Chance for " + string(f.By), Value: chart.Percent(f.Chance)}
		if w := r.Was.Forecast; w != nil && w.By != "" && (w.By != f.By || chart.Percent(w.Chance) != chart.Percent(f.Chance)) {
			one.Was = "was " + chart.Percent(w.Chance)
			if w.By != f.By {
				one.Was += " for " + string(w.By)
			}
		}
		list = append(list, one)
	}
	return list
}

// page returns the part as the template shows it.
func (p part) page() pagePart {
	out := pagePart{ID: "part-" + strings.ReplaceAll(strings.ToLower(p.title), " ", "-"), Title: p.title, Prose: p.list, What: "Task", Who: "Owner"}
	if out.Prose == nil {
		out.Prose = p.prose
	}
	if n := len(p.lines); n > 0 {
		out.Count = strconv.Itoa(n)
	}
	right := map[string]string{"Waiting": "For", "Late": "By", "Next week": "Due", "Risks": "Open", "Regrouped": "Work"}[p.title]
	switch p.title {
	case "Scope", "Regrouped":
		out.What, out.Who = "Change", "By whom"
	case "Risks":
		out.What = "Risk"
	}
	owner, side := false, false
	for _, l := range p.lines {
		one := pageLine{Mark: l.mark, Key: l.key, Text: l.text, Owner: l.owner, Right: l.right, Below: l.below}
		if p.title == "Risks" && (l.right == string(events.Done) || l.right == string(events.Dropped)) {
			one.Right = "no, " + l.right
		}
		if l.right == "" || p.title == "Waiting" || p.title == "Late" {
			for _, url := range l.links {
				to := pageLink{Name: checklist.LinkName(url)}
				if followed(url) {
					to.URL = url
				}
				one.Links = append(one.Links, to)
			}
		}
		out.Marked = out.Marked || l.mark != ""
		owner, side = owner || l.owner != "", side || l.right != "" || len(one.Links) > 0
		out.Lines = append(out.Lines, one)
	}
	if !owner {
		out.Who = ""
	}
	if side {
		if out.Side = right; right == "" {
			out.Side = "Link"
		}
	}
	return out
}

// weeks are the days that the charts show, each week by its last.
func weeks(v burndown.Summary) []pageWeek {
	var list []pageWeek
	for i, d := range v.Days {
		if i+1 < len(v.Days) && d.Date.In(time.UTC).Weekday() != time.Sunday {
			continue
		}
		week := pageWeek{Day: d.Date, Scope: d.Work.Scope(), Done: d.Work.Done, InProgress: d.Work.InProgress, OnHold: d.Work.OnHold, Todo: d.Work.Todo, Remaining: d.Work.Remaining(), Ideal: "–"}
		if v.Ideal != nil && d.Date >= v.Ideal.Start {
			week.Ideal = strconv.FormatFloat(math.Round(v.Ideal.At(d.Date)*10)/10+0, 'f', 1, 64)
		}
		list = append(list, week)
	}
	return list
}
