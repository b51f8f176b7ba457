package members_test

import (
	"fmt"
	"strings"
	"testing"

	"cairn/projections/members"
)

// TestMay is the whole table: every right of every role, without a limit and
// with one, on a checklist within it, on another, and on all of them together.
func TestMay(t *testing.T) {
	t.Parallel()
	const table = `
		                    see   change create trust administer
		viewer   plan       yes   no     no     yes   no
		viewer   all        yes   no     no     yes   no
		editor   plan       yes   yes    yes    yes   no
		editor   all        yes   yes    yes    yes   no
		admin    plan       yes   yes    yes    yes   yes
		admin    all        yes   yes    yes    yes   yes
		viewer*  plan       yes   no     no     yes   no
		viewer*  other      no    no     no     yes   no
		viewer*  all        no    no     no     yes   no
		editor*  plan       yes   yes    no     yes   no
		editor*  other      no    no     no     yes   no
		editor*  all        no    no     no     yes   no
		admin*   plan       yes   yes    no     yes   no
		admin*   other      no    no     no     yes   no
		admin*   all        no    no     no     yes   no
		owner    plan       no    no     no     no    no
		none     all        no    no     no     no    no`
	lines := strings.Split(strings.TrimSpace(table), "\n")
	rights := strings.Fields(lines[0])
	if got := fmt.Sprint(members.Rights()); got != fmt.Sprint(rights) {
		t.Fatalf("the table has %v, there are %s", rights, got)
	}
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		role, limited := strings.CutSuffix(cells[0], "*")
		id := members.Identity{User: "ada", Role: members.Role(strings.TrimPrefix(role, "none"))}
		if limited {
			id.Checklists = []string{"plan", "release"}
		}
		on := cells[1]
		if on == "all" {
			on = ""
		}
		for i, right := range rights {
			if got, want := id.May(members.Right(right), on), cells[2+i] == "yes"; got != want {
				t.Errorf("%s may %s on %s: got %t, want %t", cells[0], right, cells[1], got, want)
			}
		}
		if id.May("", on) || id.May("everything", on) {
			t.Errorf("%s may what is no right", cells[0])
		}
	}
}

// An empty name in a limit is not all checklists.
func TestALimitOfNothing(t *testing.T) {
	t.Parallel()
	id := members.Identity{Role: members.Admin, Checklists: []string{""}}
	for _, right := range members.Rights() {
		if right != members.Trust && id.May(right, "") {
			t.Errorf("may %s", right)
		}
	}
}
