package client

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/server/commands"
)

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

// WhoAreYou ends the message of a server that wants a token where there is none.
const WhoAreYou = "wants to know who you are"

// do sends a request and returns an answer that is none about a problem.
func (r *remote) do(ctx context.Context, method, path string, h http.Header, body []byte) (*http.Response, error) {
	at := r.at.Load()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(at.URL, "/")+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return nil, r.unavailable(err)
	}
	for _, from := range []http.Header{r.config.Header, h} {
		for name, values := range from {
			req.Header[name] = values
		}
	}
	if at.Token != "" {
		req.Header.Set("Authorization", "Bearer "+at.Token)
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
		if strings.Contains(p.Detail, "secret") {
			return nil, &commands.Error{
				Code: commands.CodeUnauthenticated, Message: r.config.URL + " has no users; only where its log lies it may be changed",
				Hint: "There, the first user is made: cairn user add NAME --role admin",
			}
		}
		return nil, &commands.Error{
			Code: commands.CodeUnauthenticated, Message: r.config.URL + " " + WhoAreYou,
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
	if why, hint := distrust(err); why != "" {
		return &natslog.Error{
			Err: events.ErrUnavailable, Cause: err, Message: fmt.Sprintf("cannot reach %s: %s", r.at.Load().URL, why),
			Hint: "Nothing was written. " + hint,
		}
	}
	return &natslog.Error{
		Err: events.ErrUnavailable, Cause: err, Message: fmt.Sprintf("cannot reach %s: %v", r.at.Load().URL, err),
		Hint: "Nothing was written. Offline: edit the file, cairn sync when it is back.",
	}
}

// distrust returns why a certificate is not believed, and what to do; nothing if
// that is not what went wrong.
func distrust(err error) (why, hint string) {
	var unknown x509.UnknownAuthorityError
	var other x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "nobody whom this machine knows vouches for its certificate",
			"If it is the right one, name a file with its certificate, or that of who signed it: CAIRN_CA=cert.pem"
	case errors.As(err, &other):
		return "its certificate is for another name: " + strings.TrimPrefix(other.Error(), "x509: "), "Call it by that name."
	case errors.As(err, &invalid):
		return "its certificate is not valid: " + strings.TrimPrefix(invalid.Error(), "x509: "), "Who runs the server gives it another."
	}
	return "", ""
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
