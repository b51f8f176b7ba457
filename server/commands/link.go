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
	if !isURL(c.URL) || strings.ContainsAny(c.URL, " \t\r\n<>") {
		return nil, usage("link %q: want a URL such as https://github.com/OWNER/REPO/issues/12", c.URL)
	}
	c.URL = markdown.CleanURL(c.URL)
	return c, nil
}

func (c LinkTask) decide(d *decision) error {
	b, err := d.task(c.Task)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(b.Task.Links, func(have string) bool { return sameLink(have, c.URL) }) {
		return nil
	}
	e := &events.TaskLinked{Key: b.Task.Key, URL: c.URL}
	raw := markdown.AddLink(b.Raw, c.URL)
	if text, box, links := markdown.ReadTask(raw); text == b.Task.Text && slices.Contains(links, c.URL) {
		e.Raw, e.Box = raw, box
	}
	d.add(e)
	return nil
}

// sameLink reports whether two URLs are one: a slash at the end changes nothing.
func sameLink(a, b string) bool { return strings.TrimRight(a, "/") == strings.TrimRight(b, "/") }

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
