package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"time"

	"cairn/events"
)

// standing is how the views stand to the log.
type standing struct {
	position events.Seq
	behind   events.Seq    // how many events they do not hold
	age      time.Duration // for how long the first of them has been there
	err      error         // why that is not known, or the reader does not run
	reason   string        // the same for everybody
}

// mostBehind is how long an event may be in the log before views that do not hold
// it are taken for stalled.
const mostBehind = 10 * time.Second

func (d *door) standing(ctx context.Context) standing {
	s := standing{position: d.app.Feed().Position()}
	if since, err := d.app.Feed().Health(); err != nil {
		s.err, s.reason = fmt.Errorf("the log is not read since %s: %w", since.UTC().Format(time.RFC3339), err), "the log is not read any more"
	}
	last, err := d.app.Last(ctx)
	if err != nil {
		s.err, s.reason = fmt.Errorf("the log does not answer: %w", err), "the log does not answer"
		return s
	}
	if last <= s.position {
		return s
	}
	s.behind = last - s.position
	for env, err := range d.app.Events(ctx, events.Filter{After: s.position, Upto: last}) {
		if err == nil {
			s.age = max(d.now().Sub(env.RecordedTime), 0)
		}
		break
	}
	return s
}

// writer is a Backend whose log may have stopped taking changes.
type writer interface {
	// Stopped returns why nothing can be stored; nil where it can.
	Stopped() error
}

// ready returns why the server should be asked nothing; nil if it should. It says
// nothing of the log to who may be anybody: operators read the server's log.
func (d *door) ready(ctx context.Context) *Problem {
	s := d.standing(ctx)
	var reason string
	var stopped error
	if w, ok := d.app.(writer); ok {
		stopped = w.Stopped()
	}
	switch {
	case stopped != nil:
		s.err, reason = stopped, "nothing is stored any more"
		var errno syscall.Errno
		if errors.As(stopped, &errno) {
			reason += ": " + errno.Error()
		}
	case s.err != nil:
		reason = s.reason
	case s.age > mostBehind:
		reason = "the views are behind the log"
	default:
		return nil
	}
	d.config.Log.Warn("not ready", "reason", reason, "position", s.position, "behind", s.behind, "for", s.age.Round(time.Second), "err", s.err)
	p := problem(http.StatusServiceUnavailable, "not_ready", 6, reason)
	p.retry = 5
	return p
}

// Opening answers for a server that opens its log: it lives, and is not ready.
func Opening() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		p := problem(http.StatusServiceUnavailable, "unavailable", 6, "the log is being opened").hinted("Try again in a moment.")
		p.retry = 1
		write(w, p)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	return mux
}

// health registers what a supervisor asks. Whether the server lives and is ready,
// everybody may know, and no more; its figures are for those who are let in.
func (d *door) health(mux *routes) {
	say := func(w http.ResponseWriter, text string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		fmt.Fprintln(w, text)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if err := d.app.Feed().Ended(); err != nil {
			d.config.Log.Error("not alive", "err", err)
			write(w, problem(http.StatusServiceUnavailable, "not_alive", 7, "the log is not read any more, for good"))
			return
		}
		say(w, "alive")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), waitForSeq)
		defer cancel()
		if p := d.ready(ctx); p != nil {
			write(w, p)
			return
		}
		say(w, "ready")
	})
	mux.HandleFunc("GET /metrics", d.admitted(d.metrics.Handler().ServeHTTP))
}
