package app

import "time"

// Stale reports whether the views may be behind the log because it cannot be
// reached, and for how long that has been so. An error that does not end by itself
// counts as well.
func (s *Shared) Stale() (since time.Duration, stale bool) {
	if l, ok := s.feed.log.(interface{ Away() time.Duration }); ok {
		since = l.Away()
	}
	if began, err := s.feed.Health(); err != nil {
		since, stale = max(since, s.now().Sub(began)), true
	}
	return since, stale || since > 0
}
