package commands

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// LinkTask links a task with an issue or another page; the link is written
// into its line.
type LinkTask struct {
	Task string `json:"task"`
	URL  string `json:"url"`
}

// Name returns the stored name.
func (LinkTask) Name() string { return "LinkTask" }

func (c LinkTask) resolve(r *resolver) (Command, error) {
	var err error
	if c.Task, err = r.task(c.Task, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
		return nil, err
	}
	if c.URL, err = CheckURL(c.URL); err != nil {
		return nil, err
	}
	return c, nil
}

// CheckURL returns a URL in the form in which a link has it, or refuses what is
// none.
func CheckURL(url string) (string, error) {
	_, rest, _ := strings.Cut(url, "://")
	if !isURL(url) || strings.ContainsAny(url, " \t\r\n<>") || strings.TrimLeft(rest, "/?#") != rest || rest == "" {
		return "", usage("link %q: want a URL such as https://github.com/OWNER/REPO/issues/12", url)
	}
	return markdown.CleanURL(url), nil
}

func (c LinkTask) decide(d *decision) error { return d.link(c, make(map[int]linked)) }

// linked is a task with the links that a command gave it.
type linked struct {
	raw   string
	links []string
}

// link adds that a task was linked; tasks are those that the command has linked
// before.
func (d *decision) link(c LinkTask, tasks map[int]linked) error {
	b, err := d.task(c.Task)
	if err != nil {
		return err
	}
	now, ok := tasks[b.Task.Key]
	if !ok {
		now = linked{raw: b.Raw, links: b.Task.Links}
	}
	if slices.ContainsFunc(now.links, func(have string) bool { return sameLink(have, c.URL) }) {
		return nil
	}
	e := &events.TaskLinked{Key: b.Task.Key, URL: c.URL}
	raw := markdown.AddLink(now.raw, c.URL)
	if text, box, links := markdown.ReadTask(raw); text == b.Task.Text && slices.Contains(links, c.URL) {
		e.Raw, e.Box = raw, box
		now.raw = raw
	}
	now.links = append(slices.Clone(now.links), c.URL)
	tasks[b.Task.Key] = now
	d.add(e)
	return nil
}

// LinkTasks links many tasks, each as [LinkTask] does: all of them, or none if
// one is refused.
type LinkTasks struct {
	Links []LinkTask `json:"links"`
}

// Name returns the stored name.
func (LinkTasks) Name() string { return "LinkTasks" }

func (c LinkTasks) resolve(r *resolver) (Command, error) {
	if len(c.Links) == 0 {
		return nil, usage("link which tasks?")
	}
	links := make([]LinkTask, 0, len(c.Links))
	for _, link := range c.Links {
		resolved, err := link.resolve(r)
		if err != nil {
			return nil, err
		}
		links = append(links, resolved.(LinkTask))
	}
	return LinkTasks{Links: links}, nil
}

func (c LinkTasks) decide(d *decision) error {
	tasks := make(map[int]linked)
	for _, link := range c.Links {
		if err := d.link(link, tasks); err != nil {
			return err
		}
	}
	return nil
}

// sameLink reports whether two URLs are one: a slash at the end changes nothing.
func sameLink(a, b string) bool { return trimSlash(a) == trimSlash(b) }

func trimSlash(url string) string { return strings.TrimRight(url, "/") }

// UnlinkTask takes a link away; the only one, if no URL is given.
type UnlinkTask struct {
	Task string `json:"task"`
	// URL may also be gh:12, the link to issue 12.
	URL string `json:"url,omitempty"`
}

// Name returns the stored name.
func (UnlinkTask) Name() string { return "UnlinkTask" }

func (c UnlinkTask) resolve(r *resolver) (Command, error) {
	var err error
	if c.Task, err = r.task(c.Task); err != nil || c.URL == "" {
		return c, err
	}
	key, _ := strconv.Atoi(c.Task)
	b := r.st.Task(key)
	number, isNumber := strings.CutPrefix(c.URL, "gh:")
	url := markdown.CleanURL(c.URL)
	for _, have := range b.Task.Links {
		if n := checklist.ParseLink(have).Number; isNumber && n != 0 && strconv.Itoa(n) == number || !isNumber && sameLink(have, url) {
			c.URL = have
			return c, nil
		}
	}
	if !isURL(url) {
		return nil, &Error{Code: CodeNoLink, Message: fmt.Sprintf("%s has no link %s", name(b), c.URL), Hint: LinksOf(b)}
	}
	c.URL = url
	return c, nil
}

// LinksOf says which links a task has.
func LinksOf(b *checklist.Block) string {
	if len(b.Task.Links) == 0 {
		return "It has none."
	}
	return "It has " + strings.Join(b.Task.Links, " ")
}

func (c UnlinkTask) decide(d *decision) error {
	b, err := d.task(c.Task)
	if err != nil {
		return err
	}
	url := c.URL
	switch {
	case url == "" && len(b.Task.Links) == 1:
		url = b.Task.Links[0]
	case url == "" && len(b.Task.Links) == 0:
		return nil
	case url == "":
		return usage("%s has %d links; which? %s", name(b), len(b.Task.Links), strings.Join(b.Task.Links, " "))
	case !slices.Contains(b.Task.Links, url):
		return nil
	}
	e := &events.TaskUnlinked{Key: b.Task.Key, URL: url}
	raw := markdown.RemoveLink(b.Raw, url)
	_, box, links := markdown.ReadTask(raw)
	if slices.Contains(links, url) {
		return refuse(fmt.Sprintf("To word it otherwise: cairn edit %d TEXT", b.Task.Key), "the link stands in the text of %s", name(b))
	}
	if raw != b.Raw {
		e.Raw, e.Box = raw, box
	}
	d.add(e)
	return nil
}
