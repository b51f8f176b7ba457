package commandstest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/anishathalye/porcupine"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/projections"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// Reading is a plain read, as a client saw it.
type Reading struct {
	Client, Server int
	Checklist      string
	Least          events.Seq // what it was to hold
	Answered
}

// Record is all that came of a campaign.
type Record struct {
	// History are the commands and the fresh reads that were answered.
	History []porcupine.Operation
	// Plain are the plain reads; those of one client in their order.
	Plain []Reading
	// Log is the log in the end.
	Log []events.Envelope
}

// Record returns what came of the campaign, with what the log holds now.
func (c *Campaign) Record(t testing.TB, log *natslog.Log) Record {
	t.Helper()
	if _, err := log.LastOfAll(t.Context()); err != nil { // so that no replica is read that is behind
		t.Fatal(err)
	}
	r := Record{History: slices.Clone(c.history), Plain: slices.Clone(c.plain)}
	for env, err := range log.Read(t.Context(), events.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		r.Log = append(r.Log, env)
	}
	return r
}

// String counts what is in the record.
func (r Record) String() string {
	counts := make(map[string]int)
	for _, op := range r.History {
		in, out := op.Input.(Asked), op.Output.(Answered)
		switch {
		case in.ID == "":
			counts["fresh"]++
		case out.Refused:
			counts["refused"]++
		case out.Changed:
			counts["changed"]++
		default:
			counts["unchanged"]++
		}
	}
	own := 0
	for _, p := range r.Plain {
		if p.Least > 0 {
			own++
		}
	}
	return fmt.Sprintf("%d commands changed something, %d found it so, %d were refused; %d fresh reads; %d plain reads, %d of them of what was known; %d events",
		counts["changed"], counts["unchanged"], counts["refused"], counts["fresh"], len(r.Plain), own, len(r.Log))
}

// Check returns nil if the history is linearizable for each checklist; plain reads
// show what there was, never go back, and hold what they were to hold; and the log
// has each command once that was answered with a change, where it was said to be,
// and no other.
func (r Record) Check() error {
	return errors.Join(Linearizable(r.History), r.once(), r.plainly())
}

func (r Record) once() error {
	at := make(map[string]events.Seq) // the last event of each command
	count := make(map[string]int)
	parts := make(map[string]int)
	for _, env := range r.Log {
		if env.Checklist != "" {
			at[env.CommandID] = env.Seq
			count[env.CommandID]++
			parts[env.CommandID] = max(env.Parts, 1)
		}
	}
	var wrong []error
	changed := 0
	for _, op := range r.History {
		in, out := op.Input.(Asked), op.Output.(Answered)
		switch {
		case in.ID == "":
		case !out.Changed && count[in.ID] > 0:
			wrong = append(wrong, fmt.Errorf("%+v was answered with %+v, but is in the log", in, out))
		case out.Changed:
			changed++
			if at[in.ID] != out.Seq || count[in.ID] != parts[in.ID] {
				wrong = append(wrong, fmt.Errorf("%+v was answered with @%d, the log has %d of %d events, up to @%d", in, out.Seq, count[in.ID], parts[in.ID], at[in.ID]))
			}
		}
	}
	if changed != len(count) {
		wrong = append(wrong, fmt.Errorf("the log holds %d commands, %d were answered", len(count), changed))
	}
	return errors.Join(wrong...)
}

func (r Record) plainly() error {
	type place struct {
		checklist string
		seq       events.Seq
	}
	were := make(map[place]Marks) // what there was
	views := make(map[string]*projections.View[*checklist.State])
	for _, env := range r.Log {
		if env.Checklist == "" {
			continue
		}
		v := views[env.Checklist]
		if v == nil {
			v = projections.NewView(checklist.Projection)
			views[env.Checklist] = v
			were[place{env.Checklist, 0}] = Marks{}
		}
		if err := v.Apply(env); err != nil {
			return err
		}
		if err := v.Read(func(st *checklist.State) error {
			were[place{env.Checklist, env.Seq}] = Shown(st).Marks
			return nil
		}); err != nil {
			return err
		}
	}
	type session struct {
		client, server int
		checklist      string
	}
	last := make(map[session]events.Seq)
	var wrong []error
	for _, p := range r.Plain {
		at := session{p.Client, p.Server, p.Checklist}
		marks, was := were[place{p.Checklist, p.Seq}]
		switch {
		case p.Seq < last[at]:
			wrong = append(wrong, fmt.Errorf("%+v goes back: @%d was shown", p, last[at]))
		case p.Seq < p.Least:
			wrong = append(wrong, fmt.Errorf("%+v holds too little", p))
		case !was || marks != p.Marks:
			wrong = append(wrong, fmt.Errorf("%+v never was: the log says %s", p, marks))
		}
		last[at] = max(last[at], p.Seq)
	}
	return errors.Join(wrong...)
}

// Broken returns records that differ from this one by one thing that must never
// be, by what it is: what checks records must refuse each.
func (r Record) Broken() map[string]Record {
	broken := make(map[string]Record)
	put := func(what string, change func(*Record) bool) {
		b := Record{slices.Clone(r.History), slices.Clone(r.Plain), slices.Clone(r.Log)}
		if change(&b) {
			broken[what] = b
		}
	}
	// The changes of a checklist, in their order.
	changes := make(map[string][]porcupine.Operation)
	for _, op := range r.History {
		if op.Output.(Answered).Changed {
			name := op.Input.(Asked).Checklist
			changes[name] = append(changes[name], op)
		}
	}
	for _, ops := range changes {
		slices.SortFunc(ops, func(a, b porcupine.Operation) int {
			return cmp.Compare(a.Output.(Answered).Seq, b.Output.(Answered).Seq)
		})
	}
	// outdated returns the last read of what was there before a change that was
	// answered before op began.
	outdated := func(op porcupine.Operation) (old Answered, ok bool) {
		name := op.Input.(Asked).Checklist
		for _, change := range changes[name] {
			if change.Return >= op.Call {
				continue
			}
			for _, read := range r.History {
				out := read.Output.(Answered)
				if in := read.Input.(Asked); in.ID == "" && in.Checklist == name && out.Seq < change.Output.(Answered).Seq && out.Seq >= old.Seq {
					old, ok = out, true
				}
			}
		}
		return old, ok
	}
	put("a fresh read is old", func(b *Record) bool {
		for i := len(b.History) - 1; i >= 0; i-- {
			if b.History[i].Input.(Asked).ID != "" {
				continue
			}
			if old, ok := outdated(b.History[i]); ok && old.Seq < b.History[i].Output.(Answered).Seq {
				b.History[i].Output = old
				return true
			}
		}
		return false
	})
	// last returns the index of the last operation that is so.
	last := func(b *Record, is func(in Asked, out Answered) bool) int {
		for i := len(b.History) - 1; i >= 0; i-- {
			if is(b.History[i].Input.(Asked), b.History[i].Output.(Answered)) {
				return i
			}
		}
		return -1
	}
	isChange := func(in Asked, out Answered) bool { return out.Changed && in.Task >= 0 }
	isRefusal := func(_ Asked, out Answered) bool { return out.Refused }
	put("a refusal is none", func(b *Record) bool {
		i := last(b, isRefusal)
		if i >= 0 {
			b.History[i].Output = Answered{Seq: 1}
		}
		return i >= 0
	})
	put("a change is refused", func(b *Record) bool {
		i := last(b, isChange)
		if i >= 0 {
			b.History[i].Output = Answered{Refused: true}
		}
		return i >= 0
	})
	of := func(b *Record, op porcupine.Operation) (at int) {
		return slices.IndexFunc(b.Log, func(env events.Envelope) bool { return env.CommandID == op.Input.(Asked).ID })
	}
	put("what was acknowledged is missing in the log", func(b *Record) bool {
		i := last(b, isChange)
		if i < 0 {
			return false
		}
		at := of(b, b.History[i])
		b.Log = slices.Delete(b.Log, at, at+1)
		return true
	})
	put("an acknowledgement is lost", func(b *Record) bool {
		i := last(b, isChange)
		if i >= 0 {
			b.History = slices.Delete(b.History, i, i+1)
		}
		return i >= 0
	})
	put("it happened twice", func(b *Record) bool {
		i := last(b, func(in Asked, out Answered) bool { return isChange(in, out) && in.Verb == commands.Done })
		if i < 0 {
			return false
		}
		twice := b.Log[of(b, b.History[i])]
		twice.Seq = b.Log[len(b.Log)-1].Seq + 1
		b.Log = append(b.Log, twice)
		return true
	})
	put("a plain read goes back", func(b *Record) bool {
		for i := len(b.Plain) - 1; i >= 0; i-- {
			for j := range i {
				was, is := b.Plain[j], b.Plain[i]
				if was.Client == is.Client && was.Server == is.Server && was.Checklist == is.Checklist && was.Seq < is.Seq {
					b.Plain[i], b.Plain[j] = was, is
					b.Plain[i].Least, b.Plain[j].Least = 0, 0
					return true
				}
			}
		}
		return false
	})
	put("a plain read lacks what was written", func(b *Record) bool {
		for i := len(b.Plain) - 1; i >= 0; i-- {
			for _, was := range b.Plain {
				if is := &b.Plain[i]; is.Least > 0 && was.Checklist == is.Checklist && was.Seq < is.Least {
					is.Answered = was.Answered
					is.Client = -1 // nobody who saw more
					return true
				}
			}
		}
		return false
	})
	put("a plain read shows what never was", func(b *Record) bool {
		i := len(b.Plain) - 1
		if i >= 0 {
			b.Plain[i].Marks[0] = '?'
		}
		return i >= 0
	})
	return broken
}

// CheckAll fails the test where the record does not hold, or a broken one does. It
// wants each way of being broken tried.
func (r Record) CheckAll(t testing.TB) {
	t.Helper()
	if err := r.Check(); err != nil {
		t.Error(err)
		return
	}
	t.Log(r)
	broken := r.Broken()
	if len(broken) < waysOfBreaking {
		t.Errorf("too little happened: a record can be broken in %d ways, this one in %d", waysOfBreaking, len(broken))
	}
	for what, b := range broken {
		err := b.Check()
		if err == nil {
			t.Errorf("a broken record passes: %s", what)
			continue
		}
		t.Logf("refused: %s", what)
	}
}

// waysOfBreaking is how many Broken knows.
const waysOfBreaking = 9
