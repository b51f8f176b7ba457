package gitlog_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"cairn/server/gitlog"
)

// BenchmarkVersions reads the history of a file that 4,658 commits let grow to
// 1.2 MB, as the largest real one.
func BenchmarkVersions(b *testing.B) {
	r := growing(b, 4658, 1_200_000)
	f := r.open("plan.md")
	for _, part := range []string{"history", "contents"} {
		b.Run(part, func(b *testing.B) {
			for b.Loop() {
				h, err := f.History(b.Context(), gitlog.Range{})
				if err != nil {
					b.Fatal(err)
				}
				var read int64
				for v, err := range h.Versions(b.Context()) {
					if err != nil {
						b.Fatal(err)
					}
					if read += int64(len(v.Content)); part == "history" {
						break
					}
				}
				b.ReportMetric(float64(h.Len()), "versions")
				b.ReportMetric(float64(read)/1e6, "MB")
			}
		})
	}
}

// BenchmarkSources reads where the lines of a merge with 20 commits come from, in
// a file of 1.2 MB.
func BenchmarkSources(b *testing.B) {
	r := growing(b, 400, 1_200_000)
	r.git("checkout", "-q", "-f", "main")
	r.git("checkout", "-q", "-b", "side", "HEAD~20")
	content, err := os.ReadFile(r.dir + "/plan.md")
	if err != nil {
		b.Fatal(err)
	}
	for i := range 20 {
		r.put("plan.md", fmt.Sprintf("- [ ] side %d\n", i)+string(content), "side")
	}
	r.git("checkout", "-q", "main")
	r.merge("side", "-X", "ours")
	f := r.open("plan.md")
	h, err := f.History(b.Context(), gitlog.Range{After: "HEAD~"})
	if err != nil {
		b.Fatal(err)
	}
	for v, err := range h.Versions(b.Context()) {
		for b.Loop() {
			if err != nil || !v.Merge {
				b.Fatal(v.Merge, err)
			}
			if _, err := f.Sources(b.Context(), v); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// growing makes a repository in which n commits let plan.md grow to size bytes:
// each adds lines, and every third changes one in the middle.
func growing(b *testing.B, n, size int) *repo {
	b.Helper()
	r := newRepo(b)
	var in strings.Builder
	var lines []string
	written := 0
	for i := range n {
		for written < size*(i+1)/n {
			line := fmt.Sprintf("- [ ] task %d of commit %d, %x\n", len(lines), i, written*2654435761)
			lines = append(lines, line)
			written += len(line)
		}
		if i%3 == 0 {
			at := i * 7919 % len(lines)
			lines[at] = strings.Replace(lines[at], "[ ]", "[x]", 1)
		}
		content := strings.Join(lines, "")
		fmt.Fprintf(&in, "commit refs/heads/main\nauthor Ada <ada@example.com> %d +0100\ncommitter Carl <carl@example.com> %d +0100\n", 1_700_000_000+i*60, 1_700_000_000+i*60)
		fmt.Fprintf(&in, "data 9\ncommit %2d\nM 100644 inline plan.md\ndata %d\n%s\n", i%100, len(content), content)
		if in.Len() > 64<<20 || i == n-1 {
			load(r, in.String())
			in.Reset()
			fmt.Fprint(&in, "reset refs/heads/main\nfrom refs/heads/main^0\n\n")
		}
	}
	start := time.Now()
	r.git("repack", "-q", "-a", "-d")
	b.Logf("repack: %s", time.Since(start))
	return r
}

// load gives a stream to git fast-import.
func load(r *repo, stream string) {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "git", "fast-import", "--quiet")
	cmd.Dir = r.dir
	cmd.Stdin = strings.NewReader(stream)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("fast-import: %v\n%s", err, out)
	}
}
