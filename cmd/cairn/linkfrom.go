package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/docfile"
)

type linkFromOptions struct {
	writeFlags
	path    string
	accept  float64
	accepts bool // --accept was given
}

// linkLine is one line of a list of links.
type linkLine struct {
	line int
	link commands.LinkTask
}

// linkFrom links many tasks in one command.
func (c *cli) linkFrom(ctx context.Context, o *linkFromOptions) error {
	if o.accepts && !(o.accept >= 0 && o.accept <= 1) {
		return wrongInput("--accept %v: want a score from 0 to 1, such as 0.7", o.accept)
	}
	text, err := c.readFrom(ctx, o.path)
	if err != nil {
		return err
	}
	where := o.path
	if where == "-" {
		where = "stdin"
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		issues, err := parseIssues(where, text)
		if err != nil {
			return err
		}
		return c.linkIssues(ctx, o, issues)
	}
	lines, err := parseLinks(where, text)
	if err != nil {
		return err
	}
	return c.linkLines(ctx, o, where, lines)
}

func wrongInput(format string, args ...any) error {
	return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf(format, args...), Hint: "Nothing was written."}
}

// readFrom reads a file, which may be a pipe; - is stdin.
func (c *cli) readFrom(ctx context.Context, path string) ([]byte, error) {
	if path == "-" {
		b, err := c.readIn(ctx)
		if err != nil {
			return nil, fmt.Errorf("read links from stdin: %w", err)
		}
		return b, nil
	}
	b, err := reading(ctx, func() ([]byte, error) { return os.ReadFile(path) })
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &commands.Error{Code: commands.CodeNoFile, Message: "no file " + path, Hint: "Nothing was written."}
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("%w: %w", docfile.ErrUnreadable, err)
	}
	return b, nil
}

// parseLinks reads lines of a TASK, a tab and a URL; blank lines are none.
func parseLinks(where string, text []byte) ([]linkLine, error) {
	var lines []linkLine
	n := 0
	for raw := range strings.Lines(string(text)) {
		n++
		if strings.TrimSpace(raw) == "" {
			continue
		}
		task, url, ok := strings.Cut(strings.TrimRight(raw, " \t\r\n"), "\t")
		if !ok {
			return nil, &commands.Error{
				Code: commands.CodeUsage, Message: fmt.Sprintf("%s:%d: want a TASK, a tab and a URL", where, n),
				Hint: "Nothing was written. Or want what gh issue list --json number,title,url prints.",
			}
		}
		url = strings.TrimSpace(url)
		if _, err := commands.CheckURL(url); err != nil {
			return nil, atLine(err, where, n)
		}
		lines = append(lines, linkLine{n, commands.LinkTask{Task: task, URL: url}})
	}
	if len(lines) == 0 {
		return nil, wrongInput("%s names no TASK", where)
	}
	return lines, nil
}

// atLine puts a line in front of a refusal.
func atLine(err error, where string, line int) error {
	var e *commands.Error
	if errors.As(err, &e) {
		e.Message = fmt.Sprintf("%s:%d: %s", where, line, e.Message)
	}
	return err
}

// parseIssues reads an array of issues, as gh issue list --json number,title,url
// prints it.
func parseIssues(where string, text []byte) ([]commands.Issue, error) {
	var items []struct {
		Number int     `json:"number"`
		Title  *string `json:"title"`
		URL    *string `json:"url"`
	}
	if err := json.Unmarshal(text, &items); err != nil {
		at := int64(len(text))
		what := err.Error()
		var syntax *json.SyntaxError
		var wrong *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			at = syntax.Offset
		case errors.As(err, &wrong):
			at = wrong.Offset
			what = fmt.Sprintf("%s is a %s", cmp.Or(wrong.Field, "an issue"), wrong.Value)
		}
		line, column := position(text, at)
		return nil, &commands.Error{
			Code: commands.CodeUsage, Message: fmt.Sprintf("%s:%d:%d: %s", where, line, column, what),
			Hint: "Nothing was written. Want what gh issue list --json number,title,url prints.",
		}
	}
	issues := make([]commands.Issue, 0, len(items))
	for i, item := range items {
		for _, member := range []struct {
			name  string
			value *string
		}{{"title", item.Title}, {"url", item.URL}} {
			if member.value == nil {
				return nil, &commands.Error{
					Code: commands.CodeUsage, Message: fmt.Sprintf("%s: issue %d of %d has no %s", where, i+1, len(items), member.name),
					Hint: "Nothing was written. Want what gh issue list --json number,title,url prints.",
				}
			}
		}
		url, err := commands.CheckURL(strings.TrimSpace(*item.URL))
		if err != nil {
			return nil, wrongInput("%s: issue %d of %d: %v", where, i+1, len(items), err)
		}
		issues = append(issues, commands.Issue{Number: cmp.Or(item.Number, checklist.ParseLink(url).Number), Title: *item.Title, URL: url})
	}
	return issues, nil
}

// position returns the line and column, from 1, of the byte before an offset.
func position(text []byte, offset int64) (line, column int) {
	before := text[:min(max(offset-1, 0), int64(len(text)))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

// linkLines links the tasks that lines name.
func (c *cli) linkLines(ctx context.Context, o *linkFromOptions, where string, lines []linkLine) error {
	var all commands.LinkTasks
	err := c.look(ctx, nil, func(st *checklist.State) error {
		for _, l := range lines {
			if _, err := commands.Resolve(st, l.link, c.now()); err != nil {
				return atLine(err, where, l.line)
			}
			all.Links = append(all.Links, l.link)
		}
		return nil
	})
	if err != nil {
		return err
	}
	outcome, err := c.carryOut(ctx, &o.writeFlags, all)
	if err != nil {
		return err
	}
	n := len(outcome.Events)
	if c.json || o.dryRun && n > 0 {
		return c.after(ctx, &o.writeFlags, outcome, func(st *checklist.State) error {
			c.tellOutcome(st, &o.writeFlags, outcome, all, nil)
			return nil
		})
	}
	if n == 0 {
		c.talk("All of them are linked already; nothing was written.\n")
		return nil
	}
	c.tellLinked(ctx, outcome)
	if already := len(lines) - n; already > 0 && !outcome.Repeated {
		c.talk("%s linked already.\n", areOf(already))
	}
	return nil
}

// areOf is "1 is", "2 are".
func areOf(n int) string {
	if n == 1 {
		return "1 is"
	}
	return fmt.Sprintf("%d are", n)
}

// linkIssues links tasks with the issues that match them by title.
func (c *cli) linkIssues(ctx context.Context, o *linkFromOptions, issues []commands.Issue) error {
	link := commands.LinkIssues{Issues: issues}
	var m commands.IssueMatches
	if err := c.look(ctx, nil, func(st *checklist.State) error {
		m = commands.MatchIssues(st, issues)
		return nil
	}); err != nil {
		return err
	}
	if o.accepts {
		link.Accept = &o.accept
		m = m.Accept(o.accept)
	}
	outcome, err := c.carryOut(ctx, &o.writeFlags, link)
	if err != nil {
		return err
	}
	if !c.json {
		c.tellIssues(ctx, o, m, outcome)
		return nil
	}
	print := func(st *checklist.State) error {
		return c.printJSON(linkResult{
			JSONResult: outcome.JSON(st, c.today(st)), Uncertain: uncertain(m),
			Already: len(m.Already), TasksWithout: len(m.Without), IssuesWithout: len(m.Unmatched),
		})
	}
	if outcome.After != nil {
		return print(outcome.After)
	}
	return c.session.Checklist(ctx, c.used, nil, print)
}

// linkResult is the result of a list of issues.
type linkResult struct {
	app.JSONResult
	// Uncertain are the matches that a person has to look at, best first.
	Uncertain     []uncertainMatch `json:"uncertain"`
	Already       int              `json:"linked_already"`
	TasksWithout  int              `json:"tasks_without_issue"`
	IssuesWithout int              `json:"issues_without_task"`
}

type uncertainMatch struct {
	Task   int     `json:"task"`
	Text   string  `json:"text"`
	Number *int    `json:"number"`
	Title  string  `json:"title"`
	URL    string  `json:"url"`
	Score  float64 `json:"score"`
	// Conflict: they name different things, and --accept does not take it.
	Conflict bool `json:"conflict"`
}

func uncertain(m commands.IssueMatches) []uncertainMatch {
	list := make([]uncertainMatch, 0, len(m.Uncertain))
	for _, match := range m.Uncertain {
		u := uncertainMatch{
			Task: match.Task.Task.Key, Text: match.Task.Task.Text, Title: match.Issue.Title, URL: match.Issue.URL,
			Score: shownScore(match), Conflict: match.Conflict,
		}
		if match.Issue.Number > 0 {
			u.Number = &match.Issue.Number
		}
		list = append(list, u)
	}
	return list
}

// shownScore is a score rounded down, so that --accept with it takes the match.
func shownScore(match commands.IssueMatch) float64 { return math.Floor(match.Score*100) / 100 }

// tellIssues tells which tasks were linked with issues, or would be, and what
// remains for a person.
func (c *cli) tellIssues(ctx context.Context, o *linkFromOptions, m commands.IssueMatches, outcome app.Outcome) {
	writes := len(outcome.Events) > 0 && !o.dryRun
	var rest []string
	if n := len(m.Uncertain); n > 0 {
		rest = append(rest, areOf(n)+" uncertain")
	}
	switch n := len(m.Without); n {
	case 0:
	case 1:
		rest = append(rest, "1 has no issue")
	default:
		rest = append(rest, fmt.Sprintf("%d have no issue", n))
	}
	switch n := len(m.Unmatched); n {
	case 0:
	case 1:
		rest = append(rest, "1 issue has no task")
	default:
		rest = append(rest, fmt.Sprintf("%d issues have no task", n))
	}
	if n := len(m.Already) + len(m.Others); n > 0 && !outcome.Repeated {
		rest = append(rest, areOf(n)+" linked already")
	}
	words := strings.Join(rest, ", ")
	n := len(m.Certain)
	if writes {
		c.tellLinked(ctx, outcome)
	} else {
		if outcome.Repeated {
			c.talk("This command was carried out before.\n")
		}
		matches := fmt.Sprintf("%d of %d match by title", n, n+len(m.Uncertain)+len(m.Without))
		words = strings.Join(slices.DeleteFunc([]string{matches, words}, func(s string) bool { return s == "" }), "; ")
	}
	end := "."
	if len(m.Uncertain) > 0 {
		end = ":"
	}
	if words != "" {
		c.talk("%s%s\n", words, end)
	}
	for _, match := range m.Uncertain {
		c.talk("%s\n", uncertainLine(match))
	}
	likely := m.Accept(0)
	with := ""
	if gained := len(likely.Certain) - n; gained > 0 {
		least := 1.0
		for _, match := range likely.Certain[n:] {
			least = min(least, match.Score)
		}
		with = fmt.Sprintf("With --accept %.1f: %d", math.Floor(least*10)/10, n+gained)
		if writes {
			with = fmt.Sprintf("With --accept %.1f: %d more", math.Floor(least*10)/10, gained)
		}
		with += "."
	}
	switch {
	case writes:
		if with != "" {
			c.talk("%s\n", with)
		}
	case o.dryRun && n > 0:
		c.talk("%s\n", strings.TrimSpace(fmt.Sprintf("Nothing written. Without -n: the %d. %s", n, with)))
	default:
		c.talk("%s\n", strings.TrimSpace("Nothing written. "+with))
	}
}

// uncertainLine is one match for a person to look at, in 80 columns.
func uncertainLine(match commands.IssueMatch) string {
	head := fmt.Sprintf("  ? %2d %s = ", match.Task.Task.Key, checklist.Cut(checklist.Clean(match.Task.Task.Text), 41))
	if match.Issue.Number > 0 {
		head += fmt.Sprintf("#%d ", match.Issue.Number)
	}
	tail := fmt.Sprintf(" (%.2f)", shownScore(match))
	if match.Conflict {
		tail = fmt.Sprintf(" (%.2f, but another number or name)", shownScore(match))
	}
	room := 80 - checklist.Width(head) - checklist.Width(tail)
	return head + checklist.Cut(checklist.Clean(match.Issue.Title), max(room, 12)) + tail
}

// tellLinked tells how many were linked, and that the file has the links.
func (c *cli) tellLinked(ctx context.Context, outcome app.Outcome) {
	if outcome.Repeated {
		c.talk("This command was carried out before:\n")
	}
	lines := make(map[int]bool)
	for _, env := range outcome.Events {
		if e, ok := env.Data.(*events.TaskLinked); ok && e.Raw != "" {
			lines[e.Key] = true
		}
	}
	text := fmt.Sprintf("%d linked", len(outcome.Events))
	if len(outcome.Events) > 1 {
		text += ", one command"
	}
	if status, _, file, err := c.withFile(ctx, docfile.Follow); err == nil && file != "" && (status == docfile.Equal || status == docfile.Behind) {
		text += fmt.Sprintf(", %s of %s changed", count(len(lines), "line"), file)
	}
	c.talk("%s\n", c.withAt(text, outcome))
}

// withAt puts the @SEQ of what was recorded at the right edge behind a text.
func (c *cli) withAt(text string, outcome app.Outcome) string {
	at := fmt.Sprintf("@%d", outcome.Events[0].Seq)
	if len(outcome.Events) > 1 {
		at += "+"
	}
	style := c.styleOf(c.err)
	if style.Piped() {
		return text + "  " + at
	}
	return checklist.Pad(text, max(style.Edge()-len(at)-2, checklist.Width(text))) + "  " + at
}
