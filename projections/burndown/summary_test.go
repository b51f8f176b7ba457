package burndown_test

import (
	"math"
	"testing"

	"cairn/projections/burndown"
	"cairn/server/commands"
)

// A day that is not over counts for what is left, and not yet for the plan; how it
// stood a week ago stands beside it.
func TestSummary(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2026-11-16T10:00").importing("- [ ] a\n- [ ] b\n- [ ] c\n- [ ] d\n- [ ] e\n- [ ] f\n- [ ] g\n- [ ] h\n- [ ] i\n- [ ] j\n")
	w.do(commands.Plan{Finish: p("2026-11-27")}) // ten working days, one each
	w.at("2026-11-17T10:00").do(verb(commands.Done, "1", "2"))
	w.at("2026-11-24T10:00").do(verb(commands.Done, "3", "4"))
	s := w.series(nil)

	v := s.Summarise("plan", "2026-11-24", true, burndown.Options{})
	// Six are left. At the end of Monday, the last day that is over, the line has
	// four: two more, two days behind. A week ago eight were left of eight.
	if got := v.Now; got.Left != 6 || got.Over != 2 || got.Behind != 2 || !math.IsNaN(got.Chance) {
		t.Errorf("now: got %+v", got)
	}
	if v.Before == nil || v.Before.Day != "2026-11-17" || v.Before.Left != 8 || v.Before.Over != 0 || v.Review {
		t.Errorf("a week ago: got %+v", v.Before)
	}
	// In the evening the line has three.
	if got := s.Summarise("plan", "2026-11-24", false, burndown.Options{}).Now; got.Over != 3 || got.Behind != 3 {
		t.Errorf("in the evening: got %+v", got)
	}
	// A clock that is behind the log sees the log's last day.
	if got := s.Summarise("plan", "2026-11-18", true, burndown.Options{}); got.Today != "2026-11-24" || got.Now.Left != 6 {
		t.Errorf("before: got %s and %+v", got.Today, got.Now)
	}
	if got := s.Summarise("plan", "2026-11-24", true, burndown.Options{All: true}); got.NoForecast == nil || got.Days[0].Work.Scope() != 10 {
		t.Errorf("all: got %+v", got.NoForecast)
	}
	if got := burndown.New().Summarise("plan", "2026-11-24", true, burndown.Options{}); len(got.Days) != 0 || got.NoForecast == nil {
		t.Errorf("nothing: got %+v", got)
	}
}
