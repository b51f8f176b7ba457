package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// longLog is a checklist of 2,700 tasks in 27 sections with 10,000 events: tasks
// were done, re-opened and started again.
func longLog(tb *testing.B) *bench {
	b := newBench(tb)
	var plan strings.Builder
	plan.WriteString("# Plan\n")
	for i := range 27 {
		fmt.Fprintf(&plan, "\n## %d) A section of the plan\n\n", i+1)
		plan.WriteString(strings.Repeat("- [ ] A task of usual length in a long plan of many of them\n", 100))
	}
	b.file(plan.String())
	b.run("import", "plan.md")
	b.run("done", "1-2600")
	b.run("reopen", "1-2400")
	b.run("start", "1-2245")
	return b
}

// BenchmarkProcessPast times the views of the past, and of who and what changed.
func BenchmarkProcessPast(tb *testing.B) {
	b := longLog(tb)
	for _, args := range []string{
		"show --as-of @9000", "blame", "blame --as-of @9000", "diff @9000", "diff @5000 @9000", "diff import", "log --limit 1", "show",
		"burndown", "burnup", "flow", "forecast", "stats", "burndown --svg -", "undo -n",
	} {
		tb.Run(strings.ReplaceAll(args, " ", "_"), func(tb *testing.B) {
			b := &bench{tb, b.binary, b.dir}
			var times []time.Duration
			for tb.Loop() {
				times = append(times, b.run(strings.Fields(args)...))
			}
			b.report(times)
		})
	}
}
