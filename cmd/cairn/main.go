// Command cairn tracks a checklist as a log of events.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // zones also where the system has none

	"github.com/spf13/cobra"
)

func main() {
	// A command lives for milliseconds: memory is cheaper than collecting it.
	debug.SetGCPercent(400)
	// Help lists commands in the order in which one meets them.
	cobra.EnableCommandSorting = false
	// A limit on the size of files is an error like a full disk, not the end.
	signal.Ignore(syscall.SIGXFSZ)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	c := &cli{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		getenv: os.Getenv, now: clock(),
	}
	code := c.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
