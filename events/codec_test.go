package events

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "add what golden files do not have yet")

func sample(data Event) Envelope {
	t := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	env := Envelope{
		ID: "0199c5a0-0000-7000-8000-000000000001", Checklist: "migration", Revision: 55,
		Time: t, RecordedTime: t.Add(73*time.Hour + 100*time.Millisecond), EffectiveTime: t.Add(73*time.Hour + 100*time.Millisecond),
		Actor: Actor{ID: "ada@example.com", Auth: Unauthenticated}, Via: "cli",
		CommandID: "0199c5a0-0000-7000-8000-000000000002", CommandName: "CompleteTask", CommandHash: "ab12",
		Part: 1, Parts: 1, Data: data,
	}
	switch data.Kind().Noun() {
	case "log", "signer", "user", "token", "access", "publication":
		env.Checklist = ""
	}
	return env
}

// fill sets every field of an event to something that is not its zero value;
// bytes that are not UTF-8 where odd says so.
func fill(v reflect.Value, name string, odd bool) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2027, 1, 1, 0, 0, 0, 5e6, time.UTC)))
		return
	}
	if v.Type() == reflect.TypeFor[Ref]() {
		v.Set(reflect.ValueOf(Ref{SectionNoun, 3}))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), v.Type().Field(i).Name, odd)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), name, odd && i == 1)
			if l, ok := v.Index(i).Addr().Interface().(*Line); ok {
				l.Ref = TaskRef(i + 13)
			}
		}
	case reflect.String:
		s := map[string]string{"State": "in_progress", "Start": "2026-12-01", "Due": "2026-12-24", "Finish": "2027-09-30", "Role": "editor"}[name]
		if s == "" {
			s = "“" + name + "” <&> \\ \"\t\r\n\x01"
		}
		if odd && (name == "Raw" || name == "Put") {
			s += "\xff"
		}
		v.SetString(s)
	case reflect.Int:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint('~')
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(0.71)
	default:
		panic(v.Kind())
	}
}

// Every kind has a golden file with each optional member there once and absent
// once. A golden file only grows, by a new optional member: the stored form is
// for ever.
func TestGolden(t *testing.T) {
	for _, kind := range Kinds() {
		bare, full, odd := newEvent(kind), newEvent(kind), newEvent(kind)
		fill(reflect.ValueOf(full).Elem(), "", false)
		fill(reflect.ValueOf(odd).Elem(), "", true)
		fullEnv := sample(full)
		fullEnv.Part, fullEnv.Parts = 1, 3
		fullEnv.CausationID, fullEnv.Undoes, fullEnv.OnBehalfOf = "0199c5a0-0000-7000-8000-000000000003", "0199c5a0-0000-7000-8000-000000000004", "eli"
		fullEnv.Traceparent, fullEnv.Reason = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "all specs green"
		bareEnv := sample(bare)
		bareEnv.EffectiveTime = bareEnv.Time
		oddEnv := sample(odd)

		var got bytes.Buffer
		for _, env := range []Envelope{bareEnv, fullEnv, oddEnv} {
			body, err := Marshal(&env)
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			got.Write(body)
			got.WriteByte('\n')
			back, err := Unmarshal(body)
			if err != nil {
				t.Fatalf("%s: %v\n%s", kind, err, body)
			}
			env.Body = body
			if d := cmp.Diff(env, back); d != "" {
				t.Errorf("%s: read back (-want +got):\n%s", kind, d)
			}
		}
		path := filepath.Join("testdata", "kinds", strings.TrimPrefix(string(kind), "cairn.")+".ndjson")
		stored, err := os.ReadFile(path)
		if err != nil && !(*update && os.IsNotExist(err)) {
			t.Fatal(err)
		}
		for line := range bytes.Lines(stored) {
			env, err := Unmarshal(bytes.TrimSuffix(line, []byte("\n")))
			if err != nil {
				t.Errorf("%s: %v\n%s", kind, err, line)
				continue
			}
			env.Body = nil
			if body, err := Marshal(&env); err != nil || string(body)+"\n" != string(line) {
				t.Errorf("%s: the stored form changed (%v):\nfrom %sto   %s", kind, err, line, body)
			}
		}
		for line := range bytes.Lines(got.Bytes()) {
			switch {
			case bytes.Contains(stored, line):
			case *update:
				stored = append(stored, line...)
			default:
				t.Errorf("%s: no golden line for\n%s", kind, line)
			}
		}
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, stored, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The name of an actor is optional, and stands behind the id.
func TestActorName(t *testing.T) {
	env := sample(&TaskRemoved{Key: 12})
	env.Actor.Display = "Ada Lovelace"
	got, err := Marshal(&env)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got), `"authid":"ada@example.com","authname":"Ada Lovelace","via":`) {
		t.Errorf("got %s", got)
	}
	back, err := Unmarshal(got)
	if err != nil || back.Actor != env.Actor || back.Actor.Name() != "Ada Lovelace" {
		t.Errorf("got %+v, %v", back.Actor, err)
	}
}

func TestStoredFormOfTheDesign(t *testing.T) {
	env := sample(&TaskCompleted{Key: 12, Mark: 'x'})
	env.Reason = "all <specs> green"
	got, err := Marshal(&env)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"specversion":"1.0","id":"0199c5a0-0000-7000-8000-000000000001","source":"/checklists/migration","type":"cairn.task.completed.v1","subject":"task/12",` +
		`"time":"2026-11-20T09:00:00Z","effectivetime":"2026-11-23T10:00:00.1Z","recordedtime":"2026-11-23T10:00:00.1Z","revision":55,` +
		`"authtype":"unauthenticated","authid":"ada@example.com","via":"cli","correlationid":"0199c5a0-0000-7000-8000-000000000002","commandname":"CompleteTask","commandhash":"ab12",` +
		`"datacontenttype":"application/json","data":{"key":12,"mark":"x","reason":"all <specs> green"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Whatever order a writer chose, and whatever members it added, means the same.
func TestAnyOrder(t *testing.T) {
	for _, kind := range Kinds() {
		ev := newEvent(kind)
		fill(reflect.ValueOf(ev).Elem(), "", true)
		env := sample(ev)
		env.Reason = "why"
		body, err := Marshal(&env)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]json.RawMessage
		if err := json.Unmarshal(body, &m); err != nil {
			t.Fatalf("%s: encoding/json: %v", kind, err)
		}
		var data map[string]json.RawMessage
		if err := json.Unmarshal(m["data"], &data); err != nil {
			t.Fatal(err)
		}
		data["aaa"], data["zzz"] = json.RawMessage(`[{"a":[1e5,null,"\ud83d\ude00"]}]`), json.RawMessage("true")
		m["data"], _ = json.Marshal(data)
		m["aaa"], m["zzz"] = json.RawMessage(`{"x":{}}`), json.RawMessage("-0.5e-3")
		sorted, err := json.MarshalIndent(m, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		got, err := Unmarshal(sorted)
		if err != nil {
			t.Fatalf("%s: %v\n%s", kind, err, sorted)
		}
		env.Body = sorted
		if d := cmp.Diff(env, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", kind, d)
		}
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	good := `{"specversion":"1.0","id":"i","source":"/checklists/m","type":"cairn.task.added.v1","time":"2026-11-20T09:00:00Z","revision":1,"data":{"key":1}}`
	if _, err := Unmarshal([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, old, new string }{
		{"no object", good, "null"},
		{"cut", good[60:], ""},
		{"something behind", good, good + "x"},
		{"another version", "1.0", "2.0"},
		{"another source", "/checklists/m", "m"},
		{"data of another type", `{"key":1}`, `7`},
		{"no data", `,"data":{"key":1}`, ``},
		{"key of another type", `"key":1`, `"key":"1"`},
		{"key that is no integer", `"key":1`, `"key":1.5`},
		{"two values", `"key":1`, `"key":1 2`},
		{"a comma too many", `"key":1`, `"key":1,`},
		{"bad time", "2026-11-20", "2026-13-20"},
		{"not UTF-8", `"i"`, "\"\xff\""},
		{"control character", `"i"`, "\"\n\""},
	} {
		body := strings.Replace(good, tt.old, tt.new, 1)
		if env, err := Unmarshal([]byte(body)); err == nil {
			t.Errorf("%s: got %+v, want an error\n%s", tt.name, env, body)
		}
	}
}

func TestUnknownKind(t *testing.T) {
	body := []byte(`{"specversion":"1.0","id":"i","source":"/checklists/m","type":"cairn.task.snoozed.v1","time":"2026-11-20T09:00:00Z","revision":1,"data":{"key":1,"reason":"r"}}`)
	env, err := Unmarshal(body)
	if err != nil {
		t.Fatal(err)
	}
	u, ok := env.Data.(*Unknown)
	if !ok || u.Kind() != "cairn.task.snoozed.v1" || !u.Matters() || env.Reason != "r" {
		t.Errorf("got %#v, reason %q; want an unknown kind that matters, and its reason", env.Data, env.Reason)
	}
	if _, err := Marshal(&env); err == nil {
		t.Error("got no error from Marshal, want one: what is unknown must not be written anew")
	}
}

// Reading is Marshal's inverse for any text and any bytes.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		env := sample(&TaskAdded{
			Key: rapid.IntRange(1, 1e6).Draw(t, "key"), Place: Place{In: SectionRef(1)}, State: Todo,
			Text: rapid.String().Draw(t, "text"), Raw: string(rapid.SliceOf(rapid.Byte()).Draw(t, "raw")),
			Labels: rapid.SliceOfN(rapid.String(), 1, 3).Draw(t, "labels"),
		})
		env.Reason = rapid.String().Draw(t, "reason")
		body, err := Marshal(&env)
		if err != nil {
			t.Fatal(err)
		}
		var oracle struct {
			Data struct{ Text, Reason string }
		}
		if err := json.Unmarshal(body, &oracle); err != nil {
			t.Fatal(err)
		}
		got, err := Unmarshal(body)
		if err != nil {
			t.Fatal(err)
		}
		env.Body = body
		if d := cmp.Diff(env, got); d != "" {
			t.Fatal(d)
		}
		if oracle.Data.Text != env.Data.(*TaskAdded).Text || oracle.Data.Reason != env.Reason {
			t.Fatalf("encoding/json reads %q, want %q", oracle.Data, env.Data)
		}
	})
}

// FuzzUnmarshal holds the decoder against encoding/json: what it takes,
// encoding/json takes, with the same strings.
func FuzzUnmarshal(f *testing.F) {
	for _, kind := range Kinds() {
		ev := newEvent(kind)
		fill(reflect.ValueOf(ev).Elem(), "", true)
		env := sample(ev)
		body, err := Marshal(&env)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"specversion":"1.0","source":"/log","type":"x","data":{"a":[1,{"b":null}]},"id":"\ud800\u0041"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		env, err := Unmarshal(body)
		if err != nil {
			return
		}
		var m map[string]json.RawMessage
		if err := json.Unmarshal(body, &m); err != nil {
			t.Fatalf("taken, but encoding/json says %v", err)
		}
		var id string
		if raw, ok := m["id"]; ok {
			if err := json.Unmarshal(raw, &id); err != nil {
				t.Fatal(err)
			}
		}
		if id != env.ID {
			t.Fatalf("id %q, encoding/json reads %q", env.ID, id)
		}
		if _, ok := env.Data.(*Unknown); ok {
			return
		}
		again, err := Marshal(&env)
		if err != nil {
			return // a time that RFC 3339 cannot write, or over the limit
		}
		back, err := Unmarshal(again)
		if err != nil {
			t.Fatalf("%v\n%s", err, again)
		}
		env.Body, back.Body = nil, nil
		if d := cmp.Diff(fmt.Sprintf("%+v", env.Data), fmt.Sprintf("%+v", back.Data)); d != "" {
			t.Fatal(d)
		}
	})
}

func BenchmarkUnmarshal(b *testing.B) {
	env := sample(&TaskCompleted{Key: 12, Mark: 'x'})
	env.Reason = "all specs green"
	body, err := Marshal(&env)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("cairn", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Unmarshal(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var m struct{ ID, Type, Source string }
			if err := json.Unmarshal(body, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
}
