package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"cairn/events"
	"cairn/server/app"
)

// history is what was read of one checklist from its beginning, so that a command
// reads it once. Events never change.
type history struct {
	checklist string
	events    []events.Envelope
}

// maxKept bounds a history that is kept.
const maxKept = 20_000

// before returns what is kept of the events that a filter selects, and the filter
// for those behind them. Whether to keep those is what grow says.
func (r *remote) before(f events.Filter) (kept []events.Envelope, rest events.Filter, grow bool) {
	rest = f
	if f.Checklist == "" || f.After != 0 || f.Upto != 0 || f.System || len(f.Kinds) > 0 {
		return nil, f, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.kept.events); n > 0 && r.kept.checklist == f.Checklist {
		kept = r.kept.events[:n:n]
		rest.After = kept[n-1].Seq
	}
	return kept, rest, true
}

// keep keeps a history that was read to its end.
func (r *remote) keep(checklist string, all []events.Envelope) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = history{checklist, all}
}

func (r *remote) Checklists(ctx context.Context) ([]string, error) {
	list, err := r.summaries(ctx)
	var names []string
	for _, s := range list {
		names = append(names, s.Checklist)
	}
	return names, err
}

func (r *remote) summaries(ctx context.Context) ([]app.JSONSummary, error) {
	var doc app.JSONSummaries
	err := r.get(ctx, "/checklists", nil, &doc)
	return doc.Checklists, err
}

// Checklists returns all checklists by name.
func (a *App) Checklists(ctx context.Context) ([]app.Summary, error) {
	rows, err := a.r.summaries(ctx)
	var list []app.Summary
	for _, row := range rows {
		list = append(list, row.Summary())
	}
	return list, err
}

func (r *remote) Read(ctx context.Context, f events.Filter) iter.Seq2[events.Envelope, error] {
	return func(yield func(events.Envelope, error) bool) {
		all, rest, grow := r.before(f)
		for _, env := range all {
			if !yield(env, nil) {
				return
			}
		}
		q := query(rest)
		res, err := r.do(ctx, http.MethodGet, "/log?"+q.Encode(), nil, nil) //nolint:bodyclose // drained closes it
		if err != nil {
			yield(events.Envelope{}, err)
			return
		}
		defer drained(res.Body)
		in := bufio.NewReaderSize(res.Body, 64<<10)
		for {
			line, err := readLine(in)
			if errors.Is(err, io.EOF) {
				if grow {
					r.keep(f.Checklist, all)
				}
				return
			}
			var env events.Envelope
			if err == nil {
				env, err = decode(line)
			} else {
				err = r.unavailable(err)
			}
			if !yield(env, err) || err != nil {
				return
			}
			if grow = grow && len(all) < maxKept; grow {
				all = append(all, env)
			}
		}
	}
}

func query(f events.Filter) url.Values {
	q := make(url.Values)
	if f.Checklist != "" {
		q.Set("checklist", f.Checklist)
	}
	if f.System {
		q.Set("system", "true")
	}
	if f.After > 0 {
		q.Set("after", itoa(f.After))
	}
	if f.Upto > 0 {
		q.Set("upto", itoa(f.Upto))
	}
	for _, k := range f.Kinds {
		q.Add("kind", string(k))
	}
	return q
}

func itoa(seq events.Seq) string { return strconv.FormatUint(uint64(seq), 10) }

// readLine returns the next line without its end. What ends in the middle of one
// is io.ErrUnexpectedEOF.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadBytes('\n')
	if err == io.EOF && len(line) > 0 {
		err = io.ErrUnexpectedEOF
	}
	return bytes.TrimSuffix(line, []byte("\n")), err
}

// decode reads one line of the log; the last can be a problem.
func decode(line []byte) (events.Envelope, error) {
	if bytes.HasPrefix(line, []byte(`{"error":`)) {
		var failed struct{ Error problem }
		if err := json.Unmarshal(line, &failed); err == nil {
			return events.Envelope{}, failed.Error.err()
		}
	}
	body, seq, err := events.Unsequenced(line)
	if err != nil {
		return events.Envelope{}, fmt.Errorf("%w: the server sent no event: %w", events.ErrUnavailable, err)
	}
	if env, err := events.Unmarshal(body); err == nil {
		env.Seq = seq
		return env, nil
	}
	var at struct{ Source string }
	if err := json.Unmarshal(body, &at); err != nil {
		return events.Envelope{}, fmt.Errorf("%w: the server sent no event: %w", events.ErrUnavailable, err)
	}
	name, ok := strings.CutPrefix(at.Source, "/checklists/")
	if !ok {
		name = "" // the log's own
	}
	return events.Decode(seq, name, body), nil
}
