package markdown_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"cairn/events"
	"cairn/server/markdown"
)

type meta = markdown.Meta

func TestReadMeta(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, line string // behind "- [ ] "
		text       string
		want       meta
	}{
		{"nothing", "Review the plan", "Review the plan", meta{}},
		{"an owner", "Review the plan @ada", "Review the plan", meta{Assignees: []string{"ada"}}},
		{"several", "Review @ada-l @bob_2 @ada-l", "Review", meta{Assignees: []string{"ada-l", "bob_2"}}},
		{"an owner in parentheses", "Review (@ada)", "Review", meta{Assignees: []string{"ada"}}},
		{"two in one pair of them", "Review (@ada, @bob)", "Review (@ada, @bob)", meta{Assignees: []string{"ada", "bob"}}},
		{"in the middle they are words too", "Ask @ada, then @bob: and go", "Ask @ada, then @bob: and go", meta{Assignees: []string{"ada", "bob"}}},
		{"at the beginning", "@ada: review", "@ada: review", meta{Assignees: []string{"ada"}}},
		{"at the end of a sentence", "Ask @ada.", "Ask @ada.", meta{Assignees: []string{"ada"}}},
		{"nothing but an owner", "@ada", "@ada", meta{Assignees: []string{"ada"}}},
		{"an e-mail address", "Write to ada@example.com", "Write to ada@example.com", meta{}},
		{"a package", "Update @types/node", "Update @types/node", meta{}},
		{"the sign alone", "Meet @ noon", "Meet @ noon", meta{}},
		{"in code", "Use `@doc` and `due:2026-12-01 @spec`", "Use `@doc` and `due:2026-12-01 @spec`", meta{}},
		{"in an escape", `Not \@ada`, `Not \@ada`, meta{}},
		{"in a link", "See [the @ada #page](https://e.org/#x) and [[a #page]]", "See [the @ada #page](https://e.org/#x) and [[a #page]]", meta{}},
		{"in a link's title", `See [it](/a_(b) "of @ada") @bob`, `See [it](/a_(b) "of @ada")`, meta{Assignees: []string{"bob"}}},
		{"in what is no link", "See [it](no @ada) @bob", "See [it](no @ada)", meta{Assignees: []string{"ada", "bob"}}},
		{"in a URL", "See https://e.org/?due:2026-12-01+b", "See https://e.org/?due:2026-12-01+b", meta{}},
		{"in HTML", "See <a name=x #db @ada> it", "See <a name=x #db @ada> it", meta{}},

		{"labels", "Index +db #security #a/b", "Index", meta{Labels: []string{"db", "security", "a/b"}}},
		{"numbers and identifiers are none", "Close #12 and #T12 and #ABC-7, +1", "Close #12 and #T12 and #ABC-7, +1", meta{}},
		{"C# is none", "Port C# and C++ code", "Port C# and C++ code", meta{}},
		{"a tag in front", "#task Review", "#task Review", meta{Labels: []string{"task"}}},

		{"days", "Ship start:2026-12-01 due:2026-12-24", "Ship", meta{Start: "2026-12-01", Due: "2026-12-24"}},
		{"a day in the middle", "Ship due:2026-12-24 at last", "Ship due:2026-12-24 at last", meta{Due: "2026-12-24"}},
		{"no day", "Ship due:soon due:2026-13-01", "Ship due:soon due:2026-13-01", meta{}},
		{"an estimate", "Ship est:3d", "Ship", meta{Estimate: "3d"}},
		{"about three days", "Ship in ~3d", "Ship in ~3d", meta{}},

		{"signs", "Ship 🛫 2026-12-01 📅 2026-12-24", "Ship", meta{Start: "2026-12-01", Due: "2026-12-24"}},
		{"signs without a space", "Ship 📅2026-12-24", "Ship", meta{Due: "2026-12-24"}},
		{"signs with a selector", "Ship 🗓️ 2026-12-24 ⏫️", "Ship", meta{Due: "2026-12-24"}},
		{"what is not used", "Ship ⏫ ➕ 2026-01-01 ⏳ 2026-12-20 🆔 a1 ⛔ b2 ✅ 2026-12-24 ^id-1", "Ship", meta{}},
		{"repeats", "Rotate keys 🔁 every 2 weeks when done 📅 2026-12-24", "Rotate keys", meta{Due: "2026-12-24", Every: "2 weeks"}},
		{"repeats by another rule", "Rotate keys 🔁 every month on the 1st 📅 2026-12-24 @ada", "Rotate keys", meta{Due: "2026-12-24", Assignees: []string{"ada"}}},
		{"repeats without a day", "Rotate keys 🔁 every week", "Rotate keys", meta{}},
		{"signs as words", "Tests are ✅ and 📅 is set ✅", "Tests are ✅ and 📅 is set ✅", meta{}},

		{"with a link between", "Ship @ada ([#7](https://github.com/o/r/issues/7)) #db", "Ship", meta{Assignees: []string{"ada"}, Labels: []string{"db"}}},
		{"further lines", "Ship it\n  with @ada `a\n  @b`", "Ship it with @ada `a @b`", meta{Assignees: []string{"ada"}}},
		{"before a quote's", "Ship <a @ada\n> so", "Ship <a > so", meta{Assignees: []string{"ada"}}},
		{"before further lines", "Ship @ada\n  and go", "Ship and go", meta{Assignees: []string{"ada"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			raw := "- [ ] " + c.line + "\n"
			if text, _, _ := markdown.ReadTask(raw); text != c.text {
				t.Errorf("text: got %q, want %q", text, c.text)
			}
			if diff := cmp.Diff(c.want, markdown.ReadMeta(raw), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestShorthand(t *testing.T) {
	t.Parallel()
	_, _, links := markdown.ReadTask("- [ ] a/b#1, `c/d#2` (e/f#3) [g/h#4](https://github.com/g/h/pull/4) #5 i/j#6 https://github.com/i/j/pull/6\n")
	want := []string{
		"https://github.com/g/h/pull/4", "https://github.com/i/j/pull/6",
		"https://github.com/a/b/issues/1", "https://github.com/e/f/issues/3",
	}
	if diff := cmp.Diff(want, links); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct{ name, document, want string }{
		{"one repository", "See https://github.com/o/r/issues/1.\n\n- [ ] fix #12\n", "https://github.com/o/r/issues/12"},
		{"two", "https://github.com/o/r/issues/1 https://github.com/o/s/issues/1\n\n- [ ] fix #12\n", ""},
		{"none", "- [ ] fix #12\n", ""},
	} {
		doc, err := markdown.Parse([]byte(c.document), markdown.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(doc.Blocks[len(doc.Blocks)-1].Links, " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestWriteMeta(t *testing.T) {
	t.Parallel()
	read := func(lines ...string) (f markdown.Forms) {
		for _, l := range lines {
			f.Learn("- [ ] " + l + "\n")
		}
		return f
	}
	for _, c := range []struct {
		name, line string
		forms      markdown.Forms
		want       meta
		after      string // "" where it cannot be written
	}{
		{"a document without owners", "Ship", read("x"), meta{Assignees: []string{"ada"}}, ""},
		{"a document with owners", "Ship", read("x @bob"), meta{Assignees: []string{"ada", "chen"}}, "Ship @ada @chen"},
		{"in parentheses", "Ship", read("x (@bob)"), meta{Assignees: []string{"ada"}}, "Ship (@ada)"},
		{"another owner", "Ship @ada ([#7](https://github.com/o/r/issues/7))", read(), meta{Assignees: []string{"bob"}}, "Ship @bob ([#7](https://github.com/o/r/issues/7))"},
		{"one of two", "Ship @ada @bob", read(), meta{Assignees: []string{"bob"}}, "Ship @bob"},
		{"nobody", "Ship @ada  @bob #db", read(), meta{Labels: []string{"db"}}, "Ship #db"},
		{"a name that is no word", "Ship @ada", read(), meta{Assignees: []string{"Ada Lovelace"}}, ""},
		{"an owner in the text stays", "Ask @ada for it", read(), meta{Assignees: []string{"bob"}}, ""},
		{"one more than in the text", "Ask @ada for it", read(), meta{Assignees: []string{"ada", "bob"}}, "Ask @ada for it @bob"},
		{"the only words stay", "@ada", read(), meta{}, ""},

		{"a label as the line has them", "Ship +db", read("x #a"), meta{Labels: []string{"db", "ui"}}, "Ship +db +ui"},
		{"a label as the document has them", "Ship", read("x #a"), meta{Labels: []string{"db"}}, "Ship #db"},
		{"a label that would be a number", "Ship", read("x #a"), meta{Labels: []string{"12"}}, ""},

		{"a day", "Ship due:2026-12-24", read(), meta{Due: "2026-12-31"}, "Ship due:2026-12-31"},
		{"a day in the text", "Ship due:2026-12-24 at last", read(), meta{Due: "2026-12-31"}, "Ship due:2026-12-31 at last"},
		{"no day any more", "Ship due:2026-12-24 at last", read(), meta{}, "Ship at last"},
		{"no day at the beginning", "due:2026-12-24 Ship", read(), meta{}, "Ship"},
		{"a sign", "Ship 📅 2026-12-24 ⏫", read(), meta{Due: "2026-12-31"}, "Ship 📅 2026-12-31 ⏫"},
		{"a new sign", "Ship ^id", read("x 📅2026-12-24"), meta{Due: "2026-12-31"}, "Ship 📅2026-12-31 ^id"},
		{"who writes the one sign writes the other", "Ship", read("x 📅 2026-12-24"), meta{Start: "2026-12-31"}, "Ship 🛫 2026-12-31"},
		{"as with the words", "Ship", read("x start:2026-12-24"), meta{Due: "2026-12-31"}, "Ship due:2026-12-31"},
		{"repeats", "Ship 📅 2026-12-24", read(), meta{Due: "2026-12-24", Every: "2 weeks"}, "Ship 📅 2026-12-24 🔁 every 2 weeks"},
		{"repeats otherwise", "Ship 🔁 every week when done 📅 2026-12-24", read(), meta{Due: "2026-12-24", Every: "month"}, "Ship 🔁 every month when done 📅 2026-12-24"},
		{"repeats no more", "Ship 🔁 every week 📅 2026-12-24", read(), meta{Due: "2026-12-24"}, "Ship 📅 2026-12-24"},
		{"no way to say that it repeats", "Ship due:2026-12-24", read(), meta{Due: "2026-12-24", Every: "week"}, ""},
		{"an estimate", "Ship est:3d", read(), meta{Estimate: "5"}, "Ship est:5"},
		{"before further lines and their space", "Ship @ada  \n  soon", read(), meta{Assignees: []string{"bob"}}, "Ship @bob  \n  soon"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			raw := "> - [ ] " + c.line + "\r\n"
			after := c.after
			if after == "" {
				after = c.line
			}
			got, ok := markdown.WriteMeta(raw, c.want, c.forms)
			if ok != (c.after != "") || got != "> - [ ] "+after+"\r\n" {
				t.Errorf("got %q, %t, want %q", got, ok, after)
			}
		})
	}
}

// What is written is read again, and nothing else of the lines changes.
func TestWriteMetaLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := func() string {
			return rapid.SampledFrom([]string{
				"fix", "the", "`@code`", "@eli", "#tag", "+plus", "due:2026-01-01", "start:2026-01-02", "📅 2026-01-03", "🛫 2026-01-04",
				"🔁 every week", "est:3d", "⏫", "✅ 2026-01-05", "([#7](https://github.com/o/r/issues/7))", "(@kim)", "@lee,", "a@b.c", "`open", "\\", "~~x~~", "^id",
			}).Draw(t, "word")
		}
		line := "  * [x] start"
		for range rapid.IntRange(0, 6).Draw(t, "words") {
			line += rapid.SampledFrom([]string{" ", " ", "  "}).Draw(t, "space") + word()
		}
		line += rapid.SampledFrom([]string{"\n", "", "  \r\n", "\n    more @eli `x`\n"}).Draw(t, "end")
		names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"ada", "bob-2", "é", "Ada L"}), 0, 3, rapid.ID[string])
		want := markdown.ReadMeta(line)
		switch rapid.IntRange(0, 5).Draw(t, "field") {
		case 0:
			want.Assignees = names.Draw(t, "assignees")
		case 1:
			want.Labels = names.Draw(t, "labels")
		case 2:
			want.Start = rapid.SampledFrom([]events.Day{"", "2026-12-01"}).Draw(t, "start")
		case 3:
			want.Due = rapid.SampledFrom([]events.Day{"", "2026-12-01"}).Draw(t, "due")
		case 4:
			want.Due, want.Every = "2026-12-01", rapid.SampledFrom([]string{"", "day", "2 weeks"}).Draw(t, "every")
		case 5:
			want.Estimate = rapid.SampledFrom([]string{"", "5", "1.5h"}).Draw(t, "estimate")
		}
		var forms markdown.Forms
		for _, w := range rapid.SliceOfN(rapid.Custom(func(*rapid.T) string { return word() }), 0, 4).Draw(t, "forms") {
			forms.Learn("- [ ] x " + w)
		}
		got, ok := markdown.WriteMeta(line, want, forms)
		if !ok {
			if got != line {
				t.Fatalf("not written, and got %q, want %q", got, line)
			}
			return
		}
		if diff := cmp.Diff(want, markdown.ReadMeta(got), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%q became %q:\n%s", line, got, diff)
		}
		if a, b := plain(line), plain(got); a != b {
			t.Fatalf("%q became %q: got %q, want %q", line, got, b, a)
		}
		_, _, had := markdown.ReadTask(line)
		_, _, links := markdown.ReadTask(got)
		if diff := cmp.Diff(had, links); diff != "" {
			t.Fatalf("links of %q: %s", got, diff)
		}
		if again, ok := markdown.WriteMeta(got, markdown.ReadMeta(line), forms); ok && plain(again) != plain(line) {
			t.Fatalf("back: got %q, want %q", again, line)
		}
	})
}

// plain is what a line says besides metadata.
func plain(line string) string {
	line = strings.NewReplacer("🔁 every week", "", "🔁 every day", "", "🔁 every 2 weeks", "", "📅", "", "🛫", "").Replace(line)
	words := strings.Fields(line)
	kept := words[:0]
	for _, w := range words {
		core := strings.Trim(w, "()")
		if strings.HasPrefix(core, "@") || strings.HasPrefix(core, "+") || strings.HasPrefix(core, "#") ||
			strings.HasPrefix(core, "due:") || strings.HasPrefix(core, "start:") || strings.HasPrefix(core, "est:") || events.Day(core).Valid() {
			continue
		}
		kept = append(kept, w)
	}
	return strings.Join(kept, " ")
}
