package main

import (
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/server"
	"cairn/server/commands"
)

// config is how this run opens a log, whichever way it is reached.
func (c *cli) config() (server.Config, error) {
	config := server.Config{State: c.stateDir(), Now: c.now, Header: clockHeader(), Token: c.getenv("CAIRN_TOKEN")}
	if dir := c.home("XDG_CONFIG_HOME", ".config"); dir != "" {
		config.Tokens = server.Tokens(filepath.Join(dir, "cairn", "tokens"))
	}
	if path := c.getenv("CAIRN_CA"); path != "" {
		var err error
		if config.Roots, err = server.Roots(path); err != nil {
			return config, err
		}
	}
	return config, nil // of $SSL_CERT_FILE, Go takes notice by itself
}

// address returns the server that --server or $CAIRN_SERVER names, and the
// directory that --data or $CAIRN_DATA does: one of them at most. A flag comes
// before the environment.
func (c *cli) address() (address, data string, err error) {
	both := func(a, b string) (string, string, error) {
		return "", "", &commands.Error{Code: commands.CodeUsage, Message: a + " and " + b + ": the log is in a directory or with a server", Hint: "Give one of them."}
	}
	address, data = c.server, c.data
	if address != "" && data != "" {
		return both("--server", "--data")
	}
	if address == "" && data == "" {
		address, data = c.getenv("CAIRN_SERVER"), c.getenv("CAIRN_DATA")
		if address != "" && data != "" {
			return both("$CAIRN_SERVER", "$CAIRN_DATA")
		}
	}
	if address != "" {
		address, err = server.CheckURL(address)
	}
	return address, data, err
}

// locateHere is locate for what is about a directory of this machine, whichever
// server a repository uses.
func (c *cli) locateHere() error {
	if c.server != "" {
		return &commands.Error{Code: commands.CodeUsage, Message: "--server: this is about a directory of this machine", Hint: "Name it with --data."}
	}
	return c.find(true)
}

// where is what the log is, as it is shown: a directory or a URL.
func (c *cli) where() string {
	if c.place.URL != "" {
		return c.place.URL
	}
	return c.shown(c.place.Dir)
}

// logPath is where as it stands in JSON.
func (c *cli) logPath() string {
	if c.place.URL != "" {
		return c.place.URL
	}
	return c.place.Dir
}

// askEvery is how often a server is asked whether there is anything new.
const askEvery = time.Second

// grown reports whether the log may go beyond end: for sure where it lies in a
// directory, and once in a while where a server has it.
func (c *cli) grown(end events.Seq, asked *time.Time) bool {
	if c.place.URL == "" {
		head, err := natslog.Peek(c.place.Dir)
		return err == nil && head.N > end
	}
	if time.Since(*asked) < askEvery {
		return false
	}
	*asked = time.Now()
	return true
}

// tellStale says that what was shown may be behind the log.
func (c *cli) tellStale() {
	if c.session.Served == nil {
		return
	}
	if since, stale := c.session.Served.Stale(); stale {
		c.talk("cairn: %s has not reached its log for %s: this may be behind\n", c.session.URL, since)
	}
}

// loopback reports whether a server is on this machine.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback() || u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost")
}
