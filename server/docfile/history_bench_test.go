package docfile_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"cairn/events/natslog"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/docfile"
	"cairn/server/gitlog"
)

// growth is a file that grows from commit to commit: tasks come, get ticked and
// change their words.
type growth struct {
	r     *rand.Rand
	lines []string
	tasks []int // indexes of lines
}

func (g *growth) step(commit int, tasks int) {
	switch {
	case len(g.tasks) < tasks && g.r.IntN(100) < 65 || len(g.tasks) == 0:
		n := len(g.tasks)
		if n%40 == 0 {
			g.lines = append(g.lines, "", fmt.Sprintf("## Part %d of the work", n/40+1), "")
		}
		g.tasks = append(g.tasks, len(g.lines))
		g.lines = append(g.lines, fmt.Sprintf("- [ ] Task %d: %s", n, g.words(12)), "", "  "+g.words(30), "  "+g.words(30), "")
	case g.r.IntN(4) > 0:
		i := g.tasks[g.r.IntN(len(g.tasks))]
		g.lines[i] = strings.Replace(g.lines[i], "[ ]", "[x]", 1)
	default:
		i := g.tasks[g.r.IntN(len(g.tasks))]
		g.lines[i] += fmt.Sprintf(", seen in %d", commit)
	}
}

func (g *growth) words(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = []string{"move", "table", "queue", "check", "old", "service", "new", "with", "before", "rows", "of", "release"}[g.r.IntN(12)]
	}
	return strings.Join(list, " ")
}

// grown makes a repository with a history of so many commits.
func grown(b *testing.B, commits, tasks int) *gitlog.File {
	b.Helper()
	dir := b.TempDir()
	if out, err := exec.Command("git", "init", "-q", "-b", "main", dir).CombinedOutput(); err != nil {
		b.Skipf("git init: %v\n%s", err, out)
	}
	cmd := exec.Command("git", "-c", "core.compression=1", "-C", dir, "fast-import", "--quiet", "--depth=50")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	g := &growth{r: rand.New(rand.NewPCG(1, 2)), lines: []string{"# A long piece of work"}}
	at := time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC)
	for i := range commits {
		g.step(i, tasks)
		content := strings.Join(g.lines, "\n") + "\n"
		who := fmt.Sprintf("Person %d <p%d@example.com> %d +0000", i%7, i%7, at.Add(time.Duration(i)*time.Hour).Unix())
		fmt.Fprintf(in, "commit refs/heads/main\nauthor %s\ncommitter %s\ndata 2\nc\nM 100644 inline plan.md\ndata %d\n", who, who, len(content))
		if _, err := io.WriteString(in, content+"\n"); err != nil {
			b.Fatal(err, said.String())
		}
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		b.Fatal(err, said.String())
	}
	f, err := gitlog.Open(b.Context(), filepath.Join(dir, "plan.md"))
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d commits, %d tasks, %d KB", commits, len(g.tasks), len(strings.Join(g.lines, "\n"))>>10)
	return f
}

// BenchmarkHistory takes the history of a file with 4,658 commits, that grows to
// 1.2 MB and 2,692 tasks, into a log on disk.
func BenchmarkHistory(b *testing.B) {
	f := grown(b, 4658, 2692)
	for b.Loop() {
		dir := b.TempDir()
		log, err := natslog.Open(b.Context(), natslog.Config{Dir: filepath.Join(dir, "log"), Create: true})
		if err != nil {
			b.Fatal(err)
		}
		list, err := f.History(b.Context(), gitlog.Range{})
		if err != nil {
			b.Fatal(err)
		}
		a := app.NewLocal(log, commands.Config{Exclusive: true})
		added, err := docfile.TakeHistory(b.Context(), a, "plan", f, list, "plan.md", "", true, func(int) {})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(added), "events")
		if err := log.Close(); err != nil {
			b.Fatal(err)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys>>20), "MB")
}
