package events_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"cairn/events"
)

// What is added on reading is taken off again without a trace.
func TestSequenced(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"a", `,"sequence":"7"`, "}", `"}`, "ü\u2028"}).Draw(t, "text")
		body, err := json.Marshal(map[string]any{"id": text, "data": map[string]any{"key": rapid.Int().Draw(t, "key"), "z": text}})
		if err != nil {
			t.Fatal(err)
		}
		want := events.Seq(rapid.Uint64().Draw(t, "seq"))
		read := events.Sequenced(body, want)
		if !json.Valid(read) {
			t.Fatalf("no JSON: %s", read)
		}
		got, seq, err := events.Unsequenced(read)
		if err != nil || string(got) != string(body) || seq != want {
			t.Fatalf("got %s at @%d, %v\nwant %s at @%d", got, seq, err, body, want)
		}
	})
	for _, bad := range []string{"", "{}", `{"a":1}`, `{"a":1,"sequence":"x"}`, `{"a":1,"sequence":"-1"}`, `{"a":1,"sequence":"1"`, `,"sequence":"`} {
		if _, _, err := events.Unsequenced([]byte(bad)); err == nil {
			t.Errorf("%q: want an error", bad)
		}
	}
}
