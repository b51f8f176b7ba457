package api_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"cairn/events"
	"cairn/server/api"
	"cairn/server/app"
)

// reporting is a backend over a log of several servers, of which the test says what
// was reported.
type reporting struct {
	*app.Shared

	mu       sync.Mutex // guards below
	last     events.Seq
	asked    []string // for what was reported, of which checklist
	told     []string // what was confirmed
	unheard  error    // what a question answers
	unspoken error    // what a confirmation answers
}

func (r *reporting) Reported(_ context.Context, name string) (events.Seq, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, name)
	return r.last, r.unheard
}

func (r *reporting) Confirm(_ context.Context, name string, seq events.Seq) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name == "" {
		seq = 0 // it is all that was read
	}
	r.told = append(r.told, fmt.Sprintf("%s@%d", name, seq))
	return r.unspoken
}

// A fresh answer rests on what was reported of what it is about, and is confirmed
// where it holds more, before anybody sees it. A plain one asks nobody.
func TestFresh(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	d.do("CompleteTask", `{"tasks":["1"]}`)
	end := d.app.End()
	for _, row := range []struct {
		path, asked string
		told        string // where the answer holds more than was reported
		holds       bool   // also where it does not, as more may have been read
	}{
		{list, "migration", fmt.Sprintf("migration@%d", end), false},
		{list + "/tasks", "migration", fmt.Sprintf("migration@%d", end), false},
		{list + "/log", "migration", fmt.Sprintf("migration@%d", end), false},
		{list + "/burndown", "migration", fmt.Sprintf("migration@%d", end), false},
		{list + "/document", "migration", fmt.Sprintf("migration@%d", end), false},
		{"/api/v1/checklists", "", "@0", true},
		{"/api/v1/log", "", "@0", true},
		{"/api/v1", "", "@0", true},
		{"/api/v1/users", "", "@0", true},
	} {
		ask := func(reported events.Seq, query string, unspoken error) (reply, *reporting) {
			r := &reporting{Shared: d.app, last: reported, unspoken: unspoken}
			return d.over(r, api.Config{}).get(row.path + query), r
		}
		check := func(what string, r *reporting, asked, told []string) {
			t.Helper()
			if !slices.Equal(r.asked, asked) || !slices.Equal(r.told, told) {
				t.Errorf("%s, %s: asked about %q and confirmed %q, want %q and %q", row.path, what, r.asked, r.told, asked, told)
			}
		}
		res, r := ask(end, "", nil)
		res.want(t, http.StatusOK)
		check("plain", r, nil, nil)

		res, r = ask(end-1, "?fresh=1", nil)
		res.want(t, http.StatusOK)
		check("it holds more", r, []string{row.asked}, []string{row.told})

		var told []string
		if row.holds {
			told = []string{row.told}
		}
		res, r = ask(end, "?fresh=1", nil)
		res.want(t, http.StatusOK)
		check("it holds as much", r, []string{row.asked}, told)

		res, _ = ask(end-1, "?fresh=1", events.ErrUnavailable)
		if res.want(t, http.StatusServiceUnavailable); strings.Contains(string(res.body), "umbrella") {
			t.Errorf("%s: what could not be confirmed is told: %s", row.path, res.body)
		}
	}
	r := &reporting{Shared: d.app, last: end + 1}
	if got := d.over(r, api.Config{}).get(list+"?fresh=1").want(t, http.StatusServiceUnavailable).code(t); got != "unavailable" || len(r.told) > 0 {
		t.Errorf("what was reported is not there yet: got %s, confirmed %q", got, r.told)
	}
	r = &reporting{Shared: d.app, last: end, unheard: events.ErrUnavailable}
	d.over(r, api.Config{}).get(list+"?fresh=1").want(t, http.StatusServiceUnavailable)

	// A feed from where another server is: that this one is behind is no damage.
	for reported, status := range map[events.Seq]int{end + 1: http.StatusServiceUnavailable, end: http.StatusGone} {
		r := &reporting{Shared: d.app, last: reported}
		d.over(r, api.Config{}).get(fmt.Sprintf("/api/v1/events?after=%d", end+1)).want(t, status)
	}
}
