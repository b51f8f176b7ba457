package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/projections/chart"
	"cairn/projections/checklist"
	"cairn/server/commands"
	"cairn/server/docfile"
)

// chartOptions are the flags of the charts.
type chartOptions struct {
	seeOptions
	by, count string
	svg, png  string
	dark      bool
	seed      uint64
	csv       bool
	weight    bool
	markdown  bool
	// toJSON and toCSV write a view's own form; nil is that of the days.
	toJSON func(*burndown.Series, *burndown.Summary, burndown.JSON) any
	toCSV  func(io.Writer, *burndown.Series, *burndown.Summary) error
}

func (o *chartOptions) register(cmd *cobra.Command) {
	o.seeOptions.register(cmd)
	cmd.Flags().StringVar(&o.count, "count", "work", "count `work`, or all boxes")
	cmd.Flags().BoolVar(&o.weight, "weight", false, "count estimates: hours, days or points")
	cmd.Flags().BoolVar(&o.csv, "csv", false, "a table for other tools")
	cmd.Flags().BoolVar(&o.markdown, "markdown", false, "as Markdown, for an issue")
	_ = cmd.RegisterFlagCompletionFunc("count", cobra.FixedCompletions([]string{"work", "all"}, cobra.ShellCompDirectiveNoFileComp))
}

func (o *chartOptions) registerBy(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.by, "by", "", "by `day` or week; else what fits")
	_ = cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions([]string{"day", "week"}, cobra.ShellCompDirectiveNoFileComp))
}

func (o *chartOptions) registerPictures(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.svg, "svg", "", "a picture: an SVG in this `file`, - for stdout")
	cmd.Flags().StringVar(&o.png, "png", "", "a picture: a PNG in this `file`")
	cmd.Flags().BoolVar(&o.dark, "dark", false, "pictures for a dark page")
}

func (o *chartOptions) registerSeed(cmd *cobra.Command) {
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "draw the forecast by another `number`")
}

// check refuses what the flags do not know.
func (o *chartOptions) check(asJSON bool) error {
	for _, f := range []struct {
		name, value string
		known       []string
	}{{"by", o.by, []string{"", "day", "week"}}, {"count", o.count, []string{"work", "all"}}} {
		if !slices.Contains(f.known, f.value) {
			known := slices.DeleteFunc(f.known, func(s string) bool { return s == "" })
			return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--%s %s: want %s or %s", f.name, f.value, known[0], known[1])}
		}
	}
	if o.weight && o.count == "all" {
		return &commands.Error{Code: commands.CodeUsage, Message: "--weight counts what work is estimated at; it does not go with --count all"}
	}
	forms := []string{}
	for _, f := range []struct {
		name  string
		given bool
	}{{"--json", asJSON}, {"--csv", o.csv}, {"--markdown", o.markdown}, {"--svg", o.svg != ""}} {
		if f.given {
			forms = append(forms, f.name)
		}
	}
	if len(forms) > 1 {
		return &commands.Error{Code: commands.CodeUsage, Message: strings.Join(forms, " and ") + ": give one of them"}
	}
	return nil
}

func newBurndown(c *cli) *cobra.Command {
	o := &chartOptions{}
	scope := false
	cmd := &cobra.Command{
		Use: "burndown", Short: "How the remaining work goes down, and by when it is done",
		Long: `How the remaining work goes down, day by day, beside the plan, and by when it
will be done. Past days never change: what is opened again raises today.

  cairn burndown
  cairn burndown --scope            what came into the scope: who, when and why
  cairn burndown --as-of fri        as it was
  cairn burndown --markdown | gh issue comment 12 --body-file -
  cairn burndown --weight           in estimated days, and not in tasks
  cairn burndown --svg work.svg --png work.png
  cairn burndown --csv > days.csv`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.chart(cmd.Context(), o, "burndown", func(w io.Writer, s *burndown.Series, v *burndown.Summary, co chart.TextOptions) error {
				switch {
				case scope && o.markdown:
					return chart.MarkdownScope(w, v, v.Changes, textIn(s.State()))
				case scope:
					co.Width = c.style().Width
					return chart.Scope(w, v, v.Changes, textIn(s.State()), co)
				}
				co.More = "cairn burndown --scope for who and why"
				return chart.Text(w, v, chart.Burndown, co)
			})
		},
	}
	cmd.Flags().BoolVar(&scope, "scope", false, "the changes of the scope: who, when and why")
	o.registerBy(cmd)
	o.registerPictures(cmd)
	o.registerSeed(cmd)
	o.register(cmd)
	return cmd
}

// textIn returns the text of a task, also of one that is gone.
func textIn(st *checklist.State) func(key int) string {
	return func(key int) string {
		if b := st.Block(events.TaskRef(key)); b != nil {
			return checklist.Clean(b.Task.Text)
		}
		return ""
	}
}

func newBurnup(c *cli) *cobra.Command {
	o := &chartOptions{}
	cmd := &cobra.Command{
		Use: "burnup", Short: "How the work that is done goes up to the scope",
		Long: `How the work that is done goes up, day by day, to the scope.

  cairn burnup
  cairn burnup --by week --as-of 2026-12-01`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.chart(cmd.Context(), o, "burnup", func(w io.Writer, _ *burndown.Series, v *burndown.Summary, co chart.TextOptions) error {
				return chart.Text(w, v, chart.Burnup, co)
			})
		},
	}
	o.registerBy(cmd)
	o.registerPictures(cmd)
	o.registerSeed(cmd)
	o.register(cmd)
	return cmd
}

func newFlow(c *cli) *cobra.Command {
	o := &chartOptions{}
	cmd := &cobra.Command{
		Use: "flow", Short: "How much work is in which state, day by day",
		Long: `How much work is done, in progress, on hold and to do, day by day. Where a band
gets wider, work piles up.

  cairn flow
  cairn flow --by day`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.chart(cmd.Context(), o, "flow", func(w io.Writer, _ *burndown.Series, v *burndown.Summary, co chart.TextOptions) error {
				return chart.Text(w, v, chart.Flow, co)
			})
		},
	}
	o.registerBy(cmd)
	o.registerPictures(cmd)
	o.register(cmd)
	return cmd
}

func newForecast(c *cli) *cobra.Command {
	o := &chartOptions{toCSV: func(w io.Writer, _ *burndown.Series, v *burndown.Summary) error { return chart.ForecastCSV(w, v) }}
	cmd := &cobra.Command{
		Use: "forecast", Short: "By when the work will be done, and how likely that is",
		Long: `By when the work will be done if it goes on as in the last weeks, and how likely
that is by the target: 10,000 runs that draw from what was closed, and what came
in, on the last 30 working days. It says nothing before 10 tasks are closed and
10 working days are over. Sections that have so much speak for themselves.

  cairn forecast
  cairn forecast --seed 2           the same by another throw of the dice`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.chart(cmd.Context(), o, "forecast", func(w io.Writer, _ *burndown.Series, v *burndown.Summary, co chart.TextOptions) error {
				if o.markdown {
					return chart.MarkdownForecast(w, v)
				}
				return chart.Forecast(w, v, co)
			})
		},
	}
	o.registerSeed(cmd)
	o.register(cmd)
	return cmd
}

func newStats(c *cli) *cobra.Command {
	o := &chartOptions{}
	weeks, people := 8, false
	figures := func(s *burndown.Series, v *burndown.Summary) burndown.Stats {
		return s.Stats(v.Days, weeks, o.Time(s.State()))
	}
	o.toJSON = func(s *burndown.Series, v *burndown.Summary, j burndown.JSON) any {
		f := figures(s, v)
		return f.JSON(v, j, people)
	}
	o.toCSV = func(w io.Writer, s *burndown.Series, v *burndown.Summary) error {
		f := figures(s, v)
		return f.CSV(w, v)
	}
	cmd := &cobra.Command{
		Use: "stats", Short: "What was closed each week, how long it took, what grows old",
		Long: `What was closed each week, how long work took from its start to its end, and what
has been in progress for how long.

  cairn stats
  cairn stats --weeks 26
  cairn stats --people              who closed what, by name: no ranking`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if weeks < 1 {
				return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--weeks %d: want a number of weeks", weeks)}
			}
			return c.chart(cmd.Context(), o, "stats", func(w io.Writer, s *burndown.Series, v *burndown.Summary, co chart.TextOptions) error {
				if o.markdown {
					return chart.MarkdownStats(w, v, figures(s, v), people)
				}
				co.Width = c.style().Width
				return chart.Stats(w, v, figures(s, v), people, co)
			})
		},
	}
	cmd.Flags().IntVar(&weeks, "weeks", 8, "how many `weeks`")
	cmd.Flags().BoolVar(&people, "people", false, "who closed what, by name")
	o.register(cmd)
	return cmd
}

// chart draws the work of this run's checklist at the moment that o asks for.
func (c *cli) chart(ctx context.Context, o *chartOptions, kind string, draw func(io.Writer, *burndown.Series, *burndown.Summary, chart.TextOptions) error) error {
	if err := o.check(c.json); err != nil {
		return err
	}
	name, err := c.name(ctx)
	if err != nil {
		return err
	}
	at, err := c.moment(ctx, name, &o.seeOptions)
	if err != nil {
		return err
	}
	return c.session.Burndown(ctx, name, at, func(s *burndown.Series) error {
		if e := s.Unestimated(); o.weight && e != nil {
			return &commands.Error{Code: commands.CodeRefused, Message: e.Message, Hint: e.Hint}
		}
		v := s.Summarise(name, o.Today(s.State()), !o.Over(s.State(), c.now()), burndown.Options{All: o.count == "all", Seed: o.seed, Weight: o.weight, Sections: kind == "forecast"})
		switch {
		case c.json:
			j := v.JSON(s.State().JSONHead(kind, o.of()))
			if o.toJSON != nil {
				return c.printJSON(o.toJSON(s, &v, j))
			}
			return c.printJSON(j)
		case o.csv && o.toCSV != nil:
			return o.toCSV(c.out, s, &v)
		case o.csv:
			return v.CSV(c.out)
		case o.svg != "" || o.png != "":
			return c.pictures(o, v, chart.Kind(kind))
		}
		style := c.style()
		return draw(c.out, s, &v, chart.TextOptions{By: o.by, Width: style.Width, Plain: !style.Color, Markdown: o.markdown})
	})
}

// pictures writes the pictures that were asked for.
func (c *cli) pictures(o *chartOptions, v burndown.Summary, kind chart.Kind) error {
	co := chart.Options{Dark: o.dark, By: o.by}
	for _, p := range []struct {
		path string
		draw func(io.Writer, burndown.Summary, chart.Kind, chart.Options) error
	}{{o.svg, chart.SVG}, {o.png, chart.PNG}} {
		if p.path == "" {
			continue
		}
		var b bytes.Buffer
		if err := p.draw(&b, v, kind, co); err != nil {
			return err
		}
		if p.path == "-" {
			if _, err := c.out.Write(b.Bytes()); err != nil {
				return err
			}
			continue
		}
		path := c.absolute(p.path)
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			return fmt.Errorf("%w: %w", docfile.ErrUnwritable, err)
		}
		c.talk("%s: %s of %s@%d\n", c.shown(path), kind, v.Name, v.Seq)
	}
	return nil
}
