// Package natstest runs a cluster of NATS servers for tests.
//
// Each node is a process of its own, the test binary once more, so that it can
// be killed as a machine dies: with kill -9, in the middle of a write. It can be
// paused, too, and cut off from the others.
//
//	func TestMain(m *testing.M) {
//		if natstest.Main() {
//			return // this process was a node
//		}
//		os.Exit(m.Run())
//	}
//
//	cluster := natstest.Start(t, natstest.Config{})
//	account := cluster.Account(t)
//	log, err := natslog.Connect(ctx, account.URL(0, 1, 2), natslog.Remote{Create: true, Replicas: 3})
//
// All traffic stays on 127.0.0.1. Nothing outlives the test: a node ends when its
// standard input does, even if the test was killed.
package natstest

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Patience bounds a wait for what a cluster does by itself, such as an election. It
// is a guard against a test that hangs, many times what is usual: on a busy machine
// a cluster may need several attempts.
const Patience = 4 * time.Minute

// Config says how a cluster is. The zero Config is usable.
type Config struct {
	// Nodes is how many there are; zero is 3. A single one is no cluster.
	Nodes int
	// Accounts is how many logs fit into the cluster, one each; zero is 8.
	Accounts int
	// NoBatches leaves the limit of atomic batches as small as NATS has it.
	NoBatches bool
}

// Cluster is a running cluster. Its methods fail the test where they cannot do
// what they say. They are not for concurrent use, except Account and Leader.
type Cluster struct {
	config Config
	nodes  []*node
	links  []*link
	taken  atomic.Int32
}

// Start runs a cluster and waits until it takes streams. It ends with the test.
func Start(t testing.TB, c Config) *Cluster {
	t.Helper()
	if c.Nodes == 0 {
		c.Nodes = 3
	}
	if c.Accounts == 0 {
		c.Accounts = 8
	}
	cluster := &Cluster{config: c}
	ports := freePorts(t, 2*c.Nodes)
	dir := t.TempDir()
	for i := range c.Nodes {
		cluster.nodes = append(cluster.nodes, &node{
			Name: fmt.Sprintf("node%d", i), Dir: filepath.Join(dir, fmt.Sprint(i)),
			Client: ports[2*i], Route: ports[2*i+1], Accounts: c.Accounts, NoBatches: c.NoBatches,
		})
	}
	t.Cleanup(func() { cluster.stop() })
	for from, n := range cluster.nodes {
		for to, other := range cluster.nodes {
			if from == to {
				continue
			}
			l, err := newLink(from, to, other.Route)
			if err != nil {
				t.Fatal(err)
			}
			cluster.links = append(cluster.links, l)
			n.Routes = append(n.Routes, l.port())
		}
	}
	for i := range cluster.nodes {
		cluster.run(t, i)
	}
	cluster.Ready(t)
	return cluster
}

// freePorts returns ports that nobody listens on.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

func (c *Cluster) run(t testing.TB, i int) {
	t.Helper()
	if err := c.nodes[i].run(); err != nil {
		t.Fatalf("node %d: %v", i, err)
	}
}

// stop ends all that runs.
func (c *Cluster) stop() {
	for _, n := range c.nodes {
		n.kill()
	}
	for _, l := range c.links {
		l.close()
	}
}

// Kill ends a node with kill -9.
func (c *Cluster) Kill(t testing.TB, i int) {
	t.Helper()
	if !c.nodes[i].kill() {
		t.Fatalf("node %d does not run", i)
	}
}

// Restart runs a node again that was killed; Ready tells when it is back.
func (c *Cluster) Restart(t testing.TB, i int) {
	t.Helper()
	c.nodes[i].kill()
	c.run(t, i)
}

// Pause stops a node where it stands, as a machine that swaps or a virtual one
// that is moved; Resume lets it go on.
func (c *Cluster) Pause(t testing.TB, i int) {
	t.Helper()
	if err := c.nodes[i].pause(); err != nil {
		t.Fatal(err)
	}
}

// Resume lets a paused node go on.
func (c *Cluster) Resume(t testing.TB, i int) {
	t.Helper()
	if err := c.nodes[i].resume(); err != nil {
		t.Fatal(err)
	}
}

// Cut cuts a node off from the other nodes. Clients still reach it.
func (c *Cluster) Cut(i int) { c.link(i, true) }

// Heal ends what Cut did.
func (c *Cluster) Heal(i int) { c.link(i, false) }

func (c *Cluster) link(i int, cut bool) {
	for _, l := range c.links {
		if l.from == i || l.to == i {
			l.set(cut)
		}
	}
}

// Account is a part of the cluster that nobody else uses.
type Account struct {
	cluster *Cluster
	user    string
}

// Account returns an account that was not returned before.
func (c *Cluster) Account(t testing.TB) Account {
	t.Helper()
	n := int(c.taken.Add(1)) - 1
	if n >= c.config.Accounts {
		t.Fatalf("all %d accounts of the cluster are taken", c.config.Accounts)
	}
	return Account{c, userName(n)}
}

// URL returns how clients reach the account: at the given nodes, tried in turn.
func (a Account) URL(nodes ...int) string {
	var urls []string
	for _, i := range nodes {
		urls = append(urls, fmt.Sprintf("nats://%s:%s@127.0.0.1:%d", a.user, password, a.cluster.nodes[i].Client))
	}
	return strings.Join(urls, ",")
}

// Connect returns a connection to the given nodes. It ends with the test. A question
// is given up after 30 s where its context has no deadline: what is asked of a node
// that ends then is lost.
func (a Account) Connect(t testing.TB, nodes ...int) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(a.URL(nodes...), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.IgnoreDiscoveredServers(), nats.Timeout(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// Leader returns the node that leads a stream, and waits until there is one that
// was asked within ctx.
func (a Account) Leader(ctx context.Context, js jetstream.JetStream, stream string) (int, error) {
	for {
		attempt, cancel := context.WithTimeout(ctx, time.Second)
		s, err := js.Stream(attempt, stream)
		cancel()
		if err == nil && s.CachedInfo().Cluster != nil {
			for i, n := range a.cluster.nodes {
				if n.Name == s.CachedInfo().Cluster.Leader {
					return i, nil
				}
			}
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("who leads %s: %w", stream, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Current returns when every replica of the streams has what its leader has: with
// one behind, the loss of another would leave too few.
func (a Account) Current(ctx context.Context, js jetstream.JetStream, streams ...string) error {
	current := func(name string) bool {
		attempt, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		s, err := js.Stream(attempt, name)
		if err != nil {
			return false
		}
		c := s.CachedInfo().Cluster
		if c == nil || c.Leader == "" || len(c.Replicas) != s.CachedInfo().Config.Replicas-1 {
			return false
		}
		return !slices.ContainsFunc(c.Replicas, func(p *jetstream.PeerInfo) bool { return !p.Current })
	}
	for slices.ContainsFunc(streams, func(name string) bool { return !current(name) }) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the replicas of %v do not catch up: %w", streams, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// Ready waits until every node that runs takes part: a stream with a replica on
// each of three can be made and written through every one of them.
func (c *Cluster) Ready(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	for i, n := range c.nodes {
		if !n.running() {
			continue
		}
		if err := c.ready(ctx, i); err != nil {
			t.Fatalf("node %d does not get ready: %v", i, err)
		}
	}
}

func (c *Cluster) ready(ctx context.Context, i int) error {
	url := Account{c, userName(c.config.Accounts)}.URL(i)
	// Without a leader nobody answers, so that a short attempt is soon made again; a
	// busy machine needs a longer one.
	within := 250 * time.Millisecond
	for {
		err := func() error {
			nc, err := nats.Connect(url, nats.NoReconnect())
			if err != nil {
				return err
			}
			defer nc.Close()
			js, err := jetstream.New(nc)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(ctx, within)
			defer cancel()
			s, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
				Name: "READY", Subjects: []string{"ready"}, Replicas: min(3, len(c.nodes)), Storage: jetstream.MemoryStorage, MaxMsgs: 1,
			})
			if err != nil {
				return err
			}
			if _, err := js.Publish(ctx, "ready", nil); err != nil {
				return err
			}
			info, err := s.Info(ctx)
			if err != nil {
				return err
			}
			if info.Cluster == nil {
				return nil
			}
			for _, peer := range info.Cluster.Replicas {
				if peer.Name == c.nodes[i].Name && !peer.Current {
					return fmt.Errorf("%s is behind", peer.Name)
				}
			}
			return nil
		}()
		if err == nil {
			return nil
		}
		within = min(within*5/4, 10*time.Second)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}
