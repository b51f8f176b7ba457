package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"

	"cairn/events/natslog/natstest"
)

// repository is the root of the sources.
const repository = "../.."

// composed is what a compose file says of a service, as far as processes go.
type composed struct {
	Image, Build string
	Command      []string
	Environment  map[string]string
	Volumes      []string
	Healthcheck  struct{ Test []string }
}

// topology is the compose file as processes on this machine: every program with the
// arguments, the environment and the files that stand there, and only addresses and
// folders of its own.
type topology struct {
	t        *testing.T
	h        *home
	services map[string]composed
	nats     *natstest.Deployment
	moved    map[string]string // where each address is: cairn-1:8080
	servers  map[string]*composedServer
	token    string // of an admin
}

// composedServer is one of the Cairn servers.
type composedServer struct {
	name, data, url string
	args, env       []string
	cmd             *exec.Cmd
	ended           chan struct{} // closed
	said            *bytes.Buffer
}

// interpolate fills in ${NAME:-default}, where no NAME is set.
func interpolate(s string) string {
	return os.Expand(s, func(name string) string {
		_, value, _ := strings.Cut(name, ":-")
		return value
	})
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// compose starts all that the compose file names, but for Prometheus.
func compose(t *testing.T) *topology {
	t.Helper()
	var file struct{ Services map[string]composed }
	readYAML(t, "docker-compose.yml", &file)
	top := &topology{t: t, h: newHome(t), services: file.Services, servers: make(map[string]*composedServer)}
	env := make(map[string]map[string]string)
	conf := ""
	for name, s := range file.Services {
		if !strings.HasPrefix(s.Image, "nats:") {
			continue
		}
		env[name] = make(map[string]string)
		for variable, value := range s.Environment {
			env[name][variable] = interpolate(value)
		}
		conf = s.mounted(t, s.Command[slices.Index(s.Command, "--config")+1])
	}
	top.nats = natstest.Deploy(t, conf, env)
	top.moved = top.nats.Moved()
	for name, s := range file.Services {
		if s.Image == "cairn" {
			top.add(name, s)
		}
	}
	t.Cleanup(func() {
		for _, s := range top.servers {
			s.kill()
		}
	})
	for name := range top.servers { // at once
		top.run(name)
	}
	for name := range top.servers {
		top.start(name)
	}
	return top
}

// mounted returns the file here that a service sees at a path.
func (s composed) mounted(t *testing.T, path string) string {
	t.Helper()
	for _, v := range s.Volumes {
		part := strings.Split(v, ":")
		if rest, ok := strings.CutPrefix(path, part[1]+"/"); ok && strings.HasPrefix(part[0], "./") {
			return filepath.Join(repository, part[0], rest)
		}
		if path == part[1] {
			return filepath.Join(repository, part[0])
		}
	}
	t.Fatalf("nothing is mounted at %s", path)
	return ""
}

// add takes a Cairn server in: the arguments are those of the compose file, the
// environment is that of the image.
func (top *topology) add(name string, s composed) {
	t := top.t
	t.Helper()
	dockerfile, err := os.ReadFile(filepath.Join(repository, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	m, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	at, figures := l.Addr().String(), m.Addr().String()
	one := &composedServer{name: name, data: filepath.Join(t.TempDir(), "data"), url: "http://" + at}
	top.servers[name], top.moved[name+":8080"] = one, at
	top.moved[name+":9464"] = figures
	places := []string{"/data", one.data, "0.0.0.0:8080", at, "0.0.0.0:9464", figures}
	for from, to := range top.nats.Moved() {
		places = append(places, from, to)
	}
	here := strings.NewReplacer(places...)
	for _, arg := range s.Command {
		one.args = append(one.args, here.Replace(interpolate(arg)))
	}
	for _, set := range regexp.MustCompile(`(?m)^ENV (\S+)$`).FindAllStringSubmatch(string(dockerfile), -1) {
		one.env = append(one.env, here.Replace(set[1]))
	}
	for variable, value := range s.Environment {
		one.env = append(one.env, variable+"="+here.Replace(interpolate(value)))
	}
	if all := strings.Join(append(one.args, one.env...), " "); regexp.MustCompile(`nats-\d|0\.0\.0\.0|=/data`).MatchString(all) {
		t.Fatalf("%s: not all of it is here: %s", name, all)
	}
}

// start runs a server until it is ready; one that ends is started again, as
// "restart: unless-stopped" says.
func (top *topology) start(name string) {
	t, s := top.t, top.servers[name]
	t.Helper()
	for began := time.Now(); ; {
		if s.cmd == nil {
			top.run(name)
		}
		if top.healthy(name) == nil {
			return
		}
		select {
		case <-s.ended:
			s.cmd = nil
		case <-time.After(20 * time.Millisecond):
		}
		if time.Since(began) > 90*time.Second {
			s.kill()
			t.Fatalf("%s does not get ready: %s", name, s.said)
		}
	}
}

// run starts the process of a server.
func (top *topology) run(name string) {
	t, s := top.t, top.servers[name]
	t.Helper()
	s.said = new(bytes.Buffer)
	s.cmd = exec.Command(filepath.Join(bin, "cairn"), s.args...)
	s.cmd.Dir, s.cmd.Env, s.cmd.Stderr = t.TempDir(), s.env, s.said
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	s.ended = ended
	go func(cmd *exec.Cmd) {
		_ = cmd.Wait()
		close(ended)
	}(s.cmd)
}

// kill ends it with kill -9.
func (s *composedServer) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		<-s.ended
		s.cmd = nil
	}
}

// healthy does what the health check of the image does.
func (top *topology) healthy(name string) error {
	dockerfile, err := os.ReadFile(filepath.Join(repository, "Dockerfile"))
	if err != nil {
		return err
	}
	check := regexp.MustCompile(`(?m)^HEALTHCHECK .* CMD (\[.*\])$`).FindSubmatch(dockerfile)
	if check == nil {
		return fmt.Errorf("the image has no health check")
	}
	var args []string
	if err := json.Unmarshal(check[1], &args); err != nil {
		return err
	}
	// It is asked at another port here.
	cmd := exec.Command(filepath.Join(bin, "cairn"), append(args[1:], "--listen="+top.moved[name+":8080"])...)
	cmd.Env = top.servers[name].env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// answer is what a server answered.
type answer struct {
	StatusCode int
	Status     string
	Header     http.Header
}

// ask sends a request with the admin's token, as a proxy passes it on, and reads
// the answer. It asks again while the server asks for that.
func (top *topology) ask(server, method, path string, header map[string]string, body string) (answer, []byte) {
	t := top.t
	t.Helper()
	for began := time.Now(); ; {
		req, err := http.NewRequestWithContext(t.Context(), method, top.servers[server].url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "cairn.example.com"
		req.Header.Set("X-Forwarded-For", "192.0.2.7")
		req.Header.Set("Authorization", "Bearer "+top.token)
		for name, value := range header {
			req.Header.Set(name, value)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusServiceUnavailable || time.Since(began) > time.Minute {
			return answer{res.StatusCode, res.Status, res.Header}, b
		}
		if res.Header.Get("Retry-After") == "" {
			t.Errorf("%s does not say when to ask again: %s", server, b)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// comment writes at one server, and reads it at others, which must know of it.
func (top *topology) comment(text, writer string, readers ...string) {
	t := top.t
	t.Helper()
	res, b := top.ask(writer, http.MethodPost, "/api/v1/checklists/elixir-migration/commands/CommentTask", map[string]string{
		"Content-Type": "application/json", "Idempotency-Key": uuid.NewString(),
	}, fmt.Sprintf(`{"task":"6","text":%q}`, text))
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s at %s: %s\n%s", text, writer, res.Status, b)
	}
	seq := res.Header.Get("Cairn-Seq")
	for _, reader := range readers {
		res, b := top.ask(reader, http.MethodGet, "/api/v1/checklists/elixir-migration/log?kind=comment", map[string]string{"Cairn-Min-Seq": seq}, "")
		if res.StatusCode != http.StatusOK || strings.Count(string(b), `"after":`+strconv.Quote(text)) != 1 {
			t.Errorf("%s at %s: %s\n%s", text, reader, res.Status, b)
		}
	}
}

// TestCompose runs the topology of the compose file as processes, where no container
// engine is needed: the servers share a log, its health checks and what Prometheus
// asks are answered, and what is left goes on when a node of NATS or a server dies.
func TestCompose(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("nine processes")
	}
	top := compose(t)
	servers := slices.Sorted(maps.Keys(top.servers))
	one, two := servers[0], servers[1]
	at := func(server string) []string { return []string{"--server", top.servers[server].url} }

	// The first user is made beside the server, in its directory.
	top.token = strings.TrimSpace(top.h.must("user", "add", "ada", "--role", "admin", "--data", top.servers[one].data))
	top.h.env = append(top.h.env, "CAIRN_TOKEN="+top.token)
	top.h.must(append(at(one), "import", "elixir-migration.md")...)
	top.comment("all is there", one, one, two)

	top.checkNATS()
	for _, name := range servers {
		if err := top.healthy(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	top.checkPrometheus(servers)

	top.servers[one].kill()
	top.comment("a server is dead", two, two)
	top.start(one)
	top.comment("and is back", one, one, two)

	top.nats.Kill(t, "nats-1")
	top.comment("a node is dead", one, one, two)
	top.comment("and it goes on", two, one, two)

	top.h.must(append(at(two), "ls", "-c", "elixir-migration")...) // it has all that this client saw
	top.nats.Kill(t, "nats-2")
	top.nats.Kill(t, "nats-3")
	for began := time.Now(); top.healthy(two) == nil; {
		if time.Since(began) > time.Minute {
			t.Fatal("the health check does not notice that NATS is gone")
		}
	}
	if res, err := http.Get(top.servers[two].url + "/healthz"); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("liveness without NATS: %v, %v", res, err)
	} else {
		res.Body.Close()
	}
	const line = "this may be behind\n"
	if out, errs, code := top.h.run(append(at(two), "ls", "-c", "elixir-migration")...); code != 0 || out == "" || strings.Count(errs, "\n") != 1 || !strings.HasSuffix(errs, line) {
		t.Errorf("ls without NATS: exit %d, stderr %q, want one line … %s", code, errs, line)
	}
	if _, errs, code := top.h.run(append(at(two), "done", "2-4", "-c", "elixir-migration")...); code != 6 || !strings.Contains(errs, "Nothing was written") {
		t.Errorf("done without NATS: exit %d, stderr %q, want 6", code, errs)
	}
}

// checkNATS does what the health checks of the nodes do.
func (top *topology) checkNATS() {
	t := top.t
	t.Helper()
	for name, s := range top.services {
		if !strings.HasPrefix(s.Image, "nats:") {
			continue
		}
		if len(s.Healthcheck.Test) == 0 {
			t.Errorf("%s has no health check", name)
			continue
		}
		at, err := url.Parse(s.Healthcheck.Test[len(s.Healthcheck.Test)-1])
		if err != nil {
			t.Fatal(err)
		}
		at.Host = top.moved[net.JoinHostPort(name, at.Port())]
		for began := time.Now(); ; {
			res, err := http.Get(at.String())
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			b, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				break
			}
			if time.Since(began) > time.Minute {
				t.Errorf("%s: %s %s", name, res.Status, b)
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// checkPrometheus asks what Prometheus asks by its configuration.
func (top *topology) checkPrometheus(servers []string) {
	t := top.t
	t.Helper()
	prometheus := top.services["prometheus"]
	var file struct {
		ScrapeConfigs []struct {
			MetricsPath   string                       `yaml:"metrics_path"`
			Authorization struct{ Credentials string } // none so far
			StaticConfigs []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	mounted, err := filepath.Rel(repository, prometheus.mounted(t, "/etc/prometheus/prometheus.yml"))
	if err != nil {
		t.Fatal(err)
	}
	readYAML(t, mounted, &file)
	var asked []string
	for _, scrape := range file.ScrapeConfigs {
		for _, static := range scrape.StaticConfigs {
			for _, target := range static.Targets {
				asked = append(asked, strings.Split(target, ":")[0])
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+top.moved[target]+scrape.MetricsPath, nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Host = target
				if scrape.Authorization.Credentials != "" {
					req.Header.Set("Authorization", "Bearer "+scrape.Authorization.Credentials)
				}
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				b, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if res.StatusCode != http.StatusOK || !bytes.Contains(b, []byte("\ncairn_projection_lag_events 0\n")) {
					t.Errorf("%s: %s\n%.2000s", target, res.Status, b)
				}
			}
		}
	}
	slices.Sort(asked)
	if !slices.Equal(asked, servers) {
		t.Errorf("Prometheus asks %v, want %v", asked, servers)
	}
}

// TestComposeConfig has docker compose read the file, where there is one.
func TestComposeConfig(t *testing.T) {
	t.Parallel()
	if exec.Command("docker", "compose", "version").Run() != nil {
		t.Skip("no docker compose here")
	}
	cmd := exec.CommandContext(t.Context(), "docker", "compose", "config", "--quiet")
	cmd.Dir = repository
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
