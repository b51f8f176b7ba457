package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"cairn/cmd/cairn/version"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
)

func (c *cli) checklistsJSON(list []app.Summary, of checklist.Moment) error {
	return c.printJSON(app.SummariesJSON(c.session.Origin(), c.session.End(), list, of))
}

func newInit(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "init [DIR]", Short: "Make a log at a place of your choice",
		Long: `Make a log in DIR/.cairn, or with --data anywhere. The first import makes one by
itself; init is only needed to choose another place.

  cairn init
  cairn init --data /srv/cairn`,
		Args: args(0, 1, "at most a directory"),
		RunE: func(cmd *cobra.Command, given []string) error {
			before := ""
			if c.data == "" {
				if err := c.locateHere(); err == nil && c.place.Exists {
					before = c.place.Dir
				}
				dir := "."
				if len(given) == 1 {
					dir = given[0]
				}
				if info, err := os.Stat(dir); err != nil || !info.IsDir() {
					return &commands.Error{Code: commands.CodeNoFile, Message: fmt.Sprintf("no directory %s", dir)}
				}
				c.data = filepath.Join(dir, ".cairn")
			} else if len(given) == 1 {
				return &commands.Error{Code: commands.CodeUsage, Message: "a directory and --data: name one of them"}
			}
			if err := c.locateHere(); err != nil {
				return err
			}
			was := c.place.Exists
			if _, err := c.open(cmd.Context(), true); err != nil {
				return err
			}
			if c.json {
				return c.initJSON(!was)
			}
			if was {
				c.talk("There is a log in %s already; nothing was changed.\n", c.shown(c.place.Dir))
			} else {
				c.talk("Made a log in %s. Next: cairn import FILE\n", c.shown(c.place.Dir))
			}
			if before != "" && before != c.place.Dir && !was {
				c.talk("The log in %s stays; what is to use that one takes --data from now on.\n", c.shown(before))
			}
			return nil
		},
	}
}

// initJSON is the result of init: where the log is, and whether it was made now.
// It is about no checklist.
func (c *cli) initJSON(made bool) error {
	r := app.JSONResult{
		Schema: 1, Kind: "result", Changed: made, Seq: c.session.End(),
		Tasks: []checklist.JSONTask{}, Events: []json.RawMessage{},
	}
	return c.printJSON(struct {
		app.JSONResult
		Checklist *string `json:"checklist"`
		Origin    string  `json:"origin"`
		Log       string  `json:"log"`
	}{r, nil, c.session.Origin(), c.place.Dir})
}

func newVersion(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version",
		Long: `Print the version.

  cairn version
  cairn version --json`,
		Args: args(0, 0, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			if c.json {
				return c.printJSON(struct {
					Schema  int    `json:"schema"`
					Kind    string `json:"kind"`
					Version string `json:"version"`
					Go      string `json:"go"`
					Format  string `json:"format"`

					Commit *string `json:"commit"`
				}{1, "version", version.Version(), runtime.Version(), "1", builtFrom()})
			}
			_, err := io.WriteString(c.out, version.Line())
			return err
		},
	}
}

// builtFrom is the commit that the program was built from; nil where the build
// does not know.
func builtFrom() *string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return &s.Value
			}
		}
	}
	return nil
}

// confirm asks on a terminal whether to do what was refused for want of a
// confirmation, and returns nil if so. Anything but y is no: the refusal
// stands. The log is not held meanwhile.
func (c *cli) confirm(ctx context.Context, refusal error) error {
	var e *commands.Error
	if !errors.As(refusal, &e) || e.Code != commands.CodeConfirm || c.json {
		return refusal
	}
	return c.asked(ctx, e.Message+". Remove all of it?", refusal, c.letGo)
}

// agree asks a question on a terminal and returns nil for yes, else the refusal.
func (c *cli) agree(ctx context.Context, question string, refusal error) error {
	if c.json {
		return refusal
	}
	return c.asked(ctx, question, refusal, func() error { return nil })
}

// asked is agree; letGo is called before somebody has to wait for an answer.
func (c *cli) asked(ctx context.Context, question string, refusal error, letGo func() error) error {
	in, ok := c.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return refusal
	}
	if err := letGo(); err != nil {
		return err
	}
	fmt.Fprintf(c.err, "%s [y/N] ", checklist.Clean(question))
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		if !strings.EqualFold(strings.TrimSpace(line), "y") {
			return refusal
		}
		return nil
	case <-ctx.Done():
		return ctx.Err() // the read ends with the process
	}
}
