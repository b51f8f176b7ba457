package markdown_test

import (
	"testing"

	"cairn/events"
	"cairn/server/markdown"
)

func TestLegendForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, raw, with string }{
		{"commas", "Legend: [ ] = Todo, [x] = Done\n", "Legend: [ ] = Todo, [x] = Done, [~] = In progress\n"},
		{"pipes, CRLF", "[ ] todo | [x] done\r\n", "[ ] todo | [x] done | [~] in progress\r\n"},
		{"slashes", "Key: [ ] Open / [x] Finished.\n", "Key: [ ] Open / [x] Finished / [~] In progress.\n"},
		{"spaces", "[ ] Todo  [x] Done", "[ ] Todo  [x] Done  [~] In progress"},
		{"list", "- [ ] Todo\n- [x] Done\n", "- [ ] Todo\n- [x] Done\n- [~] In progress\n"},
		{"list, CRLF, no end", "* [ ] = Todo\r\n* [x] = Done", "* [ ] = Todo\r\n* [x] = Done\r\n* [~] = In progress"},
		{"fence", "```\n[ ] = To do\n[x] = Done\n```\n", "```\n[ ] = To do\n[x] = Done\n[~] = In progress\n```\n"},
		{"fence of items", "```text\n- [ ] todo\n- [x] done\n```\n", "```text\n- [ ] todo\n- [x] done\n- [~] in progress\n```\n"},
		{"code spans", "Legend: `[ ]` Todo, `[x]` Done\n", "Legend: `[ ]` Todo, `[x]` Done, `[~]` In progress\n"},
		{"bold", "**[ ]** Todo · **[x]** Done\n", "**[ ]** Todo · **[x]** Done · **[~]** In progress\n"},
		{"remarks", "[ ] = Todo (not begun), [x] = Done (all of it)\n", "[ ] = Todo (not begun), [x] = Done (all of it), [~] = In progress\n"},
		{"prose", "[ ] = Todo, [x] = Done when tested. Ask Ada.\n", "[ ] = Todo, [x] = Done when tested, [~] = In progress. Ask Ada.\n"},
		{"and", "[ ] = Todo and [x] = Done\n", "[ ] = Todo and [x] = Done, [~] = In progress\n"},
		{"marker taken", "[ ] = Todo, [~] = Dropped, [x] = Done\n", "[ ] = Todo, [~] = Dropped, [x] = Done, [/] = In progress\n"},
		{"quote", "> [ ] Todo\n> [x] Done\n", "> [ ] Todo\n> [x] Done\n> [~] In progress\n"},
		{"arrow", "[ ] → todo; [x] → done\n", "[ ] → todo; [x] → done; [~] → in progress\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := markdown.LegendWith(c.raw, events.InProgress)
			if got != c.with {
				t.Errorf("got %q, want %q", got, c.with)
			}
			if again := markdown.LegendWith(got, events.InProgress); again != got {
				t.Errorf("twice: got %q, want %q", again, got)
			}
			if back := markdown.LegendWithout(got, events.InProgress); back != c.raw {
				t.Errorf("got back %q, want %q", back, c.raw)
			}
			doc := parse(t, "# T\n\n"+got+"\n\nText\n\n- [~] a\n")
			if !doc.Legend.Present() || doc.Blocks[doc.Legend.Block()].Role != markdown.LegendRole {
				t.Fatalf("not a legend in a document: %+v", doc.Blocks)
			}
			if n := countTasks(doc); n != 1 {
				t.Errorf("got %d tasks, want 1", n)
			}
			checkLegend(t, c.raw)
		})
	}
}

func TestNoLegend(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", "[ ] Todo\n", "- [ ] Open the door\n- [x] Close the door\n", "- [ ] Open\n- [ ] Done\n",
		"See [a] and [b].\n", "[ ] Done with it, [x] Open it\n",
	} {
		if markdown.ParseLegend(raw).Present() {
			t.Errorf("%q: got a legend, want none", raw)
		}
	}
	doc := parse(t, "- [ ] Done\n- [x] Open\n- [x] Ship it\n")
	if n := countTasks(doc); n != 3 || doc.Legend.Present() || doc.Legend.Block() != -1 {
		t.Errorf("a list with other items: got %d tasks, legend %v, want 3, none", n, doc.Legend.Present())
	}
}

func TestStateOf(t *testing.T) {
	t.Parallel()
	l := markdown.ParseLegend("[ ] = Todo, [-] = In progress, [x] = Done")
	markers := map[byte]events.State{'-': events.OnHold, 'o': events.Done}
	for _, c := range []struct {
		mark  byte
		want  events.State
		known bool
	}{
		{'-', events.InProgress, true},
		{'o', events.Done, true},
		{'X', events.Done, true},
		{'/', events.InProgress, true},
		{'>', events.OnHold, true},
		{'!', events.OnHold, true},
		{'?', events.OnHold, true},
		{'_', events.Todo, false},
	} {
		if s, known := markdown.StateOf(c.mark, l, markers); s != c.want || known != c.known {
			t.Errorf("[%c]: got %s, %v, want %s, %v", c.mark, s, known, c.want, c.known)
		}
	}
}

func countTasks(doc *markdown.Document) int {
	n := 0
	for _, b := range doc.Blocks {
		if b.Noun == events.TaskNoun {
			n++
		}
	}
	return n
}
