package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/projections/checklist"
	"cairn/server"
	"cairn/server/commands"
	"cairn/server/trust"
)

func newCheckpoint(c *cli) *cobra.Command {
	var n natsFlags
	cmd := &cobra.Command{
		Use: "checkpoint", Short: "Print a signed checkpoint of the log",
		Long: `Print a checkpoint: how many events the log has and the root of their Merkle
tree, signed by the log's key. Who keeps it can find out later whether anything
before it was changed. It is a signed note (C2SP tlog-checkpoint).

  cairn checkpoint > old.checkpoint
  cairn verify --checkpoint old.checkpoint`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := c.openSigning(cmd.Context(), n)
			if err != nil {
				return err
			}
			signed, err := s.Trust.Checkpoint(cmd.Context())
			if err != nil {
				return err
			}
			if c.json {
				head, err := merkle.ParseCheckpoint(signed)
				if err != nil {
					return err
				}
				return c.printJSON(struct {
					Schema     int        `json:"schema"`
					Kind       string     `json:"kind"`
					Origin     string     `json:"origin"`
					Seq        events.Seq `json:"seq"`
					Root       string     `json:"root"`
					Checkpoint string     `json:"checkpoint"`
				}{1, "checkpoint", head.Origin, events.Seq(head.N), head.Root.String(), string(signed)})
			}
			_, err = c.out.Write(signed)
			return err
		},
	}
	n.add(cmd)
	return cmd
}

func newProve(c *cli) *cobra.Command {
	var n natsFlags
	cmd := &cobra.Command{
		Use: "prove @SEQ", Short: "Print a proof that an event is in the log",
		Long: `Print a proof that an event is in the log: the event, its place, the way to the
root of the Merkle tree, and a signed checkpoint. Anybody who has the log's key
checks it, without the log and without Cairn (C2SP tlog-proof).

  cairn prove @408 > plan-408.tlog-proof
  cairn key > log.key
  cairn verify --proof plan-408.tlog-proof --key log.key`,
		Args: args(1, 1, "the @SEQ of an event"),
		RunE: func(cmd *cobra.Command, given []string) error { return c.prove(cmd.Context(), n, given[0]) },
	}
	n.add(cmd)
	return cmd
}

func (c *cli) prove(ctx context.Context, n natsFlags, word string) error {
	_, digits, ok := strings.Cut(word, "@")
	seq, err := strconv.ParseUint(digits, 10, 63)
	if !ok || err != nil {
		e := &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%q is no @SEQ", word), Hint: "cairn log shows them, as in @412."}
		if _, err := strconv.ParseUint(word, 10, 63); err == nil {
			e.Hint = "Write @" + word + "."
		}
		return e
	}
	s, err := c.openSigning(ctx, n)
	if err != nil {
		return err
	}
	p, err := s.Trust.Prove(ctx, events.Seq(seq))
	if errors.Is(err, trust.ErrNoEvent) {
		return &commands.Error{Code: commands.CodeNoMoment, Message: err.Error()}
	}
	if err != nil {
		return err
	}
	if len(p.Body) == 0 {
		c.talk("@%d is not for your eyes: the proof holds hashes only. Who has the event checks it with them.\n", seq)
	}
	if c.json {
		return c.printJSON(struct {
			Schema int        `json:"schema"`
			Kind   string     `json:"kind"`
			Origin string     `json:"origin"`
			Seq    events.Seq `json:"seq"`
			Proof  string     `json:"proof"`
		}{1, "proof", s.Origin(), events.Seq(seq), string(p.Marshal())})
	}
	_, err = c.out.Write(p.Marshal())
	return err
}

// openLog opens the log, for commands that are about no checklist.
func (c *cli) openLog(ctx context.Context) (*server.Session, error) { return c.open(ctx, false) }

// readFile reads a file that an argument names.
func (c *cli) readFile(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, noFile(path, err)
	}
	return b, nil
}

// noFile is the error about a file that cannot be read.
func noFile(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &commands.Error{Code: commands.CodeNoFile, Message: fmt.Sprintf("no file %s", path)}
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("%w: %s cannot be read: %w", events.ErrStorage, checklist.Clean(path), err)
}

func trimLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(line)
}
