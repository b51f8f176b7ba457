package main

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// guarded is a server that opens to one token only.
func guarded(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Header.Get("Authorization") != "Bearer crn_good":
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"status":401,"code":"unauthenticated","exit":4,"detail":"no token"}`)
	case r.URL.Path == "/api/v1/whoami":
		fmt.Fprint(w, `{"schema":1,"kind":"identity","user":"ada","role":"admin","checklists":null,"auth":"user"}`)
	default:
		fmt.Fprint(w, `{"schema":1,"kind":"server","origin":"cairn/x","seq":1}`)
	}
}

// Logging in keeps a token that the server knows, for this server, in a file of
// one's own; over TLS, with a certificate of one's own.
func TestLogin(t *testing.T) {
	t.Parallel()
	var answer atomic.Pointer[http.Handler]
	answers := func(h http.Handler) { answer.Store(&h) }
	answers(http.HandlerFunc(guarded))
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*answer.Load()).ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	srv.Config.ErrorLog = nil
	h := newHome(t)
	tokens := filepath.Join(filepath.Dir(h.dir), "home", ".config", "cairn", "tokens")
	run := func(in string, args ...string) (string, int) {
		t.Helper()
		cmd := h.command(args...)
		cmd.Stdin = strings.NewReader(in)
		out, _ := cmd.CombinedOutput() // the exit code tells
		return string(out), cmd.ProcessState.ExitCode()
	}
	wants := func(code int, text, in string, args ...string) {
		t.Helper()
		out, got := run(in, args...)
		if got != code || !strings.Contains(out, text) {
			t.Errorf("cairn %s: exit %d, want %d and %q:\n%s", strings.Join(args, " "), got, code, text, out)
		}
		if strings.Contains(out, "crn_") {
			t.Errorf("cairn %s shows the token:\n%s", strings.Join(args, " "), out)
		}
	}
	wants(6, "vouches for its certificate\nNothing was written. If it is the right one, name a file with its certificate, or that of who signed it: CAIRN_CA=", "crn_good", "login", srv.URL)
	ca := filepath.Join(h.dir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o644); err != nil {
		t.Fatal(err)
	}
	plain := h.env
	h.env = append(plain, "SSL_CERT_FILE="+ca)
	wants(4, "cairn login "+srv.URL, "", "--server", srv.URL, "whoami")
	h.env = append(plain, "CAIRN_CA="+ca)
	wants(4, "wants to know who you are", "", "--server", srv.URL, "show")
	if err := os.WriteFile(filepath.Join(h.dir, ".cairn-server"), []byte(srv.URL+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	wants(4, "this repository uses "+srv.URL+": cairn login\n", "", "done", "2")
	wants(4, "does not know this token", "crn_bad", "login")
	wants(2, "that is no token", "two words", "login")
	if _, err := os.Stat(tokens); err == nil {
		t.Error("a token was kept that opens nothing")
	}
	wants(0, "ok, you are ada (admin)", "crn_good\n", "login")
	wants(0, "ada (admin) at "+srv.URL+": known by your token", "", "whoami")
	if info, err := os.Stat(tokens); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want a file of mode 0600", info, err)
	}

	// Another server, to which this one sends its clients, gets nothing.
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was followed, with %q", r.URL, r.Header.Get("Authorization"))
	}))
	t.Cleanup(other.Close)
	answers(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	wants(6, "307", "", "whoami")

	wants(0, "is forgotten", "", "logout")
	answers(http.HandlerFunc(guarded))
	wants(4, ": cairn login", "", "whoami")
}
