package gitlog

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// plain are the options that make git answer alike for everybody. What a command
// has an option of its own for stands where it is run.
var plain = []string{
	"--no-pager",
	"--no-replace-objects",
	"--literal-pathspecs",
	"-c", "core.fsmonitor=false",
	"-c", "diff.algorithm=myers", // which newer ones blame by
	"-c", "log.follow=false",
	"-c", "log.showRoot=true",
	"-c", "log.showSignature=false",
}

// environ returns env without what would make git look elsewhere or behave
// otherwise: a hook, for one, runs with GIT_DIR and GIT_INDEX_FILE. The user's
// configuration stays, for it says which directories are safe.
func environ(env []string) []string {
	kept := make([]string, 0, len(env)+8)
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		switch {
		case strings.HasPrefix(name, "GIT_CONFIG") && name != "GIT_CONFIG":
		case name == "GIT_EXEC_PATH", name == "GIT_CEILING_DIRECTORIES", name == "GIT_DISCOVERY_ACROSS_FILESYSTEM":
		case strings.HasPrefix(name, "GIT_"):
			continue
		case strings.HasPrefix(name, "LC_"), name == "LANG", name == "LANGUAGE":
			continue
		}
		kept = append(kept, entry)
	}
	return append(kept,
		"LC_ALL=C",
		"GIT_ALLOW_PROTOCOL=", // no network, also where a clone lacks objects
		"GIT_NO_LAZY_FETCH=1",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_GRAFT_FILE="+os.DevNull,
	)
}

// process is a running git. Its owner reads out and then calls either wait or
// stop, which both leave nothing behind.
type process struct {
	ctx    context.Context // of who asked
	cancel context.CancelFunc
	cmd    *exec.Cmd
	out    *bufio.Reader
	stderr *complaint
}

// start runs git with args in the work tree's root.
func (f *File) start(ctx context.Context, stdin io.Reader, args ...string) (*process, error) {
	own, cancel := context.WithCancel(ctx)
	p := &process{ctx: ctx, cancel: cancel, stderr: &complaint{}}
	p.cmd = exec.CommandContext(own, f.git, append(append([]string{}, plain...), args...)...)
	p.cmd.Dir = f.root
	p.cmd.Env = environ(p.cmd.Environ())
	p.cmd.Stdin = stdin
	p.cmd.Stderr = p.stderr
	p.cmd.WaitDelay = 10 * time.Second
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		p.out = bufio.NewReaderSize(out, 64<<10)
		err = p.cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return p, nil
}

// stop kills git, if it still runs, and waits for its end.
func (p *process) stop() {
	p.cancel()
	_ = p.cmd.Wait() // it was killed, or its owner has an error already
}

// wait waits for git's own end, after out was read to its end, and returns what
// it complained about.
func (p *process) wait() error {
	err := p.cmd.Wait()
	p.cancel()
	if err == nil {
		return nil
	}
	return p.failed(err)
}

// failed returns the error of a git that ended with err: git's own words on one
// line where it said any.
func (p *process) failed(err error) error {
	if p.ctx.Err() != nil {
		return p.ctx.Err()
	}
	said := p.stderr.line()
	switch {
	case strings.Contains(said, "not a git repository"), strings.Contains(said, "must be run in a work tree"):
		return ErrNoRepository
	case strings.Contains(said, "promisor"), strings.Contains(said, "transport '"), strings.Contains(said, "lazy fetching disabled"):
		return ErrPartial
	case said != "":
		err = &exit{said: said, err: err}
	}
	return fmt.Errorf("git %s: %w", p.cmd.Args[len(plain)+1], err)
}

// exit is a git that ended with an error, in its own words.
type exit struct {
	said string
	err  error
}

func (e *exit) Error() string { return e.said }
func (e *exit) Unwrap() error { return e.err }

// output runs git to its end and returns what it wrote.
func (f *File) output(ctx context.Context, args ...string) ([]byte, error) {
	p, err := f.start(ctx, nil, args...)
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(p.out)
	if err != nil {
		p.stop()
		return nil, p.failed(err)
	}
	return out, p.wait()
}

// code returns the exit code of a git that ran to its end, 0 if err is none.
func code(err error) int {
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended):
		return ended.ExitCode()
	}
	return -1
}

// complaint is what git said on stderr; a writer that keeps the first bytes.
type complaint struct{ said bytes.Buffer }

func (c *complaint) Write(b []byte) (int, error) {
	if room := 4096 - c.said.Len(); room > 0 {
		c.said.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

// line returns what was written on one line, without git's "fatal: ".
func (c *complaint) line() string {
	var parts []string
	for part := range strings.Lines(c.said.String()) {
		part = strings.TrimSpace(part)
		part = strings.TrimPrefix(strings.TrimPrefix(part, "fatal: "), "error: ")
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.ToValidUTF8(strings.Join(parts, "; "), "\uFFFD")
}
