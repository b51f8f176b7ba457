package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"cairn/cmd/cairn/version"
	"cairn/events"
	"cairn/events/natslog"
	"cairn/server"
	"cairn/server/commands"
	"cairn/server/docfile"
)

type serveOptions struct {
	listen, nats, credentials string
	natsListen, metricsListen string
	cert, key                 string
	behindProxy               bool
	replicas                  int
	check                     bool
}

func newServe(c *cli) *cobra.Command {
	o := &serveOptions{}
	cmd := &cobra.Command{
		Use: "serve [FILE...]", Short: "Serve the checklists over HTTP",
		Long: `Serve the checklists over HTTP, for other programs and machines. Each FILE that no
checklist is made of yet is imported first. Commands of this machine find the
server by themselves. With --nats the log lies in a JetStream
that others run, and any number of servers share it; --data is then the place of
this server's key alone.

  cairn serve
  cairn serve plans/*.md
  cairn serve --listen 127.0.0.1:8081
  cairn serve --listen :8443 --tls-cert cert.pem --tls-key key.pem
  cairn serve --nats-listen 127.0.0.1:4222      NATS clients see changes, too
  cairn serve --nats nats://n1:4222,nats://n2:4222 --replicas 3
  cairn serve --check                           whether one at --listen is ready
  curl http://127.0.0.1:8080/api/v1/checklists`,
		Args: args(0, -1, "Markdown FILEs"),
		RunE: func(cmd *cobra.Command, files []string) error {
			if o.check {
				return c.checkReady(cmd.Context(), o)
			}
			return c.serve(cmd.Context(), o, files)
		},
	}
	cmd.Flags().StringVar(&o.cert, "tls-cert", "", "a `FILE` with the certificate")
	cmd.Flags().StringVar(&o.key, "tls-key", "", "a `FILE` with its key")
	cmd.Flags().BoolVar(&o.behindProxy, "behind-proxy", false, "a proxy does TLS and sets X-Forwarded-For")
	cmd.Flags().StringVar(&o.listen, "listen", server.DefaultListen, "the `address` of the API")
	cmd.Flags().StringVar(&o.nats, "nats", "", "the log lies in the JetStream at this `URL`")
	cmd.Flags().StringVar(&o.natsListen, "nats-listen", "", "the `address` where NATS clients see the changes")
	cmd.Flags().StringVar(&o.metricsListen, "metrics-listen", "", "an `address` where Prometheus needs no token")
	cmd.Flags().StringVar(&o.credentials, "nats-creds", "", "`FILE` with NATS credentials or NAME:PASSWORD")
	cmd.Flags().IntVar(&o.replicas, "replicas", 1, "how many nodes keep a new log: `1 or 3`")
	cmd.Flags().BoolVar(&o.check, "check", false, "ask the server at --listen if it is ready")
	return cmd
}

// checkReady asks the server that listens where o says whether it is ready. No
// secret is sent, so that its certificate may be for another name.
func (c *cli) checkReady(ctx context.Context, o *serveOptions) error {
	if o.cert != "" {
		return c.checkReadyAt(ctx, "https", o.listen)
	}
	err := c.checkReadyAt(ctx, "http", o.listen)
	if errors.Is(err, errTLS) {
		return c.checkReadyAt(ctx, "https", o.listen)
	}
	return err
}

// errTLS says that a server wants TLS.
var errTLS = errors.New("it wants TLS")

func (c *cli) checkReadyAt(ctx context.Context, scheme, listen string) error {
	at := server.Near(scheme + "://" + listen)
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at+"/readyz", nil)
	if err != nil {
		return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--listen %s: want HOST:PORT", listen)}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // see above
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return &natslog.Error{Err: events.ErrUnavailable, Message: "no server answers at " + at, Cause: err}
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		fmt.Fprintln(c.out, "ready")
		return nil
	}
	var p struct{ Detail string }
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&p); err != nil || p.Detail == "" {
		p.Detail = "it answers " + res.Status
		if scheme == "http" && res.StatusCode == http.StatusBadRequest { // as net/http does to who speaks no TLS
			return errTLS
		}
	}
	return &natslog.Error{Err: events.ErrUnavailable, Message: at + " is not ready: " + p.Detail}
}

// checkWithin bounds a check; a server takes up to 2 s for its answer.
const checkWithin = 4 * time.Second

func (c *cli) serve(ctx context.Context, o *serveOptions, files []string) error {
	if o.nats == "" && (o.credentials != "" || o.replicas != 1) {
		return &commands.Error{Code: commands.CodeUsage, Message: "--nats-creds and --replicas are about --nats"}
	}
	if o.replicas != 1 && o.replicas != 3 {
		return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--replicas %d: want 1 or 3", o.replicas)}
	}
	if err := c.locateHere(); err != nil {
		return err
	}
	if o.nats != "" && c.data == "" && c.getenv("CAIRN_DATA") == "" {
		c.place = server.Place{}
		if dir := c.stateDir(); dir != "" {
			c.place.Dir = filepath.Join(dir, "server")
		}
	}
	if err := c.checkServed(files); err != nil {
		return err
	}
	now, wrap := serverClock()
	level := slog.LevelInfo // a line for each request
	if c.quiet {
		level = slog.LevelWarn
	}
	s, err := server.NewServer(ctx, server.ServeConfig{
		Config: server.Config{State: c.stateDir(), Now: now}, Place: c.place,
		Listen: o.listen, CertFile: o.cert, KeyFile: o.key, BehindProxy: o.behindProxy,
		NATS: o.nats, Credentials: o.credentials, Replicas: o.replicas, ListenNATS: o.natsListen, ListenMetrics: o.metricsListen, Version: version.Version(), Wrap: wrap,
		Log: slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		return err
	}
	if err := c.importServed(ctx, s, files); err != nil {
		return errors.Join(err, s.Close())
	}
	at := s.Log()
	if o.nats == "" {
		at = c.shown(at)
	}
	if s.NATS() != "" {
		at += " · changes " + s.NATS()
	}
	if s.Metrics() != "" {
		at += " · figures " + server.Near(s.Metrics())
	}
	c.talk("serving %s · log %s\n", server.Near(s.URL), at)
	return s.Run(ctx)
}

// checkServed refuses files that no checklist can be made of, before anything is.
func (c *cli) checkServed(files []string) error {
	if len(files) > 1 && c.checklist != "" {
		return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("-c %s is one name for %d files", c.checklist, len(files)), Hint: "Without it, each checklist has its file's name."}
	}
	for _, path := range files {
		document, err := docfile.Read(path)
		if err == nil {
			_, err = docfile.Inspect(document, "")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// importServed makes checklists of the files that none was made of yet.
func (c *cli) importServed(ctx context.Context, s *server.Server, files []string) error {
	c.session = s.Session()
	defer func() { c.session, c.used = nil, "" }()
	for _, path := range files {
		if err := c.importFile(ctx, &importOptions{path: path, brief: true}); err != nil {
			return err
		}
	}
	return nil
}
