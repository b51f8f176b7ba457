package commands

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"cairn/events"
	"cairn/projections"
	"cairn/projections/checklist"
	"cairn/projections/members"
)

// Meta is what stands around a command.
type Meta struct {
	// ID is the command's id; a new one where it is empty. The same id again
	// gives the same answer and adds nothing.
	ID string
	// Checklist is the checklist's name.
	Checklist string
	Actor     events.Actor
	// Via is the door: "cli".
	Via string
	// Reason is why, in the actor's words.
	Reason string
	// On is when it happened, where that is not now.
	On time.Time
	// Cause is the commit, or the event, that the command comes from; optional.
	Cause string
	// Lines say who brought each line of a document, where that is somebody
	// else: nil is Actor, On and Cause.
	Lines []*Origin
	// Committed is when the commit came into the history that a new checklist
	// takes; see [Handler.ExecuteAll]. Zero: it is happening now.
	Committed time.Time
	// Derived gives the events ids that follow from the command's, so that the
	// same history makes the same events.
	Derived bool
	// OnBehalfOf and Traceparent are optional.
	OnBehalfOf, Traceparent string
	// Expect are blocks that must be as the caller saw them; otherwise the command
	// is refused with CodeChanged.
	Expect []Expected
	// Observe, if set, is called for each event that was stored, before it
	// changes the state, which must be neither changed nor kept.
	Observe func(before *checklist.State, env events.Envelope)
	// Undone, if set, is called for each event that an Undo or a Redo takes
	// back, in order, with the state before it, as Observe.
	Undone func(before *checklist.State, env events.Envelope)
}

// Origin is who brought something, when, and by which commit.
type Origin struct {
	Actor events.Actor
	// OnBehalfOf is for whom, where Actor only brought it; optional.
	OnBehalfOf string
	Time       time.Time
	Cause      string
}

// Result is what a command did.
type Result struct {
	// ID is the command's id.
	ID string
	// Seq is the last event of the command; where it recorded nothing, the
	// last of the checklist.
	Seq events.Seq
	// Events are what was recorded, in order; none where all was so already.
	Events []events.Envelope
	// Repeated says that the command had been executed before.
	Repeated bool
}

// Config has what a Handler needs besides the log. Its zero value is usable.
type Config struct {
	// Now is the clock, NewID makes ids of commands and events. The defaults
	// are the system's clock and UUIDv7.
	Now   func() time.Time
	NewID func() (string, error)
	// Deadline bounds one Execute; the default is 15 s.
	Deadline time.Duration
	// Exclusive says that nobody else appends to the log while the handler
	// lives; it then reads a checklist only once.
	Exclusive bool
	// Fed says that the handler hears of everything that is appended, by
	// [Handler.Feed]; it then reads a checklist only once, too.
	Fed bool
}

// Handler is the one write path. It is safe for concurrent use: commands of one
// checklist pass one at a time, those of several beside each other.
type Handler struct {
	log     events.Log
	config  Config
	collect *collector

	mu    sync.Mutex // guards lists
	lists map[string]*list

	system *stream[*members.State] // the log's own events
}

// list is one checklist's queue and its fold.
type list = stream[*checklist.State]

// NewHandler returns a Handler that writes to log.
func NewHandler(log events.Log, c Config) *Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewID == nil {
		c.NewID = func() (string, error) {
			id, err := uuid.NewV7()
			return id.String(), err
		}
	}
	if c.Deadline == 0 {
		c.Deadline = 15 * time.Second
	}
	return &Handler{
		log: log, config: c, lists: make(map[string]*list), system: newStream("", members.Projection),
		collect: &collector{log: log, timeout: c.Deadline},
	}
}

func (h *Handler) list(name string) *list {
	h.mu.Lock()
	defer h.mu.Unlock()
	l, ok := h.lists[name]
	if !ok {
		l = newStream(name, checklist.Projection)
		h.lists[name] = l
	}
	return l
}

// Stopped returns the checklists whose views stand still, as an event of theirs
// cannot be read; sorted.
func (h *Handler) Stopped() (names []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, l := range h.lists {
		if l.view.Read(func(*checklist.State) error { return nil }) != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Execute decides cmd and appends its events, all or none. It returns once they
// are durable. On a conflict or a time-out it catches up, looks for the command
// in the log and otherwise decides again, until the deadline.
//
// It returns *Error for a refusal, and the log's errors.
func (h *Handler) Execute(ctx context.Context, meta Meta, cmd Command) (Result, error) {
	hash, err := check(meta, cmd)
	if err != nil {
		return Result{}, err
	}
	l := h.list(meta.Checklist)
	var resolved Command
	return l.execute(ctx, h, meta, cmd.Name(), hash, meta.Observe, func(ctx context.Context, meta Meta) (envelopes []events.Envelope, seq events.Seq, err error) {
		if err := h.arrived(ctx, l, cmd); err != nil {
			return nil, l.view.Seq(), err
		}
		if cmd, err = h.prepare(ctx, l, meta, cmd); err != nil {
			return nil, 0, err
		}
		return h.decide(l, meta, cmd, &resolved, hash)
	})
}

// check refuses names and ids that are none, and returns the command's hash.
func check(meta Meta, cmd Command) (string, error) {
	if err := CheckName(meta.Checklist); err != nil {
		return "", err
	}
	if err := CheckID(meta.ID); err != nil {
		return "", err
	}
	return Hash(meta.Checklist, cmd)
}

// CheckID returns an error unless id can be that of a command; "" is one that is
// made.
func CheckID(id string) error {
	if id == "" {
		return nil
	}
	if _, err := uuid.Parse(id); err != nil {
		return &Error{Code: CodeUsage, Message: fmt.Sprintf("--id %q is no UUID", short(id)), Hint: "One is like 01890a5d-ac96-774b-bcce-b302099a8057; where none is given, one is made."}
	}
	return nil
}

// prepare gives a command what it needs of the past.
func (h *Handler) prepare(ctx context.Context, l *list, meta Meta, cmd Command) (Command, error) {
	switch c := cmd.(type) {
	case SyncDocument:
		return h.withBase(ctx, l, meta.Checklist, c)
	default:
		return h.back(ctx, l, meta, cmd)
	}
}

// withBase gives a command the checklist as it was at its base.
func (h *Handler) withBase(ctx context.Context, l *list, name string, cmd SyncDocument) (SyncDocument, error) {
	revision := uint64(0)
	if err := l.view.Read(func(st *checklist.State) error { revision = st.Revision; return nil }); err != nil {
		return cmd, err
	}
	if cmd.Base == 0 || cmd.Base >= revision || cmd.base != nil {
		return cmd, nil
	}
	base, err := projections.Fold(checklist.Projection, h.log.Read(ctx, events.Filter{Checklist: name}), func(env events.Envelope) bool {
		return env.Revision > cmd.Base
	})
	if err != nil {
		return cmd, fmt.Errorf("read checklist %s at revision %d: %w", name, cmd.Base, err)
	}
	return cmd.At(base), nil
}

// decide resolves the command once, decides it and stamps its events.
func (h *Handler) decide(l *list, meta Meta, cmd Command, resolved *Command, hash string) ([]events.Envelope, events.Seq, error) {
	var envelopes []events.Envelope
	var seq events.Seq
	err := l.view.Read(func(st *checklist.State) error {
		seq = st.Seq()
		now := h.config.Now()
		if *resolved == nil {
			if err := mayWrite(st, cmd); err != nil {
				return err
			}
			r, err := Resolve(st, cmd, now)
			if err != nil {
				return err
			}
			*resolved = r
		}
		if err := asExpected(st, meta.Expect); err != nil {
			return err
		}
		d, err := decided(st, *resolved)
		if err != nil || len(d.events) == 0 {
			return err
		}
		envelopes, err = h.stamp(st.Position(), meta, cmd.Name(), hash, &d.draft, now)
		return err
	})
	return envelopes, seq, err
}

// stamp puts the events of a command into envelopes behind a position, in stored form.
func (h *Handler) stamp(at projections.Position, meta Meta, name, hash string, d *draft, now time.Time) ([]events.Envelope, error) {
	now = now.UTC().Truncate(time.Millisecond)
	if behind := at.Effective.Sub(now); behind > time.Minute {
		return nil, &Error{
			Code: CodeRefused, Message: fmt.Sprintf("this machine's clock is %s behind the log", behind.Round(time.Second)),
			Hint: "Nothing was written. Set the clock.",
		}
	}
	effective := now
	if !meta.Committed.IsZero() && meta.Committed.Before(now) {
		effective = meta.Committed.UTC().Truncate(time.Millisecond)
	}
	if at.Effective.After(effective) {
		effective = at.Effective
	}
	envelopes := make([]events.Envelope, len(d.events))
	for i, e := range d.events {
		id, err := h.eventID(meta, i)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		by := Origin{Actor: meta.Actor, OnBehalfOf: meta.OnBehalfOf, Time: meta.On, Cause: meta.Cause}
		if i < len(d.lines) && d.lines[i] > 0 && d.lines[i] <= len(meta.Lines) && meta.Lines[d.lines[i]-1] != nil {
			by = *meta.Lines[d.lines[i]-1]
		}
		claimed := now
		if !by.Time.IsZero() {
			claimed = by.Time.UTC().Truncate(time.Millisecond)
		}
		env := &envelopes[i]
		*env = events.Envelope{
			ID: id, Checklist: meta.Checklist, Revision: at.Revision + uint64(i) + 1,
			Time: claimed, RecordedTime: now, EffectiveTime: effective,
			Actor: by.Actor, Via: meta.Via, CausationID: by.Cause, CommandID: meta.ID, CommandName: name, CommandHash: hash,
			Part: i + 1, Parts: len(d.events), OnBehalfOf: by.OnBehalfOf, Traceparent: meta.Traceparent,
			Reason: meta.Reason, Data: e,
		}
		if i < len(d.undoes) {
			env.Undoes = d.undoes[i]
		}
		if env.Body, err = events.Marshal(env); err != nil {
			return nil, &Error{Code: CodeOverLimit, Message: fmt.Sprintf("%s would make an event over the limit of %d KiB", name, events.MaxEvent>>10), Hint: "Nothing was written. Say it in fewer words."}
		}
	}
	return envelopes, nil
}

// eventID makes the id of the nth event of a command.
func (h *Handler) eventID(meta Meta, n int) (string, error) {
	if !meta.Derived {
		return h.config.NewID()
	}
	command, err := uuid.Parse(meta.ID)
	return uuid.NewSHA1(command, strconv.AppendInt(nil, int64(n), 10)).String(), err
}

// View calls look with the checklist's state, caught up with the log. The state
// must be neither changed nor kept.
func (h *Handler) View(ctx context.Context, name string, look func(*checklist.State) error) error {
	return h.list(name).look(ctx, h, h.current(), look)
}

// DryRun returns what Execute would return now, and does nothing. Its events
// have no Seq, and Result.Seq is the last event of the checklist, unless the
// command was executed before.
func (h *Handler) DryRun(ctx context.Context, meta Meta, cmd Command) (Result, error) {
	hash, err := check(meta, cmd)
	if err != nil {
		return Result{}, err
	}
	l := h.list(meta.Checklist)
	if err := l.enter(ctx); err != nil {
		return Result{}, err
	}
	defer l.leave()
	if !l.loaded.Load() || !h.current() {
		if err := l.catchUp(ctx, h.log); err != nil {
			return Result{}, err
		}
	}
	if result, known, err := l.known(ctx, h, meta, cmd.Name(), hash); known || err != nil {
		return result, err
	}
	if err := h.arrived(ctx, l, cmd); err != nil {
		return Result{}, err
	}
	if cmd, err = h.prepare(ctx, l, meta, cmd); err != nil {
		return Result{}, err
	}
	var resolved Command
	envelopes, seq, err := h.decide(l, meta, cmd, &resolved, hash)
	return Result{ID: meta.ID, Seq: seq, Events: envelopes}, err
}
