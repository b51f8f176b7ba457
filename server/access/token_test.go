package access_test

import (
	"regexp"
	"testing"

	"cairn/server/access"
)

func TestToken(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^crn_[A-Za-z0-9_-]{43}$`)
	seen := make(map[string]bool)
	for range 1000 {
		token := access.NewToken()
		if !form.MatchString(token) || seen[token] {
			t.Fatalf("got %q", token)
		}
		seen[token] = true
	}
	const want = "1d9a196ddb203eeced9d2407799392aa1985bef25996a3a5432bbcfcad9ba1f6" // printf crn_x | sha256sum
	if got := access.Hash("crn_x"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
