// Command cairnsim makes a log of a team at work: a checklist, a year of changes
// by five people, drawn by a seed. It is for looking at charts and reports,
// for examples and for tests; the same seed makes the same history.
//
//	cairnsim --data DIR [--seed 1] [--from 2026-11-30] [--until 2027-12-17] FILE
//
// DIR must not hold a log. Then: cairn --data DIR burndown
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"cairn/events"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cairnsim:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("cairnsim", flag.ContinueOnError)
	data := flags.String("data", "", "the log's `directory`, which is made")
	seed := flags.Uint64("seed", 1, "the `number` that the history is drawn by")
	from := flags.String("from", "2026-11-30", "the first `day`")
	until := flags.String("until", "2027-12-17", "the last `day`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *data == "" || flags.NArg() != 1 || !events.Day(*from).Valid() || !events.Day(*until).Valid() {
		return fmt.Errorf("want --data DIR and a FILE; days as 2026-11-30")
	}
	document, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return err
	}
	n, err := Simulate(ctx, Config{Dir: *data, Document: document, Seed: *seed, From: events.Day(*from), Until: events.Day(*until)})
	if err != nil {
		return err
	}
	fmt.Printf("%d events in %s\n", n, *data)
	return nil
}
