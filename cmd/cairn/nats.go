package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"cairn/events/natslog"
	"cairn/server"
	"cairn/server/commands"
)

// natsFlags say that the log is in a JetStream elsewhere. They belong to the
// commands about the log itself; all others go through a server.
type natsFlags struct {
	url, creds string
	replicas   int
}

func (n *natsFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&n.url, "nats", "", "the log is in the JetStream at `URL`")
	cmd.Flags().StringVar(&n.creds, "nats-creds", "", "`FILE` with NATS credentials or NAME:PASSWORD")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if n.url == "" && (n.creds != "" || cmd.Flags().Changed("replicas")) {
			return &commands.Error{Code: commands.CodeUsage, Message: "--nats-creds and --replicas go with --nats"}
		}
		return nil
	}
}

// at returns where the log is. The key of this client lies below --data, as that
// of a server does, or else with what the client remembers.
func (n *natsFlags) at(c *cli) (server.NATS, error) {
	if c.server != "" && n.url != "" {
		return server.NATS{}, &commands.Error{Code: commands.CodeUsage, Message: "--server and --nats: the log is with a server or in a JetStream", Hint: "Give one of them."}
	}
	keys := c.data
	if keys == "" {
		keys = c.getenv("CAIRN_DATA")
	}
	if state := c.stateDir(); keys == "" && state != "" {
		keys = filepath.Join(state, "keys")
	}
	return server.NATS{URL: n.url, Creds: n.creds, Replicas: n.replicas, Keys: keys}, nil
}

// shown returns the URLs without secrets.
func (n *natsFlags) shown() string { return natslog.WithoutSecrets(n.url) }

// openSigning opens the log, for commands that are about no checklist and sign.
func (c *cli) openSigning(ctx context.Context, n natsFlags) (*server.Session, error) {
	if n.url == "" {
		return c.openLog(ctx)
	}
	at, config, err := c.nats(n)
	if err != nil {
		return nil, err
	}
	s, err := at.Open(ctx, config)
	if err != nil {
		return nil, err
	}
	c.session = s
	return s, nil
}

// nats returns where the log is, and how this run opens it.
func (c *cli) nats(n natsFlags) (server.NATS, server.Config, error) {
	at, err := n.at(c)
	if err != nil {
		return at, server.Config{}, err
	}
	config, err := c.config()
	return at, config, err
}
