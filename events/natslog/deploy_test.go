package natslog

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.yaml.in/yaml/v3"

	"cairn/events"
	"cairn/events/natslog/natstest"
)

// root is the repository.
const root = "../.."

// secrets are the environment of the configuration in docs/deploy/nats.
var secrets = map[string]string{
	"CAIRN_NATS_PASSWORD": "of-cairn", "READER_PASSWORD": "of-reader",
	"ADMIN_PASSWORD": "of-admin", "ROUTE_PASSWORD": "of-routes",
	"ROUTES": "[nats://route:of-routes@nats-1:6222, nats://route:of-routes@nats-2:6222, nats://route:of-routes@nats-3:6222]",
}

// deploy runs the nodes of docker-compose.yml from their own configuration; only
// the addresses and folders are of this test. It returns their addresses.
func deploy(t testing.TB) (hosts []string) {
	t.Helper()
	const nodes = 3
	for name, secret := range secrets {
		t.Setenv(name, secret)
	}
	ports := freePorts(t, 2*nodes)
	var running []*server.Server
	for i := range nodes {
		t.Setenv("NATS_NAME", fmt.Sprintf("nats-%d", i+1))
		o, err := server.ProcessConfigFile(filepath.Join(root, "docs", "deploy", "nats", "nats.conf"))
		if err != nil {
			t.Fatal(err)
		}
		if !o.SyncAlways || o.JetStreamLimits.MaxBatchSize != events.MaxBatch || len(o.Routes) != nodes {
			t.Errorf("sync always %v, batches of %d, %d routes", o.SyncAlways, o.JetStreamLimits.MaxBatchSize, len(o.Routes))
		}
		o.NoSigs, o.NoLog = true, true
		o.Host, o.Port, o.HTTPPort = "127.0.0.1", ports[2*i], 0
		o.StoreDir = t.TempDir()
		o.Cluster.Host, o.Cluster.Port = "127.0.0.1", ports[2*i+1]
		for j, route := range o.Routes {
			route.Host = fmt.Sprintf("127.0.0.1:%d", ports[2*j+1])
		}
		s, err := server.NewServer(o)
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		running, hosts = append(running, s), append(hosts, fmt.Sprintf("127.0.0.1:%d", o.Port))
	}
	deadline := time.Now().Add(natstest.Patience)
	for !slices.ContainsFunc(running, func(s *server.Server) bool { return s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == nodes }) {
		if time.Now().After(deadline) {
			t.Fatal("the nodes choose no leader")
		}
		time.Sleep(10 * time.Millisecond)
	}
	return hosts
}

// as returns the URL of all hosts for a user of the configuration.
func as(user, secret string, hosts ...string) string {
	for i := range hosts {
		hosts[i] = (&url.URL{Scheme: "nats", User: url.UserPassword(user, secret), Host: hosts[i]}).String()
	}
	return strings.Join(hosts, ",")
}

func freePorts(t testing.TB, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// A backup goes into the cluster of the compose file with the rights that Cairn has
// there, also what is left of one that was cut off; the log has three copies.
func TestRestoreDeployed(t *testing.T) {
	hosts := deploy(t)
	origin, bodies := backupOf(t)
	at, r := as("cairn", "of-cairn", hosts...), Remote{Replicas: 3, State: t.TempDir()}
	if _, err := RestoreRemote(t.Context(), at, r, origin, upto(bodies, fillEvents+1), announce); !errors.Is(err, errCut) {
		t.Fatalf("got %v, want %v", err, errCut)
	}
	if _, err := RestoreRemote(t.Context(), at, r, origin, upto(bodies, -1), announce); err != nil {
		t.Fatal(err)
	}
	l, err := InspectRemote(t.Context(), at, r)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if f := l.Found(); f.Last != events.Seq(len(bodies))+1 || f.Head.N != f.Last || f.Settings != nil || f.HeadErr != nil {
		t.Errorf("got %+v, want a whole log of %d events", f, len(bodies)+1)
	}
	if copies, err := l.Copies(t.Context()); err != nil || len(copies) != 3 {
		t.Errorf("got %v, %v, want three copies", copies, err)
	}
	if _, err := l.Signer(); err != nil {
		t.Errorf("the key of the log is not found: %v", err)
	}
}

// The cluster of the compose file: the servers' user can do all that a log needs
// and not destroy it, readers can subscribe to changes and nothing else.
func TestDeployedCluster(t *testing.T) {
	hosts := deploy(t)
	l, err := Connect(t.Context(), as("cairn", "of-cairn", slices.Clone(hosts)...), Remote{Create: true, Replicas: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	if got := l.stream.CachedInfo().Config.Replicas; got != 3 {
		t.Errorf("got %d replicas, want 3", got)
	}
	mustAppend(t, l, batch("a", 0, 0, 3), batch("b", 0, 0, 2000)) // more than NATS allows in a batch by default
	reader := func(t *testing.T, options ...nats.Option) *nats.Conn {
		t.Helper()
		nc, err := nats.Connect(as("reader", "of-reader", slices.Clone(hosts)...), append([]nats.Option{nats.NoReconnect(), quiet}, options...)...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		return nc
	}
	refusesOutsiders(t, l, false, reader)
	t.Run("changes", func(t *testing.T) { seesChanges(t, l, reader(t), changes, "a", "b") })
	t.Run("others", func(t *testing.T) {
		for _, user := range []string{"", "cairn", "admin", "nobody"} {
			if nc, err := nats.Connect(as(user, "guess", hosts[0])); err == nil {
				nc.Close()
				t.Errorf("%q connects with a wrong password", user)
			}
		}
	})
	t.Run("not even a Cairn server destroys the log", func(t *testing.T) {
		for _, subject := range []string{
			"$JS.API.STREAM.DELETE.CAIRN", "$JS.API.STREAM.DELETE.CAIRN_HEAD", "$JS.API.STREAM.PURGE.CAIRN",
			"$JS.API.STREAM.UPDATE.CAIRN", "$JS.API.STREAM.MSG.DELETE.CAIRN", "cairn.changes.a.task.completed",
		} {
			nc, err := nats.Connect(as("cairn", "of-cairn", hosts[0]), nats.NoReconnect(), quiet)
			if err != nil {
				t.Fatal(err)
			}
			if err := nc.Publish(subject, []byte("{}")); err != nil {
				t.Fatal(err)
			}
			if err := nc.FlushTimeout(10 * time.Second); err != nil {
				t.Fatal(err)
			}
			if nc.LastError() == nil {
				t.Errorf("%s is allowed", subject)
			}
			nc.Close()
		}
	})
}

// What the compose file, the Dockerfile and the workflow around them refer to is
// there, and their versions are those of go.mod.
func TestComposeFile(t *testing.T) {
	t.Parallel()
	var compose struct {
		Services map[string]struct {
			Image       string
			Build       string
			Command     []string
			Environment map[string]string
			Volumes     []string
			Ports       []string
			DependsOn   []string `yaml:"depends_on"`
		}
		Volumes map[string]any
	}
	b := readRoot(t, "docker-compose.yml")
	if err := yaml.Unmarshal(b, &compose); err != nil {
		t.Fatal(err)
	}
	var nodes, servers []string
	for name, s := range compose.Services {
		for _, on := range s.DependsOn {
			if _, ok := compose.Services[on]; !ok {
				t.Errorf("%s depends on %s, which is not there", name, on)
			}
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, named := compose.Volumes[from]; named {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, from)); err != nil {
				t.Errorf("%s mounts %s: %v", name, from, err)
			}
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s is open to other machines: %s", name, p)
			}
		}
		switch image, tag, _ := strings.Cut(s.Image, ":"); image {
		case "nats":
			nodes = append(nodes, name)
			if want := strings.TrimPrefix(moduleVersion(t, "github.com/nats-io/nats-server/v2"), "v") + "-alpine"; tag != want {
				t.Errorf("%s runs NATS %s, want %s", name, tag, want)
			}
			if s.Environment["NATS_NAME"] != name {
				t.Errorf("%s is called %s", name, s.Environment["NATS_NAME"])
			}
			for secret := range secrets {
				if s.Environment[secret] == "" {
					t.Errorf("%s has no %s", name, secret)
				}
			}
		case "cairn":
			servers = append(servers, name)
			if s.Build != "." {
				t.Errorf("%s is built in %q", name, s.Build)
			}
			if !slices.Contains(s.Command, "--replicas=3") {
				t.Errorf("%s: %v has no --replicas=3", name, s.Command)
			}
		}
	}
	if len(nodes) != 3 || len(servers) != 2 {
		t.Errorf("nodes %v, servers %v; want three and two", nodes, servers)
	}
	for _, node := range nodes {
		for _, other := range nodes {
			if !strings.Contains(compose.Services[other].Environment["ROUTES"], "@"+node+":6222") {
				t.Errorf("%s has no route to %s", other, node)
			}
		}
		for _, name := range servers {
			if !strings.Contains(strings.Join(compose.Services[name].Command, " "), "@"+node+":4222") {
				t.Errorf("%s does not know %s", name, node)
			}
		}
	}
	var prometheus struct {
		ScrapeConfigs []struct {
			StaticConfigs []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal(readRoot(t, "docs/deploy/prometheus.yml"), &prometheus); err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, target := range prometheus.ScrapeConfigs[0].StaticConfigs[0].Targets {
		asked = append(asked, strings.TrimSuffix(target, ":9464"))
	}
	slices.Sort(asked)
	slices.Sort(servers)
	if !slices.Equal(asked, servers) {
		t.Errorf("Prometheus asks %v, want %v", asked, servers)
	}
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	file := string(readRoot(t, "Dockerfile"))
	goVersion := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(readRoot(t, "go.mod")))
	if want := "FROM golang:" + goVersion[1] + "-alpine AS build"; !strings.Contains(file, want) {
		t.Errorf("no line %q", want)
	}
	for _, copied := range regexp.MustCompile(`(?m)^COPY ([a-z][^\n]*) [^ \n]+$`).FindAllStringSubmatch(file, -1) {
		for name := range strings.FieldsSeq(copied[1]) {
			if _, err := os.Stat(filepath.Join(root, name)); err != nil {
				t.Errorf("copies %s: %v", name, err)
			}
		}
	}
	for _, want := range []string{"CGO_ENABLED=0", "-trimpath", "USER 65532:65532", "VOLUME /data", "FROM scratch"} {
		if !strings.Contains(file, want) {
			t.Errorf("no %s", want)
		}
	}
}

func readRoot(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func moduleVersion(t *testing.T, path string) string {
	t.Helper()
	if b, ok := debug.ReadBuildInfo(); ok {
		for _, m := range b.Deps {
			if m.Path == path {
				return m.Version
			}
		}
	}
	at := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(path) + ` (v\S+)`).FindStringSubmatch(string(readRoot(t, "go.mod")))
	if at == nil {
		t.Fatalf("go.mod does not require %s", path)
	}
	return at[1]
}

// BenchmarkDeployed is what appends cost on the three nodes of the compose file,
// all on this machine: one at a time, of 64 writers, and batches of 1000.
func BenchmarkDeployed(b *testing.B) {
	hosts := deploy(b)
	l, err := Connect(b.Context(), as("cairn", "of-cairn", hosts...), Remote{Create: true, Replicas: 3})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	runs := 0
	name := func() string { runs++; return fmt.Sprintf("list-%d", runs) }
	b.Run("one", func(b *testing.B) {
		list, last := name(), events.Seq(0)
		for i := uint64(0); b.Loop(); i++ {
			last = mustAppend(b, l, batch(list, last, i, 1))
		}
	})
	b.Run("64 writers", func(b *testing.B) {
		var writer atomic.Int64
		list := name()
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			list := fmt.Sprintf("%s-%d", list, writer.Add(1))
			last := events.Seq(0)
			for i := uint64(0); pb.Next(); i++ {
				for { // NATS also calls it a conflict while it finishes the write before
					seq, err := l.Append(b.Context(), []events.Append{batch(list, last, i, 1)})
					if err == nil {
						last = seq
						break
					}
					if !errors.Is(err, events.ErrConflict) {
						b.Error(err)
						return
					}
				}
			}
		})
	})
	b.Run("batches of 1000", func(b *testing.B) {
		list, last := name(), events.Seq(0)
		for i := uint64(0); b.Loop(); i++ {
			last = mustAppend(b, l, batch(list, last, i*1000, 1000))
		}
	})
}
