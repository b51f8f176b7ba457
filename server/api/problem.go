package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/danielgtaylor/huma/v2"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/server/commands"
)

// Problem is an error as a client gets it: problem details (RFC 9457), with what
// `cairn --json` says of an error. Fields are added, never changed.
//
//	{"type":"/docs#ambiguous_task","title":"Bad Request","status":400,"detail":"\"oban\" matches 4 open tasks",
//	 "code":"ambiguous_task","exit":2,"hint":"Use a key …","candidates":[{"key":5,"text":"…"}]}
type Problem struct {
	Type       string               `json:"type" doc:"Where this kind of problem is explained"`
	Title      string               `json:"title" example:"Not Found"`
	Status     int                  `json:"status" example:"404"`
	Detail     string               `json:"detail" doc:"What is wrong, in one sentence" example:"no task matches \"core_event_s\""`
	Code       string               `json:"code" doc:"The kind of problem; stable" example:"task_not_found"`
	Exit       int                  `json:"exit" doc:"The exit code of the command line" example:"3"`
	Hint       *string              `json:"hint" doc:"What to do"`
	Candidates []commands.Candidate `json:"candidates" doc:"What could have been meant"`

	retry int // seconds, for Retry-After; 0 for none
}

// Error returns what is wrong.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns that of problem details.
func (*Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders returns what the answer has besides.
func (p *Problem) GetHeaders() http.Header {
	h := make(http.Header)
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retry))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="cairn"`)
	}
	return h
}

func problem(status int, code string, exit int, detail string) *Problem {
	return &Problem{
		Type: "/docs#" + code, Title: http.StatusText(status), Status: status, Detail: detail,
		Code: code, Exit: exit, Candidates: []commands.Candidate{},
	}
}

func (p *Problem) hinted(hint string) *Problem {
	if hint != "" {
		p.Hint = &hint
	}
	return p
}

// statusOf is the one table from refusals to HTTP.
func statusOf(c commands.Code) int {
	switch c {
	case commands.CodeUsage, commands.CodeAmbiguousTask, commands.CodeAmbiguousSection, commands.CodeConfirm:
		return http.StatusBadRequest
	case commands.CodeUnauthenticated:
		return http.StatusUnauthorized
	case commands.CodeNotAllowed:
		return http.StatusForbidden
	case commands.CodeOverLimit:
		return http.StatusRequestEntityTooLarge
	case commands.CodeNoTask, commands.CodeNoSection, commands.CodeNoChecklist, commands.CodeNoMoment, commands.CodeNoFile, commands.CodeNoLink,
		commands.CodeNoUser, commands.CodeNoToken:
		return http.StatusNotFound
	case commands.CodeRefused, commands.CodeNameTaken, commands.CodeNewerEvent, commands.CodeConflict:
		return http.StatusConflict
	case commands.CodeCommandReused:
		return http.StatusUnprocessableEntity
	case commands.CodeChanged:
		return http.StatusPreconditionFailed
	}
	return http.StatusInternalServerError
}

// problemOf is the one table from errors to problems.
func problemOf(err error) *Problem {
	var p *Problem
	var refusal *commands.Error
	var log *natslog.Error
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &refusal):
		p := problem(statusOf(refusal.Code), string(refusal.Code), refusal.Code.Exit(), refusal.Message).hinted(refusal.Hint)
		p.Candidates = append(p.Candidates, refusal.Candidates...)
		return p
	}
	message, hint := err.Error(), ""
	if errors.As(err, &log) {
		message, hint = log.Message, log.Hint
	}
	switch {
	case errors.Is(err, events.ErrIntegrity):
		p = problem(http.StatusInternalServerError, "integrity", 7, message)
	case errors.Is(err, events.ErrUnavailable):
		p = problem(http.StatusServiceUnavailable, "unavailable", 6, message)
		p.retry = 2
	case errors.Is(err, events.ErrConflict):
		p = problem(http.StatusConflict, "changed_meanwhile", 5, message)
	case errors.Is(err, events.ErrStorage):
		// The system's word for it, such as "no space left on device".
		var errno syscall.Errno
		if errors.As(err, &errno) && !strings.Contains(message, errno.Error()) {
			message += ": " + errno.Error()
		}
		p = problem(http.StatusInsufficientStorage, "storage", 1, message)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p = problem(http.StatusServiceUnavailable, "unavailable", 6, "the log did not answer in time")
		p.retry = 2
		hint = "The command may have happened: send it again with the same Idempotency-Key."
	default:
		p = problem(http.StatusInternalServerError, "failure", 1, message)
	}
	return p.hinted(hint)
}

// ourProblems makes huma's own errors, about requests that fit no operation, of
// the same form.
var ourProblems = sync.OnceFunc(func() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		if len(errs) > 0 && errs[0] != nil { // the first says it
			var d huma.ErrorDetailer
			if errors.As(errs[0], &d) {
				e := d.ErrorDetail()
				message = fmt.Sprintf("%s: %s: %s", message, e.Location, e.Message)
			} else {
				message += ": " + errs[0].Error()
			}
		}
		code, exit := "usage", 2
		switch {
		case status == http.StatusUnprocessableEntity:
			status = http.StatusBadRequest
		case status == http.StatusRequestEntityTooLarge:
			code = string(commands.CodeOverLimit)
		case status == http.StatusNotFound:
			code, exit = "not_found", 3
		case status >= http.StatusInternalServerError:
			code, exit = "failure", 1
		}
		return problem(status, code, exit, message).hinted("/docs shows what each operation takes, /api/v1/openapi.json says it to programs.")
	}
})

// write answers with a problem, outside of huma.
func write(w http.ResponseWriter, p *Problem) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(p.line()) // whoever asked has gone
}

// line is the problem as one line of JSON.
func (p *Problem) line() []byte {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // only strings and numbers
	}
	return append(b, '\n')
}

// errorLine ends a stream of lines that went wrong on the way.
func errorLine(err error) []byte {
	return append(append([]byte(`{"error":`), bytes.TrimSuffix(problemOf(err).line(), []byte("\n"))...), "}\n"...)
}

func itoa(seq events.Seq) string { return strconv.FormatUint(uint64(seq), 10) }
