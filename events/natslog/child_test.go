package natslog

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"cairn/events"
	"cairn/events/natslog/natstest"
)

// Some traps need a second process: the test binary runs itself with what to
// do in this variable, and the directory as its argument.
const childVar = "CAIRN_NATSLOG_CHILD"

func TestMain(m *testing.M) {
	if natstest.Main() {
		return
	}
	if what := os.Getenv(childVar); what != "" {
		if err := child(what, os.Getenv(childVar+"_DIR")); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func child(what, dir string) error {
	if what == "full disk" {
		// Writes beyond 3 MB of a file fail, as they do on a full disk.
		signal.Ignore(unix.SIGXFSZ)
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 3 << 20, Max: 3 << 20}); err != nil {
			return err
		}
	}
	l, err := Open(context.Background(), Config{Dir: dir, Create: true, Wait: 20 * time.Millisecond})
	if err != nil {
		return err
	}
	switch what {
	case "hold":
		fmt.Println("open")
		_, err = io.ReadAll(os.Stdin)
		l.Close()
		return err
	case "append", "full disk":
		// Each line is an acknowledged event; the parent kills us.
		last := events.Seq(0)
		for revision := uint64(1); ; revision++ {
			env := started(revision)
			if what == "full disk" {
				env.Reason = strings.Repeat("x", 100_000)
			}
			last, err = l.Append(context.Background(), []events.Append{{Checklist: "a", Expect: last, Events: []events.Envelope{env}}})
			if err != nil {
				l.Close()
				return err
			}
			fmt.Println(last)
		}
	}
	return fmt.Errorf("child: what is %q?", what)
}

// runChild starts the test binary again and returns its standard input and a
// reader of its output lines.
func runChild(t *testing.T, what, dir string) (*exec.Cmd, io.WriteCloser, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), childVar+"="+what, childVar+"_DIR="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, in, bufio.NewScanner(out)
}
