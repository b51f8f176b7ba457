package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// registerPager gives a command the flag that turns the pager off.
func (c *cli) registerPager(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.noPager, "no-pager", false, "print at once (or CAIRN_PAGER=cat)")
}

// paged writes a view: on a terminal through a pager, else at once. The log is
// let go before somebody reads at leisure. Whatever becomes of the pager, what
// it could not show is printed.
func (c *cli) paged(ctx context.Context, write func(io.Writer) error) error {
	pager := c.pager()
	if pager == "" {
		return write(c.out)
	}
	var page, talk bytes.Buffer
	if err := write(&page); err != nil {
		return err
	}
	// What is to be said in the end is said after the pager.
	if c.session != nil {
		if behind := c.err; !c.past {
			c.err = &talk
			c.lookAtFile(ctx)
			c.err = behind
		}
		if err := c.letGo(); err != nil {
			return err
		}
	}
	cmd := exec.Command("sh", "-c", pager)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(page.Bytes()), c.out, c.err
	cmd.Env = os.Environ()
	if c.getenv("LESS") == "" {
		cmd.Env = append(cmd.Env, "LESS=FRX") // as git does: quit if it fits, keep colour
	}
	var err error
	if runErr := cmd.Run(); runErr != nil {
		fmt.Fprintf(c.err, "cairn: the pager %q failed: %v\n", pager, runErr)
		_, err = c.out.Write(page.Bytes())
	}
	_, _ = c.err.Write(talk.Bytes())
	return err
}

// pager returns the command of the pager; "" where there is none to be used.
func (c *cli) pager() string {
	f, ok := c.out.(*os.File)
	if !ok || c.noPager || c.json || !term.IsTerminal(int(f.Fd())) || c.getenv("TERM") == "dumb" {
		return ""
	}
	for _, name := range []string{"CAIRN_PAGER", "PAGER"} {
		if pager := strings.TrimSpace(c.getenv(name)); pager != "" {
			if pager == "cat" {
				return ""
			}
			return pager
		}
	}
	if _, err := exec.LookPath("less"); err == nil {
		return "less -FRX"
	}
	return ""
}
