package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/projections/checklist"
	"cairn/server/commands"
	"cairn/server/docfile"
	"cairn/server/trust"
)

// told is an error as a user sees it: what, where or which, what to do.
type told struct {
	Schema     int                  `json:"schema"`
	Kind       string               `json:"kind"`
	Code       string               `json:"code"`
	Exit       int                  `json:"exit"`
	Message    string               `json:"message"`
	Hint       *string              `json:"hint"`
	Candidates []commands.Candidate `json:"candidates"`
}

// tell is the one table from errors to exit codes.
func tell(err error) told {
	t := told{Schema: 1, Kind: "error", Code: "failure", Exit: 1, Message: err.Error(), Candidates: []commands.Candidate{}}
	var refusal *commands.Error
	var log *natslog.Error
	var at *fs.PathError
	var damage *trust.Damage
	switch {
	case errors.As(err, &refusal):
		t.Code, t.Exit, t.Message = string(refusal.Code), refusal.Code.Exit(), refusal.Message
		t.hint(refusal.Hint)
		t.Candidates = append(t.Candidates, refusal.Candidates...)
		return t
	case errors.As(err, &damage):
		t.Message = damage.Message
		t.hint(damage.Hint)
	case errors.As(err, &log):
		t.Message = log.Message
		t.hint(log.Hint)
	}
	switch {
	case errors.Is(err, events.ErrIntegrity):
		t.Code, t.Exit = "integrity", 7
	case errors.Is(err, events.ErrUnavailable):
		t.Code, t.Exit = "unavailable", 6
	case errors.Is(err, natslog.ErrNotFound):
		t.Code, t.Exit = "log_not_found", 3
	case errors.Is(err, natslog.ErrExists):
		t.Code, t.Exit = "log_exists", 5
	case errors.Is(err, events.ErrConflict):
		t.Code, t.Exit = "changed_meanwhile", 5
	case errors.Is(err, docfile.ErrUnreadable) && errors.Is(err, syscall.EISDIR):
		t.Code, t.Exit = string(commands.CodeUsage), commands.CodeUsage.Exit()
		if errors.As(err, &at) {
			t.Message = at.Path + " is a directory; want a file"
		}
	case errors.Is(err, docfile.ErrUnwritable) && errors.As(err, &at):
		// The file beside it that is to take its place is nobody's business.
		t.Code, t.Message = "storage", fmt.Sprintf("%v: %s: %v", docfile.ErrUnwritable, filepath.Dir(at.Path), at.Err)
	case errors.Is(err, events.ErrStorage), errors.Is(err, docfile.ErrUnreadable), errors.Is(err, docfile.ErrUnwritable):
		t.Code = "storage"
		// The system's word for it, such as "no space left on device".
		var errno syscall.Errno
		if errors.As(err, &errno) && !strings.Contains(t.Message, errno.Error()) {
			t.Message += ": " + errno.Error()
		}
	case errors.Is(err, context.DeadlineExceeded):
		t.Code, t.Exit = "unavailable", 6
		t.Message = "the log did not answer in time: " + err.Error()
		t.hint("The command may have happened: try it again with the same --id, or look with cairn log.")
	}
	return t
}

func (t *told) hint(s string) {
	if s != "" {
		t.Hint = &s
	}
}

// message is what fail prints, for what goes on nevertheless.
func message(err error) string {
	t := tell(err)
	s := "cairn: " + checklist.Clean(t.Message)
	if t.Hint != nil {
		s += "\n" + *t.Hint
	}
	return s
}

// fail prints an error and returns its exit code.
func (c *cli) fail(err error) int {
	t := tell(err)
	if c.json {
		b, jsonErr := json.Marshal(t)
		if jsonErr == nil {
			fmt.Fprintf(c.err, "%s\n", b)
			return t.Exit
		}
	}
	fmt.Fprintf(c.err, "cairn: %s\n", checklist.Clean(t.Message))
	if t.Code == string(commands.CodeNoTask) && t.Hint != nil {
		t.Candidates = nil // the hint names it
	}
	width := 0
	for _, cand := range t.Candidates {
		width = max(width, len(fmt.Sprint(cand.Key)))
	}
	const most = 12
	for i, cand := range t.Candidates {
		if i == most {
			fmt.Fprintf(c.err, "  … and %d more\n", len(t.Candidates)-most)
			break
		}
		fmt.Fprintf(c.err, "  %*d  %s\n", width, cand.Key, checklist.Cut(checklist.Clean(cand.Text), 72))
	}
	if t.Hint != nil {
		fmt.Fprintln(c.err, *t.Hint)
	}
	return t.Exit
}
