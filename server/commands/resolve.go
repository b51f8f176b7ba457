package commands

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
)

// resolver turns what people write into keys and days, once per command.
type resolver struct {
	st  *checklist.State
	now time.Time
}

// Resolve returns cmd with every TASK, SECTION and day word replaced by keys
// and days, as they stand in st at now. A resolved command resolves to itself.
func Resolve(st *checklist.State, cmd Command, now time.Time) (Command, error) {
	return cmd.resolve(&resolver{st: st, now: now})
}

// tier is one group of tasks among which TEXT is looked up.
type tier func(*checklist.Block) bool

func anyTask(*checklist.Block) bool { return true }

func inStates(states ...events.State) tier {
	return func(b *checklist.Block) bool {
		for _, s := range states {
			if b.Task.State == s {
				return true
			}
		}
		return false
	}
}

// pattern compiles a regular expression when it is first used: a run of the
// command line uses few of them.
func pattern(s string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(s) })
}

var (
	keyForm   = pattern(`^[0-9]{1,9}$`)
	rangeForm = pattern(`^([0-9]{1,9})-([0-9]{1,9})$`)
)

// stdin stands for TASKs from stdin where several can stand; a client reads them
// before it sends a command.
const stdin = "-"

// tasks resolves TASKs to keys, in the order named, each once.
func (r *resolver) tasks(refs []string, tiers ...tier) ([]string, error) {
	if len(refs) == 0 {
		return nil, usage("which task?")
	}
	if len(tiers) == 0 {
		tiers = []tier{anyTask}
	}
	var keys []string
	seen := make(map[int]bool)
	for _, ref := range refs {
		found, err := r.expand(ref, tiers)
		if err != nil {
			return nil, err
		}
		for _, b := range found {
			if !seen[b.Task.Key] {
				seen[b.Task.Key] = true
				keys = append(keys, strconv.Itoa(b.Task.Key))
			}
		}
	}
	return keys, nil
}

// task resolves a TASK that must be one.
func (r *resolver) task(ref string, tiers ...tier) (string, error) {
	keys, err := r.tasks([]string{ref}, tiers...)
	if err != nil {
		return "", err
	}
	if len(keys) != 1 {
		return "", usage("%q is %d tasks, want one", ref, len(keys))
	}
	return keys[0], nil
}

func (r *resolver) optTask(ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	return r.task(ref)
}

func (r *resolver) expand(ref string, tiers []tier) ([]*checklist.Block, error) {
	ref = strings.TrimSpace(ref)
	switch {
	case ref == "":
		return nil, usage("an empty TASK names nothing")
	case ref == stdin:
		return nil, usage("one TASK is wanted here: - for stdin does not do")
	case keyForm().MatchString(ref):
		key, _ := strconv.Atoi(ref)
		b := r.st.Task(key)
		if b == nil {
			return nil, r.noTask(key)
		}
		return []*checklist.Block{b}, nil
	case rangeForm().MatchString(ref):
		m := rangeForm().FindStringSubmatch(ref)
		from, _ := strconv.Atoi(m[1])
		to, _ := strconv.Atoi(m[2])
		return r.between(ref, from, to)
	case strings.HasPrefix(ref, "s:"):
		b, err := FindSection(r.st, ref)
		if err != nil {
			return nil, err
		}
		return r.under(b, ref, tiers)
	case strings.HasPrefix(ref, "gh:") || isURL(ref):
		return r.linked(ref)
	}
	return r.byText(ref, tiers)
}

// between returns the tasks whose keys lie in a range. Keys of tasks that were
// removed may lie in it; an end that no task ever had is a slip.
func (r *resolver) between(ref string, from, to int) ([]*checklist.Block, error) {
	if from > to {
		return nil, usage("%s runs backwards: write %d-%d", ref, to, from)
	}
	last := r.st.Next(events.TaskNoun) - 1
	if to > last && last > 0 {
		return nil, &Error{Code: CodeNoTask, Message: fmt.Sprintf("%s goes beyond the last key, %d", ref, last), Hint: "cairn ls lists them with their keys."}
	}
	var found []*checklist.Block
	for key := from; key <= min(to, last); key++ {
		if b := r.st.Task(key); b != nil {
			found = append(found, b)
		}
	}
	if len(found) == 0 {
		return nil, &Error{Code: CodeNoTask, Message: "no task has a key in " + ref}
	}
	return found, nil
}

// under returns the tasks of a section that the verb acts on, else all.
func (r *resolver) under(section *checklist.Block, ref string, tiers []tier) ([]*checklist.Block, error) {
	for _, in := range tiers {
		var found []*checklist.Block
		for b := range section.Tasks() {
			if in(b) {
				found = append(found, b)
			}
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, &Error{Code: CodeNoTask, Message: fmt.Sprintf("no task stands in %s %s", ref, short(section.Section.Title))}
}

func (r *resolver) linked(ref string) ([]*checklist.Block, error) {
	number, isNumber := strings.CutPrefix(ref, "gh:")
	var found []*checklist.Block
	for b := range r.st.Root().Tasks() {
		for _, url := range b.Task.Links {
			link := checklist.ParseLink(url)
			if isNumber && link.Number != 0 && strconv.Itoa(link.Number) == number || !isNumber && sameLink(strings.ToLower(url), strings.ToLower(ref)) {
				found = append(found, b)
				break
			}
		}
	}
	switch len(found) {
	case 0:
		return nil, &Error{Code: CodeNoTask, Message: fmt.Sprintf("no task is linked to %s", ref)}
	case 1:
		return found, nil
	}
	return nil, ambiguous(fmt.Sprintf("%s is linked to %d tasks", ref, len(found)), found)
}

// matching returns the blocks whose whole text it is, else all that contain it,
// case and spaces aside, in document order. textOf returns the text of a block,
// and whether it is among those to look in.
func (r *resolver) matching(text string, textOf func(*checklist.Block) (string, bool)) []*checklist.Block {
	want := fold(text)
	var whole, part []*checklist.Block
	for b := range r.st.Root().All() {
		have, ok := textOf(b)
		if !ok {
			continue
		}
		switch have = fold(have); {
		case have == want:
			whole = append(whole, b)
		case strings.Contains(have, want):
			part = append(part, b)
		}
	}
	if len(whole) > 0 {
		return whole
	}
	return part
}

// byText returns the task that text names in the first tier that has any; never
// the best of several.
func (r *resolver) byText(text string, tiers []tier) ([]*checklist.Block, error) {
	open := true
	for _, in := range tiers {
		found := r.matching(text, func(b *checklist.Block) (string, bool) {
			if b.Task == nil || !in(b) {
				return "", false
			}
			return b.Task.Text, true
		})
		switch len(found) {
		case 0:
			open = false
			continue
		case 1:
			return found, nil
		}
		kind := "tasks"
		if open && len(tiers) > 1 {
			kind = "open tasks"
			for _, b := range found {
				if !b.Task.State.Open() {
					kind = "tasks"
				}
			}
		}
		return nil, ambiguous(fmt.Sprintf("%q matches %d %s", text, len(found), kind), found)
	}
	return nil, r.noText(text)
}

// fields returns s with one space where it has any, and none around it.
func fields(s string) string { return strings.Join(strings.Fields(s), " ") }

func fold(s string) string { return strings.ToLower(fields(s)) }

func ambiguous(message string, found []*checklist.Block) *Error {
	e := &Error{Code: CodeAmbiguousTask, Message: message, Hint: "Use a key or more of the text."}
	for _, b := range found {
		e.Candidates = append(e.Candidates, Candidate{b.Task.Key, b.Task.Text})
	}
	if len(e.Candidates) > 0 {
		e.Hint = fmt.Sprintf("Use a key (%d) or more of the text.", e.Candidates[0].Key)
	}
	return e
}

func (r *resolver) noTask(key int) *Error {
	e := &Error{Code: CodeNoTask, Message: fmt.Sprintf("no task has the key %d", key)}
	if b := r.st.Block(events.TaskRef(key)); b != nil {
		e.removed(b, strconv.Itoa(key), b.Task.Text)
	} else if next := r.st.Next(events.TaskNoun); next > 1 {
		e.Hint = fmt.Sprintf("The keys of %s go from 1 to %d: cairn ls", r.st.Name, next-1)
	}
	return e
}

// removed says of a block that is no longer in the document when it was taken
// out, and by whom.
func (e *Error) removed(b *checklist.Block, ref, text string) {
	e.Message = fmt.Sprintf("%s %s was removed", ref, short(text))
	e.Hint = fmt.Sprintf("cairn log %s tells its story.", ref)
	if by := b.Removal(); by.Seq != 0 {
		e.Message += fmt.Sprintf(" at @%d by %s", by.Seq, by.By.Name())
		e.Hint = fmt.Sprintf("cairn log %s tells its story; cairn show %s --as-of @%d shows it as it was.", ref, ref, by.Seq-1)
	}
}

func (r *resolver) noText(text string) *Error {
	e := &Error{Code: CodeNoTask, Message: fmt.Sprintf("no task matches %q", text)}
	best, score := (*checklist.Block)(nil), 0.45
	for b := range r.st.Root().Tasks() {
		if s := dice(fold(text), fold(b.Task.Text)); s > score {
			best, score = b, s
		}
	}
	if best != nil {
		e.Candidates = []Candidate{{best.Task.Key, best.Task.Text}}
		e.Hint = fmt.Sprintf("Did you mean %d %s?", best.Task.Key, short(best.Task.Text))
	} else {
		e.Hint = "cairn ls lists them with their keys."
	}
	return e
}

// dice is the share of letter pairs that two texts have in common.
func dice(a, b string) float64 {
	x, y := []rune(a), []rune(b)
	if len(x) < 2 || len(y) < 2 {
		return 0
	}
	pairs := make(map[[2]rune]int)
	for i := range len(x) - 1 {
		pairs[[2]rune{x[i], x[i+1]}]++
	}
	common := 0
	for i := range len(y) - 1 {
		p := [2]rune{y[i], y[i+1]}
		if pairs[p] > 0 {
			pairs[p]--
			common++
		}
	}
	return 2 * float64(common) / float64(len(x)+len(y)-2)
}

// sectionBlock resolves a SECTION: s:4, or text by the rules of TASK.
func (r *resolver) sectionBlock(ref string) (*checklist.Block, error) {
	if ref == stdin {
		return nil, usage("one SECTION is wanted here: - for stdin does not do")
	}
	if isTop(ref) {
		return nil, usage("%s is what stands before the first heading: it has no heading itself", ref)
	}
	if num, ok := strings.CutPrefix(ref, "s:"); ok && keyForm().MatchString(num) {
		key, _ := strconv.Atoi(num)
		if b := r.st.Section(key); b != nil {
			return b, nil
		}
		e := r.noSection(fmt.Sprintf("no section has the key %d", key))
		if b := r.st.Block(events.SectionRef(key)); b != nil {
			e.removed(b, ref, b.Section.Title)
			e.Candidates = nil
		}
		return nil, e
	}
	text := strings.TrimPrefix(ref, "s:")
	if strings.TrimSpace(text) == "" {
		return nil, usage("an empty SECTION names nothing")
	}
	found := r.matching(text, func(b *checklist.Block) (string, bool) {
		if b.Section == nil {
			return "", false
		}
		return b.Section.Title, true
	})
	switch len(found) {
	case 0:
		return nil, r.noSection(fmt.Sprintf("no section matches %q", ref))
	case 1:
		return found[0], nil
	}
	e := &Error{Code: CodeAmbiguousSection, Message: fmt.Sprintf("%q matches %d sections", ref, len(found)), Hint: "Use a key, such as s:" + strconv.Itoa(found[0].Section.Key) + ", or more of the text."}
	for _, b := range found {
		e.Candidates = append(e.Candidates, Candidate{b.Section.Key, b.Section.Title})
	}
	return nil, e
}

func (r *resolver) noSection(message string) *Error {
	e := &Error{Code: CodeNoSection, Message: message}
	for b := range r.st.Root().All() {
		if b.Section != nil && len(e.Candidates) < 20 {
			e.Candidates = append(e.Candidates, Candidate{b.Section.Key, b.Section.Title})
		}
	}
	if len(e.Candidates) > 0 {
		e.Hint = "A section is written s:KEY, or as text of its title."
	}
	return e
}

// section resolves a SECTION to "s:KEY"; "" stays empty.
func (r *resolver) section(ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	b, err := r.sectionBlock(ref)
	if err != nil {
		return "", err
	}
	return "s:" + strconv.Itoa(b.Section.Key), nil
}

// FindTask resolves a TASK that must be one, for views.
func FindTask(st *checklist.State, ref string) (*checklist.Block, error) {
	r := resolver{st: st}
	key, err := r.task(ref)
	if err != nil {
		return nil, err
	}
	n, _ := strconv.Atoi(key)
	return st.Task(n), nil
}

// FindSection resolves a SECTION, for views; s:0 is what stands before the first
// heading.
func FindSection(st *checklist.State, ref string) (*checklist.Block, error) {
	r := resolver{st: st}
	if isTop(ref) {
		if b := st.Above(); b != nil {
			return b, nil
		}
		return nil, &Error{Code: CodeNoSection, Message: "no task stands before the first heading"}
	}
	return r.sectionBlock(ref)
}

// isTop reports whether ref is s:0, as JSON has the section of the tasks before
// the first heading.
func isTop(ref string) bool {
	num, ok := strings.CutPrefix(ref, "s:")
	return ok && num != "" && strings.Trim(num, "0") == ""
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}
