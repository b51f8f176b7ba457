package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/projections/members"
	"cairn/server"
	"cairn/server/access"
	"cairn/server/commands"
)

func newToken(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use: "token", Short: "Make, list and revoke tokens",
		Long: `Make, list and revoke the tokens that open the log for its users. A token is shown
once, when it is made; the log keeps only its hash.

  cairn token create ada --label laptop
  cairn token ls
  cairn token revoke 9f3c2e1a -m "laptop stolen"`,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, sub := range []*cobra.Command{newTokenCreate(c), newTokenList(c), newTokenRevoke(c)} {
		sub.DisableFlagsInUseLine = true
		cmd.AddCommand(sub)
	}
	return cmd
}

func newTokenCreate(c *cli) *cobra.Command {
	w, label, expires := &writeFlags{}, "", ""
	cmd := &cobra.Command{
		Use: "create [USER]", Short: "Make a token and show it, once",
		Long: `Make a token for a user, by default yourself, and show it, once. Piped, or with
-q, the token stands alone.

  cairn token create --label laptop
  cairn token create ci --expires 90d -q > token
  cairn token create bob --expires 2027-01-31     until the end of that day, UTC`,
		Args: args(0, 1, "at most the name of a user"),
		RunE: func(cmd *cobra.Command, given []string) error {
			create := commands.CreateToken{User: c.actor().ID, Label: label}
			if len(given) == 1 {
				create.User = given[0]
			}
			if expires != "" {
				var err error
				if create.Expires, err = commands.ParseExpires(expires, c.now()); err != nil {
					return err
				}
			}
			done, token, err := c.issue(cmd.Context(), w, c.id, create)
			if err != nil {
				return err
			}
			return c.tellAccess(w, done, token, "")
		},
		ValidArgsFunction: c.completeFirst(c.completeUsers),
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&label, "label", "", "what it is for, a `text` such as laptop")
	cmd.Flags().StringVar(&expires, "expires", "", "when it ends, a `DAY` or 30d; never by itself")
	w.register(cmd)
	return cmd
}

// issue makes a token. Nobody but the caller ever sees it: what is sent is its hash.
func (c *cli) issue(ctx context.Context, w *writeFlags, id string, create commands.CreateToken) (administered, *issued, error) {
	secret := access.NewToken()
	create.Hash = access.Hash(secret)
	done, err := c.administer(ctx, w, id, create)
	if err != nil || w.dryRun {
		return done, nil, err
	}
	for _, env := range done.Events {
		if e, ok := env.Data.(*events.TokenCreated); ok {
			token := &issued{Token: e.Token, User: e.User, Secret: secret}
			if e.Label != "" {
				token.Label = &e.Label
			}
			if !e.Expires.IsZero() {
				token.Expires = &e.Expires
			}
			return done, token, nil
		}
	}
	return done, nil, nil
}

func newTokenList(c *cli) *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use: "ls [USER]", Short: "List the tokens that open the log",
		Long: `List the tokens that open the log: id, user, label, until when, since when.

  cairn token ls
  cairn token ls bob --all`,
		Args: args(0, 1, "at most the name of a user"),
		RunE: func(cmd *cobra.Command, given []string) error {
			return c.membersNow(cmd.Context(), func(st *members.State) error { return c.tokens(st, given, all) })
		},
		ValidArgsFunction: c.completeFirst(c.completeUsers),
	}
	cmd.Flags().BoolVar(&all, "all", false, "also those that open nothing any more")
	return cmd
}

func (c *cli) tokens(st *members.State, of []string, all bool) error {
	now := c.now()
	if len(of) == 1 && st.User(of[0]) == nil && !st.Former(of[0]) {
		return &commands.Error{Code: commands.CodeNoUser, Message: "there is no user " + of[0], Hint: "cairn user ls lists those that are there."}
	}
	tokens := slices.DeleteFunc(st.Tokens(), func(t *members.Token) bool {
		return len(of) == 1 && t.User != of[0] || !all && st.Status(t, now) != members.Active
	})
	if c.json {
		return c.printJSON(struct {
			Schema int                 `json:"schema"`
			Kind   string              `json:"kind"`
			Origin string              `json:"origin"`
			Seq    events.Seq          `json:"seq"`
			Tokens []members.TokenJSON `json:"tokens"`
		}{1, "tokens", c.session.Origin(), st.Seq(), st.TokensJSON(tokens, now)})
	}
	if len(tokens) == 0 {
		c.talk("No tokens. To make one: cairn token create USER\n")
	}
	table := [][]string{{"TOKEN", "USER", "LABEL", "STATUS", "UNTIL", "SINCE"}}
	for _, t := range tokens {
		until, label := "-", "-"
		if !t.Expires.IsZero() {
			until = t.Expires.UTC().Format("2006-01-02 15:04 UTC")
		}
		if t.Label != "" {
			label = t.Label
		}
		status := map[members.Status]string{
			members.Active: "active", members.Expired: "expired", members.Revoked: "revoked", members.UserRemoved: "user removed",
		}[st.Status(t, now)]
		table = append(table, []string{t.ID, t.User, label, status, until, fmt.Sprintf("%s @%d", t.Created.At.UTC().Format(time.DateOnly), t.Created.Seq)})
	}
	return c.table(table)
}

func newTokenRevoke(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "revoke ID", Short: "Take a token's power away, for ever",
		Long: `Take a token's power away, at once and for ever.

  cairn token revoke 9f3c2e1a -m "laptop stolen"`,
		Args: args(1, 1, "the id of a token: cairn token ls"),
		RunE: func(cmd *cobra.Command, given []string) error {
			done, err := c.administer(cmd.Context(), w, c.id, commands.RevokeToken{Token: given[0]})
			if err != nil {
				return err
			}
			return c.tellAccess(w, done, nil, given[0]+" is revoked already; nothing was written.")
		},
		ValidArgsFunction: c.completeFirst(func(cmd *cobra.Command, _ []string, _ string) (offers []cobra.Completion, _ cobra.ShellCompDirective) {
			c.opened(cmd.Context(), func(ctx context.Context, s *server.Session) error {
				return s.Members(ctx, func(st *members.State) error {
					for _, t := range st.Tokens() {
						if st.Status(t, c.now()) == members.Active {
							offers = append(offers, cobra.CompletionWithDesc(t.ID, checklist.Clean(t.User+" "+t.Label)))
						}
					}
					return nil
				})
			})
			return offers, inOrder
		}),
	}
	w.register(cmd)
	return cmd
}

// completeUsers offers the users with their roles.
func (c *cli) completeUsers(cmd *cobra.Command, _ []string, _ string) (offers []cobra.Completion, _ cobra.ShellCompDirective) {
	c.opened(cmd.Context(), func(ctx context.Context, s *server.Session) error {
		return s.Members(ctx, func(st *members.State) error {
			for _, u := range st.Users() {
				offers = append(offers, cobra.CompletionWithDesc(u.Name, string(u.Role)))
			}
			return nil
		})
	})
	return offers, inOrder
}
