package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/projections/members"
	"cairn/server/app"
	"cairn/server/commands"
)

func newUser(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use: "user", Short: "Say who may use the log",
		Long: `Say who may use the log through a server. Without users a server talks to its own
machine only; with users, to those who show a token. On the log's own directory
this works without a server, before anyone can reach it.

  cairn user add ada --role admin
  cairn user ls

A viewer looks; an editor also changes checklists and makes new ones; an admin
also says who may do what. An editor or a viewer can be limited to checklists.`,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, sub := range []*cobra.Command{newUserAdd(c), newUserList(c), newUserChange(c), newUserRemove(c)} {
		sub.DisableFlagsInUseLine = true
		cmd.AddCommand(sub)
	}
	return cmd
}

const wantUser = "the name of a user"

func newUserAdd(c *cli) *cobra.Command {
	w, role, checklists, noToken := &writeFlags{}, "", []string(nil), false
	cmd := &cobra.Command{
		Use: "add NAME --role ROLE", Short: "Let somebody use the log",
		Long: `Let somebody use the log. Prints a first token, once: the log keeps only its hash.
The first user is an admin.

  cairn user add ada --role admin
  cairn user add bob@example.com --role editor -m "joins the team"
  cairn user add eve --role viewer --checklist migration --checklist release
  cairn user add ci --role editor -q > token     the token alone`,
		Args: args(1, 1, wantUser),
		RunE: func(cmd *cobra.Command, given []string) error {
			if role == "" {
				return &commands.Error{Code: commands.CodeUsage, Message: "which role? Give --role viewer, editor or admin"}
			}
			add := commands.AddUser{User: given[0], Role: members.Role(role), Checklists: checklists}
			return c.addUser(cmd.Context(), w, add, !noToken)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&role, "role", "", "what he may: `ROLE` is viewer, editor or admin")
	flags.StringArrayVar(&checklists, "checklist", nil, "only on this checklist, by its exact `name`;\nas often as needed")
	flags.BoolVar(&noToken, "no-token", false, "make no token")
	w.register(cmd)
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions(roles(), inOrder))
	_ = cmd.RegisterFlagCompletionFunc("checklist", c.completeChecklists)
	return cmd
}

func roles() []cobra.Completion {
	var words []cobra.Completion
	for _, r := range members.Roles() {
		words = append(words, cobra.Completion(r))
	}
	return words
}

// addUser lets somebody in, and makes a first token for him.
func (c *cli) addUser(ctx context.Context, w *writeFlags, add commands.AddUser, first bool) error {
	closed := false
	if err := c.membersNow(ctx, func(st *members.State) error { closed = st.Closed(); return nil }); err != nil {
		return err
	}
	done, err := c.administer(ctx, w, c.id, add)
	if err != nil {
		return err
	}
	var token *issued
	if first && len(done.Events) > 0 {
		// With --id, the second command has an id that follows from the first's.
		id := ""
		if c.id != "" {
			id = uuid.NewSHA1(uuid.MustParse(c.id), []byte("token")).String()
		}
		var more administered
		more, token, err = c.issue(ctx, &writeFlags{reason: w.reason}, id, commands.CreateToken{User: add.User})
		var e *commands.Error
		switch {
		case done.Repeated && errors.As(err, &e) && e.Code == commands.CodeCommandReused:
			token = nil // it was shown then
			c.talk("Its token was shown then. Another one: cairn token create %s\n", add.User)
		case err != nil:
			return fmt.Errorf("%s is added at @%d, but has no token yet: %w", add.User, done.Seq, err)
		default:
			done.Seq, done.Events, done.rows = more.Seq, append(done.Events, more.Events...), append(done.rows, more.rows...)
		}
	}
	if err := c.tellAccess(w, done, token, fmt.Sprintf("%s is a user already, with that role. A further token: cairn token create %s", add.User, add.User)); err != nil {
		return err
	}
	if !closed && len(done.Events) > 0 {
		c.talk("From now on a server over this log lets in only who shows a token.\n")
	}
	return c.unknownChecklists(ctx, add.Checklists)
}

// unknownChecklists tells of names in a limit that no checklist has: they count, but
// may be mistyped.
func (c *cli) unknownChecklists(ctx context.Context, limit []string) error {
	if len(limit) == 0 || c.quiet || c.json {
		return nil
	}
	list, err := c.session.Checklists(ctx)
	if err != nil {
		return err
	}
	for _, name := range limit {
		if !slices.ContainsFunc(list, func(s app.Summary) bool { return s.Name == name }) {
			c.talk("There is no checklist %s yet.\n", checklist.Clean(name))
		}
	}
	return nil
}

func newUserChange(c *cli) *cobra.Command {
	w, role, checklists, all := &writeFlags{}, "", []string(nil), false
	cmd := &cobra.Command{
		Use: "change NAME", Short: "Change what a user may do",
		Long: `Change what a user may do. What is not given stays; it counts at once, for all of
the user's tokens.

  cairn user change bob --role viewer
  cairn user change bob --checklist migration    only this one from now on
  cairn user change bob --role admin --all-checklists`,
		Args: args(1, 1, wantUser),
		RunE: func(cmd *cobra.Command, given []string) error {
			change := commands.ChangeUser{User: given[0], Role: members.Role(role)}
			switch {
			case all && len(checklists) > 0:
				return &commands.Error{Code: commands.CodeUsage, Message: "--checklist and --all-checklists: give one of them"}
			case all:
				change.Checklists = &[]string{}
			case len(checklists) > 0:
				change.Checklists = &checklists
			case role == "":
				return &commands.Error{Code: commands.CodeUsage, Message: "nothing to change: give --role, --checklist or --all-checklists"}
			}
			ctx := cmd.Context()
			done, err := c.administer(ctx, w, c.id, change)
			if err != nil {
				return err
			}
			if err := c.tellAccess(w, done, nil, given[0]+" may just that already; nothing was written."); err != nil {
				return err
			}
			return c.unknownChecklists(ctx, checklists)
		},
		ValidArgsFunction: c.completeFirst(c.completeUsers),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&role, "role", "", "what he may: `ROLE` is viewer, editor or admin")
	flags.StringArrayVar(&checklists, "checklist", nil, "only on this checklist, by its exact `name`;\nas often as needed")
	flags.BoolVar(&all, "all-checklists", false, "without a limit")
	w.register(cmd)
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions(roles(), inOrder))
	_ = cmd.RegisterFlagCompletionFunc("checklist", c.completeChecklists)
	return cmd
}

func newUserRemove(c *cli) *cobra.Command {
	w := &writeFlags{}
	cmd := &cobra.Command{
		Use: "rm NAME", Short: "Take somebody's access away",
		Long: `Take somebody's access away, at once: all of his tokens open nothing any more,
also after he is added again. What he did stays in the log.

  cairn user rm eve -m "left the company"`,
		Args: args(1, 1, wantUser),
		RunE: func(cmd *cobra.Command, given []string) error {
			done, err := c.administer(cmd.Context(), w, c.id, commands.RemoveUser{User: given[0]})
			if err != nil {
				return err
			}
			return c.tellAccess(w, done, nil, given[0]+" is no user any more; nothing was written.")
		},
		ValidArgsFunction: c.completeFirst(c.completeUsers),
	}
	w.register(cmd)
	return cmd
}

func newUserList(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "ls", Short: "List the users",
		Long: `List the users: role, limit, tokens that open the log, since when.

  cairn user ls
  cairn user ls --json`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.membersNow(cmd.Context(), func(st *members.State) error { return c.users(st) })
		},
	}
}

func (c *cli) users(st *members.State) error {
	if c.json {
		return c.printJSON(struct {
			Schema int                `json:"schema"`
			Kind   string             `json:"kind"`
			Origin string             `json:"origin"`
			Seq    events.Seq         `json:"seq"`
			Users  []members.UserJSON `json:"users"`
		}{1, "users", c.session.Origin(), st.Seq(), st.UsersJSON(c.now())})
	}
	users := st.Users()
	if len(users) == 0 {
		c.talk("No users: a server over this log talks to its own machine only.\nThe first: cairn user add NAME --role admin\n")
	}
	table := [][]string{{"USER", "ROLE", "CHECKLISTS", "TOKENS", "SINCE"}}
	for _, u := range users {
		only := "all"
		if len(u.Checklists) > 0 {
			only = strings.Join(u.Checklists, ", ")
		}
		tokens := fmt.Sprint(len(st.Active(u.Name, c.now())))
		table = append(table, []string{u.Name, string(u.Role), only, tokens, fmt.Sprintf("%s @%d", u.Added.At.UTC().Format("2006-01-02"), u.Added.Seq)})
	}
	return c.table(table)
}

// table prints rows in columns under their head; for a pipe with tabs between and
// without the head, with -q the first column alone.
func (c *cli) table(rows [][]string) error {
	buf, style := bufio.NewWriter(c.out), c.style()
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], checklist.Width(checklist.Clean(cell)))
		}
	}
	for n, row := range rows {
		switch {
		case n == 0 && (c.quiet || style.Piped() || len(rows) == 1):
			continue
		case c.quiet:
			row = row[:1]
		}
		line := ""
		for i, cell := range row {
			cell = checklist.Clean(cell)
			switch {
			case i == len(row)-1:
				line += cell
			case style.Piped():
				line += cell + "\t"
			default:
				line += checklist.Pad(cell, widths[i]+2)
			}
		}
		fmt.Fprintln(buf, line)
	}
	return buf.Flush()
}
