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
	weight  int   // what it counts as: 1, or its estimate
	given   bool  // it has an estimate of its own that counts
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
	estimates []estimate // by key; nil where nobody asks
	all       Counts
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
	at.weight = 1
	for len(v.tasks) <= b.Task.Key {
		v.tasks = append(v.tasks, place{})
	}
	v.tasks[b.Task.Key] = at
	if v.estimates != nil {
		for len(v.estimates) < len(v.tasks) {
			v.estimates = append(v.estimates, estimate{})
		}
		v.estimates[b.Task.Key] = parseEstimate(b.Task.Estimate)
	}
	return under
}

// reshape looks at the document anew, and tells what changed since it last did.
func (l *ledger) reshape(st *checklist.State) {
	v := survey{tasks: make([]place, 0, len(l.tasks))}
	if l.weighs {
		v.estimates = make([]estimate, 0, len(l.tasks))
	}
	v.visit(st.Root(), place{}, false)
	turns := false
	if l.weighs {
		before := l.cur.Measure
		l.cur.Measure = weigh(v.tasks, v.estimates)
		turns = l.cur.in != before.in && l.cur.Work != Counts{}
		l.cur.turned = before.turned || turns
	}
	for len(v.tasks) < len(l.tasks) {
		v.tasks = append(v.tasks, place{})
	}
	for len(l.tasks) < len(v.tasks) {
		l.tasks = append(l.tasks, place{})
	}
	was := l.tasks
	l.tasks, l.cur.Work, l.cur.All = v.tasks, Counts{}, v.all
	for key := range v.tasks {
		l.cur.Work.add(v.tasks[key].class, v.tasks[key].weight)
		l.compare(was, v.tasks, key)
	}
	if turns { // from time to points: the difference is neither
		l.cur.Added, l.cur.Removed, l.cur.Regrouped = 0, 0, 0
		l.pending.Added, l.pending.Removed, l.pending.Regrouped = 0, 0, 0
	}
}

// compare tells what became of a task.
func (l *ledger) compare(was, is []place, key int) {
	// parted are leaves that got tasks under them, closed up those that lost
	// theirs.
	parted := func(key int) bool { return was[key].class.work() && is[key].class == parent }
	closedUp := func(key int) bool { return was[key].class == parent && is[key].class.work() }
	before, now := was[key].class, is[key].class
	had, has := was[key].weight, is[key].weight
	switch {
	case before.work() && now.work():
		if had != has {
			l.rescope(has - had)
			l.moves.weighs(before, has-had)
			if was[key].given || is[key].given { // the others follow the median
				l.pending.Tasks = append(l.pending.Tasks, key)
			}
		}
		if before != now {
			l.count(is[key].section, before, now, has)
		}
		return
	case before.work() == now.work():
		return
	}
	l.pending.Tasks = append(l.pending.Tasks, key)
	n := has
	if before.work() {
		n = -had
	}
	if parted(key) || closedUp(key) ||
		before == absent && within(is, key, parted) || now == absent && within(was, key, closedUp) {
		l.regroup(n)
		l.moves.regrouped(before, had, now, has)
		return
	}
	l.rescope(n)
	if now.work() {
		l.moves.came(now, has)
	} else {
		l.moves.left(before, now, had)
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

// count notes that work of a weight, in a section, went from one state to another.
func (l *ledger) count(section int32, before, now class, weight int) {
	flow := l.flow[section]
	switch {
	case now == done:
		l.cur.Completed += weight
		l.moves.Closed += weight
		l.cur.closed++
		flow.Completed += weight
		flow.closed++
	case before == done:
		l.cur.Reopened += weight
		l.moves.Reopened += weight
		l.cur.closed--
		flow.Reopened += weight
		flow.closed--
	}
	l.flow[section] = flow
}

func (l *ledger) regroup(n int) {
	l.cur.Regrouped += n
	l.pending.Regrouped += n
}

func (l *ledger) rescope(n int) {
	if n > 0 {
		l.cur.Added += n
		l.pending.Added += n
		return
	}
	l.cur.Removed -= n
	l.pending.Removed -= n
}
