package docfile

import "testing"

// What git takes for the common version of two branches that were merged both
// ways can hold conflicts, also one in the other.
func TestFirstSides(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, document, want string }{
		{"no conflict", "a\n=======\nb\n", "a\n=======\nb\n"},
		{"one", "a\n<<<<<<< ours\nx\n=======\ny\n>>>>>>> theirs\nb\n", "a\nx\nb\n"},
		{"with the base", "<<<<<<< ours\nx\n||||||| base\nz\n=======\ny\n>>>>>>> theirs\n", "x\n"},
		{"one in the other", "<<<<<<< 1\nx\n=======\n<<<<<<<<< 2\ny\n=========\nz\n>>>>>>>>> 2\n>>>>>>> 1\nb\n", "x\nb\n"},
		{"one in the first side", "<<<<<<< 1\n<<<<<<<<< 2\nx\n=========\nz\n>>>>>>>>> 2\n=======\ny\n>>>>>>> 1\n", "x\n"},
	} {
		if got := string(firstSides([]byte(test.document))); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
