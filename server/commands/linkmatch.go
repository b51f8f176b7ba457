package commands

import (
	"cmp"
	"slices"
	"strconv"

	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// minSure is the score above which the only candidate is certain.
const minSure = 0.8

// Issue is an issue of a tracker. Its URL is clean: see [CheckURL].
type Issue struct {
	Number int    `json:"number,omitempty"`
	Title  string `json:"title"`
	URL    string `json:"url"`
}

// IssueMatch is a task and the issue that it may stand for.
type IssueMatch struct {
	Task  *checklist.Block
	Issue Issue
	// Score is how alike text and title are, above 0.5 and at most 1.
	Score float64
	// Conflict says that they name different things, such as other numbers.
	Conflict bool
}

// LinkIssues links tasks with the issues that [MatchIssues] is certain of, and
// with those of the uncertain ones that score Accept or more; no Accept: none.
// As sent it has the issues, not what they matched: the same again is the same
// command, whatever was linked meanwhile.
type LinkIssues struct {
	Issues []Issue  `json:"issues"`
	Accept *float64 `json:"accept,omitempty"`

	links LinkTasks // what was matched, once resolved
}

// Name returns the stored name.
func (LinkIssues) Name() string { return "LinkIssues" }

func (c LinkIssues) resolve(r *resolver) (Command, error) {
	m := MatchIssues(r.st, c.Issues)
	if c.Accept != nil {
		m = m.Accept(*c.Accept)
	}
	slices.SortStableFunc(m.Certain, func(a, b IssueMatch) int { return cmp.Compare(a.Task.Task.Key, b.Task.Task.Key) })
	c.links.Links = nil
	for _, match := range m.Certain {
		c.links.Links = append(c.links.Links, LinkTask{Task: strconv.Itoa(match.Task.Task.Key), URL: match.Issue.URL})
	}
	if len(c.links.Links) == 0 {
		return c, nil
	}
	links, err := c.links.resolve(r)
	if err != nil {
		return nil, err
	}
	c.links = links.(LinkTasks)
	return c, nil
}

func (c LinkIssues) decide(d *decision) error { return c.links.decide(d) }

// IssueMatches are the tasks of a checklist against the issues of a tracker:
// each issue in one of Already, Certain, Uncertain and Unmatched, each task in
// one of the first three, Others and Without.
type IssueMatches struct {
	// Already are linked; a task may be there with several issues.
	Already []IssueMatch
	// Certain have the same text and no other has, or are alike while no other
	// is; in the document's order.
	Certain []IssueMatch
	// Uncertain are for a person to look at, the best first.
	Uncertain []IssueMatch
	// Others are tasks that are linked with issues, but with none of these.
	Others []*checklist.Block
	// Without are the tasks that have no issue, Unmatched the issues that have
	// no task.
	Without   []*checklist.Block
	Unmatched []Issue
}

// MatchIssues finds the tasks of st that the issues stand for, by their titles.
// It is the same for the same arguments.
func MatchIssues(st *checklist.State, issues []Issue) IssueMatches {
	var m IssueMatches
	byURL := make(map[string][]*checklist.Block)
	var tasks []*checklist.Block
	for b := range st.Root().Tasks() {
		tasks = append(tasks, b)
		for _, url := range b.Task.Links {
			byURL[trimSlash(url)] = append(byURL[trimSlash(url)], b)
		}
	}
	done := make(map[*checklist.Block]bool)
	seen := make(map[string]bool)
	var free []Issue
	for _, issue := range issues {
		key := trimSlash(issue.URL)
		if seen[key] {
			continue
		}
		seen[key] = true
		for _, b := range byURL[key] {
			m.Already = append(m.Already, IssueMatch{Task: b, Issue: issue, Score: 1})
			done[b] = true
		}
		if len(byURL[key]) == 0 {
			free = append(free, issue)
		}
	}
	tasks = slices.DeleteFunc(tasks, func(b *checklist.Block) bool { return done[b] })
	m.match(tasks, free)
	return m
}

// match matches what is not linked yet: first the same texts, then those that
// nothing else is like, then the best of the rest.
func (m *IssueMatches) match(tasks []*checklist.Block, issues []Issue) {
	texts, titles := make([]string, len(tasks)), make([]string, len(issues))
	for i, b := range tasks {
		texts[i] = b.Task.Text
	}
	for i, issue := range issues {
		titles[i] = issue.Title
	}
	pairs := markdown.Alike(texts, titles)
	taskTaken, issueTaken := make([]bool, len(tasks)), make([]bool, len(issues))
	take := func(p markdown.Likeness) IssueMatch {
		taskTaken[p.A], issueTaken[p.B] = true, true
		return IssueMatch{Task: tasks[p.A], Issue: issues[p.B], Score: p.Score, Conflict: p.Conflict}
	}
	certain := make([]*IssueMatch, len(tasks))
	for _, counts := range []func(markdown.Likeness) bool{
		func(p markdown.Likeness) bool { return p.Same },
		func(p markdown.Likeness) bool { return p.Score > minSure && !p.Conflict },
	} {
		ofTask, ofIssue := make([]int, len(tasks)), make([]int, len(issues))
		var candidates []markdown.Likeness
		for _, p := range pairs {
			if counts(p) && !taskTaken[p.A] && !issueTaken[p.B] {
				candidates = append(candidates, p)
				ofTask[p.A]++
				ofIssue[p.B]++
			}
		}
		for _, p := range candidates {
			if ofTask[p.A] == 1 && ofIssue[p.B] == 1 {
				match := take(p)
				certain[p.A] = &match
			}
		}
	}
	for _, match := range certain {
		if match != nil {
			m.Certain = append(m.Certain, *match)
		}
	}
	slices.SortStableFunc(pairs, func(a, b markdown.Likeness) int {
		if a.Conflict != b.Conflict {
			if b.Conflict {
				return -1
			}
			return 1
		}
		if order := cmp.Compare(b.Score, a.Score); order != 0 || a.A == b.A {
			return order
		}
		if x, y := tasks[a.A].Task.State.Open(), tasks[b.A].Task.State.Open(); x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.A, b.A)
	})
	for _, p := range pairs {
		if !taskTaken[p.A] && !issueTaken[p.B] {
			m.Uncertain = append(m.Uncertain, take(p))
		}
	}
	for i, b := range tasks {
		switch {
		case taskTaken[i]:
		case slices.ContainsFunc(b.Task.Links, func(url string) bool { return checklist.ParseLink(url).Number > 0 }):
			m.Others = append(m.Others, b)
		default:
			m.Without = append(m.Without, b)
		}
	}
	for i, issue := range issues {
		if !issueTaken[i] {
			m.Unmatched = append(m.Unmatched, issue)
		}
	}
}

// Accept returns the matches with the uncertain ones from a score on at the end
// of the certain ones. What names different things stays uncertain.
func (m IssueMatches) Accept(score float64) IssueMatches {
	all := m.Uncertain
	m.Certain, m.Uncertain = slices.Clone(m.Certain), nil
	for _, match := range all {
		if match.Score >= score && !match.Conflict {
			m.Certain = append(m.Certain, match)
		} else {
			m.Uncertain = append(m.Uncertain, match)
		}
	}
	return m
}
