package commands

import (
	"fmt"
	"strings"
)

// Code says what kind of error it is. Codes are part of the contract of --json
// and of the HTTP API; each stands for one exit code.
type Code string

// The codes, with the exit code that each stands for.
const (
	CodeUsage            Code = "usage"               // 2
	CodeAmbiguousTask    Code = "ambiguous_task"      // 2
	CodeAmbiguousSection Code = "ambiguous_section"   // 2
	CodeConfirm          Code = "confirm"             // 2
	CodeOverLimit        Code = "over_limit"          // 2
	CodeNoTask           Code = "task_not_found"      // 3
	CodeNoSection        Code = "section_not_found"   // 3
	CodeNoChecklist      Code = "checklist_not_found" // 3
	CodeNoMoment         Code = "moment_not_found"    // 3
	CodeNoFile           Code = "file_not_found"      // 3
	CodeNoLink           Code = "link_not_found"      // 3
	CodeNoUser           Code = "user_not_found"      // 3
	CodeNoToken          Code = "token_not_found"     // 3
	CodeUnauthenticated  Code = "unauthenticated"     // 4
	CodeNotAllowed       Code = "not_allowed"         // 4
	CodeRefused          Code = "refused"             // 5
	CodeNameTaken        Code = "name_taken"          // 5
	CodeNewerEvent       Code = "newer_event"         // 5
	CodeCommandReused    Code = "command_id_reused"   // 5
	CodeChanged          Code = "changed_meanwhile"   // 5
	CodeConflict         Code = "conflict"            // 5
)

// Exit returns the exit code that c stands for.
func (c Code) Exit() int {
	switch c {
	case CodeUsage, CodeAmbiguousTask, CodeAmbiguousSection, CodeConfirm, CodeOverLimit:
		return 2
	case CodeNoTask, CodeNoSection, CodeNoChecklist, CodeNoMoment, CodeNoFile, CodeNoLink, CodeNoUser, CodeNoToken:
		return 3
	case CodeUnauthenticated, CodeNotAllowed:
		return 4
	case CodeRefused, CodeNameTaken, CodeNewerEvent, CodeCommandReused, CodeChanged, CodeConflict:
		return 5
	}
	return 1
}

// Error is a refusal: what (Message), where or which (Candidates), and what to
// do (Hint).
type Error struct {
	Code       Code
	Message    string
	Candidates []Candidate
	Hint       string
}

// Candidate is a task or a section that was, or could have been, meant.
type Candidate struct {
	Key  int    `json:"key"`
	Text string `json:"text"`
}

// Error returns the message alone.
func (e *Error) Error() string { return e.Message }

func usage(format string, args ...any) *Error {
	return &Error{Code: CodeUsage, Message: fmt.Sprintf(format, args...)}
}

func refuse(hint, format string, args ...any) *Error {
	return &Error{Code: CodeRefused, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// short cuts a text for use in a message.
func short(s string) string {
	const most = 60
	r := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s))
	if len(r) <= most {
		return string(r)
	}
	return string(r[:most-1]) + "…"
}
