package api_test

import (
	"net/http"
	"testing"

	"cairn/server/api"
)

// TestIfMatch: a command is carried out where what it names is as it was said to
// be, by the ETag of a view or of a document, else refused with 412.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	tag := func(path string) string { return d.get(list+path).want(t, http.StatusOK).Header.Get("ETag") }
	task, other, section, whole := tag("/tasks/writer"), tag("/tasks/reader"), tag("/sections/1"), tag("")
	d.do("CommentTask", `{"task":"writer","text":"half"}`, "If-Match: "+task)
	if r := d.command("CommentTask", `{"task":"writer","text":"more"}`, "If-Match: "+task).want(t, http.StatusPreconditionFailed); r.code(t) != "changed_meanwhile" {
		t.Errorf("%s", r.body)
	}
	for _, c := range []struct {
		name   string
		tag    func() string
		status int
	}{
		{"the whole checklist, which changed", func() string { return whole }, 412},
		{"a task that did not change", func() string { return other }, 200},
		{"the checklist behind that", func() string { return tag("") }, 200},
		{"the section's heading, which did not change", func() string { return section }, 200},
		{"any of several tags of a task", func() string { return task + ", " + tag("/tasks/writer") }, 200},
		{"several resources, one of which changed", func() string { return tag("/tasks/reader") + ", " + task }, 412},
		{"anything", func() string { return "*" }, 200},
		{"a task that never was", func() string { return `"99@1"` }, 412},
		{"a short tag", func() string { return `"@1"` }, 412},
		{"a weak tag", func() string { return "W/" + other }, 400},
		{"without quotes", func() string { return "12@405" }, 400},
		{"no number", func() string { return `"a@b"` }, 400},
		{"too large a number", func() string { return `"1@9999999999999999999999"` }, 400},
	} {
		tag := c.tag()
		if r := d.command("CommentTask", `{"task":"writer","text":"x"}`, "If-Match: "+tag); r.StatusCode != c.status {
			t.Errorf("%s, %s: got %s, want %d\n%s", c.name, tag, r.Status, c.status, r.body)
		}
	}
}

// TestIdempotencyKey: the same command again gives the same answer and adds
// nothing; the key is not for another command.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	const key = "Idempotency-Key: 01890a5d-ac96-774b-bcce-b302099a8057"
	var first, again struct {
		Command  string
		Seq      uint64
		Repeated bool
		Events   []struct{ ID string }
	}
	d.do("AddTask", `{"text":"backfill"}`, key).json(t, &first)
	end := d.app.End()
	d.do("AddTask", `{"text":"backfill"}`, key).json(t, &again)
	if !again.Repeated || again.Seq != first.Seq || again.Command != first.Command || len(again.Events) == 0 || again.Events[0] != first.Events[0] {
		t.Errorf("first %+v, again %+v", first, again)
	}
	if r := d.command("AddTask", `{"text":"another"}`, key).want(t, http.StatusUnprocessableEntity); r.code(t) != "command_id_reused" {
		t.Errorf("%s", r.body)
	}
	if is := d.app.End(); is != end {
		t.Errorf("the log grew from @%d to @%d", end, is)
	}
}
