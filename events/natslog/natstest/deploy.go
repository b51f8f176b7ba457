package natstest

import (
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// Deployment is a cluster that runs by a configuration file which was written for
// machines: each node reads it as it is, with its own environment, and only its
// addresses and its folder are others.
type Deployment struct {
	nodes map[string]*node
	moved map[string]string
}

// deployedPorts are those of NATS: clients, routes, monitoring.
var deployedPorts = []int{server.DEFAULT_PORT, 6222, server.DEFAULT_HTTP_PORT}

// Deploy runs a node of the file for each of the environments, by name. They end
// with the test.
func Deploy(t testing.TB, file string, env map[string]map[string]string) *Deployment {
	t.Helper()
	d := &Deployment{nodes: make(map[string]*node), moved: make(map[string]string)}
	ports := freePorts(t, len(deployedPorts)*len(env))
	for i, name := range slices.Sorted(maps.Keys(env)) {
		for j, port := range deployedPorts {
			d.moved[net.JoinHostPort(name, strconv.Itoa(port))] = net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i*len(deployedPorts)+j]))
		}
		d.nodes[name] = &node{Name: name, Dir: t.TempDir(), File: file, Env: env[name], Moved: d.moved}
	}
	t.Cleanup(func() {
		for _, n := range d.nodes {
			n.kill()
		}
	})
	for name := range d.nodes {
		d.Run(t, name)
	}
	return d
}

// Moved returns where each address is, such as nats-1:4222.
func (d *Deployment) Moved() map[string]string { return maps.Clone(d.moved) }

// Run starts a node that does not run.
func (d *Deployment) Run(t testing.TB, name string) {
	t.Helper()
	if err := d.nodes[name].run(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// Kill ends a node with kill -9.
func (d *Deployment) Kill(t testing.TB, name string) {
	t.Helper()
	if !d.nodes[name].kill() {
		t.Fatalf("%s does not run", name)
	}
}

// deployed returns how a node of a Deployment runs.
func (n *node) deployed() (*server.Options, error) {
	for name, value := range n.Env {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	opts, err := server.ProcessConfigFile(n.File)
	if err != nil {
		return nil, err
	}
	if opts.ServerName != n.Name {
		return nil, fmt.Errorf("it is called %q, want %s", opts.ServerName, n.Name)
	}
	for _, at := range []struct {
		host *string
		port *int
	}{{&opts.Host, &opts.Port}, {&opts.Cluster.Host, &opts.Cluster.Port}, {&opts.HTTPHost, &opts.HTTPPort}} {
		if *at.host != "0.0.0.0" {
			return nil, fmt.Errorf("it listens on %s:%d: nobody else reaches that", *at.host, *at.port)
		}
		if err := n.move(net.JoinHostPort(n.Name, strconv.Itoa(*at.port)), at.host, at.port); err != nil {
			return nil, err
		}
	}
	for _, route := range opts.Routes {
		if route.Host = n.Moved[route.Host]; route.Host == "" {
			return nil, fmt.Errorf("it has a route to nobody: %s", route.Redacted())
		}
	}
	opts.StoreDir = filepath.Join(n.Dir, opts.StoreDir)
	n.quiet(opts)
	return opts, nil
}

// move says where an address is.
func (n *node) move(from string, host *string, port *int) error {
	h, p, err := net.SplitHostPort(n.Moved[from])
	if err == nil {
		*host = h
		*port, err = strconv.Atoi(p)
	}
	if err != nil {
		return fmt.Errorf("it listens on %s, which is none of the usual ports", from)
	}
	return nil
}
