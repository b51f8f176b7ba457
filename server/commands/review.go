package commands

import (
	"fmt"
	"slices"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
)

// RecordReview says that a review was held: what it found, and what it asks for.
// It also closes the occurrence of the review's own task: see ReviewTask.
type RecordReview struct {
	// Status is on-track, at-risk or off-track; Note says why.
	Status string `json:"status"`
	Note   string `json:"note"`
	// Asks are what is needed of others.
	Asks []string `json:"asks,omitempty"`
	// From (excluded) and Upto are the revisions that it looked at; 0 is the last
	// review, and the end. They are not what somebody wishes: a retry, which sees
	// more, is the same command.
	From int `json:"-"`
	Upto int `json:"-"`
	// Today is the day on which it is carried out.
	Today events.Day `json:"-"`
}

// Name returns the stored name.
func (RecordReview) Name() string { return "RecordReview" }

func (c RecordReview) resolve(r *resolver) (Command, error) {
	if !slices.Contains(Statuses(), c.Status) {
		return nil, usage("--status %q: want %s", c.Status, strings.Join(Statuses(), ", "))
	}
	if strings.TrimSpace(c.Note) == "" {
		return nil, usage("a review says how it stands: -m \"…\"")
	}
	if c.From < 0 || c.Upto != 0 && c.Upto < c.From {
		return nil, usage("a review from %d to %d looks at nothing", c.From, c.Upto)
	}
	c.Note = strings.TrimSpace(c.Note)
	asks := slices.Clone(c.Asks)
	for i := range asks {
		if asks[i] = strings.TrimSpace(asks[i]); asks[i] == "" {
			return nil, usage("--ask is empty")
		}
	}
	c.Asks, c.Today = asks, r.today()
	return c, nil
}

// Statuses returns what a review can find.
func Statuses() []string { return []string{"on-track", "at-risk", "off-track"} }

func (c RecordReview) decide(d *decision) error {
	if n := len(d.st.Reviews); n > 0 && !d.st.News(d.st.Reviews[n-1].Revision) {
		return nil // nothing to tell since
	}
	if c.Upto == 0 {
		c.Upto = int(d.st.Revision)
	}
	if n := len(d.st.Reviews); n > 0 && c.From == 0 {
		c.From = int(d.st.Reviews[n-1].Revision)
	}
	if d.st.News(uint64(c.Upto)) {
		return &Error{
			Code: CodeChanged, Message: fmt.Sprintf("%s changed while it was reviewed", d.st.Name),
			Hint: "Nothing was written. Look again: cairn report",
		}
	}
	if b := ReviewTask(d.st); b != nil {
		_ = Transition{Verb: Done, Today: c.Today}.apply(d, b) // one that cannot be done stays open
	}
	// The review is the last event: it is the moment after all of them.
	d.add(&events.ReviewRecorded{From: c.From, Upto: c.Upto, Status: c.Status, Note: c.Note, Asks: c.Asks})
	return nil
}

// ReviewTask returns the open task that repeats and whose text has the word
// review in it; nil if there is none, or more than one.
func ReviewTask(st *checklist.State) *checklist.Block {
	var found *checklist.Block
	for b := range st.Root().Tasks() {
		t := b.Task
		if t.Every == "" || !t.State.Open() || !strings.Contains(strings.ToLower(t.Text), "review") || droppedAbove(b) != nil {
			continue
		}
		if found != nil {
			return nil
		}
		found = b
	}
	return found
}
