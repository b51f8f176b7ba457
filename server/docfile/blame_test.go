package docfile_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cairn/events"
	"cairn/events/eventstest"
	"cairn/projections/audit"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/docfile"
)

// TestBlameOfRealChecklists compares blame, at some of the commits and at the last
// with tasks, with a walk along the commits that knows nothing of Cairn: of each
// line, the last commit of the first parents whose version before had the same
// line in another state. Lines that were reworded since, or stand there twice, it
// cannot tell.
func TestBlameOfRealChecklists(t *testing.T) {
	t.Parallel()
	dir, expected := expectedHistories(t)
	// least is how many lines the walk can tell.
	for name, least := range map[string]int{"eth-1559": 80, "langmd": 80, "stdarch-missing-x86": 300, "todo-markdown": 100} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, list := cloned(t, filepath.Join(dir, name+".bundle"), expected[name].Paths)
			a := app.NewLocal(memory{eventstest.NewLog()}, commands.Config{})
			if _, err := docfile.TakeHistory(t.Context(), a, "plan", f, list, "plan.md", "", true, func(int) {}); err != nil {
				t.Fatal(err)
			}
			at := make(map[string]events.Seq)
			for env, err := range a.Events(t.Context(), events.Filter{Checklist: "plan", Kinds: []events.Kind{events.KindDocumentSynced}}) {
				if err != nil {
					t.Fatal(err)
				}
				at[env.Data.(*events.DocumentSynced).Commit] = env.Seq
			}
			versions := spine(t, filepath.Join(dir, name+".bundle"), expected[name].Paths)
			told, toggles := 0, 0
			for n := len(versions); n > 0; n -= 1 + len(versions)/10 {
				seq := at[versions[n-1].commit]
				if seq == 0 {
					continue // it did not change the file
				}
				if err := a.Checklist(t.Context(), "plan", &commands.When{Seq: seq}, func(st *checklist.State) error {
					for _, l := range audit.Blame(st, st.Root()) {
						if l.Heading != "" {
							continue
						}
						m := taskLine.FindStringSubmatch(st.Task(l.Key).Raw)
						if m == nil {
							continue
						}
						commit, who := toggled(versions[:n], m[2], strings.ToLower(m[1]))
						if who == nil {
							continue
						}
						told++
						if commit != versions[0].commit {
							toggles++
						}
						if !slices.Contains(who, l.By.By.Name()) {
							t.Errorf("at %.9s %q: got %s by %.9s, want one of %q by %.9s", versions[n-1].commit, m[2], l.By.By.Name(), l.By.Cause, who, commit)
						}
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%d lines compared, %d of them toggled after the first commit", told, toggles)
			if told < least {
				t.Errorf("the walk tells of %d lines, want %d", told, least)
			}
		})
	}
}

var taskLine = regexp.MustCompile(`(?m)^\s*(?:[-*+]|\d+[.)])\s+\[(.)\]\s+(.*?)\s*$`)

// version is what a commit made of the file: the state of each line, "" for what
// stands there twice.
type version struct {
	commit  string
	authors []string
	states  map[string]string
}

// toggled is the commit that gave a line its state, and who may have; nobody where
// that cannot be told.
func toggled(versions []version, line, state string) (commit string, who []string) {
	for i := len(versions) - 1; i > 0; i-- {
		now, ok := versions[i].states[line]
		before, had := versions[i-1].states[line]
		if !ok || !had || now != state || before == "" {
			return "", nil
		}
		if before != state {
			return versions[i].commit, versions[i].authors
		}
	}
	return versions[0].commit, versions[0].authors
}

// spine reads the versions of the first parents of HEAD.
func spine(t *testing.T, bundle string, paths []string) []version {
	t.Helper()
	clone := filepath.Join(t.TempDir(), "walk.git")
	git := func(stdin string, args ...string) []byte {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"--git-dir", clone}, args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return out
	}
	git("", "clone", "-q", "--bare", bundle, clone)
	var versions []version
	commits := strings.Fields(string(git("", "rev-list", "--first-parent", "--reverse", "HEAD")))
	var ask strings.Builder
	for _, commit := range commits {
		for _, path := range paths {
			fmt.Fprintf(&ask, "%s:%s\n", commit, path)
		}
	}
	answers := git(ask.String(), "cat-file", "--batch")
	for _, commit := range commits {
		var content []byte
		for range paths {
			head, rest, _ := bytes.Cut(answers, []byte("\n"))
			if bytes.HasSuffix(head, []byte(" missing")) {
				answers = rest
				continue
			}
			fields := strings.Fields(string(head))
			n, err := strconv.Atoi(fields[len(fields)-1])
			if err != nil {
				t.Fatal(err)
			}
			content, answers = rest[:n], rest[n+1:]
		}
		if content == nil {
			continue // not there yet, or no longer
		}
		v := version{commit: commit, states: make(map[string]string)}
		for _, m := range taskLine.FindAllStringSubmatch(string(content), -1) {
			if _, twice := v.states[m[2]]; twice {
				v.states[m[2]] = ""
				continue
			}
			v.states[m[2]] = strings.ToLower(m[1])
		}
		// Of a merge, whoever brought the line.
		for author := range strings.Lines(string(git("", "log", "--format=%an", commit+"^!"))) {
			v.authors = append(v.authors, strings.TrimSpace(author))
		}
		if parents := strings.Fields(string(git("", "rev-list", "--parents", "-n1", commit))); len(parents) > 2 {
			for author := range strings.Lines(string(git("", "log", "--format=%an", parents[1]+".."+commit))) {
				v.authors = append(v.authors, strings.TrimSpace(author))
			}
		}
		versions = append(versions, v)
	}
	return versions
}
