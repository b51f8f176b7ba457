package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"cairn/cmd/cairn/version"
	"cairn/server"
)

type serveOptions struct {
	listen      string
	cert, key   string
	behindProxy bool
}

func newServe(c *cli) *cobra.Command {
	o := &serveOptions{}
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve the checklists over HTTP",
		Long: `Serve the checklists over HTTP, for other programs and machines. Commands of this
machine find the server by themselves.

  cairn serve
  cairn serve --listen 127.0.0.1:8081
  cairn serve --listen :8443 --tls-cert cert.pem --tls-key key.pem
  curl http://127.0.0.1:8080/api/v1/checklists`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.cert, "tls-cert", "", "a `FILE` with the certificate")
	cmd.Flags().StringVar(&o.key, "tls-key", "", "a `FILE` with its key")
	cmd.Flags().BoolVar(&o.behindProxy, "behind-proxy", false, "a proxy in front does TLS and sets X-Forwarded-For")
	cmd.Flags().StringVar(&o.listen, "listen", server.DefaultListen, "the `address` to listen on")
	return cmd
}

func (c *cli) serve(ctx context.Context, o *serveOptions) error {
	if err := c.locateHere(); err != nil {
		return err
	}
	now, wrap := serverClock()
	s, err := server.NewServer(ctx, server.ServeConfig{
		Config: server.Config{State: c.stateDir(), Now: now}, Place: c.place,
		Listen: o.listen, CertFile: o.cert, KeyFile: o.key, BehindProxy: o.behindProxy, Version: version.Version(), Wrap: wrap,
		Log: slog.New(slog.NewTextHandler(c.err, nil)),
	})
	if err != nil {
		return err
	}
	c.talk("serving %s · log %s\n", s.URL, c.shown(c.place.Dir))
	return s.Run(ctx)
}
