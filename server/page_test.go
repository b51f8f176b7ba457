package server_test

import (
	"net/http"
	"strings"
	"testing"

	"cairn/server/commands"
)

// Whoever looks at the page of a log without users may change it from there, and
// nothing else in the browser may.
func TestPageSession(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, jetStream(t, t.TempDir(), -1).ClientURL(), t.TempDir())
	if _, err := reach(t, s).Execute(t.Context(), by("plan"), commands.ImportDocument{Document: []byte(plan)}); err != nil {
		t.Fatal(err)
	}
	page, err := http.Get(s.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	cookies := page.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
		t.Fatalf("got the cookies %v, want one that no script sees and no other site uses", cookies)
	}
	for _, test := range []struct {
		name   string
		cookie bool
		origin string
		want   int
	}{
		{"the page", true, s.URL, http.StatusOK},
		{"the page without its cookie", false, s.URL, http.StatusUnauthorized},
		{"the cookie from nowhere", true, "", http.StatusUnauthorized},
		{"another page", true, "http://127.0.0.1:1", http.StatusForbidden},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v1/checklists/plan/commands/StartTask", strings.NewReader(`{"tasks":["1"]}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if test.cookie {
			req.AddCookie(cookies[0])
		}
		if test.origin != "" {
			req.Header.Set("Origin", test.origin)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != test.want {
			t.Errorf("%s: got %s, want %d", test.name, res.Status, test.want)
		}
	}
}
