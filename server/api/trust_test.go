package api_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"cairn/server/api"
)

// TestRotatingAgain: the same Idempotency-Key gives the same answer and adds
// nothing; the key of another command is refused.
func TestRotatingAgain(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	id := "Idempotency-Key: " + uuid.NewString()
	rotate := func(headers ...string) reply {
		t.Helper()
		return d.send(http.MethodPost, "/api/v1/key/rotate", `{"reason":"yearly"}`, append(headers, "Content-Type: application/json")...)
	}
	first := rotate(id).want(t, http.StatusOK)
	end := d.log.End()
	if again := rotate(id).want(t, http.StatusOK); string(again.body) != string(first.body) || d.log.End() != end {
		t.Errorf("again: got\n%s\nwant\n%s, and @%d for @%d", again.body, first.body, d.log.End(), end)
	}
	if r := rotate("Idempotency-Key: yearly").want(t, http.StatusBadRequest); r.code(t) != "usage" {
		t.Errorf("%s", r.body)
	}
	if r := d.send(http.MethodPost, "/api/v1/commands/AddUser", `{"user":"ada","role":"admin"}`, id, "Content-Type: application/json").want(t, http.StatusUnprocessableEntity); r.code(t) != "command_id_reused" {
		t.Errorf("%s", r.body)
	}
	add := "Idempotency-Key: " + uuid.NewString()
	d.send(http.MethodPost, "/api/v1/commands/AddUser", `{"user":"ada","role":"admin"}`, add, "Content-Type: application/json").want(t, http.StatusOK)
	if r := rotate(add).want(t, http.StatusUnprocessableEntity); r.code(t) != "command_id_reused" {
		t.Errorf("%s", r.body)
	}
	if other := rotate("Idempotency-Key: "+uuid.NewString()).want(t, http.StatusOK); string(other.body) == string(first.body) {
		t.Error("another rotation made no other key")
	}
}
