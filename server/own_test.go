package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/events"
	"cairn/server"
	"cairn/server/commands"
)

// certificate writes a certificate for another machine, signed by itself.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"cairn.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "EC PRIVATE KEY", private)
}

// A server's own machine knows its certificate, whatever name it is for; another
// one in its place is not believed, and told a token by nobody.
func TestOwnCertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start := func() (url string, stop func()) {
		t.Helper()
		cert, key := certificate(t)
		s, err := server.NewServer(t.Context(), server.ServeConfig{
			Config: server.Config{State: t.TempDir()}, Place: server.Place{Dir: dir}, Listen: "127.0.0.1:0", CertFile: cert, KeyFile: key,
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		return s.URL, func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("stop: %v", err)
			}
		}
	}
	url, stop := start()
	place := server.Place{Dir: dir, Exists: true}
	at, err := server.Open(t.Context(), place, server.Config{State: t.TempDir(), Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := at.Execute(t.Context(), by("plan"), commands.ImportDocument{Document: []byte(plan)}); err != nil {
		t.Error(err)
	}
	if err := at.Close(); err != nil {
		t.Error(err)
	}
	if at.URL != url {
		t.Errorf("reached %s, want %s", at.URL, url)
	}

	// The directory is taken; that is said at once, and the port is free.
	_, err = server.NewServer(t.Context(), server.ServeConfig{
		Config: server.Config{State: t.TempDir(), Wait: time.Minute}, Place: server.Place{Dir: dir}, Listen: "127.0.0.1:0",
	})
	if !errors.Is(err, events.ErrUnavailable) || !strings.Contains(err.Error(), "is served already, at "+url) {
		t.Errorf("a second server: got %v", err)
	}

	announcement := filepath.Join(dir, "server.json")
	of, err := os.ReadFile(announcement)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	_, stop = start() // with another certificate
	defer stop()
	now, err := os.ReadFile(announcement)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(announcement, []byte(strings.Replace(string(now), member(now, "certificate"), member(of, "certificate"), 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if at, err := server.Open(t.Context(), place, server.Config{State: t.TempDir(), Wait: 300 * time.Millisecond}); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("a server with another certificate: got %v, %v", at, err)
	}
}

// member returns what an announcement has under a name.
func member(announcement []byte, name string) string {
	_, rest, _ := strings.Cut(string(announcement), `"`+name+`":"`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// A server that cannot listen leaves no log behind.
func TestNoLogWithoutADoor(t *testing.T) {
	t.Parallel()
	one, _ := serve(t, jetStream(t, t.TempDir(), -1).ClientURL(), t.TempDir())
	dir := filepath.Join(t.TempDir(), "log")
	s, err := server.NewServer(t.Context(), server.ServeConfig{
		Config: server.Config{State: t.TempDir()}, Place: server.Place{Dir: dir}, Listen: strings.TrimPrefix(one.URL, "http://"),
	})
	if err == nil {
		_ = s.Close()
		t.Fatal("two servers listen at one address")
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it made %s (%v)", dir, err)
	}
}

// A person who is turned away from a page reads why, and a program gets a problem.
func TestRefusedPage(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, jetStream(t, t.TempDir(), -1).ClientURL(), t.TempDir())
	if _, err := s.App.Administer(t.Context(), by(""), commands.AddUser{User: "ada", Role: "admin"}); err != nil {
		t.Fatal(err)
	}
	for accept, want := range map[string]string{"text/html,*/*": "text/html; charset=utf-8", "*/*": "application/problem+json"} {
		for _, path := range []string{"/", "/docs"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept", accept)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || res.StatusCode != http.StatusUnauthorized || res.Header.Get("Content-Type") != want || res.Header.Get("WWW-Authenticate") == "" || !strings.Contains(string(b), "his needs a token") {
				t.Errorf("%s for %s: got %s, %s\n%s", path, accept, res.Status, res.Header.Get("Content-Type"), b)
			}
		}
	}
}

// A server that was killed left its address behind. The next one at that address
// waits for whoever has the log, and not for an answer of its own.
func TestAddressLeftBehind(t *testing.T) {
	t.Parallel()
	place := server.Place{Dir: t.TempDir()}
	held, err := server.Open(t.Context(), place, server.Config{State: t.TempDir(), Create: true})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	if err := (server.Announcement{PID: 1, URL: "http://" + at, Secret: "x"}).Announce(place.Dir); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(200*time.Millisecond, func() {
		if err := held.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s, err := server.NewServer(ctx, server.ServeConfig{Config: server.Config{State: t.TempDir(), Wait: time.Minute}, Place: place, Listen: at})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
