package access

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"cairn/projections/members"
	"cairn/server/commands"
)

// Error is a request that was turned away. What it says, an outsider may read: it
// tells nothing of users, tokens or checklists. Why, for the audit, it keeps.
type Error struct {
	// Status is the HTTP status: 400, 401, 403, 404, 415 or 429.
	Status int
	// Code is that of the JSON form, as of commands.Code.
	Code          commands.Code
	Message, Hint string
	// RetryAfter is how long to wait; zero for other than 429.
	RetryAfter time.Duration

	challenge string // WWW-Authenticate
	why       string // for the audit
	guess     bool   // it may have been one of many
}

const (
	codeUnauthenticated               = commands.CodeUnauthenticated
	codeForbidden                     = commands.CodeNotAllowed
	codeTooMany         commands.Code = "too_many_requests"
)

const challenge = `Bearer realm="cairn"`

// Error returns the message alone.
func (e *Error) Error() string { return e.Message }

// As makes it the error of a command for who knows only those, as a feed that ends
// on the way.
func (e *Error) As(target any) bool {
	into, ok := target.(**commands.Error)
	if ok {
		*into = &commands.Error{Code: e.Code, Message: e.Message, Hint: e.Hint}
	}
	return ok
}

// Header sets what belongs to the error besides its body.
func (e *Error) Header(h http.Header) {
	if e.challenge != "" {
		h.Set("WWW-Authenticate", e.challenge)
	}
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
	h.Set("Cache-Control", "no-store")
}

// Problem is the body of an error, application/problem+json (RFC 9457): that of
// all errors of the HTTP door.
type Problem struct {
	Type       string               `json:"type"`
	Title      string               `json:"title"`
	Status     int                  `json:"status"`
	Detail     string               `json:"detail"`
	Code       commands.Code        `json:"code"`
	Exit       int                  `json:"exit"`
	Hint       *string              `json:"hint"`
	Candidates []commands.Candidate `json:"candidates"` // always empty
}

// Problem returns the body.
func (e *Error) Problem() Problem {
	p := Problem{
		Type: "/docs#" + string(e.Code), Title: http.StatusText(e.Status), Status: e.Status, Detail: e.Message,
		Code: e.Code, Exit: e.Code.Exit(), Candidates: []commands.Candidate{},
	}
	if e.Code == codeTooMany {
		p.Exit = 6 // later it may be otherwise
	}
	if e.Hint != "" {
		p.Hint = &e.Hint
	}
	return p
}

// Write answers a request with the error.
func (e *Error) Write(w http.ResponseWriter) {
	e.Header(w.Header())
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(e.Status)
	_ = json.NewEncoder(w).Encode(e.Problem()) // who does not read it has gone
}

// needsToken is the answer to whoever shows none, or one that opens nothing: the
// same for an unknown, an expired and a revoked one.
func needsToken(why string, shown bool) *Error {
	e := &Error{
		Status: http.StatusUnauthorized, Code: codeUnauthenticated, Message: "this needs a token", Hint: "An admin makes one: cairn token create",
		challenge: challenge, why: why,
	}
	if shown {
		e.Message, e.challenge, e.guess = "this token opens nothing", challenge+`, error="invalid_token"`, true
	}
	return e
}

func tooMany(wait time.Duration) *Error {
	return &Error{
		Status: http.StatusTooManyRequests, Code: codeTooMany, Message: "too many tokens that open nothing came from there",
		RetryAfter: wait,
	}
}

func forbidden(why, message, hint string) *Error {
	return &Error{Status: http.StatusForbidden, Code: codeForbidden, Message: message, Hint: hint, why: why}
}

func badRequest(why string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: commands.CodeUsage, Message: "the request cannot be read: " + why, why: why}
}

// denied is the answer to an identity without a right.
func denied(id members.Identity, right members.Right, checklist string) *Error {
	what := string(right)
	if checklist != "" {
		what += " " + checklist
	}
	why := fmt.Sprintf("%s may not %s", id.User, what)
	if right != members.Create && checklist != "" && !id.May(members.See, checklist) {
		e := NoChecklist(checklist)
		e.why = why
		return e
	}
	hint := "Ask an admin."
	if right == members.Administer {
		hint = "Ask an admin: users, tokens, keys, the whole log and what comes from another one are theirs."
	}
	return forbidden(why, fmt.Sprintf("%s may not %s", roleWord(id), right), hint)
}

// roleWord is "an editor of some checklists".
func roleWord(id members.Identity) string {
	word := "a " + string(id.Role)
	if id.Role != members.Viewer {
		word = "an " + string(id.Role)
	}
	if id.Limited() {
		word += " of some checklists"
	}
	return word
}

// NoChecklist is the answer about a checklist that is not there, and about one that
// somebody may not know of.
func NoChecklist(name string) *Error {
	return &Error{Status: http.StatusNotFound, Code: commands.CodeNoChecklist, Message: "there is no checklist " + name}
}
