package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/projections/report"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/docfile"
)

// reportOptions are the flags of report.
type reportOptions struct {
	writeFlags
	seeOptions
	since, html                 string
	markdown, changelog, record bool
	status                      string
	asks                        []string
}

func newReport(c *cli) *cobra.Command {
	o := &reportOptions{}
	cmd := &cobra.Command{
		Use: "report [REVIEW]", Short: "The weekly review: what moved, waits, is late, comes next",
		Long: `The weekly review: what moved since the last review, or else in a week, and why
what remains is what it is; what waits, is late and comes next; how the end moved.
A review that was recorded is printed as it was.

  cairn report
  cairn report --since fri
  cairn report --as-of fri          as it was on Friday evening
  cairn report --markdown | gh issue comment 12 --body-file -
  cairn report --html review.html   a page with the charts in it, to send or print
  cairn report --record --status at-risk -m "Billing" --ask "Billing: sign"
  cairn report review~1             the one before the last, as it was
  cairn report --changelog          what was finished, by section

--record keeps the review in the log, and completes the task of the review for
this time if one open task that repeats has the word review in its text; with
--markdown, --html or --changelog it then prints it as recorded.`,
		Args: args(0, 1, "at most a REVIEW: review, review~1"),
		RunE: func(cmd *cobra.Command, given []string) error {
			if err := o.check(cmd, given); err != nil {
				return err
			}
			if o.record {
				return c.recordReview(cmd.Context(), o)
			}
			if len(given) == 1 {
				return c.pastReport(cmd.Context(), o, given[0])
			}
			return c.report(cmd.Context(), o, func(r *report.Report) error { return c.writeReport(o, r, o.of()) })
		},
	}
	cmd.Flags().StringVar(&o.since, "since", "", "what moved since this `WHEN`; cairn help when")
	cmd.Flags().BoolVar(&o.markdown, "markdown", false, "as Markdown, for an issue or a pull request")
	cmd.Flags().StringVar(&o.html, "html", "", "as a page with its charts, in this `file`, - for stdout")
	cmd.Flags().BoolVar(&o.changelog, "changelog", false, "only what was finished, by section, as Markdown")
	cmd.Flags().BoolVar(&o.record, "record", false, "keep the review in the log")
	cmd.Flags().StringVar(&o.status, "status", "", "with --record: `on-track`, at-risk or off-track")
	cmd.Flags().StringArrayVar(&o.asks, "ask", nil, "with --record: a `text`, what is needed of others;\nrepeatable")
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(commands.Statuses(), cobra.ShellCompDirectiveNoFileComp))
	o.seeOptions.register(cmd)
	o.writeFlags.register(cmd)
	return cmd
}

// check refuses flags that do not go together.
func (o *reportOptions) check(cmd *cobra.Command, given []string) error {
	refuse := func(format string, args ...any) error {
		return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf(format, args...), Hint: "See cairn report --help."}
	}
	if !o.record {
		for _, flag := range []string{"status", "ask", "reason", "dry-run"} {
			if cmd.Flags().Changed(flag) {
				return refuse("--%s goes with --record", flag)
			}
		}
	}
	switch {
	case o.record && (o.since != "" || len(given) > 0 || o.asOf != "" || o.knownAt != ""):
		return refuse("--record is about what moved since the last review, up to now")
	case o.record && o.status == "":
		return refuse("--record wants --status on-track, at-risk or off-track")
	case len(given) > 0 && o.since != "":
		return refuse("a review that was recorded has its own beginning: leave out --since")
	case len(given) > 0 && (o.asOf != "" || o.knownAt != ""):
		return refuse("a review that was recorded is as it was: leave out --as-of")
	}
	var forms []string
	for _, f := range []struct {
		name  string
		asked bool
	}{{"--json", cmd.Flags().Changed("json")}, {"--markdown", o.markdown}, {"--html", o.html != ""}, {"--changelog", o.changelog}} {
		if f.asked {
			forms = append(forms, f.name)
		}
	}
	if len(forms) > 1 {
		return refuse("%s: give one of them", strings.Join(forms, " and "))
	}
	return nil
}

// writeReport writes a report in the form that o asks for.
func (c *cli) writeReport(o *reportOptions, r *report.Report, of checklist.Moment) error {
	switch {
	case c.json:
		return c.printJSON(report.JSON(r, of))
	case o.changelog:
		return report.Changelog(c.out, r)
	case o.markdown:
		return report.Markdown(c.out, r)
	case o.html != "":
		return c.writePage(o.html, r)
	}
	more := ""
	if r.Recorded == nil && o.since == "" && !c.past && !c.style().Piped() && !r.Empty() {
		more = "Not recorded yet:\n  cairn report --record --status on-track|at-risk|off-track -m \"…\""
	}
	return report.Text(c.out, r, more, c.style())
}

// writePage writes a report as a page to a file, or to stdout.
func (c *cli) writePage(file string, r *report.Report) error {
	var b bytes.Buffer
	if err := report.HTML(&b, r); err != nil {
		return err
	}
	if file == "-" {
		_, err := c.out.Write(b.Bytes())
		return err
	}
	path := c.absolute(file)
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("%w: %w", docfile.ErrUnwritable, err)
	}
	c.talk("%s: review %d of %s@%d\n", c.shown(path), r.Number, checklist.Clean(r.Name), r.Seq)
	return nil
}

// report calls see with the report up to the moment that o asks for, since the one
// that it asks for; see app.Review.
func (c *cli) report(ctx context.Context, o *reportOptions, see func(*report.Report) error) error {
	name, err := c.name(ctx)
	if err != nil {
		return err
	}
	if _, err := c.moment(ctx, name, &o.seeOptions); err != nil {
		return err
	}
	var since *commands.When
	if o.since != "" {
		if since, err = c.when(ctx, name, o.since); err != nil {
			return err
		}
	}
	return app.Review(ctx, c.session, name, o.Moment, since, c.now(), see)
}

// pastReport prints a review that was recorded, as it was then.
func (c *cli) pastReport(ctx context.Context, o *reportOptions, given string) error {
	name, err := c.name(ctx)
	if err != nil {
		return err
	}
	at, err := c.when(ctx, name, given)
	if err != nil {
		return err
	}
	c.past = true
	return app.PastReview(ctx, c.session, name, at, func(r *report.Report) error { return c.writeReport(o, r, checklist.Moment{AsOf: given}) })
}

// recordReview keeps the review in the log.
func (c *cli) recordReview(ctx context.Context, o *reportOptions) error {
	cmd := commands.RecordReview{Status: o.status, Note: o.reason, Asks: o.asks}
	var covers string
	if err := c.report(ctx, o, func(r *report.Report) error {
		cmd.From, cmd.Upto = int(r.From.Revision), int(r.To.Revision)
		covers = fmt.Sprintf("review %d recorded, covers @%d-@%d", r.Number, r.From.Seq+1, r.To.Seq)
		if r.From.Seq == r.To.Seq {
			covers = fmt.Sprintf("review %d recorded at @%d", r.Number, r.To.Seq)
		}
		return nil
	}); err != nil {
		return err
	}
	flags := o.writeFlags
	flags.reason = "" // the note says it
	outcome, err := c.carryOut(ctx, &flags, cmd)
	if err != nil {
		return err
	}
	back := 0
	if err := c.after(ctx, &flags, outcome, func(st *checklist.State) error {
		if outcome.Repeated {
			for i, v := range st.Reviews {
				if v.Seq == outcome.Seq {
					back = len(st.Reviews) - 1 - i
					c.talk("This command was carried out before: review %d, @%d.\n", i+1, v.Seq)
				}
			}
			return nil
		}
		c.tellReview(st, covers, outcome.Rows, o.dryRun)
		return nil
	}); err != nil || !o.markdown && !o.changelog && o.html == "" {
		return err
	}
	if o.dryRun { // there is no record of it
		return c.report(ctx, o, func(r *report.Report) error { return c.writeReport(o, r, checklist.Moment{}) })
	}
	return c.pastReport(ctx, o, fmt.Sprintf("review~%d", back))
}

// tellReview tells what recording a review did.
func (c *cli) tellReview(st *checklist.State, covers string, rows []audit.Row, dry bool) {
	if len(rows) == 0 {
		n := len(st.Reviews)
		last := st.Reviews[n-1]
		c.talk("Nothing changed since review %d: %s, %s, @%d; nothing was written.\n", n, checklist.Clean(last.By.Name()), ago(c.now().Sub(last.At)), last.Seq)
		return
	}
	done, next := "no task that repeats is the review's", ""
	for _, row := range rows {
		switch row.Kind {
		case events.KindTaskCompleted:
			done = fmt.Sprintf("%d done for this time", row.Key)
		case events.KindTaskScheduled:
			if b := st.Task(row.Key); b != nil {
				next = ", next " + string(b.Task.Due)
			}
		}
	}
	at := ""
	if last := rows[len(rows)-1]; last.Seq != 0 {
		at = fmt.Sprintf("  @%d", last.Seq)
	}
	c.talk("%s; %s%s%s\n", covers, done, next, at)
	if dry {
		c.talk("Nothing was written.\n")
	}
}
