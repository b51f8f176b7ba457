package audit_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections/audit"
	"cairn/projections/checklist"
)

// TestAccess is what people read of the log's own events, of every kind, with what
// was before from the fold, and never a hash.
func TestAccess(t *testing.T) {
	t.Parallel()
	const hash = "9f3c2e1aaaaaaaaa"
	data := []events.Event{
		&events.LogOpened{Origin: "cairn/x", Key: "cairn/x+aabbccdd+AAAA", Format: "1"},
		&events.UserAdded{User: "ada", Role: "admin"},
		&events.UserAdded{User: "bob", Role: "editor", Checklists: []string{"plan", "release"}},
		&events.UserChanged{User: "bob", Role: "viewer"},
		&events.TokenCreated{Token: "9f3c2e1a", User: "bob", Hash: hash, Label: "laptop", Expires: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
		&events.TokenCreated{Token: "ci", User: "ada", Hash: "b"},
		&events.TokenRevoked{Token: "9f3c2e1a"},
		&events.TokenRevoked{Token: "none"},
		&events.UserRemoved{User: "bob"},
		&events.SignerAdded{Key: "cairn/x+11223344+BBBB", Server: "srv-2"},
		&events.SignerRemoved{Key: "cairn/x+11223344+BBBB"},
		&events.AccessRefused{Door: "http", Action: "GET /api/v1/\x1b[2J", Remote: "192.0.2.7", Why: "expired token", Count: 3},
		&events.AccessRefused{Door: "http", Action: "GET /", Remote: "192.0.2.7", Why: "no token", Count: 1},
		&events.Unknown{Type: "cairn.user.blessed.v1"},
		&events.PublicationBegun{Checklist: "plan", From: "cairn/y"},
	}
	h := audit.NewAccess()
	var rows []audit.Row
	for i, d := range data {
		env := eventstest.Envelope("", uint64(i)+1, d)
		env.Seq = events.Seq(i) + 1
		row, err := h.Next(env)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	var buf bytes.Buffer
	if err := audit.LogText(&buf, audit.Each(rows), audit.About{Name: "access", Seq: rows[len(rows)-1].Seq, OldestFirst: true}, checklist.Style{}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(buf.String()) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		got = append(got, strings.Join([]string{cells[0], cells[3], cells[5], cells[6]}, " | "))
	}
	if diff := cmp.Diff([]string{
		"@1 | opened | log cairn/x | -",
		"@2 | added | user ada | admin",
		"@3 | added | user bob | editor of plan, release",
		"@4 | changed | user bob | editor of plan, release → viewer of all",
		"@5 | created | token 9f3c2e1a of bob | laptop, until 2027-01-01 00:00 UTC",
		"@6 | created | token ci of ada | -",
		"@7 | revoked | token 9f3c2e1a of bob | -",
		"@8 | revoked | token none | -",
		"@9 | removed | user bob | was viewer",
		"@10 | added | key cairn/x+11223344 of srv-2 | -",
		"@11 | removed | key cairn/x+11223344 | -",
		"@12 | refused | GET /api/v1/␛[2J from 192.0.2.7 | expired token, 3 times",
		"@13 | refused | GET / from 192.0.2.7 | no token",
		"@14 | user blessed | - | -",
		"@15 | begun | checklist plan | from cairn/y",
	}, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	var csv bytes.Buffer
	if err := audit.CSV(&csv, rows, audit.About{}); err != nil {
		t.Fatal(err)
	}
	row, err := json.Marshal(rows[3].JSON(""))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"target":"user/bob"`, `"text":"user bob"`, `{"field":"role","before":"editor","after":"viewer"},{"field":"checklists","before":["plan","release"],"after":[]}`} {
		if !strings.Contains(string(row), want) {
			t.Errorf("got %s, want %s", row, want)
		}
	}
	if !strings.Contains(csv.String(), ",user/bob,") || strings.Contains(csv.String()+buf.String(), hash) {
		t.Errorf("got %s", csv.String())
	}
}
