package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/server/trust"
)

func newKey(c *cli) *cobra.Command {
	var n natsFlags
	cmd := &cobra.Command{
		Use: "key", Short: "Print the key that the log signs with",
		Long: `Print the public key that the log signs checkpoints and proofs with, as a note
verifier. Give it to those who are to check them, by a way that they trust. Of a
log in a JetStream elsewhere it is the key of this client or server, which lies
in --data DIR or with what the client remembers; it is made and announced first.

  cairn key > log.key
  cairn key --nats nats://host:4222
  cairn key rotate -m "Ada left"`,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if n.url != "" {
				return c.joinKey(cmd.Context(), n)
			}
			s, err := c.openLog(cmd.Context())
			if err != nil {
				return err
			}
			verifier, err := s.Trust.Key(cmd.Context())
			if err != nil {
				return err
			}
			return c.tellKey(verifier, 0, "")
		},
	}
	var w writeFlags
	rotate := &cobra.Command{
		Use: "rotate", Short: "Make a new key, for which the old one vouches",
		Long: `Make a new key and announce it in the log, signed by the old one, which signs no
more. What the old key signed stays valid; who trusts it may trust the new one.

  cairn key rotate -m "Ada left"`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.rotateKey(cmd.Context(), n, w.reason) },
	}
	rotate.DisableFlagsInUseLine = true
	rotate.Flags().StringVarP(&w.reason, "reason", "m", "", "why, in your `words`")
	n.add(cmd)
	n.add(rotate)
	cmd.AddCommand(rotate)
	return cmd
}

// joinKey has the log elsewhere announce the key of this client or server.
func (c *cli) joinKey(ctx context.Context, n natsFlags) error {
	at, config, err := c.nats(n)
	if err != nil {
		return err
	}
	s, verifier, seq, err := at.Join(ctx, config, c.stamp(""))
	if err != nil {
		return err
	}
	c.session = s
	talk := ""
	if seq > 0 {
		talk = fmt.Sprintf("The log knows a further key, announced at @%d; it lies below %s.\n", seq, c.shown(at.Keys))
	}
	return c.tellKey(verifier, seq, talk)
}

func (c *cli) rotateKey(ctx context.Context, n natsFlags, reason string) error {
	s, err := c.openSigning(ctx, n)
	if err != nil {
		return err
	}
	stamp := c.stamp(reason)
	stamp.ID = c.id
	verifier, seq, err := s.Trust.RotateKey(ctx, stamp)
	if err != nil {
		return err
	}
	return c.tellKey(verifier, seq, fmt.Sprintf("The log has a new key, announced at @%d. Give it to those who check: cairn key\n", seq))
}

// stamp is what stands around a change of the log's keys.
func (c *cli) stamp(reason string) trust.Stamp {
	return trust.Stamp{Actor: c.actor(), Via: "cli", Reason: reason, Now: c.now, NewID: func() string { return uuid.Must(uuid.NewV7()).String() }}
}

func (c *cli) tellKey(verifier string, seq events.Seq, talk string) error {
	fingerprint, err := merkle.Fingerprint(verifier)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(struct {
			Schema      int        `json:"schema"`
			Kind        string     `json:"kind"`
			Origin      string     `json:"origin"`
			Changed     bool       `json:"changed"`
			Seq         events.Seq `json:"seq"`
			Verifier    string     `json:"verifier"`
			Fingerprint string     `json:"fingerprint"`
		}{1, "key", c.session.Origin(), seq > 0, c.session.End(), verifier, fingerprint})
	}
	c.talk("%s%s\n", talk, fingerprint)
	_, err = fmt.Fprintln(c.out, verifier)
	return err
}
