package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"cairn/events"
	"cairn/server/app"
)

// stream is one reader of the feed.
type stream struct {
	d      *door
	w      io.Writer
	c      *http.ResponseController
	cursor *app.Cursor
	wanted func(*events.Envelope) bool
	// told is the position up to which the reader can account for everything.
	told events.Seq
	// unsent says that something waits to be flushed.
	unsent bool
}

// retryAfter is how long a browser waits before it connects again, in
// milliseconds.
const retryAfter = 1000

// stream writes what comes behind a position until the reader leaves, takes
// nothing for too long, or the server stops.
func (d *door) stream(ctx context.Context, w http.ResponseWriter, after events.Seq, wanted func(*events.Envelope) bool) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // proxies that gather answers
	s := &stream{d: d, w: w, c: http.NewResponseController(w), cursor: d.app.Feed().Subscribe(after), wanted: wanted, told: after}
	defer s.cursor.Close()
	d.streams.Add(1)
	defer d.streams.Add(-1)
	// Whoever comes next on this connection has a time of its own.
	defer func() { _ = s.c.SetWriteDeadline(time.Time{}) }()
	s.deadline()
	s.write("retry: " + strconv.Itoa(retryAfter) + "\nid: " + itoa(after) + "\nevent: log\ndata: ")
	s.write(about(d.app.Origin(), max(d.app.End(), after), after) + "\n\n")
	if s.flush() == nil {
		s.run(ctx)
	}
}

// about is the data of the first event.
func about(origin string, end, after events.Seq) string {
	b, err := json.Marshal(struct {
		Origin string     `json:"origin"`
		Seq    events.Seq `json:"seq"`
		After  events.Seq `json:"after"`
	}{origin, end, after})
	if err != nil {
		panic(err) // strings and numbers
	}
	return string(b)
}

// run goes on until the reader is gone.
func (s *stream) run(ctx context.Context) {
	beat := time.NewTimer(s.d.heartbeat())
	defer beat.Stop()
	mine := func(env *events.Envelope) (bool, error) { return s.mine(ctx, env) }
	for !s.stopping() {
		entries, more, err := s.cursor.Next(ctx, mine)
		if len(entries) > 0 {
			s.deadline()
			for _, e := range entries {
				s.event(e)
			}
			beat.Reset(s.d.heartbeat())
		}
		if err != nil {
			s.end(ctx, err)
			return
		}
		if more == nil && ctx.Err() == nil {
			continue // there is more at once; full buffers go by themselves
		}
		if s.unsent && s.flush() != nil {
			return
		}
		select {
		case <-more:
		case <-beat.C:
			s.deadline()
			s.skipped(s.cursor.At())
			s.write(": \n\n")
			if s.flush() != nil {
				return
			}
			beat.Reset(s.d.heartbeat())
		case <-s.d.config.Stopping:
		case <-ctx.Done():
			return
		}
	}
	s.deadline()
	s.skipped(s.cursor.At())
	_ = s.flush() // the last words
}

// stopping reports whether the server stops.
func (s *stream) stopping() bool {
	select {
	case <-s.d.config.Stopping:
		return true
	default:
		return false
	}
}

// mine reports whether the reader wants an event and may see it.
func (s *stream) mine(ctx context.Context, env *events.Envelope) (bool, error) {
	if s.d.config.May != nil {
		may, err := s.d.config.May(ctx, env.Checklist)
		if err != nil || !may {
			return false, err
		}
	}
	return s.wanted(env), nil
}

// event writes an event, and what was skipped before it.
func (s *stream) event(e *app.Entry) {
	s.skipped(e.Env.Seq - 1)
	s.unsent = true
	_, _ = s.w.Write(e.Frame()) // flush tells
	s.told = e.Env.Seq
}

// skipped accounts for what the reader was not told up to a position.
func (s *stream) skipped(upto events.Seq) {
	if upto <= s.told {
		return
	}
	s.write("id: " + itoa(upto) + "\nevent: skipped\ndata: {\"from\":" + itoa(s.told+1) + ",\"upto\":" + itoa(upto) + "}\n\n")
	s.told = upto
}

// end says why the stream ends, to whoever is still there.
func (s *stream) end(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	s.deadline()
	s.skipped(s.cursor.At())
	s.write("event: problem\ndata: " + string(problemOf(err).line()) + "\n")
	_ = s.flush() // the last words
}

func (s *stream) write(text string) {
	s.unsent = true
	_, _ = io.WriteString(s.w, text) // flush tells
}

// deadline begins anew the time within which the reader must take something.
func (s *stream) deadline() { _ = s.c.SetWriteDeadline(time.Now().Add(s.d.stall())) }

func (s *stream) flush() error {
	s.unsent = false
	return s.c.Flush()
}
