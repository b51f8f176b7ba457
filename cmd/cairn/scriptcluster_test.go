package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"cairn/events/natslog/natstest"
)

// clusterScripts are those of the scripts that stand for all: a change, several,
// what was taken back, the past, what is told of it, and proofs.
var clusterScripts = []string{"verbs", "undo", "asof", "log", "prove"}

// TestScriptCluster runs scripts against a server whose log lies in a cluster of
// three nodes of NATS, one account a script. CAIRN_SCRIPTS_CLUSTER=all runs all
// of them that are about no directory.
func TestScriptCluster(t *testing.T) {
	t.Parallel()
	if raced || os.Getenv("CAIRN_SCRIPTS_CLUSTER") == "" {
		t.Skip("takes minutes: make scripts-cluster")
	}
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	all := os.Getenv("CAIRN_SCRIPTS_CLUSTER") == "all"
	if !all {
		files = scriptFiles(clusterScripts)
	}
	cluster := natstest.Start(t, natstest.Config{Accounts: len(files)})
	// The scripts are parallel parts of a part of their own: the cluster outlives them.
	t.Run("scripts", func(t *testing.T) {
		scripts(t, "cluster", files, func(env *testscript.Env) error {
			url, end, err := serveCluster(env, cluster.Account(t).URL(0, 1, 2))
			if err != nil {
				return err
			}
			env.Defer(func() {
				defer end()
				if seq := endOf(url); seq < 2 && !all && !t.Failed() { // of all, some skip
					t.Errorf("the log of a script in the cluster ends at @%d", seq)
				}
			})
			env.Setenv("CAIRN_SERVER", url)
			var at struct{ Secret string }
			b, err := os.ReadFile(filepath.Join(env.WorkDir, ".server", "server.json"))
			if err == nil {
				err = json.Unmarshal(b, &at)
			}
			env.Setenv("CAIRN_TOKEN", at.Secret)
			if err != nil {
				return err
			}
			return nil
		})
	})
}

// endOf asks a server how far its log reaches.
func endOf(url string) int {
	var doc struct{ Seq int }
	res, err := http.Get(url + "/api/v1")
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_ = json.NewDecoder(res.Body).Decode(&doc) // 0 is no end
	return doc.Seq
}

// serveCluster starts a server over NATS and returns where it is.
func serveCluster(env *testscript.Env, nats string) (url string, end func(), err error) {
	state := filepath.Join(env.WorkDir, ".server")
	cmd := exec.Command(filepath.Join(bin, "cairn"), "serve", "--nats", nats, "--replicas", "3", "--data", state, "--listen", "127.0.0.1:0")
	cmd.Env = append(environment(state), "CAIRN_TEST_NOW="+env.Getenv("CAIRN_TEST_NOW"))
	said, err := cmd.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	lines := bufio.NewReader(said)
	end = func() {
		_ = cmd.Process.Kill()
		_, _ = io.Copy(io.Discard, lines)
		_ = cmd.Wait()
	}
	line, err := lines.ReadString('\n')
	rest, ok := strings.CutPrefix(line, "serving ")
	if err != nil || !ok {
		end()
		return "", nil, fmt.Errorf("cairn serve says %q (%w)", line, err)
	}
	url, _, _ = strings.Cut(rest, " ")
	return url, end, nil
}
