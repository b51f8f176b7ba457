package server

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"cairn/events"
)

// Announcement is how a server that has the log of a directory open tells the
// other processes of this machine where it listens: server.json in the directory,
// readable by its owner only. It is never believed while the directory's lock is
// free.
//
//	{"pid":4711,"url":"http://127.0.0.1:8080","secret":"…"}
type Announcement struct {
	PID int    `json:"pid"`
	URL string `json:"url"`
	// Secret opens the server to whoever can read the directory.
	Secret string `json:"secret"`
	// Certificate is the SHA-256 of the server's own in hex, with TLS: those who read
	// this know it, whatever names it is for, and whoever signed it.
	Certificate string `json:"certificate,omitempty"`
	// NATS is where NATS clients may listen; empty if nowhere.
	NATS string `json:"nats,omitempty"`
}

func announcementPath(dir string) string { return filepath.Join(dir, "server.json") }

// Announce writes the announcement of a directory's server.
func (a Announcement) Announce(dir string) error {
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(announcementPath(dir), append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("%w: %w", events.ErrStorage, err)
	}
	return nil
}

// withdraw takes back the announcement of the server with a secret.
func withdraw(dir, secret string) {
	if a, err := announced(dir); err == nil && a.Secret == secret {
		_ = os.Remove(announcementPath(dir)) // a left one is not believed
	}
}

// announces reports whether a server may have been started with a directory: one
// over NATS has its key there, and its log elsewhere.
func announces(dir string) bool {
	_, err := os.Stat(announcementPath(dir))
	return err == nil
}

// Near returns the URL at which a server that listens on all addresses of this
// machine is reached from this machine.
func Near(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	if at, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "" || err == nil && at.IsUnspecified() {
		u.Host = net.JoinHostPort("127.0.0.1", u.Port())
	}
	return u.String()
}

// announced reads the announcement of a directory's server.
func announced(dir string) (Announcement, error) {
	var a Announcement
	b, err := os.ReadFile(announcementPath(dir))
	if err == nil {
		err = json.Unmarshal(b, &a)
	}
	return a, err
}
