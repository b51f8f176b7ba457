package docfile_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/docfile"
	"cairn/server/gitlog"
	"cairn/server/markdown"
)

type expectedHistory struct {
	Paths  []string
	Series []struct {
		Commit, Date, Author string
		Total, Done          int
	}
	Done []struct {
		Prefix string `json:"line_prefix"`
		Commit string
		Author string
		Date   string
	}
}

// expectedHistories returns what is known about the histories of real
// checklists, and where they are.
func expectedHistories(t testing.TB) (string, map[string]expectedHistory) {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "histories"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Skip("no histories here: ", err)
	}
	var expected map[string]expectedHistory
	if err := json.Unmarshal(b, &expected); err != nil {
		t.Fatal(err)
	}
	return dir, expected
}

// cloned opens the checklist in a clone of a bundle.
func cloned(t testing.TB, bundle string, paths []string) (*gitlog.File, gitlog.History) {
	t.Helper()
	clone := filepath.Join(t.TempDir(), "clone")
	cmd := exec.Command("git", "clone", "-q", bundle, clone)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("git clone: %v\n%s", err, out)
	}
	for i := len(paths) - 1; i >= 0; i-- { // the last name that the history knows
		f, err := gitlog.Open(t.Context(), filepath.Join(clone, paths[i]))
		if err != nil {
			t.Fatal(err)
		}
		if h, err := f.History(t.Context(), gitlog.Range{}); err == nil {
			return f, h
		}
	}
	t.Fatal("no history")
	return nil, gitlog.History{}
}

// Every commit of a real history has, as of it, the document of that commit, and
// the counts that a line counter finds where it reads Markdown as CommonMark
// does.
func TestHistoriesOfRealChecklists(t *testing.T) {
	t.Parallel()
	dir, expected := expectedHistories(t)
	for name, want := range expected {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, list := cloned(t, filepath.Join(dir, name+".bundle"), want.Paths)
			log := memory{eventstest.NewLog()}
			a := app.NewLocal(log, commands.Config{})
			added, err := docfile.TakeHistory(t.Context(), a, "plan", f, list, "plan.md", "", true, func(int) {})
			if err != nil || added == 0 {
				t.Fatalf("added %d: %v", added, err)
			}
			if again, err := docfile.TakeHistory(t.Context(), a, "plan", f, list, "plan.md", "", true, func(int) {}); err != nil || again != 0 {
				t.Errorf("the same again added %d: %v", again, err)
			}
			versions := make(map[string]gitlog.Version)
			for v, err := range list.Versions(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				versions[v.Commit] = v
			}
			series := make(map[string]int)
			for i, s := range want.Series {
				series[s.Commit] = i
			}
			st, burn := checklist.New(), burndown.New()
			apart := 0
			lastOf := make(map[events.Day][2]int) // what the line counter says of the day's last commit
			odd := make(map[events.Day]bool)
			for env, err := range log.Read(t.Context(), events.Filter{Checklist: "plan"}) {
				if err != nil {
					t.Fatal(err)
				}
				if st, err = checklist.Evolve(st, env); err != nil {
					t.Fatal(err)
				}
				if burn, err = burndown.Evolve(burn, env); err != nil {
					t.Fatal(err)
				}
				sync, ok := env.Data.(*events.DocumentSynced)
				if !ok {
					continue
				}
				v := versions[sync.Commit]
				if got := string(st.Document()); got != string(v.Content) {
					t.Fatalf("as of %s the document is another", sync.Commit)
				}
				total, done := tally(st)
				if doc, err := markdown.Parse(v.Content, markdown.Options{}); err != nil || !sameTally(doc, total, done) {
					t.Errorf("as of %s: %d of %d, which the document does not say", sync.Commit, done, total)
				}
				day := events.DayOf(env.EffectiveTime.UTC())
				s := want.Series[series[sync.Commit]]
				lastOf[day], odd[day] = [2]int{s.Total, s.Done}, s.Total != total || s.Done != done
				if s.Total != total || s.Done != done {
					apart++
					t.Logf("%.9s: %d of %d done; by lines %d of %d", sync.Commit, done, total, s.Done, s.Total)
				}
			}
			// Of these histories, lines in indented code, and under a <p>, count
			// with the line counter alone.
			if most := map[string]int{"kubo-release": 27}[name]; apart > most {
				t.Errorf("%d commits differ from the line counter, want at most %d", apart, most)
			}
			for _, d := range burn.Days("") {
				counts, ok := lastOf[d.Date]
				if got := [2]int{d.All.Scope() + d.All.Dropped, d.All.Done}; ok && !odd[d.Date] && got != counts {
					t.Errorf("on %s the burndown counts %v boxes and done ones, want %v", d.Date, got, counts)
				}
			}
			if st.Synced.More || st.Synced.Path != "plan.md" {
				t.Errorf("the file is not tied after the last commit: %+v", st.Synced)
			}
			rows, err := a.History(t.Context(), "plan")
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range want.Done {
				found := false
				text := strings.TrimPrefix(d.Prefix, "- [X] ")
				for _, r := range rows {
					if r.Kind == events.KindTaskCompleted && strings.HasPrefix(r.Text, text) && r.Cause == d.Commit {
						found = true
						if r.Actor.Name() != d.Author || r.Time.Format(time.RFC3339) != inUTC(t, d.Date) {
							t.Errorf("%s: got %s at %s, want %s at %s", text, r.Actor.Name(), r.Time, d.Author, d.Date)
						}
					}
				}
				if !found {
					t.Errorf("nobody completed %q in %s", text, d.Commit)
				}
			}
		})
	}
}

func inUTC(t *testing.T, date string) string {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05-07:00", date)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC().Format(time.RFC3339)
}

func tally(st *checklist.State) (total, done int) {
	for b := range st.Root().Tasks() {
		total++
		if b.Task.State == events.Done {
			done++
		}
	}
	return total, done
}

func sameTally(doc *markdown.Document, total, done int) bool {
	for _, b := range doc.Blocks {
		if b.Noun == events.TaskNoun {
			total--
			if b.State == events.Done {
				done--
			}
		}
	}
	return total == 0 && done == 0
}

// A history that is cut off goes on where it was, and nobody else writes
// meanwhile.
func TestHistoryIsCutOff(t *testing.T) {
	t.Parallel()
	dir, expected := expectedHistories(t)
	f, list := cloned(t, filepath.Join(dir, "langmd.bundle"), expected["langmd"].Paths)
	whole, parts := memory{eventstest.NewLog()}, memory{eventstest.NewLog()}
	clock := func() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }
	if _, err := docfile.TakeHistory(t.Context(), app.NewLocal(whole, commands.Config{Now: clock}), "plan", f, list, "plan.md", "", true, func(int) {}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	a := app.NewLocal(parts, commands.Config{Now: clock})
	n := 0
	_, err := docfile.TakeHistory(ctx, stopper{a, func() bool { n++; return n > 20 }, cancel}, "plan", f, list, "plan.md", "", true, func(int) {})
	if err == nil {
		t.Fatal("it was not cut off")
	}
	if _, err := a.Execute(t.Context(), meta, commands.AddTask{Text: "meanwhile"}); err == nil || !strings.Contains(err.Error(), "history") {
		t.Errorf("got %v, want a refusal", err)
	}
	if _, err := docfile.TakeHistory(t.Context(), app.NewLocal(parts, commands.Config{Now: clock}), "plan", f, list, "plan.md", "", true, func(int) {}); err != nil {
		t.Fatal(err)
	}
	if got, want := bodies(t, parts), bodies(t, whole); got != want {
		t.Error("cut off and completed, the log is another than in one go")
	}
}

func bodies(t *testing.T, log memory) string {
	t.Helper()
	var s strings.Builder
	for env, err := range log.Read(t.Context(), events.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&s, "%s\n", env.Body)
	}
	return s.String()
}

// stopper stores one step at a time and stops after some.
type stopper struct {
	*app.Local
	stop   func() bool
	cancel func()
}

func (s stopper) ExecuteHistory(ctx context.Context, name string, steps iter.Seq2[commands.Step, error], stored func(int)) (int, error) {
	total := 0
	for step, err := range steps {
		if err != nil {
			return total, err
		}
		if s.stop() {
			s.cancel()
			return total, ctx.Err()
		}
		n, err := s.Local.ExecuteHistory(ctx, name, func(yield func(commands.Step, error) bool) { yield(step, nil) }, stored)
		if total += n; err != nil {
			return total, err
		}
	}
	return total, nil
}

// Of a merge, each line is by who brought it, and what has no line by who came
// last to the file on the branch.
func TestHistoryOfAMerge(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	dir := t.TempDir()
	git := func(who string, args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_AUTHOR_NAME="+who, "GIT_AUTHOR_EMAIL="+who+"@example.com", "GIT_COMMITTER_NAME=c", "GIT_COMMITTER_EMAIL=c@example.com")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	file := filepath.Join(dir, "plan.md")
	commit := func(who, document string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(document), 0o644); err != nil {
			t.Fatal(err)
		}
		git(who, "add", "plan.md")
		git(who, "commit", "-q", "-m", "by "+who)
	}
	git("ann", "init", "-q", "-b", "main")
	commit("ann", "- [ ] first of all\n- [ ] second\n- [ ] third\n- [ ] to go\n")
	git("ann", "checkout", "-q", "-b", "side")
	commit("bob", "- [x] first of all\n- [ ] second\n- [ ] third\n- [ ] to go\n")
	commit("cho", "- [x] first of all\n- [ ] second\n- [x] third\n")
	git("ann", "checkout", "-q", "main")
	git("mia", "merge", "-q", "--no-ff", "-m", "merge", "side")

	f, err := gitlog.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	history, err := f.History(t.Context(), gitlog.Range{})
	if err != nil {
		t.Fatal(err)
	}
	a := app.NewLocal(memory{eventstest.NewLog()}, commands.Config{})
	if _, err := docfile.TakeHistory(t.Context(), a, "plan", f, history, "plan.md", "", true, func(int) {}); err != nil {
		t.Fatal(err)
	}
	rows, err := a.History(t.Context(), "plan")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		if r.Kind == events.KindTaskCompleted || r.Kind == events.KindTaskRemoved {
			got = append(got, fmt.Sprintf("%s %d by %s", r.Action, r.Key, r.Actor.Name()))
		}
	}
	if want := []string{"done 1 by bob", "done 3 by cho", "removed 4 by cho"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
