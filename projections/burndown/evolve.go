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
	if s.weight != nil {
		s.weight.cur.Seq = env.Seq
	}
	switch e := env.Data.(type) {
	case *events.TaskStarted, *events.TaskHeld, *events.TaskCompleted, *events.TaskDropped, *events.TaskReopened:
		if before.ok {
			s.transition(env, before)
		}
	case *events.TaskScheduled:
		s.shape = s.shape || e.Every.Present
	case *events.TaskEstimated:
		s.weighs()
	case *events.ChecklistDescribed:
		s.zone = s.st.Zone()
	case *events.ChecklistBaselined:
		s.settle()
		s.baselines = append(s.baselines, Baseline{
			Name: e.Name, Seq: env.Seq, At: env.EffectiveTime, Day: s.cur.Date, Start: e.Start, Finish: e.Finish, Remaining: s.cur.Work.Remaining(), weighed: s.weighed(),
		})
	case *events.ReviewRecorded:
		s.settle()
		s.reviews = append(s.reviews, Review{env.Seq, env.EffectiveTime, s.cur.Date, s.cur.Work.Remaining(), s.weighed()})
	case *events.TaskAdded:
		s.shape = true
		if e.Estimate != "" {
			s.weighs()
		}
	case *events.SectionAdded, *events.SectionRetitled, *events.SectionMoved, *events.SectionRemoved, *events.SectionRestored,
		*events.TaskMoved, *events.TaskRemoved, *events.TaskRestored, *events.TaskSeparated, *events.TaskJoined,
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
	for _, l := range s.ledgers() {
		l.transition(before, state)
	}
}

// transition counts a task in its new state, where nothing else changed.
func (l *ledger) transition(before transition, state events.State) {
	p := &l.tasks[before.key]
	was, now := p.class, classOf(state)
	work := was >= dropped && !p.under
	if l.weighs && work && (was == dropped || now == dropped) {
		l.stale = true // the median is one of the scope
	}
	if l.stale {
		return
	}
	l.cur.All.add(classOf(before.state), -1)
	l.cur.All.add(now, 1)
	if !work {
		return
	}
	p.class = now
	l.cur.Work.add(was, -p.weight)
	l.cur.Work.add(now, p.weight)
	switch {
	case now == dropped:
		l.pending.Tasks = append(l.pending.Tasks, before.key)
		l.rescope(-p.weight)
		l.moves.left(was, now, p.weight)
	case was == dropped:
		l.pending.Tasks = append(l.pending.Tasks, before.key)
		l.rescope(p.weight)
		l.moves.came(now, p.weight)
	default:
		l.count(p.section, was, now, p.weight)
	}
}

// weighed is what is left now, in estimates.
func (s *Series) weighed() weighed {
	if s.weight == nil {
		return weighed{}
	}
	return weighed{s.weight.cur.Work.Remaining(), s.weight.cur.Measure}
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
