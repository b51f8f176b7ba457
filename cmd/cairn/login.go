package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server"
	"cairn/server/app"
	"cairn/server/commands"
)

func newLogin(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "login [URL]", Short: "Log in to a server with a token",
		Long: `Keep the token for a server, once the server knows it. The token is asked for, or
read from stdin. It lies in a file of yours alone, and is sent to this server and
nowhere else. Without a URL it is the server that is used here.

  cairn login https://cairn.example.com
  cairn login <token.txt`,
		Args: args(0, 1, "at most the URL of a server"),
		RunE: func(cmd *cobra.Command, given []string) error { return c.login(cmd.Context(), given) },
	}
}

func newLogout(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "logout [URL]", Short: "Forget the token for a server",
		Long: `Forget the token for a server. It stays valid for who else has it.

  cairn logout https://cairn.example.com`,
		Args: args(0, 1, "at most the URL of a server"),
		RunE: func(_ *cobra.Command, given []string) error { return c.logout(given) },
	}
}

func newWhoAmI(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "whoami", Short: "Print who you are, and how that is known",
		Long: `Print who you are to the log, and how that is known: from a token, or only because
you say so (--as, $CAIRN_ACTOR, git's user, the system's user).

  cairn whoami
  cairn whoami --json`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.whoami(cmd.Context()) },
	}
}

// serverOf returns the server that login and logout are about.
func (c *cli) serverOf(given []string) (string, error) {
	if len(given) == 1 {
		return server.CheckURL(given[0])
	}
	if err := c.locate(); err != nil {
		return "", err
	}
	if c.place.URL == "" {
		return "", &commands.Error{Code: commands.CodeUsage, Message: "which server? None is used here", Hint: "Name it, as in cairn login https://cairn.example.com."}
	}
	return c.place.URL, nil
}

func (c *cli) login(ctx context.Context, given []string) error {
	url, err := c.serverOf(given)
	if err != nil {
		return err
	}
	config, err := c.config()
	if err != nil {
		return err
	}
	if strings.HasPrefix(url, "http://") && !loopback(url) {
		fmt.Fprintf(c.err, "%s is not encrypted: who is on the way reads the token.\n", url)
	}
	if open, err := server.Reach(ctx, url, "", server.Place{URL: url}, config); err == nil {
		// It lets in who shows nothing, on its own machine.
		return errors.Join(open.Close(), &commands.Error{
			Code: commands.CodeRefused, Message: url + " has no users: there is nothing to log in to", Hint: "Its first user is made where its log lies: cairn user add NAME --role admin",
		})
	}
	token, err := c.askToken(ctx)
	if err != nil {
		return err
	}
	s, err := server.Reach(ctx, url, token, server.Place{URL: url}, config)
	if err != nil {
		return notLoggedIn(err)
	}
	c.session = s
	id, err := s.WhoAmI(ctx, c.actor().ID)
	if err != nil {
		return notLoggedIn(err)
	}
	if id.Role == nil {
		return &commands.Error{Code: commands.CodeRefused, Message: url + " has no users: there is nothing to log in to", Hint: "Its first user is made where its log lies: cairn user add NAME --role admin"}
	}
	if _, err := config.Tokens.Set(url, token); err != nil {
		return err
	}
	if c.json {
		return c.printJSON(id)
	}
	c.talk("ok, you are %s\n", named(id))
	if err := c.locate(); err == nil && c.place.URL != url {
		c.talk("Commands here do not use it yet: --server %s, or echo %s >.cairn-server for the whole repository.\n", url, url)
	}
	return nil
}

func notLoggedIn(err error) error {
	var e *commands.Error
	if errors.As(err, &e) && e.Code == commands.CodeUnauthenticated {
		e.Message, e.Hint = "the server does not know this token", "Nothing was kept. Ask an admin for a new one."
	}
	return err
}

// askToken reads a token from a terminal without showing it, else from stdin.
func (c *cli) askToken(ctx context.Context) (string, error) {
	read := func() ([]byte, error) { return c.readIn(ctx) }
	if f, ok := c.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(c.err, "Token: ")
		was, err := term.GetState(int(f.Fd()))
		if err != nil {
			return "", err
		}
		defer func() {
			_ = term.Restore(int(f.Fd()), was) // also where Ctrl-C ended the reading
			fmt.Fprintln(c.err)
		}()
		read = func() ([]byte, error) {
			return reading(ctx, func() ([]byte, error) { return term.ReadPassword(int(f.Fd())) })
		}
	}
	b, err := read()
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", &commands.Error{Code: commands.CodeUsage, Message: "that is no token", Hint: "A token is one word, as an admin got it from cairn user add."}
	}
	return token, nil
}

func (c *cli) logout(given []string) error {
	url, err := c.serverOf(given)
	if err != nil {
		return err
	}
	config, err := c.config()
	if err != nil {
		return err
	}
	forgot, err := config.Tokens.Set(url, "")
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(struct {
			Schema  int    `json:"schema"`
			Kind    string `json:"kind"`
			Changed bool   `json:"changed"`
			Server  string `json:"server"`
		}{1, "logout", forgot, url})
	}
	if forgot {
		c.talk("The token for %s is forgotten.\n", url)
	} else {
		c.talk("There was no token for %s.\n", url)
	}
	if c.getenv("CAIRN_TOKEN") != "" {
		c.talk("The one in $CAIRN_TOKEN is used as before.\n")
	}
	return nil
}

func (c *cli) whoami(ctx context.Context) error {
	if err := c.locate(); err != nil {
		return err
	}
	id, at := app.NewIdentity(c.actor().ID, "", nil, events.Unauthenticated), ""
	if c.place.URL != "" {
		s, err := c.openLog(ctx)
		if err != nil {
			return err
		}
		if id, err = s.WhoAmI(ctx, c.actor().ID); err != nil {
			return err
		}
		at = " at " + c.place.URL
	}
	if c.json {
		return c.printJSON(id)
	}
	how := "declared, checked by nobody"
	if id.Auth != events.Unauthenticated {
		how = "known by your token"
	}
	_, err := fmt.Fprintf(c.out, "%s%s: %s\n", named(id), at, how)
	return err
}

// named is an identity as it is shown.
func named(id app.JSONIdentity) string {
	name := checklist.Clean(id.User)
	var more []string
	if id.Role != nil {
		more = append(more, *id.Role)
	}
	if id.Checklists != nil {
		more = append(more, "only "+strings.Join(id.Checklists, ", "))
	}
	if len(more) > 0 {
		name += " (" + strings.Join(more, "; ") + ")"
	}
	return name
}
