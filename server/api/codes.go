package api

import (
	"net/http"

	"cairn/server/commands"
)

// codeDoc explains a kind of problem to people.
type codeDoc struct {
	Code   string
	Status int
	// Means is what happened, Do what to do about it.
	Means, Do string
}

// codeDocs are all kinds of problems, in the order of their status. The anchor of
// each in the documentation is what a problem's type points to.
func codeDocs() []codeDoc {
	of := func(c commands.Code, means, do string) codeDoc { return codeDoc{string(c), statusOf(c), means, do} }
	return []codeDoc{
		of(commands.CodeUsage, "The request says something that cannot be meant: a parameter, a member of the body, a moment.", "Read detail: it names the place. The operation below lists what there is."),
		of(commands.CodeAmbiguousTask, "Several tasks match.", "Name one by its key; candidates lists them."),
		of(commands.CodeAmbiguousSection, "Several sections match.", "Name one by its key, as s:4; candidates lists them."),
		of(commands.CodeConfirm, "The command would do more than was likely meant, so it wants to be told twice.", "Read hint: it names the member that says so."),
		of(commands.CodeUnauthenticated, "The server does not know who asks: no token was sent, or one that opens nothing.", "Send Authorization: Bearer with a token."),
		of(commands.CodeNotAllowed, "Who asks may not do this.", "Ask an admin for a role that may."),
		of(commands.CodeNoTask, "There is no such task.", "GET /api/v1/checklists/{checklist}/tasks lists them."),
		of(commands.CodeNoSection, "There is no such section.", "GET /api/v1/checklists/{checklist} shows them."),
		of(commands.CodeNoChecklist, "There is no such checklist.", "GET /api/v1/checklists lists them."),
		of(commands.CodeNoMoment, "There is no such moment: the log, or the checklist, does not reach there.", "Name another; hint says where it begins."),
		of(commands.CodeNoFile, "There is no such file.", "Look at its path."),
		of(commands.CodeNoLink, "The task has no such link.", "GET the task: its links are there."),
		of(commands.CodeNoUser, "The log has no such user.", "GET /api/v1/users lists them."),
		of(commands.CodeNoToken, "There is no such token.", "GET /api/v1/tokens lists them by their ids."),
		{"not_found", http.StatusNotFound, "There is nothing at this path.", "/api/v1/openapi.json names all paths."},
		{"method_not_allowed", http.StatusMethodNotAllowed, "The path is there, but not for this method.", "The header Allow names those that there are."},
		{"not_acceptable", http.StatusNotAcceptable, "There is no form of the answer that Accept wants.", "hint names the forms that there are; format= chooses one."},
		of(commands.CodeRefused, "A rule of checklists forbids it: a task with open tasks under it is not done.", "Read detail and hint: they name what is in the way."),
		of(commands.CodeNameTaken, "A checklist of that name is there already.", "Choose another name."),
		of(commands.CodeNewerEvent, "The checklist holds events of a newer Cairn, which this one cannot carry on.", "Update the server."),
		of(commands.CodeConflict, "Two edits of the same line contradict each other.", "Read the document again, and send it with the edits put together."),
		of(commands.CodeChanged, "What If-Match names has changed since.", "GET it again, look, and send the command with the new ETag."),
		{"other_log", http.StatusConflict, "The position is of another log.", "Begin with after=0."},
		{"beyond_end", http.StatusGone, "The log does not reach the position.", "Begin with after=0: it is of another log, or this one lost its end."},
		of(commands.CodeOverLimit, "The request, or what it would make, is larger than a log takes.", "Send less."),
		{"unsupported_media_type", http.StatusUnsupportedMediaType, "The body is of another type than the operation takes.", "Send the Content-Type that the operation names."},
		of(commands.CodeCommandReused, "The Idempotency-Key belongs to another command.", "Make a new UUID for each command; use it again only to send the same again."),
		{"too_many_requests", http.StatusTooManyRequests, "Too many tokens that open nothing came from there.", "Wait as Retry-After says."},
		{"failure", http.StatusInternalServerError, "The server failed.", "Its log has more: look there for Cairn-Request-Id."},
		{"integrity", http.StatusInternalServerError, "The log is not what it was: it was damaged or altered.", "Run cairn verify where the log is. Nothing is written until then."},
		{"unavailable", http.StatusServiceUnavailable, "The log cannot be reached, or the views are not as far as the request wants.", "Wait as Retry-After says, and send it again: a command with the same Idempotency-Key."},
		{"busy", http.StatusServiceUnavailable, "Too many expensive views are being made.", "Wait as Retry-After says."},
		{"not_ready", http.StatusServiceUnavailable, "The server does not follow its log at the moment, or stores nothing.", "Ask another, or wait; the server's log says why."},
		{"not_alive", http.StatusServiceUnavailable, "The server will not follow its log any more: it was damaged.", "Run cairn verify where the log is."},
		{"storage", http.StatusInsufficientStorage, "The log cannot be written to: its disk is full or gone.", "Make room; nothing was written."},
	}
}
