package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPager: what is long goes through a pager, on a terminal only, and whatever
// the pager does, all of it is there to be read.
func TestPager(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must("import", "elixir-migration.md")
	h.must("done", "2", "-m", "mix new")
	whole := h.terminal("cairn log")
	if !strings.Contains(whole, "mix new") {
		t.Fatalf("the log on a terminal:\n%s", whole)
	}
	paged := filepath.Join(h.dir, "paged")
	for _, test := range []struct {
		name, line, pager string
		shown, kept       bool // on the terminal, by the pager
	}{
		{"a pager gets all of it", "cairn log", "cat > paged", false, true},
		{"a pager that shows it", "cairn log", "cat", true, false},
		{"--no-pager", "cairn log --no-pager", "cat > paged", true, false},
		{"JSON", "cairn log --json", "cat > paged", true, false},
		{"CSV", "cairn log --csv", "cat > paged", true, false},
		{"a pipe", "cairn log | sed 's/^/ /'", "cat > paged", true, false},
		{"a terminal that can do nothing", "TERM=dumb cairn log", "cat > paged", true, false},
		{"a pager that is not there", "cairn log", "no-such-pager", true, false},
		{"a pager that fails before it reads", "cairn log", "false", true, false},
		{"a pager that fails after it read", "cairn log", "cat > /dev/null; exit 3", true, false},
		{"a pager that ends early", "cairn log", "head -c 10 > paged", false, true},
	} {
		_ = os.Remove(paged)
		out := h.terminal(test.line, "CAIRN_PAGER="+test.pager, "PAGER=false")
		kept, err := os.ReadFile(paged)
		if shown := strings.Contains(out, "mix new"); shown != test.shown {
			t.Errorf("%s: shown %t, want %t:\n%s", test.name, shown, test.shown, out)
		}
		if (err == nil && len(kept) > 0) != test.kept {
			t.Errorf("%s: the pager got %q", test.name, kept)
		}
		if test.name == "a pager gets all of it" && string(kept) != strings.ReplaceAll(whole, "\r", "") {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, kept, whole)
		}
	}
	// The log is free while somebody reads.
	if out := h.terminal("cairn log", "CAIRN_PAGER=cairn comment 2 meanwhile && cat"); !strings.Contains(out, "mix new") || !strings.Contains(h.must("log", "2"), "meanwhile") {
		t.Errorf("the log was held while the pager ran:\n%s", out)
	}
	if out := h.terminal("cairn log", "CAIRN_PAGER=", "PAGER=cat > paged"); strings.Contains(out, "mix new") {
		t.Errorf("$PAGER is not used:\n%s", out)
	}
}
