package gitlog_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/server/gitlog"
)

// histories lies beside the project and is no part of it: other people's files.
const histories = "../../../shared/histories"

// The expected commits of a history are those that touched any of its names. A
// file that has moved on is not touched by what happens to the stub it left behind,
// which these two commits reword.
var notOfTheFile = map[string][]string{
	"kubo-release": {
		"3d24d556ff4c8fb1e770ff0c3b7fa35e4a447271", "1f32fe1290d0ffac02da27b785f8d20a303c50a6",
	},
}

func TestRealHistories(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(histories, "expected.json"))
	if err != nil {
		t.Skipf("no real histories here: %v", err)
	}
	var expected map[string]struct {
		Paths  []string
		Series []struct{ Commit, Date, Author string }
	}
	if err := json.Unmarshal(b, &expected); err != nil {
		t.Fatal(err)
	}
	for name, want := range expected {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bundle, err := filepath.Abs(filepath.Join(histories, name+".bundle"))
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "clone")
			if out, err := exec.CommandContext(t.Context(), "git", "clone", "-q", bundle, dir).CombinedOutput(); err != nil {
				t.Fatalf("clone: %v\n%s", err, out)
			}
			f, err := gitlog.Open(t.Context(), filepath.Join(dir, last(t, dir, want.Paths)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := collect(t.Context(), f, gitlog.Range{})
			if err != nil {
				t.Fatal(err)
			}
			var rows [][3]string
			for i, v := range got {
				rows = append(rows, [3]string{v.Commit, v.Author.Time.Format("2006-01-02T15:04:05-07:00"), v.Author.Name})
				if !slices.Contains(want.Paths, v.Path) {
					t.Errorf("%s has the path %s, want one of %q", v.Commit, v.Path, want.Paths)
				}
				if i%25 != 0 && i != len(got)-1 {
					continue // what follows starts programs
				}
				blob, err := exec.CommandContext(t.Context(), "git", "-C", dir, "cat-file", "blob", v.Commit+":"+v.Path).Output()
				if (err != nil) != v.Gone || string(blob) != string(v.Content) {
					t.Errorf("%s:%s is not what git has there (%v)", v.Commit, v.Path, err)
				}
				if found, err := f.Find(t.Context(), v.Commit[:12]); found != v.Commit {
					t.Errorf("find %s: got %s, %v", v.Commit, found, err)
				}
			}
			var wanted [][3]string
			for _, s := range want.Series {
				if !slices.Contains(notOfTheFile[name], s.Commit) {
					wanted = append(wanted, [3]string{s.Commit, s.Date, s.Author})
				}
			}
			if diff := cmp.Diff(wanted, rows); diff != "" {
				t.Errorf("versions (-want +got):\n%s", diff)
			}
		})
	}
}

// last returns the last of the paths that the repository ever had.
func last(t *testing.T, dir string, paths []string) string {
	t.Helper()
	for _, path := range slices.Backward(paths) {
		out, err := exec.CommandContext(t.Context(), "git", "-C", dir, "log", "-1", "--format=%H", "--", path).Output()
		if err == nil && len(out) > 0 {
			return path
		}
	}
	t.Fatalf("none of %q", paths)
	return ""
}
