package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/server"
	"cairn/server/commands"
	"cairn/server/docfile"
	"cairn/server/trust"
)

func newBackup(c *cli) *cobra.Command {
	var n natsFlags
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Write all events to a file, with a signed checkpoint",
		Long: `Write every event to FILE, a line of JSON each, and a signed checkpoint as the
last line; - is stdout. FILE appears when it is whole. It holds no private key.

  cairn backup plan.backup
  cairn backup - | gzip > plan.backup.gz
  cairn verify --backup plan.backup`,
		Args: args(1, 1, "a FILE, or - for stdout"),
		RunE: func(cmd *cobra.Command, given []string) error { return c.backup(cmd.Context(), n, given[0]) },
	}
	n.add(cmd)
	return cmd
}

func (c *cli) backup(ctx context.Context, n natsFlags, path string) error {
	s, err := c.openSigning(ctx, n)
	if err != nil {
		return err
	}
	bar := c.progress(int(s.End()), "events")
	progress := func(done events.Seq) { bar(int(done)) }
	if path == "-" {
		_, err := s.Trust.Backup(ctx, c.out, progress)
		bar(-1)
		return err
	}
	var made *merkle.Checkpoint
	size, err := replaceFile(path, func(w io.Writer) (err error) {
		made, err = s.Trust.Backup(ctx, w, progress)
		return err
	})
	bar(-1)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(struct {
			Schema int        `json:"schema"`
			Kind   string     `json:"kind"`
			File   string     `json:"file"`
			Bytes  int64      `json:"bytes"`
			Origin string     `json:"origin"`
			Seq    events.Seq `json:"seq"`
			Root   string     `json:"root"`
		}{1, "backup", path, size, made.Origin, events.Seq(made.N), made.Root.String()})
	}
	c.talk("%s: %s and a checkpoint, %d KB; no private key\nCheck it: cairn verify --backup %s\n", path, count(int(made.N), "event"), (size+1023)/1024, path)
	return nil
}

// replaceFile writes a file so that it is whole, on the disk, or as it was. Only
// its owner may read a new one: it holds all that was ever written.
func replaceFile(path string, write func(io.Writer) error) (size int64, err error) {
	dir := filepath.Dir(path)
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(dir), renameio.WithPermissions(0o600), renameio.WithExistingPermissions())
	if err != nil {
		return 0, fmt.Errorf("%w: %w", docfile.ErrUnwritable, err)
	}
	defer f.Cleanup()
	if err := write(f); err != nil {
		return 0, err
	}
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	if err := f.CloseAtomicallyReplace(); err != nil { // syncs it first
		return 0, fmt.Errorf("%w: %w", docfile.ErrUnwritable, err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", docfile.ErrUnwritable, err)
	}
	defer d.Close()
	_ = d.Sync() // some file systems cannot
	return size, nil
}

func newRestore(c *cli) *cobra.Command {
	key := ""
	var n natsFlags
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Make a log of a backup",
		Long: `Make a log of a backup: the same events at the same @SEQ, so that checkpoints and
proofs of before stay valid. The log gets a new key, announced by one more event.
A backup that is damaged is refused (exit 7), and so is a place where something
lies already (exit 5); nothing is left behind then. With --nats it goes into an
empty JetStream; what was cut off there, the same command completes.

  cairn restore plan.backup
  cairn restore plan.backup --data /srv/cairn
  cairn restore plan.backup --key log.key
  cairn restore plan.backup --nats nats://host:4222 --replicas 3`,
		Args: args(1, 1, "the FILE of a backup"),
		RunE: func(cmd *cobra.Command, given []string) error { return c.restore(cmd.Context(), n, given[0], key) },
	}
	cmd.Flags().StringVar(&key, "key", "", "`KEY` that the backup must go back to, or a file with it")
	n.add(cmd)
	cmd.Flags().IntVar(&n.replicas, "replicas", 1, "on `N` nodes, 1 or 3, with --nats")
	return cmd
}

func (c *cli) restore(ctx context.Context, n natsFlags, path, word string) error {
	key, err := keyLine(word)
	if err != nil {
		return err
	}
	if n.replicas != 1 && n.replicas != 3 {
		return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--replicas %d: 1 or 3", n.replicas)}
	}
	if n.url == "" {
		if err := c.locateHere(); err != nil {
			return err
		}
		if c.place.Dir == "" {
			return fmt.Errorf("%w: no home directory to keep it in; name one with --data", events.ErrStorage)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return noFile(path, err)
	}
	defer f.Close()
	where, opts := c.place.Dir, trust.Options{Key: key}
	at, config, err := c.nats(n)
	if err != nil {
		return err
	}
	var r *trust.Restored
	if n.url != "" {
		where = n.shown()
		r, err = at.Restore(ctx, config, f, c.stamp(""), opts)
	} else {
		r, err = server.Restore(ctx, c.place, config, f, c.stamp(""), opts)
	}
	if err != nil {
		var d *trust.Damage
		if errors.As(err, &d) && d.Hint == "" {
			d.Hint = "Nothing was made of it."
		}
		return err
	}
	if c.json {
		return c.printJSON(struct {
			Schema   int        `json:"schema"`
			Kind     string     `json:"kind"`
			Changed  bool       `json:"changed"`
			Log      string     `json:"log"`
			Origin   string     `json:"origin"`
			Restored events.Seq `json:"restored"`
			Seq      events.Seq `json:"seq"`
			Verifier string     `json:"verifier"`
		}{1, "restore", true, where, r.Origin, r.N, r.Seq, r.Verifier})
	}
	c.talk("%s in %s, in %s; its new key is announced at @%d\n", count(int(r.N), "event"), count(r.Checklists(), "checklist"), c.shown(where), r.Seq)
	if r.Later != nil {
		c.talk("This client saw @%d of it in %s: %s after the backup are not in it.\n", r.Later.N, c.shown(r.Later.Place), count(int(r.Later.N-uint64(r.N)), "event"))
	}
	return nil
}
