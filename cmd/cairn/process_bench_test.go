package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The benchmarks of this file time whole processes of the release build; they
// report medians. `make bench` runs them.

// bench is a directory with a log of its own, and the binary.
type bench struct {
	*testing.B
	binary, dir string
}

var buildOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cairn-bench")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "cairn")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as README says
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return binary, nil
})

func newBench(b *testing.B) *bench {
	b.Helper()
	binary, err := buildOnce()
	if err != nil {
		b.Fatal(err)
	}
	return &bench{b, binary, b.TempDir()}
}

func (b *bench) command(args ...string) *exec.Cmd {
	cmd := exec.Command(b.binary, args...)
	cmd.Dir = b.dir
	cmd.Env = []string{"HOME=" + b.dir, "PATH=" + os.Getenv("PATH"), "CAIRN_ACTOR=ada", "CAIRN_DATA=" + filepath.Join(b.dir, "data")}
	return cmd
}

func (b *bench) run(args ...string) time.Duration {
	start := time.Now()
	if out, err := b.command(args...).CombinedOutput(); err != nil {
		b.Fatalf("cairn %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return time.Since(start)
}

func (b *bench) file(content string) {
	if err := os.WriteFile(filepath.Join(b.dir, "plan.md"), []byte(content), 0o644); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) report(times []time.Duration) {
	b.ReportMetric(float64(middle(times).Microseconds())/1000, "ms/median")
	b.ReportMetric(0, "ns/op")
}

func middle(times []time.Duration) time.Duration {
	times = slices.Sorted(slices.Values(times))
	return times[len(times)/2]
}

// toggles times done and reopen of one task in turns.
func (b *bench) toggles(n int) []time.Duration {
	var times []time.Duration
	for i := range n {
		times = append(times, b.run([]string{"done", "reopen"}[i%2], "3"))
	}
	return times
}

func BenchmarkProcessVersion(tb *testing.B) {
	b := newBench(tb)
	var times []time.Duration
	for tb.Loop() {
		times = append(times, b.run("version"))
	}
	b.report(times)
}

func BenchmarkProcessDoneSample(tb *testing.B) {
	b := newBench(tb)
	sample, err := os.ReadFile("../../examples/elixir-migration.md")
	if err != nil {
		b.Fatal(err)
	}
	b.file(string(sample))
	b.run("import", "plan.md")
	var times []time.Duration
	for tb.Loop() {
		times = append(times, b.toggles(2)...)
	}
	b.report(times)
}

// BenchmarkProcessServed times commands that a running server carries out: a change
// and a view, of the sample and of a log of 10,000 events.
func BenchmarkProcessServed(tb *testing.B) {
	sample, err := os.ReadFile("../../examples/elixir-migration.md")
	if err != nil {
		tb.Fatal(err)
	}
	for _, of := range []struct{ name, document, done string }{
		{"sample", string(sample), "4"},
		{"10000events", "# Plan\n\n## Work\n\n" + strings.Repeat("- [ ] A task of usual length in a long plan of many of them\n", 5000), "6-5000"},
	} {
		tb.Run(of.name, func(tb *testing.B) {
			b := newBench(tb)
			b.file(of.document)
			b.run("import", "plan.md")
			b.run("done", of.done)
			serve := b.command("serve", "--listen", "127.0.0.1:0")
			said, err := serve.StderrPipe()
			if err == nil {
				err = serve.Start()
			}
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() {
				_ = serve.Process.Kill()
				_ = serve.Wait()
			})
			lines := bufio.NewReader(said)
			if line, err := lines.ReadString('\n'); err != nil || !strings.HasPrefix(line, "serving ") {
				b.Fatalf("cairn serve says %q, %v", line, err)
			}
			go func() { _, _ = io.Copy(io.Discard, lines) }() // until it ends
			var changes, views []time.Duration
			for tb.Loop() {
				changes = append(changes, b.toggles(2)...)
				views = append(views, b.run("ls"))
			}
			b.ReportMetric(float64(middle(views).Microseconds())/1000, "ms/view")
			b.report(changes)
		})
	}
}

func BenchmarkProcessDone10000Events(tb *testing.B) {
	b := newBench(tb)
	b.file("# Plan\n\n## Work\n\n" + strings.Repeat("- [ ] A task of usual length in a long plan of many of them\n", 5000))
	b.run("import", "plan.md")
	b.run("done", "6-5000")
	var times []time.Duration
	for tb.Loop() {
		times = append(times, b.toggles(2)...)
	}
	b.report(times)
}

func BenchmarkProcessImport10000Tasks(tb *testing.B) {
	b := newBench(tb)
	b.file("# Plan\n\n## Work\n\n" + strings.Repeat("- [ ] A task of usual length in a long plan of many of them\n", 10_000))
	var times []time.Duration
	i, first := 0, b.dir
	for tb.Loop() {
		i++
		b.dir = filepath.Join(first, fmt.Sprint(i)) // a log of its own
		if err := os.Mkdir(b.dir, 0o755); err != nil {
			b.Fatal(err)
		}
		times = append(times, b.run("import", filepath.Join("..", "plan.md"), "--no-follow"))
	}
	b.report(times)
}

// Eight processes add ten tasks each to one directory: the time of all 80.
func BenchmarkProcess80Adds(tb *testing.B) {
	b := newBench(tb)
	b.file("# Plan\n\n- [ ] one\n")
	b.run("import", "plan.md")
	var times []time.Duration
	for tb.Loop() {
		start := time.Now()
		var wait sync.WaitGroup
		for w := range 8 {
			wait.Go(func() {
				for i := range 10 {
					if out, err := b.command("add", fmt.Sprintf("task %d of %d", i, w)).CombinedOutput(); err != nil {
						b.Errorf("add: %v\n%s", err, out)
					}
				}
			})
		}
		wait.Wait()
		times = append(times, time.Since(start))
	}
	b.report(times)
}

// The median of done with a watch beside it, over that without.
func BenchmarkProcessDoneBesideWatch(tb *testing.B) {
	b := newBench(tb)
	b.file("# Plan\n\n- [ ] one\n- [ ] two\n- [ ] three\n")
	b.run("import", "plan.md")
	var alone, beside []time.Duration
	for tb.Loop() {
		alone = append(alone, b.toggles(20)...)
		watch := b.command("watch")
		if err := watch.Start(); err != nil {
			b.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
		beside = append(beside, b.toggles(20)...)
		if err := watch.Process.Signal(os.Interrupt); err != nil {
			b.Fatal(err)
		}
		_ = watch.Wait() // 130, as after Ctrl-C
	}
	b.ReportMetric(float64(middle(beside))/float64(middle(alone)), "ratio")
	b.report(beside)
}
