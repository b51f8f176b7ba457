package docfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"cairn/projections/checklist"
	"cairn/server/commands"
	"cairn/server/markdown"
)

// Report is what a document holds, for telling before it is imported.
type Report struct {
	Sections int
	checklist.Tally
	// Parents are the tasks with tasks under them.
	Parents int
	// Repeats is the key of a task that seems to repeat, 0 if none does.
	Repeats int
	// Warnings are about the document as a whole and about lines of it.
	Warnings []string
}

// maxWarnings bounds the warnings about lines.
const maxWarnings = 5

// Inspect returns what a document holds, with the checklist's own markers, as
// people write them. It refuses what an import would.
func Inspect(document []byte, markers string) (Report, error) {
	cmd, err := commands.Resolve(checklist.New(), commands.ImportDocument{Document: document, Markers: markers}, time.Time{})
	if err != nil {
		return Report{}, err
	}
	doc, err := markdown.Parse(document, markdown.Options{Markers: commands.ParseMarkers(cmd.(commands.ImportDocument).Markers)})
	if errors.Is(err, markdown.ErrLimit) {
		return Report{}, &commands.Error{Code: commands.CodeOverLimit, Message: err.Error(), Hint: "Nothing was written."}
	}
	if err != nil {
		return Report{}, err
	}
	st, err := commands.Imported(doc, cmd.(commands.ImportDocument))
	if err != nil {
		return Report{}, err
	}
	r := Report{Tally: st.Root().Tally()}
	for b := range st.Root().All() {
		switch {
		case b.Section != nil:
			r.Sections++
		case b.Task == nil:
		case !b.Leaf():
			r.Parents++
		case r.Repeats == 0 && seemsToRepeat(b.Task.Text):
			r.Repeats = b.Task.Key
		}
	}
	r.warn(document, doc)
	return r, nil
}

func (r *Report) warn(document []byte, doc *markdown.Document) {
	switch {
	case len(bytes.TrimSpace(document)) == 0:
		r.Warnings = append(r.Warnings, "the file is empty; it is taken as it is")
	case r.Counts.Tasks == 0:
		r.Warnings = append(r.Warnings, "no task in it (a task is a line like \"- [ ] text\"); it is taken as it is")
	}
	if !utf8.Valid(document) {
		r.Warnings = append(r.Warnings, "not all of it is UTF-8; its bytes are kept as they are")
	}
	for i, w := range doc.Warnings {
		if strings.Contains(w.Text, "UTF-8") {
			continue
		}
		if i == maxWarnings {
			r.Warnings = append(r.Warnings, fmt.Sprintf("and %d more such lines", len(doc.Warnings)-maxWarnings))
			break
		}
		r.Warnings = append(r.Warnings, fmt.Sprintf("line %d: %s", w.Line, w.Text))
	}
}

func seemsToRepeat(text string) bool {
	for _, word := range strings.Fields(strings.ToLower(text)) {
		switch strings.Trim(word, ".,;:()") {
		case "daily", "weekly", "biweekly", "monthly", "quarterly":
			return true
		}
	}
	return false
}

// Apart says what is not counted as work.
func (r Report) Apart() string {
	var words []string
	if n := r.Risks.Open + r.Risks.Closed; n > 0 {
		words = append(words, plural(n, "risk"))
	}
	if r.Parents > 0 {
		words = append(words, plural(r.Parents, "parent"))
	}
	if r.Progress.Dropped > 0 {
		words = append(words, fmt.Sprintf("%d dropped", r.Progress.Dropped))
	}
	s := strings.Join(words, ", ")
	if s != "" {
		s += " apart"
	}
	if r.Repeats != 0 {
		if s != "" {
			s += "; "
		}
		s += fmt.Sprintf("%d seems to repeat: cairn due -h", r.Repeats)
	}
	return s
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
