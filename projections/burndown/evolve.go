package burndown

import (
	"cairn/events"
	"cairn/projections/checklist"
)

// transition is a task whose state an event changes.
type transition struct {
	key   int
	state events.State // before
	ok    bool
}

// before notes the state that a task has.
func (s *Series) before(data events.Event) transition {
	key := 0
	switch e := data.(type) {
	case *events.TaskStarted:
		key = e.Key
	case *events.TaskHeld:
		key = e.Key
	case *events.TaskCompleted:
		key = e.Key
	case *events.TaskDropped:
		key = e.Key
	case *events.TaskReopened:
		key = e.Key
	}
	b := s.st.Task(key)
	if b == nil {
		return transition{}
	}
	return transition{key: key, state: b.Task.State, ok: true}
}

// after counts what an event changed.
func (s *Series) after(env events.Envelope, before transition) {
	s.cur.Seq = env.Seq
	switch e := env.Data.(type) {
	case *events.TaskStarted, *events.TaskHeld, *events.TaskCompleted, *events.TaskDropped, *events.TaskReopened:
		if before.ok {
			s.transition(env, before)
		}
	case *events.TaskScheduled:
		s.shape = s.shape || e.Every.Present
	case *events.ChecklistDescribed:
		s.zone = s.st.Zone()
	case *events.ChecklistBaselined:
		s.settle()
		s.baselines = append(s.baselines, Baseline{
			Name: e.Name, Seq: env.Seq, At: env.EffectiveTime, Day: s.cur.Date, Start: e.Start, Finish: e.Finish, Remaining: s.cur.Work.Remaining(),
		})
	case *events.ReviewRecorded:
		s.settle()
		s.reviews = append(s.reviews, Review{env.Seq, env.EffectiveTime, s.cur.Date, s.cur.Work.Remaining()})
	case *events.SectionAdded, *events.SectionRetitled, *events.SectionMoved, *events.SectionRemoved, *events.SectionRestored,
		*events.TaskAdded, *events.TaskMoved, *events.TaskRemoved, *events.TaskRestored, *events.TaskSeparated, *events.TaskJoined,
		*events.TextRemoved, *events.TextRestored:
		s.shape = true
	}
}

// transition counts a task in its new state.
func (s *Series) transition(env events.Envelope, before transition) {
	b := s.st.Task(before.key)
	state := b.Task.State
	if state == before.state {
		return
	}
	s.time(env, before, state)
	if s.shape || before.key >= len(s.tasks) {
		s.shape = true
		return
	}
	if (state == events.Dropped || before.state == events.Dropped) && hasTasks(b) {
		s.shape = true // what is under it leaves the scope with it
		return
	}
	s.cur.All.add(classOf(before.state), -1)
	s.cur.All.add(classOf(state), 1)
	p := &s.tasks[before.key]
	if p.class < dropped || p.under {
		return // no work
	}
	was := p.class
	p.class = classOf(state)
	s.cur.Work.add(was, -1)
	s.cur.Work.add(p.class, 1)
	switch {
	case p.class == dropped:
		s.pending.Tasks = append(s.pending.Tasks, before.key)
		s.rescope(-1)
		s.moves.left(was, p.class)
	case was == dropped:
		s.pending.Tasks = append(s.pending.Tasks, before.key)
		s.rescope(1)
		s.moves.came(p.class)
	default:
		s.count(p.section, was, p.class)
	}
}

func hasTasks(b *checklist.Block) bool { return len(b.Children) > 0 && !b.Leaf() }

// time notes when work is started and done, as the actors say.
func (s *Series) time(env events.Envelope, before transition, state events.State) {
	key := before.key
	switch state {
	case events.InProgress:
		if _, ok := s.started[key]; !ok {
			s.started[key] = env.Time
		}
	case events.Done:
		s.closings[key] = Closing{Key: key, Start: s.started[key], Done: env.Time, Day: s.cur.Date, By: env.Actor}
	}
}
