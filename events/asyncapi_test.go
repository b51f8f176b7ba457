package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const asyncAPI = "../docs/asyncapi.yaml"

// attributes are the attributes of a stored event in JSON schema, those that are
// always there first.
var attributes = []struct{ name, schema string }{
	{"specversion", "{const: '1.0'}"},
	{"id", "{type: string, description: 'Unique; a UUIDv7.'}"},
	{"source", "{type: string, description: '/checklists/NAME.'}"},
	{"type", "{type: string, description: 'The kind.'}"},
	{"time", "{type: string, format: date-time, description: 'When it happened, as the actor says.'}"},
	{"recordedtime", "{type: string, format: date-time, description: 'When it was recorded.'}"},
	{"revision", "{type: integer, minimum: 1, description: 'Its place in its checklist.'}"},
	{"authtype", "{type: string, description: 'How the actor was authenticated; unauthenticated if not.'}"},
	{"authid", "{type: string, description: 'Who did it.'}"},
	{"data", "{type: object, description: 'What the kind says.'}"},
	{"", ""},
	{"subject", "{type: string, description: 'section/3, task/12, text/5.'}"},
	{"effectivetime", "{type: string, format: date-time, description: 'What time counts as; time, if absent.'}"},
	{"via", "{type: string, description: 'By which door.'}"},
	{"correlationid", "{type: string, description: 'The command.'}"},
	{"commandname", "{type: string}"},
	{"commandhash", "{type: string}"},
	{"part", "{type: string, description: 'Which of the events of its command, 1/3.'}"},
	{"causationid", "{type: string, description: 'The event or the commit that it follows from.'}"},
	{"undoes", "{type: string, description: 'The event that it takes back.'}"},
	{"onbehalfof", "{type: string}"},
	{"traceparent", "{type: string}"},
	{"sequence", "{type: string, description: 'Its position in the log. Added on reading over HTTP, never stored.'}"},
	{"datacontenttype", "{const: application/json}"},
}

// published are the kinds that are told to those outside: all but the log's own.
func published() (kinds []Kind) {
	for _, k := range Kinds() {
		switch k.Noun() {
		case "log", "signer", "user", "token", "access", "publication", "event":
		default:
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// renderAsyncAPI makes the document of the kinds and of their golden forms.
func renderAsyncAPI(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/asyncapi/head.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w := bytes.NewBuffer(b)
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	var nouns, verbs []string
	for _, k := range published() {
		nouns, verbs = append(nouns, k.Noun()), append(verbs, k.Verb())
	}
	unique := func(words []string) string {
		slices.Sort(words)
		return strings.Join(slices.Compact(words), ", ")
	}
	p("      noun:\n        enum: [%s]", unique(nouns))
	p("      verb:\n        enum: [%s]", unique(verbs))
	messages := func() {
		p("    messages:")
		for _, k := range published() {
			p("      %s:\n        $ref: '#/components/messages/%s'", messageName(k), messageName(k))
		}
	}
	messages()
	p("  feed:\n    address: /api/v1/events\n    title: The feed over HTTP")
	p("    description: >-\n      Server-sent events: the field id is the position in the log, data the event.")
	p("    servers:\n      - $ref: '#/servers/http'")
	messages()
	p("operations:")
	for _, channel := range []string{"changes", "feed"} {
		p("  %s:\n    action: send\n    channel:\n      $ref: '#/channels/%s'", channel, channel)
		if channel == "feed" {
			p("    bindings:\n      http:\n        method: GET")
		}
	}
	p("components:\n  securitySchemes:")
	p("    password:\n      type: userPassword\n    token:\n      type: http\n      scheme: bearer")
	p("  schemas:\n    event:\n      type: object\n      properties:")
	var required []string
	optional := false
	for _, a := range attributes {
		if a.name == "" {
			optional = true
			continue
		}
		if !optional {
			required = append(required, a.name)
		}
		p("        %s: %s", a.name, a.schema)
	}
	p("      required: [%s]", strings.Join(required, ", "))
	p("  messages:")
	for _, k := range published() {
		p("    %s:\n      name: %s\n      contentType: application/cloudevents+json", messageName(k), k)
		p("      payload:\n        allOf:\n          - $ref: '#/components/schemas/event'")
		p("          - properties:\n              type: {const: %s}", k)
		p("      examples:")
		for i, body := range goldenForms(t, k) {
			p("        - name: form%d\n          payload: %s", i+1, body)
		}
	}
	return w.Bytes()
}

// messageName returns taskCompleted of cairn.task.completed.v1.
func messageName(k Kind) string {
	return k.Noun() + strings.ToUpper(k.Verb()[:1]) + k.Verb()[1:]
}

// goldenForms returns the stored forms of a kind in the golden files: the first
// and the fullest.
func goldenForms(t *testing.T, k Kind) (forms []string) {
	t.Helper()
	name := strings.TrimPrefix(string(k), "cairn.") + ".ndjson"
	b, err := os.ReadFile(filepath.Join("testdata", "kinds", name))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	forms = append(forms, lines[0])
	if full := slices.MaxFunc(lines, func(a, b string) int { return len(a) - len(b) }); full != lines[0] {
		forms = append(forms, full)
	}
	return forms
}

// docs/asyncapi.yaml is what the code says: make golden rewrites it.
func TestAsyncAPI(t *testing.T) {
	t.Parallel()
	want := renderAsyncAPI(t)
	if *update {
		if err := os.WriteFile(asyncAPI, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(asyncAPI)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the code says; make golden rewrites it", asyncAPI)
	}
	known := make(map[string]bool)
	for _, a := range attributes {
		known[a.name] = true
	}
	for _, k := range published() {
		for _, form := range goldenForms(t, k) {
			var event map[string]any
			if err := json.Unmarshal([]byte(form), &event); err != nil {
				t.Fatal(err)
			}
			for _, a := range attributes {
				if _, ok := event[a.name]; a.name == "" {
					break
				} else if !ok {
					t.Errorf("%s lacks the attribute %s, which the schema requires", k, a.name)
				}
			}
			for name := range event {
				if !known[name] {
					t.Errorf("%s has the attribute %s, which the schema does not", k, name)
				}
			}
		}
	}
}

// The parser of those who made the format finds no error. It is a program of
// Node's; .ci/run installs it.
func TestAsyncAPIParser(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node here")
	}
	if _, err := os.Stat("testdata/asyncapi/node_modules"); err != nil {
		t.Skip("no parser here: npm ci --prefix events/testdata/asyncapi")
	}
	doc := renderAsyncAPI(t)
	run := func(doc []byte) (string, error) {
		cmd := exec.CommandContext(t.Context(), node, "validate.mjs")
		cmd.Dir, cmd.Stdin = "testdata/asyncapi", bytes.NewReader(doc)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run(doc)
	if err != nil || !strings.Contains(out, fmt.Sprintf("valid: %d messages in 2 channels", len(published()))) {
		t.Errorf("%v\n%s", err, out)
	}
	// It would see what is wrong.
	broken := []byte("asyncapi: 3.0.0\ninfo: {title: t, version: '1'}\noperations: {o: {action: shout, channel: {$ref: '#/channels/none'}}}\n")
	if out, err := run(broken); err == nil {
		t.Errorf("nothing against a broken document:\n%s", out)
	}
}
