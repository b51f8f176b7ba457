package burndown

// Moves are what changed how much work remains, counted since the first event.
// Work that came in done, or left the scope so, changed nothing of it and is in
// none of them.
type Moves struct {
	// Closed and Reopened are how often work was done, and was open again.
	Closed   int `json:"closed"`
	Reopened int `json:"reopened"`
	// Added is open work that came into the scope, Dropped what was decided
	// against, Removed what left it otherwise.
	Added   int `json:"added"`
	Dropped int `json:"dropped"`
	Removed int `json:"removed"`
	// Regrouped is by how much remains more, or less, where work was only divided
	// or put together otherwise.
	Regrouped int `json:"regrouped"`
}

// Moves returns what made the work that remains: its Net is that. Call it only
// between commands.
func (s *Series) Moves() Moves {
	s.settle()
	return s.moves
}

// Remaining returns the work that is left. Call it only between commands.
func (s *Series) Remaining() int {
	s.settle()
	return s.cur.Work.Remaining()
}

// Scope returns the work that is done or to be done. Call it only between
// commands.
func (s *Series) Scope() int {
	s.settle()
	return s.cur.Work.Scope()
}

// Net is by how much remains more.
func (m Moves) Net() int {
	return m.Reopened + m.Added + m.Regrouped - m.Closed - m.Dropped - m.Removed
}

// Since returns the moves after those of an earlier moment.
func (m Moves) Since(earlier Moves) Moves {
	return Moves{
		Closed: m.Closed - earlier.Closed, Reopened: m.Reopened - earlier.Reopened, Added: m.Added - earlier.Added,
		Dropped: m.Dropped - earlier.Dropped, Removed: m.Removed - earlier.Removed, Regrouped: m.Regrouped - earlier.Regrouped,
	}
}

// open returns n for work that is not done, 0 for any other.
func (c class) open(n int) int {
	if c.work() && c != done {
		return n
	}
	return 0
}

func (m *Moves) came(now class, weight int) { m.Added += now.open(weight) }

func (m *Moves) left(before, now class, weight int) {
	if now == dropped {
		m.Dropped += before.open(weight)
		return
	}
	m.Removed += before.open(weight)
}

func (m *Moves) regrouped(before class, had int, now class, has int) {
	m.Regrouped += now.open(has) - before.open(had)
}

// weighs counts that work weighs more, or less.
func (m *Moves) weighs(before class, more int) {
	if more > 0 {
		m.Added += before.open(more)
	} else {
		m.Removed -= before.open(more)
	}
}
