package server_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cairn/server"
	"cairn/server/commands"
)

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://Cairn.example.com":          "https://cairn.example.com",
		"https://cairn.example.com:8443/":    "https://cairn.example.com:8443",
		" http://127.0.0.1:8080\n":           "http://127.0.0.1:8080",
		"http://[::1]:8080":                  "http://[::1]:8080",
		"cairn.example.com":                  "",
		"cairn.example.com:8443":             "",
		"localhost:8080":                     "",
		"":                                   "",
		"ftp://cairn.example.com":            "",
		"https://":                           "",
		"https://:8443":                      "",
		"https://cairn.example.com/api/v1":   "",
		"https://cairn.example.com?x=1":      "",
		"https://cairn.example.com#x":        "",
		"https://ada:s3cret@example.com":     "",
		"https://s3cret@cairn.example.com":   "",
		"https://cairn.example.com:port":     "",
		"ada:s3cret@cairn.example.com":       "",
		"https://ada:s3cret@example.com/%zz": "",
	} {
		got, err := server.CheckURL(raw)
		var e *commands.Error
		switch {
		case got != want || (err == nil) != (want != ""):
			t.Errorf("%q: got %q, %v, want %q", raw, got, err, want)
		case err != nil && (!errors.As(err, &e) || e.Code != commands.CodeUsage || strings.Contains(e.Message, "s3cret")):
			t.Errorf("%q: got %v", raw, err)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cairn", "tokens")
	tokens := server.Tokens(path)
	const one, other = "https://one.example.com", "http://one.example.com"
	if got, err := tokens.Of(one); got != "" || err != nil {
		t.Errorf("no file: got %q, %v", got, err)
	}
	if changed, err := tokens.Set(one, "crn_1"); !changed || err != nil {
		t.Fatalf("got %t, %v", changed, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want 0600", info.Mode(), err)
	}
	if got, _ := tokens.Of(other); got != "" {
		t.Errorf("another scheme has the token %q", got)
	}
	if got, _ := tokens.Of(one); got != "crn_1" {
		t.Errorf("got %q, want crn_1", got)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := tokens.Of(one); got != "" || err == nil {
		t.Errorf("others may read it: got %q, %v", got, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := tokens.Set(one, ""); !changed || err != nil {
		t.Errorf("got %t, %v", changed, err)
	}
	if changed, err := tokens.Set(one, ""); changed || err != nil {
		t.Errorf("once more: got %t, %v", changed, err)
	}
}

// Where a repository names its server, a log in .git is that of before; a .cairn
// that is nearer is meant.
func TestLocateServer(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	deep := filepath.Join(top, "a", "b")
	for _, dir := range []string{deep, filepath.Join(top, ".git"), filepath.Join(top, "a", "near", ".cairn")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(top, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(".git/HEAD", "ref: refs/heads/main\n")
	write(".cairn-server", "https://Cairn.example.com:8443/\n")
	for name, test := range map[string]struct {
		env       server.Env
		url, base string
	}{
		"from below":            {server.Env{Cwd: deep}, "https://cairn.example.com:8443", top},
		"a nearer .cairn":       {server.Env{Cwd: filepath.Join(top, "a", "near")}, "", filepath.Join(top, "a", "near")},
		"--data wins":           {server.Env{Cwd: deep, Data: "x"}, "", top},
		"--server wins over it": {server.Env{Cwd: deep, Server: "http://127.0.0.1:1"}, "http://127.0.0.1:1", top},
		"without what is named": {server.Env{Cwd: deep, Here: true}, "", top},
	} {
		p, err := server.Locate(test.env)
		if err != nil || p.URL != test.url || p.Base != test.base {
			t.Errorf("%s: got %+v, %v, want %q from %s", name, p, err, test.url, test.base)
		}
	}
	write(".cairn-server", "cairn.example.com\n")
	if _, err := server.Locate(server.Env{Cwd: deep}); err == nil || !strings.Contains(err.Error(), filepath.Join(top, ".cairn-server")) {
		t.Errorf("got %v, want the name of the file", err)
	}
}
