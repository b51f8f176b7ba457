package server

import "testing"

// A server that listens on all addresses is reached from its own machine: what is
// announced must be the machine's name for itself.
func TestNear(t *testing.T) {
	t.Parallel()
	for listens, want := range map[string]string{
		"http://[::]:8080":         "http://127.0.0.1:8080",
		"http://0.0.0.0:8080":      "http://127.0.0.1:8080",
		"http://:8080":             "http://127.0.0.1:8080",
		"https://[::]:8443":        "https://127.0.0.1:8443",
		"http://127.0.0.1:8080":    "http://127.0.0.1:8080",
		"http://localhost:8080":    "http://localhost:8080",
		"https://192.0.2.7:8443":   "https://192.0.2.7:8443",
		"https://[2001:db8::1]:80": "https://[2001:db8::1]:80",
	} {
		if got := Near(listens); got != want {
			t.Errorf("%s: got %s, want %s", listens, got, want)
		}
	}
}
