package server

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"cairn/events"
	"cairn/server/commands"
)

// AddressFile is the name of the file that says which server has a repository's
// checklists: one line, its URL. It is meant to be committed.
const AddressFile = ".cairn-server"

// CheckURL returns the one form of a server's URL, scheme://host or
// scheme://host:port, or what is wrong with it.
func CheckURL(raw string) (string, error) {
	wrong := func(why string) (string, error) {
		return "", &commands.Error{
			Code: commands.CodeUsage, Message: fmt.Sprintf("%q is no server: %s", withoutUser(raw), why),
			Hint: "Write https://cairn.example.com, or with a port https://cairn.example.com:8443.",
		}
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil:
		return wrong("that is no URL")
	case u.Scheme != "http" && u.Scheme != "https" || u.Opaque != "":
		return wrong("it does not begin with http:// or https://")
	case u.User != nil:
		return wrong("a password or token does not belong there; cairn login asks for it")
	case u.Hostname() == "":
		return wrong("it names no host")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return wrong("nothing may stand behind the host")
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

// withoutUser hides what may be a secret.
func withoutUser(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		scheme, rest = "", raw
	} else {
		scheme += "://"
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = "…@" + rest[at+1:]
	}
	return scheme + rest
}

// readAddress returns the URL in an AddressFile; empty where there is none in dir.
func readAddress(dir string) (string, error) {
	path := filepath.Join(dir, AddressFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", events.ErrStorage, err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	at, err := CheckURL(lines[0])
	if err == nil && len(lines) > 1 {
		err = &commands.Error{Code: commands.CodeUsage, Message: "it has more than one line", Hint: "Write one line, https://cairn.example.com."}
	}
	var e *commands.Error
	if errors.As(err, &e) {
		e.Message = path + ": " + e.Message
	}
	return at, err
}

// Tokens are what opens servers to this client: a file of its own, which only its
// owner may read.
//
//	{"https://cairn.example.com:8443":"crn_7Q…"}
//
// A token is for one scheme, host and port, and is sent nowhere else. The zero
// Tokens have none.
type Tokens string

func (t Tokens) read() (map[string]string, error) {
	if t == "" {
		return nil, nil
	}
	info, err := os.Stat(string(t))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, &commands.Error{Code: commands.CodeUnauthenticated, Message: "others may read the tokens in " + string(t), Hint: "chmod 600 " + string(t)}
	}
	var all map[string]string
	b, err := os.ReadFile(string(t))
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the tokens in %s cannot be read: %w", events.ErrStorage, t, err)
	}
	return all, nil
}

// Of returns the token for a server; empty where there is none.
func (t Tokens) Of(server string) (string, error) {
	all, err := t.read()
	return all[server], err
}

// Set keeps the token for a server; an empty one is forgotten. It reports whether
// that changed anything.
func (t Tokens) Set(server, token string) (bool, error) {
	if t == "" {
		return false, fmt.Errorf("%w: no home directory to keep a token in", events.ErrStorage)
	}
	all, err := t.read()
	if err != nil || all[server] == token {
		return false, err
	}
	if all == nil {
		all = make(map[string]string)
	}
	if all[server] = token; token == "" {
		delete(all, server)
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(string(t)), 0o700); err != nil {
		return false, fmt.Errorf("%w: %w", events.ErrStorage, err)
	}
	if err := renameio.WriteFile(string(t), append(b, '\n'), 0o600); err != nil {
		return false, fmt.Errorf("%w: %w", events.ErrStorage, err)
	}
	return true, nil
}

// Roots returns the certificates of the system and those in a file.
func Roots(path string) (*x509.CertPool, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, &commands.Error{Code: commands.CodeNoFile, Message: fmt.Sprintf("$CAIRN_CA: %v", err)}
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(b) {
		return nil, &commands.Error{Code: commands.CodeUsage, Message: "$CAIRN_CA: there is no certificate in " + path, Hint: "It takes certificates in PEM form."}
	}
	return pool, nil
}
