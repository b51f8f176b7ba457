package commands

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

const none = "none"

// Assign says whom tasks, or a section, belong to.
type Assign struct {
	Tasks   []string `json:"tasks,omitempty"`
	Section string   `json:"section,omitempty"`
	// Assignees is empty for nobody.
	Assignees []string `json:"assignees"`
}

// Name returns the stored name.
func (Assign) Name() string { return "AssignTask" }

func (c Assign) resolve(r *resolver) (Command, error) {
	var err error
	if c.Section, err = r.section(c.Section); err != nil {
		return nil, err
	}
	if c.Section == "" {
		if c.Tasks, err = r.tasks(c.Tasks, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
			return nil, err
		}
	}
	people := []string{}
	for _, given := range c.Assignees {
		for _, one := range strings.FieldsFunc(given, func(r rune) bool { return r == ',' || r == ' ' }) {
			one = strings.TrimPrefix(one, "@")
			if one != none && one != "" && !slices.Contains(people, one) {
				people = append(people, one)
			}
		}
	}
	if len(c.Assignees) == 0 || len(people) == 0 && !slices.Contains(c.Assignees, none) {
		return nil, usage("assign to whom? A name, or none")
	}
	c.Assignees = people
	if len(people) == 0 {
		c.Assignees = []string{none}
	}
	return c, nil
}

func (c Assign) decide(d *decision) error {
	people := without(c.Assignees, none)
	if c.Section != "" {
		b, err := d.section(c.Section)
		if err != nil {
			return err
		}
		if !slices.Equal(b.Section.Assignees, people) {
			d.add(&events.SectionAssigned{Key: b.Section.Key, Assignees: people})
		}
		return nil
	}
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		if !slices.Equal(b.Task.Assignees, people) {
			d.add(&events.TaskAssigned{Key: b.Task.Key, Assignees: people})
		}
	}
	return nil
}

// Schedule gives tasks, or a section, a due day; Every makes tasks repeat.
type Schedule struct {
	Tasks   []string `json:"tasks,omitempty"`
	Section string   `json:"section,omitempty"`
	// Due is a day word, or "none".
	Due string `json:"due"`
	// Every is "day", "week", "month" or "2 weeks"; "none" ends it.
	Every string `json:"every,omitempty"`
}

// Name returns the stored name.
func (Schedule) Name() string { return "ScheduleTask" }

func (c Schedule) resolve(r *resolver) (Command, error) {
	var err error
	if c.Section, err = r.section(c.Section); err != nil {
		return nil, err
	}
	if c.Section == "" {
		if c.Tasks, err = r.tasks(c.Tasks, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
			return nil, err
		}
	} else if c.Every != "" {
		return nil, usage("a section does not repeat; --every takes a TASK")
	}
	if c.Due != none {
		day, err := r.future(c.Due)
		if err != nil {
			return nil, err
		}
		c.Due = string(day)
	}
	if c.Every != "" && c.Every != none {
		if _, _, ok := everyForm(c.Every); !ok {
			return nil, usage("--every %q: want day, week, month, or a number of them such as \"2 weeks\"", c.Every)
		}
		if c.Due == none {
			return nil, usage("what repeats needs a due day")
		}
	}
	return c, nil
}

func (c Schedule) decide(d *decision) error {
	due := events.Day(c.Due)
	if c.Due == none {
		due = ""
	}
	if c.Section != "" {
		b, err := d.section(c.Section)
		if err != nil {
			return err
		}
		if due != "" && b.Section.Start > due {
			return endsFirst("s:"+strconv.Itoa(b.Section.Key)+" "+short(b.Section.Title), b.Section.Start, due)
		}
		if b.Section.Due != due {
			d.add(&events.SectionScheduled{Key: b.Section.Key, Due: events.Set(due)})
		}
		return nil
	}
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		e := &events.TaskScheduled{Key: b.Task.Key}
		if due != "" && b.Task.Start > due {
			return endsFirst(name(b), b.Task.Start, due)
		}
		if b.Task.Due != due {
			e.Due = events.Set(due)
		}
		every := strings.TrimSuffix(c.Every, "none")
		if due == "" {
			every = ""
		}
		if (c.Every != "" || due == "") && b.Task.Every != every {
			e.Every = events.Set(every)
		}
		if e.Due.Present || e.Every.Present {
			d.add(e)
		}
	}
	return nil
}

func endsFirst(what string, start, end events.Day) *Error {
	return refuse("Nothing was written.", "%s would end on %s, before it starts on %s", what, end, start)
}

// Estimate says how much work tasks are: "3d", "4h" or points.
type Estimate struct {
	Tasks    []string `json:"tasks"`
	Estimate string   `json:"estimate"`
}

// Name returns the stored name.
func (Estimate) Name() string { return "EstimateTask" }

var estimateForm = pattern(`^[0-9]{1,6}(\.[0-9]{1,3})?[dhw]?$`)

func (c Estimate) resolve(r *resolver) (Command, error) {
	var err error
	if c.Tasks, err = r.tasks(c.Tasks, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
		return nil, err
	}
	if c.Estimate != none && !estimateForm().MatchString(c.Estimate) {
		return nil, usage("estimate %q: want days (3d), hours (4h), weeks (2w), points (5), or none", c.Estimate)
	}
	return c, nil
}

func (c Estimate) decide(d *decision) error {
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	estimate := strings.TrimSuffix(c.Estimate, none)
	for _, b := range blocks {
		if b.Task.Estimate != estimate {
			d.add(&events.TaskEstimated{Key: b.Task.Key, Estimate: estimate})
		}
	}
	return nil
}

// Label puts labels on tasks and takes others off.
type Label struct {
	Tasks  []string `json:"tasks"`
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
}

// Name returns the stored name.
func (Label) Name() string { return "LabelTask" }

func (c Label) resolve(r *resolver) (Command, error) {
	var err error
	if c.Tasks, err = r.tasks(c.Tasks, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
		return nil, err
	}
	if len(c.Add)+len(c.Remove) == 0 {
		return nil, usage("which labels? +x puts one on, -x takes one off")
	}
	for _, l := range slices.Concat(c.Add, c.Remove) {
		if l == "" || strings.ContainsAny(l, " \t\r\n,") {
			return nil, usage("label %q: want one word", l)
		}
	}
	return c, nil
}

func (c Label) decide(d *decision) error {
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		after := without(b.Task.Labels, c.Remove...)
		for _, l := range c.Add {
			if !slices.Contains(after, l) {
				after = append(after, l)
			}
		}
		if !slices.Equal(after, b.Task.Labels) {
			d.add(&events.TaskLabeled{Key: b.Task.Key, Labels: after})
		}
	}
	return nil
}

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
	if slices.Contains(b.Task.Links, c.URL) {
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

// UnlinkTask takes a link away; the only one, if no URL is given.
type UnlinkTask struct {
	Task string `json:"task"`
	URL  string `json:"url,omitempty"`
}

// Name returns the stored name.
func (UnlinkTask) Name() string { return "UnlinkTask" }

func (c UnlinkTask) resolve(r *resolver) (Command, error) {
	var err error
	c.Task, err = r.task(c.Task)
	if err == nil && c.URL != "" {
		c.URL = markdown.CleanURL(c.URL)
	}
	return c, err
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

// BlockTask says that tasks wait for others; under a risk, what it rests on.
type BlockTask struct {
	Tasks []string `json:"tasks"`
	By    []string `json:"by"`
}

// Name returns the stored name.
func (BlockTask) Name() string { return "BlockTask" }

func (c BlockTask) resolve(r *resolver) (Command, error) {
	var err error
	if c.Tasks, err = r.tasks(c.Tasks, inStates(events.Todo, events.InProgress, events.OnHold), anyTask); err != nil {
		return nil, err
	}
	if len(c.By) == 0 {
		return nil, usage("blocked by which task? --by TASK")
	}
	c.By, err = r.tasks(c.By, inStates(events.Todo, events.InProgress, events.OnHold), anyTask)
	return c, err
}

func (c BlockTask) decide(d *decision) error {
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	by, err := d.tasks(c.By)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		var keys []int
		for _, other := range by {
			if other == b {
				return refuse("Nothing was written.", "%s cannot wait for itself", name(b))
			}
			if other.Within(b) || b.Within(other) {
				return refuse("Nothing was written.", "%s cannot wait for %s: one stands under the other", name(b), name(other))
			}
			if path := waitsFor(d.st, other, b, nil); path != nil {
				return refuse("Take one away first: cairn unblock TASK --by TASK",
					"%s cannot wait for %s: that waits for it already (%s)", name(b), name(other), chain(path))
			}
			if !slices.Contains(b.Task.BlockedBy, other.Task.Key) && !slices.Contains(keys, other.Task.Key) {
				keys = append(keys, other.Task.Key)
			}
		}
		if len(keys) > 0 {
			d.add(&events.TaskBlocked{Key: b.Task.Key, By: keys})
		}
	}
	return nil
}

// waitsFor returns the way from one task to another, or to what stands in that:
// along what they wait for, what those above them wait for, and what has to be
// done in them first. It is nil if there is none.
func waitsFor(st *checklist.State, from, to *checklist.Block, seen map[int]bool) []int {
	key := from.Task.Key
	if from.Within(to) {
		return []int{key}
	}
	if seen == nil {
		seen = make(map[int]bool)
	}
	seen[key] = true
	var next []*checklist.Block
	for at := from; at != nil; at = at.ParentTask() {
		for _, by := range at.Task.BlockedBy {
			next = append(next, st.Task(by))
		}
	}
	for child := range from.Tasks() {
		next = append(next, child)
	}
	for _, b := range next {
		if b == nil || seen[b.Task.Key] {
			continue
		}
		if path := waitsFor(st, b, to, seen); path != nil {
			return append([]int{key}, path...)
		}
	}
	return nil
}

func chain(keys []int) string {
	words := make([]string, len(keys))
	for i, k := range keys {
		words[i] = strconv.Itoa(k)
	}
	return strings.Join(words, " → ")
}

// UnblockTask takes such waiting away: for the tasks named, else all of it.
type UnblockTask struct {
	Tasks []string `json:"tasks"`
	By    []string `json:"by,omitempty"`
}

// Name returns the stored name.
func (UnblockTask) Name() string { return "UnblockTask" }

func (c UnblockTask) resolve(r *resolver) (Command, error) {
	var err error
	if c.Tasks, err = r.tasks(c.Tasks); err != nil {
		return nil, err
	}
	if len(c.By) > 0 {
		c.By, err = r.tasks(c.By)
	}
	return c, err
}

func (c UnblockTask) decide(d *decision) error {
	blocks, err := d.tasks(c.Tasks)
	if err != nil {
		return err
	}
	by, err := d.tasks(c.By)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		keys := slices.Clone(b.Task.BlockedBy)
		if len(by) > 0 {
			keys = slices.DeleteFunc(keys, func(k int) bool {
				return !slices.ContainsFunc(by, func(o *checklist.Block) bool { return o.Task.Key == k })
			})
		}
		if len(keys) > 0 {
			d.add(&events.TaskUnblocked{Key: b.Task.Key, By: keys})
		}
	}
	return nil
}

// CommentTask says something about a task.
type CommentTask struct {
	Task string `json:"task"`
	Text string `json:"text"`
}

// Name returns the stored name.
func (CommentTask) Name() string { return "CommentTask" }

func (c CommentTask) resolve(r *resolver) (Command, error) {
	var err error
	if c.Task, err = r.task(c.Task); err != nil {
		return nil, err
	}
	if c.Text = strings.TrimSpace(c.Text); c.Text == "" {
		return nil, usage("a comment needs a text")
	}
	return c, nil
}

func (c CommentTask) decide(d *decision) error {
	b, err := d.task(c.Task)
	if err != nil {
		return err
	}
	d.add(&events.TaskCommented{Key: b.Task.Key, Text: c.Text})
	return nil
}

// UncommentTask takes a comment back: the one of that sequence, else the last.
type UncommentTask struct {
	Task string     `json:"task"`
	Seq  events.Seq `json:"seq,omitempty"`
}

// Name returns the stored name.
func (UncommentTask) Name() string { return "UncommentTask" }

func (c UncommentTask) resolve(r *resolver) (Command, error) {
	var err error
	c.Task, err = r.task(c.Task)
	return c, err
}

func (c UncommentTask) decide(d *decision) error {
	b, err := d.task(c.Task)
	if err != nil {
		return err
	}
	all := b.Task.Comments
	if len(all) == 0 && c.Seq == 0 {
		return nil
	}
	for i := len(all) - 1; i >= 0; i-- {
		if c.Seq == 0 || all[i].Change.Seq == c.Seq {
			d.add(&events.TaskUncommented{Key: b.Task.Key, Comment: all[i].ID})
			return nil
		}
	}
	return &Error{Code: CodeNoMoment, Message: fmt.Sprintf("@%d is no comment on %s", c.Seq, name(b)), Hint: fmt.Sprintf("cairn show %d lists them.", b.Task.Key)}
}

// cleanText is the one line that a person's text becomes.
func cleanText(s string) (string, error) {
	text, err := markdown.CleanText(s)
	if errors.Is(err, markdown.ErrEmpty) {
		return "", usage("the text is empty")
	}
	if err != nil {
		return "", usage("%v", err)
	}
	return text, nil
}
