package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/members"
)

// SystemCommand is a wish about the log itself: who may use it. Its JSON form is
// what the caller sent. The set of implementations is sealed to this package.
type SystemCommand interface {
	// Name is the stored name, such as "AddUser".
	Name() string

	// decideSystem returns the events, or why not.
	decideSystem(st *members.State, now time.Time) ([]events.Event, error)
}

// DecideSystem returns the events that a command makes of st at now, or why not.
// Nothing to do is no event and no error. It changes nothing.
func DecideSystem(st *members.State, cmd SystemCommand, now time.Time) ([]events.Event, error) {
	return cmd.decideSystem(st, now)
}

// Administer is Execute for the log's own events: all or none, once an id, behind
// what others wrote meanwhile. Of meta it takes what is not about a checklist.
func (h *Handler) Administer(ctx context.Context, meta Meta, cmd SystemCommand) (Result, error) {
	meta.Checklist = ""
	if err := CheckID(meta.ID); err != nil {
		return Result{}, err
	}
	hash, err := Hash("", cmd)
	if err != nil {
		return Result{}, err
	}
	return h.system.execute(ctx, h, meta, cmd.Name(), hash, nil, func(_ context.Context, meta Meta) (envelopes []events.Envelope, seq events.Seq, err error) {
		err = h.system.view.Read(func(st *members.State) error {
			seq = st.Seq()
			now := h.config.Now()
			decided, err := DecideSystem(st, cmd, now)
			if err != nil || len(decided) == 0 {
				return err
			}
			envelopes, err = h.stamp(st.Position(), meta, cmd.Name(), hash, &draft{events: decided}, now)
			return err
		})
		return envelopes, seq, err
	})
}

// Members calls look with who may use the log, caught up with it: the keys of a
// log change beside the handler. The state must be neither changed nor kept.
func (h *Handler) Members(ctx context.Context, look func(*members.State) error) error {
	return h.system.look(ctx, h, h.config.Fed, look)
}

// Refusal is attempts that were turned away, all in the same way.
type Refusal struct {
	// Door is where, such as "http", Action what was tried, Remote from where.
	Door   string `json:"door"`
	Action string `json:"action"`
	Remote string `json:"remote"`
	// Why is for the audit.
	Why   string `json:"why"`
	Count int    `json:"count"`
}

// RecordRefusals says that attempts were turned away.
type RecordRefusals struct {
	Refusals []Refusal `json:"refusals"`
}

// Name returns the stored name.
func (RecordRefusals) Name() string { return "RecordRefusals" }

func (c RecordRefusals) decideSystem(*members.State, time.Time) ([]events.Event, error) {
	var decided []events.Event
	for _, r := range c.Refusals {
		if r.Count < 1 {
			return nil, usage("a refusal of %d attempts", r.Count)
		}
		decided = append(decided, &events.AccessRefused{
			Door: clip(r.Door), Action: clip(r.Action), Remote: clip(r.Remote), Why: clip(r.Why), Count: r.Count,
		})
	}
	return decided, nil
}

// clip bounds a text that a stranger sent, and makes it one line of UTF-8.
func clip(s string) string {
	const most = 200
	if len(s) > 4*most {
		s = s[:4*most]
	}
	r := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd")))
	if len(r) > most {
		r = append(r[:most-1], '…')
	}
	return string(r)
}

// limit reads the checklists that a user is limited to: exact names, sorted, each
// once.
func limit(names []string) ([]string, error) {
	var list []string
	for _, name := range names {
		if err := CheckName(name); err != nil {
			return nil, err
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// role refuses a word that is no role.
func role(r members.Role) error {
	if !r.Valid() {
		return usage("%q is no role: want viewer (looks), editor (changes checklists) or admin (also users and keys)", r)
	}
	return nil
}

// may says a role and its limit in words.
func may(r members.Role, checklists []string) string {
	if len(checklists) == 0 {
		return string(r)
	}
	return fmt.Sprintf("%s of %s", r, strings.Join(checklists, ", "))
}
