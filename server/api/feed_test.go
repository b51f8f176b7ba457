package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cairn/events"
	"cairn/server/api"
	"cairn/server/commands"
)

func TestAFeedBeginsWhereItIsAskedTo(t *testing.T) {
	t.Parallel()
	h := serve(t, api.Config{})
	end := h.tasks(t, "plan", 3)
	for _, c := range []struct {
		name, query, lastID string
		after               events.Seq
	}{
		{"from the beginning", "?after=0", "", 0},
		{"behind a position", "?after=3", "", 3},
		{"the last id counts more than the address", "?after=0", "4", 4},
		{"for clients without headers", "?last_event_id=2", "", 2},
		{"from now on", "", "", end},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := listen(t.Context(), h.http.URL, c.query, c.lastID)
			if err != nil {
				t.Fatal(err)
			}
			defer r.close()
			f := r.must(t)
			var log struct {
				Origin     string
				Seq, After events.Seq
			}
			if err := json.Unmarshal([]byte(f.data), &log); err != nil {
				t.Fatal(err)
			}
			if f.event != "log" || log.Origin != h.app.Origin() || log.Seq != end || log.After != c.after || f.id != strconv.Itoa(int(c.after)) {
				t.Errorf("got %+v", f)
			}
			if c.after == end {
				return
			}
			for seq := c.after + 1; seq <= end; seq++ {
				f := r.must(t)
				if f.id != strconv.Itoa(int(seq)) || !strings.HasPrefix(f.event, "cairn.") {
					t.Fatalf("got %+v, want @%d", f, seq)
				}
			}
		})
	}
}

func TestAFeedIsTheLogAsItIsStored(t *testing.T) {
	t.Parallel()
	h := serve(t, api.Config{})
	h.tasks(t, "plan", 40)
	h.toggle(t, "plan", commands.Done, "3", "4")
	r := mustListen(t, h, "?after=0", "")
	for env, err := range h.log.Read(t.Context(), events.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		f := r.must(t)
		if want := string(events.Sequenced(env.Body, env.Seq)); f.data != want || f.event != string(env.Data.Kind()) {
			t.Fatalf("got %+v\nwant %s", f, want)
		}
	}
}

func TestAFeedSaysWhatIsFilteredOut(t *testing.T) {
	t.Parallel()
	h := serve(t, api.Config{Heartbeat: soon})
	h.tasks(t, "plan", 4)
	begin := h.tasks(t, "other", 4)
	h.toggle(t, "plan", commands.Done, "1") // +1
	h.toggle(t, "other", commands.Done, "2")
	h.toggle(t, "plan", commands.Start, "2")
	h.toggle(t, "other", commands.Drop, "3")
	h.do(t, "plan", commands.CommentTask{Task: "1", Text: "seen"}) // +5
	meta := metaOf("plan")
	meta.Actor.ID = "bob@example.com"
	if _, err := h.app.Execute(t.Context(), meta, commands.Transition{Verb: commands.Done, Tasks: []string{"2"}}); err != nil { // +6
		t.Fatal(err)
	}
	h.toggle(t, "other", commands.Done, "1") // +7
	for query, want := range map[string][]events.Seq{
		"checklist=plan":                                 {1, 3, 5, 6},
		"checklist=plan&task=1":                          {1, 5},
		"checklist=plan&task=2&actor=bob@example.com":    {6},
		"kind=cairn.task.completed.v1":                   {1, 2, 6, 7},
		"kind=task.started,cairn.task.dropped":           {3, 4},
		"kind=task.completed&checklist=other":            {2, 7},
		"actor=bob@example.com":                          {6},
		"system=true":                                    nil,
		"checklist=not-there-yet":                        nil,
		"":                                               {1, 2, 3, 4, 5, 6, 7},
		"kind=task.completed.v1&actor=ada@example.com":   {1, 2, 7},
		"checklist=plan&kind=task.completed&task=1":      {1},
		"checklist=other&actor=nobody&kind=task.dropped": nil,
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			r := mustListen(t, h, "?after="+strconv.Itoa(int(begin))+"&"+query, "")
			var got []events.Seq
			for at := begin; at < begin+7; {
				from, upto, skipped, err := r.must(t).positions()
				if err != nil || from != at+1 {
					t.Fatalf("@%d to @%d behind @%d: %v", from, upto, at, err)
				}
				if !skipped {
					got = append(got, from-begin)
				}
				at = upto
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestSkippedPositionsAreToldTogether(t *testing.T) {
	t.Parallel()
	h := serve(t, api.Config{})
	h.tasks(t, "plan", 4)
	begin := h.tasks(t, "other", 4)
	r := mustListen(t, h, "?checklist=plan", "")
	h.toggle(t, "other", commands.Done, "1")
	h.toggle(t, "other", commands.Done, "2")
	h.toggle(t, "plan", commands.Done, "1")
	if from, upto, skipped, err := r.must(t).positions(); err != nil || !skipped || from != begin+1 || upto != begin+2 {
		t.Errorf("got @%d to @%d, skipped %v, %v", from, upto, skipped, err)
	}
	if from, _, skipped, err := r.must(t).positions(); err != nil || skipped || from != begin+3 {
		t.Errorf("got @%d, skipped %v, %v", from, skipped, err)
	}
}

func TestAFeedRefusesPositionsOfAnotherLog(t *testing.T) {
	t.Parallel()
	h := serve(t, api.Config{})
	h.tasks(t, "plan", 3)
	for query, want := range map[string]int{
		"?after=900":                        http.StatusGone,
		"?after=2&origin=cairn/elsewhere":   http.StatusConflict,
		"?after=-1":                         http.StatusBadRequest,
		"?after=x":                          http.StatusBadRequest,
		"?task=3":                           http.StatusBadRequest,
		"?kind=nonsense":                    http.StatusBadRequest,
		"?checklist=No%20Name":              http.StatusBadRequest,
		"?unknown=1":                        http.StatusBadRequest,
		"?after=2&origin=" + h.app.Origin(): http.StatusOK,
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			r, err := listen(t.Context(), h.http.URL, query, "")
			if err != nil {
				t.Fatal(err)
			}
			defer r.close()
			if r.res.StatusCode != want {
				t.Fatalf("status %d, want %d", r.res.StatusCode, want)
			}
			if want == http.StatusOK {
				return
			}
			var p api.Problem
			if err := json.NewDecoder(r.res.Body).Decode(&p); err != nil || p.Status != want || p.Detail == "" {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}

// What somebody may see can change while they look; a feed of nobody ends.
func TestAFeedShowsWhatMayBeSeenNow(t *testing.T) {
	t.Parallel()
	var hidden atomic.Pointer[string]
	none, plan := "", "plan"
	hidden.Store(&none)
	var revoked atomic.Bool
	h := serve(t, api.Config{Heartbeat: soon, May: func(_ context.Context, name string) (bool, error) {
		if revoked.Load() {
			return false, &api.Problem{Status: http.StatusUnauthorized, Code: "unauthorized", Detail: "the token was revoked"}
		}
		return name != *hidden.Load(), nil
	}})
	begin := h.tasks(t, "plan", 4)
	r := mustListen(t, h, "", "")
	expect := func(want events.Seq, hide bool) {
		t.Helper()
		from, upto, skipped, err := r.must(t).positions()
		if err != nil || from != want || upto != want || skipped != hide {
			t.Fatalf("got @%d to @%d, skipped %v, %v; want @%d, %v", from, upto, skipped, err, want, hide)
		}
	}
	h.toggle(t, "plan", commands.Done, "1")
	expect(begin+1, false)
	hidden.Store(&plan)
	h.toggle(t, "plan", commands.Done, "2")
	expect(begin+2, true)
	hidden.Store(&none)
	h.toggle(t, "plan", commands.Done, "3")
	expect(begin+3, false)
	revoked.Store(true)
	h.toggle(t, "plan", commands.Done, "4")
	if f := r.must(t); f.event != "problem" || !strings.Contains(f.data, "revoked") {
		t.Errorf("got %+v", f)
	}
	if _, err := r.next(); !errors.Is(err, io.EOF) {
		t.Errorf("the stream goes on: %v", err)
	}
}

func TestAFeedEndsWithTheServer(t *testing.T) {
	t.Parallel()
	h := openHouse(t, t.TempDir(), api.Config{})
	begin := h.tasks(t, "plan", 2)
	r := mustListen(t, h, "?checklist=other", "")
	h.toggle(t, "plan", commands.Done, "1")
	if err := h.app.Wait(t.Context(), begin+1, time.Minute); err != nil {
		t.Fatal(err)
	}
	close(h.stop)
	for {
		f, err := r.next()
		if errors.Is(err, io.EOF) { // a clean end, and not one in the middle
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if from, upto, skipped, err := f.positions(); f.data != "" && (err != nil || !skipped || from != begin+1 || upto != begin+1) {
			t.Errorf("got @%d to @%d, skipped %v, %v", from, upto, skipped, err)
		}
	}
	h.stop = make(chan struct{})
	h.close(t)
}

// A reader that takes nothing is cut, and holds up nobody meanwhile.
func TestAReaderThatTakesNothingIsCut(t *testing.T) {
	t.Parallel()
	h := serve(t, api.Config{Stall: 200 * time.Millisecond})
	begin := h.tasks(t, "plan", 2)
	stuck := mustListen(t, h, "?after=0", "")
	quick := mustListen(t, h, "", "")
	long := strings.Repeat("x", 60_000)
	at := begin
	// The system's buffers take some megabytes first.
	for h.app.Feed().Subscribers() == 2 {
		at++
		h.do(t, "plan", commands.CommentTask{Task: "1", Text: long})
		for {
			from, _, _, err := quick.must(t).positions()
			if err != nil || from > at {
				t.Fatalf("@%d: %v", from, err)
			}
			if from == at {
				break
			}
		}
	}
	// What it had is whole up to where it ends.
	last := events.Seq(0)
	for {
		f, err := stuck.next()
		if err != nil {
			break
		}
		if f.data != "" {
			from, _, _, err := f.positions()
			if err != nil || from != last+1 {
				t.Fatalf("@%d behind @%d: %v", from, last, err)
			}
			last = from
		}
	}
	if last == 0 || last >= at {
		t.Errorf("the one that was cut had @%d of @%d", last, at)
	}
}
