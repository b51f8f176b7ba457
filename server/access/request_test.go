package access

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"cairn/server/commands"
)

// FuzzHeaders: whatever a stranger sends, what is read of it is within its form.
func FuzzHeaders(f *testing.F) {
	f.Add("localhost:8080", "http://localhost:8080", "Bearer crn_x", "10.0.0.1, 192.0.2.1", "ada")
	f.Add("[::1]:80", "null", "bearer  ", "[2001:db8::1]:80", "zoë")
	f.Add("127.0.0.1", "https://evil.example", "Basic YTpi", ",", "\xff")
	f.Add("[localhost]:1", "http://", "Bearer", "fe80::1%eth0", " a")
	f.Fuzz(func(t *testing.T, host, origin, auth, hops, actor string) {
		name := strings.ToLower(host)
		if i := strings.LastIndexByte(name, ':'); i >= 0 && !strings.HasSuffix(name, "]") {
			name = name[:i]
		}
		if loopbackHost(host) && name != "localhost" && name != "127.0.0.1" && name != "[::1]" {
			t.Errorf("%q is taken for this machine", host)
		}
		if sameOrigin([]string{origin}, host) {
			rest := strings.TrimPrefix(strings.TrimPrefix(origin, "http://"), "https://")
			if host == "" || !strings.EqualFold(rest, host) && !strings.EqualFold(strings.TrimPrefix(origin, "http://"), host) {
				t.Errorf("%q is taken for the origin of %q", origin, host)
			}
		}
		token, err := bearer(http.Header{"Authorization": {auth}})
		if err != nil && token != "" || err == nil && (token == "" || len(token) > maxBearer || strings.ContainsAny(token, " \t\r\n") || !strings.HasSuffix(strings.TrimRight(auth, " "), token)) {
			t.Errorf("%q: got %q, %v", auth, token, err)
		}
		if addr, ok := lastHop([]string{hops}); ok && (!addr.IsValid() || addr.Zone() != "" || addr.Is4In6()) {
			t.Errorf("%q: got %v", hops, addr)
		}
		if commands.IsActor(actor) && (!utf8.ValidString(actor) || strings.ContainsAny(actor, "\r\n\t\x00") || len(actor) > 254 || actor == "") {
			t.Errorf("%q is taken for an actor", actor)
		}
	})
}
