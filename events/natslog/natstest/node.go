package natstest

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"cairn/events"
)

// nodeVar holds the JSON form of a node in its process's environment.
const nodeVar = "CAIRN_NATSTEST_NODE"

// password of all users: they keep logs apart, not people.
const password = "natstest"

func userName(account int) string { return fmt.Sprintf("user%d", account) }

// node is one server, and its process while it runs.
type node struct {
	Name          string
	Dir           string
	Client, Route int   // ports
	Routes        []int // ports of the links to the others
	Accounts      int
	NoBatches     bool

	// Of a node of a Deployment: its file, and what is where else.
	File  string
	Env   map[string]string
	Moved map[string]string

	cmd   *exec.Cmd
	stdin io.Closer
}

// Main runs a node, where this process was started to be one, until its standard
// input ends. It reports false in every other process.
func Main() bool {
	config := os.Getenv(nodeVar)
	if config == "" {
		return false
	}
	var n node
	err := json.Unmarshal([]byte(config), &n)
	if err == nil {
		err = n.serve()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "natstest:", err)
		os.Exit(1)
	}
	return true
}

// options returns how the server runs.
func (n *node) options() (*server.Options, error) {
	if n.File != "" {
		return n.deployed()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "server_name: %s\nlisten: 127.0.0.1:%d\n", n.Name, n.Client)
	fmt.Fprintf(&b, "jetstream {\n store_dir: %q\n sync_interval: always\n", filepath.Join(n.Dir, "store"))
	if !n.NoBatches {
		fmt.Fprintf(&b, " limits { batch { max_msgs: %d } }\n", events.MaxBatch)
	}
	b.WriteString("}\n")
	if len(n.Routes) > 0 {
		// The others would pass on each other's address, and connect past the links.
		fmt.Fprintf(&b, "cluster {\n name: natstest\n listen: 127.0.0.1:%d\n advertise: \"127.0.0.1:1\"\n pool_size: -1\n routes: [", n.Route)
		for _, port := range n.Routes {
			fmt.Fprintf(&b, "\"nats://127.0.0.1:%d\", ", port)
		}
		b.WriteString(" ]\n}\n")
	}
	b.WriteString("accounts {\n")
	for i := range n.Accounts + 1 { // the last one is for Ready
		fmt.Fprintf(&b, " A%d { jetstream: enabled, users: [ { user: %s, password: %s } ] }\n", i, userName(i), password)
	}
	b.WriteString("}\n")
	path := filepath.Join(n.Dir, "nats.conf")
	if err := os.MkdirAll(n.Dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return nil, err
	}
	opts, err := server.ProcessConfigFile(path)
	if err != nil {
		return nil, err
	}
	n.quiet(opts)
	return opts, nil
}

func (n *node) quiet(opts *server.Options) {
	opts.NoSigs = true
	if os.Getenv("CAIRN_NATSTEST_LOG") != "" {
		opts.LogFile = filepath.Join(os.Getenv("CAIRN_NATSTEST_LOG"), n.Name+".log")
	} else {
		opts.NoLog = true
	}
}

func (n *node) serve() error {
	opts, err := n.options()
	if err != nil {
		return err
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		return err
	}
	if !opts.NoLog {
		srv.ConfigureLogger()
	}
	srv.Start()
	_, err = io.Copy(io.Discard, os.Stdin)
	srv.Shutdown()
	srv.WaitForShutdown()
	return err
}

// run starts the process.
func (n *node) run() error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	config, err := json.Marshal(n)
	if err != nil {
		return err
	}
	cmd := exec.Command(exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), nodeVar+"="+string(config))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	n.cmd, n.stdin = cmd, stdin
	return nil
}

func (n *node) running() bool { return n.cmd != nil }

// kill ends the process at once; it reports false if there is none.
func (n *node) kill() bool {
	if n.cmd == nil {
		return false
	}
	_ = n.cmd.Process.Kill()
	_ = n.stdin.Close()
	_ = n.cmd.Wait()
	n.cmd, n.stdin = nil, nil
	return true
}

// pause returns when the process stands still.
func (n *node) pause() error {
	if n.cmd == nil {
		return fmt.Errorf("%s does not run", n.Name)
	}
	if err := n.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.cmd.Process.Pid))
		if err != nil {
			return err
		}
		// pid (name) state …
		if _, rest, ok := strings.Cut(string(stat), ") "); ok && strings.HasPrefix(rest, "T") {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
}

func (n *node) resume() error {
	if n.cmd == nil {
		return fmt.Errorf("%s does not run", n.Name)
	}
	return n.cmd.Process.Signal(syscall.SIGCONT)
}
