package markdown_test

import (
	"cairn/events"
	"cairn/server/markdown"
)

// checkTree verifies what holds for every document: blocks are in pre-order,
// no line is in two blocks, a task's marker is behind its first bracket.
func checkTree(t interface {
	Helper()
	Fatalf(string, ...any)
}, doc *markdown.Document,
) {
	t.Helper()
	var path []int
	line := 1
	for i, b := range doc.Blocks {
		if b.Parent >= i || b.Parent < -1 {
			t.Fatalf("block %d: parent %d", i, b.Parent)
		}
		for len(path) > 0 && path[len(path)-1] != b.Parent {
			path = path[:len(path)-1]
		}
		if b.Parent >= 0 && len(path) == 0 {
			t.Fatalf("block %d: parent %d is not on the path", i, b.Parent)
		}
		if b.Parent >= 0 && doc.Blocks[b.Parent].Noun == events.TextNoun {
			t.Fatalf("block %d is in text %d", i, b.Parent)
		}
		path = append(path, i)
		if b.Line != line {
			t.Fatalf("block %d: got line %d, want %d", i, b.Line, line)
		}
		line += countLines(b.Raw)
		switch b.Noun {
		case events.TaskNoun:
			if b.Box < 1 || b.Raw[b.Box-1] != '[' || b.Raw[b.Box] != b.Mark || b.Raw[b.Box+1] != ']' || !b.State.Valid() {
				t.Fatalf("block %d: box %d, mark %q, state %q in %q", i, b.Box, b.Mark, b.State, b.Raw)
			}
		case events.SectionNoun:
			if b.Level < 1 {
				t.Fatalf("block %d: level %d", i, b.Level)
			}
		}
		if b.Raw == "" {
			t.Fatalf("block %d is empty", i)
		}
	}
}

func countLines(s string) int {
	n := 0
	for i := range len(s) {
		last := i == len(s)-1
		if s[i] == '\n' || s[i] == '\r' && (last || s[i+1] != '\n') || last && s[i] != '\n' {
			n++
		}
	}
	return n
}
