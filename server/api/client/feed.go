package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"cairn/events"
	"cairn/events/natslog"
)

// Notices are told how it goes with a subscription. Each may be nil.
type Notices struct {
	// Gone is called when the server is away, and again whenever it still is; an
	// error ends the subscription with it.
	Gone func(why error) error
	// Back is called when the subscription goes on where it was, with nothing missed
	// and nothing repeated.
	Back func()
}

const (
	// firstWait and longestWait are how long it takes until a server that is away is
	// asked again, at first and in the end; each wait is drawn from its upper half.
	firstWait, longestWait = 100 * time.Millisecond, 5 * time.Second
	// silence is how long a server may say nothing: it has a heartbeat of 15 s.
	silence = 45 * time.Second
)

// Follow is Subscribe without notices.
func (r *remote) Follow(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error] {
	return r.subscribe(ctx, f, Notices{})
}

// Subscribe yields what the filter selects as it comes, as Follow does: each event
// once, whatever happens to the connection or to the server. It accounts for every
// position of the log behind f.After: one that is missing is events.ErrIntegrity,
// and so is a server that has another log by now.
func (a *App) Subscribe(ctx context.Context, f events.Filter, n Notices) iter.Seq2[events.Envelope, error] {
	return a.r.subscribe(ctx, f, n)
}

func (r *remote) subscribe(ctx context.Context, f events.Filter, n Notices) iter.Seq2[events.Envelope, error] {
	return func(yield func(events.Envelope, error) bool) {
		s := &subscription{r: r, filter: f, at: f.After}
		wait, away := firstWait, false
		for {
			stopped := false
			err := s.connect(ctx, func() {
				if wait = firstWait; away && n.Back != nil {
					n.Back()
				}
				away = false
			}, func(env events.Envelope) bool {
				stopped = !yield(env, nil)
				return !stopped
			})
			switch {
			case stopped:
				return
			case ctx.Err() != nil:
				yield(events.Envelope{}, ctx.Err())
				return
			case !errors.Is(err, events.ErrUnavailable):
				if away && s.look(ctx) {
					continue // that was what was opened before
				}
				yield(events.Envelope{}, err)
				return
			}
			away = true
			if n.Gone != nil {
				if err := n.Gone(err); err != nil {
					yield(events.Envelope{}, err)
					return
				}
			}
			select {
			case <-time.After(wait/2 + rand.N(wait/2)):
			case <-ctx.Done():
			}
			wait = min(2*wait, longestWait)
			s.look(ctx)
		}
	}
}

// subscription is one reader of the feed, over many connections.
type subscription struct {
	r      *remote
	filter events.Filter
	at     events.Seq // up to which everything was accounted for
}

// look finds out where the server is by now, and reports whether that is new.
func (s *subscription) look(ctx context.Context) bool {
	if s.r.config.Where == nil {
		return false
	}
	now, err := s.r.config.Where(ctx)
	if err == nil && now != *s.r.at.Load() {
		s.r.at.Store(&now)
		return true
	}
	return false
}

// connect reads one connection to its end, which is an error unless take wants no
// more. It calls begun once the server answered.
func (s *subscription) connect(whole context.Context, begun func(), take func(events.Envelope) bool) error {
	ctx, cancel := context.WithCancel(whole)
	defer cancel()
	alive := time.AfterFunc(silence, cancel)
	defer alive.Stop()
	q := query(s.filter)
	q.Set("after", itoa(s.at))
	q.Set("origin", s.r.origin)
	res, err := s.r.feed(ctx, q)
	if err != nil {
		if ctx.Err() != nil && whole.Err() == nil {
			err = s.r.unavailable(errors.New("it says nothing"))
		}
		return err
	}
	defer res.Body.Close()
	in := &sse{in: bufio.NewReaderSize(res.Body, 16<<10)}
	for {
		m, err := in.next()
		if err != nil {
			return s.r.unavailable(err)
		}
		alive.Reset(silence)
		if m.data == nil {
			continue
		}
		env, err := s.read(m, begun)
		if err != nil {
			return err
		}
		if env.Seq != 0 && !take(env) {
			return nil
		}
	}
}

// feed opens a stream. Its answer comes at once, its end never.
func (r *remote) feed(ctx context.Context, q url.Values) (*http.Response, error) {
	return r.do(ctx, http.MethodGet, "/events?"+q.Encode(), http.Header{"Accept": {"text/event-stream"}}, nil)
}

// read takes in one message; it returns the zero envelope where that is none.
func (s *subscription) read(m message, begun func()) (events.Envelope, error) {
	var none events.Envelope
	switch m.event {
	case "log":
		var l struct {
			Origin     string
			Seq, After events.Seq
		}
		if err := json.Unmarshal(m.data, &l); err != nil {
			return none, s.r.unavailable(err)
		}
		if l.Origin != s.r.origin || l.After != s.at {
			return none, &natslog.Error{
				Err: events.ErrIntegrity, Message: fmt.Sprintf("the log at %s is another one now: %s, not %s", s.r.at.Load().URL, l.Origin, s.r.origin),
			}
		}
		begun()
		return none, nil
	case "skipped":
		var k struct{ From, Upto events.Seq }
		if err := json.Unmarshal(m.data, &k); err != nil {
			return none, s.r.unavailable(err)
		}
		return none, s.account(k.From, k.Upto)
	case "problem":
		var p problem
		if err := json.Unmarshal(m.data, &p); err != nil {
			return none, s.r.unavailable(err)
		}
		return none, p.err()
	}
	env, err := decode(m.data)
	if err != nil {
		return none, err
	}
	return env, s.account(env.Seq, env.Seq)
}

// account moves on over positions, which must be the next.
func (s *subscription) account(from, upto events.Seq) error {
	if from != s.at+1 || upto < from {
		return &natslog.Error{
			Err: events.ErrIntegrity, Message: fmt.Sprintf("the feed of %s has a hole: @%d to @%d came behind @%d", s.r.at.Load().URL, from, upto, s.at),
		}
	}
	s.at = upto
	s.r.heard(upto)
	return nil
}
