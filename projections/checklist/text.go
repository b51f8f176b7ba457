package checklist

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
)

// Text writes the whole checklist. On a terminal, closed sections are one line
// and closed tasks a count, unless s.All; an open task is never left out.
func Text(w io.Writer, st *State, s Style) error {
	buf := bufio.NewWriter(w)
	r := newRows(st, s)
	r.head()
	if !st.root.Leaf() {
		r.print("")
	}
	if above := st.Above(); above != nil {
		r.tasks(above, 2)
		r.print("")
	}
	_, sections := st.root.items()
	for _, section := range sections {
		r.section(section, 0)
	}
	if !s.Piped() {
		r.foot()
	}
	r.flush(buf)
	return buf.Flush()
}

// head adds what stands above every view of the whole checklist: its title,
// owner and dates, and its progress.
func (r *rows) head() {
	st, s := r.st, r.style
	title := Clean(st.Title)
	if title == "" {
		title = Clean(st.Name)
	}
	r.print("%s", s.titled(title, r.id()))
	day := r.today.In(time.UTC).Format("Mon 2006-01-02")
	if moment := s.Of.String(); moment != "" {
		day = moment
	}
	r.print("%s", s.ends(r.plan(), day))
	if st.Incomplete.Seq != 0 {
		r.print("Incomplete since @%d: %s is from a newer cairn.", st.Incomplete.Seq, Clean(string(st.Incomplete.Kind)))
	}
	r.print("")
	t := st.root.Tally()
	if t.Counts.Tasks == 0 {
		r.print("No tasks yet. The first: cairn add TEXT")
		return
	}
	r.print("%s", s.progress(t.Progress))
	r.packed(" · ", r.counts(t))
}

// titled is a title with the position of the view at the right.
func (s Style) titled(title, id string) string {
	if s.Piped() {
		return title + "  " + id
	}
	return s.Bold(Pad(title, max(s.Edge()-Width(id)-2, 8))) + "  " + id
}

// id names the checklist and the position that the view shows.
func (r *rows) id() string { return fmt.Sprintf("%s@%d", Clean(r.st.Name), r.st.Seq()) }

func (r *rows) plan() string {
	var parts []string
	st := r.st
	if st.Owner != "" {
		parts = append(parts, Clean(st.Owner))
	}
	switch {
	case st.Start != "" && st.Finish != "":
		parts = append(parts, fmt.Sprintf("%s → %s", Clean(string(st.Start)), Clean(string(st.Finish))))
	case st.Finish != "":
		parts = append(parts, "until "+Clean(string(st.Finish)))
	case st.Start != "":
		parts = append(parts, "from "+Clean(string(st.Start)))
	}
	if st.Archived {
		parts = append(parts, "archived")
	} else if st.Finish.Valid() {
		switch days := daysBetween(r.today, st.Finish); {
		case days < 0:
			parts = append(parts, plural(-days, "day")+" over")
		case days == 0:
			parts = append(parts, "last day")
		default:
			parts = append(parts, plural(days, "day")+" left")
		}
	}
	return strings.Join(parts, " · ")
}

func (s Style) progress(p Progress) string {
	if p.Work == 0 {
		return "no work: every task is dropped, a risk or repeats"
	}
	text := fmt.Sprintf("%d of %d done", p.Done, p.Work)
	percent := fmt.Sprintf("%d %%", p.Done*100/p.Work)
	if s.Piped() {
		return text + ", " + percent
	}
	width := max(s.Edge()-Width(text)-len(percent)-4, 1)
	return text + "  " + s.paint(green, bar(p.Done, p.Work, width)) + "  " + percent
}

// counts is the line below the progress: what is not done, by state.
func (r *rows) counts(t Tally) []string {
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(t.Progress.InProgress, "in progress")
	add(t.Progress.OnHold, "on hold")
	late := 0
	for b := range r.st.root.Tasks() {
		if b.Late(r.today) > 0 {
			late++
		}
	}
	if late > 0 {
		parts = append(parts, r.style.Alarm(fmt.Sprintf("%d late", late)))
	}
	add(t.Progress.Todo, "to do")
	add(t.Progress.Dropped, "dropped")
	add(t.Repeating, "repeating")
	if n := t.Risks.Open + t.Risks.Closed; n > 0 {
		parts = append(parts, fmt.Sprintf("risks %d of %d", t.Risks.Closed, n))
	}
	return parts
}

// packed adds parts on as few lines as they fit on.
func (r *rows) packed(separator string, parts []string) {
	text := ""
	for _, part := range parts {
		longer := part
		if text != "" {
			longer = text + separator + part
		}
		if text != "" && !r.style.Piped() && Width(stripped(longer)) > r.style.Edge() {
			r.print("%s", text)
			longer = part
		}
		text = longer
	}
	if text != "" {
		r.print("%s", text)
	}
}

// section adds a section with what is open in it; one line where nothing is.
func (r *rows) section(b *Block, depth int) {
	t := b.Tally()
	if t.Counts.Tasks == 0 {
		return
	}
	r.heading(b, t, depth)
	tasks, sections := b.items()
	if finished(t) && r.folds() {
		for task := range b.Tasks() {
			if task.Task.State.Open() && task.ParentTask() == nil {
				r.task(task, 2+2*depth)
			}
		}
		return
	}
	if len(tasks) > 0 {
		r.tasks(b, 2+2*depth)
	}
	for _, section := range sections {
		r.section(section, depth+1)
	}
}

func finished(t Tally) bool {
	return t.Progress.Work == t.Progress.Done && t.Risks.Open == 0 && t.Repeating < t.Counts.Tasks &&
		t.Progress.Done+t.Risks.Closed+t.Progress.Dropped > 0
}

func (r *rows) folds() bool { return !r.style.Piped() && !r.style.All }

func (r *rows) heading(b *Block, t Tally, depth int) {
	s := r.style
	mark := "  "
	if finished(t) {
		mark = s.paint(green, "✓") + " "
	}
	var count string
	share := t.Progress
	if share.Work > 0 {
		count = fmt.Sprintf("%d/%d", share.Done, share.Work)
	}
	if n := t.Risks.Open + t.Risks.Closed; n > 0 && share.Work == 0 {
		count = fmt.Sprintf("risks %d of %d", t.Risks.Closed, n)
	}
	title := strings.Repeat("  ", depth) + Clean(b.Section.Title)
	if s.Piped() {
		if finished(t) {
			mark = "✓ "
		}
		r.print("%s", strings.TrimRight(mark+title+"  "+count, " "))
		return
	}
	right := ""
	if share.Work > 0 {
		right = "  " + s.paint(green, bar(share.Done, share.Work, 10)) + left(count, 7)
	} else {
		right = left(count, 19)
	}
	r.print("%s%s%s", mark, s.Bold(Pad(title, s.Edge()-2-19)), right)
}

// tasks adds the tasks of b: the closed ones as a count where the view folds.
func (r *rows) tasks(b *Block, indent int) {
	tasks, _ := b.items()
	if r.folds() {
		done, dropped := 0, 0
		for _, task := range tasks {
			if !task.open() {
				d, n := task.closed()
				done, dropped = done+d, dropped+n
			}
		}
		var parts []string
		if done > 0 {
			parts = append(parts, fmt.Sprintf("✓ %d done", done))
		}
		if dropped > 0 {
			parts = append(parts, fmt.Sprintf("- %d dropped", dropped))
		}
		if len(parts) > 0 {
			r.lines = append(r.lines, line{text: strings.Join(parts, " · "), indent: indent + 4})
		}
	}
	for _, task := range tasks {
		if r.folds() && !task.open() {
			continue
		}
		r.task(task, indent)
		if !task.Leaf() {
			r.tasks(task, indent+2)
		}
	}
}

// foot adds what is not shown, and the last change.
func (r *rows) foot() {
	st, s := r.st, r.style
	if st.root.Leaf() {
		return
	}
	var parts []string
	if r.folds() {
		t := st.root.Tally()
		var hidden []string
		if t.Progress.Done > 0 {
			hidden = append(hidden, fmt.Sprintf("%d done", t.Progress.Done))
		}
		if t.Progress.Dropped > 0 {
			hidden = append(hidden, fmt.Sprintf("%d dropped", t.Progress.Dropped))
		}
		if t.Risks.Closed > 0 {
			hidden = append(hidden, plural(t.Risks.Closed, "closed risk"))
		}
		if len(hidden) > 0 {
			parts = append(parts, "Not shown: "+strings.Join(hidden, ", ")+" (cairn show --all).")
		}
	}
	parts = append(parts, fmt.Sprintf("Last: %s @%d, %s.", Clean(st.Changed.By.Name()), st.Changed.Seq, ago(st.Changed.At, s.now(st))))
	r.print("")
	for i := range parts {
		parts[i] = s.Dim(parts[i])
	}
	r.packed(" ", parts)
}
