package natslog

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The nats command of those who make NATS follows the changes, and may do nothing
// else. Where it is not installed this is skipped:
// go install github.com/nats-io/natscli/nats@latest
func TestNatsCommand(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("nats")
	if err != nil {
		t.Skip("no nats command here")
	}
	l := listening(t)
	server := "nats://" + l.Listening().String()
	run := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), program, append([]string{"--server", server, "--user", "bob", "--password", "sesame", "--no-context"}, args...)...)
		cmd.Env = append(cmd.Environ(), "HOME="+t.TempDir())
		return cmd
	}
	sub := run("sub", "cairn.changes.a.>", "--count", "3")
	out, err := sub.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	sub.Stdout = &seen
	if err := sub.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "Subscribing on") {
			break
		}
	}
	// It says so before it does: wait until the server has the subscription.
	for deadline := time.Now().Add(10 * time.Second); l.door.account.Interest("cairn.changes.a.task.started") == 0; {
		if time.Now().After(deadline) {
			t.Fatal("it does not subscribe")
		}
	}
	mustAppend(t, l, batch("b", 0, 0, 2), batch("a", 0, 0, 3))
	if err := sub.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if want := fmt.Sprintf(`"subject":"task/%d"`, i+1); !strings.Contains(seen.String(), want) {
			t.Errorf("it shows no %s:\n%s", want, seen.String())
		}
	}
	if strings.Contains(seen.String(), "/checklists/b") {
		t.Errorf("it shows another checklist:\n%s", seen.String())
	}
	t.Log(seen.String())
	for _, args := range [][]string{
		{"stream", "info", "CAIRN"}, {"stream", "rm", "CAIRN", "--force"}, {"stream", "ls"}, {"pub", "cairn.sys", "{}"}, {"consumer", "ls", "CAIRN"},
	} {
		out, err := run(append([]string{"--timeout", "1s"}, args...)...).CombinedOutput()
		if err == nil && !strings.Contains(string(out), "ermissions") {
			t.Errorf("nats %v: no refusal:\n%s", args, out)
		}
	}
	if got := l.End(); got != 6 {
		t.Errorf("the log ends at @%d, want @6", got)
	}
}
