package commands_test

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/server/commands"
)

// Each command that there is can be sent, and comes back as it was.
func TestDecodeAll(t *testing.T) {
	t.Parallel()
	var names []string
	for _, zero := range commands.Forms() {
		names = append(names, zero.Name())
		body, err := json.Marshal(zero)
		if err != nil {
			t.Fatal(err)
		}
		got, err := commands.Decode(zero.Name(), body)
		if err != nil {
			t.Errorf("%s: %v", zero.Name(), err)
			continue
		}
		one, err := commands.Hash("plan", zero)
		if err != nil {
			t.Fatal(err)
		}
		if two, err := commands.Hash("plan", got); err != nil || one != two {
			t.Errorf("%s: another hash after Decode: %v\n%s", zero.Name(), err, cmp.Diff(one, two))
		}
	}
	// The sources name no other.
	declared := regexp.MustCompile(`(?m)^func \((?:c )?[A-Z]\w+\) Name\(\) string`)
	system := regexp.MustCompile(`(?m)^func \((?:c )?[A-Z]\w+\) decideSystem\(`)
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	types := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		source, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		types += len(declared.FindAll(source, -1)) - len(system.FindAll(source, -1))
	}
	if want := types + 5; len(names) != want { // Transition has six names
		t.Errorf("%d commands can be sent, %d are declared", len(names), want)
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != len(names) {
		t.Errorf("a name is there twice: %v", names)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, body, want string }{
		{"CompleteTask", `{"tasks":["12"],"all":true}`, `{"verb":"done","tasks":["12"],"all":true}`},
		{"CompleteTask", `{"verb":"done","tasks":["12"]}`, `{"verb":"done","tasks":["12"]}`},
		{"AddTask", `{"text":"a","under":"3"}`, `{"text":"a","under":"3"}`},
		{"CompleteTask", `{"verb":"drop","tasks":["12"]}`, `error: CompleteTask is not the verb "drop"`},
		{"CompleteTask", `{"task":"12"}`, `error: CompleteTask: there is no member "task"`},
		{"CompleteTask", `{"tasks":"12"}`, `error: CompleteTask: tasks is a string; want a list of strings`},
		{"CompleteTask", `{"tasks":[12]}`, `error: CompleteTask: tasks is a number; want a string`},
		{"CompleteTask", `[]`, `error: CompleteTask: it is an array; want an object`},
		{"CompleteTask", ``, `error: CompleteTask: there is no JSON`},
		{"CompleteTask", `{"tasks":["1"]} {}`, `error: CompleteTask: no JSON at byte 17: invalid character '{' after top-level value`},
		{"CompleteTask", `{"tasks":["1"]`, `error: CompleteTask: the JSON is cut off`},
		{"CompleteTask", "{\"tasks\":[\"\xff\"]}", `error: CompleteTask: byte 12 is not UTF-8`},
		{"CompleteTask", `{"tasks":["1"],"tasks":["2"]}`, `error: CompleteTask: the member "tasks" is there twice`},
		{"CompleteTask", `{"tasks":["1"],"Tasks":["2"]}`, `error: CompleteTask: the member "Tasks" is there twice`},
		{"CompleteTask", strings.Repeat(`[`, 65) + strings.Repeat(`]`, 65), `error: CompleteTask: more than 64 objects and lists stand in each other`},
		{"AddTask", `{"text":"a","under":{}}`, `error: AddTask: under is an object; want a string`},
		{"SyncDocument", `{"document":5}`, `error: SyncDocument: document is a number; want a string in base64`},
		{"FinishTask", `{}`, `error: there is no command FinishTask`},
	} {
		cmd, err := commands.Decode(test.name, []byte(test.body))
		var refusal *commands.Error
		got := ""
		switch {
		case errors.As(err, &refusal) && refusal.Code == commands.CodeUsage:
			got = "error: " + refusal.Message
		case err != nil:
			t.Errorf("%s %s: got %v, want a refusal", test.name, test.body, err)
			continue
		default:
			body, err := json.Marshal(cmd)
			if err != nil {
				t.Fatal(err)
			}
			got = string(body)
		}
		if got != test.want {
			t.Errorf("%s %s: got %s, want %s", test.name, test.body, got, test.want)
		}
	}
}
