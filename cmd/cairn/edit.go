package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/docfile"
)

type editOptions struct {
	writeFlags
	yes bool
}

func newEdit(c *cli) *cobra.Command {
	o := &editOptions{}
	cmd := &cobra.Command{
		Use: "edit [TASK [TEXT]]", Short: "Reword a task, or edit the whole document",
		Long: `Reword a task: with TEXT, or in $EDITOR. Without a TASK, edit the whole document:
it shows which changes that makes, and asks before it records them.

  cairn edit 15 "Broadway base project (RabbitMQ tested)"
  cairn edit 15                     opens $EDITOR with its text
  cairn edit 15 - <new.txt          its text from stdin
  cairn edit                        opens $EDITOR with the whole document
  cairn edit --yes                  records the changes without asking`,
		Args: func(cmd *cobra.Command, given []string) error {
			if len(given) > 0 && o.yes {
				return &commands.Error{Code: commands.CodeUsage, Message: "--yes goes without a TASK: cairn edit --yes"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, given []string) error {
			if len(given) == 0 {
				return c.editDocument(cmd.Context(), o)
			}
			text, err := c.text(cmd.Context(), strings.Join(given[1:], " "))
			if len(given) == 1 {
				text, err = c.inEditor(cmd.Context(), given[0])
			}
			if err != nil {
				return err
			}
			_, err = c.write(cmd.Context(), &o.writeFlags, commands.EditTask{Task: given[0], Text: text}, given[:1])
			return err
		},
		ValidArgsFunction: c.completeTasks(events.State.Open),
	}
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "record what was changed in the document, and do not ask")
	o.register(cmd)
	return cmd
}

// inEditor lets the user change a task's text in an editor.
func (c *cli) inEditor(ctx context.Context, ref string) (string, error) {
	editor, err := c.editor(fmt.Sprintf("Give the text: cairn edit %s TEXT", ref))
	if err != nil {
		return "", err
	}
	var text string
	if err := c.look(ctx, nil, func(st *checklist.State) error {
		b, err := commands.FindTask(st, ref)
		if err == nil {
			text = b.Task.Text
		}
		return err
	}); err != nil {
		return "", err
	}
	path, err := c.edit(ctx, editor, "cairn-*.md", []byte(text+"\n"))
	if path != "" {
		defer os.Remove(path)
	}
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("edit %s: %w", ref, err)
	}
	return string(b), nil
}

// editor is the user's editor, a shell command; hint says what to do without.
func (c *cli) editor(hint string) (string, error) {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if editor := c.getenv(name); editor != "" {
			return editor, nil
		}
	}
	return "", &commands.Error{Code: commands.CodeUsage, Message: "no $EDITOR is set", Hint: hint}
}

// edit opens a new file with a text in an editor, and returns its path once the
// editor has ended. The log is not held meanwhile. The caller removes the file,
// also after an error if there is a path.
func (c *cli) edit(ctx context.Context, editor, pattern string, text []byte) (path string, err error) {
	f, err := os.CreateTemp("", pattern)
	if err != nil {
		return "", fmt.Errorf("make a file to edit: %w", err)
	}
	_, err = f.Write(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return f.Name(), fmt.Errorf("make a file to edit: %w", err)
	}
	// Others may use the log while the editor is open.
	if err := c.letGo(); err != nil {
		return f.Name(), err
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", editor+` "$@"`, "sh", f.Name())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return f.Name(), fmt.Errorf("editor %s: %w; nothing was written", editor, err)
	}
	return f.Name(), nil
}

// editDocument lets the user change the whole document in an editor, and records
// the changes once they have been seen. The text is kept wherever it does not
// come into the log.
func (c *cli) editDocument(ctx context.Context, o *editOptions) error {
	editor, err := c.editor("Edit the file that follows the checklist: cairn sync takes its edits.")
	if err != nil {
		return err
	}
	if !o.yes && !o.dryRun && (c.json || !isTerminal(c.in)) {
		return &commands.Error{
			Code: commands.CodeUsage, Message: "edit asks before it records the changes, and there is no terminal to ask on",
			Hint: "To record them unasked: cairn edit --yes",
		}
	}
	sync := commands.SyncDocument{AcceptReopens: true} // they are seen and confirmed
	var opened []byte
	name := ""
	err = c.look(ctx, nil, func(st *checklist.State) error {
		name, opened, sync.Base = st.Name, st.Document(), st.Revision
		if st.Synced != nil {
			sync.Path = st.Synced.Path // which file follows does not change
		}
		return nil
	})
	if err != nil {
		return err
	}
	path, err := c.edit(ctx, editor, "cairn-"+name+"-*.md", opened)
	if path == "" {
		return err
	}
	if err != nil {
		if text, readErr := os.ReadFile(path); readErr != nil || len(text) == 0 || bytes.Equal(text, opened) {
			_ = os.Remove(path)
			return err
		}
		return c.keptAt(err, sync.Path, path)
	}
	sync.Document, err = docfile.Read(path)
	switch {
	case docfile.IsMissing(err):
		return err
	case err != nil:
		return c.keptAt(err, sync.Path, path)
	case bytes.Equal(sync.Document, opened):
		_ = os.Remove(path)
		return c.tellUnchanged(ctx, o)
	case len(bytes.TrimSpace(sync.Document)) == 0:
		_ = os.Remove(path)
		return &commands.Error{Code: commands.CodeRefused, Message: "the text is empty", Hint: "Nothing was written. To take tasks out: cairn rm, or cairn section rm"}
	}
	if err := c.recordEdits(ctx, o, sync, path); err != nil {
		return c.keptAt(err, sync.Path, path)
	}
	if !o.dryRun || c.quiet || c.json {
		_ = os.Remove(path)
	}
	return nil
}

// tellUnchanged tells that the document came back as it was.
func (c *cli) tellUnchanged(ctx context.Context, o *editOptions) error {
	return c.look(ctx, nil, func(st *checklist.State) error {
		if c.json {
			outcome := app.Outcome{}
			outcome.Seq = st.Seq()
			return c.printResult(st, &o.writeFlags, outcome)
		}
		c.talk("The document is unchanged; nothing was written.\n")
		return nil
	})
}

// errNotRecorded is that the user does not want the changes recorded.
var errNotRecorded = errors.New("not recorded")

// keptAt says in an error where the edited text is. followed is the file that
// follows the checklist, which was not the one edited.
func (c *cli) keptAt(err error, followed, path string) error {
	const nothing = "Nothing was written."
	kept := "The edited text is in " + path
	var e *commands.Error
	switch {
	case errors.Is(err, errNotRecorded):
		return &commands.Error{Code: commands.CodeConfirm, Message: "the changes were not recorded", Hint: nothing + " " + kept}
	case errors.Is(err, context.Canceled): // of which nothing else is said
		fmt.Fprintf(c.err, "\n%s\n", kept)
		return err
	case !errors.As(err, &e):
		return fmt.Errorf("%w; the edited text is in %s", err, path)
	}
	if followed != "" {
		e.Message = strings.ReplaceAll(e.Message, followed, "the text")
	}
	e.Message = strings.ReplaceAll(e.Message, "the file", "the text")
	if e.Code == commands.CodeConflict { // the table, without the advice for a file
		if table, _, ok := strings.Cut(e.Hint, "\n"+nothing); ok {
			e.Hint = table + "\n" + nothing
		}
	}
	e.Hint = strings.TrimSpace(e.Hint + "\n" + kept)
	return err
}

// recordEdits shows the changes of an edited document, asks, and records them.
func (c *cli) recordEdits(ctx context.Context, o *editOptions, sync commands.SyncDocument, path string) error {
	seen := o.writeFlags
	seen.dryRun = true
	outcome, err := c.carryOut(ctx, &seen, sync)
	if err != nil {
		return err
	}
	if len(outcome.Events) == 0 && !outcome.Repeated {
		return c.tellUnchanged(ctx, o) // somebody else has recorded the same
	}
	rows := withoutSyncs(outcome.Rows)
	if !c.json && outcome.After != nil {
		c.tellRows(outcome.After, rows, c.styleOf(c.err))
		for _, s := range audit.Consequences(outcome.After, rows) {
			c.talk("%s\n", s)
		}
	}
	if o.dryRun {
		return c.after(ctx, &o.writeFlags, outcome, func(*checklist.State) error {
			c.talk("Nothing was written. The edited text is in %s\n", path)
			return nil
		})
	}
	if !o.yes {
		if err := c.letGo(); err != nil {
			return err
		}
		question := fmt.Sprintf("Record these %s?", count(len(rows), "change"))
		if len(rows) == 1 {
			question = "Record this change?"
		}
		if yes, err := c.ask(ctx, question); err != nil {
			return err
		} else if !yes {
			return errNotRecorded
		}
	}
	outcome, err = c.carryOut(ctx, &o.writeFlags, sync)
	if err != nil {
		return err
	}
	return c.after(ctx, &o.writeFlags, outcome, func(*checklist.State) error {
		switch {
		case len(outcome.Events) == 0:
			c.talk("It is so already; nothing was written.\n")
			return nil
		case outcome.Repeated:
			c.talk("This command was carried out before:\n")
		}
		n := len(withoutSyncs(outcome.Rows))
		c.talk("%s\n", c.withAt(count(n, "change")+" recorded", outcome))
		return nil
	})
}

// ask asks a question on the terminal, to which Enter is yes.
func (c *cli) ask(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(c.err, "%s [Y/n] ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(c.in).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return true, nil
		case "":
			return line != "", nil // without a line, the terminal is gone
		}
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err() // the read ends with the process
	}
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
