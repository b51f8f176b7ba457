package members_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
)

// The JSON forms hold every field, and neither a secret nor its hash.
func TestJSON(t *testing.T) {
	t.Parallel()
	st := fold(t, added("ada", "admin"), added("bob", "viewer", "plan"), token("t1", "ada"), token("t2", "bob"), &events.TokenRevoked{Token: "t2"},
		&events.TokenCreated{Token: "t3", User: "ada", Hash: "hash-t3", Label: "laptop", Expires: began.Add(time.Minute)})
	users, err := json.Marshal(st.UsersJSON(began))
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := json.Marshal(st.TokensJSON(st.Tokens()[1:], began.Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	event := func(seq, second string) string {
		return `{"seq":` + seq + `,"time":"2026-11-23T10:00:0` + second + `Z","actor":"ada@example.com","auth_type":"unauthenticated","reason":null}`
	}
	want := `[{"user":"ada","role":"admin","checklists":null,"active_tokens":2,"added":` + event("1", "0") + `,"changed":` + event("1", "0") + `},` +
		`{"user":"bob","role":"viewer","checklists":["plan"],"active_tokens":0,"added":` + event("2", "1") + `,"changed":` + event("2", "1") + `}]`
	if diff := cmp.Diff(want, string(users)); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	want = `[{"token":"t2","user":"bob","label":null,"status":"revoked","expires":null,"created":` + event("4", "3") + `,"revoked":` + event("5", "4") + `},` +
		`{"token":"t3","user":"ada","label":"laptop","status":"expired","expires":"2026-11-23T10:01:00Z","created":` + event("6", "5") + `,"revoked":null}]`
	if diff := cmp.Diff(want, string(tokens)); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
	if strings.Contains(string(tokens), "hash") {
		t.Error("the hash of a token is shown")
	}
}
