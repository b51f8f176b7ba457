package markdown_test

import (
	"bytes"
	"testing"

	"cairn/server/markdown"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "\n", "\r", "\x00", "\uFEFF# T\n\n- [ ] a", "- [ ] a\r\n  body\r\n\r\n  - [x] b\r\n",
		"- [ ] a\r- [x] b\r\r## s\r", "> - [ ] q\n>   more\n> \n> - [~] r\n", "- - [ ] a\n  - [x] b\n",
		"Title\n=====\n\nSub\n---\n1. [ ] a\n2. [x] b\n", "---\nkey: v\n- [ ] no\n---\n# T\n",
		"<details>\n<summary>S</summary>\n\n- [ ] a\n\n</details>\n- [ ] b\n", "```\n- [ ] no\n```\n",
		"Legend: [ ] = Todo, [x] = Done\n\nOwner: ______ | Target start: 2026-01-02\n", "<!--\n- [ ] no\n-->\n",
		"  \t- [ ] a\n\t\t- [ ] b\n", "-\n  [ ] a\n\n  ---\n", "\xff\xfe- [ ] a\n", "- [ ]", "[a]: b\n===\n", "* [ ] a\n***\n+ [ ] b\n---\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := markdown.Parse(b, markdown.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := doc.Bytes(); !bytes.Equal(got, b) {
			t.Fatalf("got %q, want %q", got, b)
		}
		checkTree(t, doc)
		checkEdits(t, doc)
	})
}
