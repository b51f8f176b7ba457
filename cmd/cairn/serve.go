package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"cairn/cmd/cairn/version"
	"cairn/server"
	"cairn/server/commands"
)

type serveOptions struct {
	listen, nats, credentials string
	cert, key                 string
	behindProxy               bool
	replicas                  int
}

func newServe(c *cli) *cobra.Command {
	o := &serveOptions{}
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve the checklists over HTTP",
		Long: `Serve the checklists over HTTP, for other programs and machines. Commands of this
machine find the server by themselves. With --nats the log lies in a JetStream
that others run, and any number of servers share it; --data is then the place of
this server's key alone.

  cairn serve
  cairn serve --listen 127.0.0.1:8081
  cairn serve --listen :8443 --tls-cert cert.pem --tls-key key.pem
  cairn serve --nats nats://n1:4222,nats://n2:4222 --replicas 3
  curl http://127.0.0.1:8080/api/v1/checklists`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.cert, "tls-cert", "", "a `FILE` with the certificate")
	cmd.Flags().StringVar(&o.key, "tls-key", "", "a `FILE` with its key")
	cmd.Flags().BoolVar(&o.behindProxy, "behind-proxy", false, "a proxy in front does TLS and sets X-Forwarded-For")
	cmd.Flags().StringVar(&o.listen, "listen", server.DefaultListen, "the `address` to listen on")
	cmd.Flags().StringVar(&o.nats, "nats", "", "the log lies in the JetStream at this `URL`, or these")
	cmd.Flags().StringVar(&o.credentials, "nats-creds", "", "`FILE` with NATS credentials or NAME:PASSWORD")
	cmd.Flags().IntVar(&o.replicas, "replicas", 1, "how many nodes keep a new log there: `1 or 3`")
	return cmd
}

func (c *cli) serve(ctx context.Context, o *serveOptions) error {
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
	now, wrap := serverClock()
	s, err := server.NewServer(ctx, server.ServeConfig{
		Config: server.Config{State: c.stateDir(), Now: now}, Place: c.place,
		Listen: o.listen, CertFile: o.cert, KeyFile: o.key, BehindProxy: o.behindProxy,
		NATS: o.nats, Credentials: o.credentials, Replicas: o.replicas, Version: version.Version(), Wrap: wrap,
		Log: slog.New(slog.NewTextHandler(c.err, nil)),
	})
	if err != nil {
		return err
	}
	at := s.Log()
	if o.nats == "" {
		at = c.shown(at)
	}
	c.talk("serving %s · log %s\n", s.URL, at)
	return s.Run(ctx)
}
