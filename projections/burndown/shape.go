package burndown

import (
	"cairn/events"
	"cairn/projections/checklist"
)

// class is what a task counts as.
type class uint8

const (
	absent    class = iota // not in the document
	parent                 // stands for what is under it
	risk                   // a risk, or what mitigates one
	repeating              // comes again
	dropped                // left the scope, or stands under what did
	todo
	inProgress
	onHold
	done
)

// work reports whether a task of that class is in the scope.
func (c class) work() bool { return c >= todo }

// place is where a task stands.
type place struct {
	class   class
	under   bool  // something dropped
	parent  int32 // the task's key that it stands in; 0 for none
	section int32 // of the top level; 0 for none
}

func classOf(s events.State) class {
	switch s {
	case events.InProgress:
		return inProgress
	case events.OnHold:
		return onHold
	case events.Done:
		return done
	case events.Dropped:
		return dropped
	default:
		return todo
	}
}

// add counts a task of a class.
func (c *Counts) add(of class, n int) {
	switch of {
	case todo:
		c.Todo += n
	case inProgress:
		c.InProgress += n
	case onHold:
		c.OnHold += n
	case done:
		c.Done += n
	case dropped:
		c.Dropped += n
	}
}

// survey looks at each task of the document.
type survey struct {
	tasks     []place
	work, all Counts
}

func (v *survey) visit(b *checklist.Block, at place, aboutRisk bool) (tasks int) {
	for _, child := range b.Children {
		switch {
		case child.Section != nil:
			in := at
			if in.section == 0 {
				in.section = int32(child.Section.Key)
			}
			tasks += v.visit(child, in, aboutRisk || child.Section.Risky())
		case child.Task != nil:
			tasks += 1 + v.task(child, at, aboutRisk)
		default:
			tasks += v.visit(child, at, aboutRisk)
		}
	}
	return tasks
}

func (v *survey) task(b *checklist.Block, at place, aboutRisk bool) (under int) {
	in := at
	in.parent = int32(b.Task.Key)
	in.under = at.under || b.Task.State == events.Dropped
	under = v.visit(b, in, aboutRisk)
	v.all.add(classOf(b.Task.State), 1)
	switch {
	case b.Task.Every != "":
		at.class = repeating
	case aboutRisk:
		at.class = risk
	case under > 0:
		at.class = parent
	case at.under:
		at.class = dropped
	default:
		at.class = classOf(b.Task.State)
	}
	v.work.add(at.class, 1)
	for len(v.tasks) <= b.Task.Key {
		v.tasks = append(v.tasks, place{})
	}
	v.tasks[b.Task.Key] = at
	return under
}

// reshape looks at the document anew, and tells what changed since it last did.
func (s *Series) reshape() {
	v := survey{tasks: make([]place, 0, len(s.tasks))}
	v.visit(s.st.Root(), place{}, false)
	for len(v.tasks) < len(s.tasks) {
		v.tasks = append(v.tasks, place{})
	}
	for len(s.tasks) < len(v.tasks) {
		s.tasks = append(s.tasks, place{})
	}
	was := s.tasks
	s.tasks, s.cur.Work, s.cur.All = v.tasks, v.work, v.all
	// parted are leaves that got tasks under them, closed up those that lost
	// theirs.
	parted := func(key int) bool { return was[key].class.work() && v.tasks[key].class == parent }
	closedUp := func(key int) bool { return was[key].class == parent && v.tasks[key].class.work() }
	for key := range v.tasks {
		before, now := was[key].class, v.tasks[key].class
		switch {
		case before == now:
			continue
		case before.work() && now.work():
			s.count(v.tasks[key].section, before, now)
			continue
		case before.work() == now.work():
			continue
		}
		s.pending.Tasks = append(s.pending.Tasks, key)
		n := 1
		if before.work() {
			n = -1
		}
		if parted(key) || closedUp(key) ||
			before == absent && within(v.tasks, key, parted) || now == absent && within(was, key, closedUp) {
			s.regroup(n)
			s.moves.regrouped(before, now)
			continue
		}
		s.rescope(n)
		if n > 0 {
			s.moves.came(now)
		} else {
			s.moves.left(before, now)
		}
	}
}

// within reports whether a task stands in one of which is says so.
func within(tasks []place, key int, is func(int) bool) bool {
	for at := int(tasks[key].parent); at != 0; at = int(tasks[at].parent) {
		if is(at) {
			return true
		}
	}
	return false
}

// count notes that work in a section went from one state to another.
func (s *Series) count(section int32, before, now class) {
	flow := s.flow[section]
	switch {
	case now == done:
		s.cur.Completed++
		s.moves.Closed++
		flow.Completed++
	case before == done:
		s.cur.Reopened++
		s.moves.Reopened++
		flow.Reopened++
	}
	s.flow[section] = flow
}

func (s *Series) regroup(n int) {
	s.cur.Regrouped += n
	s.pending.Regrouped += n
}

func (s *Series) rescope(n int) {
	if n > 0 {
		s.cur.Added += n
		s.pending.Added += n
		return
	}
	s.cur.Removed -= n
	s.pending.Removed -= n
}
