// Package client is Cairn over HTTP: an App whose log and commands lie with a
// server.
//
// For most uses, [Dial] a server and use the App as any other. Commands are
// carried out by the server; views are folded here, from the same events that
// the server has, so that they show the same, whatever they are asked for.
package client

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/projections/audit"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/trust"
)

// Config says how to reach a server.
type Config struct {
	// URL is the server's: http://127.0.0.1:8080.
	URL string
	// Token opens it; empty for none.
	Token string
	// HTTP is the client to use; nil is one of its own.
	HTTP *http.Client
	// Now is the clock of the views; nil is the system's.
	Now func() time.Time
	// Header is sent with each request.
	Header http.Header
	// Memory is where the client remembers what it saw of the log, Place under which
	// name; empty is the URL.
	Memory trust.Memory
	Place  string
	// Elsewhere, if set, is asked what was seen at other places of a log that was
	// never seen here.
	Elsewhere func(origin string) *trust.Seen
	// Roots are further certificates that may vouch for the server; nil for those
	// of the system alone.
	Roots *x509.CertPool
	// Where, if set, says where the server is by now, after it was away: another
	// port, another token.
	Where func(ctx context.Context) (url, token string, err error)
}

// App is an App over a server. It is safe for concurrent use.
type App struct {
	*app.Local
	r *remote
}

var _ app.App = (*App)(nil)

// Dial asks a server who it is. It returns events.ErrUnavailable where there is
// none, and [trust.Damage] where its log is not the continuation of the one that
// this client saw.
func Dial(ctx context.Context, c Config) (*App, error) {
	if c.HTTP == nil {
		c.HTTP = &http.Client{Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 60 * time.Second, MaxIdleConnsPerHost: 4,
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
		}, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a token goes to no other host
		}}
	}
	r := &remote{config: c}
	r.at.Store(&place{c.URL, c.Token})
	r.seen.memory, r.seen.place = c.Memory, c.Place
	if r.seen.place == "" {
		r.seen.place = c.URL
	}
	if err := r.meet(ctx, c.Elsewhere); err != nil {
		c.HTTP.CloseIdleConnections()
		return nil, err
	}
	return &App{Local: app.NewReader(r, commands.Config{Now: c.Now}), r: r}, nil
}

// Close lets go of the connections, and remembers what was seen of the log.
func (a *App) Close() error {
	a.r.seen.remember()
	a.r.config.HTTP.CloseIdleConnections()
	return nil
}

// URL returns where the server is.
func (a *App) URL() string { return a.r.at.Load().url }

// Stale reports whether the server said in its last answer that its log is out of
// reach, so that it may be behind, and for how long that has been so.
func (a *App) Stale() (since time.Duration, stale bool) {
	n := a.r.stale.Load()
	return time.Duration(max(n-1, 0)) * time.Second, n > 0
}

// remote is a log that a server holds: what app.Local needs of one.
type remote struct {
	config Config
	at     atomic.Pointer[place]
	origin string
	seq    atomic.Uint64 // the last position that the server told
	seen   witness
	stale  atomic.Int64 // what the last answer said of that, in seconds and one more; 0: nothing

	mu   sync.Mutex // guards kept
	kept history
}

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

// place is where a server is, and what opens it.
type place struct{ url, token string }

var _ app.Log = (*remote)(nil)

func (r *remote) Origin() string { return r.origin }

// End returns the last position that the server told.
func (r *remote) End() events.Seq { return events.Seq(r.seq.Load()) }

// heard takes in a position that the server told: what it shows from now on holds
// that, whichever server answers.
func (r *remote) heard(seq events.Seq) {
	for {
		was := r.seq.Load()
		if uint64(seq) <= was || r.seq.CompareAndSwap(was, uint64(seq)) {
			return
		}
	}
}

func (r *remote) Append(context.Context, []events.Append) (events.Seq, error) {
	return 0, fmt.Errorf("%w: a client appends by commands only", events.ErrUnavailable)
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

// Execute has the server carry out a command.
func (a *App) Execute(ctx context.Context, meta commands.Meta, cmd commands.Command) (app.Outcome, error) {
	return a.send(ctx, meta, cmd, false)
}

// Preview has the server say what Execute would do now.
func (a *App) Preview(ctx context.Context, meta commands.Meta, cmd commands.Command) (app.Outcome, error) {
	return a.send(ctx, meta, cmd, true)
}

func (a *App) send(ctx context.Context, meta commands.Meta, cmd commands.Command, dry bool) (app.Outcome, error) {
	if err := commands.CheckName(meta.Checklist); err != nil {
		return app.Outcome{}, err
	}
	if err := commands.CheckID(meta.ID); err != nil {
		return app.Outcome{}, err
	}
	if meta.ID == "" && !dry {
		// With an id of its own the command can be sent again.
		id, err := uuid.NewV7()
		if err != nil {
			return app.Outcome{}, err
		}
		meta.ID = id.String()
	}
	body, err := bodyOf(meta, cmd)
	if err != nil {
		return app.Outcome{}, err
	}
	h := make(http.Header)
	h.Set("Content-Type", "application/json")
	for name, value := range map[string]string{
		"Idempotency-Key": meta.ID, "Cairn-Actor": meta.Actor.ID, "Cairn-On-Behalf-Of": meta.OnBehalfOf, "Traceparent": meta.Traceparent,
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
	path := "/checklists/" + url.PathEscape(meta.Checklist) + "/commands/" + cmd.Name()
	if dry {
		path += "?dry_run=true"
	}
	var res struct {
		Command  *string
		Repeated bool
		Seq      events.Seq
		Events   []json.RawMessage
		Undone   []string
	}
	if err := a.r.json(ctx, http.MethodPost, path, h, body, &res); err != nil {
		return app.Outcome{}, a.Elsewhere(ctx, err)
	}
	out := app.Outcome{Result: commands.Result{Seq: res.Seq, Repeated: res.Repeated}}
	if res.Command != nil {
		out.ID = *res.Command
	}
	for _, line := range res.Events {
		env, err := decode(line)
		if err != nil { // of a dry run it has no position
			env = events.Decode(0, meta.Checklist, line)
		}
		out.Events = append(out.Events, env)
	}
	if len(out.Events)+len(res.Undone) == 0 && !dry {
		return out, nil
	}
	return out, a.retell(ctx, meta.Checklist, &out, res.Undone, dry && !res.Repeated, !dry)
}

// bodyOf returns a command as it is sent: its members and those around it.
func bodyOf(meta commands.Meta, cmd any) ([]byte, error) {
	about, err := json.Marshal(app.AboutOf(meta))
	if err != nil {
		return nil, err
	}
	own, err := json.Marshal(cmd)
	if err != nil {
		return nil, err
	}
	if string(own) == "{}" {
		return about, nil
	}
	return slices.Concat(about[:len(about)-1], []byte(","), own[1:]), nil
}

// retell tells the events of a command, as the server has them; and keeps the
// checklist for what is looked at next. The events of a command ahead of the log
// are not stored.
func (a *App) retell(ctx context.Context, name string, out *app.Outcome, undone []string, ahead, keep bool) error {
	wanted := make(map[string]bool, len(undone))
	for _, id := range undone {
		wanted[id] = true
	}
	mine := func(id string) bool { return !ahead && id == out.ID }
	st, err := a.Retell(ctx, name, func(env events.Envelope) bool { return mine(env.CommandID) || wanted[env.ID] }, func(row audit.Row) {
		if wanted[row.ID] {
			out.Undone = append(out.Undone, row)
		}
		if mine(row.CommandID) {
			out.Rows = append(out.Rows, row)
		}
	}, keep)
	if err != nil || keep {
		return err
	}
	if out.After = st; !ahead {
		return nil
	}
	h := audit.After(st)
	for _, env := range out.Events {
		row, err := h.Next(env)
		if err != nil {
			return fmt.Errorf("preview: %w", err)
		}
		out.Rows = append(out.Rows, row)
	}
	out.After = h.State()
	return nil
}

// historyBytes is about how much of a history goes in one request.
const historyBytes = 8 << 20

// ExecuteHistory has the server take a history, in parts.
func (a *App) ExecuteHistory(ctx context.Context, name string, steps iter.Seq2[commands.Step, error], stored func(done int)) (added int, err error) {
	var part bytes.Buffer
	in, done := 0, 0
	send := func() error {
		if in == 0 {
			return nil
		}
		var res struct{ Steps, Events int }
		h := http.Header{"Content-Type": {"application/x-ndjson"}}
		if err := a.r.json(ctx, http.MethodPost, "/checklists/"+url.PathEscape(name)+"/history", h, part.Bytes(), &res); err != nil {
			return err
		}
		added += res.Events
		done += in
		in = 0
		part.Reset()
		stored(done)
		return nil
	}
	for step, err := range steps {
		if err != nil {
			return added, err
		}
		body, err := bodyOf(step.Meta, step.Cmd)
		if err != nil {
			return added, err
		}
		line, err := json.Marshal(app.JSONStep{ID: step.Meta.ID, Command: step.Cmd.Name(), Body: body})
		if err != nil {
			return added, err
		}
		if part.Len()+len(line) > historyBytes {
			if err := send(); err != nil {
				return added, err
			}
		}
		part.Write(line)
		part.WriteByte('\n')
		in++
	}
	return added, send()
}

// get asks for JSON.
func (r *remote) get(ctx context.Context, path string, q url.Values, into any) error {
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return r.json(ctx, http.MethodGet, path, nil, nil, into)
}

func (r *remote) json(ctx context.Context, method, path string, h http.Header, body []byte, into any) error {
	res, err := r.do(ctx, method, path, h, body) //nolint:bodyclose // drained closes it
	if err != nil {
		return err
	}
	defer drained(res.Body)
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		return r.unavailable(fmt.Errorf("its answer cannot be read: %w", err))
	}
	return nil
}

// drained closes a body so that its connection can be used again.
func drained(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
	body.Close()
}

// do sends a request and returns an answer that is none about a problem.
func (r *remote) do(ctx context.Context, method, path string, h http.Header, body []byte) (*http.Response, error) {
	at := r.at.Load()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(at.url, "/")+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return nil, r.unavailable(err)
	}
	for _, from := range []http.Header{r.config.Header, h} {
		for name, values := range from {
			req.Header[name] = values
		}
	}
	if at.token != "" {
		req.Header.Set("Authorization", "Bearer "+at.token)
	}
	if seq := r.seq.Load(); seq > 0 {
		req.Header.Set("Cairn-Min-Seq", strconv.FormatUint(seq, 10))
	}
	res, err := r.config.HTTP.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, r.unavailable(err)
	}
	if seq, err := strconv.ParseUint(res.Header.Get("Cairn-Seq"), 10, 64); err == nil {
		r.heard(events.Seq(seq))
	}
	r.stale.Store(0)
	if since, err := strconv.ParseUint(res.Header.Get("Cairn-Stale"), 10, 32); err == nil {
		r.stale.Store(int64(since) + 1)
	}
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		if tree := res.Header.Get("Cairn-Tree"); tree != "" {
			r.seen.told(tree)
		}
		return res, nil
	}
	defer drained(res.Body)
	var p problem
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&p); err != nil || p.Code == "" {
		return nil, r.unavailable(fmt.Errorf("it answers %s", res.Status))
	}
	if p.Code == string(commands.CodeUnauthenticated) && r.config.Token == "" {
		return nil, &commands.Error{
			Code: commands.CodeUnauthenticated, Message: r.config.URL + " wants to know who you are",
			Hint: "Log in with a token, which one of its admins makes: cairn login " + r.config.URL,
		}
	}
	return nil, p.err()
}

func (r *remote) unavailable(err error) error {
	var asked *url.Error
	if errors.As(err, &asked) {
		err = asked.Err
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		err = errno // "connection refused"; where is said before
	}
	return &natslog.Error{
		Err: events.ErrUnavailable, Cause: err, Message: fmt.Sprintf("cannot reach %s: %v", r.at.Load().url, err),
		Hint: "Nothing was written. Offline: edit the file, cairn sync when it is back.",
	}
}

// problem is what a server says went wrong.
type problem struct {
	Detail, Code string
	Status       int
	Hint         string
	Candidates   []commands.Candidate
}

// err returns the error that it was on the server.
func (p *problem) err() error {
	kind := map[string]error{
		"integrity": events.ErrIntegrity, "other_log": events.ErrIntegrity, "beyond_end": events.ErrIntegrity, "storage": events.ErrStorage,
		"unavailable": events.ErrUnavailable, "busy": events.ErrUnavailable, "not_ready": events.ErrUnavailable, "too_many_requests": events.ErrUnavailable,
	}[p.Code]
	if p.Code == string(commands.CodeChanged) && p.Status == http.StatusConflict {
		kind = events.ErrConflict // not what If-Match names: the log, until the deadline
	}
	switch {
	case kind != nil:
		return &natslog.Error{Err: kind, Message: p.Detail, Hint: p.Hint}
	case p.Code == "failure":
		return errors.New(p.Detail)
	}
	return &commands.Error{Code: commands.Code(p.Code), Message: p.Detail, Hint: p.Hint, Candidates: p.Candidates}
}
