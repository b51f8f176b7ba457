package checklist

import (
	"cmp"
	"slices"
	"strings"

	"cairn/events"
)

// Risk is a risk of the checklist, with what is done about it.
type Risk struct {
	// Block is the task.
	*Block
	// Threat and Mitigation are the two sides of "a → b" in its text; Mitigation is
	// empty where there is no arrow.
	Threat, Mitigation string
	// Days is for how many days it has been there; for a closed one, how many it
	// was open.
	Days int
	// RestsOn are the tasks that it rests on, by its block links.
	RestsOn []Rest
}

// Rest is a task that a risk rests on; Task is nil where it was removed.
type Rest struct {
	Key  int
	Task *Block
	// Waits are the keys of the open tasks that it waits for.
	Waits []int
}

// Open reports whether the risk is open.
func (r Risk) Open() bool { return r.Task.State.Open() }

// Unowned reports whether the risk is open and nobody has it.
func (r Risk) Unowned() bool { return r.Open() && len(r.Task.Assignees) == 0 }

// Risks returns the risks that [Tally] counts: open ones that nobody has first,
// then by age, the oldest first; closed ones last, the latest first.
func (st *State) Risks(today events.Day) []Risk {
	var list []Risk
	for b := range st.root.Tasks() {
		if b.Task.Every != "" || !b.Leaf() || !b.Risk() {
			continue
		}
		r := Risk{Block: b}
		r.Threat, r.Mitigation = mitigated(b.Task.Text)
		end := today
		if !r.Open() {
			end = st.dayOf(b.Task.StateChanged)
		}
		r.Days = max(daysBetween(st.dayOf(b.Task.Added), end), 0)
		for _, key := range b.Task.BlockedBy {
			on := Rest{Key: key, Task: st.Task(key)}
			if on.Task != nil {
				on.Waits = st.Waits(on.Task)
			}
			r.RestsOn = append(r.RestsOn, on)
		}
		list = append(list, r)
	}
	rank := func(r Risk) int {
		switch {
		case r.Unowned():
			return 0
		case r.Open():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(list, func(a, b Risk) int {
		if n := cmp.Compare(rank(a), rank(b)); n != 0 {
			return n
		}
		if !a.Open() {
			return cmp.Compare(b.Task.StateChanged.Seq, a.Task.StateChanged.Seq)
		}
		return cmp.Compare(a.Task.Added.Seq, b.Task.Added.Seq)
	})
	return list
}

// dayOf is the day of a change; the first event's where it is none.
func (st *State) dayOf(c Change) events.Day {
	if c.Seq == 0 {
		c = st.Created
	}
	return events.DayOf(c.At.In(st.Zone()))
}

// mitigated cuts "a → b" at its first arrow.
func mitigated(text string) (threat, mitigation string) {
	for _, arrow := range []string{"→", "->", "=>"} {
		if a, b, ok := strings.Cut(text, arrow); ok && strings.TrimSpace(a) != "" {
			return Clean(strings.TrimSpace(a)), Clean(strings.TrimSpace(b))
		}
	}
	return Clean(text), ""
}

// JSONRisks is the JSON form of the risks.
type JSONRisks struct {
	Head
	Open   int        `json:"open"`
	Closed int        `json:"closed"`
	Risks  []JSONRisk `json:"risks"`
}

// JSONRisk is a risk: its text in two, and what it rests on.
type JSONRisk struct {
	Key        int          `json:"key"`
	Risk       string       `json:"risk"`
	Mitigation *string      `json:"mitigation"`
	State      events.State `json:"state"`
	Assignees  []string     `json:"assignees"`
	// OpenDays is for how many days it is open, or was.
	OpenDays int         `json:"open_days"`
	Reason   *string     `json:"reason"`
	RestsOn  []JSONRest  `json:"rests_on"`
	Changed  *JSONChange `json:"changed"`
}

// JSONRest is a task that a risk rests on; the state is null where it was removed.
type JSONRest struct {
	Key      int           `json:"key"`
	Text     *string       `json:"text"`
	State    *events.State `json:"state"`
	WaitsFor []int         `json:"waits_for"`
}

// RisksJSON returns the JSON form of the risks.
func (st *State) RisksJSON(of Moment, today events.Day) JSONRisks {
	t := st.root.Tally()
	doc := JSONRisks{Head: st.JSONHead("risks", of), Open: t.Risks.Open, Closed: t.Risks.Closed, Risks: []JSONRisk{}}
	for _, r := range st.Risks(today) {
		doc.Risks = append(doc.Risks, r.JSON())
	}
	return doc
}

// JSON returns the JSON form of the risk.
func (r Risk) JSON() JSONRisk {
	t := r.Task
	risk := JSONRisk{
		Key: t.Key, Risk: r.Threat, Mitigation: optional(r.Mitigation), State: t.State, Assignees: some(t.Assignees),
		OpenDays: r.Days, Reason: optional(t.StateChanged.Reason), RestsOn: []JSONRest{}, Changed: t.Changed.json(),
	}
	for _, on := range r.RestsOn {
		rest := JSONRest{Key: on.Key, WaitsFor: some(on.Waits)}
		if on.Task != nil {
			rest.Text, rest.State = optional(on.Task.Task.Text), optional(on.Task.Task.State)
		}
		risk.RestsOn = append(risk.RestsOn, rest)
	}
	return risk
}
