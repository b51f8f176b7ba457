package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// part is one part of a report as every form shows it: lines about tasks, or prose.
type part struct {
	title string
	lines []line
	prose []string
	list  []string // of which prose is one line, if it is one of several
}

// line is about a task, or several.
type line struct {
	mark  string // by how much the scope changed
	key   string
	text  string
	owner string
	right string
	links []string
	below []string
}

// head is the title of a report.
func (r *Report) head() string {
	return fmt.Sprintf("Weekly review %d · %s → %s", r.Number, weekday(r.From.Day), weekday(r.To.Day))
}

func weekday(d events.Day) string { return d.In(time.UTC).Format("Mon 2006-01-02") }

// parts returns what the report says, without the parts that say nothing.
func (r *Report) parts() []part {
	var parts []part
	add := func(p part) {
		if len(p.lines)+len(p.prose) > 0 {
			parts = append(parts, p)
		}
	}
	if v := r.Recorded; v != nil {
		add(part{title: "Status", prose: []string{fmt.Sprintf("%s, %s @%d: %q", v.Status, checklist.Clean(v.Who()), v.Seq, checklist.Clean(v.Note))}})
		for _, ask := range v.Asks {
			add(part{title: "Ask", prose: []string{checklist.Clean(ask)}})
		}
	}
	add(part{title: "Done", lines: r.items(r.Done, func(i Item, l *line) { l.below = noted(i.Note) })})
	add(part{title: "Re-opened", lines: r.items(r.Reopened, func(i Item, l *line) { l.below = noted(quote(i.Reason), i.Note) })})
	add(part{title: "Started", lines: r.items(r.Started, func(Item, *line) {})})
	add(part{title: "Waiting", lines: r.items(r.Waiting, func(i Item, l *line) {
		l.right = days(i.Days)
		until := ""
		if i.Due != "" {
			until = "until " + checklist.ShortDay(i.Due, r.To.Day)
		}
		l.below = noted(quote(i.Reason), until, holdsUp(i))
	})})
	add(part{title: "Late", lines: r.items(r.Late, func(i Item, l *line) {
		l.right = days(i.Days)
		l.below = noted("due "+checklist.ShortDay(i.Due, r.To.Day), holdsUp(i))
	})})
	add(part{title: "Scope", lines: changes(r.Changes, true)})
	add(part{title: "Regrouped", lines: changes(r.Regrouped, false)})
	add(part{title: "Next week", lines: r.items(r.Next, func(i Item, l *line) {
		l.right = checklist.ShortDay(i.Due, r.To.Day)
		l.links = nil
	})})
	add(part{title: "Risks", lines: r.risks()})
	add(part{title: "People", prose: joined(r.named()), list: r.named()})
	add(part{title: "Hygiene", prose: joined(r.missing()), list: r.missing()})
	return parts
}

// items makes a line of each item; more says what else there is to say.
func (r *Report) items(list []Item, more func(Item, *line)) []line {
	var lines []line
	for _, i := range list {
		l := line{key: strconv.Itoa(i.Key), text: i.Text, owner: strings.Join(i.Owners, ", "), links: i.Links}
		more(i, &l)
		lines = append(lines, l)
	}
	return lines
}

func changes(list []Change, marked bool) []line {
	var lines []line
	for _, c := range list {
		l := line{key: keys(c.Keys, 6), text: c.Text, owner: c.Who, below: noted(quote(c.Reason), c.Note)}
		if marked {
			l.mark = signed(c.By)
		} else {
			l.right = signed(c.By)
		}
		lines = append(lines, l)
	}
	return lines
}

func signed(n int) string {
	if n < 0 {
		return fmt.Sprintf("−%d", -n)
	}
	return fmt.Sprintf("+%d", n)
}

func (r *Report) risks() []line {
	var lines []line
	for _, risk := range r.Risks {
		l := line{key: strconv.Itoa(risk.Task.Key), text: risk.Threat, owner: checklist.Clean(strings.Join(risk.Task.Assignees, ", ")), right: days(risk.Days)}
		if risk.Unowned() {
			l.owner = "NO OWNER"
		}
		if !risk.Open() {
			l.right = string(risk.Task.State)
		}
		var on []string
		for _, rest := range risk.RestsOn {
			switch {
			case rest.Task == nil:
				on = append(on, fmt.Sprintf("%d (removed)", rest.Key))
			case len(rest.Waits) > 0:
				on = append(on, fmt.Sprintf("%d %s waits for %s", rest.Key, checklist.Box(rest.Task.Mark()), keys(rest.Waits, 4)))
			default:
				on = append(on, fmt.Sprintf("%d %s", rest.Key, checklist.Box(rest.Task.Mark())))
			}
		}
		if len(on) > 0 {
			l.below = []string{"rests on " + strings.Join(on, ", ")}
		}
		lines = append(lines, l)
	}
	return lines
}

// named is who did something, and to which tasks.
func (r *Report) named() []string {
	var list []string
	for _, p := range r.People {
		list = append(list, p.Name+" "+keys(p.Keys, 12))
	}
	return list
}

// missing is what the hygiene names.
func (r *Report) missing() []string {
	var list []string
	add := func(n int, what, which string) {
		if n > 0 {
			list = append(list, fmt.Sprintf("%d %s: %s", n, what, which))
		}
	}
	add(len(r.Hygiene.NoOwner), "without an owner", keys(r.Hygiene.NoOwner, 6))
	add(len(r.Hygiene.NoLink), "without a link", keys(r.Hygiene.NoLink, 6))
	var at []string
	for i, seq := range r.Hygiene.NoReason {
		if i == 6 {
			at = append(at, fmt.Sprintf("and %d more", len(r.Hygiene.NoReason)-i))
			break
		}
		at = append(at, fmt.Sprintf("@%d", seq))
	}
	what := "changes of the scope without a reason"
	if len(r.Hygiene.NoReason) == 1 {
		what = "change of the scope without a reason"
	}
	add(len(r.Hygiene.NoReason), what, strings.Join(at, " "))
	return list
}

// joined is one line of several, or none.
func joined(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return []string{strings.Join(list, " · ")}
}

// noted is one line of what is not empty.
func noted(parts ...string) []string {
	var list []string
	for _, p := range parts {
		if p != "" {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return []string{strings.Join(list, "; ")}
}

func quote(text string) string {
	if text = checklist.Clean(text); text == "" {
		return ""
	}
	return `"` + text + `"`
}

func holdsUp(i Item) string {
	if len(i.HoldsUp) == 0 {
		return ""
	}
	return "holds up " + keys(i.HoldsUp, 6)
}

func days(n int) string {
	switch n {
	case 0:
		return "today"
	case 1:
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
