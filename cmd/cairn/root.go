package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cairn/projections/checklist"
	"cairn/server/commands"
)

func newRoot(c *cli) *cobra.Command {
	status := &seeOptions{}
	root := &cobra.Command{
		Use:   "cairn",
		Short: "Track a checklist as a log of events",
		Long: `Cairn tracks an execution checklist: a migration, a release, a roll-out. The
plan stays a Markdown file; every change is an event in a log that is never
rewritten.

  cairn import plan.md          begin
  cairn                         where it stands, and what is next
  cairn done 12 -m "PR #9"      work
  cairn show --as-of fri        as it was
  cairn log                     who changed what, when and why`,
		Args:          unknownCommand,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFlags(cmd); err != nil {
				return err
			}
			return c.checkActor()
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return c.status(cmd.Context(), status) },
	}
	root.SetFlagErrorFunc(wrongFlag)
	flags := root.PersistentFlags()
	flags.StringVar(&c.data, "data", "", "the log's `directory` (or $CAIRN_DATA)")
	flags.StringVar(&c.server, "server", "", "the `URL` of the log's server (or $CAIRN_SERVER)")
	flags.StringVarP(&c.checklist, "checklist", "c", "", "which checklist, by `name` (or $CAIRN_CHECKLIST)")
	flags.StringVar(&c.as, "as", "", "who does it, a `name` or e-mail address (or $CAIRN_ACTOR)")
	flags.StringVar(&c.id, "id", "", "the command's `UUID`: the same again changes nothing")
	flags.BoolVar(&c.json, "json", false, "print JSON")
	flags.BoolVar(&c.noColor, "no-color", false, "no colours (or $NO_COLOR)")
	flags.BoolVarP(&c.quiet, "quiet", "q", false, "no talk; only keys in ls, next and add")
	flags.SortFlags = false
	status.register(root)
	_ = root.RegisterFlagCompletionFunc("checklist", c.completeChecklists)

	root.AddGroup(
		&cobra.Group{ID: "start", Title: "Start:"},
		&cobra.Group{ID: "work", Title: "Work:"},
		&cobra.Group{ID: "see", Title: "See:"},
		&cobra.Group{ID: "trust", Title: "Trust:"},
		&cobra.Group{ID: "more", Title: "More:"},
	)
	group(root, "start", newImport(c), newExport(c), newSync(c), newChecklists(c), newInit(c), newServe(c), newPublish(c), newArchive(c), newReactivate(c))
	group(root, "work", newAdd(c))
	group(root, "work", newTransitions(c)...)
	group(root, "work", newEdit(c), newMove(c), newRemove(c), newSplit(c), newAssign(c), newDue(c), newEstimate(c), newLabel(c),
		newLink(c), newUnlink(c), newBlock(c), newUnblock(c), newComment(c), newUncomment(c), newSection(c), newPlan(c), newBaseline(c), newSeparate(c), newJoin(c), newUndo(c), newRedo(c))
	group(root, "see", newShow(c), newList(c), newNext(c), newLog(c), newBlame(c), newDiff(c), newBurndown(c), newBurnup(c),
		newFlow(c), newForecast(c), newStats(c), newRisks(c), newReport(c), newWatch(c))
	group(root, "trust", newVerify(c), newCheckpoint(c), newProve(c), newKey(c), newBackup(c), newRestore(c), newDoctor(c))
	group(root, "more", newLogin(c), newLogout(c), newWhoAmI(c), newUser(c), newToken(c), newVersion(c))
	root.SetHelpCommandGroupID("more")
	root.SetCompletionCommandGroupID("more")
	root.AddCommand(newTasksTopic(), newWhenTopic(), newFormatTopic())
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, sub := range root.Commands() {
		switch sub.Name() { // cobra's take any word
		case "completion":
			sub.Args = unknownCommand
			sub.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			for _, shell := range sub.Commands() {
				shell.Args = args(0, 0, "no argument")
			}
		case "help":
			sub.Run, sub.RunE = nil, help
		}
	}
	return root
}

// wrongFlag tells what cobra has against a flag. A text that begins with - looks
// like one.
func wrongFlag(cmd *cobra.Command, err error) error {
	for _, flag := range []string{"--as-of", "--as-known-at"} {
		if err.Error() == "unknown flag: "+flag && writes(cmd) {
			return pastStays(cmd, flag)
		}
	}
	e := &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%v; see %s --help", err, cmd.CommandPath())}
	if strings.Contains(cmd.Use, "TEXT") || strings.Contains(cmd.Use, "TITLE") {
		words := strings.Replace(cmd.Use, cmd.Name(), "", 1)
		e.Hint = fmt.Sprintf("Before a text that begins with - write --: %s --%s", cmd.CommandPath(), strings.NewReplacer("[", "", "]", "").Replace(words))
	}
	return e
}

// help prints the help of the command that the words name.
func help(cmd *cobra.Command, given []string) error {
	about, rest, err := cmd.Root().Find(given)
	if err == nil && about.HasSubCommands() {
		err = unknownCommand(about, rest)
	}
	if err != nil {
		return err
	}
	about.InitDefaultHelpFlag()
	return about.Help()
}

// checkFlags refuses a flag that was given without a value, as in a script whose
// variable is empty: it would mean now, everybody or everywhere.
func checkFlags(cmd *cobra.Command) error {
	var err error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" && f.Annotations[emptyClears] == nil && err == nil {
			err = &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--%s is empty; see %s --help", f.Name, cmd.CommandPath())}
		}
	})
	return err
}

// emptyClears marks a flag for which the empty text has a meaning.
const emptyClears = "cairn_empty_clears"

// unknownCommand refuses a word that is no command, and names those like it.
func unknownCommand(parent *cobra.Command, given []string) error {
	if len(given) == 0 {
		return nil
	}
	path := parent.CommandPath()
	_, under, _ := strings.Cut(path+" ", " ")
	e := &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("there is no command %q", under+given[0]), Hint: path + " --help lists them."}
	parent.SuggestionsMinimumDistance = 2
	if like := parent.SuggestionsFor(given[0]); len(like) > 0 {
		e.Hint = fmt.Sprintf("Did you mean %s %s? %s", path, strings.Join(like, " or "+path+" "), e.Hint)
	}
	return e
}

func group(root *cobra.Command, id string, subs ...*cobra.Command) {
	for _, sub := range subs {
		sub.GroupID = id
		sub.DisableFlagsInUseLine = true
		root.AddCommand(sub)
	}
}

var labelOff = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^-[\pL\pN][\pL\pN_:/.-]*$`)
})

// rewriteArgs turns the two forms that flags cannot say into flags: label's -x
// and block's --by with several TASKs.
func rewriteArgs(given []string) []string {
	at := slices.IndexFunc(given, func(a string) bool { return a == "label" || a == "block" || a == "unblock" })
	if at < 0 || slices.ContainsFunc(given[:at], func(a string) bool { return !strings.HasPrefix(a, "-") && a != "" }) && !globalsOnly(given[:at]) {
		return given
	}
	out, rest := slices.Clone(given[:at+1]), given[at+1:]
	for len(rest) > 0 {
		a := rest[0]
		rest = rest[1:]
		switch {
		case a == "--":
			return append(append(out, a), rest...)
		case given[at] == "label" && labelOff().MatchString(a) && !slices.Contains([]string{"-m", "-n", "-q", "-c", "-h"}, a):
			out = append(out, "--remove="+a[1:])
		case given[at] != "label" && a == "--by":
			n := len(out)
			for len(rest) > 0 && (rest[0] == "-" || !strings.HasPrefix(rest[0], "-")) {
				out, rest = append(out, "--by="+rest[0]), rest[1:]
			}
			if len(out) == n {
				out = append(out, "--by=") // an empty TASK names nothing
			}
		case slices.Contains([]string{"-m", "--reason", "-c", "--checklist", "--as", "--id", "--data", "--server"}, a) && len(rest) > 0:
			out, rest = append(out, a, rest[0]), rest[1:]
		default:
			out = append(out, a)
		}
	}
	return out
}

// globalsOnly reports whether only global flags and their values stand there.
func globalsOnly(given []string) bool {
	for i := 0; i < len(given); i++ {
		switch {
		case slices.Contains([]string{"-c", "--checklist", "--as", "--id", "--data", "--server"}, given[i]):
			i++
		case !strings.HasPrefix(given[i], "-"):
			return false
		}
	}
	return true
}

func newTasksTopic() *cobra.Command {
	return &cobra.Command{
		Use: "tasks", Short: "How a TASK, a SECTION and a FILTER are written",
		Long: `A TASK is
  12                 a key: stable when the task moves or is reworded
  2-7                the tasks with these keys
  s:4                the tasks of section 4; s:0 those before the first heading
  gh:12              the task linked to issue 12; its URL does as well
  core_events        the task whose whole text it is, else the only one that
                     contains it; never the best of several
  -                  TASKs from stdin, one a line

A SECTION is s:4, or text of its title. A FILTER is one or more of
  open done hold dropped late mine blocked risk   @owner   +label   or text.`,
	}
}

func newWhenTopic() *cobra.Command {
	return &cobra.Command{
		Use: "when", Short: "How a moment (WHEN) and a DAY are written",
		Long: `WHEN looks back:
  @412  plan@412               a position in the log, as printed everywhere
  2026-11-01                   a day; 2026-11-01T14:00, or RFC 3339
  yesterday  fri  3d  2w       the last such day; so long ago
  import  baseline             as it was imported; when the last baseline was set
  review  review~1             when the last review was recorded; the one before
  git:abc1234                  as of a commit
A day means its end for --as-of, --until and diff, its beginning for --since.

There are two clocks: --as-of goes by when something took effect, which for the
git history that an import took is when it was committed; --as-known-at goes by
when it was recorded.

DAY looks ahead (due, plan, hold --until):
  2026-12-04  today  tomorrow  fri  +3d  +2w  none
--on looks back: a day on which it happened, never in the future.`,
	}
}

func newFormatTopic() *cobra.Command {
	return &cobra.Command{
		Use: "format", Short: "What cairn log --format knows",
		Long: `A TEMPLATE is a Go template (text/template), applied to each line of the log:
  cairn log --format '{{.At}}\t{{.Who}}\t{{.Action}}\t{{.Text}}'
  cairn log --format '{{.Time.Day}} {{.Who | pad 8}} {{.Text | cut 40}}'
  cairn log --format '{{json .}}'

  .Seq .Last .At .Events       first and last position, "@405+", how many events
  .Time .Claimed .Recorded     when it took effect, is said to have happened, was
                               recorded; RFC 3339; .Time.Day, .Time.Format "Jan 2"
  .Who .Actor .Via             the actor as the log shows it, its id, the door
  .Action .Kind                "done", "cairn.task.completed.v1"
  .Key .Text .Section          "36" or "s:3", what it is about, where that stands
  .Change .Before .After       "[ ] → [x]", and the states
  .Reason .Cause               why; the commit or event that caused it
  .Command .CommandID .ID .Checklist

A field is empty where there is nothing. Outside of {{ }}, \n and \t are a line
end and a tab. Functions: json, upper, lower, cut N, pad N, and those that
text/template has.`,
	}
}

// status prints what stands and what is next.
func (c *cli) status(ctx context.Context, o *seeOptions) error {
	return c.look(ctx, o, func(st *checklist.State) error {
		if c.json {
			return c.printJSON(st.JSON(o.of(), o.Today(st)))
		}
		return checklist.Status(c.out, st, c.viewStyle(o))
	})
}
